"""Traders of a researcher's own: an account in the ledger, and a rule from outside that states its orders.

The rule is any Python callable. It is asked once a day, when everybody decides, and shown what was seen
yesterday; its orders are collected, cleared and settled like all others. Traders have money and holdings of
their own and are not lent any; their books stand in the column of the long-term investors, out of whose books
the first ones were taken (`abm/opening/traders.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import InputError, shown
from abm.ledger.chart import AI_EQUITY, DEPOSITS, INSTRUMENTS, N_TRADED
from abm.records import Record, asset, intent, pointer, term

if TYPE_CHECKING:
    from abm.economy import Economy

TRADED = INSTRUMENTS[:N_TRADED]

TRADER = Record(
    "trader",
    (
        term("id", "identity", "the trader's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        asset("units", AI_EQUITY, "securities and crypto held", size=N_TRADED),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        intent("orders", "units", "to buy (+) or sell (-)", size=N_TRADED),
    ),
)


@dataclass(frozen=True)
class Seen:
    """What a trader sees when it decides: the world as it was last night, and its own books.

    tick: today's number; price [$], volatility [log points per day], depth [1 in normal times]: by market;
    believers [share]; units, deposit [$bn]: its own; history(column): all past values of a column of `ticks`,
    as `seen.history("price_ai_equity")`, empty on the first day. Prices begin at 1, so that a unit is a $bn then.
    """

    tick: int
    price: Mapping[str, float]
    volatility: Mapping[str, float]
    depth: Mapping[str, float]
    believers: float
    units: Mapping[str, float]
    deposit: float
    history: Callable[[str], np.ndarray]

    @property
    def worth(self) -> float:
        """All that it has at last night's prices, in $bn."""
        return self.deposit + sum(units * self.price[market] for market, units in self.units.items())


Decide = Callable[[Seen], Mapping[str, float] | None]


def orders_stated(answer: Any, trader: Any, price: np.ndarray, tick: int) -> np.ndarray:
    """Return a trader's orders by market, in units, cut to what it can deliver and pay.

    It sells at most what it holds. Purchases together cost at most its deposit at last night's prices, or are all
    cut alike; what today's sales bring can be spent tomorrow. Raises InputError for what is no order.
    """
    where = f"trader:{trader.id} on day {tick}"
    if answer is None:
        return np.zeros(N_TRADED)
    if not isinstance(answer, Mapping):
        raise InputError(
            f"{where}: decide returned {shown(answer)}; allowed is a mapping from markets to units, or nothing"
        )
    orders = np.zeros(N_TRADED)
    for market, units in answer.items():
        if market not in TRADED:
            raise InputError(f"{where}: the market {shown(market)} is not known; allowed are {', '.join(TRADED)}")
        try:
            orders[TRADED.index(market)] = number = float(units)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise InputError(f"{where}: the order for {market} is {shown(units)}; allowed is a finite number of units")
    orders = np.maximum(orders, -np.maximum(trader.units, 0.0))
    cost = float(np.maximum(orders, 0.0) @ price)
    paid = min(1.0, max(float(trader.deposit), 0.0) / cost) if cost > 0.0 else 1.0
    return np.where(orders > 0.0, paid * orders, orders)


def ask_traders(economy: Economy) -> None:
    """Show every trader what was seen last night, and write down the orders that it states."""
    if not len(economy.traders):
        return
    markets, tick = economy.markets, economy.tick
    public = {
        "price": by_market(markets["price"]),
        "volatility": by_market(np.sqrt(markets["variance"])),
        "depth": by_market(markets["depth"]),
        "believers": float(economy.rows["believers"][-1]) if tick else economy.scenario.narrative.believers,
    }
    for trader in economy.traders:
        if decide := economy.deciders.get(int(trader.id)):
            own = {"units": by_market(trader.units), "deposit": float(trader.deposit)}
            answer = decide(Seen(tick=tick, history=economy.series, **public, **own))
            trader.orders[:] = orders_stated(answer, trader, markets["price"], tick)


def by_market(values: np.ndarray) -> Mapping[str, float]:
    """Return one number per traded instrument by its name, read-only."""
    return MappingProxyType(dict(zip(TRADED, values.tolist(), strict=True)))
