"""The news: permanent, unforeseen, and the same in every twin of a run."""

from __future__ import annotations

import math

from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY
from abm.outcome.events import MARKET, NEWS_EVENT, NO_EVENT, SCENARIO, SHOCK, log_event
from abm.streams import NEWS, normals

THE_STORY = -1  # the market of a spark that all markets hear, each with its share


@rule
def hear_news(markets, stories, sparks, seed, tick, events, counter):
    """Let the day's news arrive in every market, and today's disappointment with it (good news is a negative one).

    news_k += drift_k + sigma_k (rho_k z_AI + sqrt(1 - rho_k^2) z_k) - share_k disappointment - shock_k, where z
    are independent standard normals. A disappointment is an event, and so is a shock to one market: roots of what
    follows from them.
    """
    story = stories[0]
    story.disappointment = loss_of_worth(sparks, THE_STORY, tick)
    if story.disappointment != 0.0:
        heard = log_event(
            events,
            counter,
            NEWS_EVENT,
            tick,
            SCENARIO,
            0,
            SCENARIO,
            0,
            NO_CHANNEL,
            AI_EQUITY,
            story.disappointment,
            NO_EVENT,
        )
        if story.disappointment > 0.0:
            story.bad_news_event = heard
    common = normals(seed, NEWS, 0, tick)[0]
    for k in range(markets.shape[0]):
        market = markets[k]
        own = normals(seed, NEWS, 1 + k, tick)[0]
        rho = market.news_correlation
        noise = rho * common + math.sqrt(max(0.0, 1.0 - rho * rho)) * own
        market.news_yesterday = market.news_today
        market.news_today = market.drift + market.news_volatility * noise
        market.news_today -= market.spark_share * story.disappointment
        market.shock_event = NO_EVENT
        shock = loss_of_worth(sparks, k, tick)
        if shock != 0.0:
            market.news_today -= shock
            market.shock_event = log_event(
                events, counter, SHOCK, tick, SCENARIO, 0, MARKET, k, NO_CHANNEL, k, -shock, NO_EVENT
            )
        market.news += market.news_today


@rule
def loss_of_worth(sparks, market, tick):
    """Return the log points that the day's news of the scenario takes off a market's worth, or off the story's."""
    total = 0.0
    for row in range(sparks.shape[0]):
        spark = sparks[row]
        if spark.market == market and spark.start <= tick < spark.start + spark.days:
            total += spark.total / spark.days
    return total
