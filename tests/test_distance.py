"""The distance to the edge: on outcomes whose edge is known, the interval holds it, and every other answer is given."""

import json
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from abm.distance.crossing import of_means, of_shares
from abm.distance.edge import Curve, Found, drawn_edges, values_along
from abm.distance.question import Question, ask, parse_range
from abm.distance.search import ALREADY_OVER, CANNOT_TELL, NOT_REACHED, QUIET_OVER, REACHED, Answer, search
from abm.errors import InputError
from abm.report.edge import as_json, curve_words, edge_files, headline, sentence
from abm.scenario import load

pytestmark = pytest.mark.slow

BASE = load()
CAPITAL = BASE.quantity("banks.capital").value
Outcome = Callable[[float], np.ndarray]  # value of the dial → the outcome of every seed


def answer_of(spark: Outcome, quiet: Outcome | None = None) -> Answer:
    """Answers made up: the runs of each value of the dial, as sweeps would give them."""

    def answer(values: Sequence[float]) -> pl.DataFrame:
        tables = []
        for x in values:
            with_spark = np.asarray(spark(x), float)
            without = np.zeros(len(with_spark)) if quiet is None else np.asarray(quiet(x), float)
            columns = {"x": np.full(len(with_spark), float(x)), "seed": np.arange(len(with_spark))}
            place = {"sweep": "sweeps/a", "row": 0, "quiet_sweep": "sweeps/a", "quiet_row": 0}
            made = pl.DataFrame({**columns, "spark": with_spark, "quiet": without}).fill_nan(None)
            tables.append(made.with_columns(pl.lit(value).alias(name) for name, value in place.items()))
        return pl.concat(tables)

    return answer


def thresholds(edge: float, seeds: int, random: int, width: float = 0.1) -> np.ndarray:
    """The value from which each seed breaks: half of all seeds break below the edge."""
    return edge * np.exp(width * np.random.default_rng(random).logistic(size=seeds))


def by_chance(edge: float, seeds: int, random: int) -> Outcome:
    """Seeds that say at one value nothing of what they do at another: only their share rises."""

    def outcome(x: float) -> np.ndarray:
        draws = np.random.default_rng([random, round(1e6 * x)]).random(seeds)
        return draws < 1.0 / (1.0 + (x / edge) ** -10.0)

    return outcome


def leverage(seeds: int = 20, **how) -> Question:
    return ask(BASE, "funds.leverage", seeds=seeds, **how)


@pytest.mark.parametrize("seeds", [8, 20])
@pytest.mark.parametrize("steps", [True, False], ids=["each_seed_a_step", "chance_at_every_value"])
def test_the_interval_holds_a_known_edge_in_ninety_of_a_hundred_trials(seeds: int, steps: bool) -> None:
    question, edge, held, values, widths = leverage(seeds), 1.9, 0, [], []
    for trial in range(100):
        breaks = thresholds(edge, seeds, trial)
        spark = (lambda x, breaks=breaks: x >= breaks) if steps else by_chance(edge, seeds, trial)
        found = search(question, answer_of(spark))
        if found.status == REACHED:  # an interval that is open does not count as one that holds it
            held += found.low <= edge <= found.high
            values.append(found.value)
            widths.append(found.high - found.low)
    assert held >= 90
    assert np.mean(values) == pytest.approx(edge, abs=0.05)
    assert np.median(widths) < (1.1 if seeds == 8 else 0.45)  # nor does one that holds everything


def test_more_seeds_make_a_narrower_interval_and_a_search_asks_few_points() -> None:
    widths = []
    for seeds in (8, 40):
        breaks = thresholds(1.9, seeds, 0)
        found = search(leverage(seeds), answer_of(lambda x, breaks=breaks: x >= breaks))
        widths.append(found.high - found.low)
        assert found.points.height <= 13 + 4 * 8
    assert widths[1] < 0.6 * widths[0]


def test_an_edge_beyond_the_range_is_not_reached_and_json_says_null() -> None:
    found = search(leverage(), answer_of(lambda x: np.full(20, x > 9.0)))
    assert (found.status, found.value, found.low, found.high, found.second) == (NOT_REACHED, None, None, None, None)
    content = json.dumps(as_json(Found(found)), allow_nan=False)
    assert all(json.loads(content)[name] is None for name in ("value", "low", "high", "percent", "second", "draws_low"))
    assert "does not reach the edge within funds.leverage = 0.25 to 4 times today's; 20 seeds" in sentence(found)


