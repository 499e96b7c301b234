"""Crypto holders as plain Mesa agents: Python objects with methods, stepped by Mesa's agent sets."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np

from abm.agents.crypto_holder import BELIEVER, CRYPTO_HOLDER, LEVERAGED, NEWCOMER, TREND_FOLLOWER
from abm.bench.seat import Contender, Day
from abm.economy import Economy
from abm.ledger.chart import DUST
from abm.scenario import Scenario
from abm.streams import HOLDERS_TRADING, uniforms

FIELDS = CRYPTO_HOLDER.dtype.names or ()


class CryptoHolder(mesa.Agent):
    """A crypto holder; its attributes are the fields of the engine's record, its lender is another agent or None."""

    model: Crowd

    id: int
    acts_on: int
    sector: int
    kind: int
    bank: int
    issuer: int
    lender: CryptoHolder | None
    borrowers: int
    leverage: float
    stake: float
    inflow: float
    usual_deposit: float
    usual_coins: float
    verified: int
    crypto: float
    ai_equity: float
    coins: float
    deposit: float
    coins_lent: float
    loan: float
    redeeming: float

    def __init__(self, model: Crowd, **fields: Any) -> None:
        super().__init__(model)
        for name, value in fields.items():
            setattr(self, name, value)
        self.crypto_order = self.equity_order = self.cashed_out = 0.0

    def decide(self) -> None:
        """State orders: a forced sale at any time, all others on the days on which it acts."""
        model, day = self.model, self.model.day
        if model.running:
            kept = (1.0 - model.coin_terms.run_prone) * self.usual_coins + self.redeeming
            asked = model.coin_terms.run_speed * day.doubt[self.issuer] * max(0.0, self.coins - kept)
            self.cashed_out = min(asked, self.free_coins())
        if model.channels.crypto_liquidations and self.is_liquidated():
            self.crypto_order = -self.crypto
            model.forced += self.crypto * day.price
        elif self.acts():
            wish, fresh = self.wish()
            model.shares -= self.equity_order * day.equity_price
            spent = min(wish, self.affordable(fresh))
            self.crypto_order = max(spent / day.price, -self.crypto)
            if model.channels.ordinary_trading:
                self.bring_coins_to_usual(max(0.0, spent))

    def acts(self) -> bool:
        return self.acts_on == self.model.today

    def is_liquidated(self) -> bool:
        least = (1.0 - self.model.terms.maintenance) * self.crypto * self.model.day.price
        return self.loan > DUST and self.loan > least

    def called(self) -> float:
        """Its crypto, in units, if it must be sold tomorrow."""
        return self.crypto if self.kind == LEVERAGED and self.is_liquidated() else 0.0

    def own_money(self) -> float:
        return self.crypto * self.model.day.price + self.coins - self.loan

    def fresh_money(self) -> float:
        return min(max(0.0, self.deposit), max(0.0, self.stake - self.own_money()))

    def free_coins(self) -> float:
        coins = max(0.0, self.coins - self.redeeming)
        return coins if self.borrowers == 0 else 0.5 * coins

    def wish(self) -> tuple[float, float]:
        """What it would buy (+) or sell (-), and own money that it would put up for it, in $bn."""
        model, day, terms = self.model, self.model.day, self.model.terms
        value = self.crypto * day.price
        since = terms.decision_days / model.trend_days
        wish, fresh = 0.0, 0.0
        if model.channels.ordinary_trading:
            wish += self.everyday_wish(value)
        if self.kind == TREND_FOLLOWER:
            wish += terms.trend_response * day.trend * since * value
        if model.channels.cross_asset_sales and self.ai_equity > 0.0 and value > 0.0:
            shares = self.ai_equity * day.equity_price
            wish += value / (value + shares) * day.shares_up * since * shares
        if model.channels.crypto_liquidations and self.kind == LEVERAGED:
            fresh = self.fresh_money()
            wish += terms.adjustment * (self.leverage * (max(0.0, self.own_money()) + fresh) - value)
            if model.channels.cross_asset_sales and self.loan > 0.0:
                self.equity_order = -self.equity_for_margin()
        return wish, fresh

    def everyday_wish(self, value: float) -> float:
        model, terms = self.model, self.model.terms
        payout = terms.payout / model.ticks_per_year * terms.decision_days
        tilt = 2.0 * uniforms(model.seed_of_draws, HOLDERS_TRADING, self.id, model.day.tick)[0] - 1.0
        wish = terms.trading_size * tilt * min(value, max(0.0, self.coins - self.redeeming))
        if self.kind == BELIEVER:
            return wish - payout * value
        if self.kind == NEWCOMER:
            appetite = 1.0 + terms.inflow_response * model.day.trend
            if appetite < 0.0:
                return wish + payout * appetite * value
            return wish + self.inflow * terms.decision_days * appetite * max(0.0, self.deposit)
        return wish

    def equity_for_margin(self) -> float:
        own, meant = self.own_money(), self.crypto * self.model.day.price / self.leverage
        if own > 0.5 * meant:
            return 0.0
        return min(self.ai_equity, (meant - own) / self.model.day.equity_price)

    def affordable(self, fresh: float) -> float:
        coins = self.free_coins() - self.cashed_out
        if self.kind == NEWCOMER:
            return coins + max(0.0, self.deposit)
        if self.kind == LEVERAGED:
            return coins + fresh + (self.lender.free_coins() / max(1, self.lender.borrowers) if self.lender else 0.0)
        return coins

    def bring_coins_to_usual(self, spent: float) -> None:
        spare = self.model.terms.cash_out * (self.coins - self.redeeming - self.usual_coins)
        if spare < 0.0 and self.cashed_out <= DUST:
            self.cashed_out = -min(-spare, max(0.0, self.deposit))
        elif spare > self.cashed_out:
            left = self.free_coins() - self.cashed_out - (0.0 if self.kind == NEWCOMER else spent)
            self.cashed_out += min(spare - self.cashed_out, max(0.0, left))

    def show_orders(self) -> None:
        """Add its orders and holdings to those of all."""
        orders = self.model.orders
        orders.crypto += self.crypto
        orders.equity += self.ai_equity
        orders.lent += self.loan
        if self.crypto_order > 0.0:
            orders.bought += self.crypto_order
        elif self.crypto_order < 0.0:
            orders.sold -= self.crypto_order
            orders.sales[self.issuer] -= self.crypto_order
        orders.equity_sold -= self.equity_order
        if self.cashed_out > 0.0 and not self.verified:
            orders.offered[self.issuer] += self.cashed_out

    def settle(self) -> None:
        """Deliver and pay what was traded, take what is due on coins handed in, hand in those that leave."""
        flows, day = self.model.flows, self.model.day
        if self.crypto_order != 0.0:
            self.settle_crypto()
        if self.equity_order != 0.0:
            units = self.equity_order * day.equity_fill
            self.ai_equity += units
            self.pay(units * day.equity_price)
            flows.equity_sold -= units
            self.equity_order = 0.0
            self.repay_lender(-units * day.equity_price)
        if self.redeeming > 0.0:
            paid = day.paid_share[self.issuer] * self.redeeming
            self.redeeming -= paid
            self.coins -= paid
            self.pay(-paid)
            flows.from_issuer[self.issuer] += paid
        if self.cashed_out > 0.0:
            self.hand_in(self.cashed_out)
        elif self.cashed_out < 0.0:
            self.mint(min(-self.cashed_out, max(0.0, self.deposit)))
        self.cashed_out = 0.0

    def settle_crypto(self) -> None:
        flows, day = self.model.flows, self.model.day
        units = self.crypto_order * (day.fill_of_purchases if self.crypto_order > 0.0 else day.fill_of_sales)
        cost = units * day.price
        liquidated = self.crypto_order == -self.crypto and self.loan > 0.0
        lacking = cost - max(0.0, self.coins - self.redeeming)
        if self.kind == NEWCOMER:
            self.mint(max(lacking, min(cost, self.deposit)))
        elif lacking > 0.0 and self.lender:
            fresh = min(lacking, self.fresh_money())
            self.mint(fresh)
            self.borrow(lacking - fresh)
        self.crypto += units
        in_coins = cost * (1.0 if cost > 0.0 else day.coin_part[self.issuer])
        self.coins -= in_coins
        self.pay(cost - in_coins)
        flows.coins_to_maker[self.issuer] += in_coins
        flows.to_maker += cost - in_coins
        flows.units += units
        flows.volume += abs(cost)
        if liquidated:
            flows.liquidated -= cost
        self.crypto_order = 0.0
        if self.loan > 0.0 and cost < 0.0:
            self.repay_lender(in_coins - cost)

    def hand_in(self, leaving: float) -> None:
        flows, day = self.model.flows, self.model.day
        if self.verified:
            self.redeeming += leaving
            flows.queued[self.issuer] += leaving
        else:
            sold = day.taken[self.issuer] * leaving
            self.coins -= sold
            self.pay(-day.coin_price[self.issuer] * sold)
            flows.coins_to_arbitrageur[self.issuer] += sold
            flows.from_arbitrageur += day.coin_price[self.issuer] * sold
        if day.doubt[self.issuer] > 0.0:
            flows.run += leaving

    def pay(self, amount: float) -> None:
        """Let money leave its account at its bank (or come in, if the amount is negative)."""
        self.deposit -= amount
        self.model.paid[self.bank] += amount

    def mint(self, amount: float) -> None:
        if amount > 0.0:
            self.pay(amount)
            self.coins += amount
            self.model.flows.to_issuer[self.issuer] += amount

    def borrow(self, amount: float) -> None:
        """Borrow coins from its lender (or repay, if the amount is negative)."""
        assert self.lender is not None
        self.lender.coins -= amount
        self.lender.coins_lent += amount
        self.coins += amount
        self.loan += amount

    def repay_lender(self, cash: float) -> None:
        """Repay out of coins and so much cash; out of all that it has when the position is gone."""
        gone, lender = self.crypto <= DUST, self.lender
        if lender is None:
            return
        self.borrow(-min(self.loan, max(0.0, self.coins)))
        repaid = min(self.loan, max(0.0, self.deposit if gone else min(cash, self.deposit)))
        self.pay(repaid)
        lender.pay(-repaid)
        lender.coins_lent -= repaid
        self.loan -= repaid
        if gone and self.loan > 0.0:
            self.model.flows.lost += self.loan
            lender.coins_lent -= self.loan
            self.loan = 0.0

    def earn(self) -> None:
        """Bring its deposit back to usual on the days on which it acts."""
        if self.acts():
            amount = self.model.earned_share * (self.usual_deposit - self.deposit)
            self.deposit += amount
            self.model.earned[self.bank] += amount


