"""What runs are going to take, measured before they begin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from abm.cli.sweep import in_words

if TYPE_CHECKING:
    from abm.cli.screen import Screen
    from abm.sweep.plan import Plan


def say_how_long(
    screen: Screen,
    work: Sequence[tuple[Plan, float]],
    folder: Path,
    workers: int | None,
    cluster: str | None,
    what: str,
) -> None:
    """Say how long so many rows like those of each plan will take, by two rows of each; raises InputError.

    Plans of which no row is left are not run. Refused is what fails, and what the disk has no room for.
    """
    from abm.experiments.workers import cores
    from abm.sweep.needs import measured_together, refuse_what_does_not_fit

    work = [(plan, rows) for plan, rows in work if rows]
    if not work:
        screen.say("all of them are there")
        return
    screen.compile_if_cold()
    needs = measured_together(work, folder)
    refuse_what_does_not_fit(needs, folder)
    crew = 1 if cluster is not None else workers or cores()  # how large a cluster is, is not known
    seconds = needs.seconds_a_run or 0.0
    told = f"{in_words(seconds * needs.runs / crew)} on {'one core' if crew == 1 else f'{crew} cores'}"
    screen.say(f"{what}: about {told}, {seconds:.2f} s a run")


def left_of(rows: int, folder: Path) -> int:
    """Return how many of so many rows are left, when those of the sweep in a folder, if there is one, are there."""
    from abm.sweep.folder import open_sweep

    return rows - (open_sweep(folder).runs.height if (folder / "manifest.json").exists() else 0)
