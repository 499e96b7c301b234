"""Crypto holders in vectorised NumPy: one array per field, and every rule a few steps over all who are concerned."""

from __future__ import annotations

import numpy as np

from abm.agents.crypto_holder import BELIEVER, CRYPTO_HOLDER, LEVERAGED, NEWCOMER, TREND_FOLLOWER
from abm.agents.stablecoin_issuer import N_ISSUERS
from abm.bench.seat import Contender, Day
from abm.ledger.chart import DUST
from abm.streams import HOLDERS_TRADING

Rows = np.ndarray  # places of holders
NOBODY: Rows = np.zeros(0, int)
LOW_WORD, WORD_BITS = np.uint64(0xFFFFFFFF), np.uint64(32)
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)


def tilts(seed: int, identities: np.ndarray, tick: int) -> np.ndarray:
    """Return each holder's draw of the day, from -1 to 1: Philox4x32-10 of all counters at once (`abm/streams.py`)."""
    counters = identities.astype(np.uint64)
    word_0, word_3 = np.full(len(counters), tick, np.uint64), np.full(len(counters), HOLDERS_TRADING, np.uint64)
    word_1, word_2 = counters & LOW_WORD, counters >> WORD_BITS
    key_0, key_1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        product_0, product_1 = MULTIPLIER_0 * word_0, MULTIPLIER_1 * word_2
        word_0, word_1 = (product_1 >> WORD_BITS) ^ word_1 ^ np.uint64(key_0), product_1 & LOW_WORD
        word_2, word_3 = (product_0 >> WORD_BITS) ^ word_3 ^ np.uint64(key_1), product_0 & LOW_WORD
        key_0, key_1 = (key_0 + 0x9E3779B9) & 0xFFFFFFFF, (key_1 + 0xBB67AE85) & 0xFFFFFFFF
    return 2.0 * (word_0.astype(float) + 0.5) / 2.0**32 - 1.0


