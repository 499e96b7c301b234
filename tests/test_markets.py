"""Impact in closed form through clearing, and what happens to prices when buyers run out."""

import numpy as np
import pytest
from worlds import ALL_OFF, default, finished, small_world

from abm import phases
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, NOTES
from abm.outcome.events import EVENT

SOLD = 120.0  # units
MARKETS = pytest.mark.parametrize("k", [AI_EQUITY, BROAD_EQUITY, NOTES])
DEPTHS = pytest.mark.parametrize("depth", [0.2, 0.5, 1.0])


def clear(economy: Economy, k: int, bought: float, depth: float = 1.0) -> np.record:
    """Clear one net order, in units, in a market of this passing depth; nobody else trades."""
    economy.markets["bought"] = economy.markets["sold"] = 0.0
    economy.markets["bought"][k], economy.markets["sold"][k] = max(bought, 0.0), max(-bought, 0.0)
    economy.markets["depth"] = depth
    economy.events, economy.counter[0] = np.zeros(9, EVENT), 0  # room for what clearing has to say
    phases.clear(economy)
    return economy.markets[k]


def full_impact(market: np.record, bought: float) -> float:
    return market.impact_multiplier * bought / market.units


def rationed(part: float) -> Economy:
    """A world whose buyers take this part of an offer of SOLD units in a day."""
    budget = part * SOLD / default().buyers.daily_share
    return Economy(small_world(buyers__budget=budget, buyers__note_budget=budget), 1)


@MARKETS
@DEPTHS
@pytest.mark.parametrize("bought", [-SOLD, SOLD])
def test_lasting_impact_ignores_passing_depth_and_the_discount_does_not(k: int, depth: float, bought: float) -> None:
    market = clear(Economy(small_world(channels__finite_buyers=False), 1), k, bought, depth)
    impact = full_impact(market, bought)
    assert market.lasting == pytest.approx(market.lasting_share * impact, rel=1e-12)
    assert market.discount == pytest.approx((1.0 - market.lasting_share) * impact / depth, rel=1e-12)
    assert market.overhang == 0.0
    assert np.log(market.price) == pytest.approx(market.lasting + market.discount, rel=1e-9)


@pytest.mark.parametrize("dial", [0.5, 2.0])
def test_the_dial_of_depth_scales_both_parts(dial: float) -> None:
    economy = Economy(small_world(markets__depth=dial, channels__finite_buyers=False), 1)
    market = clear(economy, AI_EQUITY, -SOLD)
    impact = full_impact(market, -SOLD) / dial
    assert market.lasting == pytest.approx(market.lasting_share * impact, rel=1e-12)
    assert market.discount == pytest.approx((1.0 - market.lasting_share) * impact, rel=1e-12)


@MARKETS
@DEPTHS
def test_only_what_is_traded_teaches_and_the_rest_hangs_over(k: int, depth: float) -> None:
    market = clear(rationed(0.25), k, -SOLD, depth)
    taken, passing = full_impact(market, -0.25 * SOLD), 1.0 - market.lasting_share
    assert market.fill_of_sales == pytest.approx(0.25)
    assert market.lasting == pytest.approx(market.lasting_share * taken, rel=1e-12)
    assert market.discount == pytest.approx(passing * taken / depth, rel=1e-12)
    assert market.overhang == pytest.approx(passing * full_impact(market, -0.75 * SOLD) / depth, rel=1e-12)


def test_an_offer_that_stands_weighs_as_a_level_and_is_gone_with_it() -> None:
    economy = rationed(0.25)
    for _ in range(5):  # nobody's budget changes before settlement: the same offer meets the same buyers
        market = clear(economy, AI_EQUITY, -SOLD)
        left = (1.0 - market.fill_of_sales) * SOLD
        assert left == pytest.approx(0.75 * SOLD, rel=0.05), "what they take is $bn, and prices move a little"
        level = (1.0 - market.lasting_share) * full_impact(market, -left)
        assert market.overhang == pytest.approx(level, rel=1e-12)
    market = clear(economy, AI_EQUITY, 0.0)
    assert market.overhang == 0.0
    assert np.log(market.price) == pytest.approx(market.lasting + market.discount, rel=1e-9)


def test_a_discount_without_orders_only_heals() -> None:
    economy = Economy(small_world(channels__finite_buyers=False), 1)
    found = [float(clear(economy, AI_EQUITY, -SOLD).discount)]
    lasting = float(economy.markets[AI_EQUITY].lasting)
    found += [float(clear(economy, AI_EQUITY, 0.0).discount) for _ in range(5)]
    assert (np.diff(found) > 0.0).all()
    assert max(found) < 0.0
    assert economy.markets[AI_EQUITY].lasting == lasting


def log_falls(seeds: int, **overrides: float) -> np.ndarray:
    """The largest log fall of AI equity from a peak in a year, a seed each."""
    falls = []
    for seed in range(seeds):
        world = default().replace(
            {"run.ticks": 250} | {path.replace("__", "."): value for path, value in overrides.items()}
        )
        logs = np.log(finished(world, seed).rows["price"][:, AI_EQUITY])
        falls.append((np.maximum.accumulate(logs) - logs).max())
    return np.array(falls)


@pytest.mark.slow
def test_the_fewer_the_buyers_the_deeper_the_fall() -> None:
    """At leverage 2.5, by pairs of the same seed, and by at least three standard errors."""
    many, some, few = (
        log_falls(10, funds__leverage=2.5, buyers__budget=budget, buyers__note_budget=budget)
        for budget in (8000, 2000, 1000)
    )
    for more, fewer in ((many, some), (some, few)):
        difference = fewer - more
        assert difference.mean() > 3.0 * difference.std(ddof=1) / np.sqrt(len(difference))


@pytest.mark.slow
@pytest.mark.parametrize("leverage", [1.0, 2.0])
def test_a_small_spark_stays_smaller_than_a_large_one(leverage: float) -> None:
    """What leverage adds does not drown the news: medians differ by at least half of what the news alone does."""
    off = {path.replace(".", "__"): False for path in ALL_OFF}

    def median(**more: float) -> float:
        return float(np.median(1.0 - np.exp(-log_falls(8, funds__leverage=leverage, **more))))

    alone = median(spark__total=0.6, **off) - median(spark__total=0.2, **off)
    assert alone > 0.1
    assert median(spark__total=0.6) - median(spark__total=0.2) > 0.5 * alone
