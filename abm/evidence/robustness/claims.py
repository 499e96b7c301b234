"""The claims that are read off the map, and what is left of them in another world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from abm.evidence.assumed import Assumed
from abm.evidence.robustness.plans import (
    CORNERS,
    DAYS,
    DRAWS,
    LEVERAGE,
    SLOW_HIGH,
    SLOW_LOW,
    SUDDEN_HIGH,
    SUDDEN_LOW,
    Corner,
    Variant,
)
from abm.outcome.paired import Interval, paired_difference
from abm.sweep.outcomes import by, parse_outcome

OUTCOME = parse_outcome("dealers_failed>=2")


class Claim(NamedTuple):
    """A weighted sum of the shares of breakdowns at points of the map that should lie above nought."""

    name: str
    words: str
    weights: Mapping[Corner, float]
    margin: float = 0.0


CLAIMS = (
    Claim("contained today", "sudden news breaks today's system in under 5 % of runs", {SUDDEN_LOW: -1.0}, 0.05),
    Claim(
        "leverage decides",
        "sudden news breaks a system with three times today's leverage more often than today's",
        {SUDDEN_HIGH: 1.0, SUDDEN_LOW: -1.0},
    ),
    Claim(
        "speed decides",
        "news in one day breaks a system with three times today's leverage more often than news over 250 days",
        {SUDDEN_HIGH: 1.0, SLOW_HIGH: -1.0},
    ),
    Claim(
        "it takes both",
        "speed and leverage together break more than the two alone",
        {SUDDEN_HIGH: 1.0, SLOW_HIGH: -1.0, SUDDEN_LOW: -1.0, SLOW_LOW: 1.0},
    ),
)


def ranked(runs: pl.DataFrame, numbers: Sequence[Assumed]) -> pl.DataFrame:
    """What each assumed number does near the edge at half and at double, paired by seed; the most first.

    The measure is the mean over seeds of the change of log(1 + lenders' losses in $bn), the larger of the two.
    """
    losses = runs.select("point", "seed", (pl.col("lender_losses_bn") + 1.0).log().alias("losses"), "broken")
    at_edge = losses.filter(pl.col("point") == 0).drop("point")
    changes = losses.join(at_edge, on="seed", suffix="_at_edge").with_columns(
        (pl.col("losses") - pl.col("losses_at_edge")).alias("change"),
        (pl.col("broken") - pl.col("broken_at_edge")).alias("breakdowns"),
    )
    means = {
        point: (change, breakdowns)
        for point, change, breakdowns in changes.group_by("point")
        .agg(pl.col("change").mean(), pl.col("breakdowns").mean())
        .iter_rows()
    }
    rows = []
    for place, number in enumerate(numbers):
        half, double = (means[2 * place + end] for end in (1, 2))
        largest = max(abs(half[0] or 0.0), abs(double[0] or 0.0))
        rows.append(
            {
                "path": number.path,
                "unit": number.unit,
                "value": float(number.value),
                "low": float(number.low),
                "high": float(number.high),
                "change_low": half[0],
                "change_high": double[0],
                "breakdowns_low": half[1],
                "breakdowns_high": double[1],
                "largest": largest,
            }
        )
    return pl.DataFrame(rows).sort("largest", descending=True, maintain_order=True)


def points_of(variant: Variant, runs: pl.DataFrame) -> pl.DataFrame:
    """The share of breakdowns at each point of a map, with Wilson's interval."""
    found = by(runs, OUTCOME, [DAYS, LEVERAGE])
    name, words = (pl.lit(text).alias(column) for text, column in ((variant.name, "variant"), (variant.words, "words")))
    return found.select(name, words, pl.col(DAYS), pl.col(LEVERAGE).cast(pl.Float64), "count", "value", "low", "high")


def judged(name: str, runs: pl.DataFrame) -> list[dict[str, Any]]:
    """Every claim in one world."""
    at = {
        (int(days), float(leverage)): dict(own.select("seed", "broken").iter_rows())
        for (days, leverage), own in runs.group_by(DAYS, LEVERAGE)
    }
    return [row_of(name, claim, of_seeds(claim, at)) for claim in CLAIMS]


def of_seeds(claim: Claim, at: Mapping[Corner, Mapping[int, float | None]]) -> list[float]:
    """The weighted sum on every seed on which all its runs were finished."""
    seeds = sorted(set.intersection(*(set(at[corner]) for corner in claim.weights)))
    sums = []
    for seed in seeds:
        values = [(weight, at[corner][seed]) for corner, weight in claim.weights.items()]
        if all(value is not None for _, value in values):
            sums.append(claim.margin + sum(weight * (value or 0.0) for weight, value in values))
    return sums


def row_of(name: str, claim: Claim, sums: Sequence[float]) -> dict[str, Any]:
    found = paired_difference(sums, [0.0] * len(sums)) or Interval(float("nan"), None, None, None, 0)
    return {
        "variant": name,
        "claim": claim.name,
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "holds": found.sign > 0,
    }


def by_world(runs: pl.DataFrame) -> pl.DataFrame:
    """The share of breakdowns of each drawn world at each corner, and its variance over seeds."""
    found = runs.with_columns((pl.col("point") // len(CORNERS)).alias("world"))
    broken = pl.col("broken")
    return (
        found.group_by("world", DAYS, LEVERAGE)
        .agg(broken.mean().alias("share"), broken.var().alias("noise"), broken.count().alias("n"))
        .sort("world", DAYS, LEVERAGE)
    )


def in_draws(worlds: pl.DataFrame) -> list[dict[str, Any]]:
    """Every claim over the drawn worlds: each world counts once, by the shares of its seeds."""
    at = {
        (int(days), float(leverage)): dict(own.select("world", "share").iter_rows())
        for (days, leverage), own in worlds.group_by(DAYS, LEVERAGE)
    }
    return [row_of(f"{DRAWS} draws of all", claim, of_seeds(claim, at)) for claim in CLAIMS]


def split(worlds: pl.DataFrame) -> pl.DataFrame:
    """The variance of the outcome at each corner, split into the numbers and the seeds (one-way random effects).

    seeds = mean over worlds of the variance within; numbers = variance of the worlds' means - seeds / n, not
    below nought. Source: Searle, Casella and McCulloch (1992), balanced case.
    """
    rows = []
    for (days, leverage), own in worlds.group_by(DAYS, LEVERAGE, maintain_order=True):
        within, shares, seeds = (own[name].drop_nulls().to_numpy() for name in ("noise", "share", "n"))
        noise, between = float(np.mean(within)), float(np.var(shares, ddof=1))
        numbers = max(0.0, between - noise / float(np.mean(seeds)))
        total = numbers + noise
        rows.append(
            {
                DAYS: days,
                LEVERAGE: leverage,
                "share": own["share"].mean(),
                "of_numbers": numbers,
                "of_seeds": noise,
                "part_of_numbers": numbers / total if total > 0.0 else None,
            }
        )
    return pl.DataFrame(rows)
