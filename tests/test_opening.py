"""The first balance sheets: the totals of the scenario in every seed, and people who differ."""

import numpy as np
import pytest
from worlds import default, small_world

from abm.agents.bank import ECONOMY, OTHER_NON_BANKS
from abm.agents.leveraged_fund import MARGIN_ACCOUNT, N_DEALERS, STYLES
from abm.agents.long_term_investor import FOR_NOTES, FOR_SHARES
from abm.draws import heavy_picks
from abm.economy import AGENTS, WITH_FIELD, Economy
from abm.ledger.chart import (
    AI_EQUITY,
    BILLS,
    CRYPTO,
    CRYPTO_HOLDERS,
    FUNDS,
    LONG_TERM_INVESTORS,
    MARGIN_ACCOUNTS,
    N_TRADED,
    NOTES,
)
from abm.markets import MARKETS
from abm.records import BOOKS
from abm.streams import OPENING_LENDERS

SEEDS = (0, 1, 2, 3, 4, 2**63 - 1)


@pytest.fixture(scope="module", params=SEEDS)
def opened(request: pytest.FixtureRequest) -> Economy:
    return Economy(default(), request.param)


def close(amount: float, stated: float, rel: float = 1e-6) -> None:
    assert amount == pytest.approx(stated, rel=rel)


def of_style(opened: Economy, style: str) -> np.ndarray:
    return opened.funds[opened.funds["style"] == STYLES.index(style)]


def test_picks_are_an_identitys_own_whoever_is_drawn_with_it() -> None:
    who, weights = np.array([5, 9, 2**40]), np.random.default_rng(3).random((3, 20))
    together = heavy_picks(1, OPENING_LENDERS, who, weights, 4)
    for row in range(3):
        alone = heavy_picks(1, OPENING_LENDERS, who[row : row + 1], weights[row], 4)[0]
        assert alone.tolist() == together[row].tolist()
        assert len(set(alone)) == 4
    certain = heavy_picks(1, OPENING_LENDERS, who, np.array([0.0, 1.0, 0.0, 2.0]), 2)
    assert [set(row) for row in certain.tolist()] == [{1, 3}] * 3


@pytest.mark.parametrize("style", STYLES[:MARGIN_ACCOUNT])
def test_funds_of_each_style_hold_and_owe_what_the_scenario_says(opened: Economy, style: str) -> None:
    terms, funds = getattr(default().funds, style), of_style(opened, style)
    assert (funds["sector"] == FUNDS).all()
    assert abs(len(funds) - terms.share_of_count * default().funds.count) <= 1.0
    close(funds["net_asset_value"].sum(), terms.net_asset_value)
    for owed, stated in (
        ("margin_loan", terms.prime_brokerage),
        ("repo", terms.repo),
        ("unsecured", terms.unsecured),
        ("short", terms.short_equity),
        ("other_owed", terms.other_owed),
        ("cash", terms.cash),
        ("futures", -terms.futures_short),
    ):
        close(funds[owed].sum(), stated)
    for k, market in enumerate(MARKETS):
        close(funds["units"][:, k].sum(), getattr(terms, market.name))
    owed = terms.prime_brokerage + terms.repo + terms.unsecured + terms.short_equity + terms.other_owed
    close((funds["units"].sum() + funds["other_securities"].sum()), terms.net_asset_value + owed - terms.cash)
    close(funds["shares"].sum(), terms.net_asset_value)


def test_there_are_as_many_funds_as_the_scenario_says(opened: Economy) -> None:
    assert np.count_nonzero(opened.funds["sector"] == FUNDS) == default().funds.count


def test_margin_accounts_hold_and_owe_what_the_scenario_says(opened: Economy) -> None:
    terms = default().margin_accounts
    accounts = opened.funds[opened.funds["sector"] == MARGIN_ACCOUNTS]
    assert len(accounts) == terms.count
    assert (accounts["style"] == MARGIN_ACCOUNT).all()
    close(accounts["margin_loan"].sum(), terms.debt)
    close(accounts["cash"].sum(), terms.cash)
    close(accounts["units"].sum(), terms.assets)
    close(accounts["units"][:, AI_EQUITY].sum(), terms.ai_share * terms.assets)
    for nothing in ("shares", "repo", "unsecured", "short", "futures", "other_securities", "other_owed"):
        assert not accounts[nothing].any(), nothing
    assert not accounts["units"][:, NOTES:].any()


