"""Who states which orders: what comes first when a fund or a crypto holder has several reasons to trade."""

from __future__ import annotations

import math

from abm.agents.crypto_holder import (
    LEVERAGED,
    NEWCOMER,
    TREND_FOLLOWER,
    equity_for_margin,
    everyday_wish,
    free_coins,
    fresh_money,
    lendable,
    own_money,
)
from abm.agents.leveraged_fund import CLOSED, SEIZED
from abm.channels import CROSS_ASSET_SALES, CRYPTO_LIQUIDATIONS
from abm.compiled import rule
from abm.contagion.cross_asset_sales import sell_book
from abm.contagion.crypto_liquidations import cause_of_pressure, is_liquidated
from abm.contagion.margin_calls import sell_to_meet_call
from abm.contagion.ordinary_trading import trade_as_usual
from abm.contagion.redemptions import raise_cash_for_redemptions
from abm.contagion.risk_limits import keep_own_limits
from abm.contagion.stablecoin_runs import run_from
from abm.ledger.chart import AI_EQUITY, CRYPTO, DUST, N_TRADED
from abm.outcome.causes import log_sale
from abm.outcome.events import FORCED_SALE, FUND, LIMIT_SALE, MARKET
from abm.policy.leverage_cap import come_under_cap


@rule
def funds_decide(funds, markets, settings, switches, seed, tick, events, counter):
    """Let every fund state its orders from yesterday's prices and its own books.

    Dealers sell a seized book; a fund in call sells what it must; others keep their own limits, raise cash for
    investors who leave, and if neither presses trade as usual.
    """
    margin = settings[0].margin
    switch = switches[0]
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status == CLOSED:
            continue
        cause, kind = fund.cause, FORCED_SALE
        if fund.status == SEIZED:
            sell_book(fund, margin, switch.cross_asset_sales)
        elif fund.days_in_call > 0 and switch.margin_calls:
            sell_to_meet_call(fund, markets, margin, switch.cross_asset_sales)
        elif switch.risk_limits and keep_own_limits(fund, markets, settings[0], tick):
            cause, kind = fund.own_cause, LIMIT_SALE
        elif switch.redemptions and raise_cash_for_redemptions(fund, markets, settings[0], tick):
            cause = fund.notice_cause
        elif fund.leverage_cap > 0.0 and come_under_cap(fund, markets, settings[0]):
            cause, kind = fund.cap_cause, LIMIT_SALE
        else:
            if switch.ordinary_trading:
                trade_as_usual(fund, markets, seed, tick)
            continue
        for k in range(N_TRADED):
            value = -fund.orders[k] * markets[k].price
            log_sale(markets, k, value, kind, tick, FUND, fund.id, fund.channel[k], cause, events, counter)


@rule
def beyond_normal(market, days, tick):
    """Return how far a price stands above its average of so many days, beyond its drift, in log points.

    Drift alone holds it drift * (days - 1) * (1 - (1 - 1 / days)^tick) above an average that began with it.
    """
    usual = market.drift * (days - 1.0) * (1.0 - power(1.0 - 1.0 / days, tick))
    return math.log(market.price) - market.average_price - usual


@rule
def power(base, exponent):
    """Return a power by repeated squaring: the operator has other last bits compiled than in plain Python."""
    result = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            result *= base
        exponent //= 2
        base *= base
    return result


