"""What is left after a failure goes to those who lost by it, and nobody pays with money that he does not have."""

import numpy as np
import pytest
from still import a_day, still
from test_interbank import failed
from test_performance_chasing import world
from test_receivership import ROW, next_day

from abm import phases
from abm.agents.bank import bank_capital
from abm.agents.dealer import total_bank_loans
from abm.agents.leveraged_fund import CLOSED, SEIZED
from abm.contagion.fund_default_losses import FAILED, RESOLVED, total_written_off
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BILLS, NOTES

EXACT = {"rel": 1e-9, "abs": 1e-9}


def fail_of_cash(economy: Economy, row: int, left: float) -> None:
    """Let a dealer fail with so much left of its opening capital, and be resolved."""
    economy._make_room_for_events()
    dealer = economy.dealers[row]
    dealer.opening_capital = dealer.capital / left
    dealer.failed = FAILED
    phases.resolve(economy)
    assert dealer.failed == RESOLVED


@pytest.mark.parametrize("left", [0.25, 0.5, 1.0])
def test_a_dealer_that_fails_of_cash_costs_its_banks_the_less_the_more_capital_is_left(left: float) -> None:
    economy = Economy(world(), 1, check=True)
    owed = total_bank_loans(economy.dealers[0])
    fail_of_cash(economy, 0, left)
    expected = economy.scenario.dealers.loss_given_default * (1.0 - left) * owed
    assert economy.day["bank_losses"][0] == pytest.approx(expected, **EXACT)
    assert total_written_off(economy.dealers[0]) == pytest.approx(expected, **EXACT)


def test_what_a_failed_dealer_regains_goes_to_the_banks_that_wrote_it_off() -> None:
    economy = Economy(world(dealers__in_groups=0), 1)
    fail_of_cash(economy, 0, 0.5)
    dealer, lost = economy.dealers[0], economy.dealers[0].written_off.copy()
    lent = economy.banks["dealer_loans"].copy()
    assert dealer.capital > lost.sum() > 0.0
    phases.resolve(economy)
    assert economy.day["bank_recoveries"][0] == pytest.approx(lost.sum(), **EXACT)
    assert total_written_off(dealer) == pytest.approx(0.0, abs=1e-9)
    regained = np.zeros(len(lent))
    np.add.at(regained, dealer.lender, lost)
    assert economy.banks["dealer_loans"] - lent == pytest.approx(regained, **EXACT)


def test_the_bank_of_its_group_owns_a_failed_dealer_only_beyond_what_banks_wrote_off() -> None:
    economy = Economy(world(dealers__in_groups=4), 1)
    fail_of_cash(economy, 0, 0.5)
    dealer = economy.dealers[0]
    dealer.written_off[0] += 1e6
    phases.resolve(economy)
    assert dealer.group_shares == 0.0


def test_no_bank_lends_anew_to_a_failed_dealer() -> None:
    for status in (RESOLVED, 0):
        economy = Economy(world(), 1)
        dealer = economy.dealers[0]
        dealer.failed, dealer.due, dealer.strain = status, 20.0, 0.1
        owed = total_bank_loans(dealer)
        phases.settle(economy)
        assert (total_bank_loans(dealer) > owed + 1.0) == (status == 0)


def test_bondholders_bear_what_a_bank_in_receivership_loses_later_before_the_public_does() -> None:
    economy = Economy(world(banks__recovery=1), 1)
    failed(economy, ROW)
    bank = economy.banks[ROW]
    bonds, cost = float(bank.debt), float(economy.day["public_cost"][0])
    assert bonds > 10.0
    hole = float(bank_capital(bank, economy.markets)) + 5.0
    bank.other_securities -= hole
    economy.issuers["other_securities"][0] -= hole
    next_day(economy)
    assert bonds - bank.debt == pytest.approx(5.0, rel=1e-6)
    assert economy.day["public_cost"][0] == cost


