"""`powderkeg policy` on runs of a small world: what it writes, that nothing is run twice, what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from worlds import SMALL

from abm.alternatives import answer, delays, expected
from abm.alternatives.measures import QUIET
from abm.scenario import load
from abm.sweep import local
from abm.sweep.repeat import row_again

pytestmark = pytest.mark.slow

WORLD = {**SMALL, "run.ticks": 45, "spark.total": 0.6, "funds.leverage": 2.5}
SETS = [part for path, value in WORLD.items() for part in ("--set", f"{path}={value}")]
ASKED = ("policy", *SETS, "--policies", "margin_buffers,note_purchases", "--seeds", "2", "--workers", "1")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def little_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A boom of few agents and days, and one delay: each has a sweep of its own, which starts a worker."""
    world = expected.boom(load("boom_and_bust").replace({**SMALL, "run.ticks": 60}))
    monkeypatch.setattr(answer, "boom", lambda: world)
    monkeypatch.setattr(delays, "DAYS", (5,))


@pytest.mark.usefixtures("little_to_run")
def test_a_small_world_is_asked_and_asked_again_without_a_run(
    powderkeg: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = ("--parts", "alternatives,delays,expected", "--out", "what", "--json")
    code, out, err = powderkeg(*ASKED, *how)
    assert code == 0, err
    assert "2 policies, 2 paired seeds; rows of sweeps: alternatives 16, delays 4, expected 8" in err
    found = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert json.loads((tmp_path / "what" / "policy.json").read_text("utf-8")) == found
    assert found["sizes"] is None
    runs = pl.read_parquet(tmp_path / "what" / "runs.parquet")
    assert runs.height == 16
    row = runs.filter(
        (pl.col("alternative") == "margin_buffers + note_purchases") & (pl.col("world") == "with the news")
    )
    again = row_again(tmp_path / "what" / row["sweep"][0], row["row"][0])
    policy = again.scenario.policy
    assert (policy.margin_buffers.on, policy.note_purchases.on, policy.lending.on) == (True, True, False)
    calm = runs.filter(pl.col("world") == "without it")
    assert row_again(tmp_path / "what" / calm["sweep"][0], calm["row"][0]).scenario.spark.total == 0.0
    effects = pl.DataFrame(found["effects"])
    assert set(effects.filter(pl.col("world") == "without it")["outcome"]) == {one.name for one in QUIET}
    calls = effects.filter((pl.col("alternative") == "margin_buffers") & (pl.col("outcome") == "forced_sales_bn"))
    assert calls["change"][0] != 0.0
    assert pl.DataFrame(found["delays"])["days_late"].unique().sort().to_list() == [None, 5]

    def refuse(*_args: object) -> None:
        raise AssertionError("a run was made again")

    monkeypatch.setattr(local, "Worker", refuse)
    code, out, err = powderkeg(*ASKED, *how, "--quiet")
    assert (code, json.loads(out), err) == (0, found, "")
    code, out, err = powderkeg(*ASKED, "--parts", "alternatives,expected", "--out", "what", "--dry-run")
    assert (code, out) == (0, "")
    assert err.endswith("all of them are there\n")


def test_what_it_would_take_is_said_without_running_it(powderkeg: Call, tmp_path: Path) -> None:
    code, out, err = powderkeg(*ASKED, "--dry-run", "--out", "what")
    assert (code, out) == (0, "")
    assert "2 policies, 2 paired seeds, 8 at every value of an edge; rows" in err
    assert "rows of sweeps: alternatives 16, sizes 1080 at most, delays 10, expected 8" in err
    assert "s a run" in err
    assert not (tmp_path / "what").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--policies", "lendin"), "--policies: 'lendin' is no policy; did you mean lending?"),
        (("--parts", "costs"), "--parts: 'costs' is no part"),
        (("--seeds", "0"), "--seeds"),
        (("--dial", "funds.leverag"), "did you mean funds.leverage?"),
        (("--parts", "delays", "--level", "0.4"), "--level = 0.4: is of the edge; allowed with sizes among --parts"),
        (("--parts", "sizes", "--seeds", "5", "--dry-run"), "--seeds = 5: is not of the edge"),
        (("--policies", "firewall", "--parts", "sizes,delays", "--seeds", "5", "--dry-run"), "allowed is --edge-seeds"),
        (("quiet",), "has no news, so that nothing is to be avoided"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(powderkeg: Call, arguments: tuple, said: str) -> None:
    code, out, err = powderkeg("policy", *arguments)
    assert (code, out) == (2, "")
    assert said in err
