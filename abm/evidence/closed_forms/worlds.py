"""The world of closed forms: the shipped one in which nothing moves but what a check moves.

No news but the shock, no channel but those that a check needs, markets without other sellers, few of everybody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from abm.agents.leveraged_fund import MARGIN_ACCOUNT, STYLES
from abm.channels import CHANNELS
from abm.markets import MARKETS
from abm.scenario import Scenario, load

HEDGE_FUNDS = STYLES[:MARGIN_ACCOUNT]
OWN = ("net_asset_value", "prime_brokerage", "repo", "unsecured", "short_equity", "other_owed", "cash", "futures_short")
HELD = ("ai_equity", "broad_equity", "notes", "bills", "crypto")

STILL: dict[str, Any] = {
    "run.ticks": 2,  # the day of the shock and that of the sale
    "spark.total": 0.0,
    "spark.start": 0,
    "spark.days": 1,
    **{f"channels.{name}": False for name in CHANNELS},
    "channels.margin_calls": True,
    "channels.cross_asset_sales": True,  # a call is met out of the whole book
    **{f"markets.{market.name}.{name}": 0.0 for market in MARKETS for name in ("news_volatility", "drift")},
    # What a sale does to a price stays, and is in proportion to it.
    **{f"markets.{market.name}.lasting_share": 1.0 for market in MARKETS},
    **{f"markets.{market.name}.impact": "linear" for market in MARKETS},
    # A call is met on the next day, at once, and by equal parts of the whole book.
    "margin.grace_days": 1,
    "margin.pro_rata_share": 1.0,
    "margin.daily_sale_share": 1.0,
    # Few of those who only have to be there.
    "margin_accounts.count": 1,
    "dealers.count": 1,
    "dealers.in_groups": 0,
    "dealers.lenders": 1,
    "banks.count": 4,
    "buyers.count": 4,
    "chasers.count": 1,
    "pools.count": 3,
    "pools.lenders": 1,
    "crypto.holders": 1,
    "private_credit.count": 1,
    "private_credit.lenders": 1,
    # Households on margin owe nothing.
    "margin_accounts.debt": 0.0,
    "margin_accounts.cash": 0.0,
    "margin_accounts.assets": 0.001,
}


def still(overrides: Mapping[str, Any]) -> Scenario:
    """The world with so much changed."""
    return nothing_moves().replace(dict(overrides))


@cache
def nothing_moves() -> Scenario:
    """The world as it is; read once."""
    return load("us_late_2025", **STILL)


def books(style: str, own: float, debt: float, **held: float) -> dict[str, float]:
    """What all funds of a style have of their own, owe on margin, and hold by asset, in $bn; the rest is inert."""
    amounts = dict.fromkeys((*OWN, *HELD), 0.0) | {"net_asset_value": own, "prime_brokerage": debt} | held
    return {f"funds.{style}.{name}": amount for name, amount in amounts.items()}


def one_fund(leverage: float, maintenance: float, **mix: float) -> dict[str, Any]:
    """One fund with 100 $bn of its own and so many times that in assets, by their shares (AI equity alone if none).

    All assets need the same margin.
    """
    own, assets = 100.0, 100.0 * leverage
    empty: dict[str, float] = {}
    for style in HEDGE_FUNDS[1:]:
        empty |= books(style, 0.0, 0.0)
    shares = mix or {"ai_equity": 1.0}
    held = {name: share * assets for name, share in shares.items()}
    return {
        "funds.count": 1,
        **empty,
        **books(HEDGE_FUNDS[0], own, assets - own, **held),
        **margins(maintenance),
        "margin.opening_use": 1.0,
    }


def margins(maintenance: float) -> dict[str, float]:
    """One maintenance margin on all that hedge funds hold."""
    return {f"margin.maintenance_{name}": maintenance for name in (*HELD, "other")}


def shocks(falls: Mapping[str, float]) -> dict[str, Any]:
    """News of the first day that takes such shares off the prices of markets."""
    return {
        "actions": [
            {"kind": "shock", "tick": 0, "market": market, "total": -math.log1p(-fall), "days": 1}
            for market, fall in falls.items()
        ]
    }
