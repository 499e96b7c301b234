"""What a check is: the runs that it wants, and the numbers and the one picture that it makes of them.

A check measures; what is expected of a number stands in docs/targets.toml under the check's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from abm.outcome.paired import share_interval, student_t_quantile
from abm.scenario import Scenario

CLOSED_FORMS, REGULARITIES, STYLISED_FACTS = "closed forms", "published regularities", "stylised facts"
EPISODES, QUIET_WORLD, BOOKS = "episodes", "quiet world", "books"
GROUPS = (BOOKS, CLOSED_FORMS, QUIET_WORLD, REGULARITIES, STYLISED_FACTS, EPISODES)

Measure = Callable[[Scenario, int], dict[str, Any]]  # scenario and seed → numbers or arrays by name
Sample = dict[str, np.ndarray]  # by name: one value, or one array, per seed


class Path(NamedTuple):
    """One run that is wanted, and the function, importable by name, that reads off it."""

    scenario: Scenario
    seed: int
    measure: Measure


class Measured(NamedTuple):
    """A number with the spread that belongs to it (95 % interval, or a band that the check names); how many seeds."""

    value: float
    low: float | None = None
    high: float | None = None
    seeds: int = 1


@dataclass(frozen=True)
class Curve:
    """One line, or set of points, of a picture; `published`: not ours, drawn in grey."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    joined: bool = True
    published: bool = False


@dataclass(frozen=True)
class Picture:
    """What a check shows: curves over one axis with its unit, or over `names`; `allowed` is the band of the target."""

    title: str
    x: str
    y: str
    curves: Sequence[Curve]
    names: Sequence[str] = ()
    allowed: tuple[float | None, float | None] | None = None
    log_x: bool = False
    log_y: bool = False
    words: str = ""  # how to read it


@dataclass(frozen=True)
class Judged:
    """What a check found: its numbers by the names of its targets, and its picture."""

    measured: Mapping[str, Measured]
    picture: Picture


class Runs:
    """The finished runs, by what was wanted."""

    def __init__(self, found: Mapping[Path, dict[str, Any]]) -> None:
        self._found = found

    def sample(self, scenario: Scenario, measure: Measure, seeds: int) -> Sample:
        """What was read off the first so many seeds of a scenario."""
        rows = [self._found[Path(scenario, seed, measure)] for seed in range(seeds)]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def nothing(_seeds: int) -> list[Path]:
    """The runs of a check that makes its own, of a second or so."""
    return []


@dataclass(frozen=True)
class Check:
    """A claim that can fail.

    `wants` names the runs for so many seeds, `judge` measures on them. A full validation takes `seeds`, a quick one
    `quick_seeds`. `authors` are those of the claim, with the year.
    """

    name: str
    group: str
    title: str
    authors: str
    judge: Callable[[Runs, int], Judged]
    wants: Callable[[int], Iterable[Path]] = nothing
    seeds: int = 1
    quick_seeds: int = 1
    about: str = ""


def several(scenario: Scenario, measure: Measure, seeds: int) -> list[Path]:
    """The first so many seeds of a scenario."""
    return [Path(scenario, seed, measure) for seed in range(seeds)]


def exact(value: float) -> Measured:
    """A number that no chance is in."""
    return Measured(float(value))


def mean_of(values: np.ndarray) -> Measured:
    """A mean over seeds with Student's t interval."""
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Measured(mean, seeds=n)
    reach = student_t_quantile(0.975, n - 1) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Measured(mean, mean - reach, mean + reach, n)


def share_of(flags: np.ndarray) -> Measured:
    """A share of seeds with Wilson's interval."""
    low, high = share_interval(float(np.sum(flags)), len(flags))
    return Measured(float(np.mean(flags)), low, high, len(flags))


def median_of(values: np.ndarray) -> Measured:
    """A median over seeds with its 95 % interval from order statistics, whatever the law; none below six seeds."""
    from scipy.stats import quantile_test

    values = np.asarray(values, float)
    interval = quantile_test(values, p=0.5).confidence_interval(0.95)
    low, high = (float(end) if np.isfinite(end) else None for end in interval)
    return Measured(float(np.median(values)), low, high, len(values))


def middle_of(values: np.ndarray) -> Measured:
    """A median over seeds with the band that holds the middle nine tenths of them."""
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return Measured(float(middle), float(low), float(high), len(values))
