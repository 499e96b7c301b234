"""What one quiet world looks like: no spark, three years; one number or series per question of the test."""

from __future__ import annotations

from typing import Any

import numpy as np
from worlds import default, finished, how_many, off

from abm.channels import CHANNELS
from abm.economy import Economy
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
        **coins_builders_and_crypto(economy),
        "monthly_turnover": (rows["volume"] / rows["price"])[:, AI_EQUITY].mean() * 21.0 / units,
    }


def coins_builders_and_crypto(economy: Economy) -> dict[str, Any]:
    """Whether coins hold their peg, what builders lose their lenders at worst in a year, whether crypto is alive."""
    rows, scenario = economy.rows, economy.scenario
    most_days, year = 3, int(scenario.run.ticks_per_year)
    low = rows["coin_price"] < 0.99
    for_long = [low[start : start + most_days + 1].all(axis=0).any() for start in range(len(rows) - most_days)]
    payable = most_days * scenario.stablecoins.daily_cap * rows["coin_supply"]
    lost, owed = rows["data_centre_loans_lost"], rows["data_centre_loans"]
    a_year = [lost[day : day + year].sum() / (owed[day] + lost[day]) for day in range(len(rows) - year + 1)]
    quarters = range(0, len(rows) - QUARTER + 1, QUARTER)
    liquidated = [rows["forced_sales_crypto_holders"][start : start + QUARTER].any() for start in quarters]
    return {
        "coins_at_par": not any(for_long) and (rows["coin_queue"] <= payable).all(),
        "lost_by_builders": max(a_year),
        "crypto_loans_left": rows["crypto_loans"][-1] / rows["crypto_loans"][0],
        "quarters_with_liquidations": np.mean(liquidated),
    }
