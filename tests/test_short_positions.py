"""Broad equity sold short: whose gain and loss it is, how it is bought back, what it needs, and how it ends."""

import numpy as np
import pytest
from still import a_day, scratch, still, worth
from test_performance_chasing import world
from worlds import finished, of_kind

from abm import phases
from abm.agents.leveraged_fund import CLOSED, SEIZED, margin_requirement, shrink
from abm.economy import Economy
from abm.ledger.chart import BROAD_EQUITY, DEALERS, FUNDS, LONG_TERM_INVESTORS, REVALUATIONS, SECURITIES_LENT
from abm.ledger.postings import net_other, transfer_other, transfer_units

EXACT = {"rel": 1e-9, "abs": 1e-9}
SHORT = 4  # a multi-strategy fund that owes more broad equity than it holds
SPREAD = 0  # a long-short fund with three dealers


def trade(economy: Economy) -> None:
    """Clear and settle what has been ordered, and prove the books."""
    before = economy.balances()
    phases.clear(economy)
    phases.settle(economy)
    economy._prove(before, "settle")


@pytest.mark.parametrize("rise", [-0.3, 0.05, 0.2])
def test_a_rise_of_broad_equity_is_a_loss_to_who_owes_it(rise: float) -> None:
    economy = still()
    fund, owner = economy.funds[SHORT], economy.investors[economy.funds[SHORT].owner]
    net = fund.units[BROAD_EQUITY] - fund.short.sum()
    assert net < -10.0
    before, shares = fund.net_asset_value, owner.fund_shares
    in_all = economy.funds["units"][:, BROAD_EQUITY] - economy.funds["short"].sum(axis=1)
    a_day(economy, broad_equity=rise)
    change = np.expm1(rise)
    assert fund.net_asset_value - before == pytest.approx(net * change, rel=1e-6)
    assert economy.funds["net_asset_value"] == pytest.approx(worth(economy), **EXACT)
    of_owner = in_all[economy.funds["owner"] == fund.owner].sum()
    assert owner.fund_shares - shares == pytest.approx(of_owner * change, rel=1e-6)


def test_what_the_borrower_loses_the_lender_gains_and_the_dealer_between_them_nothing() -> None:
    economy = still()
    before, owed = economy.balances()[SECURITIES_LENT], economy.funds["short"].sum()
    assert before[[FUNDS, LONG_TERM_INVESTORS]] == pytest.approx([-owed, owed])
    a_day(economy, broad_equity=0.1)
    change = owed * np.expm1(0.1)
    after = economy.balances()[SECURITIES_LENT]
    assert (after - before)[[FUNDS, LONG_TERM_INVESTORS]] == pytest.approx([-change, change], rel=1e-9)
    assert after[DEALERS] == 0.0
    revalued = economy.journals[0, REVALUATIONS, SECURITIES_LENT]
    assert revalued[[FUNDS, LONG_TERM_INVESTORS]] == pytest.approx([-change, change], rel=1e-9)


def test_what_is_bought_back_returns_to_its_lenders_and_cash_pays_for_it() -> None:
    economy = still()
    a_day(economy, broad_equity=0.1)
    fund, investors, dealers = economy.funds[SPREAD], economy.investors, economy.dealers
    price, short, cash = economy.markets["price"][BROAD_EQUITY], fund.short.copy(), fund.cash.copy()
    lent, on, borrowed = investors["lent"].copy(), dealers["lent_on"].copy(), dealers["borrowed"].copy()
    units, in_all = fund.units.copy(), investors["units"][:, BROAD_EQUITY].copy()
    deposits, loans, value = investors["deposit"].copy(), fund.margin_loan.copy(), fund.net_asset_value
    fund.cover = 60.0
    trade(economy)
    back = 60.0 * short / short.sum()
    assert fund.short == pytest.approx(short - back, **EXACT)
    assert fund.cash == pytest.approx(cash - 60.0 * price * fund.line_share, **EXACT)
    np.testing.assert_array_equal(fund.margin_loan, loans)
    np.testing.assert_array_equal(fund.units, units)
    assert fund.cover == 0.0
    by_dealer = np.bincount(fund.dealer, weights=back, minlength=len(dealers))
    assert on - dealers["lent_on"] == pytest.approx(by_dealer, **EXACT)
    assert borrowed - dealers["borrowed"] == pytest.approx(by_dealer, **EXACT)
    returned = np.bincount(dealers["stock_lender"], weights=by_dealer, minlength=len(investors))
    assert lent - investors["lent"] == pytest.approx(returned, **EXACT)
    sold = 60.0 * investors["share"][:, BROAD_EQUITY]
    assert investors["units"][:, BROAD_EQUITY] - in_all == pytest.approx(returned - sold, **EXACT)
    assert investors["deposit"] - deposits == pytest.approx(sold * price, rel=1e-6, abs=1e-6)
    assert worth(economy)[SPREAD] == pytest.approx(value, rel=1e-6), "at the market's price it gains nobody anything"


