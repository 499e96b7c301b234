"""Notes financed by repo and hedged with futures: variation margin in cash, the basis, repo renewed, and the sale."""

import numpy as np
import pytest
from still import a_day, scratch, still, worth
from test_performance_chasing import world
from worlds import finished, of_kind

from abm import phases
from abm.contagion.ordinary_trading import renew_financing
from abm.economy import Economy
from abm.ledger.chart import FUTURES, NOTES
from abm.ledger.postings import add_to_customer_cash, lend_fund_repo, lend_on_margin
from abm.ledger.settlement import pay_variation_margin
from abm.markets.market import reprice

EXACT = {"rel": 1e-9, "abs": 1e-9}
HEDGED = 5  # a relative-value fund: notes, sold forward by as many futures, on repo from one dealer
SEVERAL = 7  # a macro fund: notes without a hedge, repo from two dealers
ALONE = {"channels__risk_limits": False, "channels__margin_procyclicality": False, "channels__redemptions": False}


def with_cash(economy: Economy, row: int, cash: float) -> np.record:
    """Let a fund have so much cash, in the parts of its business, and owe as much more or less on repo."""
    fund, journal = economy.funds[row], scratch(economy)
    more = cash - fund.cash.sum()
    for line in np.flatnonzero(fund.line_share):
        dealer, part = economy.dealers[fund.dealer[line]], fund.line_share[line] * more
        add_to_customer_cash(journal, dealer, fund, line, part)
        lend_fund_repo(journal, dealer, fund, line, part)
    return fund


def renew(economy: Economy, row: int) -> None:
    """Let one fund renew its repo for a day, and prove the books of it and its dealers."""
    before = economy.balances()
    economy.journal[:] = 0.0
    fund = economy.funds[row]
    renew_financing(fund, economy.dealers, economy.markets, economy.settings[0].margin, economy.journal)
    economy._prove(before, "income")


def test_futures_are_held_by_long_term_investors_and_sum_to_nothing() -> None:
    economy = still()
    assert economy.funds["futures"][HEDGED] == pytest.approx(-economy.funds["units"][HEDGED, NOTES])
    assert economy.funds["futures"].sum() + economy.investors["futures"].sum() == pytest.approx(0.0, abs=1e-9)
    assert economy.balances()[FUTURES].sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("rally", [-0.05, 0.01, 0.03])
def test_a_rally_costs_a_hedged_fund_cash_although_its_notes_gain_as_much(rally: float) -> None:
    economy = still(**ALONE)
    fund, investors = economy.funds[HEDGED], economy.investors
    cash, value, loan = fund.cash.sum(), fund.net_asset_value, fund.margin_loan.sum()
    deposits, contracts = investors["deposit"].sum(), economy.funds["futures"].sum()
    a_day(economy, notes=rally)
    gain = np.expm1(rally)
    assert economy.markets["futures_price"][NOTES] == pytest.approx(1.0 + gain, rel=1e-9)
    assert fund.cash.sum() == pytest.approx(cash + fund.futures * gain, rel=1e-6)
    assert np.sign(fund.cash.sum() - cash) == -np.sign(rally)
    assert fund.net_asset_value == pytest.approx(value, rel=1e-9)
    assert worth(economy)[HEDGED] == pytest.approx(value, rel=1e-9)
    assert fund.margin_loan.sum() == pytest.approx(loan)
    assert fund.advance == 0.0
    assert not len(of_kind(economy, "margin_call"))
    assert investors["deposit"].sum() - deposits == pytest.approx(-contracts * gain, rel=1e-6)
    assert economy.house["reserves"][0] == pytest.approx(0.0, abs=1e-6), "who lost has paid who gained"


def test_what_a_fund_cannot_pay_its_dealer_advances_and_calls_for() -> None:
    economy = still(**ALONE)
    fund, rally = economy.funds[HEDGED], 0.08
    cash, value, loan = fund.cash.sum(), fund.net_asset_value, fund.margin_loan.sum()
    a_day(economy, notes=rally)
    missing = -fund.futures * np.expm1(rally) - cash
    assert missing > 1.0
    assert fund.cash.sum() == pytest.approx(0.0, abs=1e-9)
    assert fund.advance == pytest.approx(missing, rel=1e-6)
    assert fund.margin_loan.sum() - loan == pytest.approx(missing, rel=1e-6)
    assert fund.net_asset_value == pytest.approx(value, rel=1e-9), "it is as rich as before"
    assert fund.requirement < 0.9 * fund.net_asset_value, "and has margin enough"
    calls = of_kind(economy, "margin_call")
    mine = calls[calls["actor"] == HEDGED]
    assert mine["amount"] == pytest.approx([missing], rel=1e-6)


