"""`powderkeg explain`: which channels made an outcome, by switching groups of them on and off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli.announcing import left_of, say_how_long
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
from abm.cli.screen import Bar, Screen
from abm.cli.sweep import Shown

if TYPE_CHECKING:
    from abm.attribution.plan import Design


def explain(
    scenario: ScenarioName = None,
    outcome: Annotated[
        str,
        typer.Option(
            metavar="OUTCOME",
            help="A number of the summary, or a share: key=label, key>value, >=, < or <=, or breakdown_or_crisis.",
        ),
    ] = "bank_capital_change",
    seeds: Annotated[int, typer.Option(min=1, max=100_000, help="Paired seeds of every coalition.")] = 30,
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="GROUPS",
            help="'name=channel,channel;...', names of groups or channels, 'each', or a TOML file with [groups].",
            show_default="eight groups",
        ),
    ] = None,
    permutations: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000,
            help="Sample so many orders, in pairs with their reverses, instead of running all coalitions.",
            show_default="50 beyond 12 groups",
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
    """Attribute an outcome to channels by Shapley values on common random numbers; goes on where it was stopped."""
    from abm.attribution.explain import explain as run_all
    from abm.attribution.groups import parse_groups
    from abm.attribution.plan import designed
    from abm.attribution.question import asked

    world = chosen_scenario(scenario, set_)
    design = designed(world, parse_groups(groups), asked(outcome), seeds, permutations)
    folder = out or default_folder(world, set_, "explain")
    screen = Screen(quiet)
    announce(design, folder, workers, cluster, screen)
    if dry_run:
        return
    with Bar(screen, "runs") as bar:
        found = run_all(design, folder, workers=workers, cluster=cluster, progress=Shown(bar))
    from abm.cli.words import hand_over
    from abm.report.attribution import answer, explanation_files, groups_table
    from abm.report.attribution import as_json as plain

    tables = [("", groups_table(found))]
    hand_over(screen, folder, explanation_files(found), plain(found), answer(found), tables, as_json)
    if left_out := seeds - found.seeds:
        screen.say(f"{left_out} of {seeds} seeds are left out: a run failed on them or has no {design.question.text}")


def announce(design: Design, folder: Path, workers: int | None, cluster: str | None, screen: Screen) -> None:
    """Say what is going to be run and, measured on two runs, how long what is left of it will take."""
    plan, days = design.plan, design.plan.base.run.ticks
    cut = f" of the scenario's {design.scenario.run.ticks}" if days < design.scenario.run.ticks else ""
    twins = " with their three twins, which this outcome needs" if plan.twins else ""
    many = "coalitions" if design.sampled is None else f"coalitions on {len(design.sampled)} sampled orders"
    screen.say(
        f"{len(design.acting)} groups, {len(plan.points)} {many}, {plan.replications} paired seeds: "
        f"{plan.n_runs} runs of {days} days{cut}{twins}"
    )
    left = left_of(plan.n_runs, design.runs_in(folder))
    say_how_long(screen, [(plan, left)], folder, workers, cluster, f"{left} are left")
