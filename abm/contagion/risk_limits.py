"""Channel `risk_limits`: funds cut their books after losses and when markets move much, and rebuild slowly.

Drawdown stops are practice of multi-manager funds; volatility targeting and trend following that of systematic
ones. Both sell because prices fell, without anybody's call.
"""

from __future__ import annotations

import math

from abm.agents.leveraged_fund import ACTIVE, shrink
from abm.channels import RISK_LIMITS
from abm.compiled import rule
from abm.contagion.margin_calls import worst_holding
from abm.contagion.redemptions import next_payment, spare_cash
from abm.ledger.chart import N_TRADED
from abm.outcome.causes import cause_of_move
from abm.outcome.events import FUND, NO_INSTRUMENT, RISK_LIMIT, SCENARIO, log_event
from abm.policy.expected_backstop import reckoned_volatility
from abm.policy.leverage_cap import times_to_cap


@rule
def set_own_limits(funds, markets, stories, authorities, settings, switches, tick, events, counter):
    """Decide, after the day's marking, what part of its book each fund's own limits cut.

    A stop: a loss of `stop_drawdown` from the best day cuts `stop_cut` of the book, and the count begins anew.
    Caution: of the part `volatility_weight` of a book, what volatility is beyond tolerance and prices are below
    trend. Both are remembered as given up. What follows volatility is rebuilt as that falls, the rest once
    nothing that the fund holds is too risky. In markets calmer than normal caution is negative: such a book grows
    beyond its first size, as far as `reach_up` and margin allow.
    """
    limits = settings[0].risk_limits
    for k in range(markets.shape[0]):
        watch_market(markets[k], reckoned_volatility(markets[k], k, authorities[0], settings[0].policy), limits)
    if not switches[0].risk_limits:
        return
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != ACTIVE or fund.stop_cut + fund.volatility_weight == 0.0:
            continue
        cut = 0.0
        if fund.share_value < (1.0 - fund.stop_drawdown) * fund.best_value:
            cut = fund.stop_cut
            fund.best_value = fund.share_value
        risky = too_risky(fund, markets)
        caution = fund.volatility_weight * risky
        if caution > fund.given_up:
            cut = max(cut, 1.0 - (1.0 - caution) / (1.0 - fund.given_up))
        waiting = (1.0 - fund.volatility_weight) * max(0.0, fund.given_up) if risky > limits.least_cut else 0.0
        fund.to_rebuild = max(0.0, fund.given_up - caution - waiting) if cut == 0.0 else 0.0
        if cut < limits.least_cut:
            continue
        if fund.to_cut == 0.0:
            cause = cause_of_move(worst_holding(fund, markets), markets, stories[0], tick, events, counter)
            fund.own_cause = log_event(
                events, counter, RISK_LIMIT, tick, FUND, fund.id, SCENARIO, 0, RISK_LIMITS, NO_INSTRUMENT, cut, cause
            )
        fund.to_cut = 1.0 - (1.0 - fund.to_cut) * (1.0 - cut)
        fund.given_up = 1.0 - (1.0 - fund.given_up) * (1.0 - cut)


@rule
def watch_market(market, volatility, limits):
    """Keep a market's trend, and say what part of a cautious holding is too risky at the volatility reckoned with.

    1 - (tolerance * normal volatility / volatility) * (1 - trend_cut * how far below its trend the price is)

    Far is `trend_reach` normal moves over the days of the trend. The first bracket is at most one, but in markets
    calmer than normal it is normal volatility / volatility, at most `reach_up`: what is too risky is then
    negative, and says how much more may be held.
    """
    market.average_price += (math.log(market.price) - market.average_price) / limits.trend_days
    calm = market.normal_volatility / max(volatility, 1e-12)
    accepted = limits.volatility_tolerance * market.normal_volatility / max(volatility, 1e-12)
    most = min(limits.reach_up, max(1.0, calm))
    far = limits.trend_reach * market.normal_volatility * math.sqrt(limits.trend_days)
    below_trend = (market.average_price - math.log(market.price)) / far
    market.too_risky = 1.0 - min(most, accepted) * (1.0 - limits.trend_cut * min(1.0, max(0.0, below_trend)))


@rule
def too_risky(fund, markets):
    """Return the part of a cautious book that is too risky today: that of its markets, weighted by value."""
    value = 0.0
    risky = 0.0
    for k in range(N_TRADED):
        held = fund.units[k] * markets[k].price
        value += held
        risky += held * markets[k].too_risky
    return risky / value if value > 0.0 else 0.0


@rule
def keep_own_limits(fund, markets, settings, tick):
    """State the trades that a fund's own limits ask for, and say whether there are any.

    Of what is to be cut 1 / cut_days is sold each day; what may be rebuilt is bought back at 1 / rebuild_days a
    day, in trades every `cut_days`, shorts and hedges with it, while margin is far and cash pays who leaves.
    """
    limits = settings.risk_limits
    if fund.to_cut > 0.0:
        share = fund.to_cut / limits.cut_days
        left = fund.to_cut - share
        if left < limits.least_cut:
            share, left = fund.to_cut, 0.0
        shrink(fund, share)
        fund.to_cut = left / (1.0 - share) if share < 1.0 else 0.0
    elif fund.to_rebuild > 0.0 and (tick + fund.id) % limits.cut_days == 0:
        if next_payment(fund, settings.redemptions) > max(0.0, spare_cash(fund, markets)):
            return False
        if fund.requirement >= settings.margin.buffer * fund.net_asset_value:
            return False
        left = 1.0 - fund.given_up
        rebuilt = fund.to_rebuild * min(1.0, limits.cut_days / limits.rebuild_days)
        if fund.requirement > 0.0:  # as far as margin allows
            most = settings.margin.buffer * fund.net_asset_value / fund.requirement - 1.0
            rebuilt = min(rebuilt, most * left)
        if fund.leverage_cap > 0.0:  # and the authority
            rebuilt = min(rebuilt, (times_to_cap(fund, markets) - 1.0) * left)
            if rebuilt <= 0.0:
                return False
        share = rebuilt / left if left > 0.0 else 0.0
        fund.given_up -= rebuilt
        shrink(fund, -share)
    else:
        return False
    for k in range(N_TRADED):
        fund.channel[k] = RISK_LIMITS
    return True
