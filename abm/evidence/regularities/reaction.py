"""The reaction to a loss decides, not the loss (Bookstaber, Paddrik and Tivnan 2014).

News about AI equity alone, no story: what then happens to other assets, against the same draws without the news, is
made by holders who are hurt. With every channel off it is nothing, to the bit.

Measured: reaction is 8 % of what shares lose at today's leverage, 30 % at the edge and half at three times today's;
funds and margin accounts hold a twentieth of shares, and those who hold the rest do not react.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.evidence.check import REGULARITIES, Check, Curve, Judged, Path, Picture, Runs, mean_of, several
from abm.evidence.regularities import outcomes
from abm.evidence.regularities.outcomes import BEYOND, EDGE, band, without
from abm.experiments.one_run import ticks_of
from abm.scenario import DEFAULT, Scenario, load
from abm.scenario.actions import MARKETS

HORIZON = 20  # days after the news
ABOUT_AI_ALONE = {"spark.broad_share": 0, **without("narrative_feedback", "common_story")}
NO_NEWS = {"spark.total": 0}
# What makes a loss larger than calls, seizures and defaults in deep markets make it.
REACTIONS = without(
    "narrative_feedback",
    "common_story",
    "margin_procyclicality",
    "crowding_revealed",
    "dealer_runs",
    "risk_limits",
    "redemptions",
    "performance_chasing",
    "depth_spiral",
    "finite_buyers",
)


def world(leverage: float, overrides: dict[str, Any]) -> Scenario:
    """News about AI alone, and some days after it."""
    start = load(DEFAULT).spark.start
    days = {"run.ticks": start + HORIZON + 1}
    return load(DEFAULT, **days, **ABOUT_AI_ALONE, **{"funds.leverage": leverage}, **overrides)


def half_and_whole() -> tuple[Scenario, Scenario]:
    """Half the news with all reactions, the whole of it without those that amplify; a year and a half each."""
    terms = {"run.ticks": 400, "funds.leverage": BEYOND}
    return load(DEFAULT, **terms, **{"spark.total": load(DEFAULT).spark.total / 2}), load(DEFAULT, **terms, **REACTIONS)


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Log prices from the evening before the news on, (markets, 1 + HORIZON)."""
    ticks = ticks_of(scenario, seed)
    prices = np.stack([ticks[f"price_{market}"].to_numpy() for market in MARKETS])
    return {"logs": np.log(prices[:, scenario.spark.start - 1 : scenario.spark.start + HORIZON])}


def wants(seeds: int) -> list[Path]:
    prices = [world(leverage, news) for leverage in (1.0, EDGE) for news in ({}, NO_NEWS)]
    paths = [path for scenario in prices for path in several(scenario, measure, seeds)]
    return paths + [path for scenario in half_and_whole() for path in several(scenario, outcomes.measure, seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    def logs(leverage: float, news: dict[str, Any]) -> np.ndarray:
        return runs.sample(world(leverage, news), measure, seeds)["logs"]  # (seeds, markets, days)

    ai, broad, notes, crypto = (MARKETS.index(name) for name in ("ai_equity", "broad_equity", "notes", "crypto"))
    falls = {leverage: logs(leverage, NO_NEWS) - logs(leverage, {}) for leverage in (1.0, EDGE)}
    at_the_edge = falls[EDGE][:, :, -1]
    half, whole = (runs.sample(scenario, outcomes.measure, seeds)["on_owners"] for scenario in half_and_whole())
    curves = []
    for name, leverage, market in (
        ("broad equity, today's leverage", 1.0, broad),
        (f"broad equity, leverage × {EDGE:g}", EDGE, broad),
        (f"notes, leverage × {EDGE:g}", EDGE, notes),
        (f"crypto, leverage × {EDGE:g}", EDGE, crypto),
    ):
        middle, low, high = band(100.0 * falls[leverage][:, market])
        curves.append(Curve(name, range(HORIZON + 1), middle, low, high))
    picture = Picture(
        title="Assets that no news was about fall because their holders are hurt elsewhere",
        x="days since the news about AI equity",
        y="fall against the same draws without it, % (logs)",
        curves=curves,
        words="With every channel off all lines are nought. The paper shows the same for its own assets.",
    )
    return Judged(
        {
            "broad_equity_today": mean_of(falls[1.0][:, broad, -1]),
            "broad_equity_at_the_edge": mean_of(at_the_edge[:, broad]),
            "notes_at_the_edge": mean_of(at_the_edge[:, notes]),
            "crypto_at_the_edge": mean_of(at_the_edge[:, crypto]),
            "share_of_the_loss": mean_of(reaction_share(logs(EDGE, NO_NEWS), logs(EDGE, {}), ai, broad)),
            "half_the_loss": mean_of(half - whole),
        },
        picture,
    )


def reaction_share(calm: np.ndarray, hit: np.ndarray, ai: int, broad: int) -> np.ndarray:
    """The part of the value of shares lost by the last day that is not the news itself, (seeds,).

    1 - units of AI equity × its price without the news × (1 - exp(-spark)) / value lost of both kinds of shares
    """
    terms = load(DEFAULT)
    calm, hit = np.exp(calm[:, :, -1]), np.exp(hit[:, :, -1])
    units = {ai: terms.markets.ai_equity.capitalisation, broad: terms.markets.broad_equity.capitalisation}
    lost = sum(amount * (calm[:, market] - hit[:, market]) for market, amount in units.items())
    news = units[ai] * calm[:, ai] * -np.expm1(-terms.spark.total)
    return 1.0 - news / lost


CHECK = Check(
    "reaction",
    REGULARITIES,
    "The reaction to the loss, not the loss, decides",
    "Bookstaber, Paddrik and Tivnan (2014)",
    judge,
    wants,
    seeds=40,
    quick_seeds=8,
)
