"""A small world in which nothing moves but what a test moves: no news, no story, no everyday trades, deep markets."""

import numpy as np
from test_performance_chasing import world

from abm.economy import Economy
from abm.ledger.chart import N_TRADED
from abm.markets import MARKETS

STILL = {
    "spark__total": 0,
    "channels__ordinary_trading": False,
    "channels__narrative_feedback": False,
    "channels__performance_chasing": False,
    "channels__finite_buyers": False,
    "margin__close_out_cost": 0,
    **{f"markets__{market.name}__{name}": 0 for market in MARKETS for name in ("news_volatility", "drift")},
    **{f"markets__{market.name}__impact_multiplier": 1e-12 for market in MARKETS},
}


def still(*, check: bool = True, **overrides: object) -> Economy:
    """Open it with room for what happens, before the first day."""
    economy = Economy(world(**(STILL | overrides)), 1, check=check)
    economy._make_room_for_events()
    return economy


def a_day(economy: Economy, days: int = 1, **log_points: float) -> None:
    """Let days pass; on the first, news moves the named markets by so many log points."""
    names = [market.name for market in MARKETS]
    for name, move in log_points.items():
        economy.markets["news"][names.index(name)] += move
    economy.advance(economy.tick + days)


def worth(economy: Economy) -> np.ndarray:
    """What each fund has less what it owes, added up here from its books, in $bn."""
    funds, price = economy.funds, economy.markets["price"]
    held = (funds["units"] * price[:N_TRADED]).sum(axis=1) + funds["other_securities"] + funds["cash"].sum(axis=1)
    owed = sum(funds[name].sum(axis=1) for name in ("margin_loan", "repo", "unsecured")) + funds["other_owed"]
    return held - owed - funds["short"].sum(axis=1) * price[1]


def scratch(economy: Economy) -> np.ndarray:
    """A journal to throw away: books edited with it still close, and the day's own journal stays empty."""
    return np.zeros_like(economy.journal)
