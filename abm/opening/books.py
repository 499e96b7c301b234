"""The first balance sheets of everybody: both sides of every claim are stored, and equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.bank import BANK, ECONOMY, N_BANK_LENDERS, N_DEBTORS, OTHER_NON_BANKS
from abm.agents.cash_pool import CASH_POOL
from abm.agents.dealer import DEALER, N_LINES
from abm.agents.leveraged_fund import LEVERAGED_FUND, MARGIN_ACCOUNT, N_DEALERS, STYLES
from abm.agents.long_term_investor import FOR_NOTES, FOR_SHARES, LONG_TERM_INVESTOR
from abm.agents.performance_chaser import PERFORMANCE_CHASER
from abm.agents.rest_of_system import CLEARING_HOUSE, DEBTOR, DEPOSITOR, FIRMS, ISSUER, PUBLIC
from abm.agents.trader import TRADER
from abm.draws import spread
from abm.errors import InputError
from abm.ledger.chart import (
    AI_EQUITY,
    BANKS,
    BILLS,
    BROAD_EQUITY,
    CASH_POOLS,
    CRYPTO,
    CRYPTO_HOLDERS,
    DEALERS,
    FUNDS,
    HOUSEHOLDS_AND_FIRMS,
    LONG_TERM_INVESTORS,
    MARGIN_ACCOUNTS,
    N_TRADED,
    NOTES,
    PERFORMANCE_CHASERS,
    PUBLIC_SECTOR,
)
from abm.markets import MARKETS
from abm.opening.crypto import open_holders, open_stablecoins
from abm.opening.funds import traded
from abm.opening.institutions import (
    BANK_LOAN,
    CREDIT_LINE,
    INTERBANK_LINE,
    MOST_UNINSURED,
    REPO_LINE,
    Institutions,
    institutions,
    lines_of,
    money_centres,
)
from abm.opening.private_credit import open_builders, open_credit_funds
from abm.outcome.events import NO_EVENT
from abm.policy.first_books import calm_margins

if TYPE_CHECKING:
    from abm.scenario import Scenario

ROUNDING = 1e-9  # relative
HouseBanks = Callable[[int], np.ndarray]  # where so many large depositors bank
ISSUED_BY_FIRMS, ISSUED_BY_THE_PUBLIC = (AI_EQUITY, BROAD_EQUITY), (NOTES, BILLS)


def open_books(scenario: Scenario, seed: int) -> dict[str, np.ndarray]:
    """Return everybody's first records by table."""
    drawn = institutions(scenario, seed)
    house_banks = partial(banks_of, money_centres(scenario, drawn.banks), drawn.banks["share"])
    funds = open_funds(scenario, drawn)
    stablecoins = open_stablecoins(scenario, seed, drawn.banks, drawn.dealers)
    holders = open_holders(scenario, seed, stablecoins, drawn.banks["deposits"])
    dealers = open_dealers(scenario, drawn, funds, stablecoins)
    pools = open_pools(scenario, dealers, house_banks)
    lines = lines_of(drawn.exposures, CREDIT_LINE, scenario.private_credit.count, N_LINES)
    credit_funds = open_credit_funds(scenario, drawn.credit_funds, *lines)
    builders = open_builders(scenario, seed, credit_funds, drawn.banks["share"])
    banks = open_banks(scenario, drawn, dealers, credit_funds, builders)
    tables = {
        "funds": funds,
        "dealers": dealers,
        "banks": banks,
        "chasers": open_chasers(scenario, house_banks),
        "pools": pools,
        "holders": holders,
        "stablecoins": stablecoins,
        "credit_funds": credit_funds,
        "builders": builders,
    }
    tables["investors"] = open_investors(scenario, tables, house_banks)
    tables["depositors"] = open_depositors(drawn, tables)
    tables["debtors"] = open_debtors(banks, credit_funds)
    house = CLEARING_HOUSE.open(1)
    house["sector"] = PUBLIC_SECTOR
    return tables | {"issuers": open_issuers(tables), "house": house, "traders": TRADER.open(0)}


