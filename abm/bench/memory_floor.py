"""The memory floor: a compiled pass that reads and writes crypto holders' records as often as the rules do.

Five passes a day, one for each rule: what a rule reads of everybody is read of everybody, what it reads and writes of
those who act is read and written of them, and nothing is worked out but one sum. No program that keeps these records
and passes over them so many times can be faster.
"""

from __future__ import annotations

import numpy as np

from abm.agents.crypto_holder import LEVERAGED
from abm.compiled import rule


@rule
def touch(holders, acting, price_fell):
    """Pass over all records as the rules of one day do, and return the sum of what was read.

    Parameters: holders, records; acting, rows of those who act today; price_fell, 1 on a day on which calls are looked
    for.
    """
    total = 0.0
    for row in range(holders.shape[0]):  # holders_decide: who is liquidated, who acts
        holder = holders[row]
        total += holder.loan + holder.crypto + holder.id
    for place in range(acting.shape[0]):
        total += all_of(holders[acting[place]])
        state_orders(holders[acting[place]])
    for row in range(holders.shape[0]):  # collect_holders
        holder = holders[row]
        total += holder.crypto + holder.ai_equity + holder.loan
        total += holder.crypto_order + holder.equity_order + holder.cashed_out
    for row in range(holders.shape[0]):  # deliver_to_holders
        holder = holders[row]
        total += holder.issuer + holder.crypto_order + holder.equity_order + holder.redeeming + holder.cashed_out
    for place in range(acting.shape[0]):
        total += all_of(holders[acting[place]])
        settle(holders[acting[place]])
    for row in range(holders.shape[0]):  # earn_and_spend
        total += holders[row].id
    for place in range(acting.shape[0]):
        holder = holders[acting[place]]
        total += holder.bank + holder.usual_deposit
        holder.deposit = 0.5 * holder.deposit + 0.5 * holder.usual_deposit
    if price_fell:
        for row in range(holders.shape[0]):  # call_crypto
            holder = holders[row]
            if holder.kind == LEVERAGED:
                total += holder.loan + holder.crypto
    return total


@rule
def all_of(holder):
    """Return the sum of what an acting holder is asked for: nearly all of its record."""
    terms = holder.kind + holder.bank + holder.issuer + holder.lender + holder.borrowers + holder.verified
    fixed = holder.leverage + holder.stake + holder.inflow + holder.usual_coins
    return terms + fixed + holder.crypto + holder.ai_equity + holder.coins + holder.deposit + holder.redeeming


@rule
def state_orders(holder):
    """Write what deciding writes, with numbers that are at hand."""
    holder.crypto_order = holder.stake
    holder.equity_order = holder.inflow
    holder.cashed_out = holder.usual_coins


@rule
def settle(holder):
    """Write what settling writes."""
    holder.crypto = holder.crypto + holder.crypto_order
    holder.coins = holder.coins + holder.cashed_out
    holder.deposit = holder.deposit + holder.equity_order
    holder.redeeming = holder.usual_coins
    holder.crypto_order = 0.0
    holder.equity_order = 0.0
    holder.cashed_out = 0.0


class MemoryFloor:
    """The contender: it has records of its own, and its days have no outcome."""

    name = "memory_floor"

    def __init__(self, holders: np.ndarray, decision_days: int) -> None:
        self.holders, self.decision_days, self.tick = holders.copy(), decision_days, 0

    def advance(self, until: int) -> None:
        """Pass over the records for as many days; prices fall on every other one."""
        while self.tick < until:
            acting = np.arange(-self.tick % self.decision_days, len(self.holders), self.decision_days)
            touch(self.holders, acting, self.tick % 2)
            self.tick += 1
