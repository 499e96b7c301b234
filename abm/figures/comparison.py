"""Figures of a comparison: its members on the same draws, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.figures.style import GREY, LOOK_OF, LOOKS, in_style, legend_below, panels, shade_news, words, wrapped
from abm.outcome.reduce import MARKETS, SECTOR_ORDER, SELLERS
from abm.outcome.verdict import FINANCIAL, REAL, SPEEDS, Cuts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from abm.report.data import ComparisonData

DAY = "trading day"
ACROSS = 2  # panels of sellers that fit beside each other
LONGEST = 26  # characters of a member's name on one line beside an axis
SPREAD = "middle 80 % of seeds"
SHADES = ("#F0F0F0", "#A6A6A6", "#4D4D4D")  # by severity, the same in grey print


def comparison_figures(data: ComparisonData) -> dict[str, Figure]:
    """Return all figures of a comparison by name."""
    return {
        "paths": paths(data),
        "strain": strain(data),
        "speed": speed(data),
        "first_failures": first_failures(data),
        "who_sold_what": who_sold_what(data),
        "verdicts": verdicts(data),
    }


@in_style
def paths(data: ComparisonData) -> Figure:
    """Draw the price in each market for each member, one row each, on the same axes."""
    what = "The same bubble bursts at different speeds" if data.of_speeds else "The same draws in different worlds"
    title = f"{what}: prices, median and spread over seeds"
    figure, axes = panels(title, len(data.members), len(MARKETS), height=2.1, width=9.5, sharex=True, sharey="col")
    for row, label in zip(axes, data.members, strict=True):
        for axis, market in zip(row, MARKETS, strict=True):
            _band(axis, data, label, f"price_{market}", LOOK_OF[market].colour)
            tick, _, median, _ = _quantiles(data, label, f"news_{market}")
            axis.plot(tick, median, color="black", linewidth=0.8, linestyle="--", label="news alone, median")
            axis.set_title(words(market) if label == next(iter(data.members)) else "")
            _mark_news(axis, data, label)
        row[0].set_ylabel(f"{_name(data, label)}\nprice, start = 1")
    for axis in axes[-1]:
        axis.set_xlabel(DAY)
    legend_below(figure, axes[0][0])
    return figure


@in_style
def strain(data: ComparisonData) -> Figure:
    """Draw belief, depth, forced sales and dealers' capital, one row per member, on the same axes."""
    columns = (
        ("believers", "believers, share"),
        ("depth_ai_equity", "depth of AI equity, normal = 1"),
        ("forced_sales", "forced sales, $bn a day"),
        ("dealer_capital", "dealers' capital, $bn"),
    )
    title = "What stands between the news and the price: belief, depth, forced sales, and the lenders' cushion"
    figure, axes = panels(title, len(data.members), len(columns), height=2.1, width=11.0, sharex=True, sharey="col")
    for row, label in zip(axes, data.members, strict=True):
        for axis, (series, what), look in zip(row, columns, LOOKS, strict=False):
            _band(axis, data, label, series, look.colour)
            axis.set_title(what if label == next(iter(data.members)) else "", fontsize=8.5)
            axis.set_ylim(bottom=0.0)
            _mark_news(axis, data, label)
        row[0].set_ylabel(_name(data, label))
    for axis in axes[-1]:
        axis.set_xlabel(DAY)
    legend_below(figure, axes[0][0])
    return figure


