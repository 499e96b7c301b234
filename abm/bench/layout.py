"""Why an agent is a record of 64-bit numbers: one loop over crypto holders in six layouts, and the books in 32 bits.

The loop does what every tick does to every holder: it looks for positions to be liquidated, adds up what all hold,
and lets a tenth of them draw, trade and pay.
"""

from __future__ import annotations

import time
from collections import namedtuple
from typing import Any
from unittest.mock import patch

import numpy as np

from abm.agents.crypto_holder import CRYPTO_HOLDER, HOLDERS_ORDER
from abm.compiled import rule
from abm.economy import Economy
from abm.errors import CheckFailed
from abm.ledger.chart import DUST
from abm.records import Record
from abm.scenario import Scenario
from abm.streams import HOLDERS_TRADING, uniforms

PRICE, MAINTENANCE, DECISION_DAYS, TRADING_SIZE = 0.9, 0.05, 10, 0.05
RECORDS, FIELDS = "a record per agent", "an array per field"
BITS = {"64 bits": ("f8", "i8"), "64 bits, whole numbers 32": ("f8", "i4"), "32 bits": ("f4", "i4")}

Fields = namedtuple("Fields", [field.name for field in CRYPTO_HOLDER.fields])


@rule
def day_of_records(holders, order_book, tick):
    """Let a day pass over records, one per agent."""
    held, entries, today = 0.0, 0, -tick % DECISION_DAYS
    for row in range(holders.shape[0]):
        holder = holders[row]
        held += holder.crypto + holder.ai_equity
        liquidated = holder.loan > DUST and holder.loan > (1.0 - MAINTENANCE) * holder.crypto * PRICE
        if not (liquidated or holder.acts_on == today):
            continue
        order = order_book[entries]
        entries += 1
        order.holder, order.crypto = row, -holder.crypto
        if not liquidated:
            tilt = 2.0 * uniforms(0, HOLDERS_TRADING, holder.id, tick)[0] - 1.0
            wish = TRADING_SIZE * tilt * min(holder.crypto * PRICE, max(0.0, holder.coins - holder.redeeming))
            order.crypto = max(wish / PRICE, -holder.crypto)
    for entry in range(entries):
        order = order_book[entry]
        holder = holders[order.holder]
        holder.crypto += order.crypto
        holder.coins -= order.crypto * PRICE
        holder.deposit += 0.01 * (holder.usual_deposit - holder.deposit)
    return held


@rule
def day_of_fields(fields, order_book, tick):
    """Let the same day pass over one array per field."""
    held, entries, today = 0.0, 0, -tick % DECISION_DAYS
    for row in range(fields.id.shape[0]):
        held += fields.crypto[row] + fields.ai_equity[row]
        loan = fields.loan[row]
        liquidated = loan > DUST and loan > (1.0 - MAINTENANCE) * fields.crypto[row] * PRICE
        if not (liquidated or fields.acts_on[row] == today):
            continue
        order = order_book[entries]
        entries += 1
        order.holder, order.crypto = row, -fields.crypto[row]
        if not liquidated:
            tilt = 2.0 * uniforms(0, HOLDERS_TRADING, fields.id[row], tick)[0] - 1.0
            coins = max(0.0, fields.coins[row] - fields.redeeming[row])
            wish = TRADING_SIZE * tilt * min(fields.crypto[row] * PRICE, coins)
            order.crypto = max(wish / PRICE, -fields.crypto[row])
    for entry in range(entries):
        order = order_book[entry]
        row = order.holder
        fields.crypto[row] += order.crypto
        fields.coins[row] -= order.crypto * PRICE
        fields.deposit[row] += 0.01 * (fields.usual_deposit[row] - fields.deposit[row])
    return held


def with_bits(record: Record, amounts: str, whole: str) -> np.dtype:
    """Return the layout of a record with these kinds of amounts and of whole numbers."""
    kinds = [(f.name, amounts if f.kind.startswith("f") else whole, f.size) for f in record.fields]
    layout = [(name, kind) if size == 1 else (name, kind, (size,)) for name, kind, size in kinds]
    return np.dtype((np.record, layout))


def layouts(scenario: Scenario, days: int, seed: int = 1) -> dict[str, float]:
    """Return nanoseconds per holder and day by layout; all take turns, and the median counts."""
    holders = Economy(scenario, seed).holders
    order_book = HOLDERS_ORDER.open(len(holders))
    runs: dict[str, tuple[Any, Any]] = {}
    for name, kinds in BITS.items():
        table = holders.astype(with_bits(CRYPTO_HOLDER, *kinds))
        runs[f"{RECORDS}, {name}"] = day_of_records, table
        runs[f"{FIELDS}, {name}"] = day_of_fields, Fields(*(table[field].copy() for field in Fields._fields))
    for function, table in runs.values():
        function(table, order_book, 0)
    taken = np.zeros((days, len(runs)))
    for day in range(days):
        for place, (function, table) in enumerate(runs.values()):
            start = time.thread_time()
            function(table, order_book, day + 1)
            taken[day, place] = time.thread_time() - start
    return dict(zip(runs, (np.median(taken, axis=0) / len(holders) * 1e9).tolist(), strict=True))


def books_in_32_bits(scenario: Scenario, seed: int = 1) -> str:
    """Return what the proof of the books says to all records in 32 bits: where they do not close, or that they do."""
    with patch.object(Record, "dtype", property(lambda record: with_bits(record, *BITS["32 bits"]))):
        try:
            Economy(scenario, seed, check=True).advance(1)
        except CheckFailed as error:
            return str(error)
    return "they close on the first day"
