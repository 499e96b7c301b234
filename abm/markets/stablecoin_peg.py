"""The peg: what a coin costs on the secondary market, where arbitrageurs buy below par and hand in."""

from __future__ import annotations

from abm.compiled import rule


@rule
def peg(coverage, days_to_wait, not_taken, terms):
    """Return the price of a coin, in $.

    price = 1 - shortfall weight * expected shortfall - cost of waiting * days to wait - haste * part not taken

    The expected shortfall is what reserves lack for each coin; half of it is what USDC lost in March 2023 beyond
    the queue. Those who wait for the issuer are paid at par, so that a queue costs time only; an offer that
    arbitrageurs have no cash for goes at what haste gives away.
    """
    shortfall = max(0.0, 1.0 - coverage)
    discount = terms.shortfall_weight * shortfall + terms.waiting_cost * days_to_wait + terms.haste * not_taken
    return max(0.0, 1.0 - discount)
