"""A seat at the engine's table: crypto holders that another program keeps and moves.

A contender brings its own version of the five rules that pass over crypto holders and sits down in an `Economy` in
place of its holders. All other agents, the markets and the books stay the engine's own, compiled: whole days are
compared with whole days, and every number of a run can be held against the engine's. What the contender's holders pay
and are paid in a day is summed up in `Flows` and posted once, by the engine's ledger.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np

from abm import phases
from abm.agents.crypto_holder import CRYPTO_HOLDER, LEVERAGED
from abm.agents.stablecoin_issuer import N_ISSUERS
from abm.channels import CROSS_ASSET_SALES, CRYPTO_LIQUIDATIONS, STABLECOIN_RUNS
from abm.coin_settlement import arbitrageur_of, deliver_to_holders, maker_of, place_of
from abm.compiled import rule
from abm.contagion.crypto_liquidations import call_crypto, cause_of_pressure
from abm.decisions import beyond_normal
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, CRYPTO, CRYPTO_HOLDERS, DUST
from abm.ledger.coin_postings import deliver_crypto, deliver_equity, issue_coins, sell_coins, settle_issuer
from abm.ledger.postings import pay_in
from abm.markets.clearing import collect_holders
from abm.outcome.causes import log_sale
from abm.outcome.events import FORCED_SALE, MARKET
from abm.records import Record, memory

RULES = ("holders_decide", "collect_holders", "deliver_to_holders", "earn_and_spend", "call_crypto")
NOBODY = CRYPTO_HOLDER.open(0)

ORDERS = Record(
    "orders",
    (
        memory("bought", "units", "crypto that all buy"),
        memory("sold", "units", "crypto that all sell"),
        memory("equity_sold", "units", "AI equity that all sell"),
        memory("sales", "units", "crypto that those sell who use an issuer's coins", size=N_ISSUERS),
        memory("offered", "$bn", "coins of each issuer that arbitrageurs are offered", size=N_ISSUERS),
        memory("crypto", "units", "crypto that all hold"),
        memory("equity", "units", "AI equity that all hold"),
        memory("lent", "$bn", "what those on credit owe"),
    ),
)
FLOWS = Record(
    "flows",
    (
        memory("units", "units", "crypto delivered to all, net"),
        memory("volume", "$bn", "crypto delivered, purchases and sales"),
        memory("liquidated", "$bn", "of it positions sold whole"),
        memory("equity_sold", "units", "AI equity delivered by all"),
        memory("to_maker", "$bn", "money paid to long-term holders of crypto, net"),
        memory("from_arbitrageur", "$bn", "money paid by arbitrageurs"),
        memory("to_issuer", "$bn", "money paid to each issuer for new coins", size=N_ISSUERS),
        memory("from_issuer", "$bn", "money paid by each issuer for coins handed in", size=N_ISSUERS),
        memory("coins_to_maker", "$bn", "coins of each issuer to long-term holders of crypto, net", size=N_ISSUERS),
        memory("coins_to_arbitrageur", "$bn", "coins of each issuer sold to arbitrageurs", size=N_ISSUERS),
        memory("queued", "$bn", "coins handed in to each issuer", size=N_ISSUERS),
        memory("run", "$bn", "coins that leave an issuer who is doubted"),
        memory("lost", "$bn", "what lenders lost"),
    ),
)


@dataclass
class Day:
    """What crypto holders see of the rest when they decide and when they settle; prices are of the last clearing."""

    tick: int
    price: float
    equity_price: float
    trend: float = 0.0
    shares_up: float = 0.0
    fill_of_purchases: float = 0.0
    fill_of_sales: float = 0.0
    equity_fill: float = 0.0
    doubt: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    coin_price: list[float] = field(default_factory=list)
    coin_part: list[float] = field(default_factory=list)
    paid_share: list[float] = field(default_factory=list)


class Contender(ABC):
    """Crypto holders kept by another program; a subclass says how they decide, settle and earn."""

    name = ""

    def __init__(self, economy: Economy) -> None:
        self.economy = economy
        self.scenario, self.seed = economy.scenario, economy.seed
        self.orders, self.flows = ORDERS.open(1), FLOWS.open(1)
        self.paid, self.earned = np.zeros(len(economy.banks)), np.zeros(len(economy.banks))  # [$bn] by bank
        self.take_over(economy.holders)
        economy.holders = CRYPTO_HOLDER.open(len(economy.banks))  # one account per bank, for what is posted
        economy.holders["sector"] = CRYPTO_HOLDERS
        economy.holders["bank"] = np.arange(len(economy.banks))

    @abstractmethod
    def take_over(self, holders: np.ndarray) -> None:
        """Make holders of one's own out of the records of the opened books."""

    @abstractmethod
    def decide(self, day: Day) -> tuple[float, float]:
        """State everybody's orders; return the crypto and the shares that must be sold, in $bn."""

    @abstractmethod
    def add_up(self) -> None:
        """Write everybody's orders and holdings into `orders`."""

    @abstractmethod
    def settle(self, day: Day) -> None:
        """Fill the orders; write what was paid into `flows`, and into `paid` what left accounts at each bank, net."""

    @abstractmethod
    def earn(self, tick: int) -> None:
        """Let income come in and gains be spent; write into `earned` what comes from customers of each bank, net."""

    @abstractmethod
    def called(self, price: float) -> float:
        """Return the worth of the positions on credit that today's price leaves with too little margin, in $bn."""

    @abstractmethod
    def table(self) -> np.ndarray:
        """Return the holders as the engine's records."""

    def advance(self, until: int) -> None:
        """Run on until so many ticks are done."""
        with in_place({name: getattr(self, name) for name in RULES}):
            self.economy.advance(until)

    # ------------------------------------------------------- the engine's five rules, by their names and arguments
    def holders_decide(
        self,
        _holders: Any,
        _order_book: Any,
        _entries: Any,
        issuers: Any,
        markets: Any,
        settings: Any,
        switches: Any,
        _seed: Any,
        tick: int,
        events: Any,
        counter: Any,
    ) -> None:
        trend, shares_up = trends(markets, settings, switches, tick)
        day = Day(
            tick,
            float(markets["price"][CRYPTO]),
            float(markets["price"][AI_EQUITY]),
            trend,
            shares_up,
            doubt=issuers["doubt"].tolist(),
        )
        forced, shares = self.decide(day)
        note_pressure(forced, shares, markets, tick, events, counter)

    def collect_holders(
        self,
        _holders: Any,
        order_book: Any,
        entries: Any,
        issuers: Any,
        depositors: Any,
        markets: Any,
        days: Any,
        access: float,
    ) -> None:
        collect_holders(NOBODY, order_book, entries, issuers, depositors, markets, days, access)
        self.add_up()
        collect_totals(self.orders, issuers, markets, days)

    def deliver_to_holders(
        self,
        _holders: Any,
        order_book: Any,
        entries: Any,
        issuers: Any,
        investors: Any,
        banks: Any,
        house: Any,
        markets: Any,
        days: Any,
        journal: Any,
    ) -> None:
        deliver_to_holders(NOBODY, order_book, entries, issuers, investors, banks, house, markets, days, journal)
        crypto, shares = markets[CRYPTO], markets[AI_EQUITY]
        day = Day(
            self.economy.tick,
            float(crypto["price"]),
            float(shares["price"]),
            fill_of_purchases=float(crypto["fill_of_purchases"]),
            fill_of_sales=float(crypto["fill_of_sales"]),
            equity_fill=float(shares["fill_of_sales"]),
            **{name: issuers[name].tolist() for name in ("doubt", "taken", "coin_part", "paid_share")},
            coin_price=issuers["price"].tolist(),
        )
        self.flows[:], self.paid[:] = 0.0, 0.0
        self.settle(day)
        post(self.flows, self.paid, self.economy.holders, issuers, investors, banks, house, markets, days, journal)

    def earn_and_spend(
        self, _holders: Any, depositors: Any, banks: Any, _settings: Any, switches: Any, journal: Any, tick: int
    ) -> None:
        if switches["ordinary_trading"][0]:
            self.earned[:] = 0.0
            self.earn(tick)
            post_income(self.earned, self.economy.holders, depositors, banks, self.economy.house, journal)

    def call_crypto(
        self,
        _holders: Any,
        markets: Any,
        stories: Any,
        settings: Any,
        switches: Any,
        tick: int,
        events: Any,
        counter: Any,
    ) -> None:
        price = float(markets["price"][CRYPTO])
        if switches["crypto_liquidations"][0] and price < markets["last_price"][CRYPTO]:
            stand_in = CRYPTO_HOLDER.open(1)  # it owes what all who are called have, so that the engine's rule calls it
            stand_in["kind"], stand_in["loan"] = LEVERAGED, self.called(price)
            stand_in["crypto"] = stand_in["loan"] / price
            call_crypto(stand_in, markets, stories, settings, switches, tick, events, counter)


