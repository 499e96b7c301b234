"""Policy `circuit_breaker`: a share market halts on a day's fall, and at the last level closes for the day.

Rules of US exchanges (NYSE rule 7.12): a quarter of an hour at 7 and at 13 %, the rest of the day at 20 %. What a
day has no room for within a quarter of an hour happens after it, so that the first two are counted, and the last
one binds. Nothing is lost: news that was not priced is priced on the next day, and orders that were not reached
lapse and are stated anew by whoever still wants them.
"""

from __future__ import annotations

import math

from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY
from abm.markets.impact import impact
from abm.outcome.causes import cause_of_move
from abm.outcome.events import AUTHORITY, MARKET, TRADING_HALTED, log_event


@rule
def tell_limits(markets, close):
    """Tell both share markets the fall of a day at which they close, as a share (0: they never do)."""
    for k in (AI_EQUITY, BROAD_EQUITY):
        markets[k].closing_fall = -math.log1p(-close)


@rule
def open_share(market, net, traded, depth, normal_depth, rho):
    """Return the part of the day's orders that comes before the market closes: 1 where it does not.

    lowest  = yesterday's log price - closing fall
    unmoved = log price with today's news and belief and no orders
    moved   = that with all of today's orders, which come evenly over the day
    part    = (unmoved - lowest) / (unmoved - moved), between 0 and 1
    """
    if market.closing_fall == 0.0:
        return 1.0
    lowest = math.log(market.price) - market.closing_fall
    unmoved = market.news + market.lasting + market.belief + (1.0 - rho) * market.discount
    moved = unmoved + market.lasting_share * impact(market, traded, normal_depth)
    moved += (1.0 - market.lasting_share) * impact(market, net, depth)
    if unmoved <= lowest:
        return 0.0
    return 1.0 if moved >= lowest else (unmoved - lowest) / (unmoved - moved)


@rule
def watch_halts(markets, stories, settings, days, tick, events, counter):
    """Count halts at each level, and write down each market's day of them; a closed one passes the rest on."""
    terms = settings[0].policy.circuit_breaker
    for k in (AI_EQUITY, BROAD_EQUITY):
        market = markets[k]
        closed = market.open_share < 1.0
        fall = 1.0 - market.price / market.last_price
        halts = 3 if closed else int(fall >= terms.first) + int(fall >= terms.second)
        if halts == 0:
            continue
        days[0].halts += halts
        days[0].closings += closed
        cause = cause_of_move(k, markets, stories[0], tick, events, counter)
        market.halt_event = log_event(
            events, counter, TRADING_HALTED, tick, AUTHORITY, 0, MARKET, k, NO_CHANNEL, k, fall, cause
        )