def test_it_sells_notes_closes_futures_with_them_and_repays_the_advance() -> None:
    economy = still(**ALONE)
    fund, owner = economy.funds[HEDGED], economy.investors[economy.funds[HEDGED].owner]
    notes, futures, long = fund.units[NOTES], fund.futures, owner.futures
    a_day(economy, notes=0.08)
    advance, price, debt = fund.advance, economy.markets["price"][NOTES], fund.repo.sum() + fund.margin_loan.sum()
    a_day(economy)
    sold = (notes - fund.units[NOTES]) * price
    assert sold == pytest.approx(advance / economy.scenario.margin.buffer, rel=1e-6)
    assert fund.futures / futures == pytest.approx(fund.units[NOTES] / notes, rel=1e-9)
    assert long - owner.futures == pytest.approx(fund.futures - futures, rel=1e-9)
    assert fund.advance == 0.0
    assert fund.cash.sum() == pytest.approx(0.0, abs=1e-9)
    assert debt - fund.repo.sum() - fund.margin_loan.sum() == pytest.approx(sold, rel=1e-6), "all of it repays debt"
    assert fund.days_in_call == 0
    assert of_kind(economy, "call_met")["actor"].tolist().count(HEDGED) == 1


def test_what_a_sale_brings_repays_an_advance_or_a_recalled_loan_and_not_both() -> None:
    economy = still()
    fund = with_cash(economy, HEDGED, 0.0)
    fund.advance, fund.recalled = 20.0, 10.0
    for sold, left in ((12.0, [8.0, 10.0]), (11.0, [0.0, 7.0]), (50.0, [0.0, 0.0])):
        fund.orders[NOTES] = -sold
        phases.clear(economy)
        phases.settle(economy)
        assert [fund.advance, fund.recalled] == pytest.approx(left, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("basis", [0.0, 0.5, 1.0])
def test_notes_that_trade_at_a_discount_to_futures_cost_a_hedged_fund_its_own_money(basis: float) -> None:
    economy = still(**ALONE, markets__futures_basis=basis)
    fund, market = economy.funds[HEDGED], economy.markets[NOTES]
    notes, futures, value = fund.units[NOTES], fund.futures, fund.net_asset_value
    market.discount = -0.02
    a_day(economy)
    discount = float(market.discount)  # a part of it has healed
    assert -0.02 < discount < -0.01
    assert np.log(market.price) == pytest.approx(discount, rel=1e-9)
    assert np.log(market.futures_price) == pytest.approx(basis * discount, abs=1e-12)
    loss = -notes * np.expm1(discount) - futures * np.expm1(basis * discount)
    assert value - fund.net_asset_value == pytest.approx(loss, rel=1e-9, abs=1e-9)
    assert (loss > 1.0) == (basis < 1.0)
    market.discount = 0.0
    a_day(economy)
    assert fund.net_asset_value == pytest.approx(value, rel=1e-9), "when the discount is gone so is the loss"


@pytest.mark.parametrize("basis", [0.0, 0.25, 1.0])
def test_futures_follow_worth_in_full_and_what_selling_weighs_in_part(basis: float) -> None:
    market = still(markets__futures_basis=basis).markets[NOTES]
    market.news, market.lasting, market.belief, market.discount, market.overhang = 0.01, 0.02, 0.005, -0.04, -0.01
    reprice(market)
    assert np.log(market.price) == pytest.approx(0.035 - 0.05, **EXACT)
    assert np.log(market.futures_price) == pytest.approx(0.035 - 0.05 * basis, **EXACT)
    assert market.last_futures_price == 1.0


def test_no_move_of_futures_no_payment() -> None:
    economy = still()
    e, cash = economy, economy.funds["cash"].copy()
    pay_variation_margin(e.funds, e.dealers, e.investors, e.banks, e.house, e.markets, e.journal)
    np.testing.assert_array_equal(economy.funds["cash"], cash)
    assert not economy.journal.any()


def test_repo_on_what_notes_gained_brings_cash_back_a_part_a_day() -> None:
    economy = still()
    economy.markets["price"][NOTES] = 1.1
    fund = with_cash(economy, HEDGED, 10.0)
    usual = fund.usual_cash * fund.net_asset_value
    repo, missing = fund.repo.sum(), usual - 10.0
    assert missing > 10.0
    for day in range(1, 30):
        renew(economy, HEDGED)
        left = missing * (1.0 - 1.0 / economy.scenario.margin.financing_days) ** day
        assert fund.cash.sum() == pytest.approx(usual - left, **EXACT)
        assert fund.repo.sum() - repo == pytest.approx(missing - left, **EXACT)


@pytest.mark.parametrize(("of_notes", "of_fund"), [(1.0, 1.0), (2.0, 1.0), (1.5, 2.0)])
def test_no_more_is_borrowed_on_repo_than_collateral_is_worth_after_haircuts(of_notes: float, of_fund: float) -> None:
    economy = still()
    fund, margin = economy.funds[HEDGED], economy.scenario.margin
    economy.markets["margin_factor"][NOTES], fund.margin_factor = of_notes, of_fund
    haircut = min(of_notes * of_fund, margin.largest_factor) * margin.maintenance_notes
    collateral = (1.0 - haircut) * fund.units[NOTES]
    collateral += (1.0 - margin.maintenance_other) * (fund.other_securities - fund.other_owed)
    fund = with_cash(economy, HEDGED, 0.0)
    lend_fund_repo(scratch(economy), economy.dealers[fund.dealer[0]], fund, 0, collateral - 1.0 - fund.repo.sum())
    lend_on_margin(scratch(economy), economy.dealers[fund.dealer[0]], fund, 0, 1.0)
    renew(economy, HEDGED)
    assert fund.repo.sum() == pytest.approx(collateral, **EXACT)
    assert fund.cash.sum() == pytest.approx(1.0, **EXACT)
    economy.markets["margin_factor"][NOTES] *= 2.0
    renew(economy, HEDGED)
    assert fund.repo.sum() == pytest.approx(collateral, **EXACT), "a larger haircut lends no more, and calls nothing"


def test_nothing_is_renewed_while_margin_is_near() -> None:
    economy = still()
    fund = with_cash(economy, HEDGED, 10.0)
    fund.requirement = economy.scenario.margin.buffer * fund.net_asset_value
    renew(economy, HEDGED)
    assert fund.cash.sum() == pytest.approx(10.0, **EXACT)
    fund.requirement *= 1.0 - 1e-9
    renew(economy, HEDGED)
    assert fund.cash.sum() > 10.1


def test_cash_beyond_what_is_usual_repays_repo() -> None:
    economy = still()
    fund = with_cash(economy, SEVERAL, 300.0)
    usual = fund.usual_cash * fund.net_asset_value + fund.short.sum()
    repo = fund.repo.copy()
    renew(economy, SEVERAL)
    repaid = (300.0 - usual) / economy.scenario.margin.financing_days
    assert repo - fund.repo == pytest.approx(repaid * fund.line_share, **EXACT)
    assert fund.cash.sum() == pytest.approx(300.0 - repaid, **EXACT)


def test_what_was_advanced_is_renewed_first() -> None:
    economy = still()
    fund = with_cash(economy, HEDGED, 0.0)
    usual = fund.usual_cash * fund.net_asset_value
    lend_on_margin(scratch(economy), economy.dealers[fund.dealer[0]], fund, 0, 20.0)
    fund.advance = 20.0
    loan, repo = fund.margin_loan.sum(), fund.repo.sum()
    renew(economy, HEDGED)
    renewed = (usual + 20.0) / economy.scenario.margin.financing_days
    assert renewed < 20.0
    assert fund.advance == pytest.approx(20.0 - renewed, **EXACT)
    assert loan - fund.margin_loan.sum() == pytest.approx(renewed, **EXACT)
    assert fund.repo.sum() - repo == pytest.approx(renewed, **EXACT)
    assert fund.cash.sum() == pytest.approx(0.0, abs=1e-9)


def test_a_dealer_under_strain_renews_nothing_and_its_part_of_an_advance_stays() -> None:
    economy = still()
    fund = with_cash(economy, SEVERAL, 20.0)
    for line in (0, 1):
        lend_on_margin(scratch(economy), economy.dealers[fund.dealer[line]], fund, line, 10.0)
    fund.advance = 20.0
    economy.dealers["strain"][fund.dealer[0]] = 0.1
    loan, repo, cash = fund.margin_loan.copy(), fund.repo.copy(), fund.cash.copy()
    renew(economy, SEVERAL)
    assert fund.margin_loan[0] == loan[0]
    assert fund.repo[0] == repo[0]
    assert fund.cash[0] == cash[0]
    assert fund.repo[1] > repo[1] + 1.0
    repaid = loan[1] - fund.margin_loan[1]
    assert repaid > 1.0
    assert fund.advance == pytest.approx(20.0 - repaid, **EXACT), "what is still advanced is still owed in cash"


@pytest.mark.slow
def test_a_rally_that_outruns_repo_makes_hedged_funds_sell_and_the_books_close() -> None:
    rally = {"spark__total": 0, "spark__start": 5, "run__ticks": 30, "markets__notes__drift": 1.0}
    fast, slow = (finished(world(**rally, margin__financing_days=days), check=True) for days in (2, 1000))
    called = [np.isin(of_kind(run, "margin_call")["actor"], [HEDGED, HEDGED + 1]).sum() for run in (fast, slow)]
    assert called[0] == 0 < called[1]
    for run in (fast, slow):
        assert run.markets["price"][NOTES] > 1.08
        assert (run.funds["cash"] >= -1e-9).all()
    held = [run.funds["units"][HEDGED, NOTES] for run in (fast, slow)]
    assert held[1] < 0.95 * held[0]
