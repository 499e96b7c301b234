"""Rules that build a boom up as they bring a bust: belief, books and margins in markets calmer than normal."""

import numpy as np
import pytest
from still import still
from worlds import finished, small_world

from abm.contagion.margin_procyclicality import set_margins
from abm.contagion.narrative_feedback import spread_disbelief
from abm.contagion.risk_limits import keep_own_limits, set_own_limits
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY

EXACT = {"rel": 1e-9, "abs": 1e-12}
SILENT = {"narrative__contagion": 0, "narrative__persuasion": 0, "narrative__recovery_days": 1_000_000}
SILENT |= {"channels__narrative_feedback": True}


def calm(economy: Economy, times: float) -> None:
    """Let volatility be so many times what is normal, in all markets."""
    economy.markets["variance"] = (times * economy.markets["normal_volatility"]) ** 2


def talk(economy: Economy, days: int = 1) -> None:
    for _ in range(days):
        spread_disbelief(economy.story, economy.markets, economy.settings, economy.switches)


def test_believers_win_doubters_over_along_a_logistic_curve_that_saturates() -> None:
    speed = 0.01
    economy = still(**SILENT, narrative__believers=0.5, narrative__enthusiasm=speed)
    talk(economy, 200)
    believers = 1.0 - economy.story["doubters"][0]
    assert believers == pytest.approx(1.0 / (1.0 + np.exp(-speed * 200)), rel=0.01)
    talk(economy, 2000)
    assert economy.story["doubters"][0] < 0.01
    assert economy.markets["belief"][AI_EQUITY] > 0.4 * economy.scenario.narrative.worth_of_belief


def test_chance_news_moves_attention_only_where_it_is_extrapolated() -> None:
    for weight in (0.0, 0.4):
        economy = still(**SILENT, narrative__news_weight=weight)
        market = economy.markets[AI_EQUITY]
        market.news_yesterday = market.drift + 0.05
        market.price = np.exp(market.news_yesterday)
        talk(economy)
        feedback = economy.scenario.narrative.price_feedback
        assert economy.story["attention"][0] == pytest.approx(-feedback * weight * 0.05, **EXACT)


def test_gains_that_are_expected_and_do_not_come_disappoint() -> None:
    economy = still(**SILENT, narrative__taken_for_granted=0.5, narrative__expectation_days=10)
    market, terms = economy.markets[AI_EQUITY], economy.scenario.narrative
    market.price = np.exp(0.05)
    talk(economy)
    assert economy.story["expected"][0] == pytest.approx(0.005, **EXACT)
    assert economy.story["attention"][0] == pytest.approx(-terms.price_feedback * 0.05, **EXACT)
    market.price, before = 1.0, economy.story["attention"][0]
    talk(economy)
    left = before * (1.0 - 1.0 / terms.attention_days)
    assert economy.story["attention"][0] == pytest.approx(left + terms.price_feedback * 0.5 * 0.005, **EXACT)


@pytest.mark.parametrize("times", [0.5, 0.8, 1.0, 1.2])
@pytest.mark.parametrize("reach", [1.0, 1.5])
def test_a_cautious_book_may_grow_in_inverse_proportion_to_volatility_up_to_its_reach(times, reach) -> None:
    economy = still(risk_limits__reach_up=reach)
    calm(economy, times)
    e = economy
    set_own_limits(e.funds, e.markets, e.story, e.authority, e.settings, e.switches, e.tick, e.events, e.counter)
    grown = min(reach, max(1.0, 1.0 / times)) - 1.0
    assert economy.markets["too_risky"] == pytest.approx(-grown, **EXACT)
    assert economy.funds["to_rebuild"] == pytest.approx(economy.funds["volatility_weight"] * grown, **EXACT)
    assert not economy.funds["to_cut"].any()


def test_a_book_grows_beyond_its_first_size_and_is_cut_back_when_volatility_returns() -> None:
    economy = still(risk_limits__reach_up=1.5, risk_limits__rebuild_days=10, margin__buffer=1)
    row = int(economy.funds["volatility_weight"].argmax())
    fund, first = economy.funds[row], economy.funds["units"][row].copy()
    fund.requirement = 0.0
    calm(economy, 0.5)
    e = economy
    for _ in range(3):
        set_own_limits(e.funds, e.markets, e.story, e.authority, e.settings, e.switches, e.tick, e.events, e.counter)
        keep_own_limits(fund, e.markets, e.settings[0], -fund.id)
        fund.units += fund.orders
        fund.orders[:] = 0.0
    size = 1.0 + 0.5 * fund.volatility_weight
    np.testing.assert_allclose(fund.units, size * first, rtol=1e-9)
    calm(economy, 1.0)
    set_own_limits(e.funds, e.markets, e.story, e.authority, e.settings, e.switches, e.tick, e.events, e.counter)
    assert fund.to_cut == pytest.approx(1.0 - 1.0 / size, **EXACT)


def test_margins_fall_in_calm_to_a_floor_and_what_is_required_with_them() -> None:
    economy = still(margin__calm_factor=0.7)
    margin, e = economy.scenario.margin, economy
    for times, goal in ((0.9, 1.0 - 0.1 * margin.volatility_response), (0.0, 0.7)):
        calm(economy, times)
        for _ in range(200):
            set_margins(e.markets, e.funds, e.dealers, e.authority, e.settings, e.switches, e.day)
        assert economy.markets["margin_factor"] == pytest.approx(max(0.7, goal), **EXACT)


@pytest.mark.parametrize("buffer", [0.0, 0.25])
def test_lower_margins_mean_lower_requirements_unless_the_authority_asks_for_a_buffer(buffer: float) -> None:
    from abm.agents.leveraged_fund import margin_rate

    economy = still(margin__calm_factor=0.7)
    fund, market = economy.funds[0], economy.markets[AI_EQUITY]
    fund.margin_buffer, market.margin_factor = buffer, 0.7
    rate = margin_rate(fund, AI_EQUITY, market, economy.settings[0].margin)
    assert rate == pytest.approx((1.0 + buffer if buffer else 0.7) * fund.maintenance[AI_EQUITY], **EXACT)


@pytest.mark.slow
def test_a_world_that_works_both_ways_closes_its_books() -> None:
    both = {"narrative__believers": 0.5, "narrative__enthusiasm": 0.02, "narrative__news_weight": 1}
    more = {"risk_limits__reach_up": 2, "margin__calm_factor": 0.5, "spark__total": 0, "run__ticks": 80}
    economy = finished(small_world(**both, **more), check=True)
    assert economy.rows["believers"][-1] > 0.5
