"""What it costs to come late: the same intervention decreed on the day of the news, one, five or twenty days after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from abm.alternatives.compare import NUMBERS, change_of, refuse_without_any
from abm.alternatives.measures import AVOIDED, BREAKDOWN, COST, values_of
from abm.alternatives.sizes import PURCHASE_DAYS, decreed, first_news
from abm.distance.worlds import Worlds, folder_of
from abm.scenario import Scenario
from abm.sweep.plan import Plan, listed_plan

DAYS = (0, 1, 5, 20)  # after the news; nought is the morning on which it comes
INTERVENTIONS = ("note_purchases", "lending", "deposit_guarantee")


@dataclass(frozen=True)
class Late:
    """An intervention so many days after the news; None: never, whatever the intervention."""

    policy: str | None
    days: int | None
    plan: Plan


@dataclass(frozen=True)
class Delays:
    """What was found: `table` has a row per intervention, delay and outcome.

    `value` with its interval, its paired `change` against never (`none`), and what being late costs:
    `late`, the paired change against the same intervention on the day of the news.
    """

    world: Scenario
    seeds: int
    table: pl.DataFrame
    runs: pl.DataFrame


def late_plans(world: Scenario, policies: Sequence[str], seeds: int) -> list[Late]:
    """The sweeps: never, and each intervention of those named at each delay that ends before the run does."""
    start = first_news(world)
    found = [Late(None, None, listed_plan("never", world, (), ((),), seeds))]
    for policy in (name for name in INTERVENTIONS if name in policies):
        for days in (days for days in DAYS if start + days < world.run.ticks):
            own = decreed(world, policy, start + days, PURCHASE_DAYS if policy == "note_purchases" else 0)
            found.append(Late(policy, days, listed_plan(f"{policy}_{days}_days_late", own, (), ((),), seeds)))
    return found


def compare_delays(world: Scenario, policies: Sequence[str], seeds: int, worlds: Worlds) -> Delays:
    """Run what is missing, and compare; `world` has the numbers of the policies and none of them on."""
    plans = late_plans(world, policies, seeds)
    return delayed(world, plans, [worlds.result(one.plan).runs for one in plans])


def delayed(world: Scenario, plans: Sequence[Late], results: Sequence[pl.DataFrame]) -> Delays:
    """Compare finished runs."""
    measures = (*AVOIDED, *COST)
    values = [values_of(runs, measures, 1) for runs in results]
    never, rows = values[0], []
    refuse_without_any(never[BREAKDOWN][0], results[0])
    for one, own in zip(plans, values, strict=True):
        at_once = next((v for p, v in zip(plans, values, strict=True) if (p.policy, p.days) == (one.policy, 0)), None)
        for measure in measures:
            name = measure.name
            cost: dict[str, Any] = dict.fromkeys(("late", "late_low", "late_high", "late_said"))
            if at_once is not None:
                late = change_of(measure, at_once[name][0], own[name][0])
                cost = {f"late{end}": late[f"change{end}"] for end in ("", "_low", "_high")} | {
                    "late_said": late["said"]
                }
            rows.append(
                {"policy": one.policy, "days_late": one.days, "outcome": name, "unit": measure.unit}
                | change_of(measure, never[name][0], own[name][0])
                | cost
            )
    numbers = NUMBERS | dict.fromkeys(("late", "late_low", "late_high"), pl.Float64)
    texts = dict.fromkeys(("policy", "outcome", "unit", "said", "late_said"), pl.String)
    return Delays(
        world=world,
        seeds=int(np.isfinite(never[BREAKDOWN]).sum()),
        table=pl.DataFrame(rows, schema_overrides=numbers | texts | {"days_late": pl.Int64}, infer_schema_length=None),
        runs=pl.concat(
            runs.sort("row").select(
                pl.lit(one.policy, pl.String).alias("policy"),
                pl.lit(one.days, pl.Int64).alias("days_late"),
                "seed",
                "status",
                pl.lit(folder_of(one.plan)).alias("sweep"),
                "row",
            )
            for one, runs in zip(plans, results, strict=True)
        ),
    )
