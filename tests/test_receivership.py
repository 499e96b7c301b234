"""How a failed bank's creditors are paid: the insured at once, others in part and later, the public bears the rest."""

import numpy as np
import pytest
from test_interbank import failed, hollow
from test_performance_chasing import world
from worlds import of_kind

from abm.agents.bank import bank_capital
from abm.agents.rest_of_system import PUBLIC
from abm.contagion.fund_default_losses import RESOLVED
from abm.economy import Economy
from abm.ledger.receivership import run_receiverships

EXACT = {"rel": 1e-9, "abs": 1e-9}
ROW = 2


def fallen(missing: float = 0.0, **overrides: object) -> Economy:
    """A world in which one bank has failed with nothing left for bondholders, and so much missing for others."""
    economy = Economy(world(**overrides), 1)
    hollow(economy, ROW, missing)
    economy.opening = economy.balances()
    failed(economy, ROW)
    return economy


def next_day(economy: Economy) -> None:
    bank = economy.banks[ROW]
    bank.days_failed += 1
    bank.capital = bank_capital(bank, economy.markets)
    run_receiverships(
        economy.banks, economy.depositors, economy.issuers, economy.settings, economy.day, economy.journal
    )


def test_insured_money_is_at_strong_banks_at_once_and_the_public_stands_in() -> None:
    untouched = Economy(world(), 1)
    insured, uninsured = untouched.depositors["insured"].copy(), untouched.depositors["deposit"].copy()
    economy = fallen(banks__recovery=1)
    assert economy.depositors["insured"][ROW] == pytest.approx(0.0, abs=1e-9)
    assert economy.depositors["insured"].sum() == pytest.approx(insured.sum(), **EXACT)
    assert economy.issuers["support"][PUBLIC] == pytest.approx(insured[ROW], rel=1e-6)
    assert economy.depositors["deposit"] == pytest.approx(uninsured, rel=1e-6)
    assert economy.depositors["frozen"][ROW] == pytest.approx(uninsured[ROW], rel=1e-6)
    assert economy.day["public_cost"][0] == pytest.approx(0.0, abs=1e-6), "nothing is missing"
    economy._prove(economy.opening, "resolve")


def test_a_hole_is_shared_alike_by_the_insured_for_whom_the_public_pays_and_by_all_others() -> None:
    untouched = Economy(world(), 1)
    economy = fallen(60.0, banks__recovery=1)
    lost = 1.0 - economy.banks["payout"][ROW]
    assert lost > 0.0
    for table in ("investors", "dealers", "pools", "chasers", "depositors"):
        before, now = getattr(untouched, table), getattr(economy, table)
        there = now["bank"] == ROW
        assert now["deposit"][there] == pytest.approx((1.0 - lost) * before["deposit"][there], rel=1e-6), table
        np.testing.assert_array_equal(now["deposit"][~there], before["deposit"][~there])
    insured = untouched.depositors["insured"][ROW]
    assert economy.day["public_cost"][0] == pytest.approx(lost * insured, rel=1e-6)
    economy._prove(economy.opening, "resolve")


def test_uninsured_money_is_paid_out_in_part_the_next_day_and_the_rest_in_equal_parts() -> None:
    economy = fallen(banks__receivership_days=10)
    terms, depositor = economy.scenario.banks, economy.depositors[ROW]
    frozen = depositor.frozen
    next_day(economy)
    assert depositor.deposit == pytest.approx((1.0 - terms.first_payment) * frozen, rel=1e-6)
    rest = depositor.frozen
    for day in range(1, 11):
        next_day(economy)
        assert depositor.frozen == pytest.approx(rest * (1.0 - day / 10.0), rel=1e-6, abs=1e-6)
    assert depositor.deposit == pytest.approx(0.0, abs=1e-6)
    assert economy.banks["reserves"][ROW] >= -1e-9, "the public lends what the bank has not got"
    economy._prove(economy.opening, "resolve")


def test_the_public_is_repaid_from_reserves_and_bears_later_holes() -> None:
    economy = fallen()
    bank = economy.banks[ROW]
    support, cost = float(bank.support), float(economy.day["public_cost"][0])
    bank.reserves += 5.0
    economy.banks["reserves"][0] -= 5.0
    frozen = economy.depositors["frozen"].copy()
    economy.depositors["frozen"][ROW] = 0.0
    next_day(economy)
    assert support - bank.support >= 5.0 - 1e-9
    economy.depositors["frozen"] = frozen * 0.0
    hole = float(bank_capital(bank, economy.markets)) + 3.0
    bank.other_securities -= hole
    economy.issuers["other_securities"][0] -= hole
    next_day(economy)
    assert economy.day["public_cost"][0] - cost == pytest.approx(3.0, rel=1e-6)


def test_a_bank_fails_below_the_minimum_or_when_overdrawn_beyond_its_treasuries() -> None:
    for ratio, overdrawn, fails in ((0.02, False, True), (0.2, True, True), (0.2, False, False)):
        economy = Economy(world(spark__total=0, channels__deposit_runs=False), 1, check=True)
        bank, issuer = economy.banks[ROW], economy.issuers[0]
        if ratio < 0.045:
            lost = 0.9 * bank.capital
            bank.other_securities -= lost
            issuer.other_securities -= lost
        if overdrawn:
            moved = bank.reserves + bank.units.sum() + 1.0
            bank.reserves -= moved
            economy.banks["reserves"][0] += moved
        economy.opening = economy.balances()
        economy.advance(3)
        assert (bank.failed == RESOLVED) == fails
        assert len(of_kind(economy, "bank_failed")) == fails


@pytest.mark.slow
def test_books_close_in_a_crisis_of_all_banks_and_deposits_are_where_they_belong() -> None:
    crisis = world(banks__capital=0.5, funds__leverage=2.5, spark__total=1.2, run__ticks=150)
    economy = Economy(crisis, 3, check=True)
    economy.advance()
    assert economy.rows["banks_failed"][-1] >= 2
    assert economy.rows["public_support"].max() > 0.0
    assert (economy.banks["reserves"][economy.banks["failed"] == RESOLVED] >= -1e-6).all()
    assert (economy.depositors["insured"] >= -1e-6).all()
    assert (economy.depositors["frozen"] <= np.maximum(economy.depositors["deposit"], 0.0) + 1e-6).all()
