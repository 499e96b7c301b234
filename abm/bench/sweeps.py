"""Sweeps of the default run: runs a second by workers, on a Dask cluster, and of the plain version by Mesa's runner.

What it costs to start workers is told apart: a rate is that of a sweep under way, from the first row that is written
down to the last. What compiling the rules costs, which a user pays once, is in `cold_start`.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from abm.errors import CheckFailed, InputError
from abm.scenario import Scenario
from abm.sweep.plan import listed_plan
from abm.sweep.sweep import Progress, sweep


@dataclass(frozen=True)
class Rate:
    """Runs a second of a sweep under way; seconds until its first row; the part of its workers' time in simulation.

    That is from first books to last day, as rows of a sweep tell it; scenarios, tables and files are not.
    """

    workers: int
    runs: int
    per_second: float
    start_seconds: float
    engine_share: float | None = None


def swept(scenario: Scenario, runs: int, workers: int, cluster: str | None = None) -> Rate:
    """Sweep the scenario over seeds, as `powderkeg sweep` does, and time its rows as they are written down."""
    seen: list[tuple[float, float]] = []  # when a row was written down, and the seconds that it simulated

    def note(now: Progress) -> None:
        if now.last is not None:
            if now.last.status != "ok":
                raise InputError(f"sweep: row {now.last.row} failed ({now.last.reason}); nothing is timed")
            seen.append((time.perf_counter(), now.last.seconds))

    plan = listed_plan("bench", scenario, (), ((),), runs)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        sweep(plan, Path(folder, "sweep"), workers=workers, cluster=cluster, progress=note)
    return rate(workers, seen, started)


def rate(workers: int, seen: list[tuple[float, float]], started: float) -> Rate:
    """Return the rate of rows by when each was written down and how long it simulated; all in seconds.

    The first rows, one per worker, end the start; the window is from the last of them to the last of all.
    """
    first, last = seen[workers - 1][0], seen[-1][0]
    later = seen[workers:]
    return Rate(
        workers,
        len(seen),
        len(later) / (last - first),
        seen[0][0] - started - seen[0][1],
        sum(seconds for _, seconds in later) / (workers * (last - first)),
    )


def by_mesa(scenario: Scenario, runs: int, workers: int) -> Rate:
    """Run the plain version by Mesa's own batch runner; what the first day of all runs takes is its start."""
    start = batch_seconds(scenario, runs, workers, steps=1)
    whole = batch_seconds(scenario, runs, workers, steps=scenario.run.ticks)
    return Rate(workers, runs, runs / (whole - start), start)


def batch_seconds(scenario: Scenario, runs: int, workers: int, steps: int) -> float:
    """Return how long the batch runner takes for so many runs of so many days."""
    import mesa

    from abm.bench.plain_mesa import PlainMesaRun

    started = time.perf_counter()
    rows = mesa.batch_run(
        PlainMesaRun,
        {"scenario": [scenario], "rng": list(range(runs))},
        number_processes=workers,
        max_steps=steps - 1,  # Mesa does one more
        display_progress=False,
    )
    if [row["tick"] for row in rows] != [steps] * runs:
        raise CheckFailed(f"batch_run: not all of {runs} runs had {steps} days, so that nothing is timed")
    return time.perf_counter() - started


def has_dask() -> bool:
    """Whether the extra `cluster` is installed."""
    return find_spec("distributed") is not None
