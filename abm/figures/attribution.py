"""The figure of an explanation: from what the news alone does to what everything does, a step for each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.figures.style import GREY, LOOKS, in_style, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from abm.outcome.paired import Interval

ROW = 0.34  # inches
ALONE, ALL = "The news alone", "Everything together"
UP, DOWN, UNSURE = LOOKS[1].colour, LOOKS[0].colour, "#BBBBBB"


@in_style
def waterfall_figure(
    title: str,
    what: str,
    names: list[str],
    steps: list[Interval],
    written: list[str],
    ends: tuple[Interval, Interval],
    levels: tuple[str, str],
    caption: str,
    scale: float = 1.0,
) -> Figure:
    """Draw steps from the first end to the second, in the order given.

    `what`: the axis, with its unit; `written`: each step as text beside its bar; `ends`: the outcome of the news alone
    and of everything, `levels` the same as text; `scale`: what numbers are multiplied with.
    """
    rows = len(names) + 2
    figure, ((axis,),) = panels(title, 1, height=ROW * rows + 0.9, width=8.6)
    begin = [ends[0].mean, *(ends[0].mean + np.cumsum([step.mean for step in steps]))]
    for place, (step, start) in enumerate(zip(steps, begin, strict=False), start=1):
        _step(axis, place, step, start, scale)
    for end, at in ((ends[0], 0), (ends[1], rows - 1)):
        axis.plot([end.mean * scale], [at], "D", color="black", markersize=6)
        if end.low is not None and end.high is not None:
            axis.hlines(at, end.low * scale, end.high * scale, color="black", linewidth=1.4)
    for place, reached in enumerate(begin):  # from each step to the next
        axis.vlines(reached * scale, place, place + 1, color=GREY, linewidth=0.7, linestyle=":", zorder=1)
    for place, text in enumerate([levels[0], *written, levels[1]]):
        axis.annotate(
            text, (1.01, place), xycoords=axis.get_yaxis_transform(), va="center", fontsize=8.5, annotation_clip=False
        )
    axis.set_yticks(range(rows), [ALONE, *names, ALL])
    axis.set_ylim(rows - 0.4, -0.6)
    axis.grid(visible=False, axis="y")
    axis.use_sticky_edges = False  # room on both sides
    axis.margins(x=0.06)
    axis.set_xlabel(wrapped(what, 88))
    _legend(figure, caption)
    return figure


def _step(axis: Axes, place: int, step: Interval, start: float, scale: float) -> None:
    end = start + step.mean
    known = step.sign != 0
    colour = UNSURE if not known else UP if step.mean > 0.0 else DOWN
    hatch = "" if not known else LOOKS[1].hatch if step.mean > 0.0 else ""
    edge = "white" if hatch else colour
    axis.barh(
        place, step.mean * scale, left=start * scale, height=0.62, color=colour, edgecolor=edge, hatch=hatch, zorder=2
    )
    if step.low is not None and step.high is not None and step.high > step.low:
        low, high = (start + step.low) * scale, (start + step.high) * scale
        axis.errorbar(
            [end * scale],
            [place],
            xerr=[[end * scale - low], [high - end * scale]],
            color="black",
            linewidth=1.1,
            capsize=2.5,
            zorder=3,
        )


def _legend(figure: Figure, caption: str) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=UP, edgecolor="white", hatch=LOOKS[1].hatch, label="raises it"),
        Patch(facecolor=DOWN, label="lowers it"),
        Patch(facecolor=UNSURE, label="cannot tell from chance"),
    ]
    legend = figure.legend(
        handles=handles, loc="outside lower left", ncols=3, title=wrapped(caption, 118), alignment="left"
    )
    legend.get_title().set_fontsize(8.5)
