"""Margins that rise with volatility and with dealers' strain: closed forms, limits, and one without the channel."""

import numpy as np
import pytest
from still import a_day, still
from test_performance_chasing import world
from worlds import finished, of_kind

from abm import phases
from abm.channels import MARGIN_PROCYCLICALITY
from abm.contagion.margin_procyclicality import set_margins
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, NOTES

EXACT = {"rel": 1e-9, "abs": 1e-12}
FALL = {"spark__total": 0.6, "spark__start": 5, "run__ticks": 60, "funds__leverage": 1.5}


def set_all(economy: Economy) -> None:
    e = economy
    set_margins(e.markets, e.funds, e.dealers, e.authority, e.settings, e.switches, e.day)


def volatile(economy: Economy, times: float) -> None:
    """Let volatility be so many times what is tolerated, in all markets."""
    tolerated = economy.scenario.markets.volatility_tolerance * economy.markets["normal_volatility"]
    economy.markets["variance"] = (times * tolerated) ** 2


def test_margins_follow_a_path_of_volatility_in_closed_form() -> None:
    economy = still()
    margin, factor = economy.scenario.margin, 1.0
    for times in (1.0, 1.4, 2.5, 2.5, 2.5, 1.2, 0.3, 0.3, 0.3):
        goal = 1.0 + margin.volatility_response * max(0.0, times - 1.0)
        volatile(economy, times)
        set_all(economy)
        factor += (goal - factor) / margin.factor_days
        assert economy.markets["margin_factor"] == pytest.approx(factor, **EXACT)
        assert economy.funds["margin_factor"] == pytest.approx(1.0, **EXACT), "volatility is counted once"


@pytest.mark.parametrize("times", [0.0, 0.7, 1.0])
def test_volatility_within_tolerance_leaves_margins_alone(times: float) -> None:
    economy = still()
    volatile(economy, times)
    set_all(economy)
    assert economy.markets["margin_factor"] == pytest.approx(1.0, **EXACT)
    assert economy.day["moved"][0, MARGIN_PROCYCLICALITY] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("largest", [1.0, 1.5, 2.0])
def test_no_factor_is_larger_than_the_largest(largest: float) -> None:
    economy = still(margin__largest_factor=largest)
    volatile(economy, 100.0)
    economy.dealers["strain"] = 1.0
    for _ in range(100):
        set_all(economy)
        assert (economy.markets["margin_factor"] <= largest + 1e-12).all()
    assert economy.markets["margin_factor"] == pytest.approx(largest)
    assert economy.funds["margin_factor"] == pytest.approx(largest, **EXACT)


@pytest.mark.slow
def test_one_jump_of_the_price_raises_margins_of_that_market_and_is_forgotten() -> None:
    economy = still(channels__depth_spiral=False)
    terms, margin = economy.scenario.markets, economy.scenario.margin
    market, fall = economy.markets[AI_EQUITY], 0.2
    a_day(economy, ai_equity=-fall)
    assert market.margin_factor == pytest.approx(1.0, **EXACT), "the dealers look at volatility up to yesterday"
    factor = 1.0
    for day in range(40):
        a_day(economy)
        variance = fall**2 / terms.volatility_days * (1.0 - 1.0 / terms.volatility_days) ** day
        assert market.variance == pytest.approx(variance, **EXACT)
        excess = np.sqrt(variance) / (terms.volatility_tolerance * market.normal_volatility) - 1.0
        goal = min(1.0 + margin.volatility_response * max(0.0, excess), margin.largest_factor)
        factor += (goal - factor) / margin.factor_days
        assert market.margin_factor == pytest.approx(factor, **EXACT)
    assert 1.0 < factor < margin.largest_factor
    assert economy.markets["margin_factor"][[BROAD_EQUITY, NOTES]] == pytest.approx(1.0, **EXACT)


