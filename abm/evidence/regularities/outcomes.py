"""What several regularities read off a run, and worlds that several of them share."""

from __future__ import annotations

from typing import Any

from abm.channels import CHANNELS
from abm.evidence.check import Measured, mean_of
from abm.experiments.one_run import ticks_of
from abm.outcome.falls import fall_of
from abm.outcome.summary import summarise
from abm.scenario import Scenario

EDGE = 2.1  # times today's leverage: there banks lose in some seeds and not in others (docs/results.md)
BEYOND = 3.0  # times today's leverage: there most seeds end in a banking crisis
# Funds and margin accounts hold a twentieth of shares today. In markets a fifth the size they hold a quarter, as in
# models of which they are the main investors; who trades with them shrinks alike.
WHERE_FUNDS_ARE_LARGE = {
    "markets.ai_equity.capitalisation": 4_800,
    "markets.ai_equity.daily_volume": 50,
    "markets.broad_equity.capitalisation": 8_800,
    "markets.broad_equity.daily_volume": 110,
    "buyers.budget": 200,
    "chasers.ai_equity": 800,
    "chasers.broad_equity": 1_600,
    "crypto.ai_equity": 80,
}


def with_only(*names: str) -> dict[str, bool]:
    """These channels and ordinary trading, which is no contagion, on; all others off."""
    return {f"channels.{name}": name in (*names, "ordinary_trading") for name in CHANNELS}


def without(*names: str) -> dict[str, bool]:
    """These channels off."""
    return {f"channels.{name}": False for name in names}


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """How far AI equity fell [log points], what was sold by force and what lenders lost [$bn], lending [share].

    `on_owners`: dealers' losses on customers, banks' on dealers and on each other; `lender_losses`: banks' losses on
    loans outside too.
    """
    ticks = ticks_of(scenario, seed)
    summary = summarise(ticks, scenario=scenario)
    return {
        "fall": fall_of(ticks, "ai_equity").log_fall,
        "forced_sales": summary.forced_sales_bn or 0.0,
        "on_owners": (summary.dealer_losses_bn or 0.0) + (summary.bank_losses_bn or 0.0),
        "lender_losses": summary.lender_losses_bn or 0.0,
        "lending": summary.bank_lending_change or 0.0,
    }


def band(values: Any) -> tuple[list[float], list[float], list[float]]:
    """Mean over seeds with the ends of its interval at each point; values: (seeds, points)."""
    columns: list[Measured] = [mean_of(column) for column in values.T]
    middle = [column.value for column in columns]
    low = [column.value if column.low is None else column.low for column in columns]
    high = [column.value if column.high is None else column.high for column in columns]
    return middle, low, high
