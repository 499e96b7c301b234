"""The first use on a machine, and after the rules changed: two processes compile, and meet in the middle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from abm.bench.watching import watching
from abm.economy import Economy
from abm.experiments.workers import cores
from abm.scenario import DEFAULT, load
from abm.tick import TICK, Phase


def compile_rules(report: Callable[[int, int, str], None]) -> None:
    """Compile what a day needs; `report` is told how many phases are done, of how many, and which comes now.

    Another process, where there is a core for it, takes the phases from the last to the first. Each finds in the
    cache what the other has compiled by then. All phases are gone through here: nothing depends on the other one.
    """
    if cores() == 1:
        one_day(report)
        return
    code = f"from {__name__} import one_day; one_day(backwards=True)"
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        one_day(report)
    finally:
        other.kill()
        other.wait()


def one_day(report: Callable[[int, int, str], None] | None = None, *, backwards: bool = False) -> None:
    """Simulate a day of the default scenario for its machine code's sake; backwards, it makes no other sense."""
    started = 0

    def look(_economy: Economy, phase: Phase, done: bool) -> None:
        nonlocal started
        if report is not None and not done:
            report(started, len(TICK), phase.name)
            started += 1

    with watching(look, TICK[::-1] if backwards else TICK):
        Economy(load(DEFAULT), 0).advance(1)