def test_a_quiet_world_that_breaks_by_itself_has_no_edge_of_the_spark() -> None:
    found = search(leverage(), answer_of(lambda _: np.ones(20), lambda _: np.ones(20)))
    assert (found.status, found.value, found.quiet_from) == (QUIET_OVER, None, 1.0)
    assert "the quiet world is already over the level today" in sentence(found)
    only_today = search(leverage(), answer_of(lambda _: np.ones(20), lambda x: np.full(20, x < 1.3)))
    assert (only_today.status, only_today.value) == (QUIET_OVER, None)  # there is nothing to be far from
    found = search(leverage(), answer_of(lambda x: np.full(20, x > 2.0), lambda x: np.full(20, x > 2.0)))
    assert (found.status, found.value) == (QUIET_OVER, None)
    assert 2.0 < found.quiet_from < 2.6  # of the scan


def test_of_an_edge_that_the_quiet_world_overtakes_both_crossings_are_found() -> None:
    found = search(leverage(), answer_of(lambda x: np.full(20, x > 1.5), lambda x: np.full(20, x > 3.0)))
    assert found.status == REACHED
    assert found.value == pytest.approx(1.5, abs=0.02)
    assert 2.4 < found.second < 4.0
    assert "surely falls back" in sentence(found)


def test_noise_is_no_second_crossing() -> None:
    breaks = thresholds(1.5, 20, 1)
    one_way = search(leverage(), answer_of(lambda x: x >= breaks))
    assert one_way.second is None
    assert not one_way.may_fall_back
    wavering = search(leverage(), answer_of(lambda x: np.arange(20) < (9 if x > 3.5 else 20 * (x > 1.5))))
    assert wavering.second is None
    assert wavering.may_fall_back
    assert "noise may show that too" in sentence(wavering)


def test_a_dial_of_which_less_is_worse_is_followed_downwards() -> None:
    breaks = CAPITAL * 0.6 * np.exp(0.05 * np.random.default_rng(0).logistic(size=20))
    found = search(ask(BASE, "banks.capital", seeds=20), answer_of(lambda x: x <= breaks))
    assert found.status == REACHED
    assert found.low < found.value < found.high < CAPITAL
    assert found.value == pytest.approx(np.median(breaks), rel=0.02)
    said = re.search(r"is (\S+) % less capital \(95 % interval (\S+) to (\S+) %\)", sentence(found))
    away, low, high = map(float, said.groups())
    assert 0.0 < low < away < high
    assert -45.0 < found.percent(found.value) < -35.0


def test_the_nearer_of_two_edges_is_reported() -> None:
    found = search(leverage(), answer_of(lambda x: np.full(20, (x < 0.8) | (x > 3.0))))
    assert found.value == pytest.approx(0.8, abs=0.01)


def test_a_system_over_the_edge_is_told_where_it_comes_back() -> None:
    breaks = thresholds(0.6, 20, 2, 0.05)
    found = search(leverage(), answer_of(lambda x: x >= breaks))
    assert found.status == ALREADY_OVER
    assert found.low < 0.6 < found.high
    assert "is over the edge already; it comes back under it at" in sentence(found)
    everywhere = search(leverage(), answer_of(lambda _: np.ones(20)))
    assert (everywhere.status, everywhere.value) == (ALREADY_OVER, None)
    assert "over the edge already, all over 0.25 to 4 times today's" in sentence(everywhere)
    unsure = search(leverage(), answer_of(lambda x: np.arange(20) < (20 if x > 0.5 else 8)))
    assert (unsure.status, unsure.value) == (ALREADY_OVER, None)
    assert "cannot be told" in sentence(unsure)


def test_a_single_seed_bounds_no_number_and_json_says_null() -> None:
    question = leverage(1, outcome="lender_losses_bn", level=100.0)
    found = search(question, answer_of(lambda x: np.array([60.0 * x])))
    assert (found.status, found.low, found.high) == (CANNOT_TELL, None, None)
    content = json.loads(json.dumps(as_json(Found(found)), allow_nan=False))
    assert {point["low"] for point in content["points"]} == {None}
    assert content["value"] == pytest.approx(100.0 / 60.0, rel=0.05)
    edge_files(Found(found), Path("out"))


@pytest.mark.parametrize("seeds", [1, 4])
def test_few_seeds_cannot_tell(seeds: int) -> None:
    found = search(leverage(seeds), answer_of(lambda x: np.full(seeds, x > 1.9)))
    assert found.status == CANNOT_TELL
    assert found.value == pytest.approx(1.9, abs=0.05)
    assert found.high is None
    assert "so many seeds cannot tell" in sentence(found)


