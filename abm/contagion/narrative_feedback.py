"""Channel `narrative_feedback`: disbelief spreads from mouth to mouth and feeds on falling prices; so may belief."""

from __future__ import annotations

import math

from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, CRYPTO
from abm.records import Record, memory

STORY = Record(
    "story",
    (
        memory("doubters", "share", "share of money that no longer believes"),
        memory("attention", "log points", "how much bad news is on people's minds"),
        memory("expected", "log points per day", "gains that have come to be expected"),
        memory("disappointment", "log points", "today's disappointment about AI equity's worth"),
        memory("bad_news_event", "event", "the last disappointment, as an event", kind="i8"),
    ),
)


@rule
def spread_disbelief(stories, markets, settings, switches):
    """Move the share of doubters and, slowly, what their doubt takes off prices.

    gain      = excess return + news_weight * (news - drift)
    attention += disappointment - feedback * (gain - taken_for_granted * expected) - attention / days
    expected  += (gain - expected) / expectation_days
    doubters  += persuasion * disappointment * (1 - doubters)
                 + contagion * attention * doubters * (1 - doubters) - (doubters - first doubters) / days
                 - enthusiasm * doubters * (1 - doubters)
    belief_k  += (belief_per_doubter_k * (doubters - first doubters) - belief_k) / belief_days

    The excess return is yesterday's return of AI equity beyond its news, so that news is not counted
    twice. Contagion follows Shiller (2017): it starts from few and saturates. Attention may be good (below nought),
    and then makes believers. Three terms, nought by default, let a boom build up and end: believers win doubters
    over as in Shiller's epidemic; chance news is extrapolated (Barberis, Greenwood, Jin and Shleifer 2018); gains
    that have come to be expected disappoint once there is nobody left to win over.
    """
    if not switches[0].narrative_feedback:
        return
    story = stories[0]
    narrative = settings[0].narrative
    ai = markets[AI_EQUITY]
    excess = math.log(ai.price / ai.last_price) - ai.news_yesterday
    first_doubters = 1.0 - narrative.believers
    doubters = story.doubters
    gain = excess + narrative.news_weight * (ai.news_yesterday - ai.drift)
    surprise = gain - narrative.taken_for_granted * story.expected
    story.attention += (
        story.disappointment - narrative.price_feedback * surprise - story.attention / narrative.attention_days
    )
    story.expected += (gain - story.expected) / narrative.expectation_days
    heard = narrative.persuasion * story.disappointment * (1.0 - doubters)
    caught = narrative.contagion * story.attention * doubters * (1.0 - doubters)
    forgotten = (doubters - first_doubters) / narrative.recovery_days
    won_over = narrative.enthusiasm * doubters * (1.0 - doubters)
    story.doubters = min(1.0, max(0.0, doubters + heard + caught - forgotten - won_over))
    for k in range(markets.shape[0]):
        if k == CRYPTO:  # which hears it through the common story
            continue
        market = markets[k]
        goal = market.belief_per_doubter * (story.doubters - first_doubters)
        market.belief_today = (goal - market.belief) / narrative.belief_days
        market.belief += market.belief_today
