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
from abm.errors import InputError
from abm.experiments import members as comparing
from abm.experiments.members import last_news, members_of
from abm.experiments.results import ComparisonPlots, RunPlots

SMALL = ["run.ticks=60", "spark.start=10", "funds.count=20", "margin_accounts.count=5"]
SMALL_WORLD = [part for change in SMALL for part in ("--set", change)]
TABLES = {"summaries", "differences", "quantiles", "first_failures", "sales", "liquidity", "failed_runs"}

Run = Callable[..., tuple[int, str, str]]


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
    (quick, slow), reference = members_of([small_world()], (30, 1))
    assert (quick.label, slow.label, reference) == ("1 day", "30 days", "30 days")
    assert {member.scenario.run.ticks for member in (quick, slow)} == {10 + 30 + 500}
    assert slow.scenario.replace({"spark.days": 1}).digest == quick.scenario.digest
    assert slow.quiet == quick.quiet


def test_the_same_disappointment_arrives_at_once_or_slowly() -> None:
    scenarios = {member.scenario.spark.days: member.scenario for member in members_of([small_world()], (1, 30))[0]}
    heard = {
        days: abm.run(scenario, seed=3, until=45, twins=False).ticks["disappointment"].to_numpy()
        for days, scenario in scenarios.items()
    }
    for days, disappointment in heard.items():
        assert (disappointment > 0.0).sum() == days
        assert disappointment.sum() == pytest.approx(scenarios[days].spark.total)
    assert heard[1][10] == pytest.approx(30 * heard[30][10])


def test_a_spark_among_the_timed_actions_can_be_the_last_news() -> None:
    scenario = small_world(actions=[{"kind": "spark", "tick": 50, "total": 0.1, "days": 5}])
    assert last_news(scenario, 1) == 54
    assert last_news(scenario, 200) == 209


@pytest.mark.slow
def test_one_and_two_workers_write_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, abm.experiments.members as c, abm.experiments.results as r; from abm.cli import main;"
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


@pytest.mark.slow
@pytest.mark.usefixtures("short")
def test_a_comparison_equals_its_runs_one_by_one() -> None:
    result = abm.compare(small_world(), days=(1, 20), seeds=2, first_seed=3, workers=1)
    assert result.tables["summaries"].select("member", "seed").rows() == [
        *(("1 day", 3), ("1 day", 4)),
        *(("20 days", 3), ("20 days", 4)),
    ]
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
    assert rows == [("20 days", 1, "ZeroDivisionError: division by zero")]
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


@pytest.mark.slow
@pytest.mark.usefixtures("short")
def test_changes_are_members_beside_the_scenario_and_equal_their_runs() -> None:
    changes = [{"funds.leverage": 2}, {"spark.days": 9, "actions": [DEPTH_BACK]}]
    result = abm.compare(small_world(), changes=changes, seeds=2, workers=1)
    labels = ["us_late_2025", "funds.leverage = 2", "spark.days = 9, switch on day 20 (channel depth_spiral, on false)"]
    assert list(result.data.members) == labels
    assert set(result.tables["differences"]["less_member"]) == {"us_late_2025"}
    assert result.data.horizon == 10 + 9 + 40
    for k, change in enumerate([{}, *changes]):
        alone = abm.run(small_world().replace(change | {"run.ticks": 59}), seed=1)
        assert alone.summary.to_dict() == result.data.of(labels[k]).drop("member", "seed").row(1, named=True)


DEPTH_BACK = {"kind": "switch", "tick": 20, "channel": "depth_spiral", "on": False}


@pytest.mark.slow
def test_members_are_named_after_what_sets_them_apart() -> None:
    one, other = small_world(), small_world().replace({"name": "other"})

    def labels(*given: Any, **more: Any) -> list[str]:
        return [member.label for member in members_of(*given, **more)[0]]

    assert labels([one]) == ["1 day", "500 days"]
    assert labels([one, other]) == ["us_late_2025", "other"]
    assert labels([one, other], (7,)) == ["us_late_2025", "other"]
    assert labels([one], (7, 1), [{"funds": {"leverage": 2}}]) == [
        *("us_late_2025, 1 day", "us_late_2025, 7 days"),
        *("funds.leverage = 2, 1 day", "funds.leverage = 2, 7 days"),
    ]
    assert labels([one, other], changes=[{"spark.days": "9 days"}])[1::2] == [
        "us_late_2025, spark.days = 9 days",
        "other, spark.days = 9 days",
    ]
    assert members_of([one], (7, 1), [{"funds.leverage": 2}])[1] == "us_late_2025, 7 days"
    assert members_of([one, other])[1] == "us_late_2025"


def test_worlds_share_the_runs_without_the_spark_only_where_nothing_else_differs() -> None:
    changes = [{"spark.total": 0.1, "spark.start": 20}, {"funds.leverage": 2}]
    as_it_is, other_spark, levered = members_of([small_world()], changes=changes)[0]
    assert as_it_is.quiet == other_spark.quiet != levered.quiet


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"changes": [{"funds.leverage": 2}, {"funds.leverage": 2}]}, "members = 'funds.leverage = 2' twice"),
        ({"changes": [{"spark.days": 2}], "days": (1, 5)}, "spark.days = 2"),
        ({"changes": [{"run.ticks": 99}]}, "run.ticks = 99"),
        ({"changes": [{"funds.leverage": -1}]}, "override: funds.leverage = -1"),
    ],
)
def test_changes_that_make_no_member_are_refused(more: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match="; allowed ") as error:
        abm.compare(small_world(), seeds=1, **more)
    assert str(error.value).startswith(named)