class Totals:
    """The sums of a day by name, as plain numbers and lists: what Python adds to fastest."""

    def __init__(self, record: np.ndarray) -> None:
        self.record = record
        for name in record.dtype.names or ():
            setattr(self, name, np.zeros_like(record[name][0]).tolist())

    def __getattr__(self, name: str) -> Any:  # only of what __init__ did not make
        raise AttributeError(name)

    def write(self) -> None:
        """Write the sums into the record that the engine posts."""
        for name in self.record.dtype.names or ():
            self.record[name][0] = getattr(self, name)


class Crowd(mesa.Model):
    """All holders; a day is five methods, each stepped through the agents by `AgentSet.do`."""

    day: Day

    def __init__(self, scenario: Scenario, seed: int, holders: np.ndarray, n_banks: int) -> None:
        super().__init__(rng=seed)
        self.seed_of_draws = seed
        self.terms, self.coin_terms, self.channels = scenario.crypto, scenario.stablecoins, scenario.channels
        self.trend_days, self.ticks_per_year = scenario.risk_limits.trend_days, scenario.run.ticks_per_year
        self.earned_share = min(1.0, self.terms.savings / self.ticks_per_year * self.terms.decision_days)
        self.today, self.running, self.forced, self.shares = 0, False, 0.0, 0.0
        self.orders: Any = None
        self.flows: Any = None
        self.paid, self.earned = [0.0] * n_banks, [0.0] * n_banks
        made = [CryptoHolder(self, **dict(zip(FIELDS, row, strict=True))) for row in holders.tolist()]
        for holder, lender in zip(made, holders["lender"].tolist(), strict=True):
            holder.lender = made[lender] if lender >= 0 else None


