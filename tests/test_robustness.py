"""Robustness: which worlds are looked at, and when a claim is said to hold in one."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from abm.cli import main
from abm.economy import Economy
from abm.evidence.assumed import assumed, draws
from abm.evidence.robustness import claims, plans, run
from abm.scenario import load
from abm.sweep.plan import Plan

BASE = load()
NUMBERS = assumed(BASE)


def test_assumed_numbers_are_those_whose_source_says_so() -> None:
    paths = [number.path for number in NUMBERS]
    assert len(paths) > 200
    assert "spark.total" in paths
    assert not {"spark.days", "run.ticks", "funds.leverage", "markets.notes.capitalisation"} & set(paths)
    for number in NUMBERS:
        assert BASE.quantity(number.path).source.startswith("assumed")
        assert number.low <= number.value <= number.high
        assert number.low < number.high


def test_ranges_are_half_and_double_within_what_is_allowed() -> None:
    of = {number.path: number for number in NUMBERS}
    assert (of["spark.total"].low, of["spark.total"].high) == (0.25, 1.0)
    assert of["narrative.believers"].high == 1.0  # a share: 1.8 is not allowed
    assert of["margin.grace_days"].at(2.4) == 2


def test_draws_fill_every_range_evenly_and_make_worlds() -> None:
    many = 50
    worlds = draws(NUMBERS, many, seed=1)
    place = next(k for k, number in enumerate(NUMBERS) if number.path == "spark.total")
    logs = np.log2([float(world[place]) / NUMBERS[place].value for world in worlds])
    assert sorted(np.floor((logs + 1.0) / 2.0 * many)) == list(range(many))  # one in each fiftieth of the range
    assert worlds == draws(NUMBERS, many, seed=1)
    assert worlds != draws(NUMBERS, many, seed=2)
    BASE.replace({number.path: value for number, value in zip(NUMBERS, worlds[0], strict=True)})


@pytest.mark.slow
def test_plans_are_those_that_were_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (plans.DRAWS, plans.SEEDS_OF_DRAW, len(plans.CORNERS)) == (200, 4, 4)
    monkeypatch.setattr(plans, "DRAWS", 6)
    maps = plans.variants(BASE)
    assert [variant.plan.n_runs for variant in maps] == [500] * 5
    screen, many = plans.screened(BASE, NUMBERS), plans.drawn(BASE, NUMBERS)
    assert screen.n_runs == (1 + 2 * len(NUMBERS)) * plans.SEEDS_OF_SCREEN
    assert many.n_runs == 6 * 4 * 4
    small = plans.of_number(BASE, NUMBERS[0])
    assert [variant.plan.n_runs for variant in small] == [90, 90]
    without = plans.without_one_market(BASE)
    assert [variant.plan.n_runs for variant in without] == [90] * 4
    assert without[2].plan.base.markets.notes.impact_multiplier == 0.0
    for plan in (*(variant.plan for variant in (*maps, *small, *without)), screen, many):
        assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
        plan.scenario_of(0)
        plan.scenario_of(len(plan.points) - 1)


@pytest.mark.slow
def test_drawn_worlds_that_contradict_themselves_are_drawn_anew() -> None:
    held = next(number for number in NUMBERS if number.path == "crypto.held")
    too_much = held._replace(high=10 * held.value)
    worlds = plans.openable(BASE, [too_much], 6)
    first = plans.draws([too_much], 6, plans.DRAWS_SEED)
    assert len(worlds) == 6
    assert [world for world in first if world in worlds] != first
    Economy(BASE.replace({"crypto.held": max(worlds)[0]}), 0)


def test_other_worlds_differ_in_what_they_are_named_for() -> None:
    shipped, root, half, double, other = (variant.plan for variant in plans.variants(BASE))
    assert root.base.markets.ai_equity.impact == root.base.markets.notes.impact == "square_root"
    counts = [plan.base.funds.count + plan.base.crypto.holders for plan in (half, shipped, double)]
    assert counts == [2750, 5500, 11000]
    assert not {shipped.row(k).seed for k in range(500)} & {other.row(k).seed for k in range(500)}
    at_edge = plans.screened(BASE, NUMBERS).scenario_of(0)
    assert (at_edge.funds.leverage, at_edge.spark.days, at_edge.spark.total) == (2.0, 1, BASE.spark.total)
    assert plans.screened(BASE, NUMBERS).scenario_of(1).replace({"spark.total": 0.5}) == at_edge


def world(broken: dict[tuple[int, float], float], seeds: int = 20) -> pl.DataFrame:
    """Runs of a map on which a given share of seeds, the first ones, breaks down at each corner."""
    rows = [
        {plans.DAYS: days, plans.LEVERAGE: leverage, "seed": seed, "broken": float(seed < share * seeds)}
        for (days, leverage), share in broken.items()
        for seed in range(seeds)
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize(
    ("low", "high", "slow_low", "slow_high", "holding"),
    [
        (0.0, 1.0, 0.0, 0.0, {"contained today", "leverage decides", "speed decides", "it takes both"}),
        (0.0, 1.0, 0.0, 1.0, {"contained today", "leverage decides"}),
        (1.0, 1.0, 0.0, 0.0, {"speed decides"}),
        (0.5, 1.0, 0.0, 0.5, {"leverage decides", "speed decides"}),
        (0.0, 0.05, 0.0, 0.0, {"contained today"}),  # one seed of twenty is luck
    ],
)
def test_a_claim_holds_where_its_whole_interval_lies_above_nought(
    low: float, high: float, slow_low: float, slow_high: float, holding: set[str]
) -> None:
    shares = (low, high, slow_low, slow_high)
    rows = claims.judged("here", world(dict(zip(plans.CORNERS, shares, strict=True))))
    assert {row["claim"] for row in rows if row["holds"]} == holding


def test_runs_that_failed_are_left_out_with_their_pairs() -> None:
    runs = world(dict.fromkeys(plans.CORNERS, 0.0), seeds=4)
    runs = runs.with_columns(pl.when(pl.col("seed") == 2).then(None).otherwise(pl.col("broken")).alias("broken"))
    assert [row["n"] for row in claims.judged("here", runs)] == [3, 3, 3, 3]


def test_variance_is_split_into_numbers_and_seeds() -> None:
    random = np.random.default_rng(0)
    share = random.uniform(size=4000)  # of worlds: their means vary by 1/12, and seeds by mean p (1 - p) = 1/6
    broken = (random.uniform(size=(4000, 4)) < share[:, None]).astype(float)
    rows = [
        {"point": 4 * w + c, plans.DAYS: days, plans.LEVERAGE: leverage, "seed": s, "broken": broken[w, s]}
        for w in range(4000)
        for c, (days, leverage) in enumerate(plans.CORNERS)
        for s in range(4)
    ]
    found = claims.split(claims.by_world(pl.DataFrame(rows)))
    assert found["of_numbers"].to_list() == pytest.approx([1 / 12] * 4, rel=0.08)
    assert found["of_seeds"].to_list() == pytest.approx([1 / 6] * 4, rel=0.05)


def test_the_screen_puts_first_what_moves_losses_most() -> None:
    three = NUMBERS[:3]
    losses = [10.0, 10.0, 10.0, 5.0, 40.0, 9.0, 10.0]  # at the edge, then low and high of each
    rows = [
        {"point": point, "seed": seed, "lender_losses_bn": loss + seed, "broken": float(loss > 20)}
        for point, loss in enumerate(losses)
        for seed in range(3)
    ]
    found = claims.ranked(pl.DataFrame(rows), three)
    assert found["path"].to_list() == [three[1].path, three[2].path, three[0].path]
    assert found["breakdowns_high"].to_list() == [1.0, 0.0, 0.0]
    assert found["largest"][2] == 0.0


@pytest.mark.slow
def test_all_of_it_runs_and_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "TICKS", 45)
    monkeypatch.setattr(plans, "DRAWS", 2)
    monkeypatch.setattr(run, "MOST", 1)
    monkeypatch.setattr(run, "assumed", lambda _base: NUMBERS[:2])
    shipped = plans.variants
    monkeypatch.setattr(run, "variants", lambda base: shipped(base)[:2])
    monkeypatch.setattr(run, "without_one_market", lambda base: plans.without_one_market(base)[:1])
    few = [1, 250], [1.0, 3.0]
    whole = plans.mapped
    monkeypatch.setattr(
        plans,
        "mapped",
        lambda name, base, changes=None, *_, first_seed=0: whole(
            name, base.replace({"crypto.holders": 50}), changes, *few, 2, first_seed
        ),
    )
    out = tmp_path / "out"
    said: list[tuple[str, int]] = []
    found = run.robustness(out, BASE, workers=1, report=lambda name, now: said.append((name, now.done)))
    assert {name for name, _ in said} >= {"screen", "draws", "as_shipped", "root_law", "without_ai_equity"}
    assert found.claims["variant"].n_unique() == 2 + 1 + 2 + 1
    said.clear()
    again = run.robustness(out, BASE, workers=1, report=lambda name, now: said.append((name, now.done)))
    assert not said
    assert again.claims.equals(found.claims)
    assert main(["robustness", "--out", str(out), "--quiet"]) == 0
    assert "holds in" in (out / "report.html").read_text("utf-8")
    assert {"maps.parquet", "claims.parquet", "robustness.json"} <= {file.name for file in out.iterdir()}
