"""Channel `performance_chasing`: savers put money where it has grown and take it out where it has shrunk."""

from __future__ import annotations

import math

from abm.channels import PERFORMANCE_CHASING
from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY


@rule
def chase_returns(chasers, markets, settings, switches, days):
    """State chasers' orders for equity from its return beyond trend over the time for which they look back.

    return   = log price - average log price
    average += drift + return / lookback days
    order    = sensitivity / days per year * return * units held

    The average grows with the trend, so that nothing flows in calm. A fall of one moves sensitivity * lookback
    days / days per year of holdings in the end. Nobody sells more than a part of what he holds a day, or
    spends more than one day's part of his deposit. The average is kept without the channel too, for the day
    on which it is switched on.
    """
    terms = settings[0].chasers
    for k in (AI_EQUITY, BROAD_EQUITY):
        market = markets[k]
        trailing = math.log(market.price) - market.chased_average
        market.chased_average += market.drift + trailing / terms.lookback_days
        if not switches[0].performance_chasing:
            continue
        share = max(terms.sensitivity / settings[0].run.ticks_per_year * trailing, -terms.daily_share)
        for row in range(chasers.shape[0]):
            chaser = chasers[row]
            most = max(chaser.deposit, 0.0) / terms.lookback_days
            if k == BROAD_EQUITY:  # AI equity comes first
                most -= max(chaser.orders[AI_EQUITY], 0.0) * markets[AI_EQUITY].price
            chaser.orders[k] = min(share * chaser.units[k], most / market.price)
            days[0].moved[PERFORMANCE_CHASING] += abs(chaser.orders[k]) * market.price
