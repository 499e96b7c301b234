"""Channels together exceed the sum of each alone (Farmer et al. 2020; Wiersema et al. 2023), and buffers decide.

Sudden news, the same draws: lenders' losses with six groups of channels on one at a time, and with all. A group that
needs another to do harm loses nothing alone – thin markets hurt nobody who need not sell – and that is the claim.
A usable buffer is capital that a bank lets go before it tightens credit and sells (`banks.target_ratio`) or fails
(`banks.minimum_ratio`); the capital itself stays, alike at all banks where the target is moved, since first books
spread what is beyond it. Measured: banks that tighten early shrink lending by a seventh and raise losses by little, for
credit reaches output slowly, and output borrowers; no bank here sells what hedge funds hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.evidence.check import REGULARITIES, Check, Curve, Judged, Path, Picture, Runs, mean_of, several
from abm.evidence.regularities.outcomes import BEYOND, EDGE, measure, with_only
from abm.scenario import DEFAULT, Scenario, load

DAYS = 540  # two years from the spark on
GROUPS = {
    "calls and defaults": ("margin_calls", "cross_asset_sales", "fund_default_losses"),
    "margins and runs": ("margin_procyclicality", "crowding_revealed", "dealer_runs"),
    "own limits and investors": ("risk_limits", "redemptions", "performance_chasing"),
    "thin markets": ("depth_spiral", "finite_buyers"),
    "story and crypto": (
        "narrative_feedback",
        "common_story",
        "crypto_liquidations",
        "stablecoin_runs",
        "reserve_deposits",
        "reserve_treasuries",
    ),
    "banks and economy": (
        "deposit_runs",
        "credit_tightening",
        "bank_asset_sales",
        "interbank",
        "real_economy",
        "private_credit",
    ),
}
# Capital opens at 13 % of weighted assets; the same at every bank, whatever the target.
ALIKE = {"banks.capital_dispersion": 0}
USED = {"banks.target_ratio": 0.06, **ALIKE}
NOT_USED = {"banks.target_ratio": 0.125, **ALIKE}
HIGHER_MINIMUM = {"banks.minimum_ratio": 0.08}


def world(leverage: float, overrides: dict[str, Any]) -> Scenario:
    return load(DEFAULT, **{"run.ticks": DAYS, "funds.leverage": leverage, **overrides})


def worlds() -> list[Scenario]:
    """All worlds that are run."""
    alone = [with_only(*channels) for channels in GROUPS.values()]
    by_leverage = [world(leverage, overrides) for leverage in (EDGE, BEYOND) for overrides in ({}, *alone)]
    return by_leverage + [world(BEYOND, overrides) for overrides in (USED, NOT_USED, HIGHER_MINIMUM)]


def wants(seeds: int) -> list[Path]:
    return [path for scenario in worlds() for path in several(scenario, measure, seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    def lost(leverage: float, overrides: dict[str, Any], what: str = "lender_losses") -> np.ndarray:
        return runs.sample(world(leverage, overrides), measure, seeds)[what]

    together = {leverage: lost(leverage, {}) for leverage in (EDGE, BEYOND)}
    alone = {
        leverage: [lost(leverage, with_only(*channels)) for channels in GROUPS.values()] for leverage in (EDGE, BEYOND)
    }
    total = {leverage: np.sum(alone[leverage], axis=0) for leverage in (EDGE, BEYOND)}
    names = [*GROUPS, "sum of these", "all together"]
    curves = []
    for leverage in (EDGE, BEYOND):
        bars = [mean_of(values) for values in (*alone[leverage], total[leverage], together[leverage])]
        curves.append(Curve(f"leverage × {leverage:g}", range(len(bars)), [bar.value for bar in bars], joined=False))
    picture = Picture(
        title="All channels together cost lenders more than the sum of each group alone",
        x="channels that are on",
        y="lost by dealers and banks, $bn, mean over seeds",
        names=names,
        curves=curves,
        words="The papers say beyond, and give no figure for these groups.",
    )
    return Judged(
        {
            "excess_over_sum": mean_of(together[EDGE] - total[EDGE]),
            "together_over_sum": mean_of(together[EDGE] / total[EDGE]),
            "together_over_sum_beyond_the_edge": mean_of(together[BEYOND] / total[BEYOND]),
            "losses_without_usable_buffers": mean_of(lost(BEYOND, NOT_USED) - lost(BEYOND, USED)),
            "lending_without_usable_buffers": mean_of(
                lost(BEYOND, NOT_USED, "lending") - lost(BEYOND, USED, "lending")
            ),
            "losses_with_a_higher_minimum": mean_of(lost(BEYOND, HIGHER_MINIMUM) - together[BEYOND]),
        },
        picture,
    )


CHECK = Check(
    "channels_together",
    REGULARITIES,
    "Channels together exceed their sum",
    "Farmer, Kleinnijenhuis, Nahai-Williamson and Wetzer (2020); Wiersema et al. (2023)",
    judge,
    wants,
    seeds=24,
    quick_seeds=4,
)
