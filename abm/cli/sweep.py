"""`powderkeg sweep`: all runs of a sweep file, on all cores or a cluster, and again from where it stopped."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.cli.options import DryRun, Quiet, Verbose, Workers, safe_name
from abm.cli.screen import Bar, Screen

if TYPE_CHECKING:
    from abm.sweep.folder import SweepResult
    from abm.sweep.plan import Plan
    from abm.sweep.sweep import Progress

OR_ANYWAY = ", or --anyway"


def sweep(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A sweep file, or the name of a shipped one.")],
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to write; default: under outputs/.")] = None,
    dry_run: DryRun = False,
    workers: Workers = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler, tcp://host:port or tls://host:port, or 'local'."),
    ] = None,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Take workers of other platforms too; each row records its own.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="A run that takes longer has failed.")
    ] = None,
    memory: Annotated[
        float | None, typer.Option(min=1, metavar="MB", help="A run whose worker takes more has failed.")
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first run that fails.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Begin although the disk may be too small.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print events as JSON, a line each, on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a sweep, or the rest of it: the same command goes on where a kill, a full disk or Ctrl-C stopped it."""
    from abm.errors import InputError
    from abm.sweep.needs import estimated, refuse_what_does_not_fit
    from abm.sweep.reading import read_plan

    screen = Screen(quiet or as_json, verbose)
    if cluster is not None and (timeout is not None or memory is not None):
        raise InputError(
            "--timeout and --memory: are for this machine; allowed without --cluster, or Dask's own limits"
        )
    plan = read_plan(file)
    folder = out or Path("outputs", safe_name(plan.name))
    screen.compile_if_cold()
    if dry_run:
        say_needs(plan, folder, workers, anyway, as_json)
        return
    if not anyway:
        refuse_what_does_not_fit(estimated(plan, folder), folder, OR_ANYWAY)
    from abm.sweep.local import Limits
    from abm.sweep.sweep import sweep as run_sweep

    with Bar(screen, "runs") as bar:
        result = run_sweep(
            plan,
            folder,
            workers=workers,
            limits=Limits(timeout, memory),
            cluster=cluster,
            mixed=mixed,
            fail_fast=fail_fast,
            progress=Events() if as_json else Shown(bar),
        )
    conclude(plan, result, screen, as_json)


class Events:
    """Prints what happens as JSON, a line each."""

    def __call__(self, now: Progress) -> None:
        if now.last is None:
            say_event("started", done=now.done, total=now.total, failed=now.failed)
        else:
            row = {"row": now.last.row, "status": now.last.status, "reason": now.last.reason}
            say_event("run", **row, done=now.done, total=now.total, failed=now.failed)


def say_event(event: str, **what: Any) -> None:
    print(json.dumps({"event": event, **what}, allow_nan=False), flush=True)


class Shown:
    """Shows a bar with the rate of this execution, the time left, and how many runs have failed."""

    def __init__(self, bar: Bar) -> None:
        self._bar, self._started, self._before = bar, time.monotonic(), 0

    def __call__(self, now: Progress) -> None:
        if now.last is None:
            self._started, self._before = time.monotonic(), now.done
            return
        rate = (now.done - self._before) / (time.monotonic() - self._started)
        failed = f", {now.failed} failed" if now.failed else ""
        self._bar(now.done - self._before, now.total - self._before, f"{rate:.1f} a second{failed}")


def say_needs(plan: Plan, folder: Path, workers: int | None, anyway: bool, as_json: bool) -> None:
    """Say what a sweep would take, measured on two of its runs; refuse it when the disk is too small."""
    from abm.experiments.workers import cores
    from abm.sweep.needs import measured, refuse_what_does_not_fit

    found = measured(plan, folder)
    crew = workers or cores()
    seconds = (found.seconds_a_run or 0.0) * found.runs / crew
    if as_json:
        say_event("needs", **found._asdict(), workers=crew, seconds=seconds)
    else:
        typer.echo(f"{plan.name}: {len(plan.points)} points, {plan.replications} runs each, {found.runs} runs")
        typer.echo(f"time:  {in_words(seconds)} on {crew} cores, {found.seconds_a_run:.2f} s a run")
        typer.echo(f"disk:  {found.bytes / 1e6:.1f} MB of {found.bytes_free / 1e9:.1f} GB free in {folder}")
    if not anyway:
        refuse_what_does_not_fit(found, folder, OR_ANYWAY)


def in_words(seconds: float) -> str:
    """A duration as a person would say it."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def conclude(plan: Plan, result: SweepResult, screen: Screen, as_json: bool) -> None:
    """Say where the results are; exit with 3 when runs have failed."""
    failed, here = result.failures.height, result.folder
    if as_json:
        say_event("finished", complete=result.complete, failed=failed, folder=str(here))
    runs = f"{plan.n_runs} runs are" if result.complete else "what is finished is"
    screen.say(f"{runs} in {here}; for a page of them: powderkeg report {here}")
    if failed:
        first = result.failures.row(0, named=True)
        screen.say(f"{failed} runs failed; the first: row {first['row']}, {first['reason']}")
        raise typer.Exit(3)
