"""Shapley values, interactions and sampled orders against closed forms; made-up runs; which groups are understood."""

import html
import itertools
import json
import math
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from abm.attribution.explain import CANNOT_TELL, LOWERS, NOTHING_DONE, RAISES, attributed
from abm.attribution.groups import EIGHT, SWITCHED, Group, left_alone, parse_groups, those_that_act
from abm.attribution.plan import Design, designed, last_news
from abm.attribution.question import TAKES_TWINS, asked
from abm.attribution.shapley import (
    contributions,
    interactions,
    on_the_way,
    orders,
    over_seeds,
    over_seeds_and_orders,
    shapley_values,
)
from abm.channels import CHANNELS
from abm.errors import InputError
from abm.report.attribution import answer, as_json, explanation_files, groups_table
from abm.scenario import load
from abm.sweep.plan import Plan

BASE = load()
GAMES = st.integers(1, 6).flatmap(
    lambda n: arrays.arrays(float, (2, 2**n), elements=st.floats(-1e5, 1e5, allow_nan=False, width=32))
)


def game(n: int, worth: Callable[[set[int]], float]) -> np.ndarray:
    """The worth of all coalitions by mask."""
    return np.array([worth({i for i in range(n) if mask >> i & 1}) for mask in range(2**n)], float)


def by_orders(worth: np.ndarray, n: int) -> np.ndarray:
    """Shapley values by their definition: what each adds, averaged over all orders."""
    added = np.zeros(n)
    for order in itertools.permutations(range(n)):
        mask = 0
        for i in order:
            added[i] += worth[mask | 1 << i] - worth[mask]
            mask |= 1 << i
    return added / math.factorial(n)


# ----------------------------------------------------------------------------------- closed forms
def test_in_an_additive_game_each_gets_what_it_brings_and_pairs_do_nothing() -> None:
    brought = [3.0, -1.5, 0.0, 7.25]
    worth = game(4, lambda players: 2.0 + sum(brought[i] for i in players))
    assert shapley_values(worth) == pytest.approx(brought, abs=1e-12)
    assert interactions(worth) == pytest.approx(np.zeros((4, 4)), abs=1e-12)


def test_a_unanimity_game_is_shared_by_those_it_needs() -> None:
    worth = game(5, lambda players: float({0, 2, 3} <= players))
    assert shapley_values(worth) == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3, 0], abs=1e-12)
    assert shapley_values(worth)[1] == shapley_values(worth)[4] == 0.0  # to the bit


def test_the_owner_of_the_scarce_glove_gets_two_thirds() -> None:
    worth = game(3, lambda players: float(min(len(players & {0}), len(players & {1, 2}))))
    assert shapley_values(worth) == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-12)


def test_a_game_of_two_who_need_each_other_has_an_interaction_of_one() -> None:
    for n in (2, 3, 6):
        index = interactions(game(n, lambda players: float({0, 1} <= players)))
        expected = np.zeros((n, n))
        expected[0, 1] = expected[1, 0] = 1.0
        assert index == pytest.approx(expected, abs=1e-12)
    assert interactions(game(2, lambda players: float(bool(players))))[0, 1] == pytest.approx(-1.0)  # one is enough


def test_interaction_in_a_unanimity_game_of_three() -> None:
    # Grabisch and Roubens (1999): 1 / (t - s + 1) for s of the t players that are needed
    index = interactions(game(4, lambda players: float({0, 1, 2} <= players)))
    assert index[0, 1] == index[1, 2] == pytest.approx(0.5)
    assert index[0, 3] == 0.0


@given(GAMES)
def test_parts_sum_to_the_whole_and_are_those_of_the_definition(worth: np.ndarray) -> None:
    found, n = shapley_values(worth), worth.shape[1].bit_length() - 1
    # relative to the largest number in the game: ours are shares and $bn
    scale = max(1.0, float(np.abs(worth).max()))
    assert found.sum(axis=1) / scale == pytest.approx((worth[:, -1] - worth[:, 0]) / scale, abs=1e-9)
    if n <= 4:
        assert found[0] / scale == pytest.approx(by_orders(worth[0], n) / scale, abs=1e-9)


@given(GAMES, st.data())
def test_who_never_changes_anything_gets_exactly_nought(worth: np.ndarray, data: st.DataObject) -> None:
    n = worth.shape[1].bit_length() - 1
    idle = data.draw(st.integers(0, n - 1))
    masks = np.arange(2**n)
    worth = worth[:, masks & ~(1 << idle)]
    assert (shapley_values(worth)[:, idle] == 0.0).all()
    assert (interactions(worth)[:, idle] == 0.0).all()


