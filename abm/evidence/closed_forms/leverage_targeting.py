"""Fire sales of leverage targeters: Greenwood, Landier and Thesmar (2015).

    AV = 1' A M L M' B A M f / E

A: assets of each fund (diagonal); M: its mix of assets; B: debt to own money at the target (diagonal); f: falls of
the assets; L: fall of an asset's price per dollar of it that is sold (diagonal); E: all funds' own money.

Derived: a fund with assets a, debt b e and own money e loses a r, r = (M f), on the shock. It is back at its leverage
with a (1 - r) - s = (1 + b) (e - a r), so that it sells s = b a r (a = (1 + b) e). Sold pro rata these are
M' B A M f dollars of each asset; prices fall by L times that, and funds lose A M times those falls.

Funds here whose margin binds (maintenance 1 / leverage, opened at the limit, called down to it) are such targeters:
called on the evening of the shock, they sell on the next day. The formula holds to first order in f: halve f, and
its error must fall to a quarter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from abm.evidence.check import CLOSED_FORMS, Check, Curve, Judged, Measured, Picture, Runs, exact
from abm.evidence.closed_forms.worlds import HEDGE_FUNDS, books, margins, shocks, still

MAINTENANCE = 0.2  # hedge funds have five dollars of assets for one of their own
MAINTENANCE_ACCOUNT = 0.4  # margin accounts two and a half
OWN = 400.0  # $bn, of each style
# AI equity, broad equity, notes
MIXES = (
    (0.6, 0.4, 0.0),
    (0.3, 0.4, 0.3),
    (0.0, 0.0, 1.0),
    (0.1, 0.2, 0.7),
    (0.5, 0.0, 0.5),
    (0.0, 1.0, 0.0),
)
MARKETS = ("ai_equity", "broad_equity", "notes")
SHOCKS: tuple[Mapping[str, float], ...] = (
    {"ai_equity": 1.0},
    {"ai_equity": 1.0, "broad_equity": 0.4, "notes": 0.1},
    {"notes": 0.5},
)
LARGEST, HALVINGS = 0.02, 5  # the fall that is halved, of an asset with part 1


class Round(NamedTuple):
    """One round of sales: falls of prices (k,), losses by fund (n,) in $bn, and these as a part of own money."""

    falls: np.ndarray
    losses: np.ndarray
    vulnerability: float


def world() -> dict[str, Any]:
    """Funds of six styles and two margin accounts, all as far on credit as their margin allows."""
    held = OWN / MAINTENANCE
    wanted = 2.0 * held  # more than the margin allows, so that it binds for each
    styles: dict[str, float] = {}
    for style, mix in zip(HEDGE_FUNDS, MIXES, strict=True):
        styles |= books(style, OWN, wanted - OWN, **{m: share * wanted for m, share in zip(MARKETS, mix, strict=True)})
    return {
        "funds.count": 12,
        **styles,
        **margins(MAINTENANCE),
        "margin.opening_use": 1.0,
        "margin.buffer": 1.0,
        "margin.maintenance_account": MAINTENANCE_ACCOUNT,
        "margin_accounts.count": 2,
        "margin_accounts.assets": 600.0,
        "margin_accounts.debt": 500.0,
    }


def formula(units: np.ndarray, own: np.ndarray, impact: np.ndarray, fall: np.ndarray) -> Round:
    """The published formula: units held (n, k) at prices of one, own money (n,), impact per dollar and falls (k,)."""
    assets = units.sum(axis=1)
    a, m = np.diag(assets), units / np.maximum(assets, 1e-300)[:, None]
    b = np.diag(assets / own - 1.0)
    sales = m.T @ b @ a @ m @ fall
    falls = impact * sales
    losses = a @ m @ falls
    return Round(falls, losses, float(losses.sum() / own.sum()))


def through_the_market(falls: Mapping[str, float]) -> tuple[Round, Round]:
    """What the day of the sales brings in a run, and what the formula says of it."""
    from abm.economy import Economy

    economy = Economy(still(world() | shocks(falls)), 0)
    k = len(MARKETS)
    funds, markets = economy.funds, economy.markets
    units, own = funds["units"][:, :k].copy(), funds["net_asset_value"].copy()
    impact = (markets["impact_multiplier"] / markets["units"])[:k]
    expected = formula(units, own, impact, np.array([falls.get(market, 0.0) for market in MARKETS]))
    economy.advance(1)
    before, worth = markets["price"][:k].copy(), funds["net_asset_value"].copy()
    economy.advance(2)
    losses = worth - funds["net_asset_value"]
    found = Round(1.0 - markets["price"][:k] / before, losses, float(losses.sum() / own.sum()))
    return found, expected


def judge(_runs: Runs, _seeds: int) -> Judged:
    sizes = LARGEST / 2.0 ** np.arange(HALVINGS + 1)
    errors = {name: np.zeros((len(SHOCKS), len(sizes))) for name in ("prices", "losses", "vulnerability")}
    for row, shock in enumerate(SHOCKS):
        for place, size in enumerate(sizes):
            found, expected = through_the_market({market: size * part for market, part in shock.items()})
            errors["prices"][row, place] = np.abs(found.falls - expected.falls).max()
            errors["losses"][row, place] = np.abs(found.losses - expected.losses).max()
            errors["vulnerability"][row, place] = abs(found.vulnerability - expected.vulnerability)
    falls = (100.0 * sizes).tolist()
    names = ("AI equity", "all three", "notes")
    curves = [
        Curve(f"shock to {name}", falls, error.tolist())
        for name, error in zip(names, errors["vulnerability"], strict=True)
    ]
    first = errors["vulnerability"][0]
    square = Curve("the square of the shock", falls, (first[0] * (sizes / sizes[0]) ** 2).tolist(), published=True)
    picture = Picture(
        title="The formula's error falls with the square of the shock",
        x="size of the shock, %",
        y="error of aggregate vulnerability, share of own money",
        curves=[*curves, square],
        log_x=True,
        log_y=True,
        words="Parallel to the grey line: the market does to first order what the formula says.",
    )
    return Judged({name: farthest_power(sizes, error) for name, error in errors.items()}, picture)


def farthest_power(sizes: np.ndarray, errors: np.ndarray) -> Measured:
    """The slope of log error on log size: over all shocks that which is farthest from two."""
    slopes = [float(np.polyfit(np.log(sizes), np.log(error), 1)[0]) for error in errors]
    return exact(max(slopes, key=lambda slope: abs(slope - 2.0)))


CHECK = Check(
    "leverage_targeting",
    CLOSED_FORMS,
    "Leverage targeters sell as the formula says, to first order",
    "Greenwood, Landier and Thesmar (2015)",
    judge,
    about="Prices and losses of the day of the sales against 1' A M L M' B A M f / E, for falls halved five times.",
)
