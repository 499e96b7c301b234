"""`powderkeg compare`: several worlds, or several futures of one saved state, over many seeds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli.options import (
    Force,
    Json,
    Out,
    Quiet,
    Set,
    Verbose,
    Workers,
    chosen_scenario,
    default_folder,
    safe_name,
    state_scenario,
)
from abm.cli.screen import Bar, Screen

if TYPE_CHECKING:
    from abm.scenario import Scenario

LONGEST = 60  # characters of the names in a folder's


def compare(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SCENARIO]...", help="Shipped names or TOML files.", show_default="us_late_2025"),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="CHANGES",
            help='One more member: the scenario with these changes, "path=value, path=value"; repeatable.',
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            help="Days over which the spark is spread, of every member; repeatable.",
            show_default="1 and 500 where nothing else is compared",
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="How many seeds, the same for every member.", show_default="100")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    set_: Set = None,
    from_state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Let all go on from a state that `run --save` wrote, with its seed."),
    ] = None,
    out: Out = None,
    as_json: Json = False,
    workers: Workers = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare scenarios, changes of one, or speeds of the news on the same draws, and write tables and a report."""
    from abm.experiments.files import new_folder
    from abm.scenario import parse_overrides

    screen = Screen(quiet, verbose)
    if from_state is not None and not scenarios:
        chosen = [state_scenario(from_state, set_)]
    else:
        chosen = [chosen_scenario(name, set_) for name in scenarios or (None,)]
    changes = [parse_overrides(text) for text in with_ or ()]
    if days is None and len(chosen) == 1 and not changes:
        days = [1, 500]
    parts = [f"days{'-'.join(map(str, days))}"] if days else []
    parts.append(f"seeds{seeds or 100}" if from_state is None else safe_name(from_state.stem))
    ending = "-".join(parts + ([f"from{seed}"] if seed else []))
    folder = out or folder_of(chosen, set_, with_, ending)
    with new_folder(folder, force) as hidden:
        screen.compile_if_cold()
        from abm.experiments.compare import compare as compare_scenarios
        from abm.experiments.members import AFTERMATH

        with Bar(screen, "seeds" if from_state is None else "futures") as bar:
            result = compare_scenarios(
                chosen,
                days,
                seeds,
                changes=changes,
                first_seed=seed,
                from_state=from_state,
                workers=workers,
                progress=bar,
            )
        screen.detail("writing tables, figures and the report")
        result.write_into(hidden)
    if as_json:
        import json

        typer.echo(json.dumps(result.overview(), allow_nan=False))
    else:
        from abm.cli.words import print_comparison

        print_comparison(result)
    since = "the last news of the slowest" if from_state is None else "the last news, or after the state"
    screen.say(f"every run has {result.data.horizon} days, {AFTERMATH} after {since}")
    screen.say(f"written to {folder}; the report is {folder / 'report.html'}")
    if result.failures:
        screen.say(f"{len(result.failures)} runs failed; the first: {result.failures[0][2]}")
        raise typer.Exit(3)


def folder_of(chosen: list[Scenario], set_: list[str] | None, with_: list[str] | None, ending: str) -> Path:
    """Where a comparison is written by default: a piece of a digest stands for what its name does not say."""
    if len(chosen) == 1 and not with_:
        return default_folder(chosen[0], set_, ending)
    what = repr([scenario.digest for scenario in chosen] + sorted(with_ or ()))
    names = "-".join(safe_name(scenario.name) for scenario in chosen)[:LONGEST]
    return Path("outputs", f"{names}-{ending}-{hashlib.sha256(what.encode()).hexdigest()[:8]}")
