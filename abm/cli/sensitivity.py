"""`powderkeg sensitivity`: which assumed numbers decide, and whether the headline turns on one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli.announcing import say_how_long
from abm.cli.options import (
    Cluster,
    DryRun,
    Json,
    Out,
    Quiet,
    ScenarioName,
    Set,
    Workers,
    chosen_scenario,
    default_folder,
)
from abm.cli.screen import Bars, Screen
from abm.cli.sweep import in_words

if TYPE_CHECKING:
    from abm.influence.design import Design


def sensitivity(
    scenario: ScenarioName = None,
    outcome: Annotated[
        str,
        typer.Option(
            metavar="OUTCOME",
            help="What ranks the numbers: a number of the summary, or a share such as dealers_failed>=2.",
        ),
    ] = "bank_capital_change",
    trajectories: Annotated[
        int, typer.Option(min=2, max=10_000, help="Morris trajectories, each through all assumed numbers.")
    ] = 10,
    samples: Annotated[
        int, typer.Option(min=4, max=1_000_000, help="Points of the Sobol' sequence, each with one more per number.")
    ] = 96,
    seeds: Annotated[
        int,
        typer.Option(min=1, max=10_000, help="Seeds of each trajectory, its own; Sobol's points share twice as many."),
    ] = 2,
    top: Annotated[int, typer.Option(min=2, max=100, help="Numbers that get indices and are looked at again.")] = 10,
    among: Annotated[
        str | None,
        typer.Option(
            metavar="START,...", help="Only numbers whose path begins so.", show_default="all assumed numbers"
        ),
    ] = None,
    set_: Set = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Which assumed numbers decide: Morris over all, Sobol indices of the first; goes on where it was stopped.

    Then the claims of the headline with each of the first numbers at both ends of its range. Needs the extra analysis.
    """
    from abm.influence.design import designed
    from abm.influence.question import questions, refuse_without_salib

    refuse_without_salib()
    world = chosen_scenario(scenario, set_)
    starts = [] if among is None else [start.strip() for start in among.split(",")]
    design = designed(
        world,
        questions(outcome),
        among=starts,
        trajectories=trajectories,
        samples=samples,
        seeds=seeds,
        top=top,
    )
    folder = out or default_folder(world, set_, "sensitivity")
    screen = Screen(quiet)
    announce(design, folder, workers, cluster, screen, dry_run)
    if dry_run:
        return
    from abm.influence.run import sensitivity as run_all

    with Bars(screen) as bars:
        found = run_all(design, folder, workers=workers, cluster=cluster, report=bars)
    from abm.cli.words import hand_over
    from abm.report.sensitivity import answer, sensitivity_files, tables_of
    from abm.report.sensitivity import as_json as plain

    hand_over(screen, folder, sensitivity_files(found), plain(found), answer(found), tables_of(found), as_json)


def announce(
    design: Design, folder: Path, workers: int | None, cluster: str | None, screen: Screen, dry_run: bool
) -> None:
    """Say what is going to be run and, unless it was begun, how long that will take, measured on a run."""
    import time

    from abm.evidence.robustness.plans import TICKS
    from abm.influence.places import refusal
    from abm.sweep.plan import listed_plan

    runs, ticks = design.runs_of, design.base.run.ticks
    twins = " with their three twins, which this outcome needs" if design.question.twins else ""
    screen.say(
        f"{len(design.numbers)} assumed numbers: {design.trajectories} trajectories, {runs['trajectories']} runs; "
        f"indices of the first {design.top} from {design.samples} points, {runs['indices']} runs; "
        f"all of {ticks} days{twins}; "
        f"the headline's corners, {runs['corners']} runs of {TICKS} days"
    )
    if (folder / "sweeps").exists() and not dry_run:
        return
    alike = runs["trajectories"] + runs["indices"] + runs["corners"] * TICKS / ticks / (4 if twins else 1)
    plan = listed_plan("one", design.base, [], [()], 1, twins=design.question.twins)
    say_how_long(screen, [(plan, alike)], folder, workers, cluster, f"{alike:.0f} runs of so many days")
    started = time.perf_counter()
    refusal(design.base, {}, range(3))
    openings = (time.perf_counter() - started) / 3 * (runs["trajectories"] + runs["indices"])
    screen.say(f"before that some {in_words(1.2 * openings)}, to leave out worlds whose books cannot be opened")
