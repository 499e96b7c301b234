"""What policies buy, on runs that are made up: changes, pairs, side effects, sizes, delays and booms that are known."""

import json
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from synthetic_sweep import runs_of

from abm.alternatives.answer import Answer, ask_all, parse_parts
from abm.alternatives.compare import CALM, HIGHER, LESS_THAN, LOWER, MORE_THAN, SAME, THE_SUM, Comparison, compared
from abm.alternatives.delays import DAYS, delayed, late_plans
from abm.alternatives.expected import BOOM, boom, expected, expected_plan
from abm.alternatives.measures import BREAKDOWN, COST, CRISIS, LOSSES, QUIET, SIDE
from abm.alternatives.plan import NONE, designed, label_of, name_of, parse_policies, without_policies
from abm.alternatives.sizes import (
    FOUND,
    NOT_WITHIN,
    PURCHASE_DAYS,
    SIZES,
    UNSURE,
    chosen_sizes,
    edge_question,
    size_question,
    sized,
)
from abm.attribution.explain import CANNOT_TELL
from abm.distance.question import Question
from abm.distance.search import ALREADY_OVER, NOT_REACHED, QUIET_OVER
from abm.errors import InputError
from abm.policy import POLICIES
from abm.report.policy import as_json, delays_picture, policy_files
from abm.report.policy_words import answer, delays_words, expected_words, sizes_words
from abm.scenario import load

BASE = load()
SEEDS = 12
THREE = ("leverage_cap", "note_purchases", "lending")
Made = Callable[[set[str], int], dict[str, Any]]  # policies in force and seed → the summary


def made(design_of: Any, outcome: Made) -> pl.DataFrame:
    """The runs of a plan, by which policies are on and the seed."""

    def of(values: dict[str, Any], seed: int, _row: int) -> dict[str, Any]:
        on = {path.split(".")[1] for path, value in values.items() if value}
        zero = {one.name: 0.0 for one in SIDE} | {"verdict_financial": "calm", "lender_losses_bn": 0.0}
        zero |= dict.fromkeys(
            ("public_cost_bn", "policy_gain_on_notes_bn", "policy_bought_bn", "policy_lent_bn", "policy_closings"), 0
        )
        return zero | {"policy_sold_under_cap_bn": 0.0} | outcome(on, seed)

    return runs_of(design_of, of)


def quiet(design: Any, lost: float = 0.0) -> pl.DataFrame:
    """Quiet times in which output is lower by so much under the cap."""
    rows = [design.quiet.row(number) for number in range(design.quiet.n_runs)]
    capped = [bool(row.values["policy.leverage_cap.on"]) for row in rows]
    table = {one.name: [0.01 * row.seed for row in rows] for one in QUIET}
    table["output"] = [0.01 * row.seed - lost * on for row, on in zip(rows, capped, strict=True)]
    places = {"row": [row.number for row in rows], "seed": [row.seed for row in rows]}
    return pl.DataFrame(places | {"status": ["ok"] * len(rows)} | table)


def found_of(outcome: Made, lost: float = 0.0, seeds: int = SEEDS, policies: Sequence[str] = THREE) -> Comparison:
    design = designed(BASE, policies, seeds)
    return compared(design, made(design.news, outcome), quiet(design, lost))


def noise(seed: int) -> float:
    return float(np.random.default_rng(seed).normal())


def losses(on: set[str], seed: int) -> dict[str, Any]:
    """The cap saves 100, purchases 50, both together 20 less than the sum, lending with the cap 30 more; all of 500."""
    saved = 100.0 * ("leverage_cap" in on) + 50.0 * ("note_purchases" in on)
    saved += -20.0 * ({"leverage_cap", "note_purchases"} <= on) + 30.0 * ({"leverage_cap", "lending"} <= on)
    broken = "market_breakdown" if seed < 9 - 6 * ("leverage_cap" in on) else "calm"
    own = 100.0 * noise(seed) + 0.5 * noise(seed + 1000 * sum(2 ** POLICIES.index(name) for name in on) + 7)
    return {
        "dealer_losses_bn": 500.0 + own - saved,
        "lender_losses_bn": 500.0 + own - saved,
        "verdict_financial": broken,
        "policy_gain_on_notes_bn": -7.0 * ("note_purchases" in on),
    }