@in_style
def speed(data: ComparisonData) -> Figure:
    """Draw speed, acceleration and amplification of every seed, with the median of each member."""
    columns = (
        ("worst_20_day_share", "speed: share of the fall\nin its worst 20 days"),
        ("acceleration", "acceleration: speed less\nthat of the news alone"),
        ("amplification", "amplification: log fall less\nthat of the news alone"),
    )
    title = "How fast AI equity falls, and how much of that the system adds to the news; a dot is a seed"
    figure, axes = panels(title, 1, len(columns), height=0.75 * len(data.members) + 1.2, width=9.5, sharey=True)
    places = {label: -k for k, label in enumerate(data.members)}
    for axis, (key, what) in zip(axes[0], columns, strict=True):
        for (label, place), look in zip(places.items(), _looks(len(places)), strict=True):
            values = data.of(label)[key].drop_nulls().to_numpy()
            offsets = place + 0.5 * (_spread_out(len(values)) - 0.5)
            axis.plot(values, offsets, look.marker, color=look.colour, alpha=0.45, markersize=3.5, linewidth=0)
            if len(values):
                axis.plot([np.median(values)] * 2, [place - 0.36, place + 0.36], color="black", linewidth=1.8)
        axis.set_xlabel(what)
        axis.locator_params(axis="x", nbins=5)
        if key == "worst_20_day_share":
            axis.set_xlim(0.0, 1.02)
            for cut in (Cuts.gradual_share, Cuts.sudden_share):
                axis.axvline(cut, color=GREY, linewidth=0.8, linestyle=":")
        else:
            axis.axvline(0.0, color=GREY, linewidth=0.8, linestyle=":")
    axes[0][0].set_yticks(list(places.values()), [_name(data, label) for label in places])
    axes[0][0].set_ylim(min(places.values()) - 0.6, 0.6)
    return figure


@in_style
def first_failures(data: ComparisonData) -> Figure:
    """Draw when the first of each kind of institution fails, seed by seed, on one time line."""
    firsts = data.first_failures.filter(data.first_failures["by"] == "sector")
    title = "Who fails first, second, third: the first failure of each kind, a dot per seed"
    if firsts.is_empty():
        title = "Nobody fails in any seed"
    figure, axes = panels(title, len(data.members), 1, height=1.75, width=9.5, sharex=True)
    for (axis,), label in zip(axes, data.members, strict=True):
        seeds = max(1, data.of(label).height)
        own = firsts.filter(firsts["member"] == label)
        rows = []
        for place, sector in enumerate(SECTOR_ORDER):
            look = LOOK_OF[sector]
            ticks = own.filter(own["sector"] == sector)["tick"].to_numpy()
            offsets = -place + 0.5 * (_spread_out(len(ticks)) - 0.5)
            axis.plot(ticks, offsets, look.marker, color=look.colour, alpha=0.5, markersize=4, linewidth=0)
            if len(ticks):
                middle = float(np.median(ticks))
                axis.plot([middle] * 2, [-place - 0.38, -place + 0.38], color="black", linewidth=1.8)
                right = middle < 0.8 * data.horizon
                axis.annotate(
                    f"day {middle:.0f}", (middle, -place), xytext=(12 if right else -12, 0), fontsize=8,
                    textcoords="offset points", ha="left" if right else "right", va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
                )  # fmt: skip
            rows.append(f"{words(sector)}\n(in {len(ticks) / seeds:.0%} of seeds)")
        axis.set_yticks([-k for k in range(len(SECTOR_ORDER))], rows, fontsize=8)
        axis.set_ylim(-len(SECTOR_ORDER) + 0.4, 0.6)
        axis.set_xlim(0, data.horizon)
        axis.set_title(f"{data.members[label].axis}; the bar is the median of the seeds in which it happens")
        _mark_news(axis, data, label)
    axes[-1][0].set_xlabel(DAY)
    return figure


