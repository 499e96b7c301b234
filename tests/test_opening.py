"""The first balance sheets: the totals of the scenario in every seed, and people who differ."""

import numpy as np
import pytest
from worlds import default, small_world

from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, FUNDS, MARGIN_ACCOUNTS, NOTES
from abm.records import BOOKS

SEEDS = (0, 1, 2, 3, 4, 2**63 - 1)


@pytest.fixture(scope="module", params=SEEDS)
def opened(request: pytest.FixtureRequest) -> Economy:
    return Economy(default(), request.param)


def close(amount: float, stated: float) -> None:
    assert amount == pytest.approx(stated, rel=1e-6)


def test_funds_hold_and_owe_what_the_scenario_says(opened: Economy) -> None:
    terms = default().funds
    funds = opened.funds[opened.funds["sector"] == FUNDS]
    assert len(funds) == terms.count
    close(funds["net_asset_value"].sum(), terms.net_asset_value)
    close(funds["margin_loan"].sum(), terms.borrowing)
    close(funds["cash"].sum(), terms.cash)
    close(funds["units"][:, AI_EQUITY].sum(), terms.ai_equity)
    close(funds["units"][:, NOTES].sum(), terms.notes)
    close(funds["units"].sum(), terms.net_asset_value + terms.borrowing - terms.cash)
    close(funds["shares"].sum(), terms.net_asset_value)


def test_margin_accounts_hold_and_owe_what_the_scenario_says(opened: Economy) -> None:
    terms = default().margin_accounts
    accounts = opened.funds[opened.funds["sector"] == MARGIN_ACCOUNTS]
    assert len(accounts) == terms.count
    close(accounts["margin_loan"].sum(), terms.debt)
    close(accounts["cash"].sum(), terms.cash)
    close(accounts["units"].sum(), terms.assets)
    close(accounts["units"][:, AI_EQUITY].sum(), terms.ai_share * terms.assets)
    assert not accounts["shares"].any()


def test_dealers_open_as_stated(opened: Economy) -> None:
    terms, dealers = default().dealers, opened.dealers
    close(dealers["bank_loan"].sum(), terms.bank_loans)
    close(dealers["bank_loan"].sum(), 500.0)
    close(dealers["deposit"].sum(), terms.deposits)
    close(dealers["units"][:, NOTES].sum(), terms.notes)
    close(dealers["margin_loans"].sum(), opened.funds["margin_loan"].sum())
    close(dealers["customer_cash"].sum(), opened.funds["cash"].sum())
    assets = dealers["units"].sum(axis=1) + dealers["other_securities"] + dealers["deposit"] + dealers["margin_loans"]
    owed = dealers["customer_cash"] + dealers["bank_loan"].sum(axis=1) + dealers["repo"]
    np.testing.assert_allclose(assets - owed, dealers["opening_capital"], rtol=1e-9)
    close((assets - owed).sum(), terms.capital)
    close(np.sort(dealers["opening_capital"])[-3:].sum(), terms.top_three_share * terms.capital)


def test_banks_open_as_stated(opened: Economy) -> None:
    terms, banks = default().banks, opened.banks
    close(banks["deposits"].sum(), terms.deposits)
    close(banks["reserves"].sum(), terms.reserves)
    close(banks["units"][:, NOTES].sum(), terms.notes)
    close((banks["loans"] + banks["dealer_loans"]).sum(), terms.loans)
    assets = banks["units"].sum(axis=1) + sum(
        banks[name] for name in ("other_securities", "reserves", "dealer_loans", "loans")
    )
    capital = assets - banks["deposits"] - banks["debt"]
    np.testing.assert_allclose(capital, banks["opening_capital"], rtol=1e-9)
    close(capital.sum(), terms.equity * terms.capital)
    close(assets.sum(), terms.assets)
    ratio = capital / (terms.risk_weight * (assets - banks["reserves"]))
    assert (ratio > terms.minimum_ratio).all(), "nobody starts as a failed bank"


