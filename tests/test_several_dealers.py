"""Funds with one to four dealers: who has how many, how business and losses are split, and what is repaid first."""

import numpy as np
import pytest
from still import a_day, scratch, still, worth
from test_performance_chasing import world
from worlds import finished, of_kind

from abm.agents.leveraged_fund import CLOSED, MARGIN_ACCOUNT, N_DEALERS, SEIZED, fund_debt
from abm.economy import Economy
from abm.ledger.postings import (
    charge_dealers,
    credit_account,
    debit_cash,
    lend_on_margin,
    pay,
    repay_from_cash,
)

EXACT = {"rel": 1e-9, "abs": 1e-9}
CLAIMS = {
    "margin_loan": "margin_loans",
    "repo": "fund_repo",
    "unsecured": "unsecured_loans",
    "cash": "customer_cash",
    "short": "lent_on",
}
THREE, TWO, ONE = 0, 7, 9  # funds with so many dealers; the first with repo and prime brokerage at each


def used(economy: Economy) -> np.ndarray:
    return (economy.funds["line_share"] > 0.0).sum(axis=1)


def of_dealers(economy: Economy, field: str) -> np.ndarray:
    """What funds have with each dealer, added up from the funds' books."""
    funds, count = economy.funds, len(economy.dealers)
    return np.bincount(funds["dealer"].ravel(), weights=funds[field].ravel(), minlength=count)


def poor(economy: Economy, row: int, owed: float) -> np.record:
    """Let a fund borrow and pay out to its owner, so that it owes so much more than it has."""
    fund, journal = economy.funds[row], scratch(economy)
    for line in np.flatnonzero(fund.line_share):
        dealer, part = economy.dealers[fund.dealer[line]], fund.line_share[line] * (fund.net_asset_value + owed)
        lend_on_margin(journal, dealer, fund, line, part)
        pay(journal, economy.banks, dealer, economy.investors[fund.owner], part)
    return fund


def test_the_largest_funds_have_four_dealers_most_have_one_and_accounts_one() -> None:
    economy = Economy(world(funds__count=100), 1)
    lines, accounts = used(economy), economy.funds["style"] == MARGIN_ACCOUNT
    assert np.bincount(lines[~accounts], minlength=5)[1:].tolist() == [50, 25, 15, 10]
    largest_first = np.argsort(-economy.funds["net_asset_value"][~accounts], kind="stable")
    assert (np.diff(lines[~accounts][largest_first]) <= 0).all()
    assert (lines[accounts] == 1).all()


@pytest.mark.parametrize("dealers", [1, 2, 3, 4, 7])
def test_dealers_are_different_ones_and_shares_of_business_are_equal_and_sum_to_one(dealers: int) -> None:
    economy = Economy(world(dealers__count=dealers), 1)
    funds, lines = economy.funds, used(economy)
    assert lines.max() == min(dealers, N_DEALERS)
    assert funds["line_share"].sum(axis=1) == pytest.approx(1.0, **EXACT)
    for fund, count in zip(funds, lines, strict=True):
        assert fund.line_share == pytest.approx([1.0 / count] * count + [0.0] * (N_DEALERS - count))
        assert len(set(fund.dealer[:count])) == count
        assert set(fund.dealer[count:]) <= {fund.dealer[0]}, "places that are not used repeat the first"


def test_no_dealers_but_one_can_be_had_for_all() -> None:
    economy = Economy(world(funds__four_dealers=0, funds__three_dealers=0, funds__two_dealers=0), 1)
    assert (used(economy) == 1).all()


def test_all_business_is_split_by_the_shares_and_stands_in_the_dealers_books() -> None:
    economy = still()
    for field, book in CLAIMS.items():
        amounts = economy.funds[field]
        split = amounts.sum(axis=1)[:, None] * economy.funds["line_share"]
        assert amounts == pytest.approx(split, **EXACT), field
        assert economy.dealers[book] == pytest.approx(of_dealers(economy, field), **EXACT), field


