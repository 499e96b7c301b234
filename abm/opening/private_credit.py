"""Private credit as it opens: funds drawn by chance, their lines at banks, and the builders they and banks lend to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.agents.bank import ECONOMY
from abm.agents.builder import BUILDER
from abm.agents.dealer import N_LINES
from abm.agents.private_credit_fund import CREDIT_FUND
from abm.draws import heavy_picks, lognormal, pareto_shares, spread, strata
from abm.errors import InputError
from abm.ledger.chart import HOUSEHOLDS_AND_FIRMS, PRIVATE_CREDIT_FUNDS
from abm.opening.funds import Columns
from abm.outcome.events import NO_EVENT
from abm.streams import (
    OPENING_AI_SHARE,
    OPENING_LENDERS,
    OPENING_LEVERAGE,
    OPENING_MATURITIES,
    OPENING_SIZES,
)

if TYPE_CHECKING:
    from abm.scenario import Scenario

FIRST_CREDIT_FUND, FIRST_BUILDER = 3_000_000, 4_000_000  # identities of draws
MOST_LENT_TO_BUILDERS = 0.95  # of what a fund has lent


def draw_credit_funds(scenario: Scenario, seed: int) -> Columns:
    """Draw funds: Pareto in size; gearing, AI share and the banks' part of debt spread around the sector's.

    Columns in $bn: assets, debt, data_centre_loans, deposit, drawn.
    """
    terms = scenario.private_credit
    who = FIRST_CREDIT_FUND + np.arange(terms.count)
    share = pareto_shares(strata(seed, OPENING_SIZES, who), terms.tail_exponent, terms.largest_share)
    assets = terms.assets * share
    geared = terms.gearing * lognormal(strata(seed, OPENING_LEVERAGE, who), terms.gearing_dispersion)
    owed = terms.assets * terms.gearing / (1.0 + terms.gearing)
    debt = spread(assets * geared / (1.0 + geared), owed, assets)
    tastes = assets * lognormal(strata(seed, OPENING_AI_SHARE, who), terms.ai_share_dispersion)
    most = MOST_LENT_TO_BUILDERS * (1.0 - terms.cash_share) * assets
    at_banks = debt * lognormal(strata(seed, OPENING_LENDERS, who), terms.bank_share_dispersion)
    return {
        "assets": assets,
        "debt": debt,
        "data_centre_loans": spread(tastes, terms.ai_share * terms.assets, most),
        "deposit": terms.cash_share * assets,
        "drawn": spread(at_banks, terms.drawn, debt),
    }


def pick_lenders(scenario: Scenario, seed: int, count: int, bank_share: np.ndarray) -> np.ndarray:
    """Return the banks that lend to each of `count` funds, (count, lines): drawn with chances as they are large."""
    lines = min(scenario.private_credit.lenders, len(bank_share), N_LINES)
    return heavy_picks(seed, OPENING_LENDERS, FIRST_CREDIT_FUND + np.arange(count), bank_share, lines)


def open_credit_funds(scenario: Scenario, columns: Columns, lenders: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Open the funds' books: what they do not owe to banks they owe on bonds, and the rest is their owners'.

    Shapes: lenders and drawn (funds, N_LINES). What is not drawn is granted in proportion to what is.
    """
    terms = scenario.private_credit
    funds = CREDIT_FUND.open(len(columns["assets"]))
    funds["sector"] = PRIVATE_CREDIT_FUNDS
    funds["lender"], funds["credit_line"] = lenders, drawn
    funds["opening_line"] = drawn
    funds["bank"] = lenders[:, 0]
    funds["owner"] = funds["id"] % scenario.buyers.count
    funds["debtor"] = ECONOMY
    funds["commitment"] = funds["undrawn"] = terms.undrawn * drawn / max(drawn.sum(), 1e-300)
    funds["data_centre_loans"] = columns["data_centre_loans"]
    funds["deposit"] = funds["opening_deposit"] = columns["deposit"]
    funds["loans"] = columns["assets"] - columns["data_centre_loans"] - columns["deposit"]
    owed = drawn.sum(axis=1)
    funds["bonds"] = np.maximum(columns["debt"] - owed, 0.0)
    own = columns["assets"] - owed - funds["bonds"]
    if (own < 0.0).any():
        fund = int(np.argmin(own))
        raise InputError(
            f"private-credit fund {fund}: what it has drawn, {owed[fund]:g}, is more than its assets; "
            f"allowed are at most {columns['assets'][fund]:g}"
        )
    funds["shares"] = funds["net_asset_value"] = own
    funds["gearing"] = (owed + funds["bonds"] - funds["deposit"]) / np.maximum(own, 1e-300)
    funds["loss_event"] = NO_EVENT
    return funds


def open_builders(scenario: Scenario, seed: int, funds: np.ndarray, bank_share: np.ndarray) -> np.ndarray:
    """Open the builders' books: each fund has lent to a few cohorts alike, banks to others in proportion to size.

    Loans to value and the days on which loans fall due are spread over all cohorts.
    """
    terms = scenario.builders
    of_funds = np.repeat(np.arange(len(funds)), terms.per_fund)
    builders = BUILDER.open(len(of_funds) + terms.at_banks)
    builders["sector"] = HOUSEHOLDS_AND_FIRMS
    builders["fund"], builders["bank"] = -1, -1
    builders["fund"][: len(of_funds)] = of_funds
    builders["owed_to_fund"][: len(of_funds)] = funds["data_centre_loans"][of_funds] / terms.per_fund
    reach = np.cumsum(bank_share) / bank_share.sum()
    middles = (np.arange(terms.at_banks) + 0.5) / terms.at_banks
    builders["bank"][len(of_funds) :] = np.searchsorted(reach, middles)
    builders["owed_to_bank"][len(of_funds) :] = terms.bank_loans / terms.at_banks
    who = FIRST_BUILDER + builders["id"]
    value = terms.loan_to_value * lognormal(strata(seed, OPENING_LEVERAGE, who), terms.value_dispersion)
    builders["opening_worth"] = (builders["owed_to_fund"] + builders["owed_to_bank"]) / value
    term = terms.term_years * scenario.run.ticks_per_year
    builders["matures"] = term * strata(seed, OPENING_MATURITIES, who)
    return builders