# ------------------------------------------------------------------------------------------ which worlds
def test_none_each_alone_and_all_pairs_on_the_same_seeds_with_the_news_and_without() -> None:
    design = designed(BASE.replace({"policy.lending.on": True}), POLICIES, 20)
    assert len(design.alternatives) == 1 + 10 + 45
    assert design.news.points == design.quiet.points
    assert design.news.paired
    assert design.quiet.paired
    assert design.news.n_runs == design.quiet.n_runs == 56 * 20
    bare, last = design.news.scenario_of(0), design.news.scenario_of(55)
    assert not any(getattr(bare.policy, name).on for name in POLICIES)  # what the scenario has on is off too
    assert [name for name in POLICIES if getattr(last.policy, name).on] == ["lending", "deposit_guarantee"]
    assert (bare.spark.total, design.quiet.scenario_of(0).spark.total) == (BASE.spark.total, 0.0)
    assert design.news.base.run.ticks == design.quiet.base.run.ticks == BASE.spark.start + 501


def test_a_policy_that_is_not_asked_about_is_off() -> None:
    lending = BASE.replace({"policy.lending.on": True})
    assert not designed(lending, ["firewall"], 2).news.scenario_of(1).policy.lending.on


def test_worlds_without_news_and_with_decrees_are_refused() -> None:
    with pytest.raises(InputError, match="has no news"):
        designed(load("quiet"), POLICIES, 2)
    decreed = BASE.replace({"actions": [{"kind": "policy", "tick": 9, "policy": "lending", "on": True}]})
    with pytest.raises(InputError, match="switches lending on day 9"):
        designed(decreed, POLICIES, 2)


