"""`powderkeg bench`: how fast it is, beside the same rules written otherwise, in sweeps, at first use, as it grows."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from abm.cli.options import Json, Quiet
from abm.cli.screen import Screen
from abm.cli.sweep import in_words


def bench(
    full: Annotated[
        bool, typer.Option("--full", help="Add growth with the number of agents, and layouts of a record.")
    ] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path("benchmarks"),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Time the engine against plain Mesa agents, vectorised NumPy and a memory floor, sweeps, first use and recording.

    It takes three minutes or so on two idle cores, and with --full one more.

    Nothing is timed unless the contenders give the engine's numbers on a small world: exit 1.
    """
    from abm.bench.bench import bench as measure
    from abm.report.bench import answer, bench_files
    from abm.sweep.drawings import write_files

    screen = Screen(quiet)
    screen.compile_if_cold()
    begun = time.monotonic()

    def tell(done: int, total: int, what: str) -> None:  # in lines: a bar that moves would be timed too
        left = f", {in_words((time.monotonic() - begun) / done * (total - done))} left" if done else ""
        screen.say(f"{done + 1} of {total}{left}: {what}")

    found = measure(full, progress=tell)
    write_files(out, bench_files(found), force=True)
    typer.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False) if as_json else answer(found))
    screen.say(f"the page: {out / 'results.md'}")