@contextmanager
def in_place(rules: dict[str, Any]) -> Iterator[None]:
    """Let the phases of a tick call these where they call the engine's rules of the same names."""
    with patch.multiple(phases, **rules):
        yield


# ----------------------------------------------------------------------- what the rest of the economy is told
@rule
def trends(markets, settings, switches, tick):
    """Return how far crypto and AI equity stand above their usual, as `holders_decide` of the engine asks it."""
    days = settings[0].risk_limits.trend_days
    trend = beyond_normal(markets[CRYPTO], days, tick) if switches[0].performance_chasing else 0.0
    shares_up = beyond_normal(markets[AI_EQUITY], days, tick) if switches[0].cross_asset_sales else 0.0
    return trend, shares_up


@rule
def note_pressure(forced, shares, markets, tick, events, counter):
    """Write down what must be sold, as the end of `holders_decide` of the engine does."""
    if forced + shares > DUST:
        cause = cause_of_pressure(markets[CRYPTO], tick, events, counter)
        for k, sold, channel in ((CRYPTO, forced, CRYPTO_LIQUIDATIONS), (AI_EQUITY, shares, CROSS_ASSET_SALES)):
            log_sale(markets, k, sold, FORCED_SALE, tick, MARKET, CRYPTO, channel, cause, events, counter)


