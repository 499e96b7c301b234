"""Saturating impact (Cont and Schaanning 2017): like linear impact at first, and never beyond a limit."""

from __future__ import annotations

import math

from abm.compiled import rule
from abm.markets.linear_impact import linear_impact


@rule
def saturating_impact(market, net_units, depth):
    """Return the log points by which a day's net flow moves a price.

    I = sign(Q) B (1 - exp(-|L| / B)), with L the linear impact and B the limit.

    Parameters: net_units [units], + bought; depth [1 = normal].
    """
    limit = market.impact_limit
    linear = linear_impact(market, net_units, depth)
    return math.copysign(limit * (1.0 - math.exp(-abs(linear) / limit)), linear)