def banks_of(centres: np.ndarray, share: np.ndarray, count: int) -> np.ndarray:
    """Return where `count` large depositors bank, (count,): at the money centres, in proportion to their size."""
    reach = np.cumsum(share[centres]) / share[centres].sum()
    return centres[np.searchsorted(reach, (np.arange(count) + 0.5) / count)]


def open_funds(scenario: Scenario, drawn: Institutions) -> np.ndarray:
    """Open the books of hedge funds and margin accounts."""
    columns = drawn.funds
    funds = LEVERAGED_FUND.open(len(columns["style"]))
    funds["style"] = columns["style"]
    accounts = columns["style"] == MARGIN_ACCOUNT
    funds["sector"] = np.where(accounts, MARGIN_ACCOUNTS, FUNDS)
    funds["units"] = traded(columns)
    for name in ("other_securities", "other_owed"):
        funds[name] = columns[name]
    funds["futures"] = -columns["futures_short"]
    for line in range(N_DEALERS):
        share = columns[f"share_{line + 1}"]
        funds["dealer"][:, line] = columns[f"dealer_{line + 1}"]
        funds["line_share"][:, line] = share
        for name, column in (
            ("cash", "cash"),
            ("margin_loan", "prime_brokerage"),
            ("repo", "repo"),
            ("unsecured", "unsecured"),
            ("short", "short_equity"),
        ):
            funds[name][:, line] = share * columns[column]
    margin, terms = scenario.margin, scenario.funds
    for k, market in enumerate(MARKETS):
        funds["maintenance"][:, k] = getattr(margin, f"maintenance_{market.name}")
    funds["maintenance"][accounts] = margin.maintenance_account
    funds["trading_probability"] = np.where(
        accounts, scenario.margin_accounts.trading_probability, terms.trading_probability
    )
    funds["trading_size"] = np.where(accounts, scenario.margin_accounts.trading_size, terms.trading_size)
    for name in ("stop_drawdown", "stop_cut", "volatility_weight"):
        by_style = [getattr(getattr(terms, style), name) for style in STYLES[:MARGIN_ACCOUNT]]
        funds[name] = np.array([*by_style, 0.0])[columns["style"]]
    securities = funds["units"].sum(axis=1)
    worth = columns["net_asset_value"]
    in_equity = funds["units"][:, AI_EQUITY] + funds["units"][:, BROAD_EQUITY]
    funds["home_market"] = np.where(funds["units"][:, NOTES] > in_equity, NOTES, AI_EQUITY)
    funds["target"] = funds["units"] / np.maximum(securities, 1e-300)[:, None]
    funds["opening_assets"] = securities / np.maximum(worth, 1e-300)
    funds["usual_cash"] = (columns["cash"] - columns["short_equity"]) / np.maximum(worth, 1e-300)
    funds["net_asset_value"] = worth
    funds["margin_factor"] = funds["share_value"] = funds["year_value"] = funds["best_value"] = 1.0
    funds["owner"] = np.where(accounts, -1, funds["id"] % scenario.buyers.count)
    funds["shares"] = np.where(accounts, 0.0, worth)
    funds["cause"] = funds["own_cause"] = funds["notice_cause"] = funds["cap_cause"] = NO_EVENT
    held = funds["units"] + np.eye(N_TRADED)[BROAD_EQUITY] * funds["short"].sum(axis=1)[:, None]
    asked = calm_margins(scenario)
    rates = np.where(accounts[:, None], asked["account"], np.array([asked[market.name] for market in MARKETS]))
    funds["requirement"] = (rates * held).sum(axis=1)
    funds["requirement"] += asked["other"] * (funds["other_securities"] + funds["other_owed"])
    funds["requirement"] += asked["futures"] * np.abs(funds["futures"])
    return funds


