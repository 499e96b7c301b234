"""Margin in closed form, through the same rules: one fund, one dealer, one asset, no noise."""

import math

import numpy as np
import pytest
from worlds import let_news_be, of_kind, one_fund_one_dealer

from abm.agents.leveraged_fund import ACTIVE, CLOSED, SEIZED
from abm.channels import MARGIN_CALLS
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY

SLIGHTLY = 1e-6
# Prices that only news moves: then falls are those of the news, and the algebra is exact.
DEEP = {"markets__depth": 100.0, "markets__ai_equity__impact_multiplier": 1e-9}

LEVERAGES = pytest.mark.parametrize(
    ("leverage", "maintenance"), [(2.0, 0.25), (3.0, 0.2), (4.0, 0.15), (1.5, 0.5), (6.0, 0.1)]
)


def after_a_fall(fall: float, leverage: float, maintenance: float, days: int = 1, **overrides: float) -> Economy:
    """One fund, a fall of the asset by a share of its price on the first day, and some days."""
    economy = one_fund_one_dealer(leverage, maintenance, **(DEEP | overrides))
    let_news_be(economy, -math.log(1.0 - fall))
    economy.advance(days)
    return economy


def call_at(leverage: float, maintenance: float) -> float:
    return 1.0 - (1.0 - 1.0 / leverage) / (1.0 - maintenance)


def test_the_edited_books_close_and_nothing_moves_without_news() -> None:
    economy = one_fund_one_dealer(4.0, 0.2)
    economy.advance(10)
    assert economy.funds[0].net_asset_value == pytest.approx(100.0)
    assert economy.dealers[0].capital == pytest.approx(economy.dealers[0].opening_capital)
    assert not economy.counter[0]


@LEVERAGES
def test_a_call_comes_at_the_fall_that_algebra_says(leverage: float, maintenance: float) -> None:
    fall = call_at(leverage, maintenance)
    before = after_a_fall(fall - SLIGHTLY, leverage, maintenance)
    assert not of_kind(before, "margin_call").size
    assert before.funds[0].days_in_call == 0
    after = after_a_fall(fall + SLIGHTLY, leverage, maintenance)
    assert after.funds[0].days_in_call == 1
    (call,) = of_kind(after, "margin_call")
    # What is missing grows by leverage (1 - m) for each share of the price, beyond the fall of the call.
    assert call["amount"] == pytest.approx(100.0 * leverage * (1.0 - maintenance) * SLIGHTLY, rel=1e-3)


@LEVERAGES
def test_net_asset_value_is_gone_at_one_over_leverage(leverage: float, maintenance: float) -> None:
    fall = 1.0 / leverage
    left = after_a_fall(fall - SLIGHTLY, leverage, maintenance).funds[0]
    assert left.status == ACTIVE
    assert left.net_asset_value == pytest.approx(100.0 * leverage * SLIGHTLY, rel=1e-3)
    gone = after_a_fall(fall + SLIGHTLY, leverage, maintenance).funds[0]
    assert gone.status == SEIZED
    assert gone.net_asset_value == pytest.approx(-100.0 * leverage * SLIGHTLY, rel=1e-3)
    assert gone.shares == pytest.approx(0.0, abs=1e-9)


def test_without_debt_there_is_no_call() -> None:
    assert not of_kind(after_a_fall(0.9, leverage=1.0, maintenance=0.25), "margin_call").size


@LEVERAGES
def test_sales_bring_margin_use_to_the_buffer(leverage: float, maintenance: float) -> None:
    fall = call_at(leverage, maintenance) + 0.01
    economy = after_a_fall(fall, leverage, maintenance, days=2, margin__daily_sale_share=1.0)
    fund = economy.funds[0]
    assert fund.requirement / fund.net_asset_value == pytest.approx(economy.scenario.margin.buffer, rel=1e-6)
    # R - buffer E over the margin of a unit is what had to be sold.
    price = 1.0 - fall
    held, own = 100.0 * leverage * price, 100.0 * (1.0 - leverage * fall)
    sold = held - economy.scenario.margin.buffer * own / maintenance
    (sale,) = of_kind(economy, "forced_sale")
    assert sale["amount"] == pytest.approx(sold, rel=1e-6)
    assert sale["channel"] == MARGIN_CALLS
    assert fund.margin_loan.sum() == pytest.approx(100.0 * (leverage - 1.0) - sold, rel=1e-6)
    assert len(of_kind(economy, "call_met")) == 1
    assert fund.days_in_call == 0


def test_no_more_is_sold_in_a_day_than_a_day_allows() -> None:
    economy = after_a_fall(0.2, leverage=4.0, maintenance=0.25, days=2, margin__daily_sale_share=0.1)
    assert economy.funds[0].units[AI_EQUITY] == pytest.approx(0.9 * 400.0)


@pytest.mark.parametrize("grace_days", [0, 1, 2, 4])
def test_a_fund_that_cannot_meet_its_call_is_seized_after_its_days_of_grace(grace_days: int) -> None:
    economy = one_fund_one_dealer(4.0, 0.25, margin__grace_days=grace_days, margin__daily_sale_share=0.001, **DEEP)
    let_news_be(economy, -math.log(1.0 - 0.1))
    economy.advance(12)
    (call,), (seizure,) = of_kind(economy, "margin_call"), of_kind(economy, "seizure")
    assert seizure["tick"] - call["tick"] == grace_days


