"""Calibration: numbers that are assumed, fitted to targets, and everything else held out."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from abm.cli import main
from abm.errors import InputError
from abm.evidence import calibrate as fitting
from abm.evidence.check import QUIET_WORLD, Check, Curve, Judged, Measured, Picture, Runs, several
from abm.evidence.targets import Target
from abm.report.calibration import calibration_files
from abm.scenario import Scenario, load

FIT = ["narrative.contagion", "narrative.persuasion"]
TO = ["books.largest_gap"]
PICTURE = Picture("What is seen", "dial", "number", [Curve("ours", [1.0], [1.0])])


def asked(scenario: Scenario, seed: int) -> dict[str, Any]:
    """A made-up moment with its best at a contagion of 0.15, and nothing to do with the other number."""
    return {"gap": 1e-6 + abs(scenario.narrative.contagion - 0.15) * 1e-6 + 0.0 * seed}


def judge(runs: Runs, seeds: int) -> Judged:
    gap = runs.sample(load("quiet"), asked, seeds)["gap"].mean()
    return Judged({"largest_gap": Measured(float(gap))}, PICTURE)


CHECKS = [Check("books", QUIET_WORLD, "Made up", "nobody", judge, lambda n: several(load("quiet"), asked, n), 2, 2)]


def calibrated(folder: Path, trials: int = 12) -> fitting.Calibration:
    return fitting.calibrate(FIT, TO, folder, trials=trials, checks=CHECKS, workers=1)


@pytest.mark.parametrize(
    ("limits", "value", "gap"),
    [
        ({"at_least": 1.0, "at_most": 3.0}, 2.0, 0.0),
        ({"at_least": 1.0, "at_most": 3.0}, 3.0, 1.0),
        ({"at_least": 1.0, "at_most": 3.0}, 0.0, -2.0),
        ({"at_most": 4.0}, 3.0, 0.0),
        ({"at_most": 4.0}, 5.0, 0.25),
        ({"at_least": 4.0}, 3.0, -0.25),
    ],
)
def test_a_gap_is_measured_in_what_the_target_allows(limits: dict[str, float], value: float, gap: float) -> None:
    assert fitting.gap(Target("a", "b", "c", "d", **limits), value) == pytest.approx(gap)


@pytest.mark.slow
def test_a_fit_finds_the_best_and_is_never_worse_than_today(tmp_path: Path) -> None:
    found = calibrated(tmp_path / "fit", 25)
    assert found.loss_after < 0.25 * found.loss_before
    assert found.fitted["narrative.contagion"] == pytest.approx(0.15, abs=0.02)
    assert calibrated(tmp_path / "one", 1).fitted == {"narrative.contagion": 0.1, "narrative.persuasion": 0.3}


@pytest.mark.slow
def test_a_search_that_was_stopped_ends_where_it_would_have_ended(tmp_path: Path) -> None:
    whole = calibrated(tmp_path / "whole")
    calibrated(tmp_path / "parts", 5)
    calls = []

    def stop(done: int, trials: int) -> None:
        calls.append((done, trials))
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitting.calibrate(FIT, TO, tmp_path / "parts", trials=12, checks=CHECKS, workers=1, progress=stop)
    assert calls[0] == (5, 12)
    assert calibrated(tmp_path / "parts").fitted == whole.fitted


def test_a_folder_keeps_to_what_it_fits(tmp_path: Path) -> None:
    calibrated(tmp_path, 1)
    with pytest.raises(InputError, match="allowed is another folder, or the same again"):
        fitting.calibrate(FIT[:1], TO, tmp_path, trials=1, checks=CHECKS, workers=1)


def test_worlds_with_a_number_of_their_own_keep_it() -> None:
    fitted = {"narrative.contagion": 0.2, "spark.total": 0.7}
    own = load("dotcom_2000")
    moved = fitting.moved(own, fitted)
    assert (moved.narrative.contagion, moved.spark.total) == (0.2, own.spark.total)
    assert fitting.moved(load(), fitted).spark.total == 0.7


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--to", "quiet_world.margin_calls_per_seed"], "--fit: nothing is named"),
        (["--fit", "funds.leverage", "--to", "x"], "--fit: 'funds.leverage' is no number that is assumed"),
        (["--fit", FIT[0], "--fit", FIT[0], "--to", "x"], "is given twice; allowed is once"),
        (["--fit", FIT[0]], "--to: there is no target"),
        (["--fit", FIT[0], "--to", "quiet_world.nothing"], "--to: 'quiet_world.nothing' is no target with a limit"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", *arguments, "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line


@pytest.mark.slow
def test_the_report_has_a_scenario_that_runs_and_every_target(tmp_path: Path) -> None:
    found = calibrated(tmp_path / "fit")
    files = calibration_files(found)
    (tmp_path / "fitted.toml").write_bytes(files["fitted.toml"])
    assert set(tomllib.loads(files["fitted.toml"].decode())["narrative"]) == {"contagion", "persuasion"}
    assert load(tmp_path / "fitted.toml").narrative.contagion == found.fitted["narrative.contagion"]
    assert "squared gaps" in files["report.html"].decode()
    assert json.loads(files["calibration.json"])["targets"][0]["used"] is True
