"""A sweep from beginning to end, or from where an earlier execution stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from abm.experiments.one_run import compile_once
from abm.experiments.workers import cores
from abm.sweep.folder import SweepFolder, SweepResult, open_sweep, working_in
from abm.sweep.local import Done, Limits, on_this_machine
from abm.sweep.one_row import FAILED
from abm.sweep.plan import Plan


class Progress(NamedTuple):
    """Where a sweep stands: rows finished, of how many, how many of them failed; `last` is the row just finished."""

    done: int
    total: int
    failed: int
    last: Done | None


def sweep(
    plan: Plan,
    folder: str | os.PathLike[str],
    *,
    workers: int | None = None,
    limits: Limits | None = None,
    cluster: str | None = None,
    mixed: bool = False,
    fail_fast: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> SweepResult:
    """Run all rows of a plan that its folder lacks, and return what the folder then holds.

    `workers` is the number of processes (default: all cores), `cluster` the address of a Dask scheduler instead,
    or "local"; no result depends on either. `fail_fast` stops at the first row that fails. Killed at any moment,
    the same call goes on where it was. Raises InputError and OSError; what is finished is kept.
    """
    with working_in(folder, plan, mixed) as work:
        if work.n_done < plan.n_runs:
            report = progress or (lambda _: None)
            report(Progress(work.n_done, plan.n_runs, work.n_failed, None))
            done = work.n_done
            for finished in engine(work, workers, limits or Limits(), cluster):
                work.note(finished.row, finished.status)
                done += 1
                report(Progress(done, plan.n_runs, work.n_failed, finished))
                if fail_fast and finished.status == FAILED:
                    break
            if work.n_done == plan.n_runs:
                work.finish()
    return open_sweep(folder)


def engine(work: SweepFolder, workers: int | None, limits: Limits, cluster: str | None) -> Iterator[Done]:
    """What simulates the rows that are left: processes of this machine, or a cluster."""
    left = work.plan.n_runs - work.n_done
    if cluster is not None:
        from abm.sweep.cluster import on_cluster

        yield from on_cluster(work, work.left(), cluster, workers or cores())
        return
    compile_once(work.plan.base)
    yield from on_this_machine(work, work.left(), min(workers or cores(), left), limits)
