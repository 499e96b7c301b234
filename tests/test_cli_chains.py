"""`powderkeg chains`: what it says, its JSON, the files it leaves, and the part of a run's page."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import networkx
import polars as pl
import pytest
from runs import called, of_kind, run, written

from abm.figures.run import run_figures
from abm.figures.style import svg
from abm.report.chains import again, chains_files, contagion_section, failures_table, told_failures
from abm.report.pages import picture, run_report
from abm.scenario import load
from abm.sweep.folder import SweepResult

FILES = {
    *("chains.parquet", "chains.json", "contagion.parquet", "contagion.graphml", "contagion.json", "scenario.toml"),
    *("report.html", "figures/contagion.png", "figures/contagion.svg"),
}


def test_it_tells_lenders_one_by_one_and_funds_by_shape(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result, folder = run("crash"), written("crash", tmp_path / "here")
    code, out, err = called(capsys, "chains", folder)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == result.chains.sentence
    for kind in ("bank_failed", "dealer_failed", "credit_fund_failed"):
        for name in of_kind(result, kind)["actor"]:
            assert f"\n{name}, day " in out
    told = told_failures(result.chains)
    funds = [one for one in told if "fund:" in one.who and not one.who.startswith("credit_fund")]
    numbers = [int(one.who.split()[0]) if one.who[0].isdigit() else 1 for one in funds]
    assert sum(numbers) == of_kind(result, "seizure").height > len(funds)


def test_one_chain_is_asked_for_by_who_failed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result, folder = run("crash"), written("crash", tmp_path / "here")
    bank = of_kind(result, "bank_failed")["actor"][0]
    row = result.chains.to(bank)
    code, out, _ = called(capsys, "chains", folder, "--to", bank)
    assert code == 0
    assert out.splitlines()[0].startswith(f"{bank} failed on day {row['day']}, {row['steps']} steps away: ")
    assert [line.strip() for line in out.splitlines()[1:]] == row["words"]
    code, out, _ = called(capsys, "chains", folder, "--to", bank, "--json")
    assert json.loads(out, parse_constant=pytest.fail) == row
    code, out, err = called(capsys, "chains", folder, "--to", "bank:99")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "'bank:99' did not fail in this run; allowed is who did, " in err


@pytest.mark.slow
def test_the_files_hold_the_chains_the_graph_and_how_to_make_the_run_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    result, folder, out = run("crash"), written("crash", tmp_path / "here"), tmp_path / "out"
    code, said, err = called(capsys, "chains", folder, "--json", "--out", out)
    assert code == 0
    assert "report.html" in err
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == FILES
    content = json.loads(said, parse_constant=pytest.fail)
    assert content == json.loads((out / "chains.json").read_text(), parse_constant=pytest.fail)
    assert content["run"]["seed"] == result.seed
    assert content["failures"] == pl.read_parquet(out / "chains.parquet").to_dicts()
    assert load(out / "scenario.toml").digest == result.scenario.digest == content["run"]["scenario_digest"]
    assert f"powderkeg run scenario.toml --seed {result.seed}" in content["run"]["again"]
    graph = networkx.read_graphml(io.BytesIO((out / "contagion.graphml").read_bytes()))
    assert set(graph) == set(result.chains.nodes["name"])
    page = (out / "report.html").read_text()
    assert result.chains.sentence in page
    assert "powderkeg run scenario.toml" in page
    (out / "chains.json").write_text("other")
    code, _, err = called(capsys, "chains", folder, "--out", out)
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.slow
def test_nobody_fails_and_nothing_happens_are_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = written("quiet", tmp_path / "here")
    code, out, err = called(capsys, "chains", folder)
    assert (code, out, err) == (0, "Nobody fails in this run, so there is no chain from the news to a failure.\n", "")
    result = run("quiet")
    silent = replace(result, tables=replace(result.tables, events=result.events.head(0)))
    assert "is empty" in silent.chains.sentence
    assert chains_files(silent).keys() == FILES


def test_a_comparison_has_no_chains(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abm.experiments.files.read", lambda _: object())
    code, _, err = called(capsys, "chains", "there")
    assert (code, err) == (2, "there: holds a comparison; allowed is a folder that powderkeg run wrote\n")


def test_of_a_sweep_a_run_is_asked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abm.experiments.files.read", lambda _: SweepResult.__new__(SweepResult))
    code, _, err = called(capsys, "chains", "there")
    assert code == 2
    assert err == "there: holds a sweep; allowed is a run of it, which powderkeg run --from there --row N makes\n"


@pytest.mark.slow
def test_the_page_of_a_run_has_the_picture_and_the_chains() -> None:
    result = run("crash")
    drawn = dict.fromkeys(run_figures(result.ticks), b"<svg/>") | {"contagion": svg(result.plot.contagion())}
    page = run_report(result, drawn)
    assert "Who pushed whom" in page
    for row in failures_table(result.chains).rows:
        assert row[0] in page
    calm = contagion_section(run("quiet").chains, picture(b"<svg/>", ""))
    assert (list(calm.text), list(calm.tables)) == ([run("quiet").chains.sentence], [])


def test_a_run_that_went_on_from_a_state_says_so() -> None:
    assert "--from-state" in again(replace(run("quiet"), origin={"sha256": "0", "day": 3}))
