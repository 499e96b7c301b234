"""A map of a sweep: an outcome over two parameters, where its edge runs, and how much is known in each cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from abm.errors import InputError
from abm.sweep.levels import Levels, levels_of, scanned
from abm.sweep.outcomes import Outcome, by, half_width

if TYPE_CHECKING:
    from abm.sweep.plan import Plan

MOST_BINS = 8  # intervals along an axis of a sampled design
MOST_PANELS = 4  # intervals of a third parameter that is sampled
POINTS_A_CELL = 4  # at least so many points should fall into a cell, on average
HALF = 0.5  # the share at which the edge is drawn


@dataclass(frozen=True)
class SweepMap:
    """An outcome over x and y, and over a third parameter if there is one.

    `cells` has a row per level of (third, y, x), x running fastest: count, seeds, value, low, high, failed,
    missing, as `abm.sweep.outcomes.by` makes them.
    """

    outcome: Outcome
    x: Levels
    y: Levels
    third: Levels | None
    level: float
    averaged: tuple[str, ...]
    sweep: str
    cells: pl.DataFrame = field(repr=False)

    @property
    def n_panels(self) -> int:
        """The number of levels of the third parameter, or one."""
        return 1 if self.third is None else len(self.third)

    def grid(self, column: str, panel: int = 0) -> np.ndarray:
        """Return a column of the cells as an array (y, x); nan where there is nothing."""
        values = half_width(self.cells) if column == "half_width" else self.cells[column].cast(pl.Float64).to_numpy()
        return values.reshape(self.n_panels, len(self.y), len(self.x))[panel].copy()

    @property
    def data(self) -> pl.DataFrame:
        """The cells with the values of their parameters, or both ends of the intervals they cover."""
        axes = [axis for axis in (self.third, self.y, self.x) if axis is not None]
        places = np.unravel_index(np.arange(self.cells.height), [len(axis) for axis in axes])
        columns = {
            name: [values[k] for k in place.tolist()]
            for axis, place in zip(axes, places, strict=True)
            for name, values in axis.columns().items()
        }
        return pl.DataFrame(columns, strict=False).hstack(self.cells)

    @property
    def edge(self) -> pl.DataFrame:
        """Where the outcome crosses `level` along x, at every level of y: between two cells on a straight line."""
        found = list(self._crossings())
        columns: dict[str, list] = {}
        if self.third is not None:
            columns |= {name: [values[panel] for panel, *_ in found] for name, values in self.third.columns().items()}
        columns |= {name: [values[row] for _, row, _ in found] for name, values in self.y.columns().items()}
        columns[f"{self.x.path}_at_edge"] = [self.x.at(place) for *_, place in found]
        return pl.DataFrame({**columns, "level": [self.level] * len(found)}, strict=False)

    def _crossings(self) -> Iterator[tuple[int, int, float]]:
        if self.x.middles is None:
            return
        for panel in range(self.n_panels):
            for row, values in enumerate(self.grid("value", panel)):
                for k, (left, right) in enumerate(pairwise(values)):
                    if math.isfinite(left) and math.isfinite(right) and (left < self.level) != (right < self.level):
                        yield panel, row, k + (self.level - left) / (right - left)

    @property
    def has_edge(self) -> bool:
        """Whether a line can be drawn: on axes of numbers, between cells on both of its sides."""
        values = self.cells["value"].drop_nulls()
        drawn = all(len(axis) > 1 and axis.middles is not None for axis in (self.x, self.y))
        return drawn and bool((values < self.level).any() and (values >= self.level).any())

    @property
    def caption(self) -> str:
        """What the figure's reader must know: runs, failures, what is averaged over, the edge."""
        runs, failed, missing = (int(self.cells[name].sum()) for name in ("count", "failed", "missing"))
        fewest, most = self.cells["count"].min(), self.cells["count"].max()
        each = f"{most}" if fewest == most else f"{fewest} to {most}"
        said = [f"Sweep {self.sweep}, {runs:,} runs, {each} a cell"]
        if self.x.edges or self.y.edges:
            said.append("sampled points in intervals")
        if failed:
            said.append(f"{failed} failed and are left out")
        if missing:
            said.append(f"{missing} without a value are left out")
        if self.averaged:
            said.append(f"averaged over {' and '.join(self.averaged)}")
        if self.has_edge:
            unit = "" if self.outcome.unit == "count" else f" {self.outcome.unit}"
            at = f"{100.0 * self.level:.3g} %" if self.outcome.in_percent else f"{self.level:.4g}{unit}"
            said.append(f"line: the edge, where the {'share' if self.outcome.is_share else 'mean'} is {at}")
        if self.cells["count"].min() == 0:
            said.append("hatched: no run with a value")
        return f"{self.outcome.key}: {self.outcome.meaning}. " + "; ".join(said) + "."

    @property
    def name(self) -> str:
        """A name for files, made of all that the map was asked for."""
        said = [self.x.path, self.y.path] + ([] if self.third is None else ["by", self.third.path])
        return "_".join(["map", *said, self.outcome.name])


def sweep_map(
    plan: Plan,
    runs: pl.DataFrame,
    x: str,
    y: str,
    outcome: Outcome,
    *,
    third: str | None = None,
    level: float | None = None,
) -> SweepMap:
    """Return the map of an outcome over two scanned parameters, all others averaged over; raises InputError.

    `level` is where the edge lies: by default a share of one half, or the middle between the lowest and highest mean.
    """
    chosen = [scanned(plan, path) for path in (x, y, third) if path is not None]
    if len(set(chosen)) < len(chosen):
        raise InputError(f"{plan.name}: parameters = {', '.join(chosen)} hold one twice; allowed are different ones")
    if level is not None and not math.isfinite(level):
        raise InputError(f"level = {level} is no number; allowed is a value of {outcome.key}")
    cuts = n_bins(len(plan.points), third is not None)
    axes = [levels_of(plan, path, most) for path, most in zip(chosen, (*cuts[:2], cuts[2]), strict=False)]
    named = dict(zip("xyz", axes, strict=False))
    placed = runs.with_columns(axis.places(runs[axis.path]).alias(name) for name, axis in named.items())
    keys = sorted(named, key="zyx".index)  # x runs fastest
    found = by(placed, outcome, keys)
    sizes = [len(named[key]) for key in keys]
    everywhere = pl.DataFrame(
        dict(zip(keys, np.unravel_index(np.arange(math.prod(sizes)), sizes), strict=True)),
        schema=dict.fromkeys(keys, pl.Int64),
    )
    cells = everywhere.join(found, on=keys, how="left", maintain_order="left").drop(keys)
    cells = cells.with_columns(pl.col("count", "seeds", "failed", "missing").fill_null(0))
    if level is None:
        values = cells["value"].drop_nulls().to_numpy()
        level = HALF if outcome.is_share or not len(values) else float(values.min() + values.max()) / 2.0
    others = tuple(parameter.path for parameter in plan.parameters if parameter.path not in chosen)
    return SweepMap(outcome, axes[0], axes[1], axes[2] if third else None, level, others, plan.name, cells)


def n_bins(n_points: int, with_third: bool) -> tuple[int, int, int]:
    """Return how many intervals x, y and a third parameter are cut into, so that cells hold some points."""
    panels = min(MOST_PANELS, max(2, n_points // 64)) if with_third else 1
    along = math.isqrt(max(1, n_points // (panels * POINTS_A_CELL)))
    return min(MOST_BINS, max(2, along)), min(MOST_BINS, max(2, along)), panels
