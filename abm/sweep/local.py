"""The local engine: spawned workers on this machine, each with one run in hand and a journal of its own.

The parent hands out rows in order and hears when one is written down. When a worker is killed only its row is
repeated, and a row that kills worker after worker becomes a failed one.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import InputError
from abm.experiments.one_run import load_rules
from abm.experiments.workers import WORKER_DIED
from abm.sweep.folder import SweepFolder
from abm.sweep.journal import append, entries
from abm.sweep.one_row import FAILED, failed, finish
from abm.sweep.plan import Plan

MOST_ATTEMPTS = 3  # workers that one row may kill
MOST_STARTS = 3  # workers in a row that die before they are ready
LOOK = 0.25  # seconds between two looks at time and memory


class Limits(NamedTuple):
    """What one run may take; beyond it the run is a failed row. None: whatever it takes."""

    seconds: float | None = None
    megabytes: float | None = None


class Done(NamedTuple):
    """A row that is written down."""

    row: int
    status: str
    reason: str | None
    seconds: float
    worker: str


class Worker:
    """A process of its own, and the row that it has in hand (-1: none)."""

    def __init__(self, name: str, work: SweepFolder) -> None:
        context = get_context("spawn")
        self.name, self.row, self.since, self.ready = name, -1, 0.0, False
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, work.plan.to_dict(), str(work.path), work.session, name)
        self.process = context.Process(target=serve, args=arguments, name=name, daemon=True)
        self.process.start()
        theirs.close()

    def give(self, row: int, attempt: int) -> None:
        self.row, self.since = row, time.monotonic()
        with suppress(OSError):  # that it has died is seen at the next look
            self.pipe.send((row, attempt))

    def end(self) -> None:
        """Kill it, whatever it does: all that it has finished is on the disk, and an orderly end takes far longer."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Crew:
    """The workers of one execution, and the rows that they have still to do."""

    def __init__(self, work: SweepFolder, rows: Iterable[int], limits: Limits) -> None:
        self.work, self.limits = work, limits
        self.coming, self.again = iter(rows), deque[int]()
        self.attempts: dict[int, int] = {}  # of rows whose workers were lost
        self.workers: list[Worker] = []
        self.hired = self.failed_starts = 0

    def hire(self) -> None:
        self.hired += 1
        self.workers.append(Worker(f"worker-{self.hired}", self.work))

    def next_row(self) -> int | None:
        return self.again.popleft() if self.again else next(self.coming, None)

    def patience(self) -> float:
        """Seconds until the next look at all workers, at the latest when the first of them has had its time."""
        if self.limits.seconds is None:
            return LOOK
        ends = [worker.since + self.limits.seconds for worker in self.workers if worker.row >= 0]
        return max(0.0, min([LOOK, *(end - time.monotonic() for end in ends)]))

    def look_after(self, worker: Worker) -> Done | None:
        """Hear what a worker says, see to it that it has a row, replace it when it is lost."""
        said = heard(worker)
        if isinstance(said, OSError):
            raise said
        if said == READY:
            worker.ready, self.failed_starts = True, 0
        elif isinstance(said, Done):
            worker.row = -1
        elif not worker.process.is_alive():
            said = self.see_lost(worker)
            self.replace(worker)
            return said
        elif worker.row >= 0 and (reason := beyond(worker, self.limits)):
            worker.end()
            said = self.give_up(worker, reason)
            self.replace(worker)
            return said
        if worker.ready and worker.row < 0 and worker.process.is_alive():
            row = self.next_row()
            if row is not None:
                worker.give(row, self.attempts.get(row, 0) + 1)
            else:
                worker.end()
                self.workers.remove(worker)
        return said if isinstance(said, Done) else None

    def see_lost(self, worker: Worker) -> Done | None:
        """Find out what became of the row of a worker that died: written down, to be repeated, or given up."""
        self.failed_starts += not worker.ready
        if self.failed_starts >= MOST_STARTS:
            raise InputError(
                "the worker processes cannot start; allowed is a script that sweeps under "
                "'if __name__ == \"__main__\":', and enough memory"
            )
        if worker.row < 0:
            return None
        if (written := written_down(self.work, worker)) is not None:
            return written
        self.attempts[worker.row] = self.attempts.get(worker.row, 0) + 1
        if self.attempts[worker.row] >= MOST_ATTEMPTS:
            return self.give_up(worker, f"{WORKER_DIED}, {MOST_ATTEMPTS} times")
        self.again.append(worker.row)
        return None

    def give_up(self, worker: Worker, reason: str) -> Done:
        """Write down, in a worker's stead, that its row has failed."""
        lost = failed(worker.row, reason, seconds=time.monotonic() - worker.since)
        content = {**lost.content(), "worker": worker.name, "attempts": max(1, self.attempts.get(worker.row, 0))}
        append(self.work.journal(worker.row, "main"), content, {})
        return Done(worker.row, FAILED, reason, lost.seconds, worker.name)

    def replace(self, worker: Worker) -> None:
        worker.end()
        self.workers.remove(worker)
        row = self.next_row()
        if row is not None:
            self.again.appendleft(row)
            self.hire()

    def end(self) -> None:
        for worker in self.workers:
            worker.end()