def test_without_an_intervention_nothing_can_be_late_or_expected() -> None:
    assert ask_all(BASE, ["firewall"], seeds=2).parts == ("alternatives", "sizes")
    with pytest.raises(InputError, match="allowed with one of note_purchases, lending, deposit_guarantee"):
        ask_all(BASE, ["firewall"], ["delays"])


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (parse_policies, "lendin", "did you mean lending"),
        (parse_policies, "lending,lending", "lending is given twice"),
        (parse_policies, "", "is no policy"),
        (parse_parts, "size", "is no part; allowed are alternatives, sizes, delays, expected"),
    ],
)
def test_what_cannot_be_asked_is_refused(read: Callable[[str], Any], text: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        read(text)


def test_a_world_is_called_by_what_is_changed_in_it() -> None:
    assert label_of(BASE) == "us_late_2025"
    changed = without_policies(BASE.replace({"funds.leverage": 2.4}))
    assert label_of(changed) == "us_late_2025 with funds.leverage = 2.4"


# ------------------------------------------------------------------------------------------ paired changes
def test_changes_are_paired_so_that_what_seeds_share_cancels() -> None:
    found = found_of(losses)
    cap, lending = (found.effect(name, LOSSES) for name in ("leverage_cap", "lending"))
    assert cap["change"] == pytest.approx(-100.0, abs=1.0)
    assert cap["change_low"] < cap["change"] < cap["change_high"] < -98.0  # seeds differ by a hundred
    assert (cap["said"], cap["seeds"]) == (LOWER, SEEDS)
    assert lending["said"] == CANNOT_TELL
    broken = found.effect("leverage_cap", BREAKDOWN)
    assert (broken["none"], broken["value"], broken["change"]) == (0.75, 0.25, -0.5)
    assert found.effect("lending", CRISIS)["said"] == SAME
    public = found.effect("note_purchases", COST[0].name)
    assert (public["change"], public["said"]) == (7.0, HIGHER)
    said = answer(found)
    assert "75 % of 12 seeds break down" in said
    assert "1 of 3 surely avoids breakdowns, “leverage cap” most: -50.0 points" in said
    assert "There are no banking crises to avoid." in said
    assert "“leverage cap + lending” (-130" in said


def test_pairs_are_held_against_the_sum_of_both_alone() -> None:
    found = found_of(losses)
    rows = {(row["first"], row["second"]): row for row in found.together.filter(pl.col("outcome") == LOSSES).to_dicts()}
    less, more, same = rows[THREE[:2]], rows[("leverage_cap", "lending")], rows[("note_purchases", "lending")]
    assert (less["beyond"], less["said"]) == (pytest.approx(-20.0, abs=1.5), LESS_THAN)
    assert (more["beyond"], more["said"]) == (pytest.approx(30.0, abs=1.5), MORE_THAN)
    assert (same["beyond"], same["said"]) == (pytest.approx(0.0, abs=1.5), CANNOT_TELL)
    assert less["together"] == pytest.approx(less["sum"] + less["beyond"])
    crises = found.together.filter(pl.col("outcome") == CRISIS)
    assert set(crises["said"]) == {THE_SUM}


def test_where_less_is_worse_what_is_avoided_has_its_sign_turned() -> None:
    found = found_of(lambda on, seed: {"output_lowest": -0.05 + 0.01 * len(on) + 0.001 * noise(seed)})
    row = found.together.filter(pl.col("outcome") == "output_lowest").row(0, named=True)
    assert (row["together"], row["sum"]) == (pytest.approx(0.02), pytest.approx(0.02))
    assert found.effect("lending", "output_lowest")["change"] == pytest.approx(0.01)


def test_a_world_in_which_nothing_breaks_has_nothing_to_avoid() -> None:
    found = found_of(lambda _on, seed: {"lender_losses_bn": 300.0 + noise(seed)})
    assert found.nothing_breaks
    said = answer(found)
    assert said.startswith("us_late_2025: nothing to avoid. Without a policy no run of 12 seeds")
    assert "at most 24 % of seeds" in said  # Wilson: none of twelve
    assert "which policy saves any of it cannot be told" in said


def test_one_seed_tells_nothing() -> None:
    found = found_of(losses, seeds=1)
    row = found.effect("leverage_cap", LOSSES)
    assert (row["change_low"], row["change_high"], row["said"]) == (None, None, CANNOT_TELL)
    assert found.side_effects.is_empty()


def test_a_run_that_failed_is_left_out_of_its_pair_alone() -> None:
    found = found_of(lambda on, seed: {"reason": "broken"} if on == {"lending"} and seed < 3 else losses(on, seed))
    assert found.effect("lending", LOSSES)["seeds"] == SEEDS - 3
    assert found.effect("leverage_cap", LOSSES)["seeds"] == SEEDS
    pair = found.together.filter((pl.col("outcome") == LOSSES) & (pl.col("second") == "lending"))
    assert set(pair["seeds"]) == {SEEDS - 3}
    with pytest.raises(InputError, match="12 runs failed"):
        found_of(lambda on, seed: {"reason": "broken"} if not on else losses(on, seed))


def test_what_quiet_times_lose_is_measured_without_the_news() -> None:
    found = found_of(losses, lost=0.002)
    assert found.effect("leverage_cap", "output", CALM)["change"] == pytest.approx(-0.002)
    assert found.effect("lending", "output", CALM)["said"] == SAME


# ------------------------------------------------------------------------------------------ side effects
def test_only_what_surely_gets_worse_is_a_side_effect() -> None:
    def outcome(on: set[str], seed: int) -> dict[str, Any]:
        own = noise(1000 * seed + len(on) + 7 * ("lending" in on))
        return {
            "forced_sales_worst_day_bn": 100.0 + 40.0 * ("leverage_cap" in on) + own,  # worse
            "broad_drawdown": 0.4 - 0.1 * ("leverage_cap" in on) + 0.001 * own,  # better
            "depth_min": 0.5 - 0.2 * ("note_purchases" in on) + 0.001 * own,  # worse: less of it
            "redemptions_bn": 10.0 + own,  # chance
        }

    table = found_of(outcome).side_effects
    flagged = {(row["alternative"], row["outcome"]) for row in table.to_dicts()}
    assert {("leverage_cap", "forced_sales_worst_day_bn"), ("note_purchases", "depth_min")} <= flagged
    assert {outcome for _, outcome in flagged} == {"forced_sales_worst_day_bn", "depth_min"}
    assert {name for name, outcome in flagged if outcome == "depth_min"} == {
        "note_purchases",
        "leverage_cap + note_purchases",
        "note_purchases + lending",
    }


@pytest.mark.slow
def test_chance_alone_seldom_makes_a_side_effect() -> None:
    keys = [one.name for one in SIDE]
    chosen = ("bank_losses_bn", "crypto_drawdown", "redemptions_bn", "depth_min")
    flagged = 0
    for trial in range(15):

        def outcome(on: set[str], seed: int, trial: int = trial) -> dict[str, Any]:
            random = np.random.default_rng([trial, seed, *sorted(POLICIES.index(name) for name in on)])
            return dict(zip(keys, random.normal(size=len(keys)).tolist(), strict=True))

        flagged += found_of(outcome).side_effects.filter(pl.col("outcome").is_in(chosen)).height
    assert flagged <= 3  # of 360 comparisons; at 95 % each nine would be expected


# ------------------------------------------------------------------------------------------ sizes
def breaking(edge: float, needed: dict[str, float]) -> Callable[[Question, Sequence[float]], pl.DataFrame]:
    """Worlds that break beyond an edge of leverage, unless the policy's size has passed what is needed."""
    width = np.random.default_rng(0).logistic(size=20)

    def answer_of(question: Question, values: Sequence[float]) -> pl.DataFrame:
        tables = []
        for x in values:
            if question.dial == "funds.leverage":
                broken = x >= edge * np.exp(0.03 * width)
            else:
                assert question.scenario.funds.leverage == pytest.approx(1.25 * edge, rel=0.02)
                more = needed.get(question.dial, np.inf)
                sign = -1.0 if question.today > min(question.low, question.high) else 1.0
                broken = sign * x < sign * more * (1.0 + 0.03 * width)
            made = {"x": np.full(20, float(x)), "seed": np.arange(20), "spark": broken.astype(float)}
            tables.append(pl.DataFrame(made | {"quiet": np.zeros(20)}))
        place = {"sweep": "sweeps/a", "row": 0, "quiet_sweep": "sweeps/a", "quiet_row": 0}
        return pl.concat(tables).with_columns(pl.lit(value).alias(name) for name, value in place.items())

    return answer_of


def question(seeds: int = 20) -> Question:
    return edge_question(BASE, "funds.leverage", "verdict_financial>=market_breakdown", None, seeds)


def test_the_smallest_sizes_that_are_known_are_found() -> None:
    needed = {"policy.note_purchases.per_day": 120.0, "policy.leverage_cap.most": 12.0, "policy.lending.haircut": 0.3}
    found = sized(question(), SIZES, breaking(2.0, needed))
    table = {row["number"]: row for row in found.table.to_dicts()}
    for path, value in needed.items():
        row = table[path]
        assert row["status"] == FOUND
        assert row["value"] == pytest.approx(value, rel=0.05)
        assert row["low"] <= row["value"] <= row["high"]
    assert table["policy.note_purchases.per_day"]["spent_bn"] == pytest.approx(2400.0, rel=0.05)
    assert {row["status"] for path, row in table.items() if path not in needed} == {NOT_WITHIN}
    assert found.beyond == pytest.approx(2.5, rel=0.02)
    said = sizes_words(found)
    assert "the edge is at funds.leverage = 2" in said
    assert "bank capital, not reached within policy.bank_capital.buffer = 0 to 0.1 share" in said


def test_without_an_edge_there_is_no_size_and_a_size_that_is_unsure_says_so() -> None:
    found = sized(question(), SIZES, breaking(9.0, {}))
    assert (found.beyond, found.found, found.table.height) == (None, (), 0)
    assert "there is no edge that a policy could move" in sizes_words(found)
    sizeless = sizes_words(sized(question(), chosen_sizes(["firewall"]), breaking(2.0, {})))
    assert sizeless.endswith("; none of these policies has a size that could move it.")
    calm = sized(
        question(),
        SIZES[:1],
        breaking(2.0, {"policy.note_purchases.per_day": -1.0}),
    )
    assert calm.found[0].status == UNSURE  # the world a quarter beyond the edge does not break at all


NO_EDGE, UNSURE_EDGE = ": there is no edge that a policy could move.", ": cannot tell whether there is an edge that"


@pytest.mark.parametrize(
    ("spark", "is_quiet", "status", "said"),
    [
        (lambda _x, _seed: 0, False, NOT_REACHED, NO_EDGE),
        (lambda _x, _seed: 1, False, ALREADY_OVER, NO_EDGE),
        (lambda _x, _seed: 1, True, QUIET_OVER, NO_EDGE),
        (lambda _x, seed: seed % 2, False, CANNOT_TELL, UNSURE_EDGE),  # one half of the seeds at every value
        (lambda x, seed: seed % 2 or abs(x - 1.0) < 0.1, False, ALREADY_OVER, UNSURE_EDGE),  # sure today alone
    ],
)
def test_where_it_cannot_be_told_whether_there_is_an_edge_the_sentence_says_so(
    spark: Callable[[float, int], int], is_quiet: bool, status: str, said: str
) -> None:
    def answer_of(_question: Question, values: Sequence[float]) -> pl.DataFrame:
        broken = [(x, seed, float(spark(x, seed))) for x in values for seed in range(20)]
        table = pl.DataFrame(broken, schema=["x", "seed", "spark"], orient="row")
        return table.with_columns(quiet=pl.col("spark") * is_quiet)

    found = sized(question(), SIZES, answer_of)
    assert (found.edge.status, found.beyond) == (status, None)
    assert said in sizes_words(found)


def test_a_purchase_is_decreed_on_the_day_of_the_news_and_ends() -> None:
    edge = sized(question(), (), breaking(2.0, {})).edge
    world = size_question(edge, SIZES[0]).scenario
    on, off = world.actions
    assert (on.tick, on.on, off.tick, off.on) == (BASE.spark.start, True, BASE.spark.start + PURCHASE_DAYS, False)
    assert world.policy.note_purchases.per_day == 0.0
    floor = size_question(edge, SIZES[2]).scenario.policy.margin_floors
    assert (floor.on, floor.equity, floor.notes) == (True, 0.0, 0.0)
    assert [size.policy for size in chosen_sizes(["lending", "firewall"])] == ["lending"]


# ------------------------------------------------------------------------------------------ delays
def test_what_comes_later_saves_less_and_costs_more_than_at_once() -> None:
    world = without_policies(BASE)
    plans = late_plans(world, ["note_purchases", "firewall"], SEEDS)
    assert [(one.policy, one.days) for one in plans] == [(None, None), *(("note_purchases", days) for days in DAYS)]
    starts = [one.plan.base.actions[0].tick for one in plans[1:]]
    assert starts == [BASE.spark.start + days for days in DAYS]
    saved = {None: 0.0, 0: 100.0, 1: 95.0, 5: 80.0, 20: 10.0}
    results = [
        made(
            one.plan,
            lambda _on, seed, one=one: {
                "lender_losses_bn": 500.0 + 50.0 * noise(seed) - saved[one.days] * (1.0 + 0.02 * noise(seed + 99))
            },
        )
        for one in plans
    ]
    found = delayed(world, plans, results)
    rows = found.table.filter((pl.col("outcome") == LOSSES) & pl.col("policy").is_not_null()).to_dicts()
    assert [row["days_late"] for row in rows] == list(DAYS)
    assert all(one["change"] < other["change"] for one, other in pairwise(rows))
    assert [row["late_said"] for row in rows] == [SAME, HIGHER, HIGHER, HIGHER]
    assert rows[-1]["late"] == pytest.approx(90.0, abs=2.0)
    assert "Against coming at once it surely costs more with note purchases a day late" in delays_words(found)


def test_delays_beyond_the_run_are_left_out() -> None:
    short = without_policies(BASE.replace({"run.ticks": BASE.spark.start + 6}))
    assert [one.days for one in late_plans(short, ["lending"], 1)] == [None, 0, 1, 5]


def test_a_delay_no_run_of_which_was_finished_is_not_drawn_and_without_never_nothing_is_compared() -> None:
    world = without_policies(BASE)
    plans = late_plans(world, ["lending"], 2)
    results = [made(one.plan, losses) for one in plans]
    failed = [runs.with_columns(status=pl.lit("failed")) for runs in results]
    found = delayed(world, plans, [*results[:-1], failed[-1]])
    assert "20 days late –" in delays_words(found)
    assert np.isnan(delays_picture(found).curves[0].y[-1])
    with pytest.raises(InputError, match="no run without a policy was finished"):
        delayed(world, plans, [failed[0], *results[1:]])


# ------------------------------------------------------------------------------------------ booms
def boomed(raised: dict[str, float], failed: str = "") -> Any:
    names, plan = expected_plan(boom(), POLICIES, SEEDS)
    runs = made(plan, lambda _on, seed: {"drawdown": 0.3 + 0.01 * noise(seed)})
    lost = pl.Series([names[row.point] == failed for row in map(plan.row, runs["row"])])
    runs = runs.with_columns(status=pl.when(lost).then(pl.lit("failed")).otherwise("status"))
    paths = []
    for row in map(plan.row, range(plan.n_runs)):
        name = names[row.point]
        day = np.arange(0, 100, 5)
        price = np.where(day <= 60, 1.0 + 0.01 * day, 0.5)  # the top is on day 60
        debt = 8.0 + 0.1 * noise(row.seed) + 10.0 * raised.get(name, 0.0)
        columns = {"tick": day, "price_ai_equity": price, "debt_funds": np.full(20, debt)}
        columns["net_asset_value_funds"] = np.full(20, 10.0)
        paths.append(pl.DataFrame(columns).with_columns(pl.lit(row.number).alias("row")))
    return expected(names, plan, runs, pl.concat(paths))


def test_leverage_at_the_turn_is_compared_with_the_same_boom_without_a_backstop() -> None:
    found = boomed({"lending, 60 % expected": 0.05})
    rows = {row["backstop"]: row for row in found.table.filter(pl.col("outcome") == "leverage").to_dicts()}
    counted = {f"{name}, {part} % expected" for name in ("note_purchases", "lending") for part in (30, 60)}
    assert set(rows) == {NONE, "note_purchases", "lending", "deposit_guarantee", *counted}
    raised = rows["lending, 60 % expected"]
    assert (raised["change"], raised["said"]) == (pytest.approx(0.05), HIGHER)
    assert rows["note_purchases"]["said"] == SAME
    assert set(found.table.filter(pl.col("outcome") == "days")["value"]) == {60.0}
    said = expected_words(found)
    assert said.startswith(f"{BOOM}: at the turn hedge funds owe 0.799 times their own money")
    assert "lending, 60 % expected raises it (+0.0500" in said
    assert "change nothing, on any seed" in said
    assert "With none of them do lenders surely lose more" in said


def test_a_backstop_no_run_of_which_was_finished_is_said_to_have_none() -> None:
    assert "lending does what cannot be told (no run was finished)" in expected_words(boomed({}, failed="lending"))
    with pytest.raises(InputError, match="no run without a policy was finished"):
        boomed({}, failed=NONE)


def test_who_counts_on_a_backstop_does_so_while_it_stands_ready_alone() -> None:
    names, plan = expected_plan(boom(), POLICIES, 2)
    world = plan.scenario_of(names.index("lending, 60 % expected")).policy
    assert (world.lending.on, world.lending.expected) == (True, 0.6)
    assert (world.note_purchases.on, world.note_purchases.expected) == (False, 0.0)
    for name in (NONE, "lending", "deposit_guarantee"):
        policy = plan.scenario_of(names.index(name)).policy
        assert policy.lending.expected == policy.note_purchases.expected == 0.0


# ------------------------------------------------------------------------------------------ the report
@pytest.mark.slow
def test_the_report_has_every_part_and_its_json_no_nan(tmp_path: Path) -> None:
    asked = ask_all(BASE, POLICIES, seeds=SEEDS)
    world = without_policies(BASE)
    plans = late_plans(world, THREE, SEEDS)
    delays = delayed(world, plans, [made(one.plan, losses) for one in plans])
    needed = {"policy.note_purchases.per_day": 120.0}
    sizes = sized(question(), chosen_sizes(THREE), breaking(2.0, needed))
    found = Answer(asked, found_of(losses, 0.001, policies=POLICIES), sizes, delays, boomed({}))
    files = policy_files(found, tmp_path)
    assert {
        f"{name}.parquet" for name in ("effects", "together", "side_effects", "sizes", "delays", "expected", "runs")
    } < set(files)
    assert {f"figures/{name}.png" for name in ("saved", "breakdowns", "pairs", "delays", "expected")} < set(files)
    assert "figures/size_note_purchases_per_day.png" in files
    content = json.loads(files["policy.json"], parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert content == json.loads(json.dumps(as_json(found), allow_nan=False))
    assert set(content["sentences"]) == {"alternatives", "sizes", "delays", "expected"}
    assert {row["alternative"] for row in content["effects"]} == {name_of(one) for one in asked.design.alternatives}
    text = files["report.html"].decode()
    for title in (
        "What each policy avoids",
        "What it costs in quiet times",
        "Two together",
        "Side effects",
        "Too late",
        "The smallest size that moves the edge by a quarter",
        "A backstop that is expected",
    ):
        assert title in text
    assert "powderkeg run --from" in text
