"""Channel `common_story`: AI and crypto rose on one story of new technology, and disbelief passes between them.

Who holds crypto hears the story with a strength of its own, and falling crypto makes those doubt who hold shares.
"""

from __future__ import annotations

import math

from abm.compiled import rule
from abm.ledger.chart import CRYPTO


@rule
def share_the_story(stories, markets, settings, switches):
    """Let crypto lose what the doubters of the day before no longer believe, and the story hear of crypto's losses.

    belief of crypto += (- crypto_worth * (doubters - first doubters) - belief of crypto) / belief_days
    attention        -= crypto_feedback * excess return of crypto

    The excess return is yesterday's beyond its news, as for AI equity, so that news is not counted twice.
    """
    if not switches[0].common_story:
        return
    narrative, story, crypto = settings[0].narrative, stories[0], markets[CRYPTO]
    goal = -narrative.crypto_worth * (story.doubters - 1.0 + narrative.believers)
    crypto.belief_today = (goal - crypto.belief) / narrative.belief_days
    crypto.belief += crypto.belief_today
    story.attention -= narrative.crypto_feedback * (math.log(crypto.price / crypto.last_price) - crypto.news_yesterday)
