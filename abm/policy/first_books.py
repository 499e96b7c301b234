"""What standing rules ask of the first books: nobody opens in breach of a rule that is in force from the start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from abm.scenario import Scenario

SHARES = ("ai_equity", "broad_equity", "account")  # households' margin accounts hold shares alone
WITH_MARGIN = (*SHARES, "notes", "bills", "crypto", "futures", "other")
Columns = dict[str, np.ndarray]


def calm_margins(scenario: Scenario) -> dict[str, float]:
    """Return the margin asked for in calm, by asset: max(maintenance * (1 + buffer), floor)."""
    policy = scenario.policy
    times = 1.0 + policy.margin_buffers.buffer if policy.margin_buffers.on else 1.0
    floors: dict[str, float] = {}
    if policy.margin_floors.on:
        floors = dict.fromkeys(SHARES, policy.margin_floors.equity) | {"notes": policy.margin_floors.notes}
    return {
        name: max(times * getattr(scenario.margin, f"maintenance_{name}"), floors.get(name, 0.0))
        for name in WITH_MARGIN
    }


def most_assets(scenario: Scenario) -> float:
    """Return how many times its own money a hedge fund opens with in securities at most."""
    cap = scenario.policy.leverage_cap
    return cap.opening_use * cap.most if cap.on else math.inf


def extra_capital(scenario: Scenario, banks: Columns) -> np.ndarray:
    """Return what the capital buffer adds to each bank's capital, in $bn: buffer * weighted assets."""
    free = banks["reserves"] + banks["notes"] + banks["bills"]
    weighted = scenario.banks.risk_weight * np.maximum(banks["assets"] - free, 0.0)
    return scenario.policy.bank_capital.buffer * weighted


def opening_equity(scenario: Scenario) -> float:
    """Return the capital that all banks open with, in $bn."""
    equity = float(scenario.banks.equity) * float(scenario.banks.capital)
    if not scenario.policy.bank_capital.on:
        return equity
    banks = {name: np.array([getattr(scenario.banks, name)]) for name in ("assets", "reserves", "notes", "bills")}
    return equity + float(extra_capital(scenario, banks)[0])
