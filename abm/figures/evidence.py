"""The figure of a check: what was measured, what was published, and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from abm.figures.style import GREY, LOOKS, Look, in_style, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from abm.evidence.check import Curve, Picture

# not ours: dark, dashed, hollow
PUBLISHED = tuple(
    Look("#444444", line, marker)
    for line, marker in (((0, (4, 2)), "D"), ((0, (1, 1.5)), "o"), ((0, (6, 2, 1, 2)), "s"), ("-", "^"), ("-.", "v"))
)
MOST_ACROSS = 6  # names that fit side by side; more of them, or longer ones, stand below each other
LONGEST_ACROSS, LONGEST_WORD = 30, 18  # letters of a name, and of a word in it
MOST_MARKED = 30  # points of a curve that are all marked
ROW = 0.26  # inches that a name takes


@in_style
def evidence_figure(picture: Picture) -> Figure:
    """Draw the picture of a check; names that are many or long go down the page, numbers across it."""
    words = [word for name in picture.names for word in name.split()]
    down = len(picture.names) > MOST_ACROSS or any(len(name) > LONGEST_ACROSS for name in picture.names)
    down = down or any(len(word) > LONGEST_WORD for word in words)
    height = max(2.8, ROW * len(picture.names) + 1.0) if down else 3.3
    figure, ((axis,),) = panels(picture.title, 1, height=height)
    ours, theirs = iter(LOOKS * 2), iter(PUBLISHED * 2)
    offset = 0.5 / max(1, len(picture.curves)) if picture.names else 0.0
    for k, curve in enumerate(picture.curves):
        place = offset * (k - 0.5 * (len(picture.curves) - 1))
        _draw(axis, curve, next(theirs if curve.published else ours), place, down)
    _scales(axis, picture, down)
    _allow(axis, picture, down)
    if picture.log_x:
        _decades(axis.xaxis)
    if picture.log_y:
        _decades(axis.xaxis if down else axis.yaxis)
    handles, labels = axis.get_legend_handles_labels()
    legend = figure.legend(
        handles, labels, loc="outside lower left", ncols=3, title=wrapped(picture.words, 118), alignment="left"
    )
    legend.get_title().set_fontsize(8.5)
    return figure


def _draw(axis: Axes, curve: Curve, look: Look, place: float, down: bool) -> None:
    x, y = np.asarray(curve.x, float) + place, np.asarray(curve.y, float)
    layer = 1.8 if curve.published else 2.2  # ours on top, smaller where both agree
    if curve.low is not None and curve.high is not None:
        low, high = np.asarray(curve.low, float), np.asarray(curve.high, float)
        if curve.joined:
            axis.fill_between(x, low, high, color=look.colour, alpha=0.15, linewidth=0.0)
        else:
            lines = axis.hlines if down else axis.vlines
            lines(x, low, high, color=look.colour, linewidth=1.2, zorder=layer)
    style: dict[str, Any] = {
        "color": look.colour,
        "linestyle": look.line if curve.joined else "none",
        "marker": "" if curve.joined and len(x) > MOST_MARKED else look.marker,
        "markersize": 6.5 if curve.published else 4.0,
        "markerfacecolor": "none" if curve.published else look.colour,
        "label": curve.name,
        "zorder": layer,
    }
    axis.plot(*((y, x) if down else (x, y)), **style)


def _allow(axis: Axes, picture: Picture, down: bool) -> None:
    """Shade what is not allowed."""
    if picture.allowed is None:
        return
    low, high = picture.allowed
    ends = axis.get_xlim() if down else axis.get_ylim()
    room = (2.0, 0.5) if picture.log_y else (1.0, 1.0)
    ends = (min([ends[0], *_given(low, room[1])]), max([ends[1], *_given(high, room[0])]))
    span = axis.axvspan if down else axis.axhspan
    bounds = [(ends[0], low)] if low is not None else []
    bounds += [(high, ends[1])] if high is not None else []
    label = "not allowed"
    for start, end in bounds:
        if end > start:
            span(start, end, facecolor=GREY, alpha=0.13, linewidth=0.0, label=label)
            label = "_"  # once in the legend
        (axis.axvline if down else axis.axhline)(end if start == ends[0] else start, color=GREY, linewidth=0.8)
    (axis.set_xlim if down else axis.set_ylim)(*ends)


def _given(limit: float | None, factor: float) -> tuple[float, ...]:
    """Return a limit with some room beyond it, if there is one."""
    return () if limit is None else (limit * factor,)


def _scales(axis: Axes, picture: Picture, down: bool) -> None:
    if picture.names:
        places = np.arange(len(picture.names))
        if down:
            axis.set_yticks(places, list(picture.names))
            axis.set_ylim(len(places) - 0.5, -0.5)
        else:
            axis.set_xticks(places, [wrapped(name, LONGEST_WORD) for name in picture.names])
            axis.set_xlim(-0.5, len(places) - 0.5)
        axis.grid(visible=False, axis="y" if down else "x")
    across, upwards = (picture.y, picture.x) if down else (picture.x, picture.y)
    axis.set_xlabel(wrapped(across, 60 if down else 100))
    axis.set_ylabel(wrapped(upwards, 36))
    if picture.log_x:
        axis.set_xscale("log")
    if picture.log_y:
        (axis.set_xscale if down else axis.set_yscale)("log")


def _decades(axis: Axis) -> None:
    """Write powers of ten as plain numbers: "$" is money here, not mathematics."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 30.0 * low else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
