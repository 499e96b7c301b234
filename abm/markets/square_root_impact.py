"""Square-root impact (Tóth et al. 2011; Bucci et al. 2019): four times the flow, twice the move."""

from __future__ import annotations

import math

from abm.compiled import rule


@rule
def square_root_impact(market, net_units, depth):
    """Return the log points by which a day's net flow moves a price.

    I = Y sigma sign(Q) sqrt(|Q| / (V depth)), with Y the impact multiplier, sigma normal volatility and V
    normal volume. The root is of the net flow of the day: roots of single orders would not add up.

    Parameters: net_units [units], + bought; depth [1 = normal].
    """
    flow = abs(net_units) * market.price / (market.daily_volume * depth)
    return math.copysign(market.impact_multiplier * market.normal_volatility * math.sqrt(flow), net_units)
