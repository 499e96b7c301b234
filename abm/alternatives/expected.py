"""Whether a backstop that stands ready raises leverage in a boom: the same seeds of a boom with it and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from abm.alternatives.compare import NUMBERS, change_of, refuse_without_any
from abm.alternatives.delays import INTERVENTIONS
from abm.alternatives.measures import EVERY, LESS, MORE, Measure, key, values_of
from abm.alternatives.plan import NONE
from abm.distance.worlds import Worlds, folder_of
from abm.evidence.regularities.leverage_cycle import turn
from abm.policy import POLICIES
from abm.scenario import Scenario, load
from abm.sweep.plan import Keep, Parameter, Plan, Value, listed_plan

BOOM = "boom_and_bust"
COUNTED_ON = (0.3, 0.6)  # part of volatility that is expected to be taken; assumed, as nobody has measured it
EXPECTED = ("note_purchases", "lending")  # on which somebody can count
SERIES = ("debt_funds", "net_asset_value_funds", "price_ai_equity")
AT_THE_TURN = ("leverage", "mean_leverage", "debt", "price", "days")
MEASURES = (
    Measure("leverage", "times", "hedge funds' debt to own money at the turn", MORE, pl.col("leverage")),
    Measure("mean_leverage", "times", "the same, mean of the days up to the turn", MORE, pl.col("mean_leverage")),
    Measure("debt", "$bn", "hedge funds' debt at the turn", MORE, pl.col("debt")),
    Measure("price", "$", "price of AI equity at the turn, 1 at the start", 0, pl.col("price")),
    Measure("days", "days", "day of the turn", 0, pl.col("days")),
    key("drawdown", "fall of AI equity after it", MORE),
    key("lender_losses_bn", "losses of dealers and banks", MORE),
    key("output_lowest", "lowest output", LESS),
)


@dataclass(frozen=True)
class Expected:
    """What was found: `table` has a row per backstop and measure, as `Comparison.effects`; `seeds` were run."""

    plan: Plan
    names: tuple[str, ...]
    table: pl.DataFrame
    runs: pl.DataFrame

    @property
    def seeds(self) -> int:
        return self.plan.replications


def boom(scenario: Scenario | None = None) -> Scenario:
    """The scenario in which there is no spark, and what builds up builds up by itself, without any policy."""
    world = load(BOOM) if scenario is None else scenario
    return world.replace({f"policy.{name}.on": False for name in POLICIES})


def expected_plan(world: Scenario, policies: Sequence[str], seeds: int) -> tuple[tuple[str, ...], Plan]:
    """The backstops by name, and the sweep: none, and each intervention standing ready from the first day.

    Nobody counts on it, or funds and their lenders count on it for a part of volatility.
    """
    standing = [name for name in INTERVENTIONS if name in policies]
    counted = [name for name in standing if name in EXPECTED]
    backstops: list[tuple[str, float]] = [(NONE, 0.0), *((name, 0.0) for name in standing)]
    backstops += [(name, part) for name in counted for part in COUNTED_ON]
    points: list[tuple[Value, ...]] = [
        (*(one == name for one in standing), *(part if one == name else 0.0 for one in counted))
        for name, part in backstops
    ]
    parameters = [Parameter(f"policy.{name}.on", "", (False, True)) for name in standing]
    parameters += [Parameter(f"policy.{name}.expected", "share", (0.0, *COUNTED_ON)) for name in counted]
    plan = listed_plan("a_backstop_in_a_boom", world, parameters, points, seeds)
    names = tuple(name if part == 0.0 else f"{name}, {100.0 * part:.0f} % expected" for name, part in backstops)
    return names, replace(plan, keep=Keep(every=EVERY, series=SERIES))


def compare_expected(world: Scenario, policies: Sequence[str], seeds: int, worlds: Worlds) -> Expected:
    """Run what is missing, and compare with the boom without a backstop on the same seeds."""
    names, plan = expected_plan(world, policies, seeds)
    result = worlds.result(plan)
    return expected(names, plan, result.runs, result.paths)


def expected(names: Sequence[str], plan: Plan, runs: pl.DataFrame, paths: pl.DataFrame) -> Expected:
    """Compare finished runs."""
    found = runs.sort("row").join(at_the_turn(paths), on="row", how="left").sort("row")
    values = values_of(found, MEASURES, len(names))
    refuse_without_any(values["leverage"][0], found)
    rows = [
        {"backstop": name, "outcome": one.name, "unit": one.unit, "words": one.words}
        | change_of(one, values[one.name][0], values[one.name][place])
        for place, name in enumerate(names)
        for one in MEASURES
    ]
    backstop = pl.Series("backstop", [name for name in names for _ in range(plan.replications)])
    return Expected(
        plan=plan,
        names=tuple(names),
        table=pl.DataFrame(rows, schema_overrides=NUMBERS, infer_schema_length=None),
        runs=found.select(backstop, "seed", "status", pl.lit(folder_of(plan)).alias("sweep"), "row"),
    )


def at_the_turn(paths: pl.DataFrame) -> pl.DataFrame:
    """Leverage, debt and price of every run, by row, on the day of the top before the largest fall of AI equity."""
    rows = []
    for (row,), run in paths.group_by("row", maintain_order=True):
        price = run["price_ai_equity"].to_numpy()
        top = turn(np.log(price))
        leverage = (run["debt_funds"] / run["net_asset_value_funds"]).to_numpy()
        rows.append(
            {
                "row": row,
                "leverage": float(leverage[top]),
                "mean_leverage": float(leverage[: top + 1].mean()),
                "debt": float(run["debt_funds"][top]),
                "price": float(price[top]),
                "days": float(run["tick"][top]),
            }
        )
    return pl.DataFrame(rows, schema={"row": pl.Int64} | dict.fromkeys(AT_THE_TURN, pl.Float64))