def open_dealers(scenario: Scenario, drawn: Institutions, funds: np.ndarray, stablecoins: np.ndarray) -> np.ndarray:
    """Open the dealers' books around the customers that they have; repo funds what nothing else does."""
    columns = drawn.dealers
    dealers = DEALER.open(len(columns["share"]))
    dealers["sector"] = DEALERS
    dealers["bank"], dealers["parent"] = columns["bank"], columns["parent"]
    dealers["stock_lender"] = dealers["id"] % scenario.buyers.count
    for claim, owed in (
        ("margin_loans", "margin_loan"),
        ("unsecured_loans", "unsecured"),
        ("fund_repo", "repo"),
        ("customer_cash", "cash"),
        ("lent_on", "short"),
    ):
        np.add.at(dealers[claim], funds["dealer"], funds[owed])
    dealers["borrowed"] = dealers["lent_on"]
    dealers["units"][:, NOTES] = columns["notes"]
    dealers["deposit"] = dealers["opening_deposit"] = columns["deposits"]
    dealers["capital"] = dealers["opening_capital"] = columns["capital"]
    dealers["group_shares"] = np.where(columns["parent"] >= 0, columns["capital"], 0.0)
    dealers["lender"], dealers["bank_loan"] = lines_of(drawn.exposures, BANK_LOAN, len(dealers), N_LINES)
    dealers["opening_bank_loan"] = dealers["bank_loan"].sum(axis=1)
    dealers["loss_event"] = dealers["failure_event"] = NO_EVENT
    assets = dealers["units"].sum(axis=1) + dealers["deposit"]
    assets += dealers["margin_loans"] + dealers["unsecured_loans"] + dealers["fund_repo"]
    funded = dealers["customer_cash"] + dealers["bank_loan"].sum(axis=1) + dealers["capital"]
    pools, parts = lines_of(drawn.exposures, REPO_LINE, len(dealers), N_LINES)
    dealers["repo_lender"] = pools
    np.add.at(dealers["coin_repo"], stablecoins["dealer"], stablecoins["repo_lent"])
    funded += dealers["coin_repo"]
    dealers["repo"] = np.maximum(assets - funded, 0.0)[:, None] * parts / parts.sum(axis=1)[:, None]
    dealers["other_securities"] = np.maximum(funded - assets, 0.0)
    return dealers


def open_pools(scenario: Scenario, dealers: np.ndarray, house_banks: HouseBanks) -> np.ndarray:
    """Open the cash pools' books: they have lent what dealers owe."""
    terms = scenario.pools
    pools = CASH_POOL.open(terms.count)
    pools["sector"] = CASH_POOLS
    pools["bank"] = house_banks(len(pools))
    pools["deposit"] = pools["opening_deposit"] = terms.deposits / terms.count
    pools["units"][:, BILLS] = terms.bills / terms.count
    np.add.at(pools["repo_lent"], dealers["repo_lender"], dealers["repo"])
    return pools


def open_banks(
    scenario: Scenario, drawn: Institutions, dealers: np.ndarray, credit_funds: np.ndarray, builders: np.ndarray
) -> np.ndarray:
    """Open the banks' books: what is known as it is known, other securities and debt as they must be."""
    terms, columns = scenario.banks, drawn.banks
    banks = BANK.open(len(columns["share"]))
    banks["sector"] = BANKS
    banks["customers"] = banks["id"]
    banks["debtor"] = np.arange(N_DEBTORS)
    np.add.at(banks["dealer_loans"], dealers["lender"], dealers["bank_loan"])
    np.add.at(banks["credit_lines"], credit_funds["lender"], credit_funds["credit_line"])
    at_banks = builders["bank"] >= 0
    np.add.at(banks["data_centre_loans"], builders["bank"][at_banks], builders["owed_to_bank"][at_banks])
    in_group = dealers["parent"] >= 0
    np.add.at(banks["dealer_shares"], dealers["parent"][in_group], dealers["group_shares"][in_group])
    banks["interbank_lender"], banks["interbank"] = lines_of(
        drawn.exposures, INTERBANK_LINE, len(banks), N_BANK_LENDERS
    )
    banks["opening_interbank"] = banks["interbank"]
    np.add.at(banks["interbank_lent"], banks["interbank_lender"], banks["interbank"])
    banks["reserves"] = banks["opening_reserves"] = columns["reserves"]
    banks["units"][:, NOTES] = columns["notes"]
    banks["units"][:, BILLS] = columns["bills"]
    banks["loans"][:, ECONOMY] = columns["loans"]
    banks["loans"][:, OTHER_NON_BANKS] = columns["other_non_bank_loans"]
    banks["deposits"] = columns["deposits"]
    banks["capital"] = banks["opening_capital"] = columns["capital"]
    banks["earnings_per_day"] = columns["retained_earnings"]
    banks["loss_event"] = NO_EVENT
    known = banks["reserves"] + banks["units"].sum(axis=1) + banks["loans"].sum(axis=1) + banks["dealer_loans"]
    known += banks["interbank_lent"] + banks["dealer_shares"] + banks["credit_lines"] + banks["data_centre_loans"]
    owed = banks["deposits"] + columns["capital"] + banks["interbank"].sum(axis=1)
    banks["debt"] = np.maximum(np.maximum(columns["assets"], known) - owed, 0.0)
    banks["other_securities"] = owed + banks["debt"] - known
    weighted = terms.risk_weight * (owed + banks["debt"] - banks["reserves"] - banks["units"].sum(axis=1))
    banks["ratio"] = columns["capital"] / np.maximum(weighted, 1e-300)
    banks["payout"] = 1.0
    return banks


