"""Runs to be told of: one in which everything breaks, an ordinary one, and a quiet one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from worlds import CRASH, SMALL, crash_seed

import abm
from abm.cli import main
from abm.experiments.results import RunPlots

WORLDS: dict[str, dict[str, Any]] = {
    "crash": SMALL | CRASH,
    "ordinary": SMALL,
    "quiet": SMALL | {"spark.total": 0, "funds.leverage": 0.5},
}


@cache
def run(name: str) -> abm.RunResult:
    """A run of one of these worlds, with its twins; nobody may change it."""
    return abm.run(abm.load("us_late_2025", **WORLDS[name]), seed=crash_seed())


def event(result: abm.RunResult, number: int) -> dict[str, Any]:
    return result.events.row(number, named=True)


def of_kind(result: abm.RunResult, kind: str) -> pl.DataFrame:
    return result.events.filter(pl.col("kind") == kind)


def written(name: str, folder: Path) -> Path:
    """Write a run into a folder, but for its figures, which take most of the time."""
    with patch.object(RunPlots, "save", lambda *_: {}), patch("abm.report.pages.run_report", lambda *_: ""):
        return run(name).write(folder)


def called(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Call the command: exit code, stdout, stderr."""
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err
