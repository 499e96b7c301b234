"""Price impact: three laws behind one rule; each market's own is named in the scenario."""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import DUST
from abm.markets.linear_impact import linear_impact
from abm.markets.saturating_impact import saturating_impact
from abm.markets.square_root_impact import square_root_impact

LINEAR, SQUARE_ROOT, SATURATING = range(3)
LAWS: tuple[str, ...] = ("linear", "square_root", "saturating")


@rule
def impact(market, net_units, depth):
    """Return the log points by which a day's net flow moves a price, by the market's own law.

    Rounding moves nothing: a root would make 1e-8 of its 1e-16.
    """
    if abs(net_units) <= DUST:
        return 0.0
    if market.impact_law == SQUARE_ROOT:
        return square_root_impact(market, net_units, depth)
    if market.impact_law == SATURATING:
        return saturating_impact(market, net_units, depth)
    return linear_impact(market, net_units, depth)