@given(GAMES)
def test_players_who_do_the_same_get_the_same(worth: np.ndarray) -> None:
    n = worth.shape[1].bit_length() - 1
    if n < 2:
        return
    masks = np.arange(2**n)
    swapped = masks & ~3 | (masks & 1) << 1 | (masks & 2) >> 1
    found = shapley_values(0.5 * (worth + worth[:, swapped]))
    assert found[:, 0] == pytest.approx(found[:, 1], rel=1e-9, abs=1e-6)


# ---------------------------------------------------------------------------------- sampled orders
def test_orders_come_with_their_reverses_and_pass_from_none_to_all() -> None:
    sampled = orders(7, 5, seed=1)
    assert sampled.shape == (10, 7)
    assert (sampled[1::2] == sampled[::2, ::-1]).all()
    assert (np.sort(sampled, axis=1) == np.arange(7)).all()
    way = on_the_way(sampled)
    assert (way[:, 0] == 0).all()
    assert (way[:, -1] == 127).all()
    assert (np.diff(np.bitwise_count(way), axis=1) == 1).all()


def sampled_of(worth: np.ndarray, pairs: int, seed: int) -> np.ndarray:
    sampled = orders(worth.shape[1].bit_length() - 1, pairs, seed)
    masks = np.unique(on_the_way(sampled))
    return contributions(worth[:, masks], masks, sampled)


@pytest.mark.parametrize("noise", [0.2, 5.0])  # what varies most: orders, or seeds
def test_sampled_orders_cover_the_exact_value_as_often_as_they_say(noise: float) -> None:
    random = np.random.default_rng(3)
    n, hits = 7, []
    for trial in range(60):
        truth = random.normal(size=2**n)
        exact = shapley_values(truth)
        seeds = truth + random.normal(scale=noise, size=(12, 2**n))
        added = sampled_of(seeds, 15, trial)
        # whatever is sampled, parts sum to the whole
        whole = seeds[:, -1] - seeds[:, 0]
        assert added.sum(axis=2) == pytest.approx(np.repeat(whole[:, None], 15, axis=1), abs=1e-9)
        for i in range(n):
            found = over_seeds_and_orders(added[:, :, i])
            assert found.low is not None
            assert found.high is not None
            hits.append(found.low <= exact[i] <= found.high)
    assert 0.92 <= np.mean(hits) <= 0.995  # said: 0.95, a little wide


def test_all_orders_give_the_exact_value() -> None:
    worth = np.random.default_rng(0).normal(size=(3, 16))
    forward = np.array(list(itertools.permutations(range(4))))
    pairs = np.stack((forward, forward[:, ::-1]), axis=1).reshape(-1, 4)
    found = contributions(worth, np.arange(16), pairs).mean(axis=1)
    assert found == pytest.approx(shapley_values(worth), abs=1e-12)


def test_one_order_or_one_seed_gives_no_interval() -> None:
    worth = np.random.default_rng(0).normal(size=(3, 16))
    assert over_seeds_and_orders(sampled_of(worth, 1, 0)[:, :, 0]).low is None
    assert over_seeds_and_orders(sampled_of(worth[:1], 4, 0)[:, :, 0]).low is None
    assert over_seeds([0.3], is_share=False).low is None


def test_a_share_that_is_the_same_on_few_seeds_is_not_certain() -> None:
    two, many = over_seeds([1.0, 1.0], is_share=True), over_seeds([1.0] * 100, is_share=True)
    assert two.sign == 1
    assert two.low is not None
    assert two.low < 0.5
    assert many.low is not None
    assert many.low > 0.95
    assert over_seeds([0.0, 0.0], is_share=True).low == 0.0
    assert over_seeds([1.0, 1.0], is_share=False).low == 1.0


# ----------------------------------------------------------------------------------------- groups
def test_the_eight_groups_hold_every_channel_but_ordinary_trading_once() -> None:
    held = [channel for channels in EIGHT.values() for channel in channels]
    assert sorted(held) == sorted(SWITCHED)
    assert len(EIGHT) == 8
    assert left_alone(parse_groups(None)) == ["ordinary_trading"]
    assert set(CHANNELS) - set(held) == {"ordinary_trading"}


