"""Sweeps made by hand: a plan and its table of runs, without running any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from abm.outcome.summary import polars_schema
from abm.scenario import Scenario, load
from abm.scenario.reading import DECLARED


@dataclass(frozen=True)
class Parameter:
    path: str
    unit: str
    values: tuple = ()
    low: float | None = None
    high: float | None = None
    scale: str = "linear"


@dataclass(frozen=True)
class Plan:
    parameters: tuple[Parameter, ...]
    points: tuple[tuple, ...]
    replications: int
    design: str = "grid"
    paired: bool = True
    twins: bool = True
    first_seed: int = 0
    name: str = "by_hand"
    title: str = ""
    why: str = ""
    base: Scenario = field(default_factory=lambda: load("us_late_2025"), repr=False)

    @property
    def n_runs(self) -> int:
        return len(self.points) * self.replications


@dataclass(frozen=True)
class Sweep:
    plan: Any
    runs: pl.DataFrame
    folder: Path = Path("by_hand")


Outcomes = Callable[[dict[str, Any], int, int], dict[str, Any]]


def grid(values: dict[str, Sequence], replications: int, **how: Any) -> Plan:
    """Every combination of the values, the first parameter slowest."""
    import itertools

    parameters = tuple(Parameter(path, DECLARED[path].unit, tuple(v)) for path, v in values.items())
    return Plan(parameters, tuple(itertools.product(*values.values())), replications, **how)


def sampled(ranges: dict[str, tuple[float, float]], points: Sequence[tuple], replications: int, **how: Any) -> Plan:
    """Points that are given, in ranges."""
    parameters = tuple(Parameter(path, DECLARED[path].unit, low=low, high=high) for path, (low, high) in ranges.items())
    return Plan(parameters, tuple(points), replications, **{"design": "sobol", **how})


def runs_of(plan: Plan, outcomes: Outcomes) -> pl.DataFrame:
    """The table of runs; `outcomes(values, replication, row)` gives the summary of one, or its `reason` to fail."""
    rows = []
    for number in range(plan.n_runs):
        point, replication = divmod(number, plan.replications)
        values = dict(zip((p.path for p in plan.parameters), plan.points[point], strict=True))
        made = outcomes(values, replication, number)
        seed = plan.first_seed + (replication if plan.paired else number)
        status = "failed" if made.get("reason") else "ok"
        rows.append({"row": number, "point": point, **values, "replication": replication, "seed": seed,
                     "status": status, "reason": None, **made})  # fmt: skip
    schema = {"row": pl.Int64, "point": pl.Int64}
    schema |= {p.path: pl.DataFrame([point[k] for point in plan.points]).dtypes[0]
               for k, p in enumerate(plan.parameters)}  # fmt: skip
    schema |= {"replication": pl.Int64, "seed": pl.Int64}
    schema |= {name: getattr(pl, kind) for name, kind in polars_schema().items()}
    schema |= {"status": pl.String, "reason": pl.String}
    return pl.DataFrame(rows, schema=schema)


def crises(share: Callable[[dict[str, Any]], float], replications: int) -> Outcomes:
    """Outcomes with a banking crisis in exactly this share of a point's replications, the first ones; calm else."""

    def made(values: dict[str, Any], replication: int, row: int) -> dict[str, Any]:
        crisis = replication < round(share(values) * replications)
        noise = np.random.default_rng(row).normal()
        return {
            "verdict_financial": "banking_crisis" if crisis else "calm",
            "verdict_real": "recession" if crisis else "contained",
            "speed": "sudden" if crisis else "gradual",
            "no_news_verdict_financial": "calm", "no_news_verdict_real": "contained", "no_news_speed": "gradual",
            "bank_capital_change_vs_no_news": -0.3 * share(values) + 0.02 * noise,
            "lender_losses_bn": 1000.0 * share(values) * (1.0 + 0.1 * noise),
            "banks_failed": 3 * crisis,
        }  # fmt: skip

    return made
