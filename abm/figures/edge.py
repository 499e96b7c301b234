"""Figures of the distance to the edge: the difference that the spark makes along the dial, and edges along a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from abm.figures.style import GREY, LOOKS, in_style, legend_below, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from abm.distance.edge import Curve
    from abm.distance.search import Edge


@in_style
def edge_figure(edge: Edge, title: str) -> Figure:
    """Draw what the spark changes at each value of the dial, the level, the edge with its interval, and today."""
    question, points = edge.question, edge.points
    figure, ((axis,),) = panels(title, 1, height=3.6)
    x, value = points["x"].to_numpy(), points["difference"].to_numpy()
    low, high = (np.clip(points[name].to_numpy(), *_limits(edge)) for name in ("low", "high"))
    axis.vlines(x, low, high, color=LOOKS[0].colour, linewidth=1.0, alpha=0.6)
    _line(axis, x, value, 0, "with the spark less without it, 95 % interval")
    _line(axis, x, points["quiet"].to_numpy(), 1, "without the spark")
    axis.axhline(question.level, color=GREY, linewidth=0.9, linestyle="--", label="level")
    if edge.value is not None:
        low, high = (end if end is not None else edge_of for end, edge_of in ((edge.low, x[0]), (edge.high, x[-1])))
        axis.axvspan(low, high, facecolor=LOOKS[2].colour, alpha=0.15, linewidth=0.0, label="95 % interval of the edge")
        axis.axvline(edge.value, color=LOOKS[2].colour, linewidth=1.4, label="edge")
    axis.axvline(question.today, color="black", linewidth=1.0, linestyle=":", label="today")
    axis.set_xlabel(f"{question.dial}, {question.unit}")
    axis.set_ylabel(question.outcome.what.replace(", %", ""))
    if question.scale == "log":
        _plain_log(axis, "x", x)
    legend_below(figure, axis, 3)
    return figure


@in_style
def curve_figure(curve: Curve, title: str) -> Figure:
    """Draw the edge along a second dial with its interval, and where today's system stands."""
    figure, ((axis,),) = panels(title, 1, height=3.6)
    table, question = curve.table, curve.found[0].edge.question
    along = table[curve.along].to_numpy()
    value, low, high = (table[name].to_numpy().astype(float) for name in ("value", "low", "high"))
    least, most = min(question.low, question.today), max(question.high, question.today)
    axis.fill_between(
        along,
        np.where(np.isnan(low) & ~np.isnan(value), least, low),
        np.where(np.isnan(high) & ~np.isnan(value), most, high),
        color=LOOKS[2].colour,
        alpha=0.15,
        linewidth=0.0,
        label="95 % interval",
    )
    found = ~np.isnan(value)
    axis.plot(along[found], value[found], color=LOOKS[2].colour, marker=LOOKS[2].marker, label="edge")
    for place, one in enumerate(curve.found):
        if one.edge.value is not None:
            ends = low[place], high[place]
            axis.vlines(along[place], *np.nan_to_num(ends, nan=one.edge.value), color=LOOKS[2].colour, linewidth=1.0)
    if not found.all():
        places = along[~found]
        axis.plot(places, np.full(len(places), most), linestyle="none", marker="x", color=GREY, label="no edge found")
    axis.plot(
        [curve.today], [question.today], linestyle="none", marker="*", markersize=11, color="black", label="today"
    )
    axis.set_xlabel(f"{curve.along}, {_unit(curve.along)}")
    axis.set_ylabel(f"{question.dial}, {question.unit}")
    if min(along.min(), curve.today) > 0.0:
        _plain_log(axis, "x", np.append(along, curve.today))
    if question.scale == "log":
        _plain_log(axis, "y", np.array([least, most]))
    legend_below(figure, axis, 4)
    return figure


def _limits(edge: Edge) -> tuple[float, float]:
    """Where bars end: shares lie between -1 and 1."""
    return (-1.0, 1.0) if edge.question.outcome.is_share else (-np.inf, np.inf)


def _line(axis: Axes, x: np.ndarray, y: np.ndarray, place: int, label: str) -> None:
    look = LOOKS[place]
    axis.plot(x, y, color=look.colour, linestyle=look.line, marker=look.marker, markersize=3.5, label=label)


def _plain_log(axis: Axes, which: Any, values: np.ndarray) -> None:
    """A logarithmic scale with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    (axis.set_xscale if which == "x" else axis.set_yscale)("log")
    of: Axis = axis.xaxis if which == "x" else axis.yaxis
    wide = values.max() > 30.0 * values.min()
    of.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if wide else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)))
    of.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    of.set_minor_formatter(NullFormatter())


def _unit(path: str) -> str:
    from abm.scenario.reading import DECLARED

    return DECLARED[path].unit
