"""The figure of a check: what was measured, what was published, and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.figures.style import GREY, LOOKS, Look, in_style, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from abm.evidence.check import Curve, Picture

PUBLISHED = Look("#333333", (0, (4, 2)), "D")  # pyright: ignore[reportArgumentType]
MOST_ACROSS = 6  # names that fit side by side; more of them stand below each other
ROW = 0.24  # inches that a name takes


@in_style
def evidence_figure(picture: Picture) -> Figure:
    """Draw the picture of a check; names that are many go down the page, numbers across it."""
    down = len(picture.names) > MOST_ACROSS
    height = max(2.6, ROW * len(picture.names) + 0.8) if down else 3.0
    figure, ((axis,),) = panels(picture.title, 1, height=height)
    ours = [curve for curve in picture.curves if not curve.published]
    looks = {id(curve): LOOKS[k % len(LOOKS)] for k, curve in enumerate(ours)}
    offset = 0.5 / max(1, len(picture.curves)) if picture.names else 0.0
    for k, curve in enumerate(picture.curves):
        place = offset * (k - 0.5 * (len(picture.curves) - 1))
        _draw(axis, curve, looks.get(id(curve), PUBLISHED), place, down)
    _scales(axis, picture, down)
    _allow(axis, picture, down)
    if picture.log_x:
        _decades(axis.xaxis)
    if picture.log_y:
        _decades(axis.xaxis if down else axis.yaxis)
    if len(picture.curves) > 1 or picture.allowed:
        figure.legend(*axis.get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return figure


def _draw(axis: Axes, curve: Curve, look: Look, place: float, down: bool) -> None:
    x, y = np.asarray(curve.x, float) + place, np.asarray(curve.y, float)
    if curve.low is not None and curve.high is not None:
        low, high = np.asarray(curve.low, float), np.asarray(curve.high, float)
        if curve.joined:
            axis.fill_between(x, low, high, color=look.colour, alpha=0.15, linewidth=0.0)
        else:
            (axis.hlines if down else axis.vlines)(x, low, high, color=look.colour, linewidth=1.2)
    line = look.line if curve.joined else "none"
    face = "white" if curve.published else look.colour
    style = {"color": look.colour, "linestyle": line, "marker": look.marker, "markersize": 4.5, "label": curve.name}
    axis.plot(*((y, x) if down else (x, y)), markerfacecolor=face, **style)


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
            axis.set_xticks(places, [wrapped(name, 18) for name in picture.names])
            axis.set_xlim(-0.5, len(places) - 0.5)
        axis.grid(visible=False, axis="y" if down else "x")
    across, upwards = (picture.y, picture.x) if down else (picture.x, picture.y)
    axis.set_xlabel("\n".join(part for part in (across, wrapped(picture.words, 110)) if part))
    axis.set_ylabel(upwards)
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
