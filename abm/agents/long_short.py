"""Equity long/short funds: how their first books are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.agents.leveraged_fund import LEVERAGED_FUND
from abm.draws import lognormal, pareto_shares, spread, strata
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, FUNDS, NOTES
from abm.streams import OPENING_AI_SHARE, OPENING_LEVERAGE, OPENING_SIZES

if TYPE_CHECKING:
    from abm.scenario import Scenario


def draw_long_short_funds(scenario: Scenario, seed: int) -> np.ndarray:
    """Draw the funds' first books: sizes are Pareto, leverage and AI shares log-normal across funds.

    The leverage dial scales what they borrow, the crowding dial how much of their book is AI equity;
    net asset value stays. Totals hold in every seed unless margin limits bind.
    """
    terms = scenario.funds
    funds = LEVERAGED_FUND.open(terms.count)
    funds["sector"] = FUNDS
    maintenance = scenario.margin
    funds["maintenance"][:, AI_EQUITY] = maintenance.maintenance_ai_equity
    funds["maintenance"][:, BROAD_EQUITY] = maintenance.maintenance_broad_equity
    funds["maintenance"][:, NOTES] = maintenance.maintenance_notes
    funds["trading_probability"] = terms.trading_probability
    funds["trading_size"] = terms.trading_size
    sizes = pareto_shares(strata(seed, OPENING_SIZES, funds["id"]), terms.tail_exponent, terms.largest_share)
    own = sizes * terms.net_asset_value
    funds["cash"] = sizes * terms.cash
    debt_wish = own * lognormal(strata(seed, OPENING_LEVERAGE, funds["id"]), terms.leverage_dispersion)
    notes_share = terms.notes / (terms.net_asset_value + terms.borrowing - terms.cash)
    ai_share = terms.crowding * terms.ai_equity / (terms.net_asset_value + terms.borrowing - terms.cash)
    tastes = lognormal(strata(seed, OPENING_AI_SHARE, funds["id"]), terms.ai_share_dispersion)
    debt = terms.borrowing * terms.leverage
    fill_books(funds, own, debt_wish, debt, tastes, ai_share, notes_share, scenario.margin.opening_use)
    return funds


def fill_books(
    funds: np.ndarray,
    own: np.ndarray,
    debt_wish: np.ndarray,
    debt: float,
    tastes: np.ndarray,
    ai_share: float,
    notes_share: float,
    opening_use: float,
) -> None:
    """Give every fund debt in proportion to its wish and assets in proportion to its taste, at a price of one.

    Shapes: own, debt_wish, tastes (n,) in $bn and multiples; debt in $bn; shares of securities held.
    Nobody opens nearer to a margin call than a requirement of `opening_use` times net asset value.
    """
    dearest = funds["maintenance"].max(axis=1)
    most_debt = np.maximum(0.0, opening_use * own / dearest - own + funds["cash"])
    funds["margin_loan"] = spread(debt_wish, debt, most_debt)
    held = own + funds["margin_loan"] - funds["cash"]
    most_ai = held * (1.0 - notes_share)
    ai = spread(held * tastes, min(ai_share * held.sum(), most_ai.sum()), most_ai)
    funds["units"][:, AI_EQUITY] = ai
    funds["units"][:, NOTES] = notes_share * held
    funds["units"][:, BROAD_EQUITY] = most_ai - ai
    funds["target"] = funds["units"] / held[:, None]
