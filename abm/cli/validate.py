"""`powderkeg validate`: the program held against books, theory, data and history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli.options import Force, Quiet, Workers
from abm.cli.screen import Bar, Screen

if TYPE_CHECKING:
    from abm.evidence.validate import Validation

WIDTHS = {"claim": 44, "source": 26, "expected": 22, "spread": 18, "verdict": 14}  # the rest as wide as its numbers


def validate(
    quick: Annotated[
        bool, typer.Option("--quick/--full", help="Every check at few seeds (minutes), or at all (twenty).")
    ] = True,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to write.", show_default="outputs/validation-quick|full")
    ] = None,
    workers: Workers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lines as JSON on stdout.")] = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Hold the program against theory, published results, data and history; exit 1 where what is required is missed.

    Stopped, the same command goes on where it was.
    """
    from abm.errors import InputError
    from abm.evidence.kept import Kept
    from abm.evidence.validate import validate as run_checks
    from abm.report.evidence import answer, evidence_files
    from abm.sweep.drawings import write_files

    screen = Screen(quiet)
    folder = out or Path("outputs", f"validation-{'quick' if quick else 'full'}")
    if (folder / "report.html").exists() and not force:
        raise InputError(f"{folder}: has a report already; allowed is another --out, or --force to replace it")
    screen.compile_if_cold()
    try:
        kept = Kept(folder / "runs")
        with Bar(screen, "runs") as bar:
            found = run_checks(quick, workers=workers, progress=bar, kept=kept)
        files = evidence_files(found)
        write_files(folder, files, force=True)
        kept.forget()
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror}); allowed is a writable folder with room; what is there "
            "stays, and the same command goes on from it"
        ) from None
    if as_json:
        typer.echo(files["validation.json"].decode())
    else:
        print_table(found)
        typer.echo(answer(found))
    screen.say(f"the report with a figure for every check: {folder / 'report.html'}")
    if not found.is_sound:
        raise typer.Exit(1)


def print_table(found: Validation) -> None:
    """Print every line, a block for each check."""
    from rich.box import HORIZONTALS
    from rich.console import Console
    from rich.table import Table

    from abm.report.evidence import HEADER, row_of

    shown = Table(box=HORIZONTALS, show_lines=False, pad_edge=False)
    for name in HEADER:
        shown.add_column(name, max_width=WIDTHS.get(name), overflow="fold")
    for finding, following in zip(found.findings, [*found.findings[1:], None], strict=True):
        last = following is None or following.check != finding.check
        shown.add_row(*row_of(finding), end_section=last)
    console = Console(markup=False, highlight=False)
    console = console if console.is_terminal else Console(markup=False, highlight=False, width=170)
    console.print(shown)
