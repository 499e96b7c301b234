"""`powderkeg edge`: how far a dial is from where the spark, and not chance, turns calm into crisis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli.announcing import say_how_long
from abm.cli.options import (
    Cluster,
    Json,
    Out,
    Quiet,
    ScenarioName,
    Set,
    Workers,
    chosen_scenario,
    default_folder,
    safe_name,
)
from abm.cli.screen import Bars, Screen
from abm.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abm.distance.question import Question


def edge(
    scenario: ScenarioName = None,
    dial: Annotated[
        str | None, typer.Option(metavar="PATH", help="The dial that is turned.", show_default="funds.leverage")
    ] = None,
    dials: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Instead of --dial: the edge along A for several values of B, as a curve."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="B1,B2,...",
            help="The values of B.",
            show_default="five from a quarter to four times today's",
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME",
            help="What counts: a share (key=label, key>=label, key>value ...), or a number of the summary.",
            show_default="verdict_financial>=market_breakdown",
        ),
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(
            help="What the outcome with the spark, less that without it, has to pass; in its unit.",
            show_default="one half of the seeds",
        ),
    ] = None,
    limits: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="LOW:HIGH",
            help="Values of the dial that are searched, from today's outwards.",
            show_default="a quarter to four times today's",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds at every value.")] = 8,
    draws: Annotated[
        int, typer.Option(min=0, help="Worlds with other assumed numbers in which the edge is looked for too.")
    ] = 0,
    changes: Set = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """How far the system is from the edge, with its interval; goes on where it was stopped.

    The edge is where the share of runs with an outcome, less that of the same seeds without the spark, passes a level.
    """
    from abm.cli.words import hand_over
    from abm.distance.edge import find_edge, questions_along, trace, values_along
    from abm.distance.question import DEFAULT_OUTCOME, ask, parse_range
    from abm.report.edge import answer, curve_as_json, curve_files, curve_words, edge_files
    from abm.report.edge import as_json as plain

    dial, along = chosen_dials(dial, dials)
    if along is None and at is not None:
        raise InputError("--at: is for the second of two dials; allowed with --dials")
    if along is not None and draws:
        raise InputError(f"--draws = {draws}: is for one dial; allowed without --dials")
    world = chosen_scenario(scenario, changes)
    question = ask(
        world,
        dial,
        outcome or DEFAULT_OUTCOME,
        level=level,
        limits=None if limits is None else parse_range(limits),
        seeds=seeds,
    )
    values = [] if along is None else values_along(question, along, at)
    questions = [question] if along is None else questions_along(question, along, values)
    where = out or default_folder(world, changes, f"edge-{safe_name('-'.join(filter(None, (dial, along))))}")
    screen = Screen(quiet or as_json)
    screen.compile_if_cold()
    announce(screen, questions, where, draws, workers, cluster)
    with Bars(screen) as shown:
        if along is None:
            found = find_edge(question, where, many_draws=draws, workers=workers, cluster=cluster, report=shown)
            files, content, said = edge_files(found, where), plain(found), answer(found)
        else:
            curve = trace(question, along, values, where, workers=workers, cluster=cluster, report=shown)
            files, content, said = curve_files(curve, where), curve_as_json(curve), curve_words(curve)
    hand_over(screen, where, files, content, said, (), as_json)


def chosen_dials(dial: str | None, dials: str | None) -> tuple[str, str | None]:
    """The dial, and the second one of a curve; raises InputError."""
    if dials is None:
        return dial or "funds.leverage", None
    parts = [part.strip() for part in dials.split(",")]
    if dial is not None:
        raise InputError(f"--dial = {dial} and --dials = {dials}: are both given; allowed is one of them")
    if len(parts) != 2 or not all(parts):
        raise InputError(f"--dials = {dials} are not two; allowed is A,B such as funds.leverage,spark.days")
    return parts[0], parts[1]


def announce(
    screen: Screen,
    questions: Sequence[Question],
    folder: Path,
    draws: int,
    workers: int | None,
    cluster: str | None,
) -> None:
    """Say beforehand what it will take at most, measured on two rows; nothing where the search was begun."""
    from abm.distance.edge import most_runs, runs_of_draws, scanned
    from abm.distance.worlds import folder_of, needs_twins
    from abm.outcome.wording import count

    first = scanned(questions[0])
    if (folder / folder_of(first)).exists():
        return
    rows = sum(map(most_runs, questions)) + runs_of_draws(questions[0], draws)
    twins = ", with their twins" if needs_twins(questions[0].outcome.key) else ""
    what = f"at most {rows} runs{twins}, {count(questions[0].seeds, 'seed')} a value"
    say_how_long(screen, [(first, rows)], folder, workers, cluster, what)