def test_the_largest_funds_have_four_dealers_and_part_their_business_equally(opened: Economy) -> None:
    terms, funds = default().funds, opened.funds
    lines = np.count_nonzero(funds["line_share"], axis=1)
    np.testing.assert_allclose(funds["line_share"].sum(axis=1), 1.0)
    np.testing.assert_allclose(funds["line_share"].max(axis=1), 1.0 / lines)
    assert (lines[funds["sector"] == MARGIN_ACCOUNTS] == 1).all()
    hedge_funds = funds["sector"] == FUNDS
    counts = np.bincount(lines[hedge_funds], minlength=N_DEALERS + 1)[1:] / terms.count
    rest = 1.0 - terms.four_dealers - terms.three_dealers - terms.two_dealers
    np.testing.assert_allclose(counts, [rest, terms.two_dealers, terms.three_dealers, terms.four_dealers], atol=0.003)
    worth = funds["net_asset_value"]
    assert worth[hedge_funds & (lines == 4)].min() >= worth[hedge_funds & (lines < 4)].max()
    for fund, used in zip(funds, lines, strict=True):
        assert len(set(fund["dealer"][:used].tolist())) == used, "nobody deals twice with the same"
        assert (fund["dealer"][used:] == fund["dealer"][0]).all(), "places not used repeat the first"
    for claim in ("cash", "margin_loan", "repo", "unsecured", "short"):
        total = funds[claim].sum(axis=1)[:, None]
        np.testing.assert_allclose(funds[claim], total * funds["line_share"], rtol=1e-12)


def test_dealers_open_as_stated(opened: Economy) -> None:
    terms, dealers = default().dealers, opened.dealers
    close(dealers["bank_loan"].sum(), terms.bank_loans)
    close(dealers["bank_loan"].sum(), 507.0, rel=0.02)
    close(dealers["deposit"].sum(), terms.deposits)
    close(dealers["units"][:, NOTES].sum(), terms.notes)
    for lent, owed in (
        ("margin_loans", "margin_loan"),
        ("unsecured_loans", "unsecured"),
        ("fund_repo", "repo"),
        ("customer_cash", "cash"),
        ("lent_on", "short"),
    ):
        with_each = np.zeros(len(dealers))
        np.add.at(with_each, opened.funds["dealer"], opened.funds[owed])
        np.testing.assert_allclose(dealers[lent], with_each, rtol=1e-12)
    assert np.array_equal(dealers["borrowed"], dealers["lent_on"])
    assets = dealers["units"].sum(axis=1) + dealers["other_securities"] + dealers["deposit"]
    assets += dealers["margin_loans"] + dealers["unsecured_loans"] + dealers["fund_repo"]
    owed = dealers["customer_cash"] + dealers["bank_loan"].sum(axis=1) + dealers["repo"].sum(axis=1)
    owed = owed + dealers["coin_repo"]
    np.testing.assert_allclose(assets - owed, dealers["opening_capital"], rtol=1e-9)
    close((assets - owed).sum(), terms.capital)
    close(np.sort(dealers["opening_capital"])[-3:].sum(), terms.top_three_share * terms.capital)
    in_groups = dealers["parent"] >= 0
    assert np.count_nonzero(in_groups) == terms.in_groups
    assert np.array_equal(dealers["group_shares"], np.where(in_groups, dealers["opening_capital"], 0.0))
    assert len(set(dealers["parent"][in_groups].tolist())) == terms.in_groups, "each in a group of its own"


def test_banks_open_as_stated(opened: Economy) -> None:
    terms, banks = default().banks, opened.banks
    close(banks["deposits"].sum(), terms.deposits)
    close(banks["reserves"].sum(), terms.reserves)
    close(banks["units"][:, NOTES].sum(), terms.notes)
    close(banks["units"][:, BILLS].sum(), terms.bills)
    to_named = banks["dealer_loans"] + banks["credit_lines"] + banks["data_centre_loans"]
    close(banks["loans"].sum() + to_named.sum(), terms.loans)
    close(banks["credit_lines"].sum(), default().private_credit.drawn)
    close(banks["data_centre_loans"].sum(), default().builders.bank_loans)
    close(banks["loans"][:, OTHER_NON_BANKS].sum(), terms.other_non_bank_loans)
    close(banks["interbank"].sum(), terms.interbank)
    close(banks["interbank_lent"].sum(), terms.interbank)
    close(banks["dealer_shares"].sum(), opened.dealers["group_shares"].sum())
    assets = banks["units"].sum(axis=1) + banks["loans"].sum(axis=1) + to_named
    assets += sum(banks[name] for name in ("other_securities", "reserves", "interbank_lent", "dealer_shares"))
    capital = assets - banks["deposits"] - banks["debt"] - banks["interbank"].sum(axis=1)
    np.testing.assert_allclose(capital, banks["opening_capital"], rtol=1e-9)
    close(capital.sum(), terms.equity * terms.capital)
    close(assets.sum(), terms.assets)
    ratio = capital / (terms.risk_weight * (assets - banks["reserves"] - banks["units"].sum(axis=1)))
    np.testing.assert_allclose(ratio, banks["ratio"], rtol=1e-9)
    assert (ratio > terms.minimum_ratio).all(), "nobody starts as a failed bank"