def test_groups_are_read_as_they_may_be_written(tmp_path: Path) -> None:
    assert parse_groups("a=margin_calls, risk_limits;story,depth_spiral") == [
        Group("a", ("margin_calls", "risk_limits")),
        Group("story", EIGHT["story"]),
        Group("depth_spiral", ("depth_spiral",)),
    ]
    assert [group.name for group in parse_groups("each")] == list(SWITCHED)
    file = tmp_path / "mine.toml"
    file.write_text('[groups]\ncalls = ["margin_calls"]\nrest = ["redemptions", "interbank"]\n', "utf-8")
    assert parse_groups(str(file)) == [Group("calls", ("margin_calls",)), Group("rest", ("redemptions", "interbank"))]
    assert "margin_calls" not in left_alone(parse_groups("margins"))
    assert "interbank" in left_alone(parse_groups("margins"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("margin_cals", "did you mean margin_calls?"),
        ("a=ordinary_trading", "ordinary_trading is on in every coalition"),
        ("story,common_story", "common_story is in story and in common_story"),
        ("a=margin_calls;a=risk_limits", "a is given twice"),
        ("a=", "is no channel"),
        ("", "is no name of a group"),
        ("no such=margin_calls", "is no name of a group"),
        ("missing.toml", "does not exist"),
    ],
)
def test_other_groups_are_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_groups(text)
    assert said in str(refused.value)
    assert "allowed" in str(refused.value) or "did you mean" in str(refused.value)


def test_a_file_without_groups_is_refused(tmp_path: Path) -> None:
    for content in ("x = 1\n", "[groups]\n", "groups = 3\n", "[groups]\na = 'margin_calls'\n", "[[["):
        (tmp_path / "bad.toml").write_text(content, "utf-8")
        with pytest.raises(InputError, match="has no groups"):
            parse_groups(str(tmp_path / "bad.toml"))


# ------------------------------------------------------------------------------------------ plans
def test_all_coalitions_of_eight_groups_on_the_same_seeds() -> None:
    design = designed(BASE, parse_groups(None), asked("bank_capital_change"), 30)
    plan = design.plan
    assert (len(plan.points), plan.replications, plan.paired, plan.twins) == (256, 30, True, False)
    nothing, everything = plan.scenario_of(0), plan.scenario_of(255)
    assert [c for c in CHANNELS if getattr(nothing.channels, c)] == ["ordinary_trading"]
    assert everything.channels == BASE.channels
    one = plan.scenario_of(1 << 1).channels  # the second group alone
    assert [c for c in CHANNELS if getattr(one, c)] == ["ordinary_trading", *EIGHT["margins"]]
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert plan.base.run.ticks == BASE.spark.start + 1 + 500
    assert designed(BASE, parse_groups(None), asked("drawdown"), 30).runs_in("here") == design.runs_in("here")
    assert designed(BASE, parse_groups(None), asked("drawdown"), 20).runs_in("here") != design.runs_in("here")


def test_what_the_scenario_has_off_stays_off_and_is_no_player() -> None:
    off = BASE.replace(
        {"channels.margin_calls": False, "channels.depth_spiral": False, "channels.finite_buyers": False}
    )
    design = designed(off, parse_groups(None), asked("drawdown"), 2)
    assert [group.name for group in design.acting] == [name for name in EIGHT if name != "liquidity"]
    assert len(design.plan.points) == 128
    for point in (0, 1, 127):
        channels = design.plan.scenario_of(point).channels
        assert {channels.margin_calls, channels.depth_spiral, channels.finite_buyers} == {False}
    assert those_that_act(parse_groups("margin_calls"), off) == []
    with pytest.raises(InputError, match="all of their channels off"):
        designed(off, parse_groups("margin_calls"), asked("drawdown"), 2)


def test_beyond_twelve_groups_orders_are_sampled_and_fewer_may_be() -> None:
    many = designed(BASE, parse_groups("each"), asked("drawdown"), 2)
    assert many.sampled is not None
    assert many.sampled.shape == (50, 23)
    assert len(many.masks) <= 50 * 22 + 2
    few = designed(BASE, parse_groups(None), asked("drawdown"), 2, permutations=5)
    assert few.sampled is not None
    assert len(few.sampled) == 6
    assert (few.masks[0], few.masks[-1]) == (0, 255)
    assert few.plan.scenario_of(len(few.masks) - 1).channels == BASE.channels


def test_runs_end_500_days_after_the_last_news() -> None:
    slow = BASE.replace({"spark.days": 250, "run.ticks": 900})
    assert last_news(slow) == 289
    assert designed(slow, parse_groups("story"), asked("drawdown"), 1).plan.base.run.ticks == 790
    short = BASE.replace({"run.ticks": 60})
    assert designed(short, parse_groups("story"), asked("drawdown"), 1).plan.base.run.ticks == 60
    later = BASE.replace({"actions": [{"kind": "shock", "tick": 100, "market": "crypto", "total": 0.1, "days": 3}]})
    assert last_news(later) == 102


