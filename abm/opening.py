"""Opening the books: scenario and seed become the first balance sheets of everybody, in which all claims agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.agents.bank import BANK
from abm.agents.dealer import DEALER, N_LINES
from abm.agents.long_short import draw_long_short_funds
from abm.agents.long_term_investor import LONG_TERM_INVESTOR
from abm.agents.margin_account import draw_margin_accounts
from abm.agents.rest_of_system import CLEARING_HOUSE, DEPOSITOR, ISSUER
from abm.draws import heavy_picks, lognormal, pareto_shares, spread, strata
from abm.ledger.chart import BANKS, DEALERS, LONG_TERM_INVESTORS, N_TRADED, NOTES, REST_OF_SYSTEM
from abm.markets import MARKETS
from abm.outcome.events import NO_EVENT
from abm.streams import OPENING_CAPITAL, OPENING_LENDERS, OPENING_SIZES

if TYPE_CHECKING:
    from abm.scenario import Scenario


def open_books(scenario: Scenario, seed: int) -> dict[str, np.ndarray]:
    """Return everybody's first records by table, drawn so that both sides of every claim are stored and equal."""
    funds = np.concatenate(
        [
            draw_long_short_funds(scenario, seed),
            draw_margin_accounts(scenario, seed, first_identity=scenario.funds.count),
        ]
    )
    identities = 1_000_000 + np.arange(scenario.banks.count)
    bank_sizes = pareto_shares(
        strata(seed, OPENING_SIZES, identities), scenario.banks.tail_exponent, scenario.banks.largest_share
    )
    money_centres = np.argsort(bank_sizes)[::-1][: scenario.banks.money_centres]
    bank_capital = draw_bank_capital(scenario, seed, bank_sizes)
    dealers = open_dealers(scenario, seed, funds, bank_sizes, bank_capital, money_centres)
    banks = open_banks(scenario, bank_sizes, bank_capital, dealers)
    investors = open_investors(scenario, funds, dealers, banks, money_centres)
    depositors = open_depositors(investors, dealers, banks)
    tables = {"funds": funds, "dealers": dealers, "banks": banks, "investors": investors, "depositors": depositors}
    house = CLEARING_HOUSE.open(1)
    house["sector"] = REST_OF_SYSTEM
    return tables | {"issuers": open_issuer(tables), "house": house}


def open_dealers(
    scenario: Scenario,
    seed: int,
    funds: np.ndarray,
    bank_sizes: np.ndarray,
    bank_capital: np.ndarray,
    money_centres: np.ndarray,
) -> np.ndarray:
    """Open the dealers' books around the customers that they get; repo funds what nothing else does."""
    terms = scenario.dealers
    dealers = DEALER.open(terms.count)
    dealers["sector"] = DEALERS
    share = dealer_shares(terms.count, terms.top_three_share)
    identities = 2_000_000 + dealers["id"]
    dealers["bank"] = money_centres[dealers["id"] % len(money_centres)]
    lines = min(terms.lenders, len(bank_sizes), N_LINES)
    for dealer, identity in zip(dealers, identities, strict=True):
        lenders = heavy_picks(seed, OPENING_LENDERS, int(identity), bank_sizes, lines)
        dealer["lender"] = np.resize(lenders, N_LINES)
        wanted = terms.bank_loans * float(share[dealer["id"]])
        lent = spread(bank_sizes[lenders], wanted, scenario.banks.large_exposure * bank_capital[lenders])
        # Where the limits do not reach, the dealer's banks lend in proportion all the same: the total is known.
        dealer["bank_loan"][:lines] = lent * wanted / lent.sum() if lent.sum() > 0 else wanted / lines
    customers = strata(seed, OPENING_LENDERS, funds["id"])
    funds["dealer"] = np.minimum(np.searchsorted(np.cumsum(share), customers), terms.count - 1)
    np.add.at(dealers["margin_loans"], funds["dealer"], funds["margin_loan"])
    np.add.at(dealers["customer_cash"], funds["dealer"], funds["cash"])
    dealers["units"][:, NOTES] = terms.notes * share
    dealers["deposit"] = dealers["opening_deposit"] = terms.deposits * share
    dealers["capital"] = dealers["opening_capital"] = terms.capital * share
    dealers["loss_event"] = dealers["failure_event"] = NO_EVENT
    assets = dealers["units"].sum(axis=1) + dealers["deposit"] + dealers["margin_loans"]
    funded = dealers["customer_cash"] + dealers["bank_loan"].sum(axis=1) + dealers["capital"]
    dealers["repo_lender"] = dealers["bank"]
    dealers["repo"] = np.maximum(assets - funded, 0.0)
    dealers["other_securities"] = np.maximum(funded - assets, 0.0)
    return dealers


