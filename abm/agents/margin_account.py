"""Households' margin accounts, in cohorts: how their first books are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.agents.leveraged_fund import LEVERAGED_FUND
from abm.agents.long_short import fill_books
from abm.draws import lognormal, strata
from abm.ledger.chart import MARGIN_ACCOUNTS
from abm.streams import OPENING_AI_SHARE, OPENING_LEVERAGE

if TYPE_CHECKING:
    from abm.scenario import Scenario


def draw_margin_accounts(scenario: Scenario, seed: int, first_identity: int) -> np.ndarray:
    """Draw the cohorts' first books: equal in size, log-normal in leverage and in AI share.

    They owe to dealers and have no shares: what they are worth belongs to the household itself. The
    funds' leverage dial scales their debt too.
    """
    terms = scenario.margin_accounts
    accounts = LEVERAGED_FUND.open(terms.count)
    accounts["id"] += first_identity
    accounts["sector"] = MARGIN_ACCOUNTS
    accounts["owner"] = -1
    accounts["maintenance"] = scenario.margin.maintenance_account
    accounts["trading_probability"] = terms.trading_probability
    accounts["trading_size"] = terms.trading_size
    accounts["cash"] = terms.cash / terms.count
    own = np.full(terms.count, (terms.assets + terms.cash - terms.debt) / terms.count)
    debt_wish = own * lognormal(strata(seed, OPENING_LEVERAGE, accounts["id"]), terms.leverage_dispersion)
    tastes = lognormal(strata(seed, OPENING_AI_SHARE, accounts["id"]), terms.ai_share_dispersion)
    debt = terms.debt * scenario.funds.leverage
    fill_books(accounts, own, debt_wish, debt, tastes, terms.ai_share, 0.0, scenario.margin.opening_use)
    return accounts
