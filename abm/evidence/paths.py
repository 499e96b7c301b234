"""Runs all paths that checks want, each once, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from abm.evidence.check import Path
from abm.evidence.kept import Kept
from abm.experiments.one_run import compile_once
from abm.experiments.workers import Failure, cores, each


def run_all(
    wanted: Iterable[Path],
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    kept: Kept | None = None,
) -> dict[Path, dict[str, Any] | Failure]:
    """What was read off each path, by the path, or why there is nothing; equal paths are run once.

    What is `kept` is taken from there, and what is run is kept as it ends.
    """
    found: dict[Path, dict[str, Any] | Failure] = {}
    paths = []
    for path in dict.fromkeys(wanted):
        known = kept.get(path) if kept is not None else None
        if known is None:
            paths.append(path)
        else:
            found[path] = known
    if paths:
        compile_once(paths[0].scenario)
    # long ones first, so that the last worker is not left alone with one
    paths.sort(key=lambda path: -path.scenario.run.ticks)
    for done, (position, outcome) in enumerate(each(measured, paths, workers or cores()), 1):
        found[paths[position]] = outcome
        if kept is not None and not isinstance(outcome, Failure):
            kept.add(paths[position], outcome)
        if progress is not None:
            progress(done, len(paths))
    return found


def measured(path: Path) -> dict[str, Any]:
    """Simulate one path and read it off."""
    return path.measure(path.scenario, path.seed)
