"""Channel `crowding_revealed`: a failure shows what others hold, and books like the failed one pay more margin.

Who finances funds learns from a seized book which trades were crowded, and asks more of those who are in them too
(Khandani and Lo 2007 on quantitative funds; dealers after Archegos).
"""

from __future__ import annotations

import math

from abm.agents.leveraged_fund import ACTIVE, margin_requirement
from abm.channels import CROWDING_REVEALED
from abm.compiled import rule


@rule
def reveal(fund, markets):
    """Let a book seized today show what it holds."""
    for k in range(markets.shape[0]):
        markets[k].revealed += fund.units[k] * markets[k].price


@rule
def look_for_likeness(markets, funds, settings, switches, days):
    """Raise the margins of funds whose books look like those that failed lately, from the day after a seizure.

    revealed_k += value of k in hedge funds' books seized today - revealed_k / likeness_days
    margin factor *= 1 + likeness_response * likeness * min(1, sum of revealed / likeness_scale)

    Likeness is the cosine between a fund's holdings and what was revealed, from 0 to 1. What moves is the rise
    of requirements on the day. Without the channel nothing is remembered.
    """
    margin = settings[0].margin
    if not switches[0].crowding_revealed:
        for k in range(markets.shape[0]):
            markets[k].revealed = 0.0
        for row in range(funds.shape[0]):
            funds[row].likeness = 0.0
        return
    total = 0.0
    squares = 0.0
    for k in range(markets.shape[0]):
        total += markets[k].revealed
        squares += markets[k].revealed * markets[k].revealed
    if squares <= 0.0:
        return
    heard = margin.likeness_response * min(1.0, total / margin.likeness_scale)
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != ACTIVE:
            continue
        added = heard * likeness(fund, markets, squares)
        if added > fund.likeness:
            days[0].moved[CROWDING_REVEALED] += (added - fund.likeness) * margin_requirement(fund, markets, margin)
        fund.likeness = added
        fund.margin_factor *= 1.0 + added
    for k in range(markets.shape[0]):
        markets[k].revealed -= markets[k].revealed / margin.likeness_days


@rule
def likeness(fund, markets, squares):
    """Return the cosine between a fund's holdings and the revealed ones, whose squares sum to `squares`."""
    product = 0.0
    own = 0.0
    for k in range(markets.shape[0]):
        value = fund.units[k] * markets[k].price
        product += value * markets[k].revealed
        own += value * value
    return product / math.sqrt(own * squares) if own > 0.0 else 0.0
