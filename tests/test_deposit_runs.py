"""Who leaves a weak bank, how fast, where the money goes, and nothing without the channel."""

import numpy as np
import pytest
from test_performance_chasing import world
from worlds import default, of_kind

from abm.agents.bank import spare_capital
from abm.channels import DEPOSIT_RUNS
from abm.contagion.deposit_runs import leave_weak_banks, put_flight_money_into_bills
from abm.economy import Economy
from abm.ledger.chart import BILLS
from abm.ledger.receivership import to_strong_banks

TARGET = default().banks.target_ratio
EXACT = {"rel": 1e-9, "abs": 1e-9}


def opened(**overrides: object) -> Economy:
    economy = Economy(world(**overrides), 1)
    economy._make_room_for_events()
    return economy


def leave(economy: Economy) -> None:
    e = economy
    leave_weak_banks(
        e.banks, e.depositors, e.markets, e.story, e.settings, e.switches, e.tick, e.day, e.journal, e.events, e.counter
    )  # fmt: skip


def test_the_uninsured_leave_in_closed_form_and_their_leaving_is_seen() -> None:
    economy = opened()
    terms, depositors, opening = economy.scenario.banks, economy.depositors, economy.balances()
    half = (terms.run_ratio + terms.minimum_ratio) / 2.0
    economy.banks["ratio"][2] = half
    insured, uninsured = depositors["insured"].copy(), depositors["deposit"].copy()
    left, outflow = uninsured[2], 0.0
    for _ in range(6):
        leave(economy)
        outflow = 0.5 * terms.run_speed + terms.run_contagion * outflow
        assert economy.banks["withdrawn"][2] == pytest.approx(outflow * left, **EXACT)
        left -= (1.0 - terms.to_bills) * outflow * left
        assert depositors["deposit"][2] == pytest.approx(left, **EXACT)
    np.testing.assert_array_equal(depositors["insured"], insured)
    assert depositors["deposit"].sum() == pytest.approx(uninsured.sum(), **EXACT), "it goes to other banks"
    assert len(of_kind(economy, "deposit_run")) == 1
    economy._prove(opening, "run")


def test_it_goes_to_the_strongest_in_proportion_to_their_spare_capital() -> None:
    economy = opened()
    spare = np.array([spare_capital(bank, TARGET) for bank in economy.banks])
    spare[2] = 0.0
    assert (spare > 0.0).sum() >= 3
    before, reserves = economy.depositors["deposit"].copy(), economy.banks["reserves"].copy()
    to_strong_banks(economy.banks, economy.depositors, 2, TARGET, 7.0, False, economy.journal)
    expected = 7.0 * spare / spare.sum()
    expected[2] = -7.0
    assert economy.depositors["deposit"] - before == pytest.approx(expected, **EXACT)
    assert economy.banks["reserves"] - reserves == pytest.approx(expected, **EXACT), "reserves follow"


def test_a_run_is_no_faster_than_the_largest_and_ends_when_the_bank_is_sound_again() -> None:
    economy = opened(banks__run_contagion=5.0)
    economy.banks["ratio"][2] = 0.0
    for _ in range(4):
        leave(economy)
    assert economy.banks["outflow"][2] == economy.scenario.banks.largest_run
    economy = opened()
    economy.banks["ratio"][2] = 0.0
    leave(economy)
    economy.banks["ratio"][2] = 0.2
    for day in range(30):
        assert economy.banks["outflow"][2] > 0.0 or day > 5
        leave(economy)
    assert economy.banks["outflow"][2] == 0.0


def test_a_sound_bank_loses_nobody_whatever_happens_elsewhere() -> None:
    economy = opened()
    economy.banks["ratio"][2] = 0.0
    leave(economy)
    assert (np.flatnonzero(economy.banks["outflow"]) == [2]).all()


def test_a_part_of_what_leaves_buys_bills_the_next_day() -> None:
    economy = opened()
    economy.banks["withdrawn"][2] = 10.0
    put_flight_money_into_bills(economy.depositors, economy.banks, economy.markets, economy.settings)
    expected = np.zeros(len(economy.banks))
    expected[2] = economy.scenario.banks.to_bills * 10.0
    assert economy.depositors["orders"][:, BILLS] == pytest.approx(expected, **EXACT)
    economy.depositors["deposit"][2] = 1.0
    put_flight_money_into_bills(economy.depositors, economy.banks, economy.markets, economy.settings)
    assert economy.depositors["orders"][2, BILLS] == pytest.approx(1.0), "no more than there is"


@pytest.mark.slow
def test_off_nobody_leaves_and_on_books_close_through_runs() -> None:
    for on in (True, False):
        thin = world(banks__capital=0.45, channels__deposit_runs=on, spark__total=0, banks__minimum_ratio=0.01)
        economy = Economy(thin, 1, check=True)
        economy.advance(60)
        assert bool(economy.rows["moved"][:, DEPOSIT_RUNS].any()) == on
        assert bool(economy.depositors["units"][:, BILLS].any()) == on
        assert (len(of_kind(economy, "deposit_run")) > 0) == on
        assert (economy.depositors["deposit"] > -1e-6).all()
