"""The leverage cycle (Aymanns and Farmer 2015): slow up, fast down, and safer where leverage adjusts slowly.

In the paper a bank holds leverage in inverse proportion to measured volatility, buys as calm lets leverage rise, and
holds much of the market. Here that part of a book that follows volatility is `volatility_weight`, as far up as
`risk_limits.reach_up`; the scenario boom_and_bust has both and a story on top. The nearest world has no story, all
funds follow volatility with their whole books up to three times the first, and hold a quarter of shares.

Measured: up to the turn own money grows twice as fast as debt, with and without the story, and looser margins change
nothing of it. Nobody has a target of leverage here: what has been cut is bought back, up to a multiple of the first
book, while gains on what is held make own money.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import skew

from abm.evidence.check import REGULARITIES, Check, Curve, Judged, Path, Picture, Runs, mean_of, several
from abm.evidence.regularities.outcomes import BEYOND, EDGE, WHERE_FUNDS_ARE_LARGE, without
from abm.experiments.one_run import ticks_of
from abm.outcome.falls import largest_fall
from abm.scenario import Scenario, load
from abm.scenario.tables import STYLES

MONTH = 20  # days
SLOW, FAST = 5.0, 0.2  # times the usual days of adjustment
LOW = 0.7  # times today's leverage, as in boom_and_bust
FUNDS_FOLLOW_VOLATILITY = {
    **WHERE_FUNDS_ARE_LARGE,
    **without("narrative_feedback", "common_story"),
    **{f"funds.{style}.volatility_weight": 1 for style in STYLES},
    "risk_limits.reach_up": 3,
}


def boom() -> Scenario:
    return load("boom_and_bust")


def world(leverage: float, pace: float = 1.0) -> Scenario:
    """All funds follow volatility; margins and own limits adjust in `pace` times the usual days."""
    scenario = load("boom_and_bust", **FUNDS_FOLLOW_VOLATILITY, **{"funds.leverage": leverage})
    return scenario.replace(
        {
            "margin.factor_days": pace * scenario.margin.factor_days,
            "risk_limits.cut_days": round(pace * scenario.risk_limits.cut_days),
            "risk_limits.rebuild_days": pace * scenario.risk_limits.rebuild_days,
        }
    )


def worlds() -> list[Scenario]:
    return [boom(), *(world(leverage) for leverage in (LOW, EDGE, BEYOND)), world(EDGE, FAST), world(EDGE, SLOW)]


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Fall and skewness of AI equity beyond those of its news, build-up of leverage before the turn, failed dealers."""
    ticks = ticks_of(scenario, seed)
    price, news = (np.log(ticks[f"{name}_ai_equity"].to_numpy()) for name in ("price", "news"))
    first, top = (ticks[day] for day in (0, turn(price)))
    leverage = [float(row["debt_funds"][0] / row["net_asset_value_funds"][0]) for row in (first, top)]
    return {
        "fall": largest_fall(np.exp(price)).log_fall - largest_fall(np.exp(news)).log_fall,
        "skewness": float(skew(price[MONTH:] - price[:-MONTH]) - skew(news[MONTH:] - news[:-MONTH])),
        "built_up": float(np.log(leverage[1] / leverage[0])),
        "dealers_failed": float(ticks["dealers_failed"][-1] > 0),
    }


def turn(logs: np.ndarray) -> int:
    """The day of the top before the largest fall."""
    highs = np.maximum.accumulate(logs)
    return int(np.argmax(logs[: int(np.argmax(highs - logs)) + 1]))


def wants(seeds: int) -> list[Path]:
    return [path for scenario in worlds() for path in several(scenario, measure, seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    story, low, edge, beyond, fast, slow = (runs.sample(scenario, measure, seeds) for scenario in worlds())

    def curve(name: str, at: dict[float, np.ndarray], joined: bool) -> Curve:
        points = [mean_of(values) for values in at.values()]
        ends = [(p.value, p.value) if p.low is None or p.high is None else (p.low, p.high) for p in points]
        return Curve(name, list(at), [p.value for p in points], *zip(*ends, strict=True), joined=joined)

    picture = Picture(
        title="What leverage, and the speed at which it adjusts, add to the largest fall of AI equity",
        x="leverage, times today's",
        y="largest fall beyond that of the news, log points, mean over seeds",
        curves=[
            curve("all funds follow volatility", {LOW: low["fall"], EDGE: edge["fall"], BEYOND: beyond["fall"]}, True),
            curve("limits and margins five times as fast", {EDGE: fast["fall"]}, False),
            curve("five times as slow", {EDGE: slow["fall"]}, False),
            curve("boom_and_bust", {LOW: story["fall"]}, False),
        ],
        words="The paper has regimes and no figure in these units.",
    )
    return Judged(
        {
            "builds_up": mean_of(story["built_up"]),
            "builds_up_where_all_target_volatility": mean_of(low["built_up"]),
            "slow_up_fast_down": mean_of(story["skewness"]),
            "slow_up_fast_down_where_all_target_volatility": mean_of(low["skewness"]),
            "stable_at_low_leverage": mean_of(low["dealers_failed"]),
            "less_stable_with_leverage": mean_of(beyond["fall"] - low["fall"]),
            "slower_is_safer": mean_of(fast["fall"] - slow["fall"]),
        },
        picture,
    )


CHECK = Check(
    "leverage_cycle",
    REGULARITIES,
    "The leverage cycle",
    "Aymanns and Farmer (2015)",
    judge,
    wants,
    seeds=24,
    quick_seeds=4,
)
