"""`powderkeg calibrate`: assumed numbers fitted to chosen targets, and what becomes of all others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from abm.cli.options import Quiet, Workers
from abm.cli.screen import Bar, Screen


def calibrate(
    fit: Annotated[
        list[str] | None,
        typer.Option("--fit", metavar="PATH", help="An assumed number to be fitted; repeatable.", show_default=False),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="CHECK.NAME", help="A target of docs/targets.toml; repeatable.", show_default=False
        ),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, max=100_000, help="Trials, those already made included.")] = 40,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path("outputs/calibration"),
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Fit assumed numbers of the default scenario to targets by simulated moments; goes on where it was stopped."""
    from abm.evidence.calibrate import calibrate as run_trials
    from abm.report.calibration import answer, calibration_files
    from abm.sweep.drawings import write_files

    screen = Screen(quiet)
    screen.compile_if_cold()
    with Bar(screen, "trials") as bar:
        found = run_trials(fit or [], to or [], out, trials=trials, workers=workers, progress=bar)
    write_files(out, calibration_files(found), force=True)
    typer.echo(answer(found))
    screen.say(f"the report: {out / 'report.html'}; to run with these numbers: powderkeg run {out / 'fitted.toml'}")
