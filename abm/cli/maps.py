"""`powderkeg map` and `powderkeg report`: what a finished sweep shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli.options import Force, Quiet
from abm.cli.screen import Screen

if TYPE_CHECKING:
    from abm.sweep.maps import SweepMap

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a sweep.", show_default=False)]
AskedFor = Annotated[
    str,
    typer.Option(
        "--outcome",
        metavar="OUTCOME",
        help="A number of the summary (its mean), or a share: key=label, key>value, >=, < or <=.",
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="csv|parquet", help="How numbers beside figures are written.")]
Paper = Annotated[bool, typer.Option("--paper", help="In grey, and as wide as a column of a page.")]
VERDICT = "verdict_financial=banking_crisis"


def map_(
    folder: Folder,
    x: Annotated[str, typer.Argument(metavar="X", help="The parameter across, such as funds.leverage.")],
    y: Annotated[str, typer.Argument(metavar="Y", help="The parameter upwards.")],
    outcome: AskedFor = VERDICT,
    by: Annotated[
        str | None, typer.Option(metavar="PARAMETER", help="A third parameter: a map for each of its values.")
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(
            help="Where the edge is drawn, in the unit of the outcome; a share from 0 to 1.",
            show_default="a share of 0.5, or the middle of the means",
        ),
    ] = None,
    paper: Paper = False,
    table_format: Format = "csv",
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to write.", show_default="DIR/figures")
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Map an outcome of a sweep over two parameters, with its edge, as PNG and SVG with the numbers beside."""
    from abm.sweep.drawings import files_of, map_drawing, write_files
    from abm.sweep.folder import open_sweep
    from abm.sweep.maps import sweep_map
    from abm.sweep.outcomes import parse_outcome

    screen = Screen(quiet)
    asked = parse_outcome(outcome)
    sweep = open_sweep(folder)
    found = sweep_map(sweep.plan, sweep.runs, x, y, asked, third=by, level=level)
    drawing = map_drawing(found, paper)
    where = out or folder / "figures"
    write_files(where, files_of([drawing], table_format), force)
    print_map(found)
    screen.say(f"written to {where / drawing.name}.png, with .svg and .{table_format}")


def report(
    folder: Folder,
    outcome: AskedFor = VERDICT,
    paper: Paper = False,
    table_format: Format = "csv",
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to write.", show_default="DIR")] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write the page of a sweep: its design, maps, what each parameter does, and the runs that surprise."""
    from abm.report.sweep import sweep_files
    from abm.sweep.drawings import write_files
    from abm.sweep.folder import open_sweep
    from abm.sweep.outcomes import parse_outcome

    screen = Screen(quiet)
    asked = parse_outcome(outcome)
    where = out or folder
    write_files(where, sweep_files(open_sweep(folder), asked, table_format, paper), force)
    screen.say(f"the report is {where / 'report.html'}, its figures are in {where / 'figures'}")


def print_map(found: SweepMap) -> None:
    """The map as a table, a row per level of y from the top down, and where its edge is."""
    from abm.cli.words import print_table
    from abm.report.words import number

    unit = "share" if found.outcome.in_percent else found.outcome.unit
    for panel in range(found.n_panels):
        title = f"{found.outcome.title}: {found.y.what} down, {found.x.what} across"
        if found.third is not None:
            title += f", at {found.third.path} {found.third.names[panel]}"
        rows = [
            (name, *(number(float(value), unit) for value in values))
            for name, values in zip(found.y.names, found.grid("value", panel), strict=True)
        ]
        print(title)
        print_table("", ("", *found.x.names), rows[::-1])
    print(found.caption)
