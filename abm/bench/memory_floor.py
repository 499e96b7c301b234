"""The memory floor: a compiled pass that reads and writes crypto holders' records as often as the rules do.

One pass a day for each rule that goes over all holders, one for each that goes over the order book: what a rule reads
of everybody is read of everybody, what it reads and writes of those who act is read and written of them, and nothing is
worked out but one sum. No program that keeps these records and passes over them so many times can be faster.
"""

from __future__ import annotations

import numpy as np

from abm.agents.crypto_holder import HOLDERS_ORDER
from abm.compiled import rule


@rule
def touch(holders, order_book, today, price_fell):
    """Pass over all records as the rules of one day do, and return the sum of what was read.

    Parameters: holders, records; order_book, room for entries; today, day of the holders' cycle; price_fell, 1 on a day
    on which calls are looked for.
    """
    total, entries = 0.0, 0
    for row in range(holders.shape[0]):  # holders_decide: who is liquidated, who acts, who waits for money
        holder = holders[row]
        total += holder.loan + holder.crypto + holder.redeeming
        if holder.acts_on == today:
            order = order_book[entries]
            total += all_of(holder)
            state_orders(row, holder, order)
            entries += 1
    for row in range(holders.shape[0]):  # collect_holders
        holder = holders[row]
        total += holder.crypto + holder.ai_equity + holder.loan
    for entry in range(entries):
        order = order_book[entry]
        holder = holders[order.holder]
        total += holder.issuer + holder.verified + order.crypto + order.ai_equity + order.cashed_out
    for entry in range(entries):  # deliver_to_holders
        order = order_book[entry]
        holder = holders[order.holder]
        total += all_of(holder)
        settle(holder, order)
    for row in range(holders.shape[0]):  # earn_and_spend
        holder = holders[row]
        if holder.acts_on == today:
            total += holder.bank + holder.usual_deposit
            holder.deposit = 0.5 * holder.deposit + 0.5 * holder.usual_deposit
    if price_fell:
        for row in range(holders.shape[0]):  # call_crypto
            total += holders[row].loan + holders[row].crypto
    return total


@rule
def all_of(holder):
    """Return the sum of what an acting holder is asked for: nearly all of its record."""
    terms = holder.kind + holder.bank + holder.issuer + holder.lender + holder.borrowers + holder.verified
    fixed = holder.leverage + holder.stake + holder.inflow + holder.usual_coins
    return terms + fixed + holder.crypto + holder.ai_equity + holder.coins + holder.deposit + holder.redeeming


@rule
def state_orders(row, holder, order):
    """Write what deciding writes, with numbers that are at hand."""
    order.holder = row
    order.crypto = holder.stake
    order.ai_equity = holder.inflow
    order.cashed_out = holder.usual_coins


@rule
def settle(holder, order):
    """Write what settling writes."""
    holder.crypto = holder.crypto + order.crypto
    holder.coins = holder.coins + order.cashed_out
    holder.deposit = holder.deposit + order.ai_equity
    holder.redeeming = holder.usual_coins


class MemoryFloor:
    """The contender: it has records of its own, and its days have no outcome."""

    name = "memory_floor"

    def __init__(self, holders: np.ndarray, decision_days: int) -> None:
        self.holders, self.decision_days, self.tick = holders.copy(), decision_days, 0
        self.order_book = HOLDERS_ORDER.open(len(holders))

    def advance(self, until: int) -> None:
        """Pass over the records for as many days; prices fall on every other one."""
        while self.tick < until:
            touch(self.holders, self.order_book, -self.tick % self.decision_days, self.tick % 2)
            self.tick += 1
