"""`powderkeg robustness`: what is left of the headline in other worlds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli.options import Quiet, ScenarioName, chosen_scenario
from abm.cli.screen import Bar, Screen

if TYPE_CHECKING:
    from abm.sweep.sweep import Progress


def robustness(
    scenario: ScenarioName = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path("outputs/robustness"),
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes; the results do not depend on it.", show_default="all cores"),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, or 'local', as for sweeps.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Map the headline anew under other laws, sizes, draws and assumed numbers; goes on where it was stopped."""
    from abm.evidence.robustness.run import robustness as run_all
    from abm.report.robustness import answer, robustness_files
    from abm.sweep.drawings import write_files

    world = chosen_scenario(scenario, None)
    screen = Screen(quiet)
    screen.say_if_cold()
    shown = Shown(screen)
    found = run_all(out, world, workers=workers, cluster=cluster, report=shown)
    shown.close()
    write_files(out, robustness_files(found, world), force=True)
    typer.echo(answer(found))
    screen.say(f"the report: {out / 'report.html'}")


class Shown:
    """A bar for each sweep, one after the other."""

    def __init__(self, screen: Screen) -> None:
        self._screen, self._name = screen, ""
        self._bar: Bar | None = None

    def __call__(self, name: str, now: Progress) -> None:
        if name != self._name or self._bar is None:
            self.close()
            self._name, self._bar = name, Bar(self._screen, name)
        self._bar(now.done, now.total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
