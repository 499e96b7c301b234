"""`powderkeg edge` on worlds that are quickly run: what it writes, that it goes on where it was, what it refuses."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from abm.cli.options import chosen_scenario
from abm.distance import edge as of_edges
from abm.distance import question as questions
from abm.distance import worlds as of_worlds
from abm.distance.edge import find_edge
from abm.distance.question import ask
from abm.distance.search import search
from abm.distance.worlds import Worlds, holds_quiet, needs_twins
from abm.experiments.one_run import run
from abm.scenario import load
from abm.sweep.repeat import row_again
from abm.sweep.sweep import Progress

pytestmark = pytest.mark.slow

Command = Callable[..., tuple[int, str, str]]

QUICK = {"run.ticks": 45, "crypto.holders": 50, "funds.count": 60, "margin_accounts.count": 60, "chasers.count": 20}
SMALL = [part for path, value in QUICK.items() for part in ("--set", f"{path}={value}")]
BASE = load().replace(QUICK)
SALES = "forced_sales_bn"  # grow with leverage on any day


@pytest.fixture
def one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan of few points and one round: each sweep starts a worker."""
    monkeypatch.setattr(of_edges, "search", partial(search, rounds=1))
    monkeypatch.setattr(questions, "STEPS", 2)


@pytest.fixture
def sales() -> float:
    """A level of forced sales between those of today's leverage and of three times it."""
    lost = [run(BASE.replace({"funds.leverage": x}), 0, twins=False).summary.forced_sales_bn for x in (1.0, 3.0)]
    return 0.5 * sum(value or 0.0 for value in lost)


@pytest.mark.slow
@pytest.mark.usefixtures("one_round")
def test_a_search_done_again_runs_nothing_and_writes_the_same(powderkeg: Command, tmp_path: Path, sales: float) -> None:
    asked = ("edge", *SMALL, "--outcome", SALES, "--level", f"{sales:.6g}", "--range", "1:3", "--seeds", "3")
    how = ("--workers", "1", "--out", "edge")
    code, out, err = powderkeg(*asked, *how, "--json")
    assert (code, err) == (0, "")
    content = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert content["status"] in ("reached", "cannot tell")
    assert 1.0 < content["value"] < 3.0
    folder = tmp_path / "edge"
    assert json.loads((folder / "edge.json").read_text("utf-8")) == content
    runs = pl.read_parquet(folder / "runs.parquet")
    assert runs.height == 3 * len(content["points"])
    stamps = {path: path.stat().st_mtime_ns for path in (folder / "sweeps").rglob("*.*") if path.is_file()}
    counted: list[int] = []
    world = chosen_scenario(None, SMALL[1::2])
    question = ask(world, "funds.leverage", SALES, level=float(f"{sales:.6g}"), limits=(1.0, 3.0), seeds=3)
    found = find_edge(question, folder, report=lambda _, now: counted.append(now.done))
    assert not counted
    assert found.edge.value == content["value"]
    code, out, err = powderkeg(*asked, *how)
    assert code == 0
    assert out.startswith("Today's system ")
    assert "at most" not in err
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert "Today&#39;s system" in (folder / "report.html").read_text("utf-8")
    last = runs.row(-1, named=True)  # and each run behind it can be had again
    for where, row, expected in (("sweep", "row", "spark"), ("quiet_sweep", "quiet_row", "quiet")):
        again = row_again(folder / last[where], last[row])
        summary = run(again.scenario, again.row.seed, twins=False).summary
        assert summary.forced_sales_bn == last[expected]
        assert again.scenario.funds.leverage == last["x"]
    assert row_again(folder / last["quiet_sweep"], last["quiet_row"]).scenario.spark.total == 0.0


@pytest.mark.slow
def test_the_quiet_world_is_that_of_the_same_seed_and_value(tmp_path: Path) -> None:
    world = BASE.replace({"actions": [{"kind": "spark", "tick": 42, "total": 0.1, "days": 1}]})
    answers = Worlds(tmp_path, workers=1)
    for outcome in ("drawdown", "verdict_financial>=market_breakdown", "output_shortfall"):
        level = None if ">" in outcome else 0.1
        question = ask(world, "funds.leverage", outcome, level=level, limits=(1.0, 3.0), seeds=2)
        rows = answers.answer(question, [1.0, 3.0])
        assert rows["x"].to_list() == [1.0, 1.0, 3.0, 3.0]
        assert rows["seed"].to_list() == [0, 1, 0, 1]
        for row in rows.iter_rows(named=True):
            own = world.replace({"funds.leverage": row["x"]})
            summary = run(own, row["seed"]).summary
            if outcome == "drawdown":
                assert (row["spark"], row["quiet"]) == (summary.drawdown, summary.no_news_drawdown)
            elif outcome == "output_shortfall":
                assert (row["spark"], row["quiet"]) == (summary.output_shortfall, 0.0)
            else:
                assert row["quiet"] == float(summary.no_news_verdict_financial != "calm")
    assert len(list((tmp_path / "sweeps").iterdir())) == 2 + 1 + 1  # those of the verdict are its twins, and used again


