"""The Python interface: what the command line is built on."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars as pl
import pytest

import abm
from abm.errors import InputError
from abm.experiments.one_run import twin_scenarios
from abm.experiments.results import RunPlots

SMALL: Mapping[str, Any] = {
    "run.ticks": 60,
    "spark.start": 10,
    "funds.count": 20,
    "margin_accounts.count": 5,
}


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out of what is written: they take most of the time."""
    monkeypatch.setattr(RunPlots, "save", lambda _plots, _folder: None)
    monkeypatch.setattr("abm.report.pages.run_report", lambda *_: "")


@pytest.fixture(scope="module")
def result() -> abm.RunResult:
    return abm.run(abm.load("us_late_2025", **SMALL), seed=1)


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = (
        "import sys, abm; dir(abm);"
        "heavy = {'numba', 'numpy', 'polars', 'pydantic', 'matplotlib', 'mesa', 'pandas'};"
        "sys.exit(' '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == ""


def test_every_public_name_exists() -> None:
    for name in abm.__all__:
        assert getattr(abm, name) is not None
    with pytest.raises(AttributeError):
        _ = abm.no_such_name


def test_a_run_is_a_function_of_scenario_and_seed(result: abm.RunResult) -> None:
    again = abm.run(abm.load("us_late_2025", **SMALL), seed=1)
    other = abm.run(abm.load("us_late_2025", **SMALL), seed=2, twins=False)
    for name, table in vars(result.tables).items():
        assert table.equals(vars(again.tables)[name]), name
    assert not result.ticks.equals(other.ticks)


def test_the_twins_differ_from_the_run_in_what_their_names_say(result: abm.RunResult) -> None:
    off, quiet, story = (result.twins[name] for name in ("all_off", "no_news", "belief_only"))
    assert off["price_ai_equity"].equals(off["news_ai_equity"])
    assert off["news_ai_equity"].equals(result.ticks["news_ai_equity"])
    assert story["news_ai_equity"].equals(result.ticks["news_ai_equity"])
    assert quiet["disappointment"].sum() == 0
    assert result.ticks["disappointment"].sum() > 0
    assert story["forced_sales_ai_equity"].sum() == 0


def test_twins_keep_the_sparks_among_the_timed_actions_and_drop_what_is_not_theirs() -> None:
    actions = [
        {"kind": "spark", "tick": 20, "total": 0.1, "days": 2},
        {"kind": "switch", "tick": 30, "channel": "margin_calls", "on": True},
        {"kind": "buy_notes", "tick": 30, "per_day": 5, "days": 3},
    ]
    twins = twin_scenarios(abm.load("us_late_2025", actions=actions, **SMALL))
    kinds = {name: [action.kind for action in twin.actions] for name, twin in twins.items()}
    assert kinds == {"all_off": ["spark"], "no_news": ["switch", "buy_notes"], "belief_only": ["spark"]}
    assert not any(dict(twins["all_off"].channels).values())
    assert [name for name, on in twins["belief_only"].channels if on] == ["narrative_feedback"]


def test_the_twin_without_news_is_the_same_however_fast_the_spark() -> None:
    fast, slow = (abm.load("us_late_2025", **SMALL, **{"spark.days": days}) for days in (1, 30))
    one, other = (abm.run(twin_scenarios(scenario)["no_news"], twins=False) for scenario in (fast, slow))
    assert one.ticks.equals(other.ticks)


def test_progress_counts_every_simulated_day_once() -> None:
    seen: list[tuple[int, int]] = []
    abm.run(abm.load("us_late_2025", **SMALL), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (240, 240)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_tables_as_pandas(result: abm.RunResult) -> None:
    frame = result.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == result.ticks.columns
    assert np.array_equal(frame["price_ai_equity"], result.ticks["price_ai_equity"].to_numpy())
    assert len(result.to_pandas("events")) == result.events.height
    with pytest.raises(InputError, match="no_such"):
        result.to_pandas("no_such")


@pytest.mark.usefixtures("undrawn")
def test_what_is_written_can_be_read_back(result: abm.RunResult, tmp_path: Path) -> None:
    back = abm.read(result.write(tmp_path / "here"))
    assert isinstance(back, abm.RunResult)
    assert (back.scenario, back.seed, back.n_agents) == (result.scenario, result.seed, result.n_agents)
    assert back.summary.to_dict() == result.summary.to_dict()
    for mine, read in ((vars(result.tables), vars(back.tables)), (result.twins, back.twins)):
        assert mine.keys() == read.keys()
        assert all(table.equals(read[name]) for name, table in mine.items())


@pytest.mark.usefixtures("undrawn")
def test_a_damaged_table_is_refused(result: abm.RunResult, tmp_path: Path) -> None:
    folder = result.write(tmp_path / "here")
    whole = (folder / "events.parquet").read_bytes()
    (folder / "events.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"events\.parquet"):
        abm.read(folder)
    (folder / "events.parquet").unlink()
    with pytest.raises(InputError, match="is missing"):
        abm.read(folder)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, "1"])
def test_a_seed_that_is_none_is_refused(seed: Any) -> None:
    with pytest.raises(InputError, match="seed"):
        abm.run(abm.load("us_late_2025", **SMALL), seed=seed)


def test_a_run_can_be_drawn(result: abm.RunResult) -> None:
    for draw in (result.plot.prices, result.plot.belief_and_depth, result.plot.forced_sales):
        assert draw().axes
    assert result.plot.failures_and_capital().axes


def test_tables_are_polars_frames(result: abm.RunResult) -> None:
    assert all(isinstance(table, pl.DataFrame) for table in vars(result.tables).values())
