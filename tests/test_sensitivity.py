"""`powderkeg sensitivity` on runs of a small world: what it writes, that it goes on where it was, what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from worlds import SMALL

from abm.influence import design as of_designs
from abm.influence import places as of_places
from abm.sweep import local, needs

pytestmark = pytest.mark.slow

WORLD = {**SMALL, "run.ticks": 40}
SETS = [part for path, value in WORLD.items() for part in ("--set", f"{path}={value}")]
ASKED = ("sensitivity", *SETS, "--among", "narrative.con,narrative.wo,spark.", "--workers", "1")
HOW = ("--trajectories", "2", "--samples", "4", "--seeds", "1", "--top", "2")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def few_corners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seeds of each claim, and no day after the slowest news."""
    monkeypatch.setattr(of_designs, "SEEDS_OF_CORNERS", 2)
    monkeypatch.setattr(of_designs, "TICKS", 260)


@pytest.mark.usefixtures("few_corners")
def test_a_small_world_is_asked_and_asked_again_without_a_run(
    powderkeg: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (*ASKED, *HOW, "--outcome", "drawdown", "--out", "which", "--json")
    code, out, err = powderkeg(*asked)
    assert code == 0, err
    assert "4 assumed numbers: 2 trajectories, 10 runs; indices of the first 2 from 4 points, 32 runs" in err
    found = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    folder = tmp_path / "which"
    assert json.loads((folder / "sensitivity.json").read_text("utf-8")) == found
    assert found["first"][0] == "spark.total"
    assert found["effects"][0]["mu_star"] > 0.1
    assert {path.name for path in (folder / "figures").glob("*.png")} == {
        "effects.png",
        "indices.png",
        "ranking_settles.png",
        "indices_settle.png",
    }
    each = pl.read_parquet(folder / "elementary_effects.parquet").row(0, named=True)
    # the effect is the difference of the two runs that it names, here of one seed
    runs = pl.concat([pl.read_parquet(part) for part in (folder / each["sweep"] / "runs").glob("*.parquet")])
    before, after = (runs.row(each[end], named=True) for end in ("row_before", "row_after"))
    way = 1.0 if after[each["path"]] > before[each["path"]] else -1.0
    assert each["effect"] == pytest.approx(way * (after["drawdown"] - before["drawdown"]), abs=1e-12)
    code, _, err = powderkeg(
        "run", "--from", str(folder / each["sweep"]), "--row", str(each["row_after"]), "--out", "one"
    )
    assert code == 0, err
    assert "all outcomes have the bits that they have in the sweep" in err

    def refuse(*_args: object) -> None:
        raise AssertionError("a world was opened or run again")

    for module, name in ((local, "Worker"), (needs, "finish"), (of_places, "refusal")):
        monkeypatch.setattr(module, name, refuse)
    code, out, err = powderkeg(*asked)
    assert (code, json.loads(out)) == (0, found), err


def test_what_it_would_take_is_said_without_running_it(powderkeg: Call, tmp_path: Path) -> None:
    code, out, err = powderkeg(*ASKED, "--dry-run", "--outcome", "acceleration", "--out", "which")
    assert (code, out) == (0, "")
    assert "with their three twins, which this outcome needs" in err
    assert "s a run" in err
    assert "books cannot be opened" in err
    assert not (tmp_path / "which").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--outcome", "losses"), "outcome = 'losses': losses is no key of the summary"),
        (("--among", "bank.,funds."), "--among: bank. begins no assumed number"),
        (("--among", "spark.total"), "sensitivity: 1 assumed numbers can be moved; allowed are two or more"),
        (("--trajectories", "1"), "--trajectories"),
        (("--trajectories", "10000", "--seeds", "10000"), "runs are too many"),
        (("no_such_scenario",), "no_such_scenario"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(powderkeg: Call, arguments: tuple, said: str) -> None:
    code, out, err = powderkeg("sensitivity", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_without_salib_the_command_says_what_to_install(powderkeg: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "SALib", None)
    code, out, err = powderkeg("sensitivity")
    assert (code, out) == (2, "")
    assert "the package SALib is missing; allowed is pip install 'powderkeg[analysis]'" in err
