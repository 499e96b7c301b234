"""Why an agent is a record of 64-bit numbers: one loop over crypto holders in four layouts, and the books in 32 bits.

The loop does what every tick does to every holder: it looks for positions to be liquidated, adds up what all hold,
and lets a tenth of them draw, trade and pay.
"""

from __future__ import annotations

import time
from collections import namedtuple
from typing import Any
from unittest.mock import patch

import numpy as np

from abm.agents.crypto_holder import CRYPTO_HOLDER
from abm.compiled import rule
from abm.economy import Economy
from abm.errors import CheckFailed
from abm.ledger.chart import DUST
from abm.records import Record
from abm.scenario import Scenario
from abm.streams import HOLDERS_TRADING, uniforms

PRICE, MAINTENANCE, DECISION_DAYS, TRADING_SIZE = 0.9, 0.05, 10, 0.05
LAYOUTS = ("a record per agent, 64 bits", "an array per field, 64 bits", "a record per agent, 32 bits",
           "an array per field, 32 bits")  # fmt: skip

Fields = namedtuple("Fields", [field.name for field in CRYPTO_HOLDER.fields])


@rule
def day_of_records(holders, tick):
    """Let a day pass over records, one per agent."""
    held = 0.0
    for row in range(holders.shape[0]):
        holder = holders[row]
        held += holder.crypto + holder.ai_equity
        if holder.loan > DUST and holder.loan > (1.0 - MAINTENANCE) * holder.crypto * PRICE:
            holder.crypto_order = -holder.crypto
        elif (tick + holder.id) % DECISION_DAYS == 0:
            tilt = 2.0 * uniforms(0, HOLDERS_TRADING, holder.id, tick)[0] - 1.0
            wish = TRADING_SIZE * tilt * min(holder.crypto * PRICE, max(0.0, holder.coins - holder.redeeming))
            holder.crypto_order = max(wish / PRICE, -holder.crypto)
    for row in range(holders.shape[0]):
        holder = holders[row]
        if holder.crypto_order != 0.0:
            holder.crypto += holder.crypto_order
            holder.coins -= holder.crypto_order * PRICE
            holder.deposit += 0.01 * (holder.usual_deposit - holder.deposit)
            holder.crypto_order = 0.0
    return held


@rule
def day_of_fields(fields, tick):
    """Let the same day pass over one array per field."""
    held = 0.0
    for row in range(fields.id.shape[0]):
        held += fields.crypto[row] + fields.ai_equity[row]
        if fields.loan[row] > DUST and fields.loan[row] > (1.0 - MAINTENANCE) * fields.crypto[row] * PRICE:
            fields.crypto_order[row] = -fields.crypto[row]
        elif (tick + fields.id[row]) % DECISION_DAYS == 0:
            tilt = 2.0 * uniforms(0, HOLDERS_TRADING, fields.id[row], tick)[0] - 1.0
            coins = max(0.0, fields.coins[row] - fields.redeeming[row])
            wish = TRADING_SIZE * tilt * min(fields.crypto[row] * PRICE, coins)
            fields.crypto_order[row] = max(wish / PRICE, -fields.crypto[row])
    for row in range(fields.id.shape[0]):
        if fields.crypto_order[row] != 0.0:
            fields.crypto[row] += fields.crypto_order[row]
            fields.coins[row] -= fields.crypto_order[row] * PRICE
            fields.deposit[row] += 0.01 * (fields.usual_deposit[row] - fields.deposit[row])
            fields.crypto_order[row] = 0.0
    return held


def in_32_bits(record: Record) -> np.dtype:
    """Return the layout of a record with 32 bits for what has 64."""
    halves = {"f8": "f4", "i8": "i4"}
    layout = [(f.name, halves[f.kind]) if f.size == 1 else (f.name, halves[f.kind], (f.size,)) for f in record.fields]
    return np.dtype((np.record, layout))


def layouts(scenario: Scenario, days: int, seed: int = 1) -> dict[str, float]:
    """Return nanoseconds per holder and day by layout; the four take turns, and the median counts."""
    whole = Economy(scenario, seed).holders
    half = whole.astype(in_32_bits(CRYPTO_HOLDER))
    tables: list[tuple[Any, Any]] = []
    for table in (whole, half):
        columns = Fields(*(table[name].copy() for name in Fields._fields))
        tables += [(day_of_records, table), (day_of_fields, columns)]
    taken = np.zeros((days, len(LAYOUTS)))
    for function, table in tables:
        function(table, 0)
    for day in range(days):
        for place, (function, table) in enumerate(tables):
            start = time.thread_time()
            function(table, day + 1)
            taken[day, place] = time.thread_time() - start
    medians = np.median(taken, axis=0) / len(whole) * 1e9
    return dict(zip(LAYOUTS, medians.tolist(), strict=True))


def books_in_32_bits(scenario: Scenario, seed: int = 1) -> str:
    """Return what the proof of the books says to all records in 32 bits: where they do not close, or that they do."""
    halved = property(in_32_bits)
    with patch.object(Record, "dtype", halved):
        try:
            Economy(scenario, seed, check=True).advance(1)
        except CheckFailed as error:
            return str(error)
    return "they close on the first day"
