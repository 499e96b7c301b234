"""Do the books of a seed hold the scenario's totals? A table of what is wanted against what is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abm.agents.bank import OTHER_NON_BANKS
from abm.agents.leveraged_fund import MARGIN_ACCOUNT, STYLES
from abm.agents.stablecoin_issuer import ISSUERS
from abm.ledger.chart import AI_EQUITY, BILLS, BROAD_EQUITY, CRYPTO, FUNDS, NOTES
from abm.markets import MARKETS
from abm.opening.books import open_books, units_held
from abm.policy.first_books import opening_equity
from abm.policy.stablecoin_reserves import reserves_of

if TYPE_CHECKING:
    from abm.scenario import Scenario
    from abm.scenario.sections import Style

TOP = 10  # funds whose share of net asset value is compared
OWED = ("prime_brokerage", "repo", "unsecured", "short_equity", "other_owed")
FIXED = ("notes", "bills", "crypto", "futures_short")  # parts of a book that no dial moves by itself
RESIDUAL = "what the other books leave"


class Total(NamedTuple):
    """One total: what the scenario wants (None: a residual), what the books hold, in `unit`, and the source."""

    name: str
    unit: str
    wanted: float | None
    held: float
    source: str

    @property
    def difference(self) -> float | None:
        """Books against what is wanted, in per cent."""
        if self.wanted is None:
            return None
        return 100.0 * (self.held / self.wanted - 1.0) if self.wanted else (0.0 if self.held == 0.0 else float("inf"))


def reconciliation(scenario: Scenario, seed: int = 1) -> list[Total]:
    """Return all totals of the first books that this scenario and seed open."""
    books = open_books(scenario, seed)
    parts = (of_funds, of_lenders, of_private_credit, of_crypto, of_the_rest)
    return [total for part in parts for total in part(scenario, books)]


def of_funds(scenario: Scenario, books: dict[str, np.ndarray]) -> list[Total]:
    """Return the totals of hedge funds and margin accounts; the dials scale what is wanted."""
    terms, accounts = scenario.funds, scenario.margin_accounts
    of_hedge_funds = books["funds"]["sector"] == FUNDS
    funds, clients = books["funds"][of_hedge_funds], books["funds"][~of_hedge_funds]
    worth = np.sort(funds["net_asset_value"])

    styles = [(getattr(terms, style), dials(scenario, getattr(terms, style))) for style in STYLES[:MARGIN_ACCOUNT]]

    def wanted(*names: str) -> float:
        return sum(scales.get(name, 1.0) * getattr(style, name) for style, scales in styles for name in names)

    def source(name: str) -> str:
        """What the styles' sources have in common: the published total, without the word on its split."""
        found = {scenario.quantity(f"funds.{style}.{name}").source for style in STYLES[:MARGIN_ACCOUNT]}
        return min(found).removesuffix("; assumed split")

    def row(label: str, name: str, held: float) -> Total:
        return Total(f"hedge funds: {label}", "$bn", wanted(name), float(held), source(name))

    debts = ("margin_loan", "repo", "unsecured")  # as `OWED` in books
    lines = {name: funds[name].sum() for name in (*debts, "short", "cash")}
    assets = funds["units"].sum() + funds["other_securities"].sum() + lines["cash"]
    return [
        row("net asset value", "net_asset_value", worth.sum()),
        *(row(name.replace("_", " "), name, lines[line]) for name, line in zip(OWED[:3], debts, strict=True)),
        row("broad equity sold short", "short_equity", lines["short"]),
        row("other sold short and owed", "other_owed", funds["other_owed"].sum()),
        Total("hedge funds: assets", "$bn", wanted("net_asset_value", *OWED), float(assets),
              "net asset value and all that is owed; Federal Reserve: 13.7 tn in 2025Q3"),
        row("AI equity", "ai_equity", funds["units"][:, AI_EQUITY].sum()),
        row("broad equity", "broad_equity", funds["units"][:, BROAD_EQUITY].sum()),
        row("Treasury notes", "notes", funds["units"][:, NOTES].sum()),
        row("of which hedged by futures", "futures_short", -funds["futures"].sum()),
        row("Treasury bills", "bills", funds["units"][:, BILLS].sum()),
        row("crypto", "crypto", funds["units"][:, CRYPTO].sum()),
        row("free cash at dealers", "cash", lines["cash"]),
        Total(f"hedge funds: share of the largest {TOP}", "%", None, 100.0 * worth[-TOP:].sum() / worth.sum(),
              "12 to 20 % of net asset value; remembered"),
        Total("margin accounts: debt", "$bn", terms.leverage * accounts.debt, float(clients["margin_loan"].sum()),
              scenario.quantity("margin_accounts.debt").source),
        Total("margin accounts: shares", "$bn", accounts.assets + (terms.leverage - 1.0) * accounts.debt,
              float(clients["units"].sum()), scenario.quantity("margin_accounts.assets").source),
        Total("margin accounts: free cash", "$bn", accounts.cash, float(clients["cash"].sum()),
              scenario.quantity("margin_accounts.cash").source),
    ]  # fmt: skip


