"""Policy `bank_capital`: banks hold a buffer of capital beyond their target, which is released in stress.

The countercyclical buffer of Basel III, up to 2.5 % of weighted assets (nought in the United States). Banks open
with capital raised for it, out of their bonds. While it is released they may lend and hold securities on it.
"""

from __future__ import annotations

from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import NOTES
from abm.outcome.causes import cause_of_move
from abm.outcome.events import AUTHORITY, BANK, BUFFER_RELEASED, NO_EVENT, NO_INSTRUMENT, log_event


@rule
def tell_capital_buffer(banks, buffer):
    """Tell every bank what to hold beyond its target (0: nothing, or it is released)."""
    for row in range(banks.shape[0]):
        banks[row].capital_buffer = buffer


@rule
def watch_capital(authority, banks, markets, stories, release_fall, tick, events, counter):
    """Release the buffer when all banks' capital has fallen from its best, and ask for it again at a new best."""
    capital = 0.0
    worst = 0
    for row in range(banks.shape[0]):
        capital += banks[row].capital
        if lost_capital(banks[row]) > lost_capital(banks[worst]):
            worst = row
    if capital >= authority.best_capital:
        authority.best_capital = capital
        authority.released = 0
    elif not authority.released and capital < (1.0 - release_fall) * authority.best_capital:
        authority.released = 1
        cause = banks[worst].loss_event
        if cause == NO_EVENT:
            cause = cause_of_move(NOTES, markets, stories[0], tick, events, counter)
        log_event(
            events,
            counter,
            BUFFER_RELEASED,
            tick,
            AUTHORITY,
            0,
            BANK,
            banks[worst].id,
            NO_CHANNEL,
            NO_INSTRUMENT,
            authority.best_capital - capital,
            cause,
        )


@rule
def lost_capital(bank):
    """Return how much capital a bank has lost since the opening, in $bn."""
    return bank.opening_capital - bank.capital