def test_along_the_spark_there_is_one_quiet_world(tmp_path: Path) -> None:
    question = ask(BASE, "spark.total", "drawdown", level=0.1, limits=(0.1, 1.0), seeds=2)
    rows = Worlds(tmp_path, workers=1).answer(question, [0.1, 0.5, 1.0])
    quiet = rows.filter(pl.col("seed") == 0)["quiet"].to_list()
    assert quiet[0] == quiet[1] == quiet[2]
    assert rows["quiet_row"].max() == 1
    assert rows.filter(pl.col("seed") == 0)["spark"].is_sorted()


def test_only_what_is_judged_against_twins_pays_for_them() -> None:
    bare = run(BASE, 0, twins=False).summary.to_dict()
    whole = run(BASE, 0).summary.to_dict()
    missing = {key for key in bare if bare[key] is None and whole[key] is not None}
    assert missing
    assert all(needs_twins(key) for key in missing)
    assert not needs_twins("dealers_failed")
    assert not needs_twins("drawdown")
    assert holds_quiet("verdict_financial")
    assert not holds_quiet("verdict_financial_if_easier")
    assert not holds_quiet("drawdown")  # two runs are quicker than one with twins


@pytest.mark.slow
@pytest.mark.usefixtures("one_round")
def test_draws_and_a_curve_are_written(powderkeg: Command, tmp_path: Path, sales: float) -> None:
    asked = ("--outcome", SALES, "--level", f"{sales:.6g}", "--range", "1:3", "--seeds", "2", "--workers", "1")
    code, out, _ = powderkeg("edge", *SMALL, *asked, "--draws", "2", "--out", "drawn", "--json")
    content = json.loads(out)
    assert (code, content["draws"], content["draws_seeds"]) == (0, 2, 4)
    assert content["draws_reached"] + content["draws_over_today"] <= 2
    assert pl.read_parquet(tmp_path / "drawn" / "draws.parquet")["draw"].n_unique() == 2
    assert "worlds in which the assumed numbers are drawn" in (tmp_path / "drawn" / "report.html").read_text("utf-8")
    code, out, _ = powderkeg(
        "edge", *SMALL, *asked, "--dials", "funds.leverage,markets.depth", "--at", "0.5,1", "--out", "curve"
    )
    assert code == 0
    assert "With markets.depth = 0.5 today's system " in out
    table = pl.read_parquet(tmp_path / "curve" / "curve.parquet")
    assert table["markets.depth"].to_list() == [0.5, 1.0]
    assert (tmp_path / "curve" / "figures" / "curve.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dial", "funds.leverag"), "did you mean funds.leverage?"),
        (("--dial", "channels.margin_calls"), "is not a number"),
        (("--range", "3:1"), "range = 3:1 is upside down or empty"),
        (("--range", "three"), "cannot be read; allowed is LOW:HIGH"),
        (("--range=-1:2",), "leaves what funds.leverage may be"),
        (("--level", "2"), "level = 2 is no level"),
        (("--outcome", "lender_losses_bn"), "level: is missing"),
        (("--outcome", "nonsense"), "is no key of the summary"),
        (("--dials", "funds.leverage"), "are not two"),
        (("--dials", "funds.leverage,funds.leverage"), "holds one twice"),
        (("--dials", "funds.leverage,spark.days", "--dial", "funds.leverage"), "are both given"),
        (("--dials", "funds.leverage,spark.days", "--draws", "2"), "allowed without --dials"),
        (("--at", "1,2"), "allowed with --dials"),
        (("--dials", "funds.leverage,spark.days", "--at=-5"), "spark.days"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_run(
    powderkeg: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(of_worlds, "sweep", lambda *_, **__: pytest.fail("something was run"))
    code, out, err = powderkeg("edge", *SMALL, *arguments, "--quiet")
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_progress_names_the_sweep(tmp_path: Path) -> None:
    told: list[tuple[str, Progress]] = []
    question = ask(BASE, "funds.leverage", "drawdown", level=0.1, limits=(1.0, 3.0), seeds=1)
    Worlds(tmp_path, workers=1, report=lambda name, now: told.append((name, now))).answer(question, [1.0])
    assert [name.split("-")[0] for name, _ in told] == 2 * ["sweeps/with_the_spark"] + 2 * ["sweeps/without_the_spark"]
    assert told[-1][1].done == told[-1][1].total == 1