def test_a_scenario_that_switches_channels_itself_is_refused() -> None:
    timed = BASE.replace({"actions": [{"kind": "switch", "tick": 9, "channel": "margin_calls", "on": False}]})
    with pytest.raises(InputError, match="switches margin_calls on day 9"):
        designed(timed, parse_groups(None), asked("drawdown"), 1)
    designed(timed, parse_groups("story"), asked("drawdown"), 1)


# -------------------------------------------------------------------------------------- questions
def test_only_what_hangs_on_the_world_without_news_takes_twins() -> None:
    for text in (
        "acceleration",
        "amplification",
        "bank_capital_change",
        "verdict_financial=banking_crisis",
        "breakdown_or_crisis",
    ):
        assert not asked(text).twins, text
    for text in ("acceleration>0.1", "verdict_financial=calm", "verdict_real=recession"):
        assert asked(text).twins, text
    assert asked("bank_capital_change_vs_no_news").twins
    assert set(TAKES_TWINS) > {"acceleration", "verdict_real", "output_shortfall"}


@pytest.mark.parametrize("text", ["nonsense", "verdict_real", "no_news_drawdown", "all_off_drawdown", "speed=fast"])
def test_other_outcomes_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"allowed|did you mean"):
        asked(text)


def test_acceleration_and_amplification_differ_by_what_cancels() -> None:
    runs = pl.DataFrame({"status": ["ok"] * 2, "worst_20_day_share": [0.4, 0.7], "drawdown": [0.3, 0.5]})
    assert asked("acceleration").values(runs).tolist() == [0.4, 0.7]
    assert asked("amplification").values(runs) == pytest.approx([-math.log(0.7), math.log(2.0)])