def test_investors_savers_and_depositors_open_as_stated(opened: Economy) -> None:
    terms, world = default().buyers, default()
    investors, arbitrageurs, crypto_holders = np.split(opened.investors, [terms.count, terms.count + 1])
    assert (investors["sector"] == LONG_TERM_INVESTORS).all()
    assert (crypto_holders["sector"] == CRYPTO_HOLDERS).all()
    close(investors["deposit"].sum(), terms.deposits)
    close(crypto_holders["deposit"].sum(), terms.crypto_deposits)
    close(arbitrageurs["deposit"].sum(), terms.arbitrage_cash)
    assert not arbitrageurs["units"].any()
    close(crypto_holders["coins"].sum(), terms.crypto_coins)
    close(investors["budget"][:, FOR_SHARES].sum(), terms.budget)
    close(investors["budget"][:, FOR_NOTES].sum(), terms.note_budget)
    close(crypto_holders["budget"].sum(), terms.crypto_budget)
    np.testing.assert_allclose(opened.investors["share"].sum(axis=0), 1.0)
    assert np.array_equal(crypto_holders["share"][0] > 0.0, np.arange(N_TRADED) == CRYPTO)
    close(opened.pools["deposit"].sum(), world.pools.deposits)
    close(opened.pools["units"][:, BILLS].sum(), world.pools.bills)
    close(opened.pools["units"].sum(), world.pools.bills)
    close(opened.pools["repo_lent"].sum(), opened.dealers["repo"].sum())
    close(opened.chasers["deposit"].sum(), world.chasers.deposits)
    close(opened.chasers["units"][:, AI_EQUITY].sum(), world.chasers.ai_equity)
    close(opened.chasers["units"].sum(), world.chasers.ai_equity + world.chasers.broad_equity)
    others = (opened.investors, opened.dealers, opened.pools, opened.chasers)
    others += (opened.holders, opened.stablecoins, opened.credit_funds)
    uninsured = opened.depositors["deposit"].sum() + sum(table["deposit"].sum() for table in others)
    close(uninsured, world.banks.uninsured_share * world.banks.deposits)
    close(uninsured + opened.depositors["insured"].sum(), world.banks.deposits)
    holders = [getattr(opened, name) for name in WITH_FIELD["units"] if name != "issuers"]
    of_crypto_holders = {AI_EQUITY: opened.holders["ai_equity"].sum(), CRYPTO: opened.holders["crypto"].sum()}
    for k, market in enumerate(MARKETS):
        capitalisation = getattr(world.markets, market.name).capitalisation
        close(sum(table["units"][:, k].sum() for table in holders) + of_crypto_holders.get(k, 0.0), capitalisation)
        close(opened.issuers["issued"][:, k].sum(), 0.0 if k == CRYPTO else capitalisation)
    lent = opened.banks["loans"].sum(axis=0)
    lent[ECONOMY] += opened.credit_funds["loans"].sum()
    np.testing.assert_allclose(opened.debtors["owed"], lent, rtol=1e-12)


def test_no_balance_is_negative(opened: Economy) -> None:
    for name, record in AGENTS.items():
        for field in record.part(BOOKS):
            values = getattr(opened, name)[field.name]
            if (name, field.name) == ("funds", "futures"):  # contracts sold short
                values = -values
            assert (values >= 0.0).all(), f"{name}.{field.name}"


def test_nobody_is_called_on_the_first_day(opened: Economy) -> None:
    funds = opened.funds
    assert (funds["requirement"] < funds["net_asset_value"]).all()
    assert (funds["net_asset_value"] > 0).all()


