"""Cascades through overlapping portfolios, over leverage and diversification (Caccioli, Shrestha, Moore, Farmer 2014).

Their world can be had from own tables and switches: funds with random books, no margin before own money is gone, a
failed book sold on one day, a permanent linear impact by which a tenth of what funds hold of an asset moves its price
by a tenth, and no other channel. One fund is opened with next to no own money and fails on the first day. What cannot
be had is their number of assets, as many as there are banks: a fund holds one to all of five.

Measured: at the edge a cascade takes every fund at every leverage but the lowest that has any, 6. There it stays among
the two or three holders of an asset that few hold, since with five assets and forty funds such draws are the only ones
in which one failure is enough.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from abm.channels import CHANNELS
from abm.evidence.check import REGULARITIES, Check, Curve, Judged, Path, Picture, Runs, mean_of, several
from abm.scenario import Scenario, load
from abm.scenario.actions import MARKETS
from abm.scenario.tables import FUNDS

LEVERAGES = (2.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0)  # assets over own money
DIVERSIFICATION = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)  # mean number of assets of a fund
COUNT = 40  # funds
BOOK = 100.0  # $bn of assets each
NO_MONEY = 1e-4  # $bn of own money of the fund that fails first
NUDGE = 1e-5  # log points by which every asset falls on the first day, so that it does
IMPACT = -math.log(0.9) / 0.1  # log points for all that funds hold of an asset
CASCADE = 0.05  # share of the other funds
ELSEWHERE = 3_000.0  # $bn of every asset that others hold, who never sell; any number that is enough for their books
DAYS = 60


@cache
def world() -> Scenario:
    """The shipped scenario without all that could move prices but sales of failed books, and with few of the rest."""
    few = ("margin_accounts", "chasers", "pools", "dealers", "buyers", "private_credit")
    calm = {"news_volatility": 0, "drift": 0, "lasting_share": 1, "impact": "linear"}
    margins = ("ai_equity", "broad_equity", "notes", "bills", "crypto", "futures", "other")
    return load(
        "quiet",
        **{
            "run.ticks": DAYS,
            "spark.start": 0,
            **{f"channels.{name}": name in ("margin_calls", "cross_asset_sales") for name in CHANNELS},
            **{f"markets.{market}.{name}": value for market in MARKETS for name, value in calm.items()},
            **{f"margin.maintenance_{name}": 0 for name in margins},
            "margin.liquidation_days": 1,
            "margin.daily_sale_share": 1,
            "margin.close_out_cost": 0,
            **{f"{name}.count": 1 for name in few},
            **{f"{name}.lenders": 1 for name in ("pools", "dealers", "private_credit")},
            "dealers.in_groups": 0,
            "banks.count": 4,
            "builders.at_banks": 1,
            "crypto.holders": 10,
            "crypto.held": 500,
            "crypto.loans": 0,
            "crypto.ai_equity": 0,
            "crypto.equity_owners": 0,
            "margin_accounts.debt": 0,
            "chasers.ai_equity": 0,
            "chasers.broad_equity": 0,
            "actions": [{"kind": "shock", "tick": 1, "market": m, "total": NUDGE, "days": 1} for m in MARKETS],
        },
    )


class Draw(NamedTuple):
    """Random books, (funds, assets) in $bn, and the fund that fails first."""

    books: np.ndarray
    first: int


def draw(seed: int, diversification: float) -> Draw:
    """One asset for each fund, every other with the same chance; equal parts of each that it holds.

    The numbers drawn are the same at every diversification, so that more of it only adds to what is held.
    """
    random = np.random.default_rng(seed)
    own, chances = random.integers(len(MARKETS), size=COUNT), random.random((COUNT, len(MARKETS)))
    first = int(random.integers(COUNT))
    held = chances < (diversification - 1.0) / (len(MARKETS) - 1.0)
    held[np.arange(COUNT), own] = True
    return Draw(BOOK * held / held.sum(axis=1, keepdims=True), first)


def with_books(scenario: Scenario, drawn: Draw, leverage: float) -> Scenario:
    """The world with these books, and an impact in proportion to what funds hold of each asset."""
    rows = []
    for fund, book in enumerate(drawn.books):
        own = NO_MONEY if fund == drawn.first else BOOK / leverage
        cells: dict[str, Any] = {column.name: column.empty if column.empty is not None else 0.0 for column in FUNDS}
        cells |= {"id": fund, "style": "long_short", "dealer_1": 0, "share_1": 1.0}
        cells |= {"net_asset_value": own, "prime_brokerage": BOOK - own}
        cells |= dict(zip(MARKETS, book.tolist(), strict=True))
        rows.append(list(cells.values()))
    table = {"file": "random books", "columns": [column.name for column in FUNDS], "rows": rows}
    changes: dict[str, Any] = {"tables": {"funds": table}}
    for market, held in zip(MARKETS, drawn.books.sum(axis=0).tolist(), strict=True):
        changes[f"markets.{market}.capitalisation"] = ELSEWHERE + held
        multiplier = IMPACT * (ELSEWHERE + held) / held if held > 0.0 else 0.0
        changes[f"markets.{market}.impact_multiplier"] = multiplier
    return scenario.replace(changes)


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Share of the other funds that fail, by leverage and diversification, (leverages, diversifications)."""
    from abm.economy import Economy

    failed = np.zeros((len(LEVERAGES), len(DIVERSIFICATION)))
    for column, diversification in enumerate(DIVERSIFICATION):
        drawn = draw(seed, diversification)
        for row, leverage in enumerate(LEVERAGES):
            economy = Economy(with_books(scenario, drawn, leverage), seed)
            economy.advance()
            failed[row, column] = (economy.rows["failed"][-1, 0] - 1.0) / (COUNT - 1.0)
    return {"failed": failed}


