"""The levels of a scanned parameter: the values it takes, or the intervals that sampled values fall into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from abm.errors import InputError, shown
from abm.scenario.reading import DECLARED, hint

if TYPE_CHECKING:
    from abm.sweep.plan import Plan

MOST_VALUES = 8  # different values beyond which a parameter that is not on a grid is cut into intervals


@dataclass(frozen=True)
class Levels:
    """The levels of one parameter, lowest first: `values`, or the `edges` between which values lie."""

    path: str
    unit: str
    values: tuple[float | bool | str, ...] = ()
    edges: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.edges) - 1 if self.edges else len(self.values)

    @property
    def meaning(self) -> str:
        """What the parameter is, as its declaration says it."""
        declared = DECLARED.get(self.path)
        return "" if declared is None else declared.meaning.removeprefix("dial: ")

    @property
    def what(self) -> str:
        """The parameter with its unit, as an axis says it."""
        return f"{self.path}, {self.unit}"

    @property
    def names(self) -> list[str]:
        """Each level in words."""
        if self.edges:
            return [f"{low} to {high}" for low, high in pairwise(self.ends)]
        return [spelled(value) for value in self.values]

    @property
    def ends(self) -> list[str]:
        """The edges in words, to three figures."""
        return [f"{edge:.3g}" if abs(edge) < 1000.0 else f"{edge:,.0f}" for edge in self.edges]

    def columns(self) -> dict[str, list[float | bool | str]]:
        """The levels as columns of a table: the value, or both ends."""
        if self.edges:
            return {f"{self.path}_low": list(self.edges[:-1]), f"{self.path}_high": list(self.edges[1:])}
        return {self.path: list(self.values)}

    def places(self, column: pl.Series) -> pl.Series:
        """Return the number of the level of every value of a column; null outside all of them."""
        if self.edges:
            inner = np.searchsorted(np.array(self.edges[1:-1]), column.cast(pl.Float64).to_numpy(), side="right")
            return pl.Series(inner, dtype=pl.Int64)
        numbers = dict(zip(self.values, range(len(self.values)), strict=True))
        return pl.Series([numbers.get(value) for value in column.to_list()], dtype=pl.Int64)

    def at(self, position: float) -> float | None:
        """Return the value at a place between the middles of two levels; None where values are no numbers.

        Between values that grow by a constant factor it lies on the logarithmic scale.
        """
        middles = self.middles
        if middles is None:
            return None
        places = range(len(middles))
        if _is_geometric(middles):
            return math.exp(float(np.interp(position, places, np.log(middles))))
        return float(np.interp(position, places, middles))

    @property
    def middles(self) -> list[float] | None:
        """The value of each level as a number, or the middle of its interval; None for names and switches."""
        if _is_geometric(self.edges):
            return [math.sqrt(low * high) for low, high in pairwise(self.edges)]
        if self.edges:
            return [(low + high) / 2.0 for low, high in pairwise(self.edges)]
        if not all(is_number(value) for value in self.values):
            return None
        return [float(value) for value in self.values]


def levels_of(plan: Plan, path: str, most: int, *, equal_counts: bool = False) -> Levels:
    """Return the levels of a scanned parameter; at most `most` intervals, equally wide or equally full, if sampled."""
    position, parameter = next((k, p) for k, p in enumerate(plan.parameters) if p.path == path)
    taken = dict.fromkeys(point[position] for point in plan.points)
    numeric = all(is_number(value) for value in taken)
    if not numeric or plan.design == "grid" or len(taken) <= MOST_VALUES:
        return Levels(path, parameter.unit, values=tuple(sorted(taken) if numeric else taken))
    found = np.array([point[position] for point in plan.points], dtype=float)
    if equal_counts:
        edges = np.unique(np.quantile(found, np.linspace(0.0, 1.0, most + 1)))
    else:
        low = found.min() if parameter.low is None else parameter.low
        high = found.max() if parameter.high is None else parameter.high
        spread = np.geomspace if parameter.scale == "log" else np.linspace
        edges = spread(low, high, most + 1)
    return Levels(path, parameter.unit, edges=tuple(edges.tolist()))


def scanned(plan: Plan, path: str) -> str:
    """Return a path that the sweep scans; raises InputError for any other."""
    known = [parameter.path for parameter in plan.parameters]
    if path not in known:
        raise InputError(f"{plan.name}: parameter = {shown(path)} is not scanned; {hint(path, known)}")
    return path


def spelled(value: float | bool | str) -> str:
    """Return a value of a parameter as an axis shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def is_number(value: object) -> bool:
    """Say whether a value of a parameter is a number, not a switch or a name."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_geometric(values: Sequence[float]) -> bool:
    if len(values) < 3 or min(values) <= 0.0:
        return False
    steps = np.diff(np.log(values))
    return bool(np.allclose(steps, steps[0], rtol=1e-3))
