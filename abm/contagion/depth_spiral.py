"""Channel `depth_spiral`: moves scare off those who quote prices, and thin markets move more."""

from __future__ import annotations

import math

from abm.agents.dealer import balance_sheet_room
from abm.compiled import rule
from abm.ledger.chart import NOTES


@rule
def remember_volatility(markets, settings):
    """Keep an exponentially weighted variance of each market's daily log returns."""
    days = settings[0].markets.volatility_days
    for k in range(markets.shape[0]):
        market = markets[k]
        change = math.log(market.price / market.last_price)
        market.variance += (change * change - market.variance) / days


@rule
def thin_out(markets, dealers, settings, switches):
    """Set each market's depth: at once down to what volatility allows, slowly up again.

    depth goal = (tolerance * normal volatility)^2 / variance, for notes times the room on dealers' balance
    sheets, between the floor and 1. The floor already holds dealers who are full (March 2020, April 2025).
    """
    if not switches[0].depth_spiral:
        for k in range(markets.shape[0]):
            markets[k].depth = 1.0
        return
    tolerance = settings[0].markets.volatility_tolerance
    room = balance_sheet_room(dealers, settings[0].dealers.note_capacity)
    for k in range(markets.shape[0]):
        market = markets[k]
        tolerated = tolerance * market.normal_volatility
        goal = min(1.0, tolerated * tolerated / max(market.variance, 1e-12))
        if k == NOTES:
            goal *= room
        goal = max(market.depth_floor, goal)
        if goal < market.depth:
            market.depth = goal
        else:
            market.depth += (goal - market.depth) / settings[0].markets.depth_recovery_days
