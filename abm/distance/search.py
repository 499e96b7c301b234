"""The search: a scan of the range at all seeds, then rounds of new points where the crossing and its interval lie.

Every round asks all its points at all seeds at once, so that it is one sweep; what a round asks follows from what
those before it answered, so that a search that is done again asks the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from abm.distance.crossing import Band, Crossing, first_crossing, of_means, of_shares, worth_asking
from abm.distance.question import Question

REACHED, NOT_REACHED, CANNOT_TELL = "reached", "not reached", "cannot tell"
ALREADY_OVER, QUIET_OVER = "already over it today", "the quiet world is already over it"
ROUNDS = 4

# values of the dial → a row for each value and seed: x, seed, spark and quiet (the outcome with and without the
# spark), and where the runs are
Answer = Callable[[Sequence[float]], pl.DataFrame]


class Table(NamedTuple):
    """What was answered: (points,) values of the dial, rising, and (points, seeds) outcomes; nan where a run failed."""

    x: np.ndarray
    spark: np.ndarray
    quiet: np.ndarray


class Side(NamedTuple):
    """What is seen above (1) or below (-1) today's value: places as `Crossing` has them."""

    side: int
    places: np.ndarray
    found: Crossing


@dataclass(frozen=True)
class Edge:
    """Where the edge is, in the unit of the dial.

    `value` with its 95 % interval over seeds, None where it was not found; one end is None where the interval is
    not bounded within the range. `second`: where the difference falls back under the level farther away.
    `quiet_from`: the value nearest to today's at which the quiet world alone is surely over the level.
    """

    question: Question
    status: str
    value: float | None
    low: float | None
    high: float | None
    second: float | None
    may_fall_back: bool
    quiet_from: float | None
    runs: pl.DataFrame

    @property
    def points(self) -> pl.DataFrame:
        """A row per value of the dial: seeds, spark and quiet (means or shares), their difference and its
        interval; null where no seed has an outcome, or a single one bounds nothing."""
        table = table_of(self.runs)
        band = band_of(self.question, table.spark - table.quiet)
        with_spark, quiet = (band_of(self.question, part) for part in (table.spark, table.quiet))
        columns = {"x": table.x, "seeds": band.n, "spark": with_spark.value, "quiet": quiet.value}
        found = pl.DataFrame({**columns, "difference": band.value, "low": band.low, "high": band.high})
        known = pl.col("seeds") > 0
        of_seeds = ("spark", "quiet", "difference", "low", "high")
        return found.with_columns(pl.when(known & pl.col(name).is_finite()).then(pl.col(name)) for name in of_seeds)

    @property
    def missing(self) -> int:
        """Pairs of runs without an outcome, for they failed or have none; they are left out."""
        return int(self.runs.select((pl.col("spark").is_null() | pl.col("quiet").is_null()).sum()).item())

    @property
    def is_over_everywhere(self) -> bool:
        """Whether the difference is surely over the level at every value that was looked at."""
        return bool((self.points["low"] > self.question.level).fill_null(value=False).all())

    def percent(self, value: float | None) -> float | None:
        """How far a value is from today's, in per cent of it; None where today's is nought."""
        today = self.question.today
        return None if value is None or today == 0.0 else 100.0 * (value / today - 1.0)


def search(question: Question, answer: Answer, rounds: int = ROUNDS) -> Edge:
    """Find the edge that is nearest to today's value."""
    runs = answer(sorted({*question.scan(1), *question.scan(-1)}))
    for _ in range(rounds):
        side = nearest(sides_of(question, runs))
        known = set(runs["x"].to_list())
        asked = [question.value(side.side * place) for place in worth_asking(side.places, side.found)]
        if not (new := sorted(set(asked) - known)):
            break
        runs = pl.concat([runs, answer(new)])
    return concluded(question, runs)


def concluded(question: Question, runs: pl.DataFrame) -> Edge:
    """What all that was answered says."""
    table, level = table_of(runs), question.level
    sides = sides_of(question, runs)
    side, found = (best := nearest(sides)).side, best.found
    quiet = band_of(question, table.quiet).low > level
    over = [x for x, is_over in zip(table.x.tolist(), quiet, strict=True) if is_over]
    quiet_from = min(over, key=lambda x: abs(question.place(x)), default=None)
    if quiet_from == question.today:
        status = QUIET_OVER
    elif is_over_today(question, table):
        status = ALREADY_OVER
    elif found.is_sure:
        status = REACHED
    elif quiet_from is not None and found.value is None:
        status = QUIET_OVER
    else:
        status = NOT_REACHED if all(one.found.never for one in sides) else CANNOT_TELL
    told = status in (REACHED, CANNOT_TELL) or (status == ALREADY_OVER and found.is_sure)

    def value(place: float | None) -> float | None:
        return None if place is None or not told or found.value is None else question.exact(side * place)

    ends = value(found.low), value(found.high)
    low, high = ends if side > 0 else ends[::-1]
    return Edge(question, status, value(found.value), low, high, value(found.second), found.doubtful, quiet_from, runs)


def sides_of(question: Question, runs: pl.DataFrame) -> list[Side]:
    """The crossing on each side that has points; of a world that is over the level today, where it falls under."""
    table, level = table_of(runs), question.level
    band = band_of(question, table.spark - table.quiet)
    if is_over_today(question, table):
        band, level = band.mirrored(), -level
    places = np.array([question.place(x) for x in table.x.tolist()])
    found = []
    for side in (1, -1):
        order = np.argsort(side * places, kind="stable")
        order = order[side * places[order] >= 0.0]
        if len(order) > 1:
            own = side * places[order]
            found.append(Side(side, own, first_crossing(own, band.at(order), level)))
    return found


def nearest(sides: Sequence[Side]) -> Side:
    """The side on which something is found, the surer and the nearer one."""
    return min(sides, key=lambda one: (not one.found.is_sure, one.found.value is None, one.found.value or 0.0))


def is_over_today(question: Question, table: Table) -> bool:
    """Whether today's system is surely over the level."""
    at = int(np.flatnonzero(table.x == question.today)[0])
    return bool(band_of(question, (table.spark - table.quiet)[[at]]).low[0] > question.level)


def band_of(question: Question, values: np.ndarray) -> Band:
    """The mean over seeds with the interval that fits the outcome."""
    return of_shares(values) if question.outcome.is_share else of_means(values)


def table_of(runs: pl.DataFrame) -> Table:
    """The answers as arrays; every value has the same seeds."""
    rows = runs.sort("x", "seed")
    x = rows["x"].unique(maintain_order=True).to_numpy()
    spark, quiet = (rows[name].cast(pl.Float64).to_numpy().reshape(len(x), -1) for name in ("spark", "quiet"))
    return Table(x, spark, quiet)