@pytest.mark.parametrize("liquidation_days", [1, 3, 5])
def test_a_seized_book_is_sold_in_equal_parts_by_the_end_of_the_liquidation(liquidation_days: int) -> None:
    economy = one_fund_one_dealer(4.0, 0.25, margin__liquidation_days=liquidation_days, **DEEP)
    let_news_be(economy, -math.log(1.0 - 0.3))
    economy.advance(1)
    assert economy.funds[0].status == SEIZED
    held = [400.0]
    while economy.funds[0].status == SEIZED:
        economy.advance(economy.tick + 1)
        held.append(float(economy.funds[0].units[AI_EQUITY]))
    np.testing.assert_allclose(-np.diff(held), 400.0 / liquidation_days, rtol=1e-9)
    assert economy.funds[0].status == CLOSED
    assert economy.tick == 1 + liquidation_days


@pytest.mark.parametrize("fall", [0.1, 0.22, 0.3, 0.5])
def test_value_is_conserved_when_a_fund_is_sold_out(fall: float) -> None:
    """The asset's loss is borne by the owner up to all he had, the rest by the dealer."""
    economy = one_fund_one_dealer(4.0, 0.25, margin__daily_sale_share=0.001, margin__close_out_cost=0.0, **DEEP)
    dealer, investor = economy.dealers[0], economy.investors[0]
    before = dealer.opening_capital
    cash = float(investor.deposit)
    bought_at = 1.0 - fall
    let_news_be(economy, -math.log(bought_at))
    economy.advance(15)
    fund = economy.funds[0]
    assert fund.status == CLOSED
    missing = max(0.0, 400.0 * fall - 100.0)
    left = max(0.0, 100.0 - 400.0 * fall)
    assert fund.shortfall == pytest.approx(missing, abs=1e-6)
    assert economy.dealers[0].capital == pytest.approx(before - missing, abs=1e-4)
    # The owner is paid what is left, and pays for the units that he takes over.
    assert investor.deposit - cash == pytest.approx(left - 400.0 * bought_at, abs=1e-4)
    for table, field in (
        ("funds", "units"),
        ("funds", "cash"),
        ("funds", "margin_loan"),
        ("funds", "repo"),
        ("funds", "unsecured"),
        ("funds", "shares"),
    ):
        assert np.abs(getattr(economy, table)[field]).max() == pytest.approx(0.0, abs=1e-6), field


SHORT = 50.0  # $bn


def owe_otherwise(economy: Economy, kind: str, claim: str) -> None:
    """Let the fund owe its loan under another name, and owe shares of SHORT $bn that it sold short for cash too."""
    fund, dealer, investor, pool = economy.funds[0], economy.dealers[0], economy.investors[0], economy.pools[0]
    loan = float(fund.margin_loan[0])
    fund.margin_loan[0] = 0.0
    dealer.margin_loans -= loan
    fund[kind][0] += loan
    dealer[claim] += loan
    fund.short[0] = SHORT
    investor.lent += SHORT
    dealer.borrowed += SHORT
    dealer.lent_on += SHORT
    fund.cash[0] += SHORT
    dealer.customer_cash += SHORT  # of which it repays repo
    dealer.repo[0] -= SHORT
    pool.repo_lent -= SHORT
    economy.opening = economy.balances()


@pytest.mark.parametrize(
    ("kind", "claim"), [("margin_loan", "margin_loans"), ("repo", "fund_repo"), ("unsecured", "unsecured_loans")]
)
@pytest.mark.parametrize("fall", [0.22, 0.3, 0.5])
def test_value_is_conserved_whatever_the_debt_is_called(fall: float, kind: str, claim: str) -> None:
    """Repo and unsecured debt are repaid and lost as prime brokerage is, and shorts are closed at their price."""
    still = {"spark__broad_share": 0.0, "markets__broad_equity__impact_multiplier": 1e-9}
    economy = one_fund_one_dealer(
        4.0, 0.25, margin__daily_sale_share=0.001, margin__close_out_cost=0.0, **(DEEP | still)
    )
    owe_otherwise(economy, kind, claim)
    dealer, investor = economy.dealers[0], economy.investors[0]
    before, cash, held = dealer.opening_capital, float(investor.deposit), investor.units.copy()
    let_news_be(economy, -math.log(1.0 - fall))
    economy.advance(15)
    fund = economy.funds[0]
    assert fund.status == CLOSED
    missing, left = max(0.0, 400.0 * fall - 100.0), max(0.0, 100.0 - 400.0 * fall)
    assert fund.shortfall == pytest.approx(missing, abs=1e-6)
    assert dealer.capital == pytest.approx(before - missing, abs=1e-4)
    # Its owner buys the book, sells it the shares to be returned, gets them back as their lender, and what is left.
    assert investor.deposit - cash == pytest.approx(left - 400.0 * (1.0 - fall) + SHORT, abs=1e-4)
    assert investor.units - held == pytest.approx(np.eye(len(held))[AI_EQUITY] * 400.0, abs=1e-6)
    for name in ("units", "cash", "margin_loan", "repo", "unsecured", "short", "shares"):
        assert np.abs(economy.funds[name]).max() == pytest.approx(0.0, abs=1e-6), name


def test_closing_a_book_out_costs_the_account_its_share() -> None:
    free, dear = (after_a_fall(0.3, 4.0, 0.25, days=15, margin__close_out_cost=cost).funds[0] for cost in (0.0, 0.05))
    assert dear.shortfall - free.shortfall == pytest.approx(0.05 * 400.0 * 0.7, rel=1e-6)
