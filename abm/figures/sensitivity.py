"""The figures of a sensitivity: numbers ranked, the variance split, and how both settle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from abm.evidence.check import Curve, Picture
from abm.figures.evidence import evidence_figure

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure


def ranked_figure(title: str, what: str, table: pl.DataFrame, scale: float, words: str) -> Figure:
    """Draw mean sizes of effects with their intervals, a row of `table` each, beside those that chance makes.

    `what`: the axis, with its unit; `scale`: what numbers are multiplied with.
    """
    own = Curve("mean size of the effect (μ*)", *banded(table, "mu_star", scale), joined=False)
    return evidence_figure(
        Picture(title, "", what, [own, *noise_of(table, scale)], table["path"].to_list(), words=words)
    )


def split_figure(title: str, table: pl.DataFrame, words: str) -> Figure:
    """Draw first-order and total indices with their intervals, beside the total index of chance."""
    curves = [
        Curve("alone (first-order index)", *banded(table, "first"), joined=False),
        Curve("in all (total index)", *banded(table, "total"), joined=False),
        *noise_of(table),
    ]
    return evidence_figure(Picture(title, "", "part of the variance", curves, table["path"].to_list(), words=words))


def ranking_settles_figure(title: str, table: pl.DataFrame, top: int, words: str) -> Figure:
    """Draw how the ranking settles over the number of trajectories."""
    from matplotlib.ticker import MaxNLocator

    names = {
        "same_first": f"first {top}, same as from all",
        "spearman": "rank correlation with all",
        "halves": f"first {top}, same in both halves",
    }
    curves = []
    for column, name in names.items():
        known = table.filter(table[column].is_not_null())
        curves.append(Curve(name, known["trajectories"].to_list(), known[column].to_list()))
    figure = evidence_figure(Picture(title, "trajectories", "share, or correlation", curves, words=words))
    figure.axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def indices_settle_figure(title: str, table: pl.DataFrame, names: Sequence[str], words: str) -> Figure:
    """Draw the total indices from a quarter, a half and all of the points."""
    curves = [
        Curve(f"total index from {many} points", *banded(own, "total"), joined=False)
        for (many,), own in table.group_by("samples", maintain_order=True)
    ]
    return evidence_figure(Picture(title, "", "part of the variance", curves, names, words=words))


def banded(table: pl.DataFrame, name: str, scale: float = 1.0) -> tuple[list[float], ...]:
    """Return places, values, and both ends of the intervals."""
    ends = ([scale * value for value in table[column]] for column in (name, f"{name}_low", f"{name}_high"))
    return [float(place) for place in range(table.height)], *ends


def noise_of(table: pl.DataFrame, scale: float = 1.0) -> list[Curve]:
    """Return what chance alone makes, up to the end of its interval; nothing where it is not known."""
    if table["noise"].null_count():
        return []
    places, (value, high) = (
        [float(place) for place in range(table.height)],
        ([scale * number for number in table[name]] for name in ("noise", "noise_high")),
    )
    return [Curve("chance alone", places, value, value, high, False, published=True)]
