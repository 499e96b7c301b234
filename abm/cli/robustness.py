"""`powderkeg robustness`: what is left of the headline in other worlds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from abm.cli.options import Cluster, Quiet, ScenarioName, Workers, chosen_scenario
from abm.cli.screen import Bars, Screen


def robustness(
    scenario: ScenarioName = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path("outputs/robustness"),
    workers: Workers = None,
    cluster: Cluster = None,
    quiet: Quiet = False,
) -> None:
    """Map the headline anew under other laws, sizes, draws and assumed numbers; goes on where it was stopped."""
    from abm.evidence.robustness.run import robustness as run_all
    from abm.report.robustness import answer, robustness_files
    from abm.sweep.drawings import write_files

    world = chosen_scenario(scenario, None)
    screen = Screen(quiet)
    screen.compile_if_cold()
    with Bars(screen) as shown:
        found = run_all(out, world, workers=workers, cluster=cluster, report=shown)
    write_files(out, robustness_files(found, world), force=True)
    typer.echo(answer(found))
    screen.say(f"the report: {out / 'report.html'}")
