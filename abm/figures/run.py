"""Figures of one run, from its daily series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.figures.style import LOOK_OF, in_style, legend_below, panels, shade_news, words
from abm.outcome.falls import fall_of
from abm.outcome.reduce import MARKETS, SELLERS

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAY = "trading day"


def run_figures(ticks: pl.DataFrame) -> dict[str, Figure]:
    """Return all figures of a run by name."""
    return {
        "prices": prices(ticks),
        "belief_and_depth": belief_and_depth(ticks),
        "forced_sales": forced_sales(ticks),
        "failures_and_capital": failures_and_capital(ticks),
    }


@in_style
def prices(ticks: pl.DataFrame) -> Figure:
    """Draw each market's price beside what news alone would have made of it."""
    fall = fall_of(ticks, "ai_equity")
    title = f"AI equity falls by {fall.drawdown:.0%}; dashed, what news alone would have made of each price"
    figure, axes = panels(title, len(MARKETS), height=1.7, sharex=True)
    days = ticks["tick"].to_numpy()
    for k, market in enumerate(MARKETS):
        axis = axes[k][0]
        axis.plot(days, ticks[f"price_{market}"], color=LOOK_OF[market].colour, label="price")
        axis.plot(days, ticks[f"news_{market}"], color="black", linewidth=0.7, linestyle="--", label="news alone")
        axis.set_title(words(market))
        axis.set_ylabel("price, start = 1")
        axis.legend(loc="best", ncols=2)
        _mark_news(axis, ticks)
    axes[-1][0].set_xlabel(DAY)
    return figure


@in_style
def belief_and_depth(ticks: pl.DataFrame) -> Figure:
    """Draw how many believe, how deep markets are, and what buyers have left."""
    low = float(ticks["depth_ai_equity"].to_numpy().min())
    title = f"Belief in the story fades, and the market for AI equity thins to {low:.0%} of its normal depth"
    figure, axes = panels(title, 2, height=2.1, sharex=True)
    days = ticks["tick"].to_numpy()
    top, bottom = axes[0][0], axes[1][0]
    top.plot(days, ticks["believers"], color=LOOK_OF["ai_equity"].colour, label="share of money that believes")
    top.plot(days, ticks["buyers_capacity"], color=LOOK_OF["broad_equity"].colour, linestyle="--",
             label="what buyers have left to spend")  # fmt: skip
    for market in MARKETS:
        look = LOOK_OF[market]
        bottom.plot(days, ticks[f"depth_{market}"], color=look.colour, linestyle=look.line, label=words(market))
    for axis, what in ((top, "share"), (bottom, "depth, normal = 1")):
        axis.set_ylabel(what)
        axis.set_ylim(0.0, 1.05)
        _mark_news(axis, ticks)
        axis.legend(loc="best", ncols=3)
    top.set_title("believers and buyers")
    bottom.set_title("depth of markets")
    bottom.set_xlabel(DAY)
    return figure


@in_style
def forced_sales(ticks: pl.DataFrame) -> Figure:
    """Draw forced sales by seller, stacked, day by day and summed up."""
    by_seller = np.stack(
        [
            (ticks["cash_obtained_funds"] + ticks["forced_sales_redemptions"]).to_numpy(),
            ticks["cash_obtained_margin_accounts"].to_numpy(),
            ticks["forced_sales_liquidated"].to_numpy(),
            ticks["forced_sales_lenders"].to_numpy(),
            ticks["forced_sales_crypto_holders"].to_numpy(),
            ticks["forced_sales_issuers"].to_numpy(),
        ]
    )
    total = float(by_seller.sum())
    title = f"Forced sales come to ${total:,.0f} bn" if total >= 0.5 else "Hardly anything is sold by force"
    figure, axes = panels(title, 2, height=2.1, sharex=True)
    days = ticks["tick"].to_numpy()
    labels = [
        *("funds", "margin accounts", "dealers, selling seized books", "dealers and banks short of cash or capital"),
        *("crypto holders on credit", "stablecoin issuers"),
    ]
    for (axis,), values, what in zip(
        axes, (by_seller, by_seller.cumsum(axis=1)), ("each day", "since the start"), strict=True
    ):
        areas = axis.stackplot(days, values, labels=labels, colors=[LOOK_OF[s].colour for s in SELLERS])
        for area, seller in zip(areas, SELLERS, strict=True):
            area.set(hatch=LOOK_OF[seller].hatch, edgecolor="white", linewidth=0.2)
        axis.set_title(what)
        axis.set_ylabel("forced sales, $bn")
        axis.set_ylim(bottom=0.0)
        _mark_news(axis, ticks)
    legend_below(figure, axes[0][0])
    axes[-1][0].set_xlabel(DAY)
    return figure


@in_style
def failures_and_capital(ticks: pl.DataFrame) -> Figure:
    """Draw how many have failed, and what capital the lenders have left."""
    counts = {
        "margin_accounts": "failed_margin_accounts",
        "funds": "failed_funds",
        "dealers": "dealers_failed",
        "banks": "banks_failed",
    }
    ends = {sector: int(ticks[column][-1]) for sector, column in counts.items()}
    title = "Nobody fails"
    if any(ends.values()):
        said = [f"{n} {words(sector)[:-1] if n == 1 else words(sector)}" for sector, n in ends.items() if n]
        title = f"Failed by the end: {', '.join(said)}"
    figure, axes = panels(title, 2, height=2.1, sharex=True)
    days = ticks["tick"].to_numpy()
    top, bottom = axes[0][0], axes[1][0]
    for sector, column in counts.items():
        look = LOOK_OF[sector]
        top.step(days, ticks[column], color=look.colour, linestyle=look.line, where="post", label=words(sector))
    for sector, column in (("dealers", "dealer_capital"), ("banks", "bank_capital")):
        look = LOOK_OF[sector]
        change = ticks[column].to_numpy() / max(float(ticks[column][0]), 1e-12)
        bottom.plot(days, 100.0 * change, color=look.colour, linestyle=look.line, label=words(sector))
    top.set_title("failed so far (funds and margin accounts: seized by their dealer)")
    top.set_ylabel("number")
    top.set_ylim(bottom=0.0)
    top.locator_params(axis="y", integer=True)
    bottom.set_title("capital of lenders")
    bottom.set_ylabel("percent of the first day's")
    bottom.set_xlabel(DAY)
    for axis in (top, bottom):
        axis.legend(loc="best", ncols=4)
        _mark_news(axis, ticks)
    return figure


def _mark_news(axis: Axes, ticks: pl.DataFrame) -> None:
    """Shade the days on which the disappointment arrives."""
    bad = np.flatnonzero(ticks["disappointment"].to_numpy())
    if len(bad):
        shade_news(axis, int(ticks["tick"][int(bad[0])]), int(ticks["tick"][int(bad[-1])]))
