"""How a day and its memory grow with crypto holders and with funds, each size in a process of its own."""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.crypto_holder import CRYPTO_HOLDER
from abm.agents.leveraged_fund import LEVERAGED_FUND
from abm.bench.machine import last_cache
from abm.bench.timing import Law, growing
from abm.scenario import load

if TYPE_CHECKING:
    import psutil

HOLDERS, FUNDS = "crypto.holders", "funds.count"
SIZES: dict[str, tuple[int, ...]] = {
    HOLDERS: (1_000, 3_162, 10_000, 31_623, 100_000, 316_228, 1_000_000),
    FUNDS: (100, 316, 1_000, 3_162, 10_000, 31_623, 100_000),
}
RECORDS = {HOLDERS: CRYPTO_HOLDER, FUNDS: LEVERAGED_FUND}
FEWEST = 4  # sizes for a law
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
    """A dial's sizes, and the laws by which seconds a day and megabytes grow.

    in_cache: of seconds, fitted to the sizes up to `cached` alone, whose table fills half of the processor's last
    cache at most; None where there are too few, or the system does not tell.
    """

    dial: str
    points: tuple[Point, ...]
    seconds: Law
    megabytes: Law
    in_cache: Law | None = None
    cached: int = 0


def growth(dial: str, sizes: Sequence[int] | None = None, progress: Callable[[str], None] = lambda _: None) -> Growth:
    """Measure every size and fit what grows."""
    points = []
    for size in sizes or SIZES[dial]:
        progress(f"days with {dial} = {size:,}")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            points.append(alone.submit(measure, dial, size).result())
    return fitted(dial, points)


def fitted(dial: str, points: Sequence[Point]) -> Growth:
    """Fit time and memory of points."""
    sizes = np.array([point.size for point in points])
    seconds, megabytes = (np.array([getattr(p, name) for p in points]) for name in ("seconds", "megabytes"))
    small = sizes * RECORDS[dial].dtype.itemsize <= (last_cache() or 0) / 2
    in_cache = growing(sizes[small], seconds[small]) if small.sum() >= FEWEST else None
    cached = int(sizes[small].max(initial=0))
    return Growth(dial, tuple(points), growing(sizes, seconds), growing(sizes, megabytes), in_cache, cached)


def measure(dial: str, size: int) -> Point:
    """Open a run of a size and time its days, in this process."""
    import psutil

    from abm.economy import Economy

    Economy(load(), 0).advance(1)  # machine code is loaded before memory is looked at
    process = psutil.Process()
    empty = resident(process)
    economy = Economy(load().replace({dial: size}), 1)
    economy.advance(WARM_DAYS)
    taken = []
    for day in range(WARM_DAYS, WARM_DAYS + DAYS):
        start = time.thread_time()
        economy.advance(day + 1)
        taken.append(time.thread_time() - start)
    low, middle, high = np.quantile(taken, [0.25, 0.5, 0.75]).tolist()
    return Point(size, low, middle, high, (resident(process) - empty) / 1e6)


def resident(process: psutil.Process) -> int:
    """Return the bytes that a process holds in memory, after it has given back what it has no use for."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # glibc alone can be asked to
        ctypes.CDLL(None).malloc_trim(0)
    return process.memory_info().rss