def test_dealers_lend_what_cash_does_not_pay() -> None:
    economy = still()
    a_day(economy, broad_equity=0.5)
    fund = economy.funds[SHORT]
    cost, cash, loan = (
        fund.short.sum() * economy.markets["price"][BROAD_EQUITY],
        fund.cash.sum(),
        fund.margin_loan.sum(),
    )
    assert cost > cash + 10.0
    fund.cover = fund.short.sum()
    trade(economy)
    assert fund.short.sum() == pytest.approx(0.0, abs=1e-9)
    assert fund.cash.sum() == pytest.approx(0.0, abs=1e-9)
    assert fund.margin_loan.sum() - loan == pytest.approx(cost - cash, rel=1e-6)


def test_no_more_is_bought_back_than_is_owed() -> None:
    economy = still()
    fund, lent = economy.funds[SHORT], economy.investors["lent"].sum()
    owed = fund.short.sum()
    shrink(fund, 1.0)
    assert fund.cover == pytest.approx(owed, **EXACT)
    trade(economy)
    assert fund.short.sum() == pytest.approx(0.0, abs=1e-9)
    assert economy.investors["lent"].sum() == pytest.approx(lent - owed, **EXACT)


def test_buying_back_moves_the_price_up() -> None:
    economy = still(markets__broad_equity__impact_multiplier=3.75)
    fund, market = economy.funds[SHORT], economy.markets[BROAD_EQUITY]
    fund.cover = 100.0
    trade(economy)
    assert np.log(market.price) == pytest.approx(3.75 * 100.0 / market.units, rel=1e-9)
    assert economy.day["net_flow"][0, BROAD_EQUITY] == pytest.approx(100.0 * market.price, rel=1e-9)


@pytest.mark.parametrize("row", [SPREAD, SHORT])
def test_what_is_sold_short_needs_margin_as_what_is_held_does(row: int) -> None:
    economy = still()
    a_day(economy, broad_equity=0.2)
    fund, margin = economy.funds[row], economy.settings[0].margin
    price, whole = economy.markets["price"], fund.requirement
    others = (fund.maintenance * fund.units * price).sum() + margin.maintenance_futures * abs(fund.futures) * price[2]
    others += margin.maintenance_other * (fund.other_securities + fund.other_owed)
    on_shorts = margin.maintenance_broad_equity * fund.short.sum() * price[BROAD_EQUITY]
    assert whole == pytest.approx(others + on_shorts, rel=1e-9)
    economy.markets["margin_factor"][BROAD_EQUITY] = 2.0
    twice = margin_requirement(fund, economy.markets, margin) - whole
    held = margin.maintenance_broad_equity * fund.units[BROAD_EQUITY] * price[BROAD_EQUITY]
    assert twice == pytest.approx(on_shorts + held, rel=1e-9)


def test_a_short_seller_is_called_when_prices_rise_and_buys_back_and_the_books_close() -> None:
    economy = still(channels__margin_procyclicality=False, channels__risk_limits=False)
    fund = economy.funds[SHORT]
    give = fund.net_asset_value - fund.requirement - 1.0
    transfer_other(scratch(economy), fund, economy.investors[fund.owner], give)
    short = fund.short.sum()
    a_day(economy)
    assert not len(of_kind(economy, "margin_call"))
    a_day(economy, broad_equity=0.1)
    (call,) = of_kind(economy, "margin_call")
    assert call["actor"] == SHORT
    a_day(economy)
    assert fund.short.sum() < 0.99 * short
    a_day(economy, 10)
    assert len(of_kind(economy, "call_met")) == 1