@pytest.mark.parametrize("row", [THREE, TWO, ONE])
def test_a_credit_repays_prime_brokerage_and_repo_in_proportion_at_each_dealer(row: int) -> None:
    economy = still()
    fund, before = economy.funds[row], economy.balances()
    loan, repo, cash, unsecured = (fund[name].copy() for name in ("margin_loan", "repo", "cash", "unsecured"))
    amount = 0.4 * (loan + repo).sum()
    credit_account(economy.journal, economy.dealers, fund, amount)
    assert repo[0] > 1.0 < loan[0]
    assert loan - fund.margin_loan == pytest.approx(0.4 * loan, **EXACT)
    assert repo - fund.repo == pytest.approx(0.4 * repo, **EXACT)
    np.testing.assert_array_equal(fund.cash, cash)
    np.testing.assert_array_equal(fund.unsecured, unsecured)
    for field, book in CLAIMS.items():
        assert economy.dealers[book] == pytest.approx(of_dealers(economy, field), **EXACT), field
    economy._prove(before, "settle")


def test_what_a_credit_leaves_over_is_cash_and_unsecured_loans_stay() -> None:
    economy = still()
    fund = economy.funds[TWO]
    owed, cash, unsecured = (fund.margin_loan + fund.repo).sum(), fund.cash.copy(), fund.unsecured.copy()
    credit_account(economy.journal, economy.dealers, fund, owed + 50.0)
    assert fund.margin_loan == pytest.approx(0.0, abs=1e-9)
    assert fund.repo == pytest.approx(0.0, abs=1e-9)
    assert fund.cash - cash == pytest.approx([25.0, 25.0, 0.0, 0.0], **EXACT)
    np.testing.assert_array_equal(fund.unsecured, unsecured)


def test_a_debit_is_lent_in_the_same_parts_and_cash_stays() -> None:
    economy = still()
    fund = economy.funds[THREE]
    loan, repo, cash = fund.margin_loan.copy(), fund.repo.copy(), fund.cash.copy()
    secured = (loan + repo).sum()
    credit_account(economy.journal, economy.dealers, fund, -30.0)
    assert fund.margin_loan == pytest.approx(loan * (1.0 + 30.0 / secured), **EXACT)
    assert fund.repo == pytest.approx(repo * (1.0 + 30.0 / secured), **EXACT)
    np.testing.assert_array_equal(fund.cash, cash)


def test_who_owes_nothing_borrows_prime_brokerage() -> None:
    economy = still()
    fund = economy.funds[THREE]
    fund.margin_loan[:], fund.repo[:] = 0.0, 0.0
    credit_account(economy.journal, economy.dealers, fund, -30.0)
    assert fund.margin_loan == pytest.approx(30.0 * fund.line_share, **EXACT)
    assert not fund.repo.any()


def test_cash_is_debited_at_each_dealer_and_dealers_owe_the_clearing_house_their_parts() -> None:
    economy = still()
    fund, dealers = economy.funds[THREE], economy.dealers
    cash = fund.cash.copy()
    assert debit_cash(economy.journal, dealers, fund, 60.0) == 0.0
    charge_dealers(dealers, fund, 60.0)
    assert cash - fund.cash == pytest.approx(60.0 * fund.line_share, **EXACT)
    due = np.bincount(fund.dealer, weights=60.0 * fund.line_share, minlength=len(dealers))
    assert dealers["due"] == pytest.approx(due, **EXACT)
    loan = fund.margin_loan.sum()
    lent = debit_cash(economy.journal, dealers, fund, fund.cash.sum() + 9.0)
    assert lent == pytest.approx(9.0, **EXACT)
    assert fund.margin_loan.sum() - loan == pytest.approx(9.0, **EXACT)
    assert fund.cash == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("cash", "left"),
    [(3.0, [2.0, 7.0, 11.0]), (9.0, [0.0, 3.0, 11.0]), (20.0, [0.0, 0.0, 3.0]), (30.0, [0.0, 0.0, 0.0])],
)
def test_the_cash_of_a_closed_fund_repays_repo_first_then_prime_brokerage_then_unsecured(
    cash: float, left: list[float]
) -> None:
    economy = still()
    fund = economy.funds[ONE]
    fund.repo[0], fund.margin_loan[0], fund.unsecured[0], fund.cash[0] = 5.0, 7.0, 11.0, cash
    repay_from_cash(economy.journal, economy.dealers, fund, 0)
    assert [fund.repo[0], fund.margin_loan[0], fund.unsecured[0]] == pytest.approx(left, **EXACT)
    assert fund.cash[0] == pytest.approx(max(0.0, cash - 23.0), **EXACT)


