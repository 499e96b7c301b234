"""The figure of alternatives: what each policy saves alone, each pair together, and what pairs do beyond the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.figures.style import in_style, panels, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL = 0.56  # inches
COLOURS = "PuOr"  # purple and orange part for the colour-blind; signs are written for grey print


@in_style
def pairs_figure(
    title: str,
    names: Sequence[str],
    saved: np.ndarray,
    beyond: np.ndarray,
    known: tuple[np.ndarray, np.ndarray],
    unit: str,
    caption: str,
) -> Figure:
    """Draw two squares, (policies, policies): what is saved, alone on the diagonal, and what is beyond the sum.

    nan where there is nothing to draw; `known` says for each square where it can be told from nought.
    """
    side = CELL * len(names)
    figure, ((left, right),) = panels(title, 1, 2, height=side + 1.4, width=max(8.0, 2.0 * side + 3.2))
    for axis, values, sure, head in (
        (left, saved, known[0], f"Saved, {unit}: alone (diagonal) and together"),
        (right, beyond, known[1], f"Beyond the sum of both alone, {unit}"),
    ):
        _square(axis, values, sure, names, head)
    right.tick_params(labelleft=False)
    figure.supxlabel(wrapped(caption, 118), x=0.01, ha="left", fontsize=8.5)
    return figure


def _square(axis: Axes, values: np.ndarray, sure: np.ndarray, names: Sequence[str], head: str) -> None:
    reach = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0
    digits = 0 if reach >= 20.0 else 1 if reach >= 2.0 else 2
    shown = np.where(sure, values, np.where(np.isfinite(values), 0.0, np.nan))
    axis.imshow(shown, cmap=COLOURS, vmin=-(reach or 1.0), vmax=reach or 1.0, aspect="equal")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            text = f"{value:+.{digits}f}" if abs(value) >= 0.5 * 0.1**digits else "0"
            dark = bool(sure[row, column]) and abs(value) > 0.6 * reach
            axis.text(
                column,
                row,
                text if sure[row, column] or value == 0.0 else f"{text}?",
                ha="center",
                va="center",
                fontsize=7.0,
                color="white" if dark else "black",
            )
    places = range(len(names))
    axis.set_xticks(places, list(names), rotation=45, ha="right", fontsize=7.5)
    axis.set_yticks(places, list(names), fontsize=7.5)
    axis.set_title(head)
    axis.grid(visible=False)
