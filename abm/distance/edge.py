"""The distance to the edge: of one world, of worlds in which assumed numbers are others, and along a second dial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from abm.distance.crossing import MOST_NEW, rising
from abm.distance.question import REACH, Question, checked, long_enough
from abm.distance.search import ROUNDS, Edge, band_of, search, table_of
from abm.distance.worlds import SEED_OF_DRAWS, Report, Worlds, holds_quiet, sparked, turned
from abm.errors import InputError, shown
from abm.evidence.assumed import assumed, draws
from abm.scenario.reading import DECLARED
from abm.sweep.plan import Plan, Value

SEEDS_OF_DRAW = 4
MIDDLE = (0.05, 0.95)  # of the draws: nine tenths of them
VALUES = 5  # of a second dial


@dataclass(frozen=True)
class Draws:
    """The edge in drawn worlds, on the side on which that of the scenario is.

    `low` and `high` hold the middle nine tenths of the worlds, each as few seeds show it; None beyond the range.
    """

    n: int  # worlds that could be run
    failed: int
    seeds: int
    reached: int
    over_today: int
    low: float | None
    high: float | None
    runs: pl.DataFrame


@dataclass(frozen=True)
class Found:
    """An answer: the edge, and its spread over draws of the assumed numbers, if that was asked for."""

    edge: Edge
    draws: Draws | None = None


@dataclass(frozen=True)
class Curve:
    """The edge along a second dial: an answer for each of its values, in their order."""

    dial: str
    along: str
    values: tuple[Value, ...]
    found: tuple[Found, ...]
    today: float  # of the second dial

    @property
    def table(self) -> pl.DataFrame:
        """A row per value of the second dial."""
        rows = []
        for value, one in zip(self.values, self.found, strict=True):
            edge = one.edge
            rows.append(
                {self.along: float(value), "status": edge.status, "value": edge.value, "low": edge.low}
                | {"high": edge.high, "second": edge.second, "seeds": edge.question.seeds}
            )
        schema = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "second": pl.Float64}
        return pl.DataFrame(rows, schema_overrides=schema)


def find_edge(
    question: Question,
    folder: str | Path,
    *,
    many_draws: int = 0,
    workers: int | None = None,
    cluster: str | None = None,
    report: Report | None = None,
) -> Found:
    """Search the edge in sweeps below a folder; done again, only what is left is run.

    Raises InputError, and OSError where nothing can be written.
    """
    worlds = Worlds(Path(folder), workers, cluster, report or (lambda _name, _now: None))
    edge = search(question, lambda values: worlds.answer(question, values))
    return Found(edge, of_draws(edge, worlds, many_draws) if many_draws else None)


def of_draws(edge: Edge, worlds: Worlds, many: int) -> Draws:
    """The edge in worlds drawn from the ranges of all assumed numbers but the dial (Latin hypercube)."""
    question = edge.question
    numbers = [number for number in assumed(question.scenario) if number.path != question.dial]
    side = -1 if edge.value is not None and edge.value < question.today else 1
    values = question.scan(side) or question.scan(-side)
    drawn = draws(numbers, many, SEED_OF_DRAWS)
    runs = worlds.drawn(question, values, drawn, numbers, SEEDS_OF_DRAW)
    return drawn_edges(question, runs, side if question.scan(side) else -side)


def drawn_edges(question: Question, runs: pl.DataFrame, side: int) -> Draws:
    """The first crossing in each drawn world by its means alone, and the middle nine tenths of them."""
    found = [crossing_of(question, own) for _, own in runs.group_by("draw", maintain_order=True)]
    places = [place for place in found if place is not None]
    ends = [float(end) for end in np.quantile(places or [math.inf], MIDDLE, method="inverted_cdf")]
    near, far = (question.exact(side * end) if math.isfinite(end) else None for end in ends)
    return Draws(
        n=len(places),
        failed=len(found) - len(places),
        seeds=runs["seed"].n_unique(),
        reached=sum(0.0 < place < math.inf for place in places),
        over_today=sum(place == 0.0 for place in places),
        low=near if side > 0 else far,
        high=far if side > 0 else near,
        runs=runs,
    )


def crossing_of(question: Question, runs: pl.DataFrame) -> float | None:
    """How far from today's value the mean of one world first passes the level: nought, some place, or never (inf).

    None where no run at today's value has an outcome.
    """
    table = table_of(runs)
    band = band_of(question, table.spark - table.quiet)
    places = np.array([abs(question.place(x)) for x in table.x.tolist()])
    order = np.argsort(places)
    order = order[band.n[order] > 0]
    if not len(order) or places[order[0]] > 0.0:
        return None
    places, band = places[order], band.at(order)
    passed = np.flatnonzero(band.value > question.level)
    if not len(passed):
        return math.inf
    until = slice(0, int(passed[0]) + 1)
    return 0.0 if passed[0] == 0 else rising(places[until], band.at(until), question.level)


def questions_along(question: Question, along: str, values: Sequence[float]) -> list[Question]:
    """The question for each value of a second dial; what the scenario refuses is refused before any run."""
    world = replace(question, scenario=long_enough(question.scenario, along, max(values)))
    return [world.elsewhere(along, value_of(along, value)) for value in values]


def value_of(path: str, value: float) -> Value:
    """A value as the scenario takes it."""
    return round(value) if DECLARED[path].kind is int else float(value)


def trace(
    question: Question,
    along: str,
    values: Sequence[float],
    folder: str | Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    report: Report | None = None,
) -> Curve:
    """The edge for each value of a second dial, in sweeps below one folder."""
    today = float(question.scenario.quantity(checked(along)).value)
    how: dict[str, Any] = {"workers": workers, "cluster": cluster, "report": report}
    found = tuple(find_edge(one, folder, **how) for one in questions_along(question, along, values))
    return Curve(question.dial, along, tuple(value_of(along, value) for value in values), found, today)


def values_along(question: Question, along: str, listed: str | None) -> list[float]:
    """The values of the second dial: those listed, or five from a quarter to four times today's; raises InputError."""
    today = float(question.scenario.quantity(checked(along)).value)
    if along == question.dial:
        raise InputError(f"dials = {question.dial},{along} holds one twice; allowed are two different ones")
    if listed is not None:
        try:
            values = [float(part) for part in listed.split(",")]
        except ValueError:
            values = []
        if not values or not all(math.isfinite(value) for value in values):
            raise InputError(f"at = {shown(listed)} cannot be read; allowed is a list of numbers such as 1,20,250")
        return list(dict.fromkeys(values))
    if today == 0.0:
        raise InputError(f"at: is missing, as {along} is 0 today; allowed is a list of numbers such as 1,20,250")
    declared = DECLARED[along]
    spread = today * REACH ** np.linspace(-1.0, 1.0, VALUES)
    values = np.clip(spread, declared.low, declared.high).tolist()
    whole = [float(round(value)) for value in values] if declared.kind is int else values
    return list(dict.fromkeys(whole))


def most_runs(question: Question) -> int:
    """The most rows of sweeps that a search of one edge takes, quiet worlds included."""
    apart = 1 if holds_quiet(question.outcome.key) else 2
    return apart * (len(scanned(question).points) + ROUNDS * MOST_NEW) * question.seeds


def runs_of_draws(question: Question, many: int) -> int:
    """The rows of sweeps that drawn worlds take."""
    return many * max(len(question.scan(1)), len(question.scan(-1))) * SEEDS_OF_DRAW


def scanned(question: Question) -> Plan:
    """The first sweep of a search."""
    values = sorted({*question.scan(1), *question.scan(-1)})
    return sparked(question, *turned(question, values), question.seeds)