def dealer_shares(count: int, top_three_share: float) -> np.ndarray:
    """Return each dealer's share of the business: the first three have `top_three_share` together."""
    if count <= 3:
        return np.full(count, 1.0 / count)
    return np.concatenate([np.full(3, top_three_share / 3), np.full(count - 3, (1 - top_three_share) / (count - 3))])


def draw_bank_capital(scenario: Scenario, seed: int, sizes: np.ndarray) -> np.ndarray:
    """Draw each bank's capital, (n_banks,) in $bn: ratios spread around the sector's, the dial times today's total."""
    ratios = lognormal(strata(seed, OPENING_CAPITAL, np.arange(len(sizes))), scenario.banks.capital_dispersion)
    return sizes * ratios * scenario.banks.equity * scenario.banks.capital / (sizes * ratios).sum()


def open_banks(scenario: Scenario, sizes: np.ndarray, capital: np.ndarray, dealers: np.ndarray) -> np.ndarray:
    """Open the banks' books: what is known in proportion to size, other securities and debt as they must be."""
    terms = scenario.banks
    banks = BANK.open(terms.count)
    banks["sector"] = BANKS
    banks["customers"] = banks["id"]
    np.add.at(banks["dealer_loans"], dealers["lender"], dealers["bank_loan"])
    banks["reserves"] = terms.reserves * sizes
    banks["units"][:, NOTES] = terms.notes * sizes
    banks["loans"] = (terms.loans - banks["dealer_loans"].sum()) * sizes
    banks["deposits"] = terms.deposits * sizes
    banks["capital"] = banks["opening_capital"] = capital
    banks["earnings_per_day"] = terms.retained_earnings / scenario.run.ticks_per_year * sizes
    banks["loss_event"] = NO_EVENT
    known = banks["reserves"] + banks["units"].sum(axis=1) + banks["loans"] + banks["dealer_loans"]
    banks["debt"] = np.maximum(np.maximum(terms.assets * sizes, known) - banks["deposits"] - capital, 0.0)
    banks["other_securities"] = banks["deposits"] + capital + banks["debt"] - known
    return banks


def open_investors(
    scenario: Scenario, funds: np.ndarray, dealers: np.ndarray, banks: np.ndarray, money_centres: np.ndarray
) -> np.ndarray:
    """Open the long-term investors' books: they hold what nobody else does, and the shares of all funds."""
    terms = scenario.buyers
    investors = LONG_TERM_INVESTOR.open(terms.count)
    investors["sector"] = LONG_TERM_INVESTORS
    investors["share"] = 1.0 / terms.count
    investors["bank"] = money_centres[investors["id"] % len(money_centres)]
    investors["budget"] = investors["normal_budget"] = terms.budget * terms.cash / terms.count
    investors["deposit"] = terms.deposits / terms.count
    for k, market in enumerate(MARKETS):
        held = sum(table["units"][:, k].sum() for table in (funds, dealers, banks))
        investors["units"][:, k] = (getattr(scenario.markets, market.name).capitalisation - held) / terms.count
    with_owner = funds["owner"] >= 0
    funds["owner"][with_owner] = funds["id"][with_owner] % terms.count
    worth = funds["units"].sum(axis=1) + funds["cash"] - funds["margin_loan"]
    funds["shares"][with_owner] = worth[with_owner]
    funds["net_asset_value"] = worth
    funds["requirement"] = (funds["maintenance"] * funds["units"]).sum(axis=1)
    funds["cause"] = NO_EVENT
    np.add.at(investors["fund_shares"], funds["owner"][with_owner], worth[with_owner])
    return investors


def open_depositors(investors: np.ndarray, dealers: np.ndarray, banks: np.ndarray) -> np.ndarray:
    """Open one cohort of depositors per bank, who hold what no other depositor does."""
    depositors = DEPOSITOR.open(len(banks))
    depositors["sector"] = REST_OF_SYSTEM
    depositors["bank"] = depositors["id"]
    depositors["deposit"] = banks["deposits"]
    for table in (investors, dealers):
        np.subtract.at(depositors["deposit"], table["bank"], table["deposit"])
    np.add.at(depositors["repo_lent"], dealers["repo_lender"], dealers["repo"])
    return depositors


def open_issuer(tables: dict[str, np.ndarray]) -> np.ndarray:
    """Open the book of firms and public sector, who owe what all the others hold."""
    issuers = ISSUER.open(1)
    issuers["sector"] = REST_OF_SYSTEM
    banks, dealers = tables["banks"], tables["dealers"]
    holders = [table for table in tables.values() if "units" in (table.dtype.names or ())]
    for k in range(N_TRADED):
        issuers["issued"][0, k] = sum(table["units"][:, k].sum() for table in holders)
    issuers["other_securities"] = banks["other_securities"].sum() + dealers["other_securities"].sum()
    issuers["reserves"] = banks["reserves"].sum()
    issuers["loans"] = banks["loans"].sum()
    issuers["bank_debt"] = banks["debt"].sum()
    return issuers
