"""`powderkeg compare`: the same bubble bursting fast and slowly, over many seeds."""

from __future__ import annotations

from typing import Annotated

import typer

from abm.cli.options import (
    Force,
    Json,
    Out,
    Quiet,
    ScenarioName,
    Set,
    Verbose,
    chosen_scenario,
    default_folder,
)
from abm.cli.screen import Bar, Screen


def compare(
    scenario: ScenarioName = None,
    days: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Days over which the spark is spread; repeatable.", show_default="1 and 500"),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, each run with every --days.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    set_: Set = None,
    out: Out = None,
    as_json: Json = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes; the results do not depend on it.", show_default="all cores"),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare sudden and gradual sparks on the same draws, and write tables and a report."""
    from abm.experiments.files import new_folder

    screen = Screen(quiet, verbose)
    chosen = chosen_scenario(scenario, set_)
    members = tuple(days or (1, 500))
    ending = f"days{'-'.join(map(str, members))}-seeds{seeds}" + (f"-from{seed}" if seed else "")
    folder = out or default_folder(chosen, set_, ending)
    with new_folder(folder, force) as hidden:
        screen.say_if_cold()
        from abm.experiments.compare import compare as compare_scenario

        with Bar(screen, "seeds") as bar:
            result = compare_scenario(chosen, days=members, seeds=seeds, first_seed=seed, workers=workers, progress=bar)
        screen.detail("writing tables, figures and the report")
        result.write_into(hidden)
    if as_json:
        import json

        typer.echo(json.dumps(result.overview(), allow_nan=False))
    else:
        from abm.cli.words import print_comparison

        print_comparison(result)
    screen.say(f"written to {folder}; the report is {folder / 'report.html'}")
    if result.failures:
        screen.say(f"{len(result.failures)} runs failed; the first: {result.failures[0][2]}")
        raise typer.Exit(3)
