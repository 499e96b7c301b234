"""Causes: what was sold under stress, which of its parts moved a price most, and the event that stands behind it."""

from __future__ import annotations

import math

from abm.channels import COMMON_STORY, NARRATIVE_FEEDBACK, NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import CRYPTO, DUST
from abm.outcome.events import MARKET, NEWS_EVENT, NO_EVENT, PRICE_MOVE, SCENARIO, log_event


@rule
def cause_of_move(k, markets, story, tick, events, counter):
    """Return today's price move of market k as an event, written down when first asked for.

    Its cause is the largest fall among news, belief and flow: the day's news (a root), the last
    disappointment that the story lives on, or the largest sale of the day under stress; or the close of the market
    that had kept back more than any of them.
    """
    market = markets[k]
    if market.move_event != NO_EVENT:
        return market.move_event
    move = math.log(market.price / market.last_price)
    kept_back = market.withheld - market.last_withheld
    flow = move - market.news_today - market.belief_today - kept_back
    cause = NO_EVENT
    channel = NO_CHANNEL
    if kept_back < min(0.0, flow, market.news_today, market.belief_today):
        cause = market.halt_event
    elif flow < market.news_today and flow < market.belief_today and market.sale_event != NO_EVENT:
        cause = market.sale_event
        channel = events[cause].channel
    elif market.belief_today < min(market.news_today, 0.0) and story.bad_news_event != NO_EVENT:
        cause = story.bad_news_event
        channel = COMMON_STORY if k == CRYPTO else NARRATIVE_FEEDBACK
    elif story.disappointment > 0.0:
        cause = story.bad_news_event
    else:
        cause = log_event(
            events, counter, NEWS_EVENT, tick, SCENARIO, 0, MARKET, k, NO_CHANNEL, k, market.news_today, NO_EVENT
        )
    market.move_event = log_event(events, counter, PRICE_MOVE, tick, MARKET, k, SCENARIO, 0, channel, k, move, cause)
    return market.move_event


@rule
def log_sale(markets, k, value, kind, tick, seller_kind, seller, channel, cause, events, counter):
    """Write down a sale under stress, in $bn at yesterday's price; the largest of the day may be a cause."""
    if value <= DUST:
        return
    sale = log_event(events, counter, kind, tick, seller_kind, seller, SCENARIO, 0, channel, k, value, cause)
    market = markets[k]
    if value > market.largest_sale:
        market.largest_sale = value
        market.sale_event = sale