def open_chasers(scenario: Scenario, house_banks: HouseBanks) -> np.ndarray:
    """Open the books of those who chase returns."""
    terms = scenario.chasers
    chasers = PERFORMANCE_CHASER.open(terms.count)
    chasers["sector"] = PERFORMANCE_CHASERS
    chasers["bank"] = house_banks(len(chasers))
    chasers["deposit"] = terms.deposits / terms.count
    chasers["units"][:, AI_EQUITY] = terms.ai_equity / terms.count
    chasers["units"][:, BROAD_EQUITY] = terms.broad_equity / terms.count
    return chasers


def open_investors(scenario: Scenario, others: dict[str, np.ndarray], house_banks: HouseBanks) -> np.ndarray:
    """Open the books of long-term investors, who hold what nobody else does, and of long-term holders of crypto.

    They own hedge funds and private-credit funds, and hold the latters' bonds.
    """
    terms = scenario.buyers
    funds, dealers, stablecoins, credit_funds = (
        others[name] for name in ("funds", "dealers", "stablecoins", "credit_funds")
    )
    investors = LONG_TERM_INVESTOR.open(terms.count + 2)
    investors["sector"] = LONG_TERM_INVESTORS
    # the last two are arbitrageurs in coins and long-term holders of crypto
    investors["sector"][-2:] = CRYPTO_HOLDERS
    investors["coin_share"][-2] = 1.0
    investors["share"][:-2] = 1.0 / terms.count
    investors["share"][:, CRYPTO] = investors["id"] == terms.count + 1
    investors["bank"] = house_banks(len(investors))
    investors["bank"][-1] = investors["bank"][0]  # one holder of so much money banks where there is room for it
    investors["normal_budget"][:-2, FOR_SHARES] = terms.budget * terms.cash / terms.count
    investors["normal_budget"][:-2, FOR_NOTES] = terms.note_budget * terms.cash / terms.count
    investors["normal_budget"][-1, FOR_SHARES] = terms.crypto_budget * terms.cash
    investors["budget"] = investors["normal_budget"]
    investors["deposit"][:-2] = terms.deposits / terms.count
    investors["deposit"][-2] = terms.arbitrage_cash
    investors["deposit"][-1] = terms.crypto_deposits
    for k, market in enumerate(MARKETS):
        held = units_held(others.values(), k)
        capitalisation = getattr(scenario.markets, market.name).capitalisation
        if held > capitalisation * (1.0 + ROUNDING):
            raise InputError(
                f"scenario {scenario.name}: markets.{market.name}.capitalisation = {capitalisation:g} is less than "
                f"what all but long-term investors hold; allowed is at least {held:g}, or holding less"
            )
        investors["units"][:, k] = (capitalisation - held) * investors["share"][:, k]
    investors["issuer"] = np.arange(len(stablecoins))
    parts = stablecoins["supply"] / max(stablecoins["supply"].sum(), 1e-300)
    investors["coins"][-1] = investors["usual_coins"][-1] = terms.crypto_coins * parts
    np.add.at(investors["lent"], dealers["stock_lender"], dealers["borrowed"])
    investors["futures"] = -funds["futures"].sum() * investors["share"][:, NOTES]
    with_owner = funds["owner"] >= 0
    np.add.at(investors["fund_shares"], funds["owner"][with_owner], funds["shares"][with_owner])
    np.add.at(investors["fund_shares"], credit_funds["owner"], credit_funds["shares"])
    np.add.at(investors["fund_bonds"], credit_funds["owner"], credit_funds["bonds"])
    return investors


