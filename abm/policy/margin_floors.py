"""Policy `margin_floors`: who lends against shares or notes may not ask for less margin than a floor.

margin of k = max(floor_k, maintenance_k * what the day has raised it by)

A floor binds in calm, when lenders compete margins away, and not in stress, when they ask for more (Financial
Stability Board 2015, 2025; a haircut of 2 % on notes where three quarters of such repo has none).
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, NOTES


@rule
def tell_floors(markets, equity, notes):
    """Tell all who lend against a market's assets the least margin that they may ask for."""
    markets[AI_EQUITY].margin_floor = equity
    markets[BROAD_EQUITY].margin_floor = equity
    markets[NOTES].margin_floor = notes
