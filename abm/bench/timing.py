"""Timing that drift cannot bend: contenders take turns over the same days in one session, and ratios are paired.

A turn is a few days of one contender. Its first day fills the caches again that others have emptied, and does not
count. Time is the processor's, spent by this thread, so that whoever else uses the machine takes none of it. The
ratio of two contenders is the median of its values turn by turn; its spread is the middle half of them.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

WARM = 1  # days of a turn that do not count


@dataclass(frozen=True)
class Ratio:
    """How many times longer one contender takes than another: median, quartiles, and how many turns."""

    median: float
    low: float
    high: float
    turns: int

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def ratio(longer: np.ndarray, shorter: np.ndarray) -> Ratio:
    """Return the ratio of times that were taken turn by turn, (turns,) each, in the same unit."""
    values = np.asarray(longer) / np.asarray(shorter)
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return Ratio(float(median), float(low), float(high), len(values))


class Law(NamedTuple):
    """fixed + scale * size ** slope: at slope 1 twice as many take twice as long, beyond what is fixed."""

    slope: float
    fixed: float
    scale: float

    def at(self, sizes: np.ndarray) -> np.ndarray:
        """Return what the law says of sizes."""
        return self.fixed + self.scale * np.asarray(sizes, float) ** self.slope


def growing(sizes: np.ndarray, values: np.ndarray) -> Law:
    """Fit the law to what was measured at four sizes or more, by least squares of relative errors."""
    from scipy.optimize import least_squares

    sizes, logs = np.asarray(sizes, float), np.log(np.asarray(values, float))

    def misses(logged: np.ndarray) -> np.ndarray:
        return np.log(np.exp(logged[0]) + np.exp(logged[1] + logged[2] * np.log(sizes))) - logs

    begin = [logs[0], logs[-1] - np.log(sizes[-1]), 1.0]
    fixed, scale, slope = least_squares(misses, begin, x_scale=[1.0, 1.0, 0.1]).x
    return Law(float(slope), float(np.exp(fixed)), float(np.exp(scale)))


class Clock:
    """Adds up the time that is spent inside functions that it has wrapped."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, with its time added up."""

        def timed(*arguments: Any) -> Any:
            start = time.thread_time()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.thread_time() - start

        return timed


@dataclass(frozen=True)
class Turns:
    """Seconds a day of one contender, (turns,): of whole days, and of what its clock has watched."""

    days: np.ndarray
    watched: np.ndarray


def take_turns(
    contenders: Mapping[str, tuple[Callable[[int], None], Clock]],
    turns: int,
    days: int,
    first_day: int = 0,
    until: Callable[[], bool] = lambda: False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Turns]:
    """Let contenders run so many days in turn, over and over, and return what each turn took.

    contenders: by name a function that runs on until so many days are done, and the clock that watches a part of
    it; `until` may end the session after a turn of all. Garbage collection is off meanwhile.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for turn in range(turns):
            start = first_day + turn * (WARM + days)
            for name, (advance, clock) in contenders.items():
                advance(start + WARM)
                watched, begin = clock.seconds, time.thread_time()
                advance(start + WARM + days)
                taken[name].append((time.thread_time() - begin, clock.seconds - watched))
                progress(name)
            if until():
                break
    finally:
        gc.enable()
    each = {name: np.array(values) / days for name, values in taken.items()}
    return {name: Turns(values[:, 0], values[:, 1]) for name, values in each.items()}