@rule
def holders_decide(holders, order_book, entries, issuers, markets, settings, switches, seed, tick, events, counter):
    """Let holders enter their orders into the day's order book: forced ones on any day, others when they act.

    A position on credit that is worth less than its loan and the maintenance margin is sold whole. What a run
    makes holders hand in is stated here too, so that nobody's order depends on another's. Who waits for money
    has an entry as well.
    """
    terms, crypto, days = settings[0].crypto, markets[CRYPTO], settings[0].risk_limits.trend_days
    trend = beyond_normal(crypto, days, tick) if switches[0].performance_chasing else 0.0
    shares_up = beyond_normal(markets[AI_EQUITY], days, tick) if switches[0].cross_asset_sales else 0.0
    running = False
    for i in range(issuers.shape[0]):
        running = running or issuers[i].doubt > 0.0
    forced, shares, stated = 0.0, 0.0, 0
    today = -tick % terms.decision_days
    for row in range(holders.shape[0]):
        holder = holders[row]
        leaving = 0.0
        if running:
            asked = run_from(issuers[holder.issuer], holder, settings[0].stablecoins)
            leaving = min(asked, free_coins(holder))
        liquidated = switches[0].crypto_liquidations and is_liquidated(holder, crypto.price, terms.maintenance)
        acts = holder.acts_on == today
        if not (acts or liquidated or leaving > 0.0 or holder.redeeming > 0.0):
            continue
        order = order_book[stated]
        stated += 1
        order.holder, order.crypto, order.ai_equity, order.cashed_out = row, 0.0, 0.0, leaving
        if liquidated:
            order.crypto = -holder.crypto
            forced += holder.crypto * crypto.price
        elif acts:
            wish, fresh = wish_of(holder, order, markets, trend, shares_up, settings[0], switches[0], seed, tick)
            shares -= order.ai_equity * markets[AI_EQUITY].price
            spent = min(wish, affordable(holders, holder, order, fresh))
            order.crypto = max(spent / crypto.price, -holder.crypto)
            if switches[0].ordinary_trading:
                bring_coins_to_usual(holder, order, max(0.0, spent), terms.cash_out)
    entries[0] = stated
    if forced + shares > DUST:
        cause = cause_of_pressure(crypto, tick, events, counter)
        for k, sold, channel in ((CRYPTO, forced, CRYPTO_LIQUIDATIONS), (AI_EQUITY, shares, CROSS_ASSET_SALES)):
            log_sale(markets, k, sold, FORCED_SALE, tick, MARKET, CRYPTO, channel, cause, events, counter)


@rule
def wish_of(holder, order, markets, trend, shares_up, settings, switch, seed, tick):
    """Return what a holder would buy (+) or sell (-), and own money that it would put up for it, in $bn.

    `trend` and `shares_up` say how far crypto and AI equity stand above their usual, in log points. A holder near
    liquidation states its sale of shares too.

    everyday         its trades without need (`everyday_wish`)
    trend followers  trend response * trend * value, spread over the days of the trend
    owners of shares crypto's part of wealth * what their shares have gained or lost against the trend
    on credit        adjustment * (leverage * own money - value)
    """
    terms, days = settings.crypto, settings.risk_limits.trend_days
    crypto, ai = markets[CRYPTO], markets[AI_EQUITY]
    value = holder.crypto * crypto.price
    since = terms.decision_days / days  # the part of a trend that is answered at one act
    wish, fresh = 0.0, 0.0
    if switch.ordinary_trading:
        payout = terms.payout / settings.run.ticks_per_year * terms.decision_days
        wish += everyday_wish(holder, value, trend, terms, payout, seed, tick)
    if holder.kind == TREND_FOLLOWER:
        wish += terms.trend_response * trend * since * value
    if switch.cross_asset_sales and value > 0.0:
        shares = holder.ai_equity * ai.price
        wish += value / (value + shares) * shares_up * since * shares
    if switch.crypto_liquidations and holder.kind == LEVERAGED:
        fresh = fresh_money(holder, crypto.price)
        wish += terms.adjustment * (holder.leverage * (max(0.0, own_money(holder, crypto.price)) + fresh) - value)
        if switch.cross_asset_sales and holder.loan > 0.0:
            order.ai_equity = -equity_for_margin(holder, crypto.price, ai.price)
    return wish, fresh


@rule
def affordable(holders, holder, order, fresh):
    """Return what a holder can pay with, in $bn: coins, newcomers' deposits, fresh money and a loan."""
    coins = free_coins(holder) - order.cashed_out
    if holder.kind == NEWCOMER:
        return coins + max(0.0, holder.deposit)
    if holder.kind == LEVERAGED:
        return coins + fresh + lendable(holders, holder)
    return coins


@rule
def bring_coins_to_usual(holder, order, spent, cash_out):
    """Let a holder cash out a part of the coins beyond those that it keeps, or buy a part of those that it lacks."""
    spare = cash_out * (holder.coins - holder.redeeming - holder.usual_coins)
    if spare < 0.0 and order.cashed_out <= DUST:
        order.cashed_out = -min(-spare, max(0.0, holder.deposit))
    elif spare > order.cashed_out:  # a run may ask for more
        left = free_coins(holder) - order.cashed_out - (0.0 if holder.kind == NEWCOMER else spent)
        order.cashed_out += min(spare - order.cashed_out, max(0.0, left))