class PlainMesa(Contender):
    """The contender: its crowd of Mesa agents."""

    name = "plain_mesa"

    def take_over(self, holders: np.ndarray) -> None:
        self.crowd = Crowd(self.scenario, self.seed, holders, len(self.economy.banks))

    def decide(self, day: Day) -> tuple[float, float]:
        crowd = self.crowd
        crowd.day, crowd.running, crowd.forced, crowd.shares = day, any(day.doubt), 0.0, 0.0
        crowd.today = -day.tick % crowd.terms.decision_days
        crowd.agents.do("decide")
        return crowd.forced, crowd.shares

    def add_up(self) -> None:
        self.crowd.orders = Totals(self.orders)
        self.crowd.agents.do("show_orders")
        self.crowd.orders.write()

    def settle(self, day: Day) -> None:
        crowd = self.crowd
        crowd.day, crowd.flows, crowd.paid = day, Totals(self.flows), [0.0] * len(self.paid)
        crowd.agents.do("settle")
        crowd.flows.write()
        self.paid[:] = crowd.paid

    def earn(self, tick: int) -> None:
        self.crowd.today, self.crowd.earned = -tick % self.crowd.terms.decision_days, [0.0] * len(self.earned)
        self.crowd.agents.do("earn")
        self.earned[:] = self.crowd.earned

    def called(self, price: float) -> float:
        self.crowd.day.price = price
        return price * sum(self.crowd.agents.map("called"))

    def table(self) -> np.ndarray:
        rows = np.zeros(len(self.crowd.agents), CRYPTO_HOLDER.dtype)
        places = {holder: row for row, holder in enumerate(self.crowd.agents)}
        for row, holder in enumerate(self.crowd.agents):
            for name in FIELDS:
                value = getattr(holder, name)
                rows[name][row] = value if name != "lender" else places.get(value, -1)
        return rows


class PlainMesaRun(mesa.Model):
    """A whole run as a Mesa model: what Mesa's batch runner steps through its days."""

    def __init__(self, scenario: Scenario, rng: int = 0) -> None:
        super().__init__(rng=rng)
        self.plain = PlainMesa(Economy(scenario, rng))
        self.datacollector = mesa.DataCollector(model_reporters={"tick": "days_done"})
        self.days_done = 0

    def step(self) -> None:
        """Run one trading day."""
        self.days_done += 1
        self.plain.advance(self.days_done)
        self.datacollector.collect(self)
        self.running = self.days_done < self.plain.scenario.run.ticks
