"""The first books of a researcher's own trader, taken out of those of long-term investors before the first day."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from abm.agents.trader import TRADED, TRADER
from abm.errors import InputError, shown
from abm.ledger.chart import LONG_TERM_INVESTORS


def with_trader(
    traders: np.ndarray,
    investors: np.ndarray,
    n_banks: int,
    cash: float,
    units: Mapping[str, float],
    bank: int | None,
) -> np.ndarray:
    """Return the table with one more trader: `cash` $bn at a bank, and `units` by market; investors have so much less.

    Investors give units in proportion to their parts of each market, and cash in proportion to what they have at
    the same bank, so that no bank owes more or less than before. The bank is theirs with the most, if none is named.
    Raises InputError where they have too little.
    """
    of_investors = np.where(investors["sector"] == LONG_TERM_INVESTORS, np.maximum(investors["deposit"], 0.0), 0.0)
    at_banks = np.bincount(investors["bank"], weights=of_investors, minlength=n_banks)
    if bank is None:
        bank = int(np.argmax(at_banks))
    elif isinstance(bank, bool) or not isinstance(bank, int | np.integer) or not 0 <= bank < n_banks:
        raise InputError(f"trader: bank = {shown(bank)} is not allowed; allowed is a number from 0 to {n_banks - 1}")
    _check("cash", cash, float(at_banks[bank]), f"what long-term investors have at bank:{bank}")
    for market, amount in units.items():
        if market not in TRADED:
            raise InputError(f"trader: the market {shown(market)} is not known; allowed are {', '.join(TRADED)}")
        _check(f"units of {market}", amount, float(_givers(investors, market)[1]), "what long-term investors hold")
    table = TRADER.open(len(traders) + 1)
    table[:-1] = traders
    trader = table[-1]
    trader.sector, trader.bank = LONG_TERM_INVESTORS, bank
    if cash > 0.0:
        here = np.where(investors["bank"] == bank, of_investors, 0.0)
        investors["deposit"] -= cash * here / here.sum()
        trader.deposit = cash
    for market, amount in units.items():
        share, _ = _givers(investors, market)
        investors["units"][:, TRADED.index(market)] -= amount * share
        trader.units[TRADED.index(market)] = amount
    return table


def _givers(investors: np.ndarray, market: str) -> tuple[np.ndarray, float]:
    """Return each investor's share of a market's other side, and how much they can give in these shares."""
    k = TRADED.index(market)
    share = investors["share"][:, k]
    giving = share > 0.0
    return share, (investors["units"][giving, k] / share[giving]).min(initial=math.inf) if giving.any() else 0.0


def _check(what: str, amount: float, most: float, whose: str) -> None:
    if not 0.0 <= amount <= most:
        raise InputError(f"trader: {what} = {shown(amount)} is not allowed; allowed is 0 to {most:g}, {whose}")