class VectorisedNumpy(Contender):
    """The contender: a column per field of the engine's record, under the field's name."""

    name = "numpy"

    def take_over(self, holders: np.ndarray) -> None:
        for name in CRYPTO_HOLDER.dtype.names or ():
            setattr(self, name, holders[name].copy())
        self.id: np.ndarray
        self.acts_on: np.ndarray
        self.kind: np.ndarray
        self.bank: np.ndarray
        self.issuer: np.ndarray
        self.lender: np.ndarray
        self.borrowers: np.ndarray
        self.leverage: np.ndarray
        self.stake: np.ndarray
        self.inflow: np.ndarray
        self.usual_deposit: np.ndarray
        self.usual_coins: np.ndarray
        self.verified: np.ndarray
        self.crypto: np.ndarray
        self.ai_equity: np.ndarray
        self.coins: np.ndarray
        self.deposit: np.ndarray
        self.coins_lent: np.ndarray
        self.loan: np.ndarray
        self.redeeming: np.ndarray
        self.entered: Rows  # the order book: who trades or waits for money, and what each orders
        self.crypto_order: np.ndarray
        self.equity_order: np.ndarray
        self.cashed_out: np.ndarray
        self.on_credit = np.flatnonzero(self.kind == LEVERAGED)  # kinds never change

    def decide(self, day: Day) -> tuple[float, float]:
        terms, channels = self.scenario.crypto, self.scenario.channels
        acts, forced = self.acting(day.tick), 0.0
        enters = acts | (self.redeeming > 0.0)
        sold = self.liquidated(day.price) if channels.crypto_liquidations else NOBODY
        enters[sold] = True
        leaving = self.run_from(day) if any(day.doubt) else None
        if leaving is not None:
            enters |= leaving > 0.0
        self.entered = np.flatnonzero(enters)
        self.crypto_order, self.equity_order = np.zeros(len(self.entered)), np.zeros(len(self.entered))
        self.cashed_out = np.zeros(len(self.entered)) if leaving is None else leaving[self.entered]
        if len(sold):
            self.crypto_order[np.searchsorted(self.entered, sold)] = -self.crypto[sold]
            forced = float(self.crypto[sold].sum()) * day.price
            acts[sold] = False
        places = np.flatnonzero(acts[self.entered])
        rows = self.entered[places]
        wish, fresh, equity = self.wishes(rows, day)
        self.equity_order[places] = equity
        spent = np.minimum(wish, self.affordable(rows, self.cashed_out[places], fresh))
        self.crypto_order[places] = np.maximum(spent / day.price, -self.crypto[rows])
        if channels.ordinary_trading:
            usual = self.coins_to_usual(rows, self.cashed_out[places], np.maximum(0.0, spent), terms.cash_out)
            self.cashed_out[places] = usual
        return forced, -float(equity.sum()) * day.equity_price

    def run_from(self, day: Day) -> np.ndarray:
        coins = self.scenario.stablecoins
        kept = (1.0 - coins.run_prone) * self.usual_coins + self.redeeming
        asked = coins.run_speed * np.array(day.doubt)[self.issuer] * np.maximum(0.0, self.coins - kept)
        return np.minimum(asked, self.free_coins(slice(None)))

    def acting(self, tick: int) -> np.ndarray:
        return self.acts_on == -tick % self.scenario.crypto.decision_days

    def liquidated(self, price: float) -> Rows:
        loan = self.loan[self.on_credit]
        least = (1.0 - self.scenario.crypto.maintenance) * self.crypto[self.on_credit] * price
        return self.on_credit[(loan > DUST) & (loan > least)]

    def own_money(self, rows: Rows, price: float) -> np.ndarray:
        return self.crypto[rows] * price + self.coins[rows] - self.loan[rows]

    def fresh_money(self, rows: Rows, price: float) -> np.ndarray:
        lacking = np.maximum(0.0, self.stake[rows] - self.own_money(rows, price))
        return np.minimum(np.maximum(0.0, self.deposit[rows]), lacking)

    def free_coins(self, rows: Rows | slice) -> np.ndarray:
        coins = np.maximum(0.0, self.coins[rows] - self.redeeming[rows])
        return np.where(self.borrowers[rows] == 0, coins, 0.5 * coins)

    def wishes(self, rows: Rows, day: Day) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        terms, channels = self.scenario.crypto, self.scenario.channels
        kind, value = self.kind[rows], self.crypto[rows] * day.price
        since = terms.decision_days / self.scenario.risk_limits.trend_days
        wish, fresh, equity = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
        if channels.ordinary_trading:
            wish += self.everyday_wishes(rows, kind, value, day)
        trend_followers = kind == TREND_FOLLOWER
        wish[trend_followers] += terms.trend_response * day.trend * since * value[trend_followers]
        if channels.cross_asset_sales:
            shares = self.ai_equity[rows] * day.equity_price
            both = (shares > 0.0) & (value > 0.0)
            part = np.divide(value, value + shares, out=np.zeros(len(rows)), where=both)
            wish += part * day.shares_up * since * shares
        if channels.crypto_liquidations:
            places = np.flatnonzero(kind == LEVERAGED)
            own, held = self.own_money(rows[places], day.price), value[places]
            fresh[places] = self.fresh_money(rows[places], day.price)
            meant = self.leverage[rows[places]] * (np.maximum(0.0, own) + fresh[places])
            wish[places] += terms.adjustment * (meant - held)
            if channels.cross_asset_sales:
                equity[places] = self.equity_for_margin(rows[places], own, held, day.equity_price)
        return wish, fresh, equity

    def everyday_wishes(self, rows: Rows, kind: np.ndarray, value: np.ndarray, day: Day) -> np.ndarray:
        terms = self.scenario.crypto
        payout = terms.payout / self.scenario.run.ticks_per_year * terms.decision_days
        coins = np.maximum(0.0, self.coins[rows] - self.redeeming[rows])
        wish = terms.trading_size * tilts(self.seed, self.id[rows], day.tick) * np.minimum(value, coins)
        believers, newcomers = kind == BELIEVER, kind == NEWCOMER
        wish[believers] -= payout * value[believers]
        appetite = 1.0 + terms.inflow_response * day.trend
        if appetite < 0.0:
            wish[newcomers] += payout * appetite * value[newcomers]
        else:
            new = rows[newcomers]
            money = np.maximum(0.0, self.deposit[new])
            wish[newcomers] += self.inflow[new] * terms.decision_days * appetite * money
        return wish

    def equity_for_margin(self, rows: Rows, own: np.ndarray, held: np.ndarray, equity_price: float) -> np.ndarray:
        meant = held / self.leverage[rows]
        near = (own <= 0.5 * meant) & (self.loan[rows] > 0.0)
        return -np.where(near, np.minimum(self.ai_equity[rows], (meant - own) / equity_price), 0.0)

    def affordable(self, rows: Rows, leaving: np.ndarray, fresh: np.ndarray) -> np.ndarray:
        money = self.free_coins(rows) - leaving + fresh
        newcomers = self.kind[rows] == NEWCOMER
        money[newcomers] += np.maximum(0.0, self.deposit[rows[newcomers]])
        borrowers = np.flatnonzero(self.lender[rows] >= 0)
        lenders = self.lender[rows[borrowers]]
        money[borrowers] += self.free_coins(lenders) / np.maximum(1, self.borrowers[lenders])
        return money

    def coins_to_usual(self, rows: Rows, leaving: np.ndarray, spent: np.ndarray, cash_out: float) -> np.ndarray:
        spare = cash_out * (self.coins[rows] - self.redeeming[rows] - self.usual_coins[rows])
        buys = (spare < 0.0) & (leaving <= DUST)
        more = ~buys & (spare > leaving)
        left = self.free_coins(rows) - leaving - np.where(self.kind[rows] == NEWCOMER, 0.0, spent)
        bought = -np.minimum(-spare, np.maximum(0.0, self.deposit[rows]))
        handed_in = leaving + np.minimum(spare - leaving, np.maximum(0.0, left))
        return np.select([buys, more], [bought, handed_in], leaving)

    def add_up(self) -> None:
        order, issuer = self.orders[0], self.issuer[self.entered]
        sales = np.maximum(-self.crypto_order, 0.0)
        order.bought, order.sold = np.maximum(self.crypto_order, 0.0).sum(), sales.sum()
        order.sales = by_place(issuer, sales, N_ISSUERS)
        order.equity_sold = -self.equity_order.sum()
        offered = np.where(self.verified[self.entered] == 0, np.maximum(self.cashed_out, 0.0), 0.0)
        order.offered = by_place(issuer, offered, N_ISSUERS)
        order.crypto, order.equity, order.lent = self.crypto.sum(), self.ai_equity.sum(), self.loan.sum()

    def settle(self, day: Day) -> None:
        flow, leaving = self.flows[0], self.cashed_out
        for settle, orders in ((self.settle_crypto, self.crypto_order), (self.settle_equity, self.equity_order)):
            places = np.flatnonzero(orders)
            settle(self.entered[places], orders[places], day)
        rows = self.entered[self.redeeming[self.entered] > 0.0]
        paid = np.array(day.paid_share)[self.issuer[rows]] * self.redeeming[rows]
        self.redeeming[rows] -= paid
        self.coins[rows] -= paid
        self.pay(rows, -paid)
        flow.from_issuer += by_place(self.issuer[rows], paid, N_ISSUERS)
        self.hand_in(self.entered[leaving > 0.0], leaving[leaving > 0.0], day)
        buys = leaving < 0.0
        rows = self.entered[buys]
        self.mint(rows, np.minimum(-leaving[buys], np.maximum(0.0, self.deposit[rows])))

    def settle_crypto(self, rows: Rows, order: np.ndarray, day: Day) -> None:
        flow = self.flows[0]
        units = order * np.where(order > 0.0, day.fill_of_purchases, day.fill_of_sales)
        cost = units * day.price
        liquidated = (order == -self.crypto[rows]) & (self.loan[rows] > 0.0)
        lacking = cost - np.maximum(0.0, self.coins[rows] - self.redeeming[rows])
        newcomers = self.kind[rows] == NEWCOMER
        bought = np.maximum(lacking, np.minimum(cost, self.deposit[rows]))[newcomers]
        self.mint(rows[newcomers], np.maximum(0.0, bought))
        borrowers = np.flatnonzero(~newcomers & (lacking > 0.0) & (self.lender[rows] >= 0))
        fresh = np.minimum(lacking[borrowers], self.fresh_money(rows[borrowers], day.price))
        self.mint(rows[borrowers], fresh)
        self.borrow(rows[borrowers], lacking[borrowers] - fresh)
        self.crypto[rows] += units
        issuer = self.issuer[rows]
        in_coins = cost * np.where(cost > 0.0, 1.0, np.array(day.coin_part)[issuer])
        self.coins[rows] -= in_coins
        self.pay(rows, cost - in_coins)
        flow.coins_to_maker += by_place(issuer, in_coins, N_ISSUERS)
        flow.to_maker += (cost - in_coins).sum()
        flow.units += units.sum()
        flow.volume += np.abs(cost).sum()
        flow.liquidated -= cost[liquidated].sum()
        repay = np.flatnonzero((self.loan[rows] > 0.0) & (cost < 0.0))
        self.repay_lenders(rows[repay], in_coins[repay] - cost[repay])

    def settle_equity(self, rows: Rows, order: np.ndarray, day: Day) -> None:
        units = order * day.equity_fill
        self.ai_equity[rows] += units
        self.pay(rows, units * day.equity_price)
        self.flows[0].equity_sold -= units.sum()
        self.repay_lenders(rows, -units * day.equity_price)

    def hand_in(self, rows: Rows, leaving: np.ndarray, day: Day) -> None:
        flow, issuer = self.flows[0], self.issuer[rows]
        direct = self.verified[rows] == 1
        queued = np.where(direct, leaving, 0.0)
        sold = np.where(direct, 0.0, np.array(day.taken)[issuer] * leaving)
        worth = np.array(day.coin_price)[issuer] * sold
        self.redeeming[rows] += queued
        self.coins[rows] -= sold
        self.pay(rows, -worth)
        flow.queued += by_place(issuer, queued, N_ISSUERS)
        flow.coins_to_arbitrageur += by_place(issuer, sold, N_ISSUERS)
        flow.from_arbitrageur += worth.sum()
        flow.run += leaving[np.array(day.doubt)[issuer] > 0.0].sum()

    def pay(self, rows: Rows, amounts: np.ndarray) -> None:
        self.deposit[rows] -= amounts
        self.paid += by_place(self.bank[rows], amounts, len(self.paid))

    def mint(self, rows: Rows, amounts: np.ndarray) -> None:
        self.pay(rows, amounts)
        self.coins[rows] += amounts
        self.flows[0].to_issuer += by_place(self.issuer[rows], amounts, N_ISSUERS)

    def borrow(self, rows: Rows, amounts: np.ndarray) -> None:
        lenders = self.lender[rows]  # several may have the same
        np.subtract.at(self.coins, lenders, amounts)
        np.add.at(self.coins_lent, lenders, amounts)
        self.coins[rows] += amounts
        self.loan[rows] += amounts

    def repay_lenders(self, rows: Rows, cash: np.ndarray) -> None:
        gone, lenders = self.crypto[rows] <= DUST, self.lender[rows]
        self.borrow(rows, -np.minimum(self.loan[rows], np.maximum(0.0, self.coins[rows])))
        most = np.where(gone, self.deposit[rows], np.minimum(cash, self.deposit[rows]))
        repaid = np.minimum(self.loan[rows], np.maximum(0.0, most))
        self.pay(rows, repaid)
        np.add.at(self.deposit, lenders, repaid)
        self.paid -= by_place(self.bank[lenders], repaid, len(self.paid))
        lost = np.where(gone, self.loan[rows] - repaid, 0.0)
        self.loan[rows] -= repaid + lost
        np.subtract.at(self.coins_lent, lenders, repaid + lost)
        self.flows[0].lost += lost.sum()

    def earn(self, tick: int) -> None:
        terms = self.scenario.crypto
        share = min(1.0, terms.savings / self.scenario.run.ticks_per_year * terms.decision_days)
        rows = np.flatnonzero(self.acting(tick))
        amounts = share * (self.usual_deposit[rows] - self.deposit[rows])
        self.deposit[rows] += amounts
        self.earned += by_place(self.bank[rows], amounts, len(self.earned))

    def called(self, price: float) -> float:
        return price * float(self.crypto[self.liquidated(price)].sum())

    def table(self) -> np.ndarray:
        rows = np.zeros(len(self.id), CRYPTO_HOLDER.dtype)
        for name in CRYPTO_HOLDER.dtype.names or ():
            rows[name] = getattr(self, name)
        return rows


def by_place(places: np.ndarray, amounts: np.ndarray, count: int) -> np.ndarray:
    """Return the sum of amounts for each place from 0 to count - 1."""
    return np.bincount(places, weights=amounts, minlength=count)
