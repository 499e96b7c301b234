"""What runs are going to take, measured before they begin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from abm.cli.sweep import in_words

if TYPE_CHECKING:
    from abm.cli.screen import Screen
    from abm.sweep.plan import Plan


def say_how_long(
    screen: Screen,
    plan: Plan,
    folder: Path,
    runs: float,
    workers: int | None,
    cluster: str | None,
    what: str = "are left",
) -> None:
    """Say how long so many runs like those of a plan will take, by two of its runs; raises InputError.

    Refused is what fails, and what the disk has no room for.
    """
    from abm.sweep.needs import measured, refuse_what_does_not_fit

    screen.compile_if_cold()
    needs = measured(plan, folder)
    refuse_what_does_not_fit(needs._replace(bytes=int(needs.bytes * max(1.0, runs / plan.n_runs))), folder)
    seconds = needs.seconds_a_run or 0.0
    screen.say(f"{runs:.0f} {what}: about {how_long(seconds * runs, workers, cluster)}, {seconds:.2f} s a run")


def how_long(seconds: float, workers: int | None, cluster: str | None) -> str:
    """Return how long so many seconds of one core take on the cores that there are; of a cluster none is known."""
    from abm.experiments.workers import cores

    crew = 1 if cluster is not None else workers or cores()
    return f"{in_words(seconds / crew)} on {'one core' if crew == 1 else f'{crew} cores'}"