def units_held(tables: Iterable[np.ndarray], k: int) -> float:
    """Return how many units of a market all tables hold; crypto holders have two markets, a field each."""
    field = {AI_EQUITY: "ai_equity", CRYPTO: "crypto"}.get(k, "")
    total = 0.0
    for table in tables:
        names = table.dtype.names or ()
        if "units" in names:
            total += table["units"][:, k].sum()
        elif field in names:
            total += table[field].sum()
    return float(total)


def open_depositors(drawn: Institutions, others: dict[str, np.ndarray]) -> np.ndarray:
    """Open one cohort of depositors per bank, who hold what no other depositor does.

    Others are not insured, and most of them bank at the largest; the cohorts' uninsured deposits are the rest of
    the sector's, where the bank has room for them. They hold the coins that nobody else does.
    """
    banks = others["banks"]
    depositors = DEPOSITOR.open(len(banks))
    depositors["sector"] = HOUSEHOLDS_AND_FIRMS
    depositors["bank"] = depositors["id"]
    named = np.zeros(len(banks))
    for table in others.values():
        if "deposit" in (table.dtype.names or ()):
            np.add.at(named, table["bank"], table["deposit"])
    left = banks["deposits"] - named
    if (left < -ROUNDING * named).any():
        bank = int(np.argmin(left))
        raise InputError(
            f"bank {bank}: deposits = {banks['deposits'][bank]:g} are less than what all but households and firms "
            f"have there; allowed are at least {named[bank]:g}, or less from them"
        )
    uninsured = drawn.banks["uninsured"]
    depositors["deposit"] = spread(uninsured, uninsured.sum() - named.sum(), MOST_UNINSURED * np.maximum(left, 0.0))
    depositors["insured"] = left - depositors["deposit"]
    investors, holders, stablecoins = others["investors"], others["holders"], others["stablecoins"]
    depositors["issuer"] = np.arange(len(stablecoins))
    with_others = investors["coins"].sum(axis=0)
    np.add.at(with_others, holders["issuer"], holders["coins"])
    parts = banks["deposits"] / banks["deposits"].sum()
    depositors["coins"] = depositors["opening_coins"] = parts[:, None] * (stablecoins["supply"] - with_others)
    return depositors


def open_debtors(banks: np.ndarray, credit_funds: np.ndarray) -> np.ndarray:
    """Open the books of debtors outside: the economy, which owes to private-credit funds too, and other non-banks."""
    debtors = DEBTOR.open(N_DEBTORS)
    debtors["sector"] = HOUSEHOLDS_AND_FIRMS
    debtors["owed"] = banks["loans"].sum(axis=0)
    debtors["owed"][ECONOMY] += credit_funds["loans"].sum()
    return debtors


def open_issuers(tables: dict[str, np.ndarray]) -> np.ndarray:
    """Open the books of firms and of the public sector, who owe what all the others hold."""
    issuers = ISSUER.open(2)
    issuers["sector"][FIRMS], issuers["sector"][PUBLIC] = HOUSEHOLDS_AND_FIRMS, PUBLIC_SECTOR
    for row, instruments in ((FIRMS, ISSUED_BY_FIRMS), (PUBLIC, ISSUED_BY_THE_PUBLIC)):
        for k in instruments:
            issuers["issued"][row, k] = units_held(tables.values(), k)
    inert = [table for table in tables.values() if "other_securities" in (table.dtype.names or ())]
    issuers["other_securities"][FIRMS] = (
        sum(table["other_securities"].sum() for table in inert) - tables["funds"]["other_owed"].sum()
    )
    issuers["reserves"][PUBLIC] = tables["banks"]["reserves"].sum()
    issuers["bank_debt"][FIRMS] = tables["banks"]["debt"].sum()
    return issuers
