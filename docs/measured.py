"""All measured regions of the documentation, and its figures."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measure import SCENARIO, Laboratory, value_of
from results import (
    LEVERAGES,
    TARGETS,
    comparison_table,
    holds,
    leverage_samples,
    leverage_table,
    number,
    pairs_of_leverage,
    quiet_measures,
    quiet_table,
    reported_table,
    required_table,
    want_all,
)

import abm

SPARED = 4  # the comparison runs all its twins, so that it takes a quarter of the seeds


def measured(seeds: int, workers: int, figures: Path) -> dict[str, Callable[[], str]]:
    """Run everything, draw the figures, and return each region's text by its name."""
    started = time.perf_counter()
    lab = Laboratory(seeds)
    want_all(lab)
    lab.run(workers)
    pairs = max(2, seeds // SPARED)
    both = abm.compare(SCENARIO, days=(1, 500), seeds=pairs, workers=workers)
    if both.failures:
        raise SystemExit(f"the comparison has failed runs: {both.failures[0]}")
    figures.mkdir(exist_ok=True)
    draw_comparison(both, figures)
    draw_leverage(lab, figures)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    half = pairs_of_leverage(seeds)
    return {
        "headline": lambda: headline(lab),
        "quiet": lambda: f"{seeds} seeds, {TARGETS['quiet_world']['ticks']} days.\n\n{quiet_table(lab)}",
        "required": lambda: f"{seeds} paired seeds.\n\n{required_table(lab)}",
        "reported": lambda: f"{seeds} paired seeds.\n\n{reported_table(lab)}",
        "leverage": lambda: f"{half} paired seeds.\n\n{leverage_table(lab)}",
        "comparison": lambda: f"{pairs} paired seeds.\n\n{comparison_table(both)}",
    }


def headline(lab: Laboratory) -> str:
    """Two or three sentences that a reader of README meets first."""
    samples = leverage_samples(lab)
    parts = []
    for leverage in (1.0, 2.0):
        sudden, gradual = samples["sudden", leverage], samples["gradual", leverage]
        fall = {
            n: 100 * float(np.median(s["drawdown"])) for n, s in (("sudden", sudden), ("gradual", gradual))
        }
        lost = {n: float(s["lender_losses"].mean()) for n, s in (("sudden", sudden), ("gradual", gradual))}
        banks = {
            n: 100 * float((s["banks_failed"] > 0).mean())
            for n, s in (("sudden", sudden), ("gradual", gradual))
        }
        level = "today's leverage" if leverage == 1 else f"{leverage:g} times the leverage"
        parts.append(
            f"At {level}, AI equity falls by {fall['sudden']:.0f} % when the news comes on one day and by "
            f"{fall['gradual']:.0f} % when it comes over 500 days (medians of {len(sudden['drawdown'])} seeds); dealers "
            f"and banks lose {number(lost['sudden'])} against {number(lost['gradual'])} $bn on average, and a bank fails "
            f"in {banks['sudden']:.0f} % against {banks['gradual']:.0f} % of seeds."
        )
    checks = quiet_measures(lab)
    targets = TARGETS["quiet_world"]["targets"]
    kept = sum(holds(target, checks[target["name"]]) for target in targets)
    spark = f"The same news each time: a spark of {value_of('spark.total'):g} log points."
    quiet = (
        f"Without a spark, {kept} of {len(targets)} limits that keep the quiet world quiet and alive are met."
    )
    return " ".join([spark, *parts, quiet])


def draw_comparison(both: abm.ComparisonResult, figures: Path) -> None:
    """The program's own picture of a comparison."""
    figure = both.plot.paths()
    figure.savefig(figures / "sudden_and_gradual.png", dpi=110)


def draw_leverage(lab: Laboratory, figures: Path) -> None:
    """How far AI equity falls and what lenders lose, by leverage, for both speeds of the news."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    samples = leverage_samples(lab)
    panels = (
        ("drawdown", 100.0, "AI equity falls by, %"),
        ("worst_20_day_share", 1.0, "share of the fall in its worst 20 days"),
        ("lender_losses", 1.0, "dealers and banks lose, $bn"),
    )
    figure, axes = plt.subplots(1, len(panels), figsize=(11, 3.4), layout="constrained")
    for axis, (name, scale, words) in zip(axes, panels, strict=True):
        for speed, colour, offset in (("sudden", "#b2182b", -0.012), ("gradual", "#2166ac", 0.012)):
            spread = [np.quantile(samples[speed, x][name] * scale, (0.1, 0.5, 0.9)) for x in LEVERAGES]
            low, middle, high = np.transpose(spread)
            places = [x + offset for x in LEVERAGES]
            axis.plot(
                places,
                middle,
                "o-",
                color=colour,
                label="news on one day" if speed == "sudden" else "over 500 days",
            )
            axis.vlines(places, low, high, color=colour, alpha=0.5)
        axis.set_xticks(LEVERAGES)
        axis.set_xlabel("leverage, times today's")
        axis.set_title(words, fontsize=10)
        axis.set_ylim(bottom=0)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False, loc="lower right")
    figure.savefig(figures / "leverage.png", dpi=110)
    plt.close(figure)
