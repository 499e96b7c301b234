"""`powderkeg chains`: who pushed whom in a run, and the shortest chain from the news to each failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from abm.cli.options import Force, Quiet
from abm.cli.screen import Screen
from abm.cli.story import INDENT, Json, Run, asked_of


def chains(
    folder: Run,
    whom: Annotated[
        str | None, typer.Option("--to", metavar="WHOM", help="Only the chain to somebody's failure: bank:7.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write tables, graph (GraphML, JSON), figure and report there.")
    ] = None,
    as_json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Say by which shortest chain the news came to each failure; --out draws and exports the graph of contagion."""
    from abm.outcome.wording import count
    from abm.report.chains import as_json as plain
    from abm.report.chains import chains_files, told_failures
    from abm.sweep.drawings import write_files

    result, found = asked_of(folder, lambda result: (result, result.chains))
    one = None if whom is None else found.to(whom)
    if out is not None:
        write_files(out, chains_files(result), force)
    if as_json:
        typer.echo(json.dumps(plain(result) if one is None else one, allow_nan=False))
    elif one is not None:
        typer.echo(f"{whom} failed on day {one['day']}, {count(one['steps'], 'step')} away: {one['shape']}")
        echo(one["words"])
    else:
        typer.echo(found.sentence)
        for said in told_failures(found):
            typer.echo(f"{said.who}, {said.when}, {count(said.steps, 'step')} away: {said.shape}")
            echo(said.words)
    if out is not None:
        Screen(quiet).say(f"the report: {out / 'report.html'}")


def echo(words: list[str]) -> None:
    """Print a chain, one event a line."""
    for line in words:
        typer.echo(f"{' ' * INDENT}{line}")
