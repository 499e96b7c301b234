"""Banks short of capital lend less, in closed form; once on target they make up for it; nothing without the channel."""

import numpy as np
import pytest
from test_performance_chasing import world

from abm.agents.bank import N_DEBTORS
from abm.channels import CREDIT_TIGHTENING
from abm.contagion.credit_tightening import tighten_credit
from abm.economy import Economy

EXACT = {"rel": 1e-9, "abs": 1e-9}


def opened(**overrides: object) -> Economy:
    economy = Economy(world(**overrides), 1)
    economy._make_room_for_events()
    return economy


def tighten(economy: Economy) -> None:
    e = economy
    tighten_credit(e.banks, e.dealers, e.debtors, e.depositors, e.settings, e.switches, e.day, e.journal)


def test_loans_are_not_renewed_at_the_stated_pace_and_deposits_go_with_them() -> None:
    economy = opened()
    opening, banks, terms = economy.balances(), economy.banks, economy.scenario.banks
    loans, deposits, owed = banks["loans"].copy(), banks["deposits"].copy(), economy.debtors["owed"].copy()
    cohorts = economy.depositors["insured"] + economy.depositors["deposit"]
    to_dealers = economy.dealers["bank_loan"].copy()
    banks["shortage"][0] = 0.5
    tighten(economy)
    pace = 0.5 * terms.tightening / economy.scenario.run.ticks_per_year
    assert banks["loans"][0] == pytest.approx((1.0 - pace) * loans[0], **EXACT)
    np.testing.assert_array_equal(banks["loans"][1:], loans[1:])
    assert owed - economy.debtors["owed"] == pytest.approx(pace * loans[0], **EXACT)
    cohorts -= economy.depositors["insured"] + economy.depositors["deposit"]
    assert cohorts[0] == pytest.approx(pace * loans[0].sum(), **EXACT)
    recalled = pace * to_dealers * (economy.dealers["lender"] == 0)
    assert economy.dealers["bank_loan"] == pytest.approx(to_dealers - recalled, **EXACT)
    assert recalled.sum() > 1e-3
    moved = economy.day["moved"][0, CREDIT_TIGHTENING]
    assert moved == pytest.approx(pace * loans[0].sum() + recalled.sum(), **EXACT)
    assert deposits.sum() - banks["deposits"].sum() == pytest.approx(moved, **EXACT)
    economy._prove(opening, "run")


def test_what_was_not_renewed_is_lent_again_once_capital_is_on_target() -> None:
    economy = opened()
    banks, loans = economy.banks, economy.banks["loans"][0].copy()
    pace = economy.scenario.banks.tightening / economy.scenario.run.ticks_per_year
    banks["shortage"][0] = 1.0
    for _ in range(20):
        tighten(economy)
    missing = loans - banks["loans"][0]
    assert missing == pytest.approx((1.0 - (1.0 - pace) ** 20) * loans, **EXACT)
    assert banks["not_renewed"][0] == pytest.approx(missing, **EXACT)
    banks["shortage"][0] = 0.0
    for _ in range(30):
        tighten(economy)
    assert loans - banks["loans"][0] == pytest.approx((1.0 - pace) ** 30 * missing, **EXACT)


def test_a_tight_bank_grants_dealers_nothing_new() -> None:
    for tight in (False, True):
        economy = opened(dealers__spare_lines=1.0)
        lender = economy.dealers["lender"][0, 0]
        economy.banks["tightness"] = 1.0 if tight else 0.0
        economy.dealers["due"][0] = 10.0  # a customer's purchase that it has to pay for
        economy.dealers["strain"][0] = 0.1  # cash pools have left
        before = economy.dealers["bank_loan"][0, 0]
        from abm.ledger.settlement import settle_dealers

        e = economy
        settle_dealers(e.dealers, e.banks, e.pools, e.issuers, e.house, e.settings, e.journal)
        assert (economy.dealers["bank_loan"][0, 0] > before + 0.1) == (not tight), lender
        assert (economy.dealers["missing_cash"][0] > 9.0) == tight


def test_a_failed_bank_leaves_its_loans_as_they_are() -> None:
    economy = opened()
    loans = economy.banks["loans"].copy()
    economy.banks["shortage"], economy.banks["failed"] = 1.0, 1
    tighten(economy)
    np.testing.assert_array_equal(economy.banks["loans"], loans)
    assert not economy.banks["tightness"].any()


@pytest.mark.slow
def test_off_nobody_tightens_and_less_capital_means_less_lending() -> None:
    lent = {}
    for on in (True, False):
        economy = Economy(world(banks__capital=0.65, channels__credit_tightening=on, spark__total=0), 1, check=True)
        economy.advance(120)
        lent[on] = economy.rows["bank_lending"][-1]
        assert bool(economy.rows["moved"][:, CREDIT_TIGHTENING].any()) == on
        assert bool(economy.banks["not_renewed"].any()) == on
        assert bool(economy.rows["output_from_credit"].any()) == on
    assert lent[True] < lent[False] - 50.0
    assert economy.banks["loans"].shape[1] == N_DEBTORS
