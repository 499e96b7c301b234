"""Output in closed form through its three parts, defaults that follow, and nothing without the channel."""

import numpy as np
import pytest
from test_performance_chasing import world
from worlds import of_kind

from abm.agents.bank import ECONOMY, OTHER_NON_BANKS
from abm.channels import REAL_ECONOMY
from abm.contagion.real_economy import move_output
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY

EXACT = {"rel": 1e-9, "abs": 1e-12}


def opened(**overrides: object) -> Economy:
    economy = Economy(world(markets__ai_equity__drift=0, markets__broad_equity__drift=0, **overrides), 1)
    economy._make_room_for_events()
    return economy


def produce(economy: Economy) -> None:
    e = economy
    move_output(
        e.output, e.markets, e.banks, e.credit_funds, e.debtors, e.story, e.settings, e.switches, e.day, e.journal,
        e.tick, e.events, e.counter,
    )  # fmt: skip


def test_each_part_approaches_its_goal() -> None:
    economy = opened()
    terms, markets = economy.scenario.output, economy.scenario.markets
    economy.markets["price"][AI_EQUITY], economy.markets["price"][BROAD_EQUITY] = 0.5, 0.8
    economy.banks["not_renewed"][0] = 100.0, 20.0
    economy.credit_funds["not_renewed"][1] = 30.0
    days = 40
    for _ in range(days):
        produce(economy)
    reached = 1.0 - (1.0 - 1.0 / terms.adjustment_days) ** days
    lost = 0.5 * markets.ai_equity.capitalisation + 0.2 * markets.broad_equity.capitalisation
    expected = {
        "from_wealth": -terms.wealth_effect * terms.domestic_share * lost / terms.gdp,
        "from_investment": -terms.ai_investment * (1.0 - 0.5**terms.investment_response),
        "from_credit": -terms.credit_effect * 150.0 / terms.gdp,
    }
    for part, goal in expected.items():
        assert economy.output[part][0] == pytest.approx(reached * goal, **EXACT), part


def test_prices_on_their_trend_leave_output_where_it_is() -> None:
    economy = Economy(world(), 1)
    economy._make_room_for_events()
    for day in range(200):
        economy.tick = day
        economy.markets["price"] = np.exp(economy.markets["drift"] * (day + 1))
        produce(economy)
    assert [economy.output[part][0] for part in ("from_wealth", "from_investment", "from_credit")] == pytest.approx(
        [0.0, 0.0, 0.0], abs=1e-12
    )
    assert not economy.day["loans_lost"].any()


def test_debtors_default_in_proportion_to_what_is_missing() -> None:
    economy = opened()
    terms, loans = economy.scenario.output, economy.banks["loans"].copy()
    economy.output["from_wealth"] = -0.02 / (1.0 - 1.0 / terms.adjustment_days)
    opening = economy.balances()
    produce(economy)
    lost = terms.loss_given_default * terms.loan_losses * 0.02 / economy.scenario.run.ticks_per_year
    for place in (ECONOMY, OTHER_NON_BANKS):
        assert economy.banks["loans"][:, place] == pytest.approx((1.0 - lost) * loans[:, place], **EXACT)
    total = lost * loans.sum()
    assert economy.day["loans_lost"][0] == pytest.approx(total, **EXACT)
    assert economy.day["moved"][0, REAL_ECONOMY] == pytest.approx(total, **EXACT)
    economy._prove(opening, "produce")


@pytest.mark.slow
def test_a_spell_of_defaults_is_one_event_with_a_cause() -> None:
    economy = Economy(world(run__ticks=300), 1, check=True)
    economy.advance()
    spells = of_kind(economy, "loan_losses")
    losing = economy.rows["moved"][:, REAL_ECONOMY] > 0.0
    assert len(spells) == np.count_nonzero(np.diff(losing.astype(int), prepend=0) > 0) > 0
    assert (spells["caused_by"] >= 0).all()


def test_off_output_stays_and_nobody_defaults_and_on_a_deeper_fall_costs_more() -> None:
    lowest, lost = {}, {}
    for on, spark in ((True, 0.3), (True, 0.9), (False, 0.9)):
        economy = Economy(world(run__ticks=300, spark__total=spark, channels__real_economy=on), 1)
        economy.advance()
        lowest[on, spark] = economy.rows["output"].min()
        lost[on, spark] = economy.rows["moved"][:, REAL_ECONOMY].sum()
    assert lowest[False, 0.9] == lost[False, 0.9] == 0.0
    assert lowest[True, 0.9] < lowest[True, 0.3] < 0.0
    assert lost[True, 0.9] > lost[True, 0.3] > 0.0
