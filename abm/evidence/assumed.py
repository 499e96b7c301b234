"""The parameters that no document gives, and the range in which each might as well have been."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import qmc

from abm.scenario import Scenario
from abm.scenario.reading import DECLARED
from abm.sweep.plan import Value

MARK = "assumed"  # how the source of such a number begins
# What is asked, and not how the world is: the length of runs, the news whose speed is a dial, and rules that are off.
NOT_OF_THE_WORLD = ("run.", "policy.", "spark.days", "spark.start")
REACH = 2.0  # times: a number that is assumed might be half as large or twice


class Assumed(NamedTuple):
    """An assumed number, and the ends of its range: half and double, within what is allowed."""

    path: str
    unit: str
    value: float
    low: float
    high: float
    is_whole: bool

    def at(self, value: float) -> Value:
        """A value as the scenario takes it."""
        return round(value) if self.is_whole else float(value)


def assumed(scenario: Scenario) -> list[Assumed]:
    """All of them, in the order of the file; those that are nought have neither half nor double and are left out."""
    found = []
    for path, declared in DECLARED.items():
        if declared.kind not in (int, float) or path.startswith(NOT_OF_THE_WORLD):
            continue
        number = scenario.quantity(path)
        if number.value == 0 or not number.source.startswith(MARK):
            continue
        ends = sorted(min(max(number.value * f, declared.low), declared.high) for f in (1 / REACH, REACH))
        found.append(Assumed(path, declared.unit, number.value, *ends, is_whole=declared.kind is int))
    return found


def draws(numbers: Sequence[Assumed], many: int, seed: int) -> list[list[Value]]:
    """So many worlds out of the ranges: a Latin hypercube over the logarithm of each number.

    Source: McKay, Beckman and Conover (1979).
    """
    places = qmc.LatinHypercube(len(numbers), rng=np.random.default_rng(seed)).random(many)
    lows, highs = (np.log([abs(getattr(number, end)) for number in numbers]) for end in ("low", "high"))
    signs = np.sign([number.value for number in numbers])
    values = signs * np.exp(lows + places * (highs - lows))
    return [[number.at(float(value)) for number, value in zip(numbers, row, strict=True)] for row in values]
