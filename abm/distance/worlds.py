"""The worlds of a search: for each value of the dial the same seeds with the spark and without it, in sweeps.

A sweep's folder is named by the digest of its plan: what was run once, for whatever question, is not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from abm.distance.question import SPARK, Question
from abm.evidence.assumed import Assumed
from abm.experiments.one_run import twin_scenarios
from abm.outcome.summary import Summary
from abm.scenario.reading import DECLARED
from abm.sweep.folder import SweepResult
from abm.sweep.outcomes import evaluate, parse_outcome
from abm.sweep.plan import Parameter, Plan, Value, listed_plan
from abm.sweep.sweep import Progress, sweep

AGAINST_TWINS = ("acceleration", "amplification", "broad_acceleration", "broad_amplification", "all_off", "no_news")
AGAINST_QUIET = ("note_yield_gap_max", "output_shortfall", "bank_capital_change_vs_no_news")
SEED_OF_DRAWS = 7

Report = Callable[[str, Progress], None]  # which sweep, and where it stands


def needs_twins(key: str) -> bool:
    """Whether a key of the summary is judged against twins of the run."""
    return "verdict" in key or key.startswith(AGAINST_TWINS) or key in AGAINST_QUIET


def holds_quiet(key: str) -> bool:
    """Whether the row of a run with twins has the same key of the quiet world."""
    return needs_twins(key) and f"no_news_{key}" in {name for name, *_ in Summary.describe()}


@dataclass(frozen=True)
class Worlds:
    """Where the sweeps are, and who runs them."""

    folder: Path
    workers: int | None = None
    cluster: str | None = None
    report: Report = field(default=lambda _name, _now: None)

    def answer(self, question: Question, values: Sequence[float]) -> pl.DataFrame:
        """Every value of the dial at every seed: x, seed, spark, quiet, and the folder and row of both runs."""
        parameters, points = turned(question, values)
        runs = self.asked(question, parameters, points, question.seeds)
        x = np.repeat(np.asarray(values, float), question.seeds)
        return runs.with_columns(pl.Series("x", x)).select("x", pl.exclude("x", "point"))

    def drawn(
        self,
        question: Question,
        values: Sequence[float],
        worlds: Sequence[Sequence[Value]],
        numbers: Sequence[Assumed],
        seeds: int,
    ) -> pl.DataFrame:
        """The same in other worlds, in which the assumed numbers have other values: `draw` says which."""
        parameters = (
            span(question.dial, values),
            *(Parameter(n.path, n.unit, low=n.low, high=n.high) for n in numbers),
        )
        points = [(question.at(value), *world) for world in worlds for value in values]
        runs = self.asked(question, parameters, points, seeds)
        place = pl.col("point") // len(values)
        x = pl.Series("x", np.tile(np.repeat(np.asarray(values, float), seeds), len(worlds)))
        return runs.with_columns(place.alias("draw"), x).select("draw", "x", pl.exclude("draw", "x", "point"))

    def asked(
        self, question: Question, parameters: Sequence[Parameter], points: Sequence[tuple[Value, ...]], seeds: int
    ) -> pl.DataFrame:
        """The outcome at points with the spark and without it, seed by seed."""
        outcome, twins = question.outcome, needs_twins(question.outcome.key)
        plan = sparked(question, parameters, points, seeds)
        runs, folder = self.runs(plan)
        found = runs.select("point", "seed", evaluate(runs, outcome).alias("spark")).with_columns(
            pl.lit(folder).alias("sweep"), runs["row"]
        )
        if holds_quiet(outcome.key):
            quiet = evaluate(runs, parse_outcome(f"no_news_{outcome.text}"))
            return found.with_columns(quiet.alias("quiet"), pl.lit(folder).alias("quiet_sweep"), quiet_row=runs["row"])
        kept = [place for place, parameter in enumerate(parameters) if parameter.path != SPARK]  # there is none
        bare = [tuple(point[place] for place in kept) for point in points]
        different = list(dict.fromkeys(bare))
        calm = twin_scenarios(question.scenario)["no_news"]
        quiet_plan = listed_plan(
            "without_the_spark",
            calm,
            [parameters[place] for place in kept],
            different,
            seeds,
            twins=twins,
            design_seed=SEED_OF_DRAWS,
        )
        quiet_runs, quiet_folder = self.runs(quiet_plan)
        rows = [different.index(point) * seeds + seed for point in bare for seed in range(seeds)]
        values = evaluate(quiet_runs, outcome).gather(rows)
        return found.with_columns(
            values.alias("quiet"), pl.lit(quiet_folder).alias("quiet_sweep"), quiet_row=quiet_runs["row"].gather(rows)
        )

    def runs(self, plan: Plan) -> tuple[pl.DataFrame, str]:
        """All runs of a plan, of which only those are made that its folder lacks, and the folder's name."""
        return self.result(plan).runs, folder_of(plan)

    def result(self, plan: Plan) -> SweepResult:
        """The same with all that the plan keeps of a run."""
        name = folder_of(plan)
        return sweep(
            plan,
            self.folder / name,
            workers=self.workers,
            cluster=self.cluster,
            progress=lambda now: self.report(name, now),
        )


def turned(question: Question, values: Sequence[float]) -> tuple[tuple[Parameter, ...], list[tuple[Value, ...]]]:
    """The dial and its values as a sweep has them."""
    return (span(question.dial, values),), [(question.at(value),) for value in values]


def sparked(
    question: Question, parameters: Sequence[Parameter], points: Sequence[tuple[Value, ...]], seeds: int
) -> Plan:
    """The sweep of the worlds with the spark."""
    twins = needs_twins(question.outcome.key)
    return listed_plan(
        "with_the_spark", question.scenario, parameters, points, seeds, twins=twins, design_seed=SEED_OF_DRAWS
    )


def folder_of(plan: Plan) -> str:
    return f"sweeps/{plan.name}-{plan.digest[:12]}"


def span(dial: str, values: Sequence[float]) -> Parameter:
    return Parameter(dial, DECLARED[dial].unit, low=min(values), high=max(values))