def dials(scenario: Scenario, style: Style) -> dict[str, float]:
    """Return what the dials make of a style's totals: size all, leverage debts and the book, crowding AI equity."""
    debts = sum(getattr(style, name) for name in OWED[:3])
    book = style.net_asset_value + debts + style.short_equity + style.other_owed - style.cash
    grown = 1.0 + (scenario.funds.leverage - 1.0) * debts / max(book, 1e-300)
    free = book - style.notes - style.bills - style.crypto
    ai = min(scenario.funds.crowding * style.ai_equity, free)
    scales: dict[str, float] = {}
    scales |= dict.fromkeys(OWED[:3], scenario.funds.leverage)
    scales |= dict.fromkeys(FIXED, grown)
    scales["ai_equity"] = grown * ai / max(style.ai_equity, 1e-300)
    scales["broad_equity"] = grown * (free - ai) / max(free - style.ai_equity, 1e-300)
    names = ("net_asset_value", *OWED, "ai_equity", "broad_equity", *FIXED, "cash")
    return {name: style.size * scales.get(name, 1.0) for name in names}


def of_lenders(scenario: Scenario, books: dict[str, np.ndarray]) -> list[Total]:
    """Return the totals of dealers and banks."""
    dealers, banks, row = books["dealers"], books["banks"], stated(scenario)
    terms = scenario.banks
    lent = sum(dealers[name].sum() for name in ("margin_loans", "unsecured_loans", "fund_repo"))
    own = dealers["units"].sum() + dealers["deposit"].sum() + dealers["other_securities"].sum()
    to_dealers = banks["dealer_loans"].sum()
    to_named = to_dealers + banks["credit_lines"].sum() + banks["data_centre_loans"].sum()
    non_banks = banks["loans"][:, OTHER_NON_BANKS].sum() + to_dealers + banks["credit_lines"].sum()
    of_others = ("depositors", "investors", "dealers", "pools", "chasers", "credit_funds", "holders", "stablecoins")
    deposits = sum(books[name]["deposit"].sum() for name in of_others)
    held = sum(banks[name].sum() for name in ("units", "other_securities", "reserves", "loans", "interbank_lent"))
    return [
        row("dealers: capital", "dealers.capital", dealers["capital"].sum()),
        row("dealers: notes", "dealers.notes", dealers["units"].sum()),
        row("dealers: deposits", "dealers.deposits", dealers["deposit"].sum()),
        row("dealers: loans from banks", "dealers.bank_loans", dealers["bank_loan"].sum()),
        Total("dealers: lent to customers", "$bn", None, float(lent), "what funds and margin accounts owe"),
        Total("dealers: repo from cash pools", "$bn", None, float(dealers["repo"].sum()), RESIDUAL),
        Total("dealers: assets, borrowed shares aside", "$bn", None, float(lent + own),
              "Federal Reserve: broker-dealers 7.1 tn in 2025Q4; see docs/calibration.md"),
        row("banks: assets", "banks.assets", held + to_named + banks["dealer_shares"].sum()),
        row("banks: loans, all but to banks", "banks.loans", banks["loans"].sum() + to_named),
        Total("banks: loans to non-banks", "$bn",
              scenario.dealers.bank_loans + scenario.private_credit.drawn + terms.other_non_bank_loans,
              float(non_banks),
              "commentary of late 2025: 1.7 tn, 13 % of loans"),
        row("banks: loans to other non-banks", "banks.other_non_bank_loans", banks["loans"][:, OTHER_NON_BANKS].sum()),
        row("banks: loans to builders", "builders.bank_loans", banks["data_centre_loans"].sum()),
        row("banks: reserves", "banks.reserves", banks["reserves"].sum()),
        row("banks: notes", "banks.notes", banks["units"][:, NOTES].sum()),
        row("banks: bills", "banks.bills", banks["units"][:, BILLS].sum()),
        row("banks: deposits", "banks.deposits", banks["deposits"].sum()),
        Total("banks: deposits not insured", "$bn", terms.uninsured_share * terms.deposits, float(deposits),
              scenario.quantity("banks.uninsured_share").source),
        Total("banks: equity", "$bn", opening_equity(scenario), float(banks["capital"].sum()),
              scenario.quantity("banks.equity").source),
        row("banks: owed to each other", "banks.interbank", banks["interbank"].sum()),
    ]  # fmt: skip


