"""Sweeps made by hand: a plan and its table of runs, without running any."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from abm.scenario import load
from abm.scenario.reading import DECLARED
from abm.sweep.plan import Keep, Parameter, Plan
from abm.sweep.tables import columns


@dataclass(frozen=True)
class Sweep:
    plan: Any
    runs: pl.DataFrame
    folder: Path = Path("by_hand")


Outcomes = Callable[[dict[str, Any], int, int], dict[str, Any]]


def grid(values: dict[str, Sequence], replications: int, **how: Any) -> Plan:
    """Every combination of the values, the first parameter slowest."""
    parameters = tuple(Parameter(path, DECLARED[path].unit, tuple(v)) for path, v in values.items())
    return planned(parameters, tuple(itertools.product(*values.values())), replications, **how)


def sampled(ranges: dict[str, tuple[float, float]], points: Sequence[tuple], replications: int, **how: Any) -> Plan:
    """Points that are given, in ranges."""
    parameters = tuple(Parameter(path, DECLARED[path].unit, low=low, high=high) for path, (low, high) in ranges.items())
    return planned(parameters, tuple(points), replications, **{"design": "sobol", **how})


def planned(parameters: tuple[Parameter, ...], points: tuple[tuple, ...], replications: int, **how: Any) -> Plan:
    """A plan of what is given, of the default scenario."""
    usual = {"name": "by_hand", "base": load("us_late_2025"), "design": "grid", "first_seed": 0, "design_seed": 0}
    usual |= {"paired": True, "twins": True, "keep": Keep()}
    return Plan(parameters=parameters, points=points, replications=replications, **{**usual, **how})


def runs_of(plan: Plan, outcomes: Outcomes) -> pl.DataFrame:
    """The table of runs; `outcomes(values, replication, row)` gives the summary of one, or its `reason` to fail."""
    rows = []
    for row in map(plan.row, range(plan.n_runs)):
        made = outcomes(row.values, row.replication, row.number)
        place = {"row": row.number, "point": row.point, **row.values, "replication": row.replication, "seed": row.seed}
        rows.append({**place, "status": "failed" if made.get("reason") else "ok", "reason": None, **made})
    return pl.DataFrame(rows, schema=columns(plan, mixed=False))


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
