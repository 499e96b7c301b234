"""`powderkeg bench`: how fast it is, beside the same rules written otherwise, in sweeps, at first use, as it grows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from abm.cli.options import Json, Quiet
from abm.cli.screen import Screen


def bench(
    full: Annotated[
        bool, typer.Option("--full", help="Add growth with the number of agents, and layouts of a record.")
    ] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path("benchmarks"),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Time the engine against plain Mesa agents, vectorised NumPy and a memory floor, sweeps, first use and recording.

    It takes four minutes or so on two idle cores, and with --full some ten more.

    Nothing is timed unless the contenders give the engine's numbers on a small world: exit 1.
    """
    from abm.bench.bench import bench as measure
    from abm.report.bench import answer, bench_files
    from abm.sweep.drawings import write_files

    screen = Screen(quiet)
    screen.compile_if_cold()
    found = measure(full, say=screen.say)
    write_files(out, bench_files(found), force=True)
    typer.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False) if as_json else answer(found))
    screen.say(f"the page: {out / 'results.md'}")
