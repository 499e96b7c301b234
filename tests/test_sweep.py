"""Sweeps: the same bytes however many workers, kills and executions it takes, and nothing finished is lost."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from filelock import FileLock

import abm
from abm.errors import InputError
from abm.sweep import folder as sweep_folder
from abm.sweep.folder import PART, SweepResult, open_sweep, working_in
from abm.sweep.journal import append
from abm.sweep.local import Limits, Worker
from abm.sweep.one_row import FAILED, OK, Finished, failed, finish
from abm.sweep.plan import Plan
from abm.sweep.reading import read_plan
from abm.sweep.sweep import Progress, sweep

ROOT = Path(__file__).resolve().parents[1]
SMALL = """
replications = {replications}
twins = false
[parameters]
"spark.total" = [0.2, 0.6]
"run.ticks" = {ticks}
"spark.start" = 10
"funds.count" = 20
"margin_accounts.count" = 5
"crypto.holders" = 1000
{more}
"""


def small_file(folder: Path, replications: int = 4, ticks: int = 30, more: str = "") -> Path:
    """A sweep file of two points in a small world."""
    path = folder / "small.toml"
    path.write_text(SMALL.format(replications=replications, ticks=ticks, more=more), "utf-8")
    return path


def small_plan(folder: Path, replications: int = 4, ticks: int = 30, more: str = "") -> Plan:
    return read_plan(small_file(folder, replications, ticks, more))


def tables(folder: Path) -> dict[str, bytes]:
    """All that may not differ between two executions."""
    parts = [path for path in folder.rglob("*.parquet") if path.name != "timing.parquet"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in parts}


def command(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """The command in a process of its own, which leads a group with its workers."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "abm", *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def in_pieces(plan: Plan, folder: Path, pieces: int = 3) -> None:
    """Write down all rows of a plan in this process, in so many sittings."""
    rows = list(range(plan.n_runs))
    for piece in range(pieces):
        with working_in(folder, plan) as work:
            for row in rows[piece::pieces]:
                done = finish(plan, row)
                work.write_down({**done.content(), "worker": "here", "attempts": 1}, done.tables)
            if work.n_done == plan.n_runs:
                work.finish()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, dict[str, bytes]]:
    """A small sweep that keeps everything, and its tables, made in one sitting without any trouble."""
    folder = tmp_path_factory.mktemp("undisturbed")
    plan = small_plan(folder, more="[keep]\npaths = 10\nevents = true")
    in_pieces(plan, folder / "out", pieces=1)
    return plan, tables(folder / "out")


def test_a_sweep_leaves_one_sorted_table_and_no_journal(undisturbed: tuple[Plan, dict[str, bytes]], tmp_path: Path):
    plan, _ = undisturbed
    in_pieces(plan, tmp_path / "out")
    result = abm.read(tmp_path / "out")
    assert isinstance(result, SweepResult)
    assert result.complete
    assert result.runs["row"].to_list() == list(range(8))
    assert result.runs["seed"].to_list() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert result.runs["spark.total"].to_list() == [0.2] * 4 + [0.6] * 4
    assert set(result.runs["status"]) == {OK}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("events", "failures.parquet", "manifest.json", "paths", "plan.json", "runs", "timing.parquet")
    ]
    timing = pl.read_parquet(tmp_path / "out" / "timing.parquet")
    assert (timing["row"].to_list(), set(timing["attempts"])) == (list(range(8)), {1})