@pytest.mark.parametrize("on", [True, False])
def test_a_seized_book_with_shorts_is_closed_and_the_books_close(on: bool) -> None:
    economy = still(channels__cross_asset_sales=on, margin__grace_days=0, channels__crowding_revealed=False)
    fund = economy.funds[SHORT]
    lent, short, owner = economy.investors["lent"].sum(), fund.short.sum(), economy.investors[fund.owner]
    transfer_other(scratch(economy), fund, owner, fund.net_asset_value - 100.0)
    a_day(economy, broad_equity=0.02)
    assert fund.status == SEIZED
    left, price, deposits = worth(economy)[SHORT], economy.markets["price"], economy.investors["deposit"].sum()
    taken = (fund.units * price).sum() + fund.other_securities - fund.other_owed
    given = short * price[BROAD_EQUITY]
    pools = economy.pools["deposit"].sum() + economy.pools["repo_lent"].sum()
    days = economy.scenario.margin.liquidation_days
    for day in range(1, days + 1):
        a_day(economy)
        if on:
            assert fund.short.sum() == pytest.approx((1.0 - day / days) * short, **EXACT), "equal parts"
    assert fund.status == CLOSED
    assert fund.short.sum() == pytest.approx(0.0, abs=1e-9)
    assert economy.investors["lent"].sum() == pytest.approx(lent - short, **EXACT)
    assert fund.shortfall == 0.0
    assert not len(of_kind(economy, "shortfall"))
    for name in ("cash", "margin_loan", "repo", "unsecured", "units"):
        assert fund[name] == pytest.approx(0.0, abs=1e-8), name
    assert left > 90.0
    bills = pools - economy.pools["deposit"].sum() - economy.pools["repo_lent"].sum()  # with what dealers repay
    paid = economy.investors["deposit"].sum() - deposits - bills
    assert paid == pytest.approx(left - taken + given, rel=1e-6), "owners have what is left, lenders what they lent"


def test_a_seized_book_of_shorts_alone_is_bought_back_before_it_is_closed() -> None:
    economy = still(channels__crowding_revealed=False)
    fund, owner = economy.funds[SHORT], economy.investors[economy.funds[SHORT].owner]
    lent, short = economy.investors["lent"].sum(), fund.short.sum()
    for k, units in enumerate(fund.units.copy()):
        transfer_units(scratch(economy), k, 1.0, fund, owner, units)
    net_other(scratch(economy), fund, fund.other_owed)
    transfer_other(scratch(economy), fund, owner, fund.other_securities)
    a_day(economy, 2)
    assert fund.status == SEIZED
    assert 0.0 < fund.short.sum() < short
    a_day(economy, economy.scenario.margin.liquidation_days)
    assert fund.status == CLOSED
    assert fund.short.sum() == pytest.approx(0.0, abs=1e-9)
    assert economy.investors["lent"].sum() == pytest.approx(lent - short, **EXACT)


@pytest.mark.parametrize("more", [0.0, 700.0])
def test_a_cut_shrinks_inert_securities_long_and_short_alike_and_the_owner_takes_the_difference(more: float) -> None:
    economy = still()
    fund, owner = economy.funds[SHORT], economy.investors[economy.funds[SHORT].owner]
    transfer_other(scratch(economy), fund, owner, more)
    held, owed, taken = fund.other_securities, fund.other_owed, owner.other_securities
    assert (held < owed) == (more > 0.0)
    shrink(fund, 0.2)
    trade(economy)
    assert fund.other_securities == pytest.approx(0.8 * held, **EXACT)
    assert fund.other_owed == pytest.approx(0.8 * owed, **EXACT)
    assert owner.other_securities - taken == pytest.approx(0.2 * (held - owed), **EXACT)


def test_a_seized_fund_that_owes_more_inert_securities_than_it_holds_is_not_let_off() -> None:
    economy = still(channels__crowding_revealed=False)
    fund = economy.funds[SHORT]
    transfer_other(scratch(economy), fund, economy.investors[fund.owner], 0.95 * fund.other_securities)
    assert fund.other_securities < fund.other_owed
    lacking = -worth(economy)[SHORT]
    assert lacking > 100.0
    a_day(economy, 1 + economy.scenario.margin.liquidation_days)
    assert fund.status == CLOSED
    assert fund.other_owed == pytest.approx(0.0, abs=1e-9)
    assert fund.shortfall == pytest.approx(lacking, rel=1e-6)


@pytest.mark.slow
def test_books_close_in_a_rally_that_ruins_short_sellers() -> None:
    rally = {"kind": "spark", "tick": 3, "total": -1.2, "days": 3}
    scenario = world(spark__total=0, spark__broad_share=1, actions=[rally], run__ticks=60)
    economy = finished(scenario, check=True)
    short = economy.rows["short"][:, 0] / economy.rows["price"][:, BROAD_EQUITY]
    assert short[-1] < 0.9 * short[0]
    assert (economy.funds["short"] >= -1e-9).all()
    closed = economy.funds["status"] == CLOSED
    assert closed.any()
    assert not economy.funds["short"][closed].any()
