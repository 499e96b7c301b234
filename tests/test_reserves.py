"""Banks lend each other reserves at nightfall: who lacks them borrows on its lines, who has them back repays."""

import numpy as np
import pytest
from test_performance_chasing import world

from abm.agents.bank import bank_capital
from abm.economy import Economy
from abm.ledger.reserves import lend_reserves

EXACT = {"rel": 1e-9, "abs": 1e-9}
ROW = 2


def drained(to: float, **overrides: object) -> Economy:
    """A bank whose payments have carried its reserves down to a part of the first, to the largest bank."""
    economy = Economy(world(**overrides), 1)
    bank = economy.banks[ROW]
    gone = (1.0 - to) * bank.reserves
    largest = int(np.argmax(economy.banks["reserves"]))
    assert largest != ROW
    bank.reserves -= gone
    economy.banks["reserves"][largest] += gone
    economy.opening = economy.balances()
    return economy


def lend(economy: Economy) -> None:
    lend_reserves(economy.banks, economy.settings, economy.journal)


def test_a_bank_below_its_floor_borrows_what_it_lacks_from_its_lenders_alike() -> None:
    economy = drained(0.2)
    bank, floor = economy.banks[ROW], economy.scenario.banks.liquidity_floor
    lacking = (floor - 0.2) * bank.opening_reserves
    capital = [bank_capital(one, economy.markets) for one in economy.banks]
    lend(economy)
    assert bank.reserves == pytest.approx(floor * bank.opening_reserves, **EXACT)
    assert bank.interbank - bank.opening_interbank == pytest.approx([lacking / 4] * 4, **EXACT)
    assert [bank_capital(one, economy.markets) for one in economy.banks] == pytest.approx(capital, **EXACT)
    economy._prove(economy.opening, "run")


def test_above_the_floor_nobody_borrows() -> None:
    economy = drained(0.51)
    before = economy.banks["interbank"].copy()
    lend(economy)
    np.testing.assert_array_equal(economy.banks["interbank"], before)


def test_lenders_keep_their_own_floor_and_give_all_the_same_part() -> None:
    economy = drained(0.2, banks__liquidity_floor=0.999)
    bank = economy.banks[ROW]
    lend(economy)
    terms = economy.scenario.banks
    assert bank.reserves < terms.liquidity_floor * bank.opening_reserves - 1.0, "lenders have not enough"
    others = np.arange(len(economy.banks)) != ROW
    floor = terms.liquidity_floor * economy.banks["opening_reserves"]
    assert (economy.banks["reserves"] >= floor - 1e-9)[others].all()
    economy._prove(economy.opening, "run")


@pytest.mark.parametrize(("field", "value"), [("failed", 1), ("ratio", 0.05)])
def test_nobody_lends_to_a_bank_that_has_failed_or_looks_weak(field: str, value: float) -> None:
    economy = drained(0.2)
    economy.banks[field][ROW] = value
    before = economy.banks["interbank"].copy()
    lend(economy)
    np.testing.assert_array_equal(economy.banks["interbank"], before)


def test_what_has_come_back_is_repaid_down_to_the_first_debt() -> None:
    economy = drained(0.2)
    bank = economy.banks[ROW]
    lend(economy)
    largest = int(np.argmax(economy.banks["reserves"]))
    back = bank.opening_reserves - bank.reserves + 1.0
    bank.reserves += back
    economy.banks["reserves"][largest] -= back
    borrowed = bank.interbank.sum()
    lend(economy)
    assert borrowed - bank.interbank.sum() == pytest.approx(1.0, **EXACT)
    bank.reserves += 1e4
    economy.banks["reserves"][largest] -= 1e4
    lend(economy)
    assert bank.interbank == pytest.approx(bank.opening_interbank, **EXACT), "and no further"
