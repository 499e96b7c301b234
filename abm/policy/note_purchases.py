"""Policy `note_purchases`: the central bank buys Treasury notes when their market breaks down.

In March 2020 the Federal Reserve bought 75 $bn a day after two weeks of rising yields in a market without depth,
1.6 tn in all, and yields turned with the purchases (Vissing-Jorgensen 2021). It pays with new reserves.
"""

from __future__ import annotations

from abm.agents.rest_of_system import PUBLIC
from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import NOTES
from abm.outcome.causes import cause_of_move
from abm.outcome.events import AUTHORITY, MARKET, NOTE_PURCHASES, log_event
from abm.policy.authority import BY_DECREE, YIELD_DAYS

DUST = 1e-9  # $bn


@rule
def watch_notes(authority, markets, stories, days, terms, tick, events, counter):
    """Begin to buy when the yield has risen by `yield_rise` over `days` and depth is gone; stop once it is back."""
    notes = markets[NOTES]
    basis_points = -1e4 * (notes.price - 1.0) / notes.duration
    rise = basis_points - authority.yields[(tick - terms.days) % YIELD_DAYS]
    authority.yields[tick % YIELD_DAYS] = basis_points
    if authority.buying:
        authority.bought += days[0].notes_bought
        if notes.depth >= terms.calm_depth and authority.buying != BY_DECREE:
            authority.buying = 0
    elif rise >= terms.yield_rise and notes.depth < terms.depth and still_to_buy(authority, terms) > DUST:
        authority.buying = 1
        cause = cause_of_move(NOTES, markets, stories[0], tick, events, counter)
        log_event(events, counter, NOTE_PURCHASES, tick, AUTHORITY, 0, MARKET, NOTES, NO_CHANNEL, NOTES, rise, cause)


@rule
def still_to_buy(authority, terms):
    """Return what is left of the total, in $bn."""
    return max(0.0, terms.total - authority.bought)


@rule
def buy_notes(authority, issuers, markets, terms):
    """State the day's order: what a day allows, as far as the total goes."""
    if authority.buying:
        amount = min(terms.per_day, still_to_buy(authority, terms))
        issuers[PUBLIC].orders[NOTES] += amount / markets[NOTES].price