@rule
def collect_totals(orders, issuers, markets, days):
    """Bring the day's orders to the markets and to the issuers."""
    order, day = orders[0], days[0]
    markets[CRYPTO].bought += order.bought
    markets[CRYPTO].sold += order.sold
    markets[AI_EQUITY].sold += order.equity_sold
    for i in range(issuers.shape[0]):
        issuers[i].sales += order.sales[i]
        issuers[i].offered += order.offered[i]
    day.crypto_held = order.crypto
    day.equity_held = order.equity
    day.crypto_lent = order.lent


@rule
def post(flows, paid, accounts, issuers, investors, banks, house, markets, days, journal):
    """Post what holders paid and were paid: all money goes through the clearing house, coins from one account."""
    flow, day = flows[0], days[0]
    crypto, ai = markets[CRYPTO], markets[AI_EQUITY]
    maker, arbitrageur, account = investors[maker_of(investors)], investors[arbitrageur_of(investors)], accounts[0]
    for row in range(accounts.shape[0]):
        pay_in(journal, banks, accounts[row], house[0], paid[row])
    pay_in(journal, banks, maker, house[0], -flow.to_maker)
    pay_in(journal, banks, arbitrageur, house[0], flow.from_arbitrageur)
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        settle_issuer(journal, banks, issuer, house[0], -flow.to_issuer[i])
        settle_issuer(journal, banks, issuer, house[0], flow.from_issuer[i])
        issue_coins(journal, issuer, account, flow.to_issuer[i] - flow.from_issuer[i])
        sell_coins(journal, account, maker, place_of(maker, i), flow.coins_to_maker[i])
        sell_coins(journal, account, arbitrageur, place_of(arbitrageur, i), flow.coins_to_arbitrageur[i])
        issuer.queue += flow.queued[i]
    deliver_crypto(journal, crypto.price, house[0], account, flow.units)
    deliver_equity(journal, ai.price, house[0], account, -flow.equity_sold)
    crypto.paid_directly -= flow.units * crypto.price
    day.volume[CRYPTO] += flow.volume
    day.net_flow[CRYPTO] += flow.units * crypto.price
    day.moved[CRYPTO_LIQUIDATIONS] += flow.liquidated
    day.forced_sales[CRYPTO] += flow.liquidated
    value = flow.equity_sold * ai.price
    day.volume[AI_EQUITY] += value
    day.net_flow[AI_EQUITY] -= value
    day.forced_sales[AI_EQUITY] += value
    day.moved[CROSS_ASSET_SALES] += value
    day.forced_by_crypto += flow.liquidated + value
    day.moved[STABLECOIN_RUNS] += flow.run
    day.crypto_losses += flow.lost


@rule
def post_income(earned, accounts, depositors, banks, house, journal):
    """Post what holders earned from (or spent to) other customers of their banks."""
    for row in range(accounts.shape[0]):
        pay_in(journal, banks, accounts[row], house[0], -earned[row])
        pay_in(journal, banks, depositors[banks[row].customers], house[0], earned[row])
