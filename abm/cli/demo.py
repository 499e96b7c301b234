"""`powderkeg demo`: what the program is for, with nothing to choose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from abm.cli.compare import compare
from abm.cli.options import Quiet, Verbose
from abm.cli.run import run

FOLDER = Path("outputs", "demo")


def demo(
    seeds: Annotated[int, typer.Option(min=1, help="How many pairs.")] = 100,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write.")] = FOLDER,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run the default scenario once, then compare a sudden with a gradual spark."""
    run(out=out / "one_run", force=True, quiet=quiet, verbose=verbose)
    compare(seeds=seeds, out=out / "comparison", force=True, quiet=quiet, verbose=verbose)