def on_this_machine(work: SweepFolder, rows: Iterable[int], workers: int, limits: Limits) -> Iterator[Done]:
    """Simulate rows on so many workers; yield each as soon as it is on the disk.

    Raises InputError when workers cannot start, and OSError when nothing more can be written.
    """
    crew = Crew(work, rows, limits)
    try:
        for _ in range(workers):
            crew.hire()
        while crew.workers:
            pipes = [worker.pipe for worker in crew.workers]
            wait([*pipes, *(worker.process.sentinel for worker in crew.workers)], crew.patience())
            for worker in list(crew.workers):
                done = crew.look_after(worker)
                if done is not None:
                    yield done
    finally:
        crew.end()


def heard(worker: Worker) -> Any:
    """What a worker has said, or None."""
    try:
        return worker.pipe.recv() if worker.pipe.poll() else None
    except (EOFError, OSError):
        return None


def beyond(worker: Worker, limits: Limits) -> str | None:
    """Why a run must end, or None."""
    if limits.seconds is not None and time.monotonic() - worker.since >= limits.seconds:
        return f"longer than --timeout {limits.seconds:g} s"
    if limits.megabytes is not None:
        import psutil

        with suppress(psutil.Error):
            if psutil.Process(worker.process.pid).memory_info().rss > limits.megabytes * 1e6:
                return f"more memory than --memory {limits.megabytes:g} MB"
    return None


def written_down(work: SweepFolder, worker: Worker) -> Done | None:
    """The row that a worker wrote down before it died without saying so."""
    journal = work.journal(worker.row, worker.name)
    for entry in entries(journal) if journal.exists() else ():
        content = entry.content
        if content["row"] == worker.row:
            return Done(content["row"], content["status"], content["reason"], content["seconds"], worker.name)
    return None


# ------------------------------------------------------------------------------------- in the worker
READY = "ready"


def serve(pipe: Connection, plan_content: dict[str, Any], folder: str, session: str, name: str) -> None:
    """A worker: simulate the rows that are given, write each down, say so; leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"
    go_with_parent()
    plan = Plan.from_dict(plan_content)
    load_rules(plan.base)  # now, so that no run's time is spent on it
    work = SweepFolder(Path(folder), plan)
    work.session = session
    pipe.send(READY)
    while True:  # until the parent has no more
        row, attempt = pipe.recv()
        done = finish(plan, row)
        content = {**done.content(), "worker": name, "attempts": attempt}
        try:
            append(work.journal(row, name), content, done.tables)
        except OSError as error:
            pipe.send(OSError(error.errno, error.strerror, folder))
            return
        pipe.send(Done(row, done.status, done.reason, done.seconds, name))


def go_with_parent() -> None:
    """End this process when its parent is gone, in the middle of a run if need be."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
