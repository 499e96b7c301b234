"""The figure of a map: an outcome over two parameters, its edge, and beside it how much is known in each cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abm.figures.style import GREY, in_style, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

    from abm.sweep.levels import Levels
    from abm.sweep.maps import SweepMap

COLUMNS = 4  # small multiples side by side
ROOM = 0.42  # inches of a cell's width from which a number fits into it
COLOURS = {"value": "cividis_r", "half_width": "Greys"}  # darker is more, in grey print too


class Paper(NamedTuple):
    """Sizes of a figure: for the screen, or for a column of a printed page."""

    width: float
    letters: float
    columns: int
    beside: bool  # what is known stands beside the map, or below it


SCREEN, COLUMN = Paper(9.5, 8.5, COLUMNS, True), Paper(3.4, 6.5, 2, False)


@in_style
def map_figure(found: SweepMap, paper: bool = False) -> Figure:
    """Draw the map; `paper`: in grey and as wide as a column of a page."""
    form, n = COLUMN if paper else SCREEN, found.n_panels
    alone = n == 1 and form.beside
    columns = 2 if alone else min(n, form.columns)
    rows = 1 if alone else 2 * math.ceil(n / columns)
    panel_width = 0.8 * form.width / columns  # inches
    cell = panel_width / len(found.x)
    across = panel_width / (0.0085 * form.letters)  # letters that fit along a panel
    height = min(max(0.33 * len(found.y) + 1.0, 0.45 * form.width / columns + 0.4), 0.8 * form.width / columns + 1.2)
    high = (height - 0.8) / len(found.y)  # of a cell, inches
    numbers = min(cell, 1.5 * high) >= ROOM * form.letters / SCREEN.letters
    title = f"{found.outcome.title}, by {found.x.path} and {found.y.path}"
    figure, axes = panels(
        title, rows, columns, height=height, width=form.width, size=8.0 if paper else 11.0, sharex=True, sharey=True
    )
    flat = [axis for row in axes for axis in row]
    for axis in flat:
        axis.set_visible(False)
    half = len(flat) // 2
    for column, places in (("value", flat[:half]), ("half_width", flat[half:])):
        images = []
        for panel, axis in enumerate(places[:n]):
            axis.set_visible(True)
            images.append(_cells(axis, found, column, panel, paper))
            if numbers:
                _numbers(axis, images[panel], found, column, panel, form.letters)
            _ticks(axis, found, form.letters, cell, high)
            axis.set_title(wrapped(_name(found, column, panel, numbers), across), fontsize=form.letters)
            if column == "value":
                _edge(axis, found, panel)
            if alone or panel % columns == 0:
                axis.set_ylabel(wrapped(found.y.what, 40), fontsize=form.letters)
                axis.tick_params(labelleft=True)
            if panel + columns >= n:
                axis.set_xlabel(wrapped(found.x.what, across), fontsize=form.letters)
                axis.tick_params(labelbottom=True)
        if column == "value" or not numbers:
            _scale(figure.colorbar(images[0], ax=places, aspect=25, pad=0.02), found, column, form.letters)
    caption = found.caption
    if found.third is not None:
        runs = ", and the number of runs" if numbers else ""
        caption += f" Lower panels: half of the 95 % interval, {_points(found)}{runs}."
    size = form.letters - 0.5
    figure.supxlabel(wrapped(caption, 130 * form.width / form.letters), x=0.01, ha="left", fontsize=size)
    return figure


def _cells(axis: Axes, found: SweepMap, column: str, panel: int, paper: bool) -> QuadMesh:
    """Colour the cells of one panel, on one scale for all panels; hatch those without runs."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    whole = np.concatenate([found.grid(column, k).ravel() for k in range(found.n_panels)])
    whole = whole[np.isfinite(whole)]
    low, high = (float(whole.min()), float(whole.max())) if len(whole) else (0.0, 1.0)
    darkest = 1.0
    if column == "half_width":
        low, darkest = 0.0, 0.5
    elif found.outcome.is_share:
        low, high = 0.0, 1.0
    if high <= low:
        low, high = low - 0.5 * (column == "value"), low + 0.5
    shades = colormaps["Greys" if paper else COLOURS[column]](np.linspace(0.0, darkest, 256))
    axis.grid(visible=False)
    axis.patch.set(facecolor="white", hatch="////", edgecolor=GREY)
    values = found.grid(column, panel)
    values[np.isnan(values) & (found.grid("count", panel) > 0)] = low  # runs, but too few for an interval
    style: dict[str, Any] = {"edgecolors": "white", "linewidth": 0.4}
    return axis.pcolormesh(np.ma.masked_invalid(values), cmap=ListedColormap(shades), vmin=low, vmax=high, **style)


