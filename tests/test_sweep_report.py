"""The page of a sweep: stands alone, counts what failed, and gives the command that repeats what surprises."""

import base64
import getpass
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from synthetic_sweep import Sweep, crises, grid, runs_of
from test_report import NASTY, assert_stands_alone

from abm.outcome.summary import Summary
from abm.report.sweep import sweep_files
from abm.sweep.outcomes import DEFAULT, parse_outcome

pytestmark = pytest.mark.slow  # each draws figures
X, Y, Z = "funds.leverage", "spark.days", "funds.crowding"
CRISIS, LOSSES = parse_outcome(DEFAULT), parse_outcome("lender_losses_bn")


def made(values, replication, row):
    """A crisis in 0, 40 and 80 % of runs; one run planted beyond all others, and one that fails."""
    if row == 7:
        return {"reason": "ValueError: it broke"}
    outcome = crises(lambda v: 0.4 * v[X] - 0.4, 10)(values, replication, row)
    return outcome | ({"lender_losses_bn": 1e6} if row == 33 else {})


@pytest.fixture(scope="module")
def sweep():
    plan = grid({X: [1.0, 2.0, 3.0], Y: [1, 100], Z: [1.0, 1.6]}, 10, name="three", title="Leverage by speed")
    return Sweep(plan, runs_of(plan, made), Path("outputs/three"))


@pytest.fixture(scope="module")
def files(sweep):
    return sweep_files(sweep, LOSSES)


@pytest.fixture(scope="module")
def page(files):
    return files["report.html"].decode()


@pytest.fixture
def undrawn(monkeypatch):
    """Leave out the rendering, which takes most of the time."""
    for kind in ("png", "svg"):
        monkeypatch.setattr(f"abm.sweep.drawings.{kind}", lambda figure: figure.get_suptitle().encode())


def test_the_page_stands_alone(page):
    assert_stands_alone(page)


def test_it_has_what_it_must(page, sweep):
    for words in (
        "Leverage by speed (three)", "What was asked", "a grid: every combination", "1, 100",
        "days over which the spark",
        "120 of 120", "0 to 9, common to all points", "All verdicts", "What each parameter does alone",
        "The most surprising runs", "Runs that failed", "ValueError: it broke", "not a forecast", "not on stage",
    ):  # fmt: skip
        assert words in page, words
    for column in (*(key for key, *_ in Summary.describe()), *sweep.runs.columns):
        assert f"<td>{column}</td>" in page.partition("What the columns are")[2], column


def test_failed_runs_are_counted_everywhere(page):
    assert "120 runs, of which 1 failed and are left out of every number" in page
    assert "39 (1 failed)" in page
    assert "1 of 120 runs ended in an error" in page


def test_the_surprising_run_comes_with_the_command_that_repeats_it(page):
    rows = re.findall(r"powderkeg run --from outputs/three --row (\d+)", page)
    assert rows[0] == "33"
    assert len(rows) == 11  # ten, and the first that failed
    assert rows[-1] == "7"


def test_there_are_maps_of_the_outcome_and_of_the_verdict_with_their_data(files, page):
    figures = {name.removesuffix(".svg") for name in files if name.endswith(".svg")}
    assert figures == {
        f"figures/map_{X}_{Y}{by}_{of}"
        for by in ("", f"_by_{Z}")
        for of in ("lender_losses_bn", "verdict_financial_is_banking_crisis")
    } | {"figures/effects_lender_losses_bn"}
    assert all({f"{name}.png", f"{name}.csv"} <= files.keys() for name in figures)
    images = [base64.b64decode(part) for part in re.findall(r"base64,([A-Za-z0-9+/=]+)", page)]
    assert sorted(images) == sorted(files[f"{name}.svg"] for name in figures)


def test_the_shares_of_all_labels_are_exact(page):
    """Of 119 runs that ended, 48 are crises; without the spark, none of 119."""
    row = re.search(r"financial: banking crisis</td>(.*?)</tr>", page).group(1)
    cells = re.findall(r">([^<]+)</td>", row)
    assert cells[0].startswith("40%")
    assert cells[1].startswith("0% (0 to ")
    assert cells[2:] == ["0%", "40%", "80%"]


@pytest.mark.usefixtures("undrawn")
def test_nothing_about_the_machine(sweep):
    page = sweep_files(replace(sweep, folder=Path.home() / "here" / "three"), CRISIS)["report.html"].decode()
    assert "--from three --row" in page
    assert str(Path.home()) + "/" not in page
    assert str(Path.cwd()) not in page
    assert getpass.getuser() == "root" or getpass.getuser() not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)


@pytest.mark.usefixtures("undrawn")
def test_whatever_a_user_wrote_is_escaped(sweep):
    wild = replace(sweep.plan, name=NASTY, title=NASTY, why=NASTY, design=NASTY)
    runs = sweep.runs.with_columns(pl.when(pl.col("row") == 7).then(pl.lit(NASTY)).otherwise("reason").alias("reason"))
    page = sweep_files(Sweep(wild, runs, Path(NASTY)), CRISIS)["report.html"].decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5


@pytest.mark.usefixtures("undrawn")
def test_a_sweep_of_one_parameter_has_no_map():
    plan = grid({X: [1.0, 2.0, 3.0]}, 10)
    files = sweep_files(Sweep(plan, runs_of(plan, crises(lambda v: 0.1 * v[X], 10))), CRISIS)
    assert [name for name in files if name.endswith(".svg")] == [f"figures/effects_{CRISIS.name}.svg"]
    page = files["report.html"].decode()
    assert "20.0 % over all points, from 10.0 % at funds.leverage 1 to 30.0 % at funds.leverage 3." in page


@pytest.mark.usefixtures("undrawn")
def test_a_sweep_that_is_not_finished_or_has_no_result_says_so():
    plan = grid({X: [1.0, 2.0], Y: [1, 2]}, 3)
    runs = runs_of(plan, lambda *_: {"reason": "broke"})
    page = sweep_files(Sweep(plan, runs.head(5)), CRISIS)["report.html"].decode()
    assert "5 runs of 12 that were planned" in page
    assert "nothing can be said" in page
    assert "nan" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", page).lower().replace("finan", "")


def test_the_same_bytes_every_time(sweep, files):
    again = sweep_files(sweep, LOSSES)
    assert again == files


def test_the_data_can_be_read_in_the_line_that_the_page_gives(page, sweep, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("outputs/three/runs").mkdir(parents=True)
    sweep.runs.head(50).write_parquet("outputs/three/runs/part-00000.parquet")
    sweep.runs.tail(-50).write_parquet("outputs/three/runs/part-00001.parquet")
    (path,) = re.findall(r"polars\.read_parquet\(&#39;(.+?)&#39;\)", page)
    assert pl.read_parquet(path).equals(sweep.runs)


def test_on_paper_all_figures_are_grey_and_as_wide_as_a_column(sweep):
    files = sweep_files(sweep, LOSSES, paper=True)
    drawn = [content.decode() for name, content in files.items() if name.endswith("_paper.svg")]
    assert len(drawn) >= 3
    for figure in drawn:
        assert 'width="244.8pt"' in figure  # 3.4 inches
        for red, green, blue in re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", figure):
            assert red == green == blue
