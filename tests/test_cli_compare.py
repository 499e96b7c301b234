"""`powderkeg compare` and `powderkeg demo`: same horizon, same draws, same bits whatever the workers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import abm
from abm.cli import main
from abm.errors import InputError
from abm.experiments import compare as comparing
from abm.experiments.compare import last_news, members_of
from abm.experiments.results import ComparisonPlots, RunPlots

SMALL = ["run.ticks=60", "spark.start=10", "funds.count=20", "margin_accounts.count=5"]
SMALL_WORLD = [part for change in SMALL for part in ("--set", change)]
TABLES = {"summaries", "differences", "quantiles", "first_failures", "sales", "liquidity", "failed_runs"}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def powderkeg(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        written = capsys.readouterr()
        return code, written.out, written.err

    return call


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out of what is written: they take most of the time."""
    for plots in (RunPlots, ComparisonPlots):
        monkeypatch.setattr(plots, "save", lambda _plots, _folder: None)
    monkeypatch.setattr("abm.report.pages.run_report", lambda *_: "")


def small_world(**more: Any) -> Any:
    return abm.load("us_late_2025", **{"run.ticks": 60, "spark.start": 10, "funds.count": 20}, **more)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "AFTERMATH", 40)


def test_members_share_everything_but_the_speed_and_end_500_days_after_the_slowest() -> None:
    members = members_of(small_world(), (30, 1))
    assert list(members) == [1, 30]
    assert {member.run.ticks for member in members.values()} == {10 + 30 + 500}
    assert members[30].replace({"spark.days": 1}).digest == members[1].digest


def test_a_spark_among_the_timed_actions_can_be_the_last_news() -> None:
    scenario = small_world(actions=[{"kind": "spark", "tick": 50, "total": 0.1, "days": 5}])
    assert last_news(scenario, 1) == 54
    assert last_news(scenario, 200) == 209


@pytest.mark.slow
def test_one_and_two_workers_write_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, abm.experiments.compare as c, abm.experiments.results as r; from abm.cli import main;"
        "c.AFTERMATH = 40; r.ComparisonPlots.save = lambda *_: None;"
        "sys.exit(main(sys.argv[1:]))"
    )
    for workers in ("1", "2"):
        arguments = ["compare", *SMALL_WORLD, "--days", "1", "--days", "20", "--seeds", "3", "--out", workers]
        arguments += ["--workers", workers, "--json"]
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(abm.__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)
    first, second = (tmp_path / "1", tmp_path / "2")
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    assert {f"{table}.parquet" for table in TABLES} | {"manifest.json", "report.html"} <= set(names)
    for name in names:
        if Path(name).suffix in (".parquet", ".json", ".html"):
            assert (first / name).read_bytes() == (second / name).read_bytes(), name


@pytest.mark.usefixtures("short")
def test_a_comparison_equals_its_runs_one_by_one() -> None:
    result = abm.compare(small_world(), days=(1, 20), seeds=2, first_seed=3, workers=1)
    assert result.tables["summaries"].select("days", "seed").rows() == [(1, 3), (1, 4), (20, 3), (20, 4)]
    alone = abm.run(small_world(**{"spark.days": 20}).replace({"run.ticks": 70}), seed=4)
    row = result.tables["summaries"].row(3, named=True)
    for key, value in alone.summary.to_dict().items():
        assert row[key] == value, key


@pytest.mark.slow
@pytest.mark.usefixtures("short", "undrawn")
def test_what_is_written_can_be_read_back(tmp_path: Path) -> None:
    result = abm.compare(small_world(), days=(1, 20), seeds=2, workers=1)
    back = abm.read(result.write(tmp_path / "here"))
    assert isinstance(back, abm.ComparisonResult)
    assert back.scenario == result.scenario
    for name, table in result.tables.items():
        assert table.equals(back.tables[name]), name
    assert back.data.members == result.data.members
    assert back.data.seeds == result.data.seeds


@pytest.mark.slow
@pytest.mark.usefixtures("short", "undrawn")
def test_a_run_that_fails_is_a_row_with_its_reason_and_code_3(powderkeg: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from abm.economy import Economy

    advance = Economy.advance

    def fail_once(economy: Economy, until: int) -> None:
        if economy.seed == 1 and economy.scenario.spark.days == 20:
            raise ZeroDivisionError("division by zero")
        advance(economy, until)

    monkeypatch.setattr(Economy, "advance", fail_once)
    code, _, err = powderkeg(
        *("compare", *SMALL_WORLD, "--days", "1", "--days", "20", "--seeds", "3"),
        *("--workers", "1", "--out", "here"),
    )
    assert code == 3
    assert "division by zero" in err
    rows = pl.read_parquet("here/failed_runs.parquet").rows()
    assert rows == [(20, 1, "ZeroDivisionError: division by zero")]
    assert pl.read_parquet("here/summaries.parquet").height == 5


@pytest.mark.slow
@pytest.mark.usefixtures("short", "undrawn")
def test_a_name_that_is_a_script_stays_a_name(powderkeg: Run, tmp_path: Path) -> None:
    (tmp_path / "evil.toml").write_text(
        'format = 1\nextends = "us_late_2025"\nname = "<script>alert(1)</script>"\ntitle = "</title><img src=x>"\n'
    )
    code, _, err = powderkeg(
        *("compare", "evil.toml", *SMALL_WORLD, "--days", "1", "--days", "20", "--seeds", "2"),
        *("--workers", "1"),
    )
    assert code == 0, err
    (folder,) = Path("outputs").iterdir()
    page = (folder / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "alert(1)" in page
    for forbidden in (str(tmp_path), str(Path.home())):
        assert forbidden not in page


@pytest.mark.slow
@pytest.mark.usefixtures("short", "undrawn")
def test_the_demo_can_be_repeated(powderkeg: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    load = abm.load
    monkeypatch.setattr("abm.scenario.load", lambda name, **_: load(name, **SIZES))
    for _ in range(2):
        code, _, err = powderkeg("demo", "--seeds", "2")
        assert code == 0, err
        assert str(Path("outputs", "demo", "comparison", "report.html")) in err
        assert Path("outputs/demo/comparison/report.html").exists()
        assert Path("outputs/demo/one_run/ticks.parquet").exists()


SIZES = {"run.ticks": 60, "spark.start": 10, "funds.count": 20, "margin_accounts.count": 5}


@pytest.mark.parametrize("days", [(), (1,), (1, 1), (0, 1), (1, 10**9)])
def test_days_that_make_no_comparison_are_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="days"):
        abm.compare(small_world(), days=days, seeds=1)


@pytest.mark.parametrize("seeds", [0, -1, 10**9])
def test_numbers_of_seeds_that_make_no_sense_are_refused(seeds: int) -> None:
    with pytest.raises(InputError, match="seeds"):
        abm.compare(small_world(), seeds=seeds)
