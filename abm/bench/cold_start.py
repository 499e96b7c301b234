"""What a newcomer waits for: help, the first command on a machine, and the second."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

FIRST, SECOND = "first run", "second run"
COMMANDS = (
    ("help", ("--help",)),
    (FIRST, ("run", "--quiet", "--out", "first")),
    (SECOND, ("run", "--quiet", "--out", "second")),
    ("second run, no twins", ("run", "--quiet", "--no-twins", "--out", "third")),
)


@dataclass(frozen=True)
class Start:
    """One command from its start to its end, in seconds: on the clock, and of processor time with all it started."""

    name: str
    seconds: float
    processor_seconds: float


def cold_start(progress: Callable[[int, int], None] | None = None) -> list[Start]:
    """Time the commands one after the other, with a cache of compiled rules that is empty at first.

    Nothing of the user's own cache is read or written. Processor time is 0 where the system does not tell it.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "POWDERKEG_CACHE_DIR": str(Path(folder, "cache")),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        for done, (name, arguments) in enumerate(COMMANDS):
            before, start = os.times(), perf_counter()
            subprocess.run(
                [sys.executable, "-m", "abm", *arguments],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )
            after = os.times()
            processor = sum(after[2:4]) - sum(before[2:4])  # of children: user and system
            found.append(Start(name, perf_counter() - start, processor))
            if progress is not None:
                progress(done + 1, len(COMMANDS))
    return found