def test_agents_differ(opened: Economy) -> None:
    for style in range(len(STYLES)):
        some = opened.funds[opened.funds["style"] == style]
        debt = sum(some[name].sum(axis=1) for name in ("margin_loan", "repo", "unsecured"))
        leverage = (some["net_asset_value"] + debt) / some["net_asset_value"]
        ai_share = some["units"][:, AI_EQUITY] / some["units"].sum(axis=1)
        assert np.quantile(leverage, 0.9) > 1.02 * np.quantile(leverage, 0.1), STYLES[style]
        if STYLES[style] != "relative_value":
            assert np.quantile(ai_share, 0.9) > 1.2 * np.quantile(ai_share, 0.1), STYLES[style]
    for sector in (FUNDS, MARGIN_ACCOUNTS):
        some = opened.funds[opened.funds["sector"] == sector]
        leverage = some["units"].sum(axis=1) / some["net_asset_value"]
        assert np.quantile(leverage, 0.9) > 1.2 * np.quantile(leverage, 0.1)
    for style in STYLES[:MARGIN_ACCOUNT]:
        size = of_style(opened, style)["net_asset_value"] / getattr(default().funds, style).net_asset_value
        assert size.max() <= max(default().funds.largest_share, 1.0 / len(size)) + 1e-12, style
    funds = opened.funds[opened.funds["sector"] == FUNDS]
    size = funds["net_asset_value"] / funds["net_asset_value"].sum()
    assert size.max() <= 0.025 + 1e-12
    assert np.sort(size)[-50:].sum() > 0.3, "a tenth of the funds has a good part of the money"
    assert np.ptp(opened.banks["opening_capital"] / opened.banks["deposits"]) > 0.01
    assert set(opened.funds["dealer"].ravel().tolist()) == set(range(default().dealers.count))


def test_seeds_differ_in_who_has_what_but_not_in_totals() -> None:
    one, other = (Economy(default(), seed) for seed in (1, 2))
    assert not np.array_equal(one.funds["margin_loan"], other.funds["margin_loan"])
    np.testing.assert_allclose(one.opening, other.opening, rtol=1e-6, atol=1e-6)
    again = Economy(default(), 1)
    assert np.array_equal(one.funds, again.funds)


DEBTS = {"margin_loan": "prime_brokerage", "repo": "repo", "unsecured": "unsecured"}


@pytest.mark.parametrize("leverage", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_the_leverage_dial_scales_debt_and_leaves_net_asset_value(leverage: float) -> None:
    economy, terms = Economy(default().replace({"funds.leverage": leverage}), 1), default().margin_accounts
    bound = []
    for style in STYLES[:MARGIN_ACCOUNT]:
        some, stated = of_style(economy, style), getattr(default().funds, style)
        close(some["net_asset_value"].sum(), stated.net_asset_value)
        use = some["requirement"] / some["net_asset_value"]
        if (use > 0.999 * default().margin.opening_use).all():  # margin lets nobody of this style borrow more
            bound.append(style)
            continue
        for owed, name in DEBTS.items():
            close(some[owed].sum(), leverage * getattr(stated, name))
    assert bound == (["multi_strategy"] if leverage == 2.0 else [])
    accounts = economy.funds[economy.funds["sector"] == MARGIN_ACCOUNTS]
    close(accounts["margin_loan"].sum(), leverage * terms.debt)
    close(accounts["net_asset_value"].sum(), terms.assets + terms.cash - terms.debt)


@pytest.mark.parametrize("crowding", [0.5, 1.5])
def test_the_crowding_dial_scales_ai_equity(crowding: float) -> None:
    economy = Economy(default().replace({"funds.crowding": crowding}), 1)
    for style in STYLES[:MARGIN_ACCOUNT]:
        close(
            of_style(economy, style)["units"][:, AI_EQUITY].sum(), crowding * getattr(default().funds, style).ai_equity
        )


@pytest.mark.parametrize("dial", [0.5, 2.0])
def test_the_dials_of_capital_and_cash(dial: float) -> None:
    economy = Economy(default().replace({"banks.capital": dial, "buyers.cash": dial}), 1)
    close(economy.banks["opening_capital"].sum(), dial * default().banks.equity)
    buyers = default().buyers
    close(economy.investors["budget"].sum(), dial * (buyers.budget + buyers.note_budget + buyers.crypto_budget))
    close(Economy(small_world(dealers__capital=77.0), 1).dealers["opening_capital"].sum(), 77.0)


def test_a_dealer_owes_only_on_lines_that_it_has() -> None:
    world = small_world(pools__count=5, pools__lenders=3)
    dealers = Economy(world, 1).dealers
    assert (np.count_nonzero(dealers["bank_loan"], axis=1) == world.dealers.lenders).all()
    assert (np.count_nonzero(dealers["repo"], axis=1) == world.pools.lenders).all()
