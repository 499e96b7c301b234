"""`powderkeg policy`: what each rule and intervention buys, alone and in pairs, in sizes, late, and when expected."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
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
from abm.cli.screen import Bars, Screen
from abm.errors import InputError

if TYPE_CHECKING:
    from abm.alternatives.answer import Answer, Asked
    from abm.report.tables import Table


def policy(
    scenario: ScenarioName = None,
    policies: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Only these policies, and their pairs.", show_default="all ten"),
    ] = None,
    parts: Annotated[
        str | None,
        typer.Option(
            metavar="PARTS",
            help="Of alternatives, sizes, delays, expected: only these.",
            show_default="all four",
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Paired seeds of all parts but sizes.", show_default="20")
    ] = None,
    edge_seeds: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Seeds at every value of an edge.", show_default="8")
    ] = None,
    dial: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The dial whose edge policies move.", show_default="funds.leverage"),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME",
            help="What counts at the edge, as for powderkeg edge.",
            show_default="verdict_financial>=market_breakdown",
        ),
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(help="What it has to pass there, in its unit.", show_default="one half of the seeds"),
    ] = None,
    set_: Set = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What policies avoid, cost and do beside, on paired seeds with the news and without it; goes on where it was.

    Each alone and in pairs; the smallest size that moves the edge by a quarter; one, five and twenty days late; and
    what a backstop that stands ready does to leverage in a boom.
    """
    from abm.alternatives.answer import answer_all, ask_all, parse_parts
    from abm.alternatives.plan import parse_policies
    from abm.cli.words import hand_over
    from abm.distance.question import DEFAULT_OUTCOME
    from abm.report.policy import as_json as plain
    from abm.report.policy import policy_files, sentences

    world = chosen_scenario(scenario, set_)
    asked = ask_all(
        world,
        parse_policies(policies),
        parse_parts(parts),
        seeds=seeds or 20,
        edge_seeds=edge_seeds or 8,
        dial=dial or "funds.leverage",
        outcome=outcome or DEFAULT_OUTCOME,
        edge_level=level,
    )
    of_edge = {"--edge-seeds": edge_seeds, "--dial": dial, "--outcome": outcome, "--level": level}
    for option, value in of_edge.items() if asked.question is None else ():
        if value is not None:
            raise InputError(f"{option} = {value}: is of the edge; allowed with sizes among --parts")
    if seeds is not None and asked.parts == ("sizes",):
        raise InputError(f"--seeds = {seeds}: is not of the edge, and sizes alone are run; allowed is --edge-seeds")
    folder = out or default_folder(world, set_, "policy")
    screen = Screen(quiet)
    announce(asked, folder, workers, cluster, screen)
    if dry_run:
        return
    with Bars(screen) as shown:
        found = answer_all(asked, folder, workers=workers, cluster=cluster, report=shown)
    said = "\n".join(sentences(found).values())
    hand_over(screen, folder, policy_files(found, folder), plain(found), said, tables_of(found), as_json)


def announce(asked: Asked, folder: Path, workers: int | None, cluster: str | None, screen: Screen) -> None:
    """Say what is going to be run and, measured without a policy, how long what is left of it will take at most."""
    from abm.alternatives.answer import work_of
    from abm.distance.worlds import folder_of

    work = work_of(asked)
    rows = {part: sum(many for _, many in sweeps) for part, sweeps in work.items()}
    told = ", ".join(f"{part} {many}{' at most' if part == 'sizes' else ''}" for part, many in rows.items())
    seeds = [] if asked.parts == ("sizes",) else [f"{asked.seeds} paired seeds"]
    if asked.question is not None:
        seeds.append(f"{asked.question.seeds} at every value of an edge")
    screen.say(f"{len(asked.policies)} policies, {', '.join(seeds)}; rows of sweeps: {told}")
    left = [
        (replace(plan, points=plan.points[:1], replications=1), left_of(most, folder / folder_of(plan)))
        for plan, most in chain.from_iterable(work.values())
    ]
    what = f"at most {sum(many for _, many in left)} are left"
    say_how_long(screen, left, folder, workers, cluster, what)


def tables_of(found: Answer) -> list[tuple[str, Table]]:
    """What each policy does alone, where that was asked."""
    from abm.alternatives.compare import NEWS
    from abm.alternatives.measures import AVOIDED, BREAKDOWN, CRISIS, LOSSES
    from abm.report.policy_words import effects_table

    if found.alternatives is None:
        return []
    few = [one for one in AVOIDED if one.name in (BREAKDOWN, CRISIS, LOSSES, "forced_sales_bn", "output_lowest")]
    return [("", effects_table(found.alternatives, few, NEWS, found.alternatives.design.policies, ""))]
