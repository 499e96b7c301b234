"""The figure of growth: time and memory of a day against numbers of agents, on log axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from abm.figures.style import GREY, LOOKS, in_style, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from abm.bench.growth import Growth
    from abm.bench.timing import Law

WHAT = {"crypto.holders": "crypto holders", "funds.count": "leveraged funds"}


@in_style
def growth_figure(curves: Sequence[Growth]) -> Figure:
    """Draw a column for each dial, time above and memory below, each with what is fixed and what grows."""
    title = "Time and memory of a day against numbers of agents: a fixed cost, and what grows"
    figure, axes = panels(title, 2, len(curves), height=2.7)
    for column, curve in enumerate(curves):
        sizes = np.array([point.size for point in curve.points], float)
        seconds = np.array([[point.low, point.seconds, point.high] for point in curve.points]) * 1e3
        of_time, of_memory = axes[0][column], axes[1][column]
        in_ms = curve.seconds._replace(fixed=curve.seconds.fixed * 1e3, scale=curve.seconds.scale * 1e3)
        draw(of_time, sizes, seconds[:, 1], in_ms, np.abs(seconds[:, [0, 2]] - seconds[:, [1]]).T)
        draw(of_memory, sizes, np.array([point.megabytes for point in curve.points]), curve.megabytes, None)
        of_memory.set_xlabel(f"number of {WHAT[curve.dial]}")
    axes[0][0].set_ylabel("time of a day, ms")
    axes[1][0].set_ylabel("memory, MB")
    caption = (
        "Dots: medians over calm days, with quartiles. Lines: fixed cost + scale * size ^ slope, fitted to all sizes; "
        "dashes: the fixed cost."
    )
    figure.supxlabel(wrapped(caption, 110), x=0.01, ha="left", fontsize=8.5)
    return figure


def draw(axis: Axes, sizes: np.ndarray, values: np.ndarray, law: Law, spread: np.ndarray | None) -> None:
    """Draw one quantity: what was measured, the law through it, and its fixed part."""
    dense = np.geomspace(sizes[0], sizes[-1], 100)
    axis.plot(dense, law.at(dense), color=LOOKS[0].colour, label=f"fit; slope {law.slope:.2f}")
    axis.axhline(law.fixed, color=GREY, linestyle="--", label=f"fixed: {law.fixed:.3g}")
    axis.errorbar(sizes, values, yerr=spread, fmt=LOOKS[0].marker, color="black", markersize=4, capsize=2)
    axis.set_xscale("log")
    axis.set_yscale("log")
    for scaled in (axis.xaxis, axis.yaxis):
        scaled.set_major_formatter("{x:,.10g}")  # math is not parsed in this house's figures
        scaled.set_minor_formatter("")
    axis.legend(loc="upper left")
