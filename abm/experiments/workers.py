"""Many tasks on all cores: no result depends on how many workers there are, and no crash ends the whole.

Workers are spawned processes. Exactly one task per worker is in hand, so when a worker is killed only those
are repeated, one at a time; a task that kills its worker again on its own is handed back as a failure.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from typing import Any

from abm.errors import InputError

WORKER_DIED = "the worker process died (killed, or out of memory)"


@dataclass(frozen=True)
class Failure:
    """A task that raised, or killed its worker; `reason` is one line."""

    reason: str


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def each(function: Callable[[Any], Any], tasks: Sequence[Any], workers: int) -> Iterator[tuple[int, Any]]:
    """Yield (position of the task, result or Failure) as the tasks finish, in any order.

    `function` must be importable by name. With one worker, or one task, everything happens in this process.
    """
    if min(workers, len(tasks)) <= 1:
        for position, task in enumerate(tasks):
            yield position, guarded(function, task)
        return
    todo, suspects = deque(range(len(tasks))), deque[int]()
    in_hand: dict[Future[Any], int] = {}
    pool = _pool(workers)
    try:
        while todo or suspects:
            alone = bool(suspects)
            queue, room = (suspects, 1) if alone else (todo, workers)
            try:
                while queue or in_hand:
                    while queue and len(in_hand) < room:
                        in_hand[pool.submit(guarded, function, tasks[queue[0]])] = queue[0]
                        queue.popleft()
                    for future in wait(in_hand, return_when=FIRST_COMPLETED).done:
                        result = future.result()
                        yield in_hand.pop(future), result
            except BrokenProcessPool:
                pool.shutdown(wait=True, cancel_futures=True)
                pool = _pool(workers)
                if alone and in_hand:
                    yield in_hand.popitem()[1], Failure(WORKER_DIED)
                suspects.extend(sorted(in_hand.values()))
                in_hand.clear()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def guarded(function: Callable[[Any], Any], task: Any) -> Any:
    """The function's result, or the Failure that says on one line why there is none."""
    try:
        return function(task)
    except Exception as error:  # noqa: BLE001  a crash is a row with its reason, never the end of the rest
        return Failure(reason_of(error))


def reason_of(error: BaseException) -> str:
    """What went wrong, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _pool(workers: int) -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_settle_in)
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        pool.shutdown(wait=True)
        raise InputError(
            "the worker processes cannot start: in a script, call abm.compare under "
            "'if __name__ == \"__main__\":', or pass workers=1"
        ) from None
    return pool


def _settle_in() -> None:
    """A worker leaves Ctrl-C to its parent, uses one core, and goes when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