def test_an_interval_that_the_range_does_not_bound_cannot_tell() -> None:
    found = search(leverage(8), answer_of(lambda x: np.arange(8) < 6 * (x > 1.9)))  # six of eight, for ever
    assert (found.status, found.high) == (CANNOT_TELL, None)
    assert found.low == pytest.approx(1.9, abs=0.1)
    never = search(leverage(8), answer_of(lambda x: np.arange(8) < 3 * (x > 1.9)))  # may well be five of eight
    assert (never.status, never.value) == (CANNOT_TELL, None)


def test_runs_that_failed_are_left_out() -> None:
    def outcome(x: float) -> np.ndarray:
        values = np.full(20, float(x > 1.9))
        values[:3] = np.nan if x > 1.5 else values[:3]
        return values

    found = search(leverage(), answer_of(outcome))
    assert found.status == REACHED
    assert set(found.points["seeds"]) == {17, 20}
    assert found.missing == 3 * found.points.filter(pl.col("x") > 1.5).height
    none = search(leverage(), answer_of(lambda x: np.full(20, math.nan if x > 1.5 else 0.0)))
    assert none.status == CANNOT_TELL
    assert none.points.filter(pl.col("x") > 1.5)["difference"].null_count() == (none.points["x"] > 1.5).sum()


def test_an_outcome_that_is_a_number_passes_a_level_in_its_unit() -> None:
    noise = np.random.default_rng(3).normal(size=20)
    question = leverage(outcome="lender_losses_bn", level=100.0)
    found = search(question, answer_of(lambda x: 50.0 + 40.0 * x + 10.0 * noise, lambda _: np.full(20, 20.0)))
    assert found.status == REACHED
    expected = (100.0 - 30.0 - 10.0 * noise.mean()) / 40.0
    assert found.value == pytest.approx(expected, abs=0.02)
    assert found.low < expected < found.high
    with pytest.raises(InputError, match="level: is missing"):
        leverage(outcome="lender_losses_bn")


def test_a_whole_number_is_only_asked_at_whole_values() -> None:
    question = ask(BASE, "dealers.count", limits=(2, 12), seeds=8)
    asked: list[float] = []

    def outcome(x: float) -> np.ndarray:
        asked.append(x)
        return np.full(8, x < 5.0)

    found = search(question, answer_of(outcome))
    assert all(x == int(x) for x in asked)
    assert len(asked) == len(set(asked))
    assert found.status in (REACHED, ALREADY_OVER)
    assert 4.0 < found.value < 5.0


def test_today_is_asked_as_it_is_and_a_range_may_lie_beyond_it() -> None:
    odd = BASE.replace({"funds.leverage": 1.23456789})
    question = ask(odd, "funds.leverage", limits=(2.0, 4.0))
    assert question.scan(1)[:2] == [1.23456789, 2.0]
    assert question.scan(-1) == []
    assert question.at(1.23456789) == 1.23456789
    assert question.at(2.0000001) == 2.0


def test_days_of_news_run_on_after_the_last() -> None:
    question = ask(BASE, "spark.days", limits=(1, 900), seeds=8)
    assert question.scenario.run.ticks == BASE.spark.start + 900 + 500


def test_a_share_has_the_exact_interval_and_opposite_seeds_widen_it() -> None:
    for count in range(9):
        band = of_shares(np.array([np.arange(8) < count], float))
        exact = binomtest(count, 8).proportion_ci(0.95, "exact")
        assert (band.low[0], band.high[0]) == pytest.approx((exact.low, exact.high))
    mixed = of_shares(np.array([[1.0] * 14 + [0.0] * 6, [1.0] * 16 + [0.0] * 2 + [-1.0] * 2]))
    assert mixed.value[0] == mixed.value[1] == pytest.approx(0.7)
    assert mixed.low[1] < mixed.low[0] - 0.02
    assert mixed.high[1] > mixed.high[0]
    alone = of_means(np.array([[3.0]]))
    assert (alone.low[0], alone.high[0]) == (-math.inf, math.inf)


def test_drawn_worlds_spread_the_edge_and_those_that_miss_it_are_beyond_the_range() -> None:
    question = leverage()
    tables = []
    for draw, edge in enumerate([0.5, *np.linspace(1.2, 3.0, 18), 9.0]):
        own = answer_of(lambda x, edge=edge: np.full(4, x > edge))(question.scan(1))
        tables.append(own.with_columns(draw=pl.lit(draw)))
    broken = tables[0].with_columns(draw=pl.lit(99), spark=pl.lit(None, pl.Float64))
    assert drawn_edges(question, pl.concat([tables[5], broken]), 1).failed == 1
    found = drawn_edges(question, pl.concat(tables), 1)
    assert (found.n, found.reached, found.over_today, found.seeds, found.failed) == (20, 18, 1, 4, 0)
    assert found.low == 1.0  # passed today already
    assert found.high == pytest.approx(3.0, abs=0.3)
    many = pl.concat([*tables[:4], tables[-1]])
    assert drawn_edges(question, many, 1).high is None


