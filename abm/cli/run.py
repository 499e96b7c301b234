"""`powderkeg run`: one scenario, one seed, its twins, a folder of results."""

from __future__ import annotations

from pathlib import Path
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
    overrides_of,
    safe_name,
)
from abm.cli.screen import Bar, Screen
from abm.errors import InputError


def run(
    scenario: ScenarioName = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Key of every random draw.", show_default="0")] = None,
    set_: Set = None,
    out: Out = None,
    as_json: Json = False,
    check: Annotated[bool, typer.Option("--check", help="Prove the books after every phase.")] = False,
    until: Annotated[int | None, typer.Option(min=1, metavar="DAY", help="Stop after this day.")] = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the whole state at the end.")] = None,
    from_state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Go on from a state that --save wrote, with what --set changes.")
    ] = None,
    from_sweep: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="Repeat a run of the sweep in this folder ...")
    ] = None,
    row: Annotated[int | None, typer.Option(min=0, metavar="N", help="... the one of this row.")] = None,
    no_twins: Annotated[
        bool, typer.Option("--no-twins", help="Leave out the runs that the summary is measured against.")
    ] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Print what share of the time each phase takes.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Simulate one scenario and write tables, figures and a summary."""
    from abm.experiments.files import new_folder

    screen = Screen(quiet, verbose)
    if profile and (check or save is not None):
        other = "--check" if check else f"--save {save}"
        raise InputError(f"--profile: with {other} a run does more than its phases; allowed is --profile without it")
    chosen = repeated = None
    if from_sweep is not None or row is not None:
        others = (scenario, seed, set_, from_state, until)
        if from_sweep is None or row is None or any(other is not None for other in others):
            raise InputError("--from and --row: go together; allowed beside them is no scenario, seed, state or change")
        from abm.sweep.repeat import row_again

        repeated = row_again(from_sweep, row)
        chosen, seed, no_twins = repeated.scenario, repeated.row.seed, not repeated.sweep.plan.twins
        out = out or Path("outputs", f"{safe_name(repeated.sweep.plan.name)}-row{row}")
    elif from_state is None or scenario is not None:
        chosen = chosen_scenario(scenario, set_)
    changes = overrides_of(set_) if chosen is None else None
    if out is not None:
        folder = out
    elif from_state is not None or chosen is None:
        folder = Path("outputs", f"{safe_name(from_state.stem if from_state else '')}-continued")
    else:
        folder = default_folder(chosen, set_, f"seed{seed or 0}")
    with new_folder(folder, force) as hidden:
        timed = None
        if profile:
            from abm.bench.profile import Profile

            timed = Profile(since=0.0)
            timed.lap("start")
        screen.compile_if_cold()
        from abm.experiments.one_run import run as run_scenario

        with Bar(screen, "simulating") as bar:
            simulate = run_scenario if timed is None else timed.run
            result = simulate(
                chosen,
                seed,
                changes=changes,
                twins=not no_twins,
                check=check,
                until=until,
                save=save,
                from_state=from_state,
                progress=bar,
            )
        screen.detail("writing tables and figures")
        result.write_into(hidden)
    if timed is not None:
        timed.lap("files and figures")
    if as_json:
        import json

        measured = {} if timed is None else {"profile": timed.to_dict()}
        typer.echo(json.dumps(result.overview() | measured, allow_nan=False))
    else:
        from abm.cli.words import print_profile, print_run

        print_run(result)
        if timed is not None:
            print_profile(timed)
    if result.past:
        screen.say(f"a changed scenario holds from day {result.past[-1][0]} on")
    screen.say(f"written to {folder}")
    if repeated is not None:
        others = repeated.differences(result)
        same = "all outcomes have the bits that they have in the sweep"
        screen.say(f"row {row} of {from_sweep} again: {'not the same: ' + ', '.join(others) if others else same}")
