"""Leveraged bubbles (Jordà, Schularick and Taylor 2015): the same spark with no debt, today's, and more.

Output is held against the same draws without the spark. Of their five years after the peak there are four; debt here is
that of those who hold shares, of builders and of private credit, not a credit boom of households and firms.

Measured: on the deepest day two thirds of the shortfall come through share wealth, nearly a third through investment in
AI and less than a hundredth through bank credit, with much debt and without. Banks stay above the capital at which they
would tighten, and households and firms owe no more for a boom in shares, so that debt has little way to output.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.evidence.check import REGULARITIES, Check, Curve, Judged, Path, Picture, Runs, mean_of, several
from abm.evidence.regularities.outcomes import band
from abm.experiments.one_run import ticks_of
from abm.scenario import DEFAULT, Scenario, load

YEARS = 4
DEEP = 0.01  # log points of output
MONTH = 21  # days between two points of the picture
NAMES = {"unlevered": "nobody in debt", DEFAULT: "today's debt", "powder_keg": "five years on"}


def world(name: str, spark: bool) -> Scenario:
    default = load(DEFAULT)
    days = default.spark.start + round(YEARS * default.run.ticks_per_year)
    return load(name, **{"run.ticks": days, **({} if spark else {"spark.total": 0})})


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Output from the spark on [log points], (days,), and bank lending on the last day [$bn]."""
    ticks = ticks_of(scenario, seed)
    return {
        "output": ticks["output"].to_numpy()[scenario.spark.start :],
        "lending": float(ticks["bank_lending"][-1]),
    }


def wants(seeds: int) -> list[Path]:
    worlds = [world(name, spark) for name in NAMES for spark in (True, False)]
    return [path for scenario in worlds for path in several(scenario, measure, seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    samples = {name: [runs.sample(world(name, spark), measure, seeds) for spark in (True, False)] for name in NAMES}
    gaps = {name: calm["output"] - hit["output"] for name, (hit, calm) in samples.items()}  # (seeds, days)
    deepest = {name: gap.max(axis=1) for name, gap in gaps.items()}
    per_year = load(DEFAULT).run.ticks_per_year
    years = {name: (gap >= DEEP).sum(axis=1) / per_year for name, gap in gaps.items()}
    lending = {name: hit["lending"] / calm["lending"] - 1.0 for name, (hit, calm) in samples.items()}
    none, today, more = NAMES
    curves = []
    for name, words in NAMES.items():
        middle, low, high = band(100.0 * gaps[name][:, ::MONTH])
        curves.append(Curve(words, (np.arange(len(middle)) * MONTH / per_year).tolist(), middle, low, high))
    picture = Picture(
        title="Output after the same spark, by how much debt stands behind shares",
        x="years since the spark",
        y="output below that without it, %",
        curves=curves,
        words="The paper finds hardly any gap without credit, and a deep and long one with it.",
    )
    return Judged(
        {
            "shortfall_without_credit": mean_of(deepest[none]),
            "deeper_with_todays_debt": mean_of(deepest[today] - deepest[none]),
            "deeper_with_more_debt": mean_of(deepest[more] - deepest[none]),
            "longer_with_more_debt": mean_of(years[more] - years[none]),
            "lending_with_more_debt": mean_of(lending[more] - lending[none]),
            "debt_beside_wealth": mean_of(deepest[none] / deepest[more]),
        },
        picture,
    )


CHECK = Check(
    "bubbles",
    REGULARITIES,
    "Bubbles with and without debt behind them",
    "Jordà, Schularick and Taylor (2015)",
    judge,
    wants,
    seeds=24,
    quick_seeds=5,
)
