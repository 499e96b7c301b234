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
from typing import Any

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


def slope(sizes: np.ndarray, seconds: np.ndarray) -> tuple[float, float, float]:
    """Return the slope on log axes of what time grows beyond a fixed cost; that cost and the cost of one more.

    seconds = fixed + each * size, by least squares of relative errors; then the slope of log(seconds - fixed) on
    log(size), over the sizes at which growth is at least half of the fixed cost. 1: twice as many take twice as long.
    """
    sizes, seconds = np.asarray(sizes, float), np.asarray(seconds, float)
    design = np.column_stack([1.0 / seconds, sizes / seconds])
    (fixed, each), *_ = np.linalg.lstsq(design, np.ones(len(sizes)), rcond=None)
    fixed = max(0.0, float(fixed))
    grown = seconds - fixed
    enough = grown >= 0.5 * fixed
    if enough.sum() < 2:
        return float("nan"), fixed, float(each)
    return float(np.polyfit(np.log(sizes[enough]), np.log(grown[enough]), 1)[0]), fixed, float(each)


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