def test_rows_are_the_runs_that_anybody_can_make(undisturbed: tuple[Plan, dict[str, bytes]], tmp_path: Path) -> None:
    plan, _ = undisturbed
    in_pieces(plan, tmp_path)
    swept = open_sweep(tmp_path).runs.row(6, named=True)
    again = abm.run(plan.base.replace({"spark.total": 0.6}), seed=2, twins=False)
    outcome = again.summary.to_dict()
    assert {key: swept[key] for key in outcome} == outcome
    days = pl.read_parquet(tmp_path / "paths" / "*.parquet").filter(pl.col("row") == 6)
    assert days["tick"].to_list() == [0, 10, 20, 29]
    assert days.drop("row", "point", "replication").equals(again.ticks[[0, 10, 20, 29]].select(days.columns[3:]))
    events = pl.read_parquet(tmp_path / "events" / "*.parquet").filter(pl.col("row") == 6)
    assert events.drop("row", "point", "replication").equals(again.events)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_no_byte_depends_on_the_workers_and_nobody_waits_for_their_leave(
    undisturbed: tuple[Plan, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    plan, expected = undisturbed
    end, left = Worker.end, []

    def note(worker: Worker) -> None:
        end(worker)
        left.append(worker.process.exitcode)

    monkeypatch.setattr(Worker, "end", note)
    sweep(plan, tmp_path, workers=workers)
    assert tables(tmp_path) == expected
    assert left == [-signal.SIGKILL] * workers


def test_no_byte_depends_on_the_order_or_the_number_of_executions(
    undisturbed: tuple[Plan, dict[str, bytes]], tmp_path: Path
) -> None:
    plan, expected = undisturbed
    in_pieces(plan, tmp_path, pieces=3)
    assert tables(tmp_path) == expected


def test_parts_are_folded_as_they_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_folder, "PART", 3)
    plan = small_plan(tmp_path)
    with working_in(tmp_path / "out", plan) as work:
        for row in (0, 2, 7, 1, 4):
            work.write_down({**failed(row, "tried").content(), "worker": "here", "attempts": 1}, {})
        assert [path.name for path in (tmp_path / "out" / "runs").iterdir()] == ["part-00000.parquet"]
        assert [path.name[:5] for path in work.journals()] == ["00001", "00002"]
    assert open_sweep(tmp_path / "out").runs["row"].to_list() == [0, 1, 2, 4, 7]
    with working_in(tmp_path / "out", plan) as work:
        assert list(work.left()) == [3, 5, 6]
        for row in (3, 5, 6):
            work.write_down({**failed(row, "tried").content(), "worker": "here", "attempts": 1}, {})
        work.finish()
    names = sorted(path.name for path in (tmp_path / "out" / "runs").iterdir())
    assert names == [f"part-0000{part}.parquet" for part in range(3)]
    assert not (tmp_path / "out" / "journal").exists()


def test_a_row_that_two_executions_wrote_down_counts_once(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    content = {**failed(0, "tried").content(), "worker": "here", "attempts": 1}
    with working_in(tmp_path / "out", plan) as work:
        work.write_down(content, {})
        append(work.journal(0, "late"), content, {})
    with working_in(tmp_path / "out", plan) as work:
        assert (work.n_done, work.n_failed) == (1, 1)
    assert open_sweep(tmp_path / "out").runs.height == 1


@pytest.mark.slow
def test_quantiles_of_paths_are_over_the_runs_of_a_point(tmp_path: Path) -> None:
    keep = '[keep]\npaths = 10\nseries = ["price_ai_equity"]\nquantiles = [0.25, 0.5]'
    in_pieces(small_plan(tmp_path, more=keep), tmp_path / "few")
    in_pieces(small_plan(tmp_path, more=keep.partition("quantiles")[0]), tmp_path / "all")
    few = pl.read_parquet(tmp_path / "few" / "quantiles.parquet")
    assert few.columns == ["point", "tick", "quantile", "price_ai_equity"]
    assert not (tmp_path / "few" / "paths").exists()
    every = pl.read_parquet(tmp_path / "all" / "paths" / "*.parquet")
    prices = every.filter((pl.col("point") == 1) & (pl.col("tick") == 20))["price_ai_equity"].sort().to_list()
    found = few.filter((pl.col("point") == 1) & (pl.col("tick") == 20))["price_ai_equity"].to_list()
    assert found == pytest.approx([prices[0] + 0.75 * (prices[1] - prices[0]), (prices[1] + prices[2]) / 2])


# ------------------------------------------------------------------------------------ what goes wrong
class Untimely(RuntimeError):
    """What a test makes a run die of."""


def test_a_run_that_fails_is_a_row_with_its_reason_and_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plan = small_plan(tmp_path)
    simulate = abm.sweep.one_row.simulate

    def sometimes(plan: Plan, number: int) -> tuple:
        if number == 5:
            raise Untimely("of this\nrow")
        return simulate(plan, number)

    monkeypatch.setattr("abm.sweep.one_row.simulate", sometimes)
    in_pieces(plan, tmp_path / "out")
    result = open_sweep(tmp_path / "out")
    row = result.runs.row(5, named=True)
    assert (row["status"], row["reason"], row["drawdown"]) == (FAILED, "Untimely: of this row", None)
    assert result.failures["row"].to_list() == [5]
    assert 'raise Untimely("of this' in result.failures["traceback"][0]
    assert result.runs["status"].to_list().count(OK) == 7


@pytest.mark.slow
def test_too_long_and_too_large_are_reasons(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, replications=1, ticks=10_000)  # beyond the next look at memory, however fast it runs
    sweep(plan, tmp_path / "long", workers=1, limits=Limits(seconds=0.05))
    assert set(open_sweep(tmp_path / "long").runs["reason"]) == {"longer than --timeout 0.05 s"}
    sweep(plan, tmp_path / "large", workers=1, limits=Limits(megabytes=50))
    assert set(open_sweep(tmp_path / "large").runs["reason"]) == {"more memory than --memory 50 MB"}


@pytest.mark.slow
def test_fail_fast_stops_at_the_first_and_the_rest_can_be_made(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, replications=3, ticks=2000)
    result = sweep(plan, tmp_path / "out", workers=1, limits=Limits(seconds=0.05), fail_fast=True)
    assert (result.complete, result.failures.height) == (False, 1)
    assert sweep(plan, tmp_path / "out", workers=1, limits=Limits()).runs["status"].to_list().count(OK) == 5


@pytest.mark.slow
def test_a_killed_worker_costs_time_only(undisturbed: tuple[Plan, dict[str, bytes]], tmp_path: Path) -> None:
    plan, expected = undisturbed
    names = []

    def kill_one(now: Progress) -> None:
        if now.done in (2, 5) and now.last is not None:
            names.append(now.last.worker)
            for worker in workers_of(os.getpid())[:1]:
                os.kill(worker, signal.SIGKILL)

    sweep(plan, tmp_path, workers=2, progress=kill_one)
    assert tables(tmp_path) == expected
    assert len(names) == 2


@pytest.mark.slow
def test_a_row_that_kills_its_workers_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(tmp_path, replications=2)
    give = Worker.give

    def deadly(worker: Worker, row: int, attempt: int) -> None:
        give(worker, row, attempt)
        if row == 2:
            worker.process.kill()

    monkeypatch.setattr(Worker, "give", deadly)
    runs = sweep(plan, tmp_path / "out", workers=2).runs
    assert runs["status"].to_list() == [OK, OK, FAILED, OK]
    assert runs["reason"][2] == "the worker process died (killed, or out of memory), 3 times"


def workers_of(parent: int) -> list[int]:
    import psutil

    children = psutil.Process(parent).children(recursive=True)
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    small_file(tmp_path, replications=80, ticks=60, more="[keep]\npaths = 10")
    chance, sittings = random.Random(1929), 0
    expected = None
    for out in ("disturbed", "undisturbed"):
        while not (tmp_path / out / "timing.parquet").exists():
            running = command("sweep", "small.toml", "--out", out, "--workers", "2", cwd=tmp_path)
            if out == "disturbed" and sittings < 5:
                journal = tmp_path / out / "journal"
                before = rows_in(journal)
                until(partial(has_grown_or_ended, journal, before, running))
                time.sleep(chance.uniform(0.0, 0.4))
                os.killpg(running.pid, signal.SIGKILL)
                sittings += 1
            running.communicate()
        expected = expected or tables(tmp_path / out)
        assert tables(tmp_path / out) == expected
    assert sittings >= 3
    assert open_sweep(tmp_path / "disturbed").runs["row"].to_list() == list(range(160))


def has_grown_or_ended(journal: Path, before: int, running: subprocess.Popen[str]) -> bool:
    return rows_in(journal) > before or running.poll() is not None


def rows_in(journal: Path) -> int:
    return sum(path.stat().st_size for path in journal.glob("*")) if journal.is_dir() else 0


@pytest.mark.slow
def test_a_full_disk_loses_nothing_that_is_finished(undisturbed: tuple[Plan, dict[str, bytes]], tmp_path: Path):
    plan, expected = undisturbed
    small_file(tmp_path, more="[keep]\npaths = 10\nevents = true")
    with working_in(tmp_path / "out", plan):
        room = (tmp_path / "out" / "plan.json").stat().st_size + 30_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        running = command("sweep", "small.toml", "--out", "out", "--workers", "1", cwd=tmp_path)
        _, said = running.communicate()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (running.returncode, said.count("\n")) == (2, 1), said
    assert "File too large" in said
    kept = open_sweep(tmp_path / "out").runs.height
    assert 1 <= kept < 8
    sweep(plan, tmp_path / "out", workers=1)
    assert tables(tmp_path / "out") == expected


@pytest.mark.slow
def test_ctrl_c_ends_within_five_seconds_with_its_workers(tmp_path: Path) -> None:
    small_file(tmp_path, replications=500, ticks=200)
    running = command("sweep", "small.toml", "--out", "out", "--workers", "2", cwd=tmp_path)
    until(lambda: rows_in(tmp_path / "out" / "journal") > 0)
    workers = workers_of(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    asked = time.monotonic()
    _, said = running.communicate()
    assert (running.returncode, said) == (130, "interrupted\n")
    assert time.monotonic() - asked < 5.0
    assert len(workers) == 2
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 5.0)


def test_the_lock_goes_while_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone afterwards it could be another's by then, and a third could lock a new file of the same name."""
    seen, release = [], FileLock.release

    def look(lock: FileLock, *_: Any, **__: Any) -> None:
        seen.append(Path(lock.lock_file).exists())
        release(lock)

    monkeypatch.setattr(FileLock, "release", look)
    with working_in(tmp_path / "out", small_plan(tmp_path)):
        assert seen == []
    assert seen[0] is False


def test_the_manifest_stays_small_however_many_points(tmp_path: Path) -> None:
    sizes = []
    for points in (2, 200):
        values = ", ".join(str(1 + k / 1000) for k in range(points))
        path = tmp_path / f"{points}.toml"
        path.write_text(f'[parameters]\n"funds.leverage" = [{values}]\n', "utf-8")
        with working_in(tmp_path / f"{points}", read_plan(path)):
            sizes.append((tmp_path / f"{points}" / "manifest.json").stat().st_size)
    assert sizes[0] == sizes[1]


def test_a_plan_that_was_changed_is_refused(tmp_path: Path) -> None:
    in_pieces(small_plan(tmp_path), tmp_path / "out")
    plan = tmp_path / "out" / "plan.json"
    plan.write_text(plan.read_text("utf-8").replace("0.2", "0.3", 1), "utf-8")
    with pytest.raises(InputError, match=r"plan\.json: was changed after it was written"):
        open_sweep(tmp_path / "out")


def test_a_folder_where_a_sweep_is_running_is_refused(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    with (
        working_in(tmp_path / "out", plan),
        pytest.raises(InputError, match=f"is running there .process {os.getpid()}"),
    ):
        sweep(plan, tmp_path / "out")


def test_the_lock_of_a_dead_owner_is_taken_over(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    (tmp_path / "out" / "journal").mkdir(parents=True)
    lock = str(tmp_path / "out" / ".lock")
    code = f"import os; from filelock import FileLock; FileLock({lock!r}).acquire(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    with working_in(tmp_path / "out", plan) as work:
        assert work.n_done == 0
        with pytest.raises(TimeoutError):
            FileLock(tmp_path / "out" / ".lock", is_singleton=False).acquire(timeout=0)


@pytest.mark.parametrize("other", ['"funds.leverage" = 1.1', '"spark.days" = 2'])
def test_another_scenario_does_not_mix_into_an_old_folder(tmp_path: Path, other: str) -> None:
    in_pieces(small_plan(tmp_path), tmp_path / "out")
    before = tables(tmp_path / "out")
    plan = small_plan(tmp_path, more=other)
    with pytest.raises(InputError, match="was begun with another sweep file or scenario; allowed is"):
        sweep(plan, tmp_path / "out")
    assert tables(tmp_path / "out") == before


def test_another_program_does_not_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(tmp_path)
    in_pieces(plan, tmp_path / "out")
    monkeypatch.setattr(sweep_folder, "source_digest", lambda: "another")
    with pytest.raises(InputError, match="another version of the program"):
        sweep(plan, tmp_path / "out")


def test_a_part_that_was_changed_is_refused(tmp_path: Path) -> None:
    in_pieces(small_plan(tmp_path), tmp_path / "out")
    part = tmp_path / "out" / "runs" / "part-00000.parquet"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    with pytest.raises(InputError, match=r"part-00000\.parquet: was changed after it was written"):
        assert open_sweep(tmp_path / "out").runs.height


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no readable manifest"),
        ("{}", "holds no readable manifest"),
        ('{"kind": "sweep", "format": 1}', "lacks what was written there"),
        ('{"kind": "run", "format": 1}', "holds a run of format 1; allowed is a folder that powderkeg sweep wrote"),
        ('{"kind": "sweep", "format": 9}', "holds a sweep of format 9"),
    ],
)
def test_what_is_no_sweep_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=sentence):
        open_sweep(tmp_path)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    with pytest.raises(InputError, match="holds other files"):
        sweep(plan, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


@pytest.mark.slow
def test_the_manifest_has_no_clock_and_says_what_made_it(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    for out in ("one", "two"):
        in_pieces(plan, tmp_path / out)
    one, two = (json.loads((tmp_path / out / "manifest.json").read_text()) for out in ("one", "two"))
    timing = {"timing.parquet"}
    assert {k: v for k, v in one["files"].items() if k not in timing} == {
        k: v for k, v in two["files"].items() if k not in timing
    }
    assert one | {"files": None} == two | {"files": None}
    assert Plan.from_dict(json.loads((tmp_path / "one" / "plan.json").read_text())) == plan
    assert PART == 500
    assert Finished(0, OK).content()["row"] == 0


def test_the_page_reads_the_runs_in_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_pieces(small_plan(tmp_path), tmp_path / "outputs" / "small")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "sweeps.md").read_text("utf-8")
    found: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], found)
    assert found["runs"].equals(open_sweep("outputs/small").runs)
    assert dict(found["shares"].fetchall()) == dict(found["runs"]["verdict_financial"].value_counts().iter_rows())
    assert type(found["frame"]).__module__.startswith("pandas")
    assert found["frame"]["seed"].tolist() == found["runs"]["seed"].to_list()
