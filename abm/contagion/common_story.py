"""Channel `common_story`: AI and crypto rose on one story of new technology, and disbelief passes between them.

Who holds crypto hears the story with a strength of its own, and falling crypto makes those doubt who hold shares.
"""

from __future__ import annotations

import math

from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, CRYPTO


@rule
def share_the_story(stories, markets, settings, switches):
    """Let crypto follow the doubters and the price of AI equity, both of the day before, and the story hear of crypto.

    belief of crypto += (- crypto_worth * (doubters - first doubters) - belief of crypto) / belief_days
                        + crypto_echo * return of AI equity beyond its trend
    attention        -= crypto_feedback * return of crypto beyond its news

    An echo fades like any belief. News about crypto is left out of what the story hears, so that it counts once.
    """
    if not switches[0].common_story:
        return
    narrative, story, crypto = settings[0].narrative, stories[0], markets[CRYPTO]
    goal = -narrative.crypto_worth * (story.doubters - 1.0 + narrative.believers)
    ai = markets[AI_EQUITY]
    echo = narrative.crypto_echo * (math.log(ai.price / ai.last_price) - ai.drift)
    crypto.belief_today = (goal - crypto.belief) / narrative.belief_days + echo
    crypto.belief += crypto.belief_today
    story.attention -= narrative.crypto_feedback * (math.log(crypto.price / crypto.last_price) - crypto.news_yesterday)
