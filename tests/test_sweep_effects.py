"""What each parameter does alone, in closed form, and the runs that are unlike their neighbours."""

import numpy as np
import polars as pl
import pytest
from synthetic_sweep import crises, grid, runs_of, sampled

from abm.figures.effects import effects_figure
from abm.outcome.paired import paired_difference, share_interval
from abm.sweep.effects import effects, surprising
from abm.sweep.outcomes import DEFAULT, difference, parse_outcome

X, Y = "funds.leverage", "spark.days"
CRISIS, LOSSES = parse_outcome(DEFAULT), parse_outcome("lender_losses_bn")
LUCK = np.random.default_rng(3).normal(0.0, 50.0, 8)  # of a seed, whatever the point
STRAY = np.random.default_rng(4).normal(0.0, 1.0, 200)  # of a run


def additive(values, replication, row):
    """Losses of 10 a unit of leverage, 2 a day, the luck of the seed and a little of the run's own."""
    own = 10.0 * values[X] + 2.0 * values[Y]
    return {"lender_losses_bn": own + float(LUCK[replication]) + float(STRAY[row])}


@pytest.fixture(scope="module")
def plan():
    return grid({X: [1.0, 2.0, 4.0], Y: [1, 10]}, 8)


def level(table, parameter, name):
    return table.filter((pl.col("parameter") == parameter) & (pl.col("level") == name)).row(0, named=True)


def test_common_seeds_are_compared_pair_by_pair(plan):
    runs = runs_of(plan, additive)
    found = effects(plan, runs, LOSSES)
    assert found["parameter"].to_list() == [X] * 3 + [Y] * 2
    row = level(found, X, "4")
    stray = STRAY[: runs.height].reshape(3, 2, 8).mean(axis=1)  # (leverage, seed), over days
    expected = paired_difference((30.0 + stray[2]).tolist(), stray[0].tolist())
    assert (row["change"], row["change_low"], row["change_high"]) == pytest.approx(
        (expected.mean, expected.low, expected.high)
    )
    assert row["pairs"] == 8
    assert row["change_high"] - row["change_low"] < 5.0 < row["high"] - row["low"]  # luck cancels in pairs alone
    assert level(found, X, "1")["change"] is None


def test_a_failed_run_takes_its_partners_out_of_the_comparison(plan):
    """Were the failed run's partners kept, the effect of leverage would hold some of that of days."""

    def made(values, replication, _):
        if values == {X: 4.0, Y: 10} and replication < 4:
            return {"reason": "no"}
        return {"lender_losses_bn": 10.0 * values[X] + 2.0 * values[Y]}

    row = level(effects(plan, runs_of(plan, made), LOSSES), X, "4")
    assert row["change"] == pytest.approx(30.0)
    assert (row["count"], row["failed"], row["pairs"]) == (12, 4, 8)


def test_seeds_that_differ_are_combined():
    plan = grid({X: [1.0, 2.0]}, 20, paired=False)
    runs = runs_of(plan, crises(lambda values: 0.1 * values[X], 20))
    row = level(effects(plan, runs, CRISIS), X, "2")
    first, second = ((count / 20, *share_interval(count, 20)) for count in (4, 2))
    assert (row["change"], row["change_low"], row["change_high"]) == pytest.approx(difference(first, second))
    assert row["pairs"] is None


def test_sampled_values_are_cut_into_equally_full_intervals():
    points = [(0.1 + k * k / 1000.0, k + 1) for k in range(50)]
    plan = sampled({X: (0.0, 3.0), Y: (1, 51)}, points, 4)
    found = effects(plan, runs_of(plan, lambda v, _, __: {"lender_losses_bn": v[Y]}), LOSSES)
    assert found.filter(pl.col("parameter") == X)["count"].to_list() == [40] * 5
    assert found.filter(pl.col("parameter") == X)["value"].to_list() == [5.5, 15.5, 25.5, 35.5, 45.5]
    assert level(found, Y, found["level"][9])["change"] == 40.0


def test_the_figure_has_units_and_a_title(plan):
    figure = effects_figure(effects(plan, runs_of(plan, additive), LOSSES), LOSSES)
    assert figure.get_suptitle() == "Mean of lender_losses_bn, by each parameter alone"
    assert [axis.get_xlabel() for axis in figure.axes] == [f"{X}, times today's", f"{Y}, days"]
    assert figure.axes[0].get_ylabel() == "mean, $bn"
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["1", "2", "4"]


def test_a_run_unlike_its_point_is_found_first(plan):
    def made(values, _, row):
        losses = additive(values, 0, row)
        return {"lender_losses_bn": losses["lender_losses_bn"] + 100.0 * (row == 21)}

    runs = runs_of(plan, made)
    found = surprising(plan, runs, LOSSES)
    assert found.height == 10
    first = found.row(0, named=True)
    own = runs.filter(pl.col("point") == 21 // 8)["lender_losses_bn"].to_numpy()
    assert (first["row"], first["point"], first["seed"]) == (21, 2, 5)
    assert first[X] == 2.0
    assert first["usual"] == pytest.approx(own.mean())
    assert first["residual"] == pytest.approx((first["found"] - own.mean()) / own.std(ddof=1))
    assert found["residual"].abs().is_sorted(descending=True)
    limit = parse_outcome("lender_losses_bn>50")
    assert surprising(plan, runs, limit).equals(found)  # of a limit: the number behind it


def test_the_rarest_label_of_a_point_is_found_first():
    plan = grid({X: [1.0, 2.0]}, 20)
    counts = {1.0: 5, 2.0: 18}
    runs = runs_of(plan, crises(lambda values: counts[values[X]] / 20, 20))
    found = surprising(plan, runs, CRISIS)
    assert found.select("row", "found", "usual", "share").rows()[:3] == [
        (38, "calm", "banking_crisis", 0.1),
        (39, "calm", "banking_crisis", 0.1),
        (0, "banking_crisis", "calm", 0.25),
    ]
    assert found.height == 7


def test_nobody_is_surprising_where_all_are_alike_or_alone(plan):
    alike = runs_of(plan, lambda values, _, __: {"lender_losses_bn": values[X], "verdict_financial": "calm"})
    assert surprising(plan, alike, LOSSES).is_empty()
    assert surprising(plan, alike, CRISIS).is_empty()
    two = grid({X: [1.0, 2.0], Y: [1]}, 2)
    assert surprising(two, runs_of(two, additive), LOSSES).is_empty()
