"""What each parameter does to an outcome on its own, and the runs that are unlike others of their point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from abm.outcome.paired import paired_difference
from abm.sweep.levels import Levels, levels_of
from abm.sweep.outcomes import Outcome, by, difference, evaluate

if TYPE_CHECKING:
    from abm.sweep.plan import Plan

MOST_LEVELS = 5  # intervals that a sampled parameter is cut into
FEWEST = 3  # runs of a point from which one of them can stand out


def effects(plan: Plan, runs: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """Return the outcome at every level of every parameter, averaged over all others, and what it changes.

    Columns: parameter, unit, level (in words), middle, then those of `abm.sweep.outcomes.by`, then `change` against
    the lowest level with its 95 % interval `change_low`, `change_high`, and `pairs`. Where seeds are common to all
    points, runs of one seed (on a grid: that differ in nothing but this parameter) are compared, and pairs are
    seeds; else the two intervals are combined, and pairs is null.
    """
    return pl.concat([_effect(plan, runs, outcome, parameter.path) for parameter in plan.parameters])


def _effect(plan: Plan, runs: pl.DataFrame, outcome: Outcome, path: str) -> pl.DataFrame:
    levels = levels_of(plan, path, MOST_LEVELS, equal_counts=True)
    placed = runs.with_columns(levels.places(runs[path]).alias("place"), evaluate(runs, outcome).alias("outcome"))
    places = pl.DataFrame({"place": range(len(levels))}, schema={"place": pl.Int64})
    found = places.join(by(placed, outcome, ["place"]), on="place", how="left", maintain_order="left")
    if plan.paired:
        others = [p.path for p in plan.parameters if p.path != path] if plan.design == "grid" else []
        changes = [_paired_change(placed, place, others) for place in range(len(levels))]
    else:
        changes = [_change(found, place) for place in range(len(levels))]
    kinds = {"change": pl.Float64, "change_low": pl.Float64, "change_high": pl.Float64, "pairs": pl.Int64}
    return pl.concat(
        [_heads(levels), found.drop("place"), pl.DataFrame(changes, kinds, orient="row")], how="horizontal"
    )


def _heads(levels: Levels) -> pl.DataFrame:
    n = len(levels)
    columns = {"parameter": [levels.path] * n, "unit": [levels.unit] * n, "level": levels.names}
    middles = levels.middles or [None] * n
    return pl.DataFrame(columns).with_columns(pl.Series("middle", middles, dtype=pl.Float64))


def _paired_change(placed: pl.DataFrame, place: int, others: list[str]) -> tuple[Any, ...]:
    """The change of a level against the first, seed by seed: mean over runs that differ in the parameter alone."""
    match = ["seed", *others]
    known = placed.filter(pl.col("outcome").is_not_null())
    # in order throughout: sums in another order have other last bits
    here, first = (
        known.filter(pl.col("place") == k).group_by(match, maintain_order=True).agg(pl.col("outcome").mean())
        for k in (place, 0)
    )
    pairs = here.join(first, on=match, suffix="_first", maintain_order="left")
    pairs = pairs.group_by("seed", maintain_order=True).agg(pl.col("outcome", "outcome_first").mean())
    pairs = pairs.sort("seed")
    found = paired_difference(pairs["outcome"].to_list(), pairs["outcome_first"].to_list())
    if place == 0 or found is None:
        return None, None, None, None
    return found.mean, found.low, found.high, found.n


def _change(found: pl.DataFrame, place: int) -> tuple[Any, ...]:
    here, first = (found.select("value", "low", "high").row(k) for k in (place, 0))
    if place == 0 or None in here or None in first:
        return None, None, None, None
    return *difference(here, first), None


def surprising(plan: Plan, runs: pl.DataFrame, outcome: Outcome, most: int = 10) -> pl.DataFrame:
    """Return the runs that are least like the others of their point, the most surprising first.

    Of a number (or a limit on it): runs whose standardised residual, (value - mean of the point) / standard
    deviation of the point, is largest either way; columns row, point, parameters, seed, found, usual, residual.
    Of a label: runs whose label is rarest among those of their point; columns ... found, usual, share.
    """
    columns = ["row", "point", *(parameter.path for parameter in plan.parameters), "seed"]
    known = runs.filter((pl.col("status") == "ok") & pl.col(outcome.key).is_not_null())
    known = known.select(*columns, pl.col(outcome.key).alias("found"))
    known = known.filter(pl.len().over("point") >= FEWEST)
    if outcome.unit == "label":
        share = pl.len().over("point", "found") / pl.len().over("point")
        ranked = known.with_columns(share.alias("share")).with_columns(
            pl.col("found").sort_by("share", "found", descending=[True, False]).first().over("point").alias("usual")
        )
        ranked = ranked.filter(pl.col("found") != pl.col("usual")).sort("share", "row")
        return ranked.select(*columns, "found", "usual", "share").head(most)
    value = pl.col("found").cast(pl.Float64)
    ranked = known.with_columns(
        value.alias("found"), value.mean().over("point").alias("usual"), value.std().over("point").alias("spread")
    ).filter(pl.col("spread") > 1e-12 * pl.col("usual").abs())
    away = pl.col("found") - pl.col("usual")
    ranked = ranked.with_columns((away / pl.col("spread")).alias("residual"))
    ranked = ranked.sort(pl.col("residual").abs().round(9), away.abs(), -pl.col("row"), descending=True)
    return ranked.select(*columns, "found", "usual", "residual").head(most)
