"""Linear impact (Kyle 1985; Gabaix and Koijen 2021): twice the flow, twice the move."""

from __future__ import annotations

from abm.compiled import rule


@rule
def linear_impact(market, net_units, depth):
    """Return the log points by which a day's net flow moves a price.

    I = M Q / (units depth), with M the multiplier on impact. Q is the net flow of the whole day, so
    that the order of agents cannot matter.

    Parameters: net_units [units], + bought; depth [1 = normal].
    """
    if market.units <= 0.0:  # there is no such market
        return 0.0
    return market.impact_multiplier * net_units / (market.units * depth)