@in_style
def who_sold_what(data: ComparisonData) -> Figure:
    """Draw forced sales over the run by seller and what was sold, as the mean over seeds."""
    import polars as pl

    title, highest = "Who is forced to sell what: mean over seeds, whole run", 0.0
    columns = min(len(data.members), ACROSS)
    figure, axes = panels(title, -(-len(data.members) // columns), columns, height=2.6, width=9.5, sharey=True)
    places = [axis for row in axes for axis in row]
    for axis in places[len(data.members) :]:
        axis.set_axis_off()
    for axis, label in zip(places, data.members, strict=False):
        own = data.sales.filter(pl.col("member") == label)
        start = np.zeros(len(SELLERS))
        for market in MARKETS:
            totals = own.filter(pl.col("instrument") == market).group_by("seller").agg(pl.col("amount").sum())
            by_seller = dict(totals.iter_rows())
            amounts = np.array([by_seller.get(s, 0.0) for s in SELLERS]) / max(1, data.of(label).height)
            look = LOOK_OF[market]
            axis.bar(
                range(len(SELLERS)), amounts, bottom=start, color=look.colour, hatch=look.hatch,
                edgecolor="white", linewidth=0.4, width=0.6, label=words(market),
            )  # fmt: skip
            start += amounts
        highest = max(highest, float(start.max()))
        axis.set_xticks(range(len(SELLERS)), [words(s).replace(" ", "\n") for s in SELLERS], fontsize=8)
        axis.set_title(wrapped(data.members[label].axis, 120 / columns))
        axis.grid(visible=False, axis="x")
    for row in axes:
        row[0].set_ylabel("forced sales, $bn")
    axes[0][0].set_ylim(0.0, 1.06 * highest or 1.0)
    legend_below(figure, axes[0][0])
    return figure


@in_style
def verdicts(data: ComparisonData) -> Figure:
    """Draw the shares of seeds with each label: speed, real and financial verdict; and without the spark."""
    axes_of_labels = (("speed", SPEEDS), ("verdict_real", REAL), ("verdict_financial", FINANCIAL))
    title = "How the seeds are judged: share of seeds with each label, with the spark and without it"
    quiet = data.quiet_worlds()
    bars = [_name(data, label) for label in data.members] + [wrapped(world, LONGEST) for world in quiet]
    places = [-k for k in range(len(bars))]
    figure, axes = panels(title, 1, 3, height=0.55 * len(bars) + 1.9, width=9.5, sharey=True)
    for axis, (key, labels) in zip(axes[0], axes_of_labels, strict=True):
        found = [data.of(label)[key].drop_nulls().to_numpy() for label in data.members]
        found += [data.without_spark(key, label).to_numpy() for label in quiet.values()]
        before = np.zeros(len(bars))
        for k, label in enumerate(labels):
            shares = np.array([(of == label).mean() if len(of) else 0.0 for of in found])
            axis.barh(
                places, shares, left=before, height=0.6, label=label.replace("_", " "),
                color=SHADES[k], edgecolor="black", linewidth=0.6,
            )  # fmt: skip
            for place, share, left in zip(places, shares, before, strict=True):
                if share >= 0.1:
                    colour = "white" if k == 2 else "black"
                    axis.text(left + share / 2, place, f"{share:.0%}", ha="center", va="center", color=colour)
            before += shares
        axis.set_xlim(0.0, 1.0)
        axis.set_xlabel("share of seeds")
        axis.set_title({"speed": "speed", "verdict_real": "economy", "verdict_financial": "finance"}[key])
        axis.grid(visible=False)
        axis.legend(loc="upper left", bbox_to_anchor=(0.0, 0.0), borderaxespad=4.8, handlelength=1.2)
    axes[0][0].set_yticks(places, bars)
    return figure


def _band(axis: Axes, data: ComparisonData, label: str, series: str, colour: str) -> None:
    tick, low, median, high = _quantiles(data, label, series)
    axis.fill_between(tick, low, high, color=colour, alpha=0.25, linewidth=0.0, label=SPREAD)
    axis.plot(tick, median, color=colour, label="median")


def _quantiles(data: ComparisonData, label: str, series: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    import polars as pl

    own = data.quantiles.filter((pl.col("member") == label) & (pl.col("series") == series))
    return own["tick"].to_numpy(), own["q10"].to_numpy(), own["q50"].to_numpy(), own["q90"].to_numpy()


def _name(data: ComparisonData, label: str) -> str:
    return wrapped(data.members[label].axis, LONGEST)


def _looks(count: int) -> list:
    return [LOOKS[k % len(LOOKS)] for k in range(count)]


def _spread_out(count: int) -> np.ndarray:
    """Return even places in (0, 1) for dots that would lie on one another (golden-ratio sequence)."""
    return (np.arange(1, count + 1) * 0.6180339887498949) % 1.0


def _mark_news(axis: Axes, data: ComparisonData, label: str) -> None:
    spark = data.members[label].scenario.spark
    shade_news(axis, spark.start, spark.start + spark.days - 1)
