"""One institution looked at: its balance sheet, whom it owes, whom it lent to, and how it got here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from abm.agents.leveraged_fund import STYLES
from abm.agents.stablecoin_issuer import ISSUERS
from abm.economy import AGENTS
from abm.errors import InputError
from abm.ledger.chart import INSTRUMENTS, N_TRADED, SECURITIES_LENT
from abm.ledger.identities import balance_sheet
from abm.outcome.wording import in_words
from abm.records import LIABILITY

if TYPE_CHECKING:
    from abm.live.world import World

HISTORIES = {
    "funds": ("own money, $bn", "margin use, times what is allowed"),
    "dealers": ("capital, $bn", "funding, $bn"),
    "banks": ("capital, $bn", "deposits, $bn"),
    "stablecoins": ("coins, $bn", "price of a coin, $"),
}
LEAST = 5e-4  # $bn: what a table of three digits can show
MOST_POINTS = 250


def about(world: World, table: str, row: int) -> dict[str, Any]:
    """What is known of one institution tonight, in words and numbers. Raises InputError where there is none."""
    if table not in HISTORIES:
        raise InputError(f"look: there is no table {table!r}; allowed is one of {', '.join(HISTORIES)}")
    e, record = world.economy, AGENTS[table]
    agents = getattr(e, table)
    if not 0 <= row < len(agents):
        raise InputError(f"look: {table} has no row {row}; allowed is 0 to {len(agents) - 1}")
    agent = agents[row : row + 1]
    sheet = balance_sheet(agent, record, e.markets["price"])
    owes, has = named(world, table, row)
    step = max(1, -(-world.tick // MOST_POINTS))
    past = world.past[table][:, : world.tick : step, row]
    return {
        "table": table,
        "row": row,
        "name": f"{record.name}:{agent['id'][0]}",
        "title": title(table, agent[0]),
        "state": state(table, agent[0]),
        "sheet": [[in_words(name), round(value, 3)] for name, value in sheet.items() if abs(value) >= LEAST],
        "owes": owes,
        "has": has,
        "history": [
            {"name": name, "values": np.round(values, 3).tolist(), "step": step}
            for name, values in zip(HISTORIES[table], past, strict=True)
        ],
    }


def named(world: World, table: str, row: int) -> tuple[list[list[Any]], list[list[Any]]]:
    """What it owes to whom by name, and what it has with whom, each as (who, what, $bn), the largest first."""
    e, record = world.economy, AGENTS[table]
    agent = getattr(e, table)[row]
    sides: tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]] = ({}, {})
    tables = {f.name: f.unit.removeprefix("row of ") for f in record.fields if f.unit.startswith("row of ")}
    for field in record.fields:
        if field.at is None or field.instrument is None or field.instrument < N_TRADED:
            continue
        others = tables[field.at]
        price = float(e.markets["price"][1]) if field.instrument == SECURITIES_LENT else 1.0
        for other, amount in zip(np.atleast_1d(agent[field.at]), np.atleast_1d(agent[field.name]), strict=True):
            if other >= 0 and abs(amount) * price >= LEAST:  # below nought: an account that is overdrawn
                side = sides[0] if (field.side == LIABILITY) == (amount > 0) else sides[1]
                key = (name_of(world, others, int(other)), in_words(INSTRUMENTS[field.instrument]))
                side[key] = side.get(key, 0.0) + abs(float(amount)) * price
    owes, has = ([[*key, round(amount, 3)] for key, amount in side.items()] for side in sides)
    return sorted(owes, key=lambda one: -one[2]), sorted(has, key=lambda one: -one[2])


def name_of(world: World, table: str, row: int) -> str:
    """The name of another institution as the event log has it."""
    agents = getattr(world.economy, table)
    number = agents["id"][row] if "id" in (agents.dtype.names or ()) else row
    return f"{AGENTS[table].name.replace('_', ' ')}:{number}"


def title(table: str, agent: Any) -> str:
    if table == "funds":
        style = STYLES[int(agent["style"])].replace("_", " ")
        return "margin account, a cohort of households" if style == "margin account" else f"hedge fund, {style}"
    if table == "stablecoins":
        return f"the {ISSUERS[int(agent['id'])]} stablecoin issuer"
    return {"dealers": "dealer", "banks": "bank"}[table]


def state(table: str, agent: Any) -> str:
    """How it stands, in words."""
    if table == "funds":
        if agent["status"]:
            return ("", "seized by its dealers", "seized, sold out and closed")[int(agent["status"])]
        if agent["days_in_call"] > 0:
            return f"in a margin call for {agent['call']:,.3g} $bn, day {int(agent['days_in_call'])} of it"
        return "trading"
    if table == "stablecoins":
        queue = float(agent["queue"])
        return f"cannot pay {queue:,.3g} $bn that wait" if queue > LEAST else "pays all who hand in coins"
    return "failed" if agent["failed"] else "sound"
