"""A backstop that is expected: who counts on the authority reckons with less risk than there is.

It is nothing that the authority does. While an intervention stands ready, funds and those who lend to them take the
part of volatility that they expect it to take off as gone: margins follow what is left, and cautious books grow with
it, as far as calm would let them. Support that cannot be kept from the imprudent makes borrowing pay, the more so the
more others borrow (Farhi and Tirole 2012, American Economic Review 102). Nought, as it is by default: nobody counts
on anything.
"""

from __future__ import annotations

import math

from abm.compiled import rule
from abm.ledger.chart import NOTES


@rule
def reckoned_volatility(market, k, authority, policy):
    """Return the daily volatility of market k that funds and their lenders reckon with.

    reckoned = (1 - expected) * volatility

    Purchases are of notes; lending carries dealers whatever their customers hold. Of both the larger counts.
    """
    expected = policy.lending.expected if authority.lending else 0.0
    if k == NOTES and authority.note_purchases:
        expected = max(expected, policy.note_purchases.expected)
    return (1.0 - expected) * math.sqrt(market.variance)
