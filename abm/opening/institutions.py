"""Institutions: who there is and how large, drawn by chance or read from a table, before any book is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.bank import N_BANK_LENDERS
from abm.agents.dealer import N_LINES
from abm.agents.leveraged_fund import MARGIN_ACCOUNT, N_DEALERS
from abm.draws import heavy_picks, lognormal, pareto_shares, spread, strata
from abm.opening.funds import Columns, draw_funds, draw_margin_accounts, pick_dealers
from abm.opening.private_credit import draw_credit_funds, pick_lenders
from abm.opening.tables import arrays, banks_from, funds_from
from abm.policy.firewall import keep_out_crypto
from abm.policy.first_books import extra_capital
from abm.streams import (
    OPENING_CAPITAL,
    OPENING_INTERBANK,
    OPENING_LENDERS,
    OPENING_POOLS,
    OPENING_SIZES,
    OPENING_UNINSURED,
)

if TYPE_CHECKING:
    from abm.scenario import Scenario

FIRST_BANK, FIRST_DEALER = 1_000_000, 2_000_000  # identities of draws
MOST_UNINSURED = 0.95  # of a bank's deposits
BANK_LOAN, REPO_LINE, INTERBANK_LINE, CREDIT_LINE = "bank_loan", "repo", "interbank", "credit_line"


@dataclass(frozen=True)
class Institutions:
    """Five tables, each a dictionary of columns.

    funds: `FUND_COLUMNS` in $bn, dealers `dealer_1` to `dealer_4` and the parts of its business with each,
    `share_1` to `share_4`. dealers: share of business, capital, notes, deposits in $bn, bank, parent (-1:
    alone). banks: share of the sector's size, and the columns of a table of banks in $bn (earnings: per day).
    exposures: kind, debtor, creditor, amount in $bn (repo: the pool's part of what the dealer borrows).
    credit_funds: assets, debt, data_centre_loans, deposit in $bn.
    """

    funds: Columns
    dealers: Columns
    banks: Columns
    exposures: Columns
    credit_funds: Columns


def institutions(scenario: Scenario, seed: int) -> Institutions:
    """Draw everybody whom no table of the scenario names."""
    own = scenario.tables
    banks = banks_from(scenario) if own.banks else draw_banks(scenario, seed)
    if scenario.policy.bank_capital.on:
        banks["capital"] = banks["capital"] + extra_capital(scenario, banks)
    dealers = arrays(own.dealers) if own.dealers else draw_dealers(scenario, banks)
    funds = funds_from(scenario) if own.funds else draw_funds(scenario, seed)
    credit_funds = draw_credit_funds(scenario, seed)
    drawn = credit_funds["drawn"]
    exposures = arrays(own.exposures) if own.exposures else draw_exposures(scenario, seed, dealers, banks, drawn)
    if "dealer_1" not in funds:
        name_dealers(scenario, seed, funds, dealers["share"])
    elif not (funds["style"] == MARGIN_ACCOUNT).any():
        accounts = draw_margin_accounts(
            scenario, seed, scenario.funds.count + np.arange(scenario.margin_accounts.count)
        )
        name_dealers(scenario, seed, accounts, dealers["share"])
        funds = {name: np.concatenate([funds[name], column]) for name, column in accounts.items()}
    keep_out_crypto(scenario, funds)
    if not own.banks:
        lend_the_rest(scenario, banks, exposures)
    return Institutions(funds, dealers, banks, exposures, credit_funds)


def name_dealers(scenario: Scenario, seed: int, funds: Columns, dealer_share: np.ndarray) -> None:
    """Give funds their dealers, each an equal part of the business."""
    picked = pick_dealers(scenario, seed, funds, dealer_share)
    used = np.ones(picked.shape, bool)
    used[:, 1:] = picked[:, 1:] != picked[:, :1]
    for line in range(N_DEALERS):
        funds[f"dealer_{line + 1}"] = picked[:, line]
        funds[f"share_{line + 1}"] = used[:, line] / used.sum(axis=1)


def draw_banks(scenario: Scenario, seed: int) -> Columns:
    """Draw banks: Pareto in size, uninsured shares spread around the sector's.

    Capital beyond the target ratio is spread log-normally, so that nobody opens below target unless the sector
    does; the dial multiplies all of it.
    """
    terms = scenario.banks
    rows = np.arange(terms.count)
    share = pareto_shares(strata(seed, OPENING_SIZES, FIRST_BANK + rows), terms.tail_exponent, terms.largest_share)
    beyond = share * lognormal(strata(seed, OPENING_CAPITAL, rows), terms.capital_dispersion)
    weighted = terms.risk_weight * (terms.assets - terms.reserves - terms.notes - terms.bills)
    least = min(terms.target_ratio * max(weighted, 0.0), terms.equity)
    tastes = lognormal(strata(seed, OPENING_UNINSURED, rows), terms.uninsured_dispersion)
    deposits = terms.deposits * share
    in_proportion = ("assets", "reserves", "notes", "bills", "other_non_bank_loans")
    return {name: getattr(terms, name) * share for name in in_proportion} | {
        "share": share,
        "capital": terms.capital * (share * least + beyond / beyond.sum() * (terms.equity - least)),
        "deposits": deposits,
        "uninsured": spread(deposits * tastes, terms.uninsured_share * terms.deposits, MOST_UNINSURED * deposits),
        "retained_earnings": terms.retained_earnings / scenario.run.ticks_per_year * share,
    }


def lend_the_rest(scenario: Scenario, banks: Columns, exposures: Columns) -> None:
    """Let banks lend to firms and households what remains of their loans, in proportion to size."""
    terms = scenario.banks
    to_named = np.isin(exposures["kind"], (BANK_LOAN, CREDIT_LINE))
    others = terms.other_non_bank_loans + scenario.builders.bank_loans + exposures["amount"][to_named].sum()
    banks["loans"] = (terms.loans - others) * banks["share"]


def money_centres(scenario: Scenario, banks: Columns) -> np.ndarray:
    """Return the rows of the largest banks, largest first."""
    return np.argsort(-banks["share"], kind="stable")[: scenario.banks.money_centres]


def draw_dealers(scenario: Scenario, banks: Columns) -> Columns:
    """Open the list of dealers: the largest belong to the groups of the largest banks, the others are alone."""
    terms = scenario.dealers
    share = dealer_shares(terms.count, terms.top_three_share)
    centres = money_centres(scenario, banks)
    bank = centres[np.arange(terms.count) % len(centres)]
    return {
        "share": share,
        "capital": terms.capital * share,
        "notes": terms.notes * share,
        "deposits": terms.deposits * share,
        "bank": bank,
        "parent": np.where(np.arange(terms.count) < terms.in_groups, bank, -1),
    }


def dealer_shares(count: int, top_three_share: float) -> np.ndarray:
    """Return each dealer's share of the business: the first three have `top_three_share` together."""
    if count <= 3:
        return np.full(count, 1.0 / count)
    return np.concatenate([np.full(3, top_three_share / 3), np.full(count - 3, (1 - top_three_share) / (count - 3))])


def draw_exposures(scenario: Scenario, seed: int, dealers: Columns, banks: Columns, drawn: np.ndarray) -> Columns:
    """Draw who owes whom: dealers to banks and to cash pools, banks to banks, private-credit funds to banks."""
    rows: list[tuple[str, int, int, float]] = []
    share, n_banks, pools = banks["share"], len(banks["share"]), scenario.pools
    who = FIRST_DEALER + np.arange(len(dealers["share"]))
    lines = min(scenario.dealers.lenders, n_banks, N_LINES)
    for dealer, lenders in enumerate(heavy_picks(seed, OPENING_LENDERS, who, share, lines)):
        lent = lent_by(scenario, banks, lenders, scenario.dealers.bank_loans * float(dealers["share"][dealer]))
        rows += [(BANK_LOAN, dealer, bank, amount) for bank, amount in zip(lenders, lent, strict=True)]
    lines = min(pools.lenders, pools.count, N_LINES)
    for dealer, chosen in enumerate(heavy_picks(seed, OPENING_POOLS, who, np.ones(pools.count), lines)):
        rows += [(REPO_LINE, dealer, pool, 1.0 / lines) for pool in chosen]
    lines = min(N_BANK_LENDERS, n_banks - 1)
    others = np.where(np.eye(n_banks, dtype=bool), 0.0, share)
    each = scenario.banks.interbank * share / max(lines, 1)
    who = FIRST_BANK + np.arange(n_banks)
    for bank, lenders in enumerate(heavy_picks(seed, OPENING_INTERBANK, who, others, lines)):
        rows += [(INTERBANK_LINE, bank, lender, each[bank]) for lender in lenders]
    for fund, lenders in enumerate(pick_lenders(scenario, seed, len(drawn), share)):
        lent = lent_by(scenario, banks, lenders, float(drawn[fund]))
        rows += [(CREDIT_LINE, fund, bank, amount) for bank, amount in zip(lenders, lent, strict=True)]
    kinds, debtors, creditors, amounts = zip(*rows, strict=True)
    return {
        "kind": np.array(kinds),
        "debtor": np.array(debtors),
        "creditor": np.array(creditors),
        "amount": np.array(amounts),
    }


def lent_by(scenario: Scenario, banks: Columns, lenders: np.ndarray, wanted: float) -> np.ndarray:
    """Return what each of a debtor's banks lends: in proportion to size, within limits.

    Where the limits do not reach they lend in proportion all the same: the total is known.
    """
    lent = spread(banks["share"][lenders], wanted, scenario.banks.large_exposure * banks["capital"][lenders])
    return lent * wanted / lent.sum() if lent.sum() > 0 else np.full(len(lenders), wanted / len(lenders))


def lines_of(exposures: Columns, kind: str, count: int, n_lines: int) -> tuple[np.ndarray, np.ndarray]:
    """Return creditors and amounts of each debtor's lines, (count, n_lines); others repeat the first, at nought."""
    creditors = np.zeros((count, n_lines), int)
    amounts = np.zeros((count, n_lines))
    used = np.zeros(count, int)
    for row in np.flatnonzero(exposures["kind"] == kind):
        debtor = exposures["debtor"][row]
        if used[debtor] == 0:
            creditors[debtor] = exposures["creditor"][row]
        creditors[debtor, used[debtor]] = exposures["creditor"][row]
        amounts[debtor, used[debtor]] = exposures["amount"][row]
        used[debtor] += 1
    return creditors, amounts