def of_crypto(scenario: Scenario, books: dict[str, np.ndarray]) -> list[Total]:
    """Return the totals of crypto holders and of each stablecoin issuer."""
    holders, issuers, row = books["holders"], books["stablecoins"], stated(scenario)
    terms, coins = scenario.crypto, scenario.stablecoins
    totals = [
        row("crypto holders: crypto", "crypto.held", holders["crypto"].sum()),
        row("crypto holders: stablecoins", "crypto.coins", holders["coins"].sum()),
        row("crypto holders: AI equity", "crypto.ai_equity", holders["ai_equity"].sum()),
        row("crypto holders: borrowed from each other", "crypto.loans", holders["loan"].sum()),
        Total("crypto holders: deposits", "$bn", terms.deposits + terms.newcomers_deposits,
              float(holders["deposit"].sum()), scenario.quantity("crypto.deposits").source),
        row("stablecoins: in circulation", "stablecoins.supply", issuers["supply"].sum()),
    ]  # fmt: skip
    reserves = (
        ("deposits", issuers["deposit"].sum(axis=1)),
        ("repo", issuers["repo_lent"].sum(axis=1)),
        ("bills", issuers["units"][:, BILLS]),
        ("crypto", issuers["units"][:, CRYPTO]),
        ("other", issuers["other_securities"]),
    )
    for name, held in reserves:
        for i, issuer in enumerate(ISSUERS):
            own = getattr(coins, issuer)
            label = f"stablecoins, {issuer} issuer: {name.replace('other', 'other things')}"
            wanted = reserves_of(scenario, own)[name] * own.share_of_supply * coins.supply
            source = scenario.quantity(f"stablecoins.{issuer}.{name}").source
            totals.append(Total(label, "$bn", wanted, float(held[i]), source))
    return totals


def of_private_credit(scenario: Scenario, books: dict[str, np.ndarray]) -> list[Total]:
    """Return the totals of private-credit funds and of the builders that they lend to."""
    terms, funds, row = scenario.private_credit, books["credit_funds"], stated(scenario)
    own, bonds, drawn = funds["shares"].sum(), funds["bonds"].sum(), funds["credit_line"].sum()
    assets = funds["data_centre_loans"].sum() + funds["loans"].sum() + funds["deposit"].sum()
    return [
        row("private credit: assets", "private_credit.assets", assets),
        Total("private credit: owed against own money", "times", terms.gearing if own > 0.0 else None,
              float((drawn + bonds) / own) if own > 0.0 else 0.0,
              scenario.quantity("private_credit.gearing").source),
        row("private credit: drawn at banks", "private_credit.drawn", drawn),
        row("private credit: promised by banks, not drawn", "private_credit.undrawn", funds["undrawn"].sum()),
        Total("private credit: bonds", "$bn", None, float(bonds), RESIDUAL),
        Total("private credit: lent to builders", "$bn", terms.ai_share * terms.assets,
              float(books["builders"]["owed_to_fund"].sum()), scenario.quantity("private_credit.ai_share").source),
    ]  # fmt: skip


def of_the_rest(scenario: Scenario, books: dict[str, np.ndarray]) -> list[Total]:
    """Return the totals of cash pools, chasers, long-term investors and of each market."""
    pools, chasers, investors, row = books["pools"], books["chasers"], books["investors"], stated(scenario)
    buyers = scenario.buyers
    totals = [
        row("cash pools: bills", "pools.bills", pools["units"].sum()),
        row("cash pools: deposits", "pools.deposits", pools["deposit"].sum()),
        Total("cash pools: repo lent", "$bn", None, float(pools["repo_lent"].sum()), RESIDUAL),
        row("chasers: AI equity", "chasers.ai_equity", chasers["units"][:, AI_EQUITY].sum()),
        row("chasers: broad equity", "chasers.broad_equity", chasers["units"][:, BROAD_EQUITY].sum()),
        row("chasers: deposits", "chasers.deposits", chasers["deposit"].sum()),
        Total("long-term investors: deposits", "$bn", buyers.deposits + buyers.crypto_deposits + buyers.arbitrage_cash,
              float(investors["deposit"].sum()), scenario.quantity("buyers.deposits").source),
        Total("long-term investors: shares of funds", "$bn", None, float(investors["fund_shares"].sum()),
              "own money of hedge funds and private-credit funds"),
    ]  # fmt: skip
    for k, market in enumerate(MARKETS):
        label = market.name.replace("_", " ").replace("ai ", "AI ")
        totals.append(
            Total(f"long-term investors: {label}", "$bn", None, float(investors["units"][:, k].sum()), RESIDUAL)
        )
        path = f"markets.{market.name}.capitalisation"
        totals.append(row(f"{label}: all holders", path, units_held(books.values(), k)))
    return totals


def stated(scenario: Scenario) -> Callable[[str, str, Any], Total]:
    """Return how a total that is one number of the scenario becomes a row."""

    def row(label: str, path: str, held: Any) -> Total:
        quantity = scenario.quantity(path)
        return Total(label, quantity.unit, quantity.value, float(held), quantity.source)

    return row
