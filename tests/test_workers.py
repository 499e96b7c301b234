"""Many tasks at once: every task gets its own result or reason, whoever dies on the way."""

import os
import signal
import time
from pathlib import Path

import pytest

from abm.experiments.workers import WORKER_DIED, Failure, each


def square(number: int) -> int:
    if number < 0:
        raise ValueError("a negative\nnumber")
    return number * number


def killed_once(task: tuple[Path, int]) -> int:
    """Task 2 is killed the first time it runs."""
    mark, number = task
    if number == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return number


def always_killed(number: int) -> int:
    if number == 1:
        os._exit(9)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_raises_is_a_failure_with_its_reason(workers: int) -> None:
    results = dict(each(square, [3, -1, 4], workers))
    assert results == {0: 9, 1: Failure("ValueError: a negative number"), 2: 16}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_a_killed_worker_costs_only_a_repetition(tmp_path: Path) -> None:
    results = dict(each(killed_once, [(tmp_path / "mark", number) for number in range(6)], 2))
    assert results == {number: number for number in range(6)}


def test_a_task_that_kills_its_worker_every_time_fails_alone() -> None:
    results = dict(each(always_killed, [0, 1, 2, 3], 2))
    assert results == {0: 0, 1: Failure(WORKER_DIED), 2: 2, 3: 3}