def test_investors_and_depositors_open_as_stated(opened: Economy) -> None:
    terms = default().buyers
    close(opened.investors["deposit"].sum(), terms.deposits)
    close(opened.investors["budget"].sum(), terms.budget)
    close(opened.investors["share"].sum(), 1.0)
    held = opened.investors["deposit"].sum() + opened.dealers["deposit"].sum() + opened.depositors["deposit"].sum()
    close(held, default().banks.deposits)
    for k, name in ((AI_EQUITY, "ai_equity"), (BROAD_EQUITY, "broad_equity"), (NOTES, "notes")):
        close(opened.issuers["issued"][0, k], getattr(default().markets, name).capitalisation)


def test_no_balance_is_negative(opened: Economy) -> None:
    from abm.economy import AGENTS

    for name, record in AGENTS.items():
        for field in record.part(BOOKS):
            assert (getattr(opened, name)[field.name] >= 0.0).all(), f"{name}.{field.name}"


def test_nobody_is_called_on_the_first_day(opened: Economy) -> None:
    funds = opened.funds
    assert (funds["requirement"] < funds["net_asset_value"]).all()
    assert (funds["net_asset_value"] > 0).all()


def test_agents_differ(opened: Economy) -> None:
    for sector in (FUNDS, MARGIN_ACCOUNTS):
        some = opened.funds[opened.funds["sector"] == sector]
        leverage = some["units"].sum(axis=1) / some["net_asset_value"]
        ai_share = some["units"][:, AI_EQUITY] / some["units"].sum(axis=1)
        for measure in (leverage, ai_share):
            assert np.quantile(measure, 0.9) > 1.2 * np.quantile(measure, 0.1)
    funds = opened.funds[opened.funds["sector"] == FUNDS]
    size = funds["net_asset_value"] / funds["net_asset_value"].sum()
    assert size.max() <= default().funds.largest_share + 1e-12
    assert size.max() <= 0.025 + 1e-12
    assert np.sort(size)[-50:].sum() > 0.3, "a tenth of the funds has a good part of the money"
    assert np.ptp(opened.banks["opening_capital"] / opened.banks["deposits"]) > 0.01
    assert len(set(opened.funds["dealer"].tolist())) == default().dealers.count


def test_seeds_differ_in_who_has_what_but_not_in_totals() -> None:
    one, other = (Economy(default(), seed) for seed in (1, 2))
    assert not np.array_equal(one.funds["margin_loan"], other.funds["margin_loan"])
    np.testing.assert_allclose(one.opening, other.opening, rtol=1e-6, atol=1e-6)
    again = Economy(default(), 1)
    assert np.array_equal(one.funds, again.funds)


@pytest.mark.parametrize("leverage", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_the_leverage_dial_scales_debt_and_leaves_net_asset_value(leverage: float) -> None:
    economy = Economy(default().replace({"funds.leverage": leverage}), 1)
    for sector, debt, worth in (
        (FUNDS, default().funds.borrowing, default().funds.net_asset_value),
        (
            MARGIN_ACCOUNTS,
            default().margin_accounts.debt,
            default().margin_accounts.assets + default().margin_accounts.cash - default().margin_accounts.debt,
        ),
    ):
        some = economy.funds[economy.funds["sector"] == sector]
        assert some["margin_loan"].sum() == pytest.approx(leverage * debt, rel=1e-6)
        close(some["net_asset_value"].sum(), worth)


@pytest.mark.parametrize("crowding", [0.5, 1.5])
def test_the_crowding_dial_scales_ai_equity(crowding: float) -> None:
    funds = Economy(default().replace({"funds.crowding": crowding}), 1).funds
    close(funds["units"][funds["sector"] == FUNDS, AI_EQUITY].sum(), crowding * default().funds.ai_equity)


@pytest.mark.parametrize("dial", [0.5, 2.0])
def test_the_dials_of_capital_and_cash(dial: float) -> None:
    economy = Economy(default().replace({"banks.capital": dial, "buyers.cash": dial}), 1)
    close(economy.banks["opening_capital"].sum(), dial * default().banks.equity)
    close(economy.investors["budget"].sum(), dial * default().buyers.budget)
    close(Economy(small_world(dealers__capital=77.0), 1).dealers["opening_capital"].sum(), 77.0)


def test_a_dealer_owes_only_on_lines_that_it_has() -> None:
    dealers = Economy(small_world(), 1).dealers
    assert (np.count_nonzero(dealers["bank_loan"], axis=1) == small_world().dealers.lenders).all()
