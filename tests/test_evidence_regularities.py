"""Published regularities: the estimators are right, the worlds are what they say, the numbers have targets."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from worlds import ALL_OFF

from abm.channels import CHANNELS
from abm.economy import Economy
from abm.evidence.check import Check, Path, Runs, mean_of
from abm.evidence.regularities import (
    CHECKS,
    bubbles,
    cascades,
    channels_together,
    leverage_cycle,
    margin_spirals,
    outcomes,
    reaction,
    tails_over_leverage,
)
from abm.evidence.targets import targets_of
from abm.evidence.validate import FAILED, validate
from abm.scenario import Scenario


@settings(deadline=None)
@given(exponent=some.floats(1.0, 8.0), scale=some.floats(1e-3, 1e3))
def test_hill_finds_the_exponent_of_a_pareto_whatever_its_scale(exponent: float, scale: float) -> None:
    ranks = (np.arange(100_000) + 0.5) / 100_000
    losses = scale * ranks ** (-1.0 / exponent)
    assert tails_over_leverage.hill_exponent(losses) == pytest.approx(exponent, rel=0.01)


def test_the_exponent_of_a_normal_is_that_of_many_normal_draws() -> None:
    draws = np.random.default_rng(1).normal(size=4_000_000)
    assert tails_over_leverage.exponent_of_a_normal() == pytest.approx(
        tails_over_leverage.hill_exponent(draws), rel=0.02
    )


def test_leaving_one_seed_out_gives_the_interval_of_a_mean() -> None:
    values = np.random.default_rng(2).normal(size=9)
    found = tails_over_leverage.over_seeds(lambda of: float(np.mean(of)), list(values))
    assert found == pytest.approx(mean_of(values))


def by_hand(drawn: cascades.Draw, leverage: float) -> tuple[np.ndarray, np.ndarray]:
    """Who fails and the last prices: rounds of failing and selling until nobody more fails."""
    own = np.full(cascades.COUNT, cascades.BOOK / leverage)
    own[drawn.first] = cascades.NO_MONEY
    failed, held = np.zeros(cascades.COUNT, dtype=bool), drawn.books.sum(axis=0)
    price = np.full(held.shape, np.exp(-cascades.NUDGE))
    while True:
        broke = own + drawn.books @ (price - 1.0) <= 0.0
        if not (broke & ~failed).any():
            return failed, price
        failed |= broke
        sold = np.divide(drawn.books[failed].sum(axis=0), held, out=np.zeros_like(held), where=held > 0.0)
        price = np.exp(-cascades.NUDGE - cascades.IMPACT * sold)


@settings(max_examples=12, deadline=None)
@given(
    seed=some.integers(0, 10_000),
    diversification=some.sampled_from(cascades.DIVERSIFICATION),
    leverage=some.sampled_from(cascades.LEVERAGES),
)
def test_cascades_are_those_of_the_paper_worked_by_hand(seed: int, diversification: float, leverage: float) -> None:
    drawn = cascades.draw(seed, diversification)
    economy = Economy(cascades.with_books(cascades.world(), drawn, leverage), seed)
    economy.advance()
    failed, price = by_hand(drawn, leverage)
    assert economy.rows["failed"][-1, 0] == failed.sum()
    assert economy.rows["price"][-1] == pytest.approx(price, abs=1e-9)


@settings(deadline=None)
@given(seed=some.integers(0, 10_000))
def test_more_diversification_only_adds_assets(seed: int) -> None:
    books = [cascades.draw(seed, value).books for value in cascades.DIVERSIFICATION]
    assert ((books[0] > 0.0).sum(axis=1) == 1).all()
    assert (books[-1] > 0.0).all()
    for fewer, more in pairwise(books):
        assert not ((fewer > 0.0) & (more == 0.0)).any()
        assert more.sum(axis=1) == pytest.approx(cascades.BOOK)


def test_every_channel_of_contagion_is_in_one_group() -> None:
    grouped = [name for group in channels_together.GROUPS.values() for name in group]
    assert sorted([*grouped, "ordinary_trading"]) == sorted(CHANNELS)


def test_banks_open_alike_whatever_part_of_their_capital_they_use() -> None:
    used, not_used = (
        Economy(channels_together.world(outcomes.BEYOND, overrides), 0)
        for overrides in (channels_together.USED, channels_together.NOT_USED)
    )
    assert used.banks["opening_capital"] == pytest.approx(not_used.banks["opening_capital"])


def test_news_about_ai_alone_moves_nothing_else_without_channels() -> None:
    hit, calm = (
        reaction.measure(reaction.world(outcomes.EDGE, news).replace(ALL_OFF), 0)["logs"]
        for news in ({}, reaction.NO_NEWS)
    )
    assert (hit[1:] == calm[1:]).all()
    assert calm[0, -1] - hit[0, -1] == pytest.approx(0.5)
    assert calm[0, 0] == hit[0, 0]  # the first evening is the one before the news
    assert reaction.reaction_share(calm[None], hit[None], 0, 1) == pytest.approx(0.0, abs=1e-12)


def judged(module: ModuleType, measured: dict[Scenario, list[dict[str, Any]]]) -> dict[str, float]:
    """What a check makes of runs that are given, by world and seed."""
    rows = {Path(world, seed, module.measure): row for world, of in measured.items() for seed, row in enumerate(of)}
    found = module.CHECK.judge(Runs(rows), len(next(iter(measured.values()))))
    return {name: each.value for name, each in found.measured.items()}


def test_spirals_that_only_add_up_are_not_beyond_their_sum() -> None:
    falls = {(False, False): 0.5, (True, False): 0.7, (False, True): 0.6, (True, True): 0.8}
    rows = {}
    for world in margin_spirals.worlds():
        fall = falls[world.channels.margin_calls, world.channels.margin_procyclicality]
        rows[world] = [{"fall": fall, "forced_sales": 0.0, "on_owners": 0.0}] * 2
    found = judged(margin_spirals, rows)
    assert found["fall_beyond_the_sum"] == pytest.approx(0.0)
    assert found["loss_spiral"] == pytest.approx(0.2)
    assert found["margin_spiral"] == pytest.approx(0.1)


def test_shortfalls_are_held_against_the_same_draws_without_the_spark() -> None:
    days = 1008
    dip = np.zeros(days)
    dip[100:352] = 0.03  # a year
    depth = {"unlevered": 0.0, "us_late_2025": 0.5, "powder_keg": 1.0}
    noise = np.random.default_rng(3).normal(scale=0.01, size=days)
    rows = {}
    for name, part in depth.items():
        rows[bubbles.world(name, True)] = [{"output": noise - (0.005 + part) * dip, "lending": 90.0 + 10 * (part < 1)}]
        rows[bubbles.world(name, False)] = [{"output": noise, "lending": 100.0}]
    found = judged(bubbles, rows)
    assert found["deeper_with_more_debt"] == pytest.approx(0.03)
    assert found["deeper_with_todays_debt"] == pytest.approx(0.015)
    assert found["longer_with_more_debt"] == pytest.approx(1.0)
    assert found["lending_with_more_debt"] == pytest.approx(-0.1)


def test_the_turn_is_the_top_before_the_largest_fall() -> None:
    logs = np.array([0.0, 0.3, 0.2, 0.5, 0.1, 0.4, 0.6])
    assert leverage_cycle.turn(logs) == 3


def test_pace_multiplies_the_days_of_adjustment() -> None:
    usual, slow = leverage_cycle.world(1.0), leverage_cycle.world(1.0, leverage_cycle.SLOW)
    changed = usual.differences(slow)
    assert set(changed) == {"margin.factor_days", "risk_limits.cut_days", "risk_limits.rebuild_days"}
    assert changed["risk_limits.cut_days"] == 5 * usual.risk_limits.cut_days


def test_every_regularity_has_its_authors_and_no_target_is_required() -> None:
    for check in CHECKS:
        targets = targets_of(check.name)
        assert targets
        assert check.authors[-1] == ")"
        for target in targets:
            assert not target.required
            assert target.published


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_number_is_measured(check: Check) -> None:
    found = validate(quick=True, checks=[replace(check, quick_seeds=2)], workers=1)
    assert [finding.reason for finding in found.findings if finding.verdict == FAILED] == []
    assert found.pictures[check.name].curves
