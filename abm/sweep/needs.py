"""What a sweep will take of time and disk, and whether it is there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from abm.errors import InputError
from abm.experiments.one_run import compile_once
from abm.sweep.one_row import FAILED, finish
from abm.sweep.plan import Plan

BYTES_A_ROW = 600  # of the tables `runs` and `timing`, as measured over 500 rows
BYTES_A_NUMBER = 5  # of the table `paths`, the same way
BYTES_OF_EVENTS = 1_500_000  # of one run's events
SPARE = 0.9  # part of the free disk that a sweep may fill


class Needs(NamedTuple):
    """Runs, seconds of one core for each (None where not measured), bytes on disk, and bytes that are free there."""

    runs: int
    seconds_a_run: float | None
    bytes: int
    bytes_free: int


def estimated(plan: Plan, folder: Path) -> Needs:
    """What a plan will take on disk, by what such tables have taken."""
    a_row = BYTES_A_ROW + plan.keep.events * BYTES_OF_EVENTS
    if plan.keep.every:
        from abm.outcome.recorder import COLUMNS

        days = plan.base.run.ticks // plan.keep.every + 2
        a_row += BYTES_A_NUMBER * days * len(plan.keep.series or COLUMNS)
    return Needs(plan.n_runs, None, plan.n_runs * a_row, free(folder))


def measured(plan: Plan, folder: Path) -> Needs:
    """What a plan will take, measured on its first and its last run; raises InputError when one of them fails."""
    compile_once(plan.base)
    finish(plan, 0)  # the first run in a process also loads machine code
    started = time.perf_counter()
    two = [finish(plan, number) for number in sorted({0, plan.n_runs - 1})]
    seconds = (time.perf_counter() - started) / len(two)
    for row in two:
        if row.status == FAILED:
            raise InputError(f"row {row.row} of {plan.name} fails: {row.reason}; allowed is a plan whose rows run")
    of_tables = sum(len(table) for row in two for table in row.tables.values()) / len(two)
    return Needs(plan.n_runs, seconds, int(plan.n_runs * (BYTES_A_ROW + of_tables)), free(folder))


def measured_together(work: Sequence[tuple[Plan, float]], folder: Path) -> Needs:
    """What so many rows like those of each plan will take together; raises InputError when one of them fails."""
    found = [(rows, measured(plan, folder)) for plan, rows in work]
    many = sum(rows for rows, _ in found)
    seconds = sum(rows * (needs.seconds_a_run or 0.0) for rows, needs in found)
    size = sum(rows * needs.bytes / needs.runs for rows, needs in found)
    return Needs(round(many), seconds / many, int(size), free(folder))


def free(folder: Path) -> int:
    """Bytes that are free where a folder is, or will be."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def refuse_what_does_not_fit(found: Needs, folder: Path, otherwise: str = "") -> None:
    """Raise InputError where the disk is too small, with what else would be allowed, if anything."""
    if found.bytes > SPARE * found.bytes_free:
        raise InputError(
            f"{folder}: the sweep needs {found.bytes / 1e9:.1f} GB and {found.bytes_free / 1e9:.1f} GB are free; "
            f"allowed is {SPARE:.0%} of them{otherwise}"
        )