@pytest.mark.parametrize("row", [THREE, TWO, ONE])
def test_a_shortfall_is_shared_by_a_funds_dealers_and_known_before_it_is_booked(row: int) -> None:
    economy = still(channels__crowding_revealed=False)
    fund, dealers = poor(economy, row, 6.0), economy.dealers
    lines = np.flatnonzero(fund.line_share)
    shared = np.bincount(fund.dealer, weights=6.0 * fund.line_share, minlength=len(dealers))
    capital = dealers["capital"].copy()
    a_day(economy)
    assert fund.status == SEIZED
    assert not dealers["provision"].any()
    a_day(economy)
    assert dealers["provision"] == pytest.approx(shared, rel=1e-6)
    assert capital - dealers["capital"] == pytest.approx(shared, rel=1e-6, abs=1e-6), "known"
    while fund.status == SEIZED:
        a_day(economy)
    assert fund.status == CLOSED
    assert fund.shortfall == pytest.approx(6.0, rel=1e-6)
    events = of_kind(economy, "shortfall")
    assert events["counterparty"].tolist() == dealers["id"][fund.dealer[lines]].tolist()
    assert events["amount"] == pytest.approx(6.0 / len(lines), rel=1e-6)
    assert economy.rows["dealer_losses"].sum() == pytest.approx(6.0, rel=1e-6)
    a_day(economy)
    assert not dealers["provision"].any()
    assert capital - dealers["capital"] == pytest.approx(shared, rel=1e-6, abs=1e-6), "booked, once"
    assert fund_debt(fund) == pytest.approx(0.0, abs=1e-9)


def test_cash_left_at_one_dealer_repays_another_before_any_loss_is_booked() -> None:
    economy = still(channels__crowding_revealed=False)
    fund = poor(economy, TWO, 1.0)
    journal, first, second = scratch(economy), *(economy.dealers[row] for row in fund.dealer[:2])
    moved = fund.margin_loan[0] + fund.repo[0] - 50.0
    lend_on_margin(journal, first, fund, 0, -moved)
    lend_on_margin(journal, second, fund, 1, moved)
    pay(journal, economy.banks, second, first, moved)
    assert worth(economy)[TWO] == pytest.approx(-1.0, **EXACT)
    a_day(economy, 1 + economy.scenario.margin.liquidation_days)
    assert fund.status == CLOSED
    assert fund.shortfall == pytest.approx(1.0, rel=1e-6)
    (loss,) = of_kind(economy, "shortfall")
    assert loss["counterparty"] == second.id
    assert fund.cash == pytest.approx(0.0, abs=1e-9)


def test_sales_repay_secured_loans_and_unsecured_ones_wait_for_the_end() -> None:
    economy = still(channels__crowding_revealed=False)
    fund = poor(economy, ONE, 5.0)
    unsecured, secured = fund.unsecured.sum(), (fund.margin_loan + fund.repo).sum()
    a_day(economy, economy.scenario.margin.liquidation_days)
    assert (fund.margin_loan + fund.repo).sum() < 0.5 * secured
    assert fund.unsecured.sum() == pytest.approx(unsecured, **EXACT)
    a_day(economy)
    assert fund.status == CLOSED
    assert fund.shortfall == pytest.approx(5.0, rel=1e-6)
    assert fund.unsecured.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_books_of_funds_and_dealers_agree_claim_by_claim_through_a_crash() -> None:
    economy = finished(
        world(spark__total=0.9, spark__start=5, run__ticks=80, funds__leverage=2.5, buyers__budget=8000), check=True
    )
    assert len(of_kind(economy, "shortfall")) > 0
    for field, book in CLAIMS.items():
        assert economy.dealers[book] == pytest.approx(of_dealers(economy, field), rel=1e-9, abs=1e-6), field
    assert economy.funds["line_share"].sum(axis=1) == pytest.approx(1.0, **EXACT)
