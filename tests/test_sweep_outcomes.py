"""What is asked of a sweep: every form of an outcome, its closed forms, and one sentence for what cannot be asked."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_sweep import crises, grid, runs_of

from abm.errors import InputError
from abm.outcome.paired import share_interval, student_t_quantile
from abm.outcome.summary import Summary
from abm.sweep.outcomes import DEFAULT, by, by_point, difference, evaluate, labels_of, parse_outcome

LEVERAGE = {"funds.leverage": [1.0, 2.0, 3.0]}


def test_every_number_and_label_of_the_summary_can_be_asked_for():
    for key, unit, _ in Summary.describe():
        if unit == "label":
            assert all(parse_outcome(f"{key}={label}").is_share for label in labels_of(key))
        elif unit != "text":
            assert not parse_outcome(key).is_share
            assert parse_outcome(f"{key}>=1").against == 1.0


@pytest.mark.parametrize("text", [DEFAULT, "lender_losses_bn", "banks_failed>=1", "bank_capital_change<-0.05"])
def test_an_outcome_is_written_as_it_is_read(text):
    assert parse_outcome(text).text == text
    assert parse_outcome(f" {text} ") == parse_outcome(text)
    assert parse_outcome(text).name.replace("-", "").replace(".", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("lender losses", "cannot be read"),
        ("lender_loses_bn", "did you mean lender_losses_bn?"),
        ("zzz", "is no key of the summary; allowed is a number such as"),
        ("verdict_financial=banking_crises", "did you mean banking_crisis?"),
        ("verdict_financial=xyz", "allowed is one of calm, market_breakdown, banking_crisis"),
        ("verdict_financial", "allowed is verdict_financial= and one of calm"),
        ("verdict_financial>2", "names no label"),
        ("lender_losses_bn=3", "allowed is lender_losses_bn with >, >=, < or <= and a number"),
        ("lender_losses_bn>", "cannot be read"),
        ("lender_losses_bn>many", "is no limit"),
        ("lender_losses_bn>nan", "is no limit"),
        ("verdict_moves", "is free text"),
        ("reason", "is no key of the summary"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(text, said):
    with pytest.raises(InputError) as refused:
        parse_outcome(text)
    assert said in str(refused.value)
    assert str(refused.value).startswith("outcome = ")
    assert "\n" not in str(refused.value)


def test_limits_count_what_lies_beyond_them():
    plan = grid({"funds.leverage": [1.0]}, 5)
    runs = runs_of(plan, lambda _, replication, __: {"banks_failed": replication})
    for sign, expected in ((">", [0, 0, 0, 1, 1]), (">=", [0, 0, 1, 1, 1]), ("<", [1, 1, 0, 0, 0])):
        assert evaluate(runs, parse_outcome(f"banks_failed{sign}2")).to_list() == expected
    assert evaluate(runs, parse_outcome("banks_failed<=2")).to_list() == [1, 1, 1, 0, 0]
    assert evaluate(runs, parse_outcome("banks_failed")).to_list() == [0, 1, 2, 3, 4]


def test_shares_and_their_intervals_are_exact():
    shares = {1.0: 0.0, 2.0: 0.35, 3.0: 1.0}
    plan = grid(LEVERAGE, 20)
    runs = runs_of(plan, crises(lambda values: shares[values["funds.leverage"]], 20))
    points = by_point(runs, parse_outcome(DEFAULT), ["funds.leverage"])
    assert points["value"].to_list() == [0.0, 0.35, 1.0]
    assert points["funds.leverage"].to_list() == [1.0, 2.0, 3.0]
    for row, crisis in zip(points.iter_rows(named=True), (0, 7, 20), strict=True):
        assert (row["count"], row["seeds"], row["failed"], row["missing"]) == (20, 20, 0, 0)
        assert (row["low"], row["high"]) == pytest.approx(share_interval(crisis, 20), abs=1e-12)


def test_means_have_the_interval_of_student():
    values = [1.0, 2.0, 4.0, 9.0]
    runs = runs_of(grid({"funds.leverage": [1.0]}, 4), lambda _, k, __: {"lender_losses_bn": values[k]})
    (row,) = by_point(runs, parse_outcome("lender_losses_bn")).iter_rows(named=True)
    reach = student_t_quantile(0.975, 3) * np.std(values, ddof=1) / 2.0
    assert (row["value"], row["low"], row["high"]) == pytest.approx((4.0, 4.0 - reach, 4.0 + reach))


def test_one_run_has_no_interval_of_a_mean():
    runs = runs_of(grid({"funds.leverage": [1.0]}, 1), lambda *_: {"lender_losses_bn": 3.0})
    (row,) = by_point(runs, parse_outcome("lender_losses_bn")).iter_rows(named=True)
    assert (row["value"], row["low"], row["high"]) == (3.0, None, None)


def test_failed_runs_and_those_without_a_value_are_counted_and_left_out():
    def made(_, replication, __):
        if replication == 0:
            return {"reason": "ValueError: no", "verdict_financial": "banking_crisis"}
        return {} if replication == 1 else {"verdict_financial": "banking_crisis" if replication == 2 else "calm"}

    points = by_point(runs_of(grid(LEVERAGE, 6), made), parse_outcome(DEFAULT))
    assert points.select("count", "failed", "missing", "value").rows() == [(4, 1, 1, 0.25)] * 3
    nothing = by_point(runs_of(grid(LEVERAGE, 2), lambda *_: {"reason": "no"}), parse_outcome(DEFAULT))
    assert nothing.select("count", "failed", "value", "low", "high").rows() == [(0, 2, None, None, None)] * 3


def test_runs_of_one_seed_are_one_witness():
    """Ten points that give the same on the same seed tell no more than one of them."""
    values = {"funds.leverage": [1.0 + 0.1 * k for k in range(10)]}
    draws = [1.0, 2.0, 4.0, 9.0]
    plan = grid(values, 4)
    runs = runs_of(plan, lambda _, k, __: {"lender_losses_bn": draws[k], "banks_failed": k // 2})
    runs = runs.with_columns(pl.lit(0).alias("all"))
    alone = runs.filter(pl.col("point") == 0)
    for outcome in (parse_outcome("lender_losses_bn"), parse_outcome("banks_failed>=1")):
        pooled, single = (by(table, outcome, ["all"]).row(0, named=True) for table in (runs, alone))
        assert pooled["count"] == 10 * single["count"]
        assert (pooled["low"], pooled["high"]) == pytest.approx((single["low"], single["high"]))


def test_runs_of_different_seeds_are_witnesses_each():
    plan = grid(LEVERAGE, 10, paired=False)
    runs = runs_of(plan, crises(lambda _: 0.5, 10)).with_columns(pl.lit(0).alias("all"))
    (row,) = by(runs, parse_outcome(DEFAULT), ["all"]).iter_rows(named=True)
    assert row["seeds"] == 30
    assert (row["low"], row["high"]) == pytest.approx(share_interval(15, 30))


@given(st.lists(st.booleans(), min_size=8, max_size=40), st.integers(1, 8))
def test_a_share_of_common_seeds_is_never_surer_than_its_runs_nor_less_sure_than_its_seeds(crisis, n_seeds):
    n = len(crisis)
    labels = ["banking_crisis" if one else "calm" for one in crisis]
    runs = pl.DataFrame({"all": [0] * n, "seed": [k % n_seeds for k in range(n)], "verdict_financial": labels})
    runs = runs.with_columns(status=pl.lit("ok"))
    (row,) = by(runs, parse_outcome(DEFAULT), ["all"]).iter_rows(named=True)
    tight, wide = share_interval(sum(crisis), n), share_interval(row["value"] * n_seeds, n_seeds)
    assert wide[0] - 1e-9 <= row["low"] <= tight[0] + 1e-9
    assert tight[1] - 1e-9 <= row["high"] <= wide[1] + 1e-9


def test_the_difference_of_two_shares_is_newcombes():
    """His example: 56 of 70 less 48 of 80 is 0.2, from 0.0524 to 0.3339."""
    first, second = ((count / n, *share_interval(count, n)) for count, n in ((56, 70), (48, 80)))
    assert difference(first, second) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    back = difference(second, first)
    assert math.isclose(back[1], -0.3339, abs_tol=5e-5)


def test_a_label_and_those_beyond_it_count_together():
    plan = grid({"funds.leverage": [1.0]}, 4)
    labels = ["calm", "market_breakdown", "banking_crisis", None]
    runs = runs_of(plan, lambda _, replication, __: {"verdict_financial": labels[replication]})
    assert evaluate(runs, parse_outcome("verdict_financial>=market_breakdown")).to_list() == [0, 1, 1, None]
    assert evaluate(runs, parse_outcome("verdict_financial>=calm")).to_list() == [1, 1, 1, None]
    assert parse_outcome("verdict_financial>=market_breakdown").text == "verdict_financial>=market_breakdown"
