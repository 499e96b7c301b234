"""Crypto and AI equity: beyond their news only common holders and a common story make them move together."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from worlds import default, finished, off

from abm.ledger.chart import AI_EQUITY, CRYPTO

SEEDS = 100
PROCESSES = 2
START, STRESS = 5, 60  # the day of the spark, and how many after it count
WEEK = 5
# Few of everybody. Holders own many shares, look at them every day, and hear the story loudly, so that each of the
# two channels shows alone; crypto has little news of its own to drown them.
WORLD: dict[str, Any] = {
    "run.ticks": START + STRESS + 1,
    "spark.start": START,
    "funds.count": 40,
    "margin_accounts.count": 10,
    "private_credit.count": 6,
    "crypto.holders": 100,
    "crypto.ai_equity": 8000,
    "crypto.equity_owners": 1,
    "crypto.decision_days": 1,
    "risk_limits.trend_days": 10,
    "narrative.crypto_worth": 3,
    "narrative.belief_days": 5,
    "markets.crypto.news_volatility": 0.012,
}
CHANNELS_OFF = ((), ("common_story",), ("cross_asset_sales",), ("common_story", "cross_asset_sales"))


def together(logs: np.ndarray, days: int) -> float:
    """Correlation of AI equity's and crypto's log returns over so many days."""
    return float(np.corrcoef((logs[days:] - logs[:-days])[:, [AI_EQUITY, CRYPTO]].T)[0, 1])


def correlations(overrides: dict[str, Any], channels: tuple[str, ...], seed: int) -> tuple[float, ...]:
    """Daily and weekly, of prices and of news alone, over the days after the spark's."""
    rows = finished(off(default().replace(WORLD | overrides), *channels), seed).rows[START:]
    return tuple(together(np.log(rows[name]), days) for name in ("price", "news") for days in (1, WEEK))


@pytest.mark.slow
@pytest.mark.parametrize("spark", [0.0, 0.5])
def test_only_common_holders_and_a_common_story_tie_crypto_to_equity(spark: float) -> None:
    noise = default().markets.crypto.news_correlation
    found = {}
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        for channels in CHANNELS_OFF:
            look = partial(correlations, {"spark.total": spark}, channels)
            found[channels] = np.mean(list(pool.map(look, range(SEEDS), chunksize=10)), axis=0)
    both, story, holders, none = (found[channels] for channels in CHANNELS_OFF)
    assert np.abs(none[2:] - noise).max() < 0.05  # the news' own, as drawn
    assert np.abs(none[:2] - none[2:]).max() < 0.05
    # Each channel alone ties them, so that a leak of either would show above.
    assert story[1] > none[1] + 0.05  # the story off: common holders are left
    assert holders[1] > none[1] + 0.2
    assert both[1] > 0.3