def test_the_strain_of_a_dealer_counts_by_the_business_with_it() -> None:
    economy = still()
    funds, margin = economy.funds, economy.scenario.margin
    strains = np.array([0.1, 0.0, 0.3, 0.05])
    economy.dealers["strain"] = strains
    set_all(economy)
    met = (funds["line_share"] * strains[funds["dealer"]]).sum(axis=1)
    assert len(np.unique(met.round(9))) > 4, "funds differ"
    assert funds["margin_factor"] == pytest.approx(1.0 + margin.strain_response * met, **EXACT)
    assert economy.markets["margin_factor"] == pytest.approx(1.0, **EXACT)
    economy.dealers["strain"] = 0.0
    set_all(economy)
    assert funds["margin_factor"] == pytest.approx(1.0, **EXACT), "a run that is over is over"


def test_requirements_rise_by_both_factors_and_the_days_rise_is_counted() -> None:
    economy = still()
    funds, margin = economy.funds, economy.scenario.margin
    calm = funds["requirement"].copy()
    volatile(economy, 2.0)
    economy.dealers["strain"] = 0.2
    set_all(economy)
    times = 1.0 + margin.volatility_response / margin.factor_days
    by_strain = 1.0 + margin.strain_response * 0.2
    inert = margin.maintenance_other * (funds["other_securities"] + funds["other_owed"])
    expected = by_strain * (times * (calm - inert) + inert)
    e = economy
    rise = e.day["moved"][0, MARGIN_PROCYCLICALITY]
    phases.mark_funds(e.funds, e.dealers, e.investors, e.markets, e.settings, e.switches, e.journal)
    assert funds["requirement"] == pytest.approx(expected, rel=1e-9)
    assert rise == pytest.approx((expected - calm).sum(), rel=1e-9)
    set_all(economy)
    again = economy.day["moved"][0, MARGIN_PROCYCLICALITY] - rise
    step = margin.volatility_response / margin.factor_days * (1.0 - 1.0 / margin.factor_days)
    assert again == pytest.approx((by_strain * step * (calm - inert)).sum(), rel=1e-9), "only what is new is counted"


def test_likeness_does_not_pile_up_day_after_day() -> None:
    economy = still()
    economy.funds["margin_factor"], economy.funds["likeness"] = 1.3, 0.3
    set_all(economy)
    assert economy.funds["margin_factor"] == pytest.approx(1.0, **EXACT)
    moved = economy.day["moved"][0]
    assert moved[MARGIN_PROCYCLICALITY] == pytest.approx(0.0, abs=1e-9)
    economy.funds["margin_factor"], economy.dealers["strain"] = 1.3, 0.2
    set_all(economy)
    rise = economy.scenario.margin.strain_response * 0.2 * economy.funds["requirement"].sum()
    assert moved[MARGIN_PROCYCLICALITY] == pytest.approx(rise, rel=1e-9), "what likeness raised is another channel's"


@pytest.mark.slow
def test_margins_that_rise_in_a_fall_are_harder_to_meet_and_the_books_close() -> None:
    missing, seized = [], []
    for on in (True, False):
        runs = [
            finished(world(channels__margin_procyclicality=on, **FALL), seed, check=seed == 1) for seed in (1, 2, 3)
        ]
        missing.append(sum(run.rows["calls"].sum() for run in runs))
        seized.append(sum(len(of_kind(run, "seizure")) for run in runs))
        assert bool(runs[0].rows["moved"][:, MARGIN_PROCYCLICALITY].sum() > 10.0) == on
    assert missing[0] > missing[1] + 1.0
    assert seized[0] > seized[1]


def test_off_all_factors_are_one() -> None:
    economy = finished(world(channels__margin_procyclicality=False, channels__crowding_revealed=False, **FALL))
    assert economy.markets["variance"][AI_EQUITY] > 0.0
    np.testing.assert_array_equal(economy.markets["margin_factor"], 1.0)
    np.testing.assert_array_equal(economy.funds["margin_factor"], 1.0)
    assert not economy.rows["moved"][:, MARGIN_PROCYCLICALITY].any()


def test_a_switch_turned_off_brings_margins_back_at_once() -> None:
    economy = still()
    volatile(economy, 4.0)
    economy.dealers["strain"] = 0.5
    set_all(economy)
    assert (economy.funds["margin_factor"] > 1.0).all()
    economy.switches["margin_procyclicality"] = 0
    set_all(economy)
    np.testing.assert_array_equal(economy.markets["margin_factor"], 1.0)
    np.testing.assert_array_equal(economy.funds["margin_factor"], 1.0)
