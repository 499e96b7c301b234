"""`powderkeg explain` on runs of a small world: what does nothing gets nought, and nothing is run twice."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from worlds import SMALL, crash_world

from abm.attribution.explain import NOTHING_DONE
from abm.attribution.question import TAKES_TWINS, asked
from abm.experiments.one_run import ticks_of, twin_scenarios
from abm.outcome.summary import Summary, summarise
from abm.scenario import Scenario
from abm.sweep import local, needs
from abm.sweep.folder import open_sweep

pytestmark = pytest.mark.slow

WORLD = {**SMALL, "run.ticks": 45, "spark.total": 0.6, "funds.leverage": 2.5}
SETS = [part for path, value in WORLD.items() for part in ("--set", f"{path}={value}")]
ASKED = ("explain", *SETS, "--groups", "calls=margin_calls,risk_limits;depth_spiral;interbank", "--workers", "1")
Call = Callable[..., tuple[int, str, str]]


def test_a_small_world_is_explained_and_asked_again_without_a_run(
    powderkeg: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = powderkeg(*ASKED, "--seeds", "2", "--outcome", "forced_sales_bn", "--out", "why", "--json")
    assert code == 0, err
    assert "3 groups, 8 coalitions, 2 paired seeds: 16 runs of 45 days" in err
    assert "16 are left: about" in err
    found = json.loads(out)
    assert set(found["shapley"]) == {"calls", "depth_spiral", "interbank"}
    assert abs(sum(found["shapley"].values()) - found["total"]) < 1e-9
    assert found["total"] == found["everything"] - found["news_alone"] != 0.0
    # no bank fails within these days, so that what failed banks owe each other does nothing, to the bit
    assert found["shapley"]["interbank"] == found["shapley_low"]["interbank"] == 0.0
    assert found["said"]["interbank"] == NOTHING_DONE
    assert found["shapley"]["calls"] != 0.0
    assert {"redemptions", "ordinary_trading"} < set(found["as_in_the_scenario"])
    assert not {"interbank", "margin_calls"} & set(found["as_in_the_scenario"])
    assert json.loads((tmp_path / "why" / "explanation.json").read_text("utf-8")) == found
    runs = open_sweep(tmp_path / found["runs"]).runs
    coalitions = pl.read_parquet(tmp_path / "why" / "coalitions.parquet")
    assert coalitions.select("row", "seed").equals(runs.select("row", "seed"))
    assert coalitions["outcome"].to_list() == runs["forced_sales_bn"].to_list()
    assert coalitions["calls"].equals(runs["channels.risk_limits"].rename("calls"))

    def refuse(*_args: object) -> None:
        raise AssertionError("a run was made again")

    monkeypatch.setattr(local, "Worker", refuse)
    monkeypatch.setattr(needs, "finish", refuse)
    code, out, err = powderkeg(*ASKED, "--seeds", "2", "--outcome", "forced_sales_bn", "--out", "why", "--json")
    assert (code, json.loads(out)) == (0, found), err
    assert "all of them are there" in err
    # another outcome is read off the same runs
    code, out, err = powderkeg(*ASKED, "--seeds", "2", "--outcome", "drawdown", "--out", "why")
    assert code == 0, err
    assert "The largest fall of AI equity" in out
    assert "Why it happened" in (tmp_path / "why" / "report.html").read_text("utf-8")


def test_any_run_behind_the_numbers_is_repeated_to_the_bit(powderkeg: Call) -> None:
    alone = (*ASKED[:-4], "--groups", "depth_spiral", "--workers", "1", "--seeds", "1")
    code, out, err = powderkeg(*alone, "--out", "why", "--json")
    assert code == 0, err
    code, _, err = powderkeg("run", "--from", json.loads(out)["runs"], "--row", "0", "--out", "again")
    assert code == 0
    assert "all outcomes have the bits that they have in the sweep" in err


def test_what_it_would_take_is_said_without_running_it(powderkeg: Call, tmp_path: Path) -> None:
    code, out, err = powderkeg(*ASKED, "--dry-run", "--outcome", "verdict_financial=calm", "--out", "why")
    assert (code, out) == (0, "")
    assert "240 runs of 45 days with their three twins, which this outcome needs" in err
    assert "s a run" in err
    assert not (tmp_path / "why").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--outcome", "losses"), "outcome = 'losses': losses is no key of the summary"),
        (("--groups", "margin"), "--groups: 'margin' is no channel"),
        (("--seeds", "0"), "--seeds"),
        (("--permutations", "0"), "--permutations"),
        (("no_such_scenario",), "no_such_scenario"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(powderkeg: Call, arguments: tuple, said: str) -> None:
    code, out, err = powderkeg("explain", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def summaries(scenario: Scenario, seed: int) -> tuple[Summary, Summary]:
    """Without twins, and with them."""
    ticks = ticks_of(scenario, seed)
    twins = {name: ticks_of(twin, seed) for name, twin in twin_scenarios(scenario).items()}
    return summarise(ticks, scenario=scenario), summarise(ticks, **twins, scenario=scenario)


def test_what_differs_with_the_twins_is_known_to_take_them() -> None:
    world = crash_world()
    alone, measured = summaries(world, 0)
    keys = [key for key, _, _ in Summary.describe()]
    differing = {key for key in keys if getattr(alone, key) != getattr(measured, key)}
    assert differing <= set(TAKES_TWINS)
    assert {"acceleration", "amplification_bank_capital_bn", "output_shortfall", "no_news_drawdown"} <= differing
    assert set(TAKES_TWINS) <= set(keys)


def test_the_all_off_twin_is_the_same_for_every_coalition() -> None:
    world = crash_world()
    less = world.replace({"channels.margin_calls": False, "channels.redemptions": False})
    assert twin_scenarios(world)["all_off"].digest == twin_scenarios(less)["all_off"].digest
    assert twin_scenarios(world)["no_news"].digest != twin_scenarios(less)["no_news"].digest
    (alone, measured), (less_alone, less_measured) = summaries(world, 0), summaries(less, 0)
    for text in ("acceleration", "amplification"):
        with_twins = getattr(measured, text) - getattr(less_measured, text)
        runs = [{"status": "ok", **of.to_dict()} for of in (alone, less_alone)]
        first, second = asked(text).values(pl.DataFrame(runs, infer_schema_length=None))
        assert first - second == pytest.approx(with_twins, abs=1e-12)
        assert first != second