def wants(seeds: int) -> list[Path]:
    return several(world(), measure, seeds)


def judge(runs: Runs, seeds: int) -> Judged:
    failed = runs.sample(world(), measure, seeds)["failed"]  # (draws, leverages, diversifications)
    cascades = failed > CASCADE
    chance = cascades.mean(axis=0)
    ranges = (chance > 0.0).sum(axis=1)
    by_diversification = failed.mean(axis=1)
    contained, linked, most = (DIVERSIFICATION.index(value) for value in (1.0, 1.5, 5.0))
    above = [row for row in range(len(LEVERAGES)) if ranges[row] > 0]
    edges = {row: int(np.flatnonzero(chance[row] > 0.0)[-1]) for row in above}
    extents = [failed[:, row, column][cascades[:, row, column]].mean() for row, column in edges.items()]
    picture = Picture(
        title="Cascades need leverage, and neither too little nor too much diversification",
        x="assets in a fund's book, mean number",
        y="share of draws with a cascade",
        curves=[
            Curve(f"leverage {leverage:g}", DIVERSIFICATION, chance[row].tolist())
            for row, leverage in enumerate(LEVERAGES)
        ],
        words="One fund fails; a cascade brings down more than a twentieth of the others. The paper has curves of this "
        "shape, of many assets, and no figure that five assets could be held against.",
    )
    return Judged(
        {
            "stable_below": mean_of(cascades[:, 0].mean(axis=1)),
            "unstable_region_grows": mean_of(np.diff(ranges) >= 0)._replace(low=None, high=None, seeds=seeds),
            "rise_with_diversification": mean_of(by_diversification[:, linked] - by_diversification[:, contained]),
            "fall_with_diversification": mean_of(by_diversification[:, linked] - by_diversification[:, most]),
            "rare_at_the_edge": mean_of(np.array([cascades[:, r, c] for r, c in edges.items()]).mean(axis=0)),
            "total_at_the_edge": mean_of(np.array(extents))._replace(low=None, high=None, seeds=seeds),
        },
        picture,
    )


CHECK = Check(
    "cascades",
    REGULARITIES,
    "Cascades over leverage and diversification",
    "Caccioli, Shrestha, Moore and Farmer (2014)",
    judge,
    wants,
    seeds=80,
    quick_seeds=16,
)
