"""Which assumed numbers decide, on functions whose answer is known: through the same tables as runs of a sweep."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from SALib.sample import morris, sobol
from SALib.test_functions import Ishigami

from abm.attribution.explain import CANNOT_TELL, LOWERS, NOTHING_DONE, RAISES
from abm.errors import InputError
from abm.evidence.robustness.claims import CLAIMS
from abm.evidence.robustness.plans import CORNERS, SLOW_HIGH, SUDDEN_HIGH
from abm.influence import effects as of_effects
from abm.influence import places as of_places
from abm.influence.design import (
    LEVELS,
    SEEDS_OF_CORNERS,
    Design,
    designed,
    has_room,
    of_trajectories,
    plan_of_corners,
    plan_of_trajectory,
    problem,
)
from abm.influence.effects import contrast, converged, effects, over_seeds, screened, statistics
from abm.influence.flags import CANNOT_TELL as UNSURE
from abm.influence.flags import FAILS, HOLDS, MAY_TURN, NO_WORLD, TURNS, flagged, turning
from abm.influence.indices import MATTERS, dependence, indices, spread
from abm.influence.indices import converged as indices_settle
from abm.influence.places import Openings, first_refusal, first_that_open, reasons, values_at
from abm.influence.question import questions, refuse_without_salib
from abm.influence.run import Sensitivity, read_screen, read_split
from abm.report.sensitivity import answer, sensitivity_files
from abm.scenario import load

K = 12
TRUE = {"narrative.believers": 0.5, "narrative.persuasion": -0.4, "narrative.contagion": 0.3}


def small(**how: int) -> Design:
    usual = {"trajectories": 8, "samples": 64, "seeds": 2, "top": 3}
    return designed(load(), questions("bank_capital_change"), among=["narrative."], **{**usual, **how})


def walks(design: Design, many: int, seed: int = 1) -> np.ndarray:
    k = len(design.numbers)
    drawn = morris.sample(of_trajectories(design.numbers), many, num_levels=LEVELS, seed=seed)
    return drawn.reshape(many, k + 1, k)


def slopes(design: Design) -> np.ndarray:
    return np.array([TRUE.get(number.path, 0.0) for number in design.numbers])


def runs_of(values: np.ndarray) -> pl.DataFrame:
    """What a sweep says of worlds on seeds, (worlds, seeds): one number, and of the other outcomes a multiple."""
    flat = values.reshape(-1)
    return pl.DataFrame(
        {
            "row": range(len(flat)),
            "status": "ok",
            "bank_capital_change": flat,
            "drawdown": 0.5 * flat,
            "worst_20_day_share": None,
            "forced_sales_bn": 100.0 * flat,
            "lender_losses_bn": flat**2,
            "dealers_failed": np.where(flat > 0.5, 3, 0),
        },
        schema_overrides={"worst_20_day_share": pl.Float64},
    )


# ------------------------------------------------------------------------------------ screening
def test_a_straight_line_has_its_slope_as_every_effect() -> None:
    design = small()
    worlds = walks(design, 5)
    found = statistics(design.numbers, worlds, worlds @ slopes(design))
    each = effects(worlds, worlds @ slopes(design))
    expected = np.broadcast_to(0.5 * slopes(design), each.shape)  # a step is half of the range
    np.testing.assert_allclose(each, expected, atol=1e-12)
    np.testing.assert_allclose(found["mu"], 0.5 * slopes(design), atol=1e-12)
    np.testing.assert_allclose(found["mu_star"], 0.5 * np.abs(slopes(design)), atol=1e-12)
    np.testing.assert_allclose(found["sigma"], 0.0, atol=1e-12)


def test_a_number_that_nothing_hangs_on_has_exactly_nought() -> None:
    design = small()
    worlds = walks(design, 8)
    only = worlds[:, :, 0].copy()  # sums of noughts would round
    table = screened(design.numbers, worlds, over_seeds(np.stack([only, only], axis=2)), 3)
    assert table["path"][0] == design.numbers[0].path
    assert table["said"][0] == RAISES
    assert table["mu_star"][1:].to_list() == [0.0] * (table.height - 1)
    assert set(table["said"][1:]) == {NOTHING_DONE}


def test_what_is_seen_through_noise_is_told_and_what_is_noise_is_not() -> None:
    design = small(trajectories=12)
    worlds = walks(design, 12)
    noise = 0.02 * np.random.default_rng(3).normal(size=(*worlds.shape[:2], 2))
    table = screened(design.numbers, worlds, over_seeds((worlds @ slopes(design))[:, :, None] + noise), 3)
    said = dict(table.select("path", "said").iter_rows())
    assert table["path"][:3].to_list() == list(TRUE)
    assert [said[path] for path in TRUE] == [RAISES, LOWERS, RAISES]
    assert set(table["said"][3:]) == {CANNOT_TELL}
    assert table["in_top"][:3].to_list() == [1.0] * 3
    # chance makes of numbers that do nothing what is measured of them
    idle = table[3:]
    assert idle["noise"].mean() == pytest.approx(idle["mu_star"].mean(), rel=0.25)
    from_one_seed = screened(design.numbers, worlds, over_seeds((worlds @ slopes(design))[:, :, None]), 3)
    assert RAISES not in set(from_one_seed["said"])
    assert from_one_seed["noise"].null_count() == from_one_seed.height


@pytest.mark.parametrize("seeds", [2, 3, 4, 7])
def test_the_contrast_of_seeds_has_the_variance_of_their_mean_and_no_effect(seeds: int) -> None:
    values = np.random.default_rng(1).normal(size=(40_000, seeds))
    assert np.var(contrast(values)) == pytest.approx(1.0 / seeds, rel=0.03)
    np.testing.assert_allclose(contrast(values + 5.0), contrast(values), atol=1e-12)


@pytest.mark.slow
def test_numbers_that_do_nothing_are_hardly_ever_said_to_do_something() -> None:
    draws = np.random.default_rng(5).normal(size=(10, 2000, 2)) * np.random.default_rng(6).lognormal(size=(10, 1, 1))
    p = of_effects.above_chance(np.abs(draws.mean(axis=2)), np.abs(contrast(draws)))
    assert 0.0 < (p <= of_effects.ALLOWED).mean() <= of_effects.ALLOWED + 0.005


def test_a_seed_without_the_outcome_is_left_out_of_its_trajectory_and_a_trajectory_without_seeds_is_counted() -> None:
    values = np.random.default_rng(2).normal(size=(4, 5, 2))
    values[1, 3, 0] = np.nan
    values[2, 0, :] = np.nan
    found = over_seeds(values)
    assert (found.kept.tolist(), found.left_out) == ([0, 1, 3], 1)
    np.testing.assert_allclose(found.mean, [values[0].mean(axis=1), values[1, :, 1], values[3].mean(axis=1)])
    assert found.chance is None


def test_the_ranking_settles_and_halves_share_no_trajectory() -> None:
    sizes = np.zeros((4, 6))
    sizes[:2, 0], sizes[2:, 1] = 1.0, 3.0  # the first half sees another number than the second
    sizes[:, 2] = 0.1
    table = converged(sizes, 1)
    assert table["trajectories"].to_list() == [2, 3, 4]
    assert table["same_first"].to_list() == [0.0, 1.0, 1.0]
    assert table["halves"].to_list() == [1.0, 1.0, 0.0]
    assert table["spearman"][-1] == pytest.approx(1.0)


# ------------------------------------------------------------------------------------ indices
def ishigami(design: Design, n: int, noise: float = 0.0) -> np.ndarray:
    drawn = sobol.sample(problem(design.numbers[:3]), n, calc_second_order=False, seed=7)
    found = Ishigami.evaluate(drawn * 2.0 * np.pi - np.pi).reshape(n, 5, 1)
    chance = np.random.default_rng(4)
    return found + noise * chance.normal(size=(n, 5, 4)) + chance.normal(size=4)  # seeds differ in level too


def test_the_indices_of_ishigami_lie_within_their_intervals() -> None:
    design = small()
    table = indices(design.numbers[:3], ishigami(design, 1024))
    for name, expected in (("first", (0.3139, 0.4424, 0.0)), ("total", (0.5576, 0.4424, 0.2437))):
        for value, row in zip(expected, table.iter_rows(named=True), strict=True):
            assert row[f"{name}_low"] <= value <= row[f"{name}_high"], (name, row)
            assert row[f"{name}_high"] - row[f"{name}_low"] < 0.25
    assert set(table["said"]) == {MATTERS}
    assert table["noise"].to_list() == pytest.approx([0.0] * 3, abs=1e-12)


def test_an_idle_number_is_not_told_from_chance_and_chance_is_measured() -> None:
    design = small()
    drawn = sobol.sample(problem(design.numbers[:3]), 64, calc_second_order=False, seed=7).reshape(64, 5, 3)
    noise = np.random.default_rng(8).normal(size=(64, 5, 4))
    values = (10.0 * drawn[:, :, 0])[:, :, None] + noise
    table = indices(design.numbers[:3], values)
    assert table["said"].to_list() == [MATTERS, CANNOT_TELL, CANNOT_TELL]
    expected = 0.25 / (100.0 / 12.0 + 0.25)  # variance of a mean of four seeds
    assert table["noise"].to_list() == pytest.approx([expected] * 3, rel=0.35)
    split = spread(values)
    assert split.of_seeds == pytest.approx(1.0, rel=0.15)
    assert split.low is not None
    assert split.high is not None
    assert split.low < 1.0 / (1.0 + 100.0 / 12.0) < split.high
    alone = spread(noise[:, :, :2])  # what seeds make is taken off the variance of worlds' means
    assert alone.of_numbers < 0.25
    settled = indices_settle(design.numbers[:3], values)
    assert settled["samples"].unique(maintain_order=True).to_list() == [16, 32, 64]
    assert dependence(drawn) < 0.2
    together = drawn.copy()
    together[:, :, 1] = together[:, :, 0]
    assert dependence(together) == pytest.approx(1.0)


def test_a_block_of_which_one_run_failed_is_left_out_whole_and_counted() -> None:
    design = small(samples=16)
    drawn = sobol.sample(problem(design.numbers[:3]), 16, calc_second_order=False, seed=7).reshape(16, 5, 3)
    values = drawn[:, :, :1] + 0.01 * np.random.default_rng(8).normal(size=(16, 5, 4))
    runs = runs_of(values)
    gone = pl.when(pl.col("row") == 5 * 5 * 4 + 7).then(pl.lit("failed")).otherwise(pl.col("status"))
    split = read_split(design, design.numbers[:3], drawn, runs.with_columns(gone.alias("status")), "indices", [])
    assert split.left_out["bank_capital_change"] == 1
    own = split.of(design.question).drop("outcome")
    assert own.equals(indices(design.numbers[:3], np.delete(values, 5, axis=0)))


def test_what_never_differs_has_no_indices_and_no_nan() -> None:
    table = indices(small().numbers[:3], np.ones((8, 5, 2)))
    assert table["total"].to_list() == [0.0] * 3
    assert set(table["said"]) == {NOTHING_DONE}


# ------------------------------------------------------------------------------------ worlds
def test_a_number_goes_in_even_steps_of_its_logarithm_and_whole_ones_stay_whole() -> None:
    numbers = designed(load(), questions("drawdown")).numbers
    by_path = {number.path: number for number in numbers}
    days, correlation = by_path["narrative.belief_days"], by_path["markets.notes.news_correlation"]
    count = by_path["dealers.count"]
    ends = [values_at([days, correlation, count], np.full(3, place)) for place in (0.0, 0.5, 1.0)]
    assert ends[0] == [pytest.approx(10.0), pytest.approx(-0.4), 5]
    assert ends[1] == [pytest.approx(20.0), pytest.approx(-0.2), 10]
    assert ends[2] == [pytest.approx(40.0), pytest.approx(-0.1), 20]
    assert isinstance(ends[1][2], int)
    assert all(has_room(number) for number in numbers)
    assert not has_room(count._replace(value=1, low=1, high=1))


def test_a_set_with_one_world_that_cannot_be_opened_is_refused_whole_and_asked_once(tmp_path: Path) -> None:
    sets = [np.full((3, 2), float(place)) for place in range(6)]
    asked: list[tuple[int, float]] = []

    def ask(kept: int, worlds: np.ndarray) -> str | None:
        asked.append((kept, worlds[0, 0]))
        return f"bank {kept}: deposits = 3.5 are less than 4" if worlds[0, 0] in (0.0, 2.0) else None

    for _ in range(2):
        told: list[tuple[int, int]] = []
        kept, refused = first_that_open(
            iter(sets), 3, Openings(tmp_path, "key"), ask, lambda done, all_, told=told: told.append((done, all_))
        )
        assert [worlds[0, 0] for worlds in kept] == [1.0, 3.0, 4.0]
        assert reasons(refused) == [("bank …: deposits = … are less", 2)]
        assert told[-1] == (2, 3)
    assert asked == [(0, 0.0), (0, 1.0), (1, 2.0), (1, 3.0), (2, 4.0)]  # the second time nothing

    def never() -> Iterator[np.ndarray]:
        while True:
            yield sets[0]

    with pytest.raises(InputError, match="only 0 of 40 sets of worlds can be opened"):
        first_that_open(never(), 1, Openings(tmp_path, "other"), lambda *_: "no", lambda *_: None)


def test_every_world_of_a_set_is_opened_on_every_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, tuple[int, ...]]] = []

    def refusal(_base: object, values: dict[str, float], seeds: tuple[int, ...]) -> str | None:
        seen.append((next(iter(values.values())), tuple(seeds)))
        return "the last" if next(iter(values.values())) > 1.79 else None

    monkeypatch.setattr(of_places, "refusal", refusal)
    design = small()
    number = next(n for n in design.numbers if n.path == "narrative.crypto_worth")  # 0.4 to 1.6
    worlds = np.linspace(0.0, 1.0, 40)[:, None]
    assert first_refusal(design.base, [number], worlds, (5, 6)) is None
    assert len(seen) == 40
    assert {seeds for _, seeds in seen} == {(5, 6)}
    assert first_refusal(design.base, [number], 1.1 * worlds, (5,)) == "the last"


def test_a_contradiction_is_found_without_a_run() -> None:
    design = designed(load(), questions("drawdown"), among=["crypto."])
    held = next(number for number in design.numbers if number.path == "crypto.held")
    assert first_refusal(design.base, [held], np.array([[0.5]]), (0,)) is None
    reason = first_refusal(design.base, [held], np.array([[0.5], [1.0]]), (0,))
    assert reason is not None
    assert "capitalisation" in reason


def test_trajectories_have_seeds_of_their_own_and_more_of_them_leave_the_first_as_they_were() -> None:
    design = small()
    worlds = walks(design, 3)
    plans = [plan_of_trajectory(design, place, own) for place, own in enumerate(worlds)]
    seeds = [{plan.row(row).seed for row in range(plan.n_runs)} for plan in plans]
    assert seeds == [{0, 1}, {2, 3}, {4, 5}]
    more = replace(design, trajectories=20)
    assert plan_of_trajectory(more, 1, worlds[1]).digest == plans[1].digest


# ------------------------------------------------------------------------------------ the claims
def corner_runs(
    design: Design, broken: Callable[[int, int, float, int], bool], failed: int | None = None
) -> pl.DataFrame:
    """Runs at the corners, `broken(world, days, leverage, seed)`; those of one world failed."""
    plan = plan_of_corners(design, design.numbers[:2])
    rows = []
    for row in map(plan.row, range(plan.n_runs)):
        world = row.point // len(CORNERS)
        days, leverage = int(row.values["spark.days"]), float(row.values["funds.leverage"])
        rows.append(
            {
                "row": row.number,
                "point": row.point,
                "seed": row.seed,
                "spark.days": days,
                "funds.leverage": leverage,
                "status": "failed" if world == failed else "ok",
                "reason": "banks owe too much" if world == failed else None,
                "dealers_failed": None if world == failed else 2 * broken(world, days, leverage, row.seed),
            }
        )
    return pl.DataFrame(rows, schema_overrides={"dealers_failed": pl.Int64}, infer_schema_length=None)


def test_the_headline_turns_on_a_number_whose_end_makes_the_difference() -> None:
    design = small()

    def broken(world: int, days: int, leverage: float, seed: int) -> bool:
        if world == 1:  # the first number's low end: nothing breaks
            return False
        if world == 4:  # the second number's high end: a gradual burst breaks as well, on some seeds
            return leverage == SUDDEN_HIGH[1] and (days == SUDDEN_HIGH[0] or seed < SEEDS_OF_CORNERS - 2)
        return (days, leverage) == SUDDEN_HIGH

    first, second = (number.path for number in design.numbers[:2])
    flags = flagged(design.numbers[:2], corner_runs(design, broken, failed=2))
    at = {(row["path"], row["value"], row["claim"]): row for row in flags.iter_rows(named=True)}
    assert len(at) == 5 * len(CLAIMS)
    assert {row["status"] for key, row in at.items() if key[0] == "as shipped"} == {HOLDS}
    low = design.numbers[0].low
    assert at[first, low, "contained today"]["status"] == HOLDS
    assert (at[first, low, "leverage decides"]["status"], at[first, low, "leverage decides"]["flag"]) == (FAILS, TURNS)
    gone = at[first, design.numbers[0].high, "speed decides"]
    assert (gone["status"], gone["reason"], gone["flag"], gone["mean"]) == (NO_WORLD, "banks owe too much", "", None)
    doubtful = at[second, design.numbers[1].high, "speed decides"]
    assert (doubtful["status"], doubtful["flag"]) == (UNSURE, MAY_TURN)
    assert turning(flags, TURNS) == [(first, claim.name) for claim in CLAIMS if claim.name != "contained today"]
    assert (second, "speed decides") in turning(flags, MAY_TURN)


def test_what_cannot_be_told_as_shipped_turns_on_nothing() -> None:
    design = small()
    runs = corner_runs(
        design, lambda world, days, leverage, seed: (days, leverage) == SUDDEN_HIGH and (world > 0 or seed == 0)
    )
    flags = flagged(design.numbers[:2], runs)
    assert flags.filter(pl.col("claim") == "speed decides")["flag"].unique().to_list() == [""]
    assert SLOW_HIGH != SUDDEN_HIGH


# ------------------------------------------------------------------------------------ the report
def found_by_hand(folder: Path, seeds: int = 2) -> Sensitivity:
    """A whole answer from made-up runs: three numbers of those of the story move a straight line."""
    design = small(seeds=seeds)
    worlds, chance = walks(design, design.trajectories), np.random.default_rng(9)

    def through_noise(values: np.ndarray, many: int) -> np.ndarray:
        return values[..., None] + 0.02 * chance.normal(size=(*values.shape, many))

    of_runs = through_noise(worlds @ slopes(design), seeds)
    screen = read_screen(
        design, worlds, [(runs_of(own), f"sweeps/t{t}") for t, own in enumerate(of_runs)], ["no 1", "no 2"]
    )
    first = tuple(next(n for n in design.numbers if n.path == path) for path in TRUE)
    drawn = sobol.sample(problem(first), design.samples, calc_second_order=False, seed=7).reshape(-1, 5, 3)
    points = through_noise(drawn @ np.array(list(TRUE.values())), design.shared_seeds)
    split = read_split(design, first, drawn, runs_of(points), "sweeps/indices", [])
    runs = corner_runs(
        design, lambda world, days, leverage, _: (days, leverage) == SUDDEN_HIGH and world != 1, failed=2
    )
    return Sensitivity(design, screen, first, split, flagged(design.numbers[:2], runs), "sweeps/corners", folder)


@pytest.mark.slow
def test_the_whole_answer_comes_from_tables_of_runs(tmp_path: Path) -> None:
    found = found_by_hand(tmp_path)
    assert found.screen.of(found.design.question)["path"][:3].to_list() == list(TRUE)
    squares = np.square(list(TRUE.values()))
    for row, part in zip(
        found.split.of(found.design.question).iter_rows(named=True), squares / squares.sum(), strict=True
    ):
        assert row["total_low"] <= part <= row["total_high"]
    said = answer(found)
    assert "narrative.believers" in said
    assert "3 of the first 3 are surely above chance" in said
    assert "The headline turns on" in said
    files = sensitivity_files(found)
    content = json.loads(files["sensitivity.json"], parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert content["first"] == list(TRUE)
    assert content["answer"] == said
    assert {row["outcome"] for row in content["effects"]} >= {"bank_capital_change", "dealers_failed>=2"}
    assert content["trajectories_left_out"]["worst_20_day_share"] == found.design.trajectories
    page = files["report.html"].decode()
    assert "10 trajectories were drawn for 8: 2 hold a world whose books contradict themselves" in page
    assert "TURNS ON IT" in page
    assert "banks owe too much" in page
    each = pl.read_parquet(files["elementary_effects.parquet"])
    assert each.height == found.design.trajectories * len(found.design.numbers)
    for table in found.screen.table, found.split.table, found.flags:
        floats = table.select(pl.col(pl.Float64))
        assert not floats.select(pl.any_horizontal(pl.all().is_nan().any())).item()


def test_an_effect_names_the_two_runs_behind_it(tmp_path: Path) -> None:
    found = found_by_hand(tmp_path)
    worlds = walks(found.design, found.design.trajectories)
    row = found.screen.each.row(17, named=True)
    plan = plan_of_trajectory(found.design, row["trajectory"], worlds[row["trajectory"]])
    before, after = plan.row(row["row_before"]), plan.row(row["row_after"])
    assert before.seed == after.seed
    assert [path for path in before.values if before.values[path] != after.values[path]] == [row["path"]]


@pytest.mark.slow
def test_one_seed_makes_a_report_that_can_tell_nothing(tmp_path: Path) -> None:
    found = found_by_hand(tmp_path, seeds=1)
    assert "none can be told from chance" in answer(found)
    assert "From one seed a trajectory" in sensitivity_files(found)["report.html"].decode()


def test_an_outcome_that_no_run_has_cannot_rank() -> None:
    design = small()
    asked = questions("worst_20_day_share")
    worlds = walks(design, 2)
    runs = [(runs_of(np.ones((worlds.shape[1], 2))), "sweep") for _ in worlds]
    with pytest.raises(InputError, match="outcome = worst_20_day_share: only 0 trajectories have it"):
        read_screen(replace(design, questions=asked), worlds, runs, [])


def test_outcomes_against_twins_take_them_as_other_numbers_make_other_twins() -> None:
    assert [question.twins for question in questions("bank_capital_change")] == [False] * 6
    first = questions("acceleration")[0]
    assert (first.twins, first.outcome.key, first.change) == (True, "acceleration", None)
    assert len({question.text for question in questions("drawdown")}) == 6


def test_without_salib_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "SALib", None)
    with pytest.raises(InputError, match=r"SALib is missing; allowed is pip install 'powderkeg\[analysis\]'"):
        refuse_without_salib()
