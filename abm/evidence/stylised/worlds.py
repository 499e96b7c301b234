"""The runs whose daily returns are held beside real ones: without a spark, and after one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from abm.evidence.check import Path, Runs, several
from abm.evidence.stylised.real_series import DAYS
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, CRYPTO, NOTES
from abm.scenario import DEFAULT, Scenario, load

MARKETS = {"ai": AI_EQUITY, "broad": BROAD_EQUITY, "crypto": CRYPTO, "notes": NOTES}
QUIET, STRESS, TWICE = "quiet", "stress", "twice"
CHANGES: dict[str, dict[str, Any]] = {
    QUIET: {"spark.total": 0.0},
    STRESS: {},
    TWICE: {"funds.leverage": 2.0},
}


@cache
def worlds() -> dict[str, Scenario]:
    """Each world with as many days after the day of the default spark as a real window has.

    The spark's own day is left out of the facts: how much it takes in one day is assumed by the scenario, and a
    single day thirty times as large as others would be all that moments see.
    """
    spark = load(DEFAULT).spark
    length = {"run.ticks": spark.start + spark.days + DAYS}
    return {name: load(DEFAULT, **changes, **length) for name, changes in CHANGES.items()}


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Daily log returns of all markets from the opening on, (markets, days)."""
    from abm.economy import Economy

    economy = Economy(scenario, seed)
    economy.advance()
    prices = np.vstack([np.ones(economy.rows["price"].shape[1]), economy.rows["price"]])
    return {"returns": np.diff(np.log(prices), axis=0).T.astype(np.float32)}


def wants(seeds: int) -> list[Path]:
    return [path for world in worlds().values() for path in several(world, measure, seeds)]


def daily_returns(runs: Runs, seeds: int, world: str) -> Mapping[str, np.ndarray]:
    """All days of a world's seeds by market, each (seeds, days)."""
    returns = runs.sample(worlds()[world], measure, seeds)["returns"].astype(np.float64)
    return {name: returns[:, market] for name, market in MARKETS.items()}


def returns_after(runs: Runs, seeds: int, world: str) -> Mapping[str, np.ndarray]:
    """Those after the day of the spark, each (seeds, DAYS)."""
    return {name: returns[:, -DAYS:] for name, returns in daily_returns(runs, seeds, world).items()}
