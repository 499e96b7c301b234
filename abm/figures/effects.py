"""The figure of marginal effects: an outcome against each parameter, averaged over all others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from abm.figures.map import COLUMN, SCREEN
from abm.figures.style import LOOKS, in_style, panels, wrapped

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from abm.sweep.outcomes import Outcome

COLUMNS = 3
MOST_NAMES = 6  # levels that are all named on an axis


@in_style
def effects_figure(effects: pl.DataFrame, outcome: Outcome, paper: bool = False) -> Figure:
    """Draw the table that `abm.sweep.effects.effects` made: a panel per parameter, all on one scale.

    `paper`: in grey and as wide as a column of a page.
    """
    form, ink = (COLUMN, "black") if paper else (SCREEN, LOOKS[0].colour)
    parameters = effects["parameter"].unique(maintain_order=True).to_list()
    columns = min(1 if paper else COLUMNS, len(parameters))
    rows = math.ceil(len(parameters) / columns)
    title = f"{outcome.title}, by each parameter alone"
    size = 8.0 if paper else 11.0
    figure, axes = panels(title, rows, columns, height=2.4, width=form.width, size=size, sharey=True)
    flat = [axis for row in axes for axis in row]
    scale = 100.0 if outcome.in_percent else 1.0
    for axis, parameter in zip(flat, parameters, strict=False):
        own = effects.filter(effects["parameter"] == parameter)
        places = np.arange(own.height)
        value, low, high = (own[name].to_numpy().astype(float) * scale for name in ("value", "low", "high"))
        axis.plot(places, value, LOOKS[0].marker + LOOKS[0].line, color=ink, markersize=4)
        axis.vlines(places, low, high, color=ink, linewidth=1.2)
        step = math.ceil(own.height / MOST_NAMES)
        names = [name.replace(" to ", " to\n") for name in own["level"]]
        axis.set_xticks(places[::step], names[::step], fontsize=8)
        axis.set_xlim(-0.4, own.height - 0.6)
        axis.set_xlabel(f"{parameter}, {own['unit'][0]}")
        axis.grid(visible=False, axis="x")
    for axis in flat[len(parameters) :]:
        axis.set_visible(False)
    for row in axes:
        row[0].set_ylabel(outcome.what)
    caption = (
        f"{outcome.key}: {outcome.meaning}. A dot is the average over all other parameters, a line its 95 % interval."
    )
    figure.supxlabel(wrapped(caption, round(15.2 * form.width)), x=0.01, ha="left", fontsize=form.letters)
    return figure
