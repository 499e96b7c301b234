"""What one quiet world looks like: no spark, three years; one number or series per question of the test."""

from __future__ import annotations

from typing import Any

import numpy as np
from worlds import default, finished, how_many, off

from abm.channels import CHANNELS
from abm.ledger.chart import AI_EQUITY, FUNDS, MARGIN_ACCOUNTS, N_TRADED, NOTES, TRANSACTIONS

QUARTER = 63
OTHERS = [name for name in CHANNELS if name != "ordinary_trading"]


def drawdowns(prices: np.ndarray) -> np.ndarray:
    """Largest fall from an earlier peak, as a share, for each market."""
    return (1.0 - prices / np.maximum.accumulate(prices, axis=0)).max(axis=0)


def look_at(seed: int) -> dict[str, Any]:
    """Run the shipped scenario without its spark, and the same with everyday trading alone."""
    scenario = default().replace({"spark.total": 0})
    economy, alone = finished(scenario, seed), finished(off(scenario, *OTHERS), seed)
    rows = economy.rows
    traded = np.abs(economy.journals[:, TRANSACTIONS, :N_TRADED]).sum(axis=1)
    quarters = [traded[start : start + QUARTER].sum(axis=0) for start in range(0, len(rows) - QUARTER + 1, QUARTER)]
    units = scenario.markets.ai_equity.capitalisation
    return {
        "returns": np.diff(np.log(rows["price"]), axis=0),
        "drawdown": drawdowns(rows["price"]),
        "drawdown_alone": drawdowns(alone.rows["price"]),
        "banks_failed": rows["banks_failed"][-1],
        "shortfalls": rows["failed_with_shortfall"][-1].sum(),
        "calm_note_days": (np.abs(np.expm1(rows["discount"][:, NOTES])) <= 0.01).mean(),
        "events": how_many(economy),
        "least_traded_in_a_quarter": np.min(quarters, axis=0)[[FUNDS, MARGIN_ACCOUNTS]],
        "monthly_turnover": (rows["volume"] / rows["price"])[:, AI_EQUITY].mean() * 21.0 / units,
    }
