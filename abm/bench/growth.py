"""How a day and its memory grow with crypto holders and with funds, each size in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from abm.bench.timing import Law, growing
from abm.scenario import load

HOLDERS, FUNDS = "crypto.holders", "funds.count"
SIZES: dict[str, tuple[int, ...]] = {
    HOLDERS: (1_000, 3_162, 10_000, 31_623, 100_000, 316_228, 1_000_000),
    FUNDS: (100, 316, 1_000, 3_162, 10_000, 31_623, 100_000),
}
WARM_DAYS, DAYS = 5, 30  # all before the spark, so that sizes see the same calm days


@dataclass(frozen=True)
class Point:
    """One size: seconds a day (quartiles and median), and megabytes that the process takes beyond an empty one."""

    size: int
    low: float
    seconds: float
    high: float
    megabytes: float


@dataclass(frozen=True)
class Growth:
    """A dial's sizes, and the laws by which seconds a day and megabytes grow."""

    dial: str
    points: tuple[Point, ...]
    seconds: Law
    megabytes: Law


def growth(dial: str, sizes: Sequence[int] | None = None, progress: Callable[[str], None] = lambda _: None) -> Growth:
    """Measure every size and fit what grows."""
    points = []
    for size in sizes or SIZES[dial]:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            points.append(alone.submit(measure, dial, size).result())
        progress(f"{dial} {size}")
    return fitted(dial, points)


def fitted(dial: str, points: Sequence[Point]) -> Growth:
    """Fit time and memory of points."""
    sizes = np.array([point.size for point in points])
    seconds, megabytes = (np.array([getattr(p, name) for p in points]) for name in ("seconds", "megabytes"))
    return Growth(dial, tuple(points), growing(sizes, seconds), growing(sizes, megabytes))


def measure(dial: str, size: int) -> Point:
    """Open a run of a size and time its days, in this process."""
    import psutil

    from abm.economy import Economy

    Economy(load(), 0).advance(1)  # machine code is loaded before memory is looked at
    process = psutil.Process()
    empty = process.memory_info().rss
    economy = Economy(load().replace({dial: size}), 1)
    economy.advance(WARM_DAYS)
    taken = []
    for day in range(WARM_DAYS, WARM_DAYS + DAYS):
        start = time.thread_time()
        economy.advance(day + 1)
        taken.append(time.thread_time() - start)
    low, middle, high = np.quantile(taken, [0.25, 0.5, 0.75]).tolist()
    return Point(size, low, middle, high, (process.memory_info().rss - empty) / 1e6)