@pytest.mark.slow
@pytest.mark.usefixtures("short", "undrawn")
def test_scenarios_and_changes_are_compared_from_the_command_line(powderkeg: Run) -> None:
    words = ("compare", "us_late_2025", "quiet", *SMALL_WORLD, "--seeds", "2", "--workers", "1", "--json")
    code, out, err = powderkeg(*words, "--with", "funds.leverage=2, spark.days=9 days")
    assert code == 0, err
    assert "every run has 59 days, 40 after" in err
    told = json.loads(out)
    assert list(told["members"]) == [
        *("us_late_2025", "us_late_2025, funds.leverage = 2, spark.days = 9 days"),
        *("quiet", "quiet, funds.leverage = 2, spark.days = 9 days"),
    ]
    assert told["reference"] == "us_late_2025"
    (folder,) = Path("outputs").iterdir()
    assert folder.name.startswith("us_late_2025-quiet-seeds2-")
    assert len(abm.read(folder).data.quiet_worlds()) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("short", "undrawn")
def test_futures_of_one_state_are_compared_on_any_number_of_workers(powderkeg: Run) -> None:
    abm.run(abm.load("us_late_2025", **SIZES | {"spark.start": 35}), seed=5, until=30, twins=False, save="state")
    for workers in ("1", "2"):
        code, _, err = powderkeg(
            *("compare", "--from-state", "state", "--with", "spark.start=40", "--with", "markets.depth=0.5"),
            *("--workers", workers, "--out", workers, "-q"),
        )
        assert (code, err) == (0, "")
    for table in TABLES:
        assert Path("1", f"{table}.parquet").read_bytes() == Path("2", f"{table}.parquet").read_bytes(), table
    result = abm.read("1")
    assert isinstance(result, abm.ComparisonResult)
    assert result.data.seeds == (5,)
    assert result.data.origin is not None
    assert result.data.origin["day"] == 30
    state = abm.run(from_state="state", twins=False).scenario
    through = abm.run(state.replace({"spark.start": 40, "run.ticks": result.data.horizon}), seed=5).summary.to_dict()
    assert result.data.of("spark.start = 40").drop("member", "seed").row(0, named=True) == through
    shallow = abm.run(from_state="state", changes={"markets.depth": 0.5, "run.ticks": result.data.horizon})
    here = result.data.of("markets.depth = 0.5").drop("member", "seed").row(0, named=True)
    assert here == shallow.summary.to_dict()


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--with", "funds.leverage=2"], "state: funds.leverage = 2"),
        (["--with", "spark.start=3"], "state: spark.start = 3"),
        (["--with", "spark.start=40", "--seeds", "3"], "seeds = 3"),
        (["--with", "spark.start=40", "--seed", "3"], "seed = 3"),
        (["--with", "spark.start"], "--with: 'spark.start'"),
        (["--with", "spark.start=40", "--with", "spark.start=40"], "members = 'spark.start = 40' twice"),
        (["--with", "spark.start=40 days, spark.start=50 days"], "--with: spark.start is given twice"),
    ],
)
def test_futures_that_are_none_are_refused_in_one_line(powderkeg: Run, words: list[str], named: str) -> None:
    world = abm.load("us_late_2025", **SIZES | {"spark.start": 35})
    abm.run(world, until=30, twins=False, save="state")
    code, out, err = powderkeg("compare", "--from-state", "state", *words)
    assert (code, out) == (2, "")
    assert err.startswith(named)
    assert err.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) in (["outputs", "state"], ["state"])


@pytest.mark.usefixtures("undrawn")
def test_a_changed_future_is_run_from_the_command_line(powderkeg: Run) -> None:
    world = abm.load("us_late_2025", **SIZES | {"spark.start": 35})
    abm.run(world, seed=2, until=30, twins=False, save="state")
    code, _, err = powderkeg("run", "--from-state", "state", "--set", "spark.start=40", "--no-twins", "--out", "here")
    assert code == 0
    assert "a changed scenario holds from day 30 on" in err
    through = abm.run(world.replace({"spark.start": 40}), seed=2, twins=False)
    assert pl.read_parquet("here/ticks.parquet").equals(through.ticks)
    assert json.loads(Path("here", "manifest.json").read_text())["from_state"]["day"] == 30


SIZES = {"run.ticks": 60, "spark.start": 10, "funds.count": 20, "margin_accounts.count": 5}


@pytest.mark.parametrize("days", [(), (1,), (1, 1), (0, 1), (1, 10**9)])
def test_days_that_make_no_comparison_are_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="days"):
        abm.compare(small_world(), days=days, seeds=1)


@pytest.mark.parametrize("seeds", [0, -1, 10**9])
def test_numbers_of_seeds_that_make_no_sense_are_refused(seeds: int) -> None:
    with pytest.raises(InputError, match="seeds"):
        abm.compare(small_world(), seeds=seeds)