def _numbers(axis: Axes, image: QuadMesh, found: SweepMap, column: str, panel: int, letters: float) -> None:
    """Write each cell's value into it, or how far its interval reaches and how many runs it holds."""
    from matplotlib import patheffects

    values, counts = found.grid(column, panel), found.grid("count", panel)
    left_out = found.grid("failed", panel) + found.grid("missing", panel)
    for (row, place), value in np.ndenumerate(values):
        count, out, known = int(counts[row, place]), int(left_out[row, place]), math.isfinite(value)
        said = _in_cell(value, found, column) if known else ""
        if column == "half_width":
            said = (f"± {said}\n" if known else "") + (f"{count}/{count + out}" if out else f"{count}")
        shade = image.to_rgba(value)[:3] if known else (1.0, 1.0, 1.0)
        size = letters - (0.5 if column == "value" else 1.7)
        colour = "black" if np.dot(shade, (0.299, 0.587, 0.114)) > 0.5 else "white"
        text = axis.text(place + 0.5, row + 0.5, said, ha="center", va="center", fontsize=size, color=colour, zorder=5)
        if column == "value" or not known:  # the edge's line or hatches may pass below
            text.set_path_effects([patheffects.withStroke(linewidth=2.5, foreground=shade)])


def _edge(axis: Axes, found: SweepMap, panel: int) -> None:
    """Draw the line on which the outcome has the level, where it is crossed."""
    from matplotlib import patheffects

    values = found.grid("value", panel)
    finite = values[np.isfinite(values)]
    if not found.has_edge or not len(finite) or not finite.min() < found.level <= finite.max():
        return
    middles = [np.arange(n) + 0.5 for n in (values.shape[1], values.shape[0])]
    line = axis.contour(
        *middles, np.ma.masked_invalid(values), levels=[found.level], colors="black", linewidths=1.5, linestyles="solid"
    )
    line.set_path_effects([patheffects.withStroke(linewidth=3.2, foreground="white")])


def _ticks(axis: Axes, found: SweepMap, letters: float, cell: float, high: float) -> None:
    """Name the cells by their values, or the lines between them by theirs; no more than fit."""
    for one, setter, limit in (
        (found.x, axis.set_xticks, axis.set_xlim),
        (found.y, axis.set_yticks, axis.set_ylim),
    ):
        places, names = _tick_names(one)
        longest = max(len(name) for name in names)
        step = math.ceil((longest + 1) * letters * 0.0085 / cell if one is found.x else letters * 0.017 / high)
        setter(places[::step], names[::step], fontsize=letters - 0.5)
        limit(0.0, len(one))
    axis.tick_params(length=2.0)
    axis.spines[:].set_visible(False)


def _tick_names(levels: Levels) -> tuple[list[float], list[str]]:
    if levels.edges:
        return [float(k) for k in range(len(levels.edges))], levels.ends
    return [k + 0.5 for k in range(len(levels))], levels.names


def _name(found: SweepMap, column: str, panel: int, numbers: bool) -> str:
    """Return what one panel shows."""
    if found.third is not None:
        return f"{found.third.path} {'' if found.third.edges else '= '}{found.third.names[panel]}, {found.third.unit}"
    if column == "half_width":
        return f"half of the 95 % interval, {_points(found)}" + ("; number of runs" if numbers else "")
    return found.outcome.what


def _scale(bar: Colorbar, found: SweepMap, column: str, letters: float) -> None:
    """Say what colours mean, and mark the edge on them."""
    if column == "half_width":
        bar.set_label(f"half of the 95 % interval, {_points(found)}", fontsize=letters)
    elif found.third is not None:
        bar.set_label(found.outcome.what, fontsize=letters)
    bar.ax.tick_params(labelsize=letters - 0.5, length=2.0)
    bar.outline.set_visible(False)
    if found.outcome.in_percent:
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100.0 * value:.3g}")
    if column == "value":
        bar.ax.axhline(found.level, color="black", linewidth=1.5)


def _points(found: SweepMap) -> str:
    return "points" if found.outcome.in_percent else found.outcome.unit


def _in_cell(value: float, found: SweepMap, column: str) -> str:
    """Return a number as short as it may be: shares in per cent without the sign."""
    if found.outcome.in_percent:
        return f"{100.0 * value:.0f}" if found.outcome.is_share or abs(value) >= 0.1 else f"{100.0 * value:.1f}"
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.{2 if column == 'half_width' else 3}g}"
