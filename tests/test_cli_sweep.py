"""`powderkeg sweep` and `run --from`: words, events, exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from test_sweep import ROOT, in_pieces, small_file, small_plan, tables

from abm.sweep import needs
from abm.sweep.folder import open_sweep

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> Path:
    """A small sweep file in the folder of the test."""
    return small_file(tmp_path, replications=2)


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    """The folder of that sweep, finished."""
    in_pieces(small_plan(tmp_path, replications=2), tmp_path / "swept")
    return tmp_path / "swept"


def test_a_dry_run_says_what_it_takes_and_leaves_nothing(powderkeg: Run) -> None:
    code, out, _ = powderkeg("sweep", "small.toml", "--dry-run")
    assert code == 0
    assert out.startswith("small: 2 points, 2 runs each, 4 runs\ntime:  ")
    assert "GB free in outputs/small" in out
    assert [path.name for path in Path().iterdir()] == ["small.toml"]
    code, out, _ = powderkeg("sweep", "small.toml", "--dry-run", "--json", "--workers", "3")
    found = json.loads(out)
    assert (code, found["event"], found["runs"], found["workers"]) == (0, "needs", 4, 3)
    assert found["seconds"] == pytest.approx(found["seconds_a_run"] * 4 / 3)


def test_what_does_not_fit_is_refused_unless_told(powderkeg: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "BYTES_A_ROW", 10**17)
    for command in (["--dry-run"], []):
        code, _, err = powderkeg("sweep", "small.toml", *command)
        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith("outputs/small: the sweep needs 400000000.0 GB")
        assert "allowed is 90% of them, or --anyway" in err
    assert powderkeg("sweep", "small.toml", "--dry-run", "--anyway")[0] == 0
    assert [path.name for path in Path().iterdir()] == ["small.toml"]


@pytest.mark.slow
def test_events_are_all_there_is_on_stdout(powderkeg: Run) -> None:
    code, out, err = powderkeg("sweep", "small.toml", "--json", "--workers", "1")
    events = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [event["event"] for event in events] == ["started", "run", "run", "run", "run", "finished"]
    assert [event["row"] for event in events[1:-1]] == [0, 1, 2, 3]
    assert [event["done"] for event in events[:-1]] == [0, 1, 2, 3, 4]
    assert events[-1] == {"event": "finished", "complete": True, "failed": 0, "folder": "outputs/small"}
    before = tables(Path("outputs/small"))
    code, out, _ = powderkeg("sweep", "small.toml", "--json")
    assert (code, len(out.splitlines())) == (0, 1)
    assert tables(Path("outputs/small")) == before


@pytest.mark.slow
def test_failed_runs_are_said_and_are_code_3(powderkeg: Run) -> None:
    code, _, err = powderkeg("sweep", "small.toml", "--workers", "1", "--timeout", "0.001")
    assert code == 3
    assert "4 runs failed; the first: row 0, longer than --timeout 0.001 s" in err
    assert powderkeg("sweep", "small.toml")[0] == 3


@pytest.mark.slow
def test_a_row_can_be_run_again_to_the_bit(powderkeg: Run, swept: Path) -> None:
    code, out, err = powderkeg("run", "--from", "swept", "--row", "3", "--out", "again", "--json")
    assert code == 0
    assert "row 3 of swept again: all outcomes have the bits that they have in the sweep" in err
    row = open_sweep(swept).runs.row(3, named=True)
    summary = json.loads(out)["summary"]
    assert {key: row[key] for key in summary} == summary
    assert (json.loads(out)["seed"], row["spark.total"]) == (row["seed"], 0.6)
    assert pl.read_parquet("again/ticks.parquet").height == 30


@pytest.mark.slow
def test_a_row_with_other_bits_is_told(powderkeg: Run, swept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = open_sweep(swept).runs.with_columns(drawdown=pl.col("drawdown") + 1e-15)
    monkeypatch.setattr("abm.sweep.folder.SweepResult.runs", runs)
    _, _, err = powderkeg("run", "--from", "swept", "--row", "0", "--out", "again")
    assert "row 0 of swept again: not the same: drawdown" in err


BAD = [
    (["sweep", "nowhere.toml"], "nowhere.toml: does not exist"),
    (["sweep", "small.toml", "--out", "small.toml"], "small.toml: is a file"),
    (["sweep", "small.toml", "--out", "small.toml/here"], "small.toml/here: cannot be written"),
    (["sweep", "small.toml", "--cluster", "tcp://[::1]:1", "--timeout", "3"], "--timeout and --memory"),
    (["sweep", "small.toml", "--cluster", "somewhere"], "is no address"),
    (["sweep", "leverage_by_sped"], "did you mean leverage_by_speed?"),
    (["run", "--from", "swept"], "--from and --row: go together"),
    (["run", "--row", "1"], "--from and --row: go together"),
    (["run", "quiet", "--from", "swept", "--row", "1"], "--from and --row: go together"),
    (["run", "--from", "swept", "--row", "4"], "row = 4 is not in the sweep; allowed is 0 to 3"),
    (["run", "--from", "nowhere", "--row", "0"], "nowhere: holds no readable manifest.json"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_bad_input_is_one_line_and_code_2(powderkeg: Run, swept: Path, arguments: list[str], sentence: str) -> None:
    before = tables(swept)
    code, out, err = powderkeg(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert sentence in err
    assert tables(swept) == before


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_on_a_terminal_a_bar_shows_rate_time_left_and_failures(file: Path) -> None:
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "abm", "sweep", "long.toml", "--workers", "1", "--timeout", "0.02", "--out", "out"]
    file.with_name("long.toml").write_text(file.read_text("utf-8").replace("replications = 2", "replications = 200"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "120"}
    running = subprocess.Popen(command, cwd=file.parent, env=environment, stderr=terminal, stdout=subprocess.DEVNULL)
    os.close(terminal)
    shown, end = "", time.monotonic() + 60.0
    wanted = r"\d+/400, left \d:\d\d:\d\d \d+\.\d a second, [1-9]\d* failed"
    while not re.search(wanted, shown) and time.monotonic() < end:
        shown += re.sub(r"\x1b\[[\d;?]*\w", "", os.read(screen, 65536).decode(errors="replace"))
    running.kill()
    running.wait()
    os.close(screen)
    assert re.search(wanted, shown), shown[-500:]