# --------------------------------------------------------------------------------- made-up runs
def runs_of(design: Design, key: str, worth: Callable[[set[str], int], float | str | None]) -> pl.DataFrame:
    """Finished runs in which the outcome is what a function of the groups that are on, and the seed, says."""
    rows = []
    for row in map(design.plan.row, range(design.plan.n_runs)):
        mask = int(design.masks[row.point])
        on = {group.name for place, group in enumerate(design.acting) if mask >> place & 1}
        found = worth(on, row.seed)
        rows.append(
            {"row": row.number, "point": row.point, "seed": row.seed, "status": "failed" if found is None else "ok"}
            | {key: found}
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def lost(on: Iterable[str], seed: int) -> float:
    """Margins cost 4 points, story 2, the two together 6 more; on odd seeds crypto helps as much as it else harms."""
    on = set(on)
    together = -0.06 * ({"story", "margins"} <= on)
    return (
        0.1
        + 0.01 * seed
        - 0.04 * ("margins" in on)
        - 0.02 * ("story" in on)
        + together
        + (0.01 * (-1) ** seed * ("crypto" in on))
    )


def test_made_up_runs_are_attributed_and_told(tmp_path: Path) -> None:
    design = designed(BASE, parse_groups("story,margins,crypto,dealers"), asked("bank_capital_change"), 6)
    found = attributed(design, runs_of(design, "bank_capital_change", lost), tmp_path / "a blank")
    parts = dict(found.shapley.select("group", "value").iter_rows())
    assert parts == pytest.approx({"margins": -0.07, "story": -0.05, "crypto": 0.0, "dealers": 0.0}, abs=1e-12)
    said = dict(found.shapley.select("group", "said").iter_rows())
    assert said == {"margins": LOWERS, "story": LOWERS, "crypto": CANNOT_TELL, "dealers": NOTHING_DONE}
    assert found.shapley["group"].to_list()[:2] == ["margins", "story"]
    assert parts["dealers"] == 0.0
    assert found.together is not None
    first = found.together.row(0, named=True)
    assert {first["first"], first["second"]} == {"story", "margins"}
    assert first["value"] == pytest.approx(-0.06)
    assert set(found.together["said"][1:]) == {NOTHING_DONE}  # rounding is not an effect
    sentence = answer(found)
    assert sentence.startswith("Banks' capital at the end is 12.0 points lower than with the news alone")
    assert "“Margin calls and risk limits” (-7.0 points)" in sentence
    assert "dealers" not in sentence
    plain = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert sum(plain["shapley"].values()) == pytest.approx(plain["total"], abs=1e-9)
    assert plain["shapley"]["dealers"] == 0.0
    assert (plain["seeds"], plain["seeds_used"], plain["coalitions"], plain["method"]) == (6, 6, 16, "exact")
    assert plain["as_in_the_scenario"][0] == "ordinary_trading"
    files = explanation_files(found)
    assert set(files) == {
        *("report.html", "explanation.json", "shapley.parquet", "interactions.parquet", "coalitions.parquet"),
        *("figures/waterfall.svg", "figures/waterfall.png"),
    }
    page = files["report.html"].decode()
    assert "6 paired seeds" in page
    assert "-7.00 points" in page
    assert f"powderkeg run --from {shlex.quote(found.runs.as_posix())} --row 95" in html.unescape(page)
    assert found.coalitions.height == 96
    assert found.coalitions.filter(pl.col("row") == 95).select("story", "margins").row(0) == (True, True)


def test_seeds_with_a_gap_are_left_out_and_said_to_be() -> None:
    design = designed(BASE, parse_groups("story,margins"), asked("bank_capital_change"), 4)
    runs = runs_of(design, "bank_capital_change", lambda on, seed: None if seed == 2 and not on else lost(on, seed))
    found = attributed(design, runs, Path("runs"))
    assert found.seeds == 3
    assert found.total.mean == pytest.approx(-0.12)
    assert "1 seeds are left out" in explanation_files(found)["report.html"].decode()
    with pytest.raises(InputError, match="no seed has bank_capital_change in all its runs"):
        attributed(design, runs_of(design, "bank_capital_change", lambda on, _: None if not on else 1.0), Path("runs"))


def test_what_cannot_be_told_is_not_told() -> None:
    design = designed(BASE, parse_groups("story,margins"), asked("forced_sales_bn"), 4)
    noisy = runs_of(design, "forced_sales_bn", lambda on, seed: (-1.0) ** seed * len(on))
    assert "cannot be told from 4 seeds" in answer(attributed(design, noisy, Path("runs")))
    still = runs_of(design, "forced_sales_bn", lambda _, seed: float(seed))
    assert "is the same with all channels" in answer(attributed(design, still, Path("runs")))
    sold = runs_of(design, "forced_sales_bn", lambda on, seed: (90.0 + seed) * ("margins" in on))
    found = attributed(design, sold, Path("runs"))
    assert answer(found).startswith("What has to be sold is $91.5 bn higher than with the news alone: above all by")
    assert groups_table(found).rows[0][2:4] == ("+$91.5 bn", "+$89.4 to +$93.6 bn")
    alone = designed(BASE, parse_groups("story,margins"), asked("forced_sales_bn"), 1)
    found = attributed(alone, runs_of(alone, "forced_sales_bn", lambda on, _: float(len(on))), Path("runs"))
    assert "no interval from one seed" in answer(found)
    assert found.shapley["low"].to_list() == [None, None]
    assert as_json(found)["shapley_low"] == {"story": None, "margins": None}


def test_breakdowns_and_crises_count_together() -> None:
    design = designed(BASE, parse_groups("story,margins"), asked("breakdown_or_crisis"), 8)
    labels = ("calm", "market_breakdown", "banking_crisis")
    found = attributed(design, runs_of(design, "verdict_financial", lambda on, _: labels[len(on)]), Path("runs"))
    assert (found.empty.mean, found.full.mean) == (0.0, 1.0)
    assert (found.empty.low, found.full.high) == (0.0, 1.0)
    assert found.empty.high is not None
    assert 0.3 < found.empty.high < 0.35  # none of eight seeds: Wilson's interval, not a certainty
    assert (found.total.mean, found.total.high) == (1.0, 1.0)
    assert found.shapley["value"].to_list() == [0.5, 0.5]
    assert set(found.shapley["said"]) == {RAISES}


def test_sampled_orders_are_told_with_intervals_and_without_pairs() -> None:
    design = designed(BASE, parse_groups(None), asked("bank_capital_change"), 4, permutations=20)
    found = attributed(design, runs_of(design, "bank_capital_change", lost), Path("runs"))
    parts = dict(found.shapley.select("group", "value").iter_rows())
    assert sum(parts.values()) == pytest.approx(found.total.mean, abs=1e-9)
    assert parts["margins"] == pytest.approx(-0.07, abs=1e-9)  # an order and its reverse share a pair's surplus evenly
    assert parts["banks"] == 0.0
    assert found.together is None
    assert as_json(found)["interactions"] is None
    assert (as_json(found)["orders"], as_json(found)["method"]) == (20, "sampled orders")
    assert "Castro" in explanation_files(found)["report.html"].decode()
