"""What must hold between the numbers of a scenario, and how large a run may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from abm.errors import InputError, shown
from abm.scenario.tables import STYLES

SLACK = 1e-5  # relative: own tables need not balance to the last digit
MEMORY_LIMIT_GB = 8
BYTES_PER_TICK = 4_000  # the day's series and its rows of flows
BYTES_PER_AGENT = 1_000  # a record, its orders and its postings
BYTES_PER_AGENT_TICK = 1  # events: one agent in a hundred has one of 100 bytes a day
SECONDS_PER_AGENT_TICK = 150e-9
COUNTS = (
    "funds.count",
    "margin_accounts.count",
    "dealers.count",
    "banks.count",
    "buyers.count",
    "chasers.count",
    "pools.count",
    "private_credit.count",
    "crypto.holders",
    "private_credit.count",
    "builders.at_banks",
)


def check(value: Callable[[str], Any], actions: list[dict[str, Any]], label: str) -> None:
    """Refuse numbers that contradict each other; `value` gives the number at a path."""
    check_size(value, label)
    ticks = value("run.ticks")

    def at_most(parts: str, limit: str) -> None:
        # Both sides are sums of parameters, written as in the sentence.
        left, right = (sum(value(path) for path in side.split(" + ")) for side in (parts, limit))
        if left > right * (1 + SLACK):
            raise InputError(f"{label}: {parts} = {left:g} is too much; allowed is at most {limit} = {right:g}")

    if value("spark.start") >= ticks:
        raise InputError(
            f"{label}: spark.start = {value('spark.start')} is after the end; allowed is less than run.ticks = {ticks}"
        )

    def of_all_styles(name: str, *others: str) -> str:
        return " + ".join([*(f"funds.{style}.{name}" for style in STYLES), *others])

    for style in STYLES:
        funded = ("net_asset_value", "prime_brokerage", "repo", "unsecured", "short_equity", "other_owed")
        held = ("ai_equity", "broad_equity", "notes", "bills", "crypto", "cash")
        at_most(*(" + ".join(f"funds.{style}.{name}" for name in names) for names in (held, funded)))
    at_most("margin_accounts.debt", "margin_accounts.assets + margin_accounts.cash")
    at_most(of_all_styles("ai_equity", "chasers.ai_equity"), "markets.ai_equity.capitalisation")
    at_most(of_all_styles("broad_equity", "chasers.broad_equity"), "markets.broad_equity.capitalisation")
    at_most(of_all_styles("notes", "dealers.notes", "banks.notes"), "markets.notes.capitalisation")
    at_most(of_all_styles("bills", "banks.bills", "pools.bills"), "markets.bills.capitalisation")
    at_most(of_all_styles("crypto"), "markets.crypto.capitalisation")
    to_non_banks = ("dealers.bank_loans", "private_credit.drawn", "builders.bank_loans", "banks.other_non_bank_loans")
    at_most(" + ".join(to_non_banks), "banks.loans")
    at_most("banks.reserves + banks.notes + banks.bills + banks.loans + banks.interbank", "banks.assets")
    at_most("banks.deposits + banks.equity + banks.interbank", "banks.assets")
    at_most("dealers.deposits + buyers.deposits + chasers.deposits + pools.deposits", "banks.deposits")
    at_most("dealers.lenders", "banks.count")
    gearing = value("private_credit.gearing")
    owed = value("private_credit.assets") * gearing / (1.0 + gearing)
    if value("private_credit.drawn") > owed * (1 + SLACK):
        raise InputError(
            f"{label}: private_credit.drawn = {value('private_credit.drawn'):g} is too much; allowed is at most what "
            f"gearing makes of assets, {owed:g}"
        )
    at_most("policy.circuit_breaker.first", "policy.circuit_breaker.second")
    at_most("policy.circuit_breaker.second", "policy.circuit_breaker.close")
    at_most("policy.note_purchases.depth", "policy.note_purchases.calm_depth")
    for index, action in enumerate(actions):
        if action["tick"].value >= ticks:
            raise InputError(
                f"{label}: actions.{index}.tick = {action['tick'].value} is after the end; "
                f"allowed is less than run.ticks = {ticks}"
            )


def check_size(value: Callable[[str], Any], label: str) -> None:
    """Refuse a run that would not fit into memory, with the estimate."""
    ceiling = 10**15  # keeps the estimate printable whatever was written
    ticks = min(value("run.ticks"), ceiling)
    agents = sum(min(value(path), ceiling) for path in COUNTS)
    gigabytes = (ticks * BYTES_PER_TICK + agents * BYTES_PER_AGENT + ticks * agents * BYTES_PER_AGENT_TICK) / 1e9
    if gigabytes > MEMORY_LIMIT_GB:
        hours = ticks * agents * SECONDS_PER_AGENT_TICK / 3600
        worst = "run.ticks" if ticks > agents else max(COUNTS, key=value)
        raise InputError(
            f"{label}: {worst} = {shown(value(worst), 30)} makes the run too large, "
            f"an estimated {gigabytes:.3g} GB of memory and {hours:.2g} hours "
            f"for {agents:.3g} agents over {ticks:.3g} days; "
            f"allowed is at most {MEMORY_LIMIT_GB} GB"
        )