def test_the_headline_says_both_bursts() -> None:
    sudden = search(leverage(), answer_of(lambda x: x >= thresholds(1.92, 20, 0)))
    gradual = search(leverage(), answer_of(lambda _: np.zeros(20)))
    said = headline([("sudden", sudden), ("gradual, over 500 days", gradual)])
    assert said.startswith("If the burst is sudden, today's system is ")
    assert " % of leverage (95 % interval " in said
    assert "if it is gradual, over 500 days, it does not reach the edge within funds.leverage = 0.25 to 4" in said
    assert said.endswith("; 20 seeds.")
    curve = Curve("funds.leverage", "spark.days", (1, 500), (Found(sudden), Found(gradual)), 1.0)
    assert "sudden, on one day" in curve_words(curve)
    assert curve.table["status"].to_list() == [REACHED, NOT_REACHED]
    assert curve.table["value"].null_count() == 1


def test_the_report_names_the_runs_behind_it(tmp_path) -> None:
    found = search(leverage(), answer_of(lambda x: x >= thresholds(1.92, 20, 0)))
    files = edge_files(Found(found), tmp_path)
    page = files["report.html"].decode()
    assert sentence(found).split(":")[0].replace("'", "&#39;") in page
    assert f"powderkeg run --from {tmp_path}/sweeps/a --row 0" in page
    assert {"points.parquet", "runs.parquet", "edge.json", "figures/edge.svg", "figures/edge.png"} <= files.keys()
    assert b"NaN" not in files["edge.json"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"dial": "funds.leverag"}, "dial = 'funds.leverag' is not known; did you mean funds.leverage?"),
        ({"dial": "channels.margin_calls"}, "dial = 'channels.margin_calls' is not a number"),
        ({"limits": (3.0, 1.0)}, "range = 3:1 is upside down or empty"),
        ({"limits": (1.0, 1.0)}, "range = 1:1 is upside down or empty"),
        ({"limits": (-1.0, 2.0)}, "range = -1:2 leaves what funds.leverage may be; allowed is a number"),
        ({"level": 1.5}, "level = 1.5 is no level of verdict_financial>=market_breakdown"),
        ({"level": math.nan}, "level = nan is no level"),
        ({"level": -1.0, "outcome": "lender_losses_bn"}, "level = -1 is no level of lender_losses_bn; allowed is more"),
        ({"seeds": 0}, "seeds = 0 is not allowed"),
        ({"outcome": "dealers_faild>=2"}, "did you mean dealers_failed?"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(how: dict, said: str) -> None:
    with pytest.raises(InputError) as refused:
        ask(BASE, **{"dial": "funds.leverage", **how})
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["1", "1:2:3", "a:b", "1:inf", ""])
def test_a_range_is_two_numbers(text: str) -> None:
    with pytest.raises(InputError, match="cannot be read; allowed is LOW:HIGH"):
        parse_range(text)


def test_a_dial_at_nought_wants_a_range() -> None:
    none = load("unlevered")
    assert ask(none, "funds.leverage", limits=(0.0, 2.0)).scale == "linear"
    assert ask(none, "funds.leverage").high > 0.0  # all that is allowed
    found = search(ask(none, "funds.leverage", limits=(0.0, 2.0), seeds=20), answer_of(lambda x: np.full(20, x > 1.25)))
    assert found.value == pytest.approx(1.25, abs=0.02)
    assert found.percent(found.value) is None
    assert "is funds.leverage = 1.25 times today's" in sentence(found)


def test_values_of_a_second_dial() -> None:
    question = leverage()
    assert values_along(question, "spark.days", "1,20, 250") == [1.0, 20.0, 250.0]
    five = values_along(question, "markets.depth", None)
    assert len(five) == 5
    assert five[2] == BASE.markets.depth
    for text, along, said in (
        ("1,x", "spark.days", "at = '1,x' cannot be read"),
        (None, "funds.leverage", "holds one twice"),
        (None, "spark.speed", "dial = 'spark.speed' is not known"),
    ):
        with pytest.raises(InputError, match=said):
            values_along(question, along, text)