def test_a_seized_fund_whose_cash_covers_its_debts_is_closed_at_once() -> None:
    economy = still()
    fund = economy.funds[0]
    owner = economy.investors[fund.owner]
    fund.net_asset_value = -1.0
    phases.call(economy)
    assert fund.status == SEIZED
    owed = fund.margin_loan + fund.repo + fund.unsecured + fund.short
    extra = np.maximum(owed - fund.cash + 1.0, 0.0) * (fund.line_share > 0.0)
    fund.cash += extra
    np.add.at(economy.dealers["customer_cash"], fund.dealer, extra)
    held = owner.units[AI_EQUITY] + fund.units[AI_EQUITY]
    economy.opening = economy.balances()
    a_day(economy, 2)
    assert fund.status == CLOSED
    assert fund.shortfall == 0.0
    assert owner.units[AI_EQUITY] > 0.9 * held


def test_owners_take_inert_securities_over_only_as_far_as_they_have_cash() -> None:
    for cash, part in ((1e6, 1.0), (5.0, None)):
        economy = still(channels__finite_buyers=True)
        fund = economy.funds[0]
        owner = economy.investors[fund.owner]
        economy.investors["deposit"][fund.owner] = cash
        held, net = fund.other_securities, fund.other_securities - fund.other_owed
        assert net > 10.0
        fund.other_order = -0.5 * max(fund.other_securities, fund.other_owed)
        before = owner.other_securities
        phases.clear(economy)
        phases.settle(economy)
        taken = owner.other_securities - before
        assert taken == pytest.approx(0.5 * net if part else cash, rel=1e-6)
        assert fund.other_securities < held


def test_notes_that_nobody_wants_leave_buyers_of_shares_their_money() -> None:
    economy = still(channels__finite_buyers=True)
    economy.investors["budget"][:, 1] = 0.0
    economy.funds["orders"][:, NOTES] = -0.5 * economy.funds["units"][:, NOTES]
    economy.funds["orders"][:, AI_EQUITY] = -0.1 * economy.funds["units"][:, AI_EQUITY]
    phases.clear(economy)
    assert economy.markets["fill_of_sales"][NOTES] == 0.0
    assert economy.markets["fill_of_sales"][AI_EQUITY] == 1.0


def test_owners_deliver_no_inert_securities_that_they_do_not_hold() -> None:
    economy = still()
    fund = economy.funds[0]
    owner = economy.investors[fund.owner]
    economy.investors["other_securities"][fund.owner] = 5.0
    held, owed = fund.other_securities, fund.other_owed
    fund.other_order = 0.5 * max(held, owed)
    assert 0.5 * (held - owed) > 5.0
    phases.clear(economy)
    phases.settle(economy)
    assert owner.other_securities == pytest.approx(0.0, abs=1e-9)
    assert fund.other_securities - fund.other_owed == pytest.approx(held - owed + 5.0)
    assert fund.other_owed / owed == pytest.approx(fund.other_securities / held)


def test_owners_pay_for_inert_securities_with_what_the_days_purchases_leave() -> None:
    economy = still(channels__finite_buyers=True)
    fund = economy.funds[0]
    owner = economy.investors[fund.owner]
    economy.investors["deposit"][:] = 5.0
    sold = 20.0 / economy.markets["price"][AI_EQUITY]
    assert owner.share[AI_EQUITY] > 0.0
    assert economy.funds["units"][1, AI_EQUITY] > sold
    economy.funds["orders"][1, AI_EQUITY] = -sold
    fund.other_order = -0.5 * max(fund.other_securities, fund.other_owed)
    before = owner.other_securities
    phases.clear(economy)
    phases.settle(economy)
    spent = owner.share[AI_EQUITY] * sold * economy.markets["price"][AI_EQUITY]
    assert spent > 1.0
    assert owner.other_securities - before == pytest.approx(5.0 - spent)
    assert owner.deposit == pytest.approx(0.0, abs=1e-9)


def test_bills_heal_although_buyers_of_shares_have_run_out() -> None:
    for capacity in (0.0, 1.0):
        economy = still(channels__finite_buyers=True)
        economy.investors["budget"][:] = capacity * economy.investors["normal_budget"]
        economy.markets["discount"][[AI_EQUITY, BILLS]] = -0.001
        phases.clear(economy)
        bills, shares = economy.markets["discount"][[BILLS, AI_EQUITY]]
        assert bills == pytest.approx(-0.001 * (1.0 - (1.0 + 0.001 / economy.scenario.markets.bargain_discount) / 2.0))
        assert (shares == pytest.approx(-0.001)) == (capacity == 0.0)
