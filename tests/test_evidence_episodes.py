"""Episodes: the score against closed forms, the twin, what is measured in a window, and the two tables of targets."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from abm.evidence.check import Runs
from abm.evidence.episodes.checks import (
    CHECK,
    CHECKS,
    judge,
    judge_all,
    label,
    marks_of,
    measure,
    scored,
    wants,
    wants_all,
)
from abm.evidence.episodes.crps import crps, resampled_skill, skill
from abm.evidence.episodes.history import Episode, Observed, episodes, eve_of, model_of, observed_in, twin_of
from abm.evidence.episodes.measures import MEASURES, Window, largest_rise
from abm.evidence.targets import content, targets_of
from abm.experiments.one_run import ticks_of

NAMES = [episode.name for episode in episodes()]
numbers = st.floats(-1e3, 1e3)
ensembles = hn.arrays(float, st.integers(2, 30), elements=numbers)


# The score


@pytest.mark.parametrize("observed", [-2.0, 0.0, 0.7])
def test_the_score_of_a_normal_ensemble_is_that_of_the_normal_distribution(observed: float) -> None:
    # Gneiting and Raftery (2007), equation 5 in Gneiting et al. (2005); the mean over many small ensembles
    normal = math.exp(-0.5 * observed**2) / math.sqrt(2.0 * math.pi)
    below = 0.5 * (1.0 + math.erf(observed / math.sqrt(2.0)))
    exact = observed * (2.0 * below - 1.0) + 2.0 * normal - 1.0 / math.sqrt(math.pi)
    scores = crps(np.random.default_rng(1).standard_normal((200_000, 4)), observed)
    assert abs(scores.mean() - exact) < 4.0 * scores.std() / math.sqrt(len(scores))


@given(ensembles, numbers)
def test_the_score_is_its_definition(members: np.ndarray, observed: float) -> None:
    m = len(members)
    pairs = np.abs(members[:, None] - members[None, :]).sum() / (m * (m - 1))
    expected = np.abs(members - observed).mean() - 0.5 * pairs
    assert crps(members, observed) == pytest.approx(expected, abs=1e-9)


@given(ensembles, numbers, numbers, st.floats(0.01, 100.0))
def test_the_score_moves_with_the_unit_and_not_with_the_origin(
    members: np.ndarray, observed: float, shift: float, scale: float
) -> None:
    score = crps(members, observed)
    assert crps(members + shift, observed + shift) == pytest.approx(score, abs=1e-8)
    assert crps(members * scale, observed * scale) == pytest.approx(score * scale, abs=1e-8 * scale)


def test_a_certain_ensemble_has_its_absolute_error() -> None:
    assert crps(np.full(7, 3.0), 5.0) == 2.0
    assert crps(np.array([3.0]), 5.0) == 2.0
    assert crps(np.array([0.0, 2.0]), 1.0) == 0.0  # 1 − ½·2


def test_a_wide_ensemble_earns_nothing() -> None:
    draws = np.random.default_rng(2).standard_normal(400)
    sharp, wide, wrong = (crps(ensemble, 0.0) for ensemble in (0.1 * draws, 10.0 * draws, 10.0 + 0.1 * draws))
    assert sharp < wide < wrong
    assert skill(sharp, wide) > 0.9


def test_skill_is_the_usual_one_where_the_model_is_better_and_its_mirror_where_it_is_not() -> None:
    assert skill(np.array([1.0, 4.0, 0.0, 0.2, 0.0]), np.array([4.0, 1.0, 3.0, 0.0, 0.0])) == pytest.approx(
        [0.75, -0.75, 1.0, -1.0, 0.0]
    )


def test_resampled_scores_are_on_average_the_score_itself() -> None:
    rng = np.random.default_rng(3)
    members = rng.standard_normal(12)
    again = crps(members[rng.integers(12, size=(200_000, 12))], 0.5, resampled=True)
    assert abs(again.mean() - crps(members, 0.5)) < 4.0 * again.std() / math.sqrt(len(again))


def test_the_interval_keeps_pairs_of_seeds_together() -> None:
    common = np.random.default_rng(4).standard_normal(60)
    assert np.ptp(resampled_skill(common, common.copy(), 0.3)) == 0.0


# The twin and the window


@pytest.mark.parametrize("name", NAMES)
def test_the_twin_hears_the_same_news_and_nothing_else_happens(name: str) -> None:
    model, twin = model_of(name), twin_of(name)
    assert not any(twin.channels.model_dump().values())
    assert twin.spark == model.spark
    assert [a for a in twin.actions if a.kind == "shock"] == [a for a in model.actions if a.kind == "shock"]
    assert not [action for action in twin.actions if action.kind == "loss"]
    assert twin.run.ticks == model.run.ticks == eve_of(name) + 1 + max(target.days for target in observed_in(name))
    for market, volatility in content()["episodes"]["twin"]["volatility"].items():
        assert getattr(twin.markets, market).news_volatility == volatility


def window(days: int, **series: list[float]) -> Window:
    return Window(pl.DataFrame(series), model_of("dotcom_2000"), 1, days)


def test_a_window_begins_on_the_eve_and_ends_after_its_days() -> None:
    # The fall before the eve and the one after the last day are none of its business.
    seen = window(3, price_ai_equity=[9.0, 1.0, 0.8, 0.9, 0.7, 0.1], notes_bought=[5.0, 5.0, 1.0, 1.0, 1.0, 9.0])
    assert MEASURES["fall_of_ai"](seen) == pytest.approx(0.3)
    assert MEASURES["lowest_of_ai"](seen) == pytest.approx(-0.3)
    assert MEASURES["notes_bought"](seen) == pytest.approx(3.0 / seen.scenario.markets.notes.capitalisation)


def test_all_shares_weigh_by_value() -> None:
    seen = window(1, price_ai_equity=[1.0, 1.0, 0.5], price_broad_equity=[1.0, 1.0, 1.0])
    assert MEASURES["change_of_shares"](seen) == pytest.approx(-0.5 * 27 / 68)


def test_a_rise_is_within_its_days() -> None:
    assert largest_rise(np.array([0.0, 1.0, 2.0, 3.0, 1.0]), 2) == 2.0
    assert largest_rise(np.array([3.0, 2.0, 1.0]), 2) == 0.0


def test_the_largest_loss_of_supply_and_the_days_below_par() -> None:
    seen = window(
        3,
        coin_supply_first=[9.0, 4.0, 5.0, 2.0, 3.0],
        coin_price_second=[0.5, 1.0, 0.98, 0.99, 0.9],
    )
    assert MEASURES["supply_lost_by_first"](seen) == pytest.approx(0.6)
    assert MEASURES["days_of_second_below_99"](seen) == 2.0
    assert MEASURES["lowest_of_second"](seen) == 0.9


def test_the_bank_that_the_scenario_fells_is_not_among_the_others() -> None:
    seen = window(4, bank_assets_failed_share=[0.0, 0.0, 0.02, 0.02, 0.05, 0.05])
    assert MEASURES["other_banks_failed"](seen) == pytest.approx(0.03)
    assert MEASURES["other_banks_failed"](window(2, bank_assets_failed_share=[0.0, 0.0, 0.0, 0.0])) == 0.0


@pytest.mark.parametrize(("days", "is_one"), [(125, 0.0), (126, 1.0)])
def test_a_recession_takes_half_a_year(days: int, is_one: float) -> None:
    seen = window(200, output=[0.0, 0.0, *[-0.016] * days, *[-0.014] * (200 - days)])
    assert MEASURES["recession"](seen) == is_one


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stablecoin_bank_2023", "crypto_october_2025"])
def test_every_number_of_an_episode_is_measured(name: str) -> None:
    model = measure(model_of(name), 0)
    assert {target.name for target in observed_in(name)} <= model.keys()
    assert all(math.isfinite(value) for value in model.values())


def test_what_news_alone_does_is_exact() -> None:
    shares = ("ai_equity", "broad_equity")
    still = {f"markets.{market}.{what}": 0 for market in shares for what in ("drift", "news_volatility")}
    twin = twin_of("crash_1987").replace(still)
    told = measure(twin, 0)
    assert told["shares_fall"] == pytest.approx(-math.expm1(-0.107), abs=1e-9)
    assert told["shares_worst_day"] == pytest.approx(-0.107 / 3, abs=1e-9)
    assert told["dealers"] == told["recession"] == 0.0
    assert told["variance_notes"] > 0.0 == told["variance_ai_equity"]


def test_variance_before_the_news_ends_on_the_eve() -> None:
    name = "crash_1987"
    ticks = ticks_of(twin_of(name), 3)["price_ai_equity"].to_numpy()
    returns = np.diff(np.log(np.concatenate(([1.0], ticks[: eve_of(name) + 1]))))
    assert len(returns) == 40
    assert measure(twin_of(name), 3)["variance_ai_equity"] == pytest.approx(np.mean(returns**2))


# Judgement


def pretended(seeds: int, right: Callable[[Observed], bool]) -> Runs:
    """Runs in which the model says exactly what history did for some targets, and the twin for the others."""
    found = {}
    for path in wants_all(seeds):
        name = path.scenario.name
        is_twin = path.scenario == twin_of(name)
        off = 1.0 + path.seed
        told = {target.name: target.observed + off * (is_twin == right(target)) for target in observed_in(name)}
        found[path] = told | variances(1.21 if is_twin else 1.0)
    return Runs(found)


def variances(value: float) -> dict[str, float]:
    return {f"variance_{market}": value for market in content()["episodes"]["twin"]["volatility"]}


def always(_target: Observed) -> bool:
    return True


def never(_target: Observed) -> bool:
    return False


@pytest.mark.parametrize(("right", "value"), [(always, 1.0), (never, -1.0)])
def test_who_is_right_has_all_the_skill(right: Callable[[Observed], bool], value: float) -> None:
    measured = judge_all(pretended(3, right), 3).measured
    for name in ("mean_skill", "mean_skill_of_crises", "mean_skill_without_crisis", "mean_skill_used"):
        assert (measured[name].value, measured[name].low, measured[name].high) == (value, value, value)
    assert measured["inside_band"].value == float(right is always)
    assert measured["inside_band_of_twin"].value == float(right is never)
    assert measured["twin_volatility"].value == pytest.approx(1.0 - 1.0 / 1.1)
    assert measured["as_if_nothing"].value == 0.0


def test_each_mean_is_over_its_own_targets() -> None:
    measured = judge_all(pretended(3, lambda target: target.used_in_calibration), 3).measured
    assert (measured["mean_skill_used"].value, measured["mean_skill_not_used"].value) == (1.0, -1.0)
    crises = {episode.name for episode in episodes() if episode.crisis}
    measured = judge_all(pretended(3, lambda target: target.episode in crises), 3).measured
    assert (measured["mean_skill_of_crises"].value, measured["mean_skill_without_crisis"].value) == (1.0, -1.0)
    assert measured["mean_skill"].value == pytest.approx((2 - 4) / 6)  # an episode has the weight of any other


def test_history_is_at_nought_and_the_farthest_mark_at_one() -> None:
    found = scored(pretended(3, always), "crash_1987", 3)
    assert all(marks_of(one, one.model) == (0.0, 0.0, 0.0) for one in found)
    assert all(marks_of(one, one.twin)[2] == pytest.approx(1.0) for one in found)


def test_a_row_says_what_history_and_the_model_gave() -> None:
    found = {one.target.name: label(one) for one in scored(pretended(3, always), "crash_1987", 3)}
    assert found["shares_fall"] == "shares fall: 28.5 %, model 28.5 (28.5 to 28.5)"
    assert found["dealers"] == "dealers: 0, model 0 (0 to 0)"
    assert found["recession"] == "recession: no, model in 0 % of seeds"


def test_a_model_in_which_nothing_happens_is_told_from_one_that_is_right() -> None:
    runs = {}
    for path in wants_all(2):
        runs[path] = {target.name: 0.0 for target in observed_in(path.scenario.name)} | variances(1.0)
    measured = judge_all(Runs(runs), 2).measured
    happened = [
        target.observed != 0 for episode in episodes() if episode.scored for target in observed_in(episode.name)
    ]
    assert measured["as_if_nothing"].value == np.mean(happened) < 1.0
    assert measured["mean_skill"].value == 0.0


def test_an_illustration_is_shown_and_not_scored() -> None:
    (illustration,) = (episode for episode in episodes() if not episode.scored)
    assert illustration.name == "crash_1929"
    assert not {path.scenario.name for path in wants_all(1)} & {illustration.name}
    runs = {path: {t.name: 0.25 for t in observed_in("crash_1929")} for path in wants("crash_1929", 2)}
    measured = judge(illustration, Runs(runs), 2).measured
    assert {one.value for one in measured.values()} == {0.25}


# The tables


@pytest.mark.parametrize("episode", episodes(), ids=NAMES)
def test_every_number_of_history_is_a_target_and_says_where_it_is_from(episode: Episode) -> None:
    observed = observed_in(episode.name)
    targets = {target.name: target for target in targets_of(episode.name)}
    assert [target.name for target in observed] == list(targets)
    for number in observed:
        target = targets[number.name]
        assert number.measure in MEASURES
        assert number.known in ("measured", "read", "remembered")
        assert target.source == number.source
        assert target.what.startswith(number.what)
        assert target.at_least == (0.0 if episode.scored else None)
        assert not target.required
        assert number.taken or not number.used_in_calibration


def test_non_crises_are_most_of_it() -> None:
    assert {episode.name for episode in episodes() if episode.crisis and episode.scored} == {
        "dash_for_cash_2020",
        "stablecoin_bank_2023",
    }
    assert [check.name for check in CHECKS] == NAMES
    assert (CHECK.seeds, CHECK.quick_seeds) == (200, 40)
