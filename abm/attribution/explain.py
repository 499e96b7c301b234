"""Why it happened: Shapley values of groups of channels on common random numbers, from the runs of a sweep.

The game of a seed: v(S) is the outcome of its run with the channels of the groups S on and those of other groups off.
What is divided is v(all) - v(none); "none" is the same news in a world of ordinary trading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from abm.attribution.plan import Design
from abm.attribution.shapley import contributions, interactions, over_seeds, over_seeds_and_orders, shapley_values
from abm.errors import InputError
from abm.outcome.paired import Interval, share_interval
from abm.sweep.sweep import Progress, sweep

KINDS = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
ROUNDING = 1e-12  # of the largest outcome: what sums of numbers that do not differ may come to
RAISES, LOWERS, NOTHING_DONE, CANNOT_TELL = "raises it", "lowers it", "nothing, on any seed", "cannot tell"


@dataclass(frozen=True)
class Explanation:
    """What was found.

    `seeds` of `design.plan.replications` have all their runs. `empty`, `full`, `total`: means over them with intervals,
    in the unit of the question. `shapley`: a row a group, the largest first; `together`: a row a pair, the largest
    first, None where orders were sampled; `coalitions`: every run, with its row in the sweep.
    """

    design: Design
    runs: Path
    seeds: int
    empty: Interval
    full: Interval
    total: Interval
    shapley: pl.DataFrame
    together: pl.DataFrame | None
    coalitions: pl.DataFrame


def explain(
    design: Design,
    folder: str | Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Explanation:
    """Run what the folder lacks of a design, and attribute; raises InputError where no seed has all its runs."""
    where = design.runs_in(folder)
    result = sweep(design.plan, where, workers=workers, cluster=cluster, progress=progress)
    return attributed(design, result.runs, where)


def attributed(design: Design, runs: pl.DataFrame, where: Path) -> Explanation:
    """Attribute the outcome of finished runs; seeds on which a run failed or has no such outcome are left out."""
    runs = runs.sort("row")
    outcomes = design.question.values(runs)
    worth = outcomes.reshape(len(design.masks), design.plan.replications).T
    whole = worth[np.isfinite(worth).all(axis=1)]
    if not len(whole):
        failed = int((runs["status"] != "ok").sum())
        raise InputError(
            f"{where}: no seed has {design.question.text} in all its runs ({failed} failed); "
            "allowed is an outcome that every run has"
        )
    is_share, tiny = design.question.is_share, ROUNDING * float(np.abs(whole).max())
    if design.sampled is None:
        values = shapley_values(whole)
        found = [over_seeds(values[:, place].tolist(), is_share) for place in range(values.shape[1])]
    else:
        added = contributions(whole, design.masks, design.sampled)
        found = [over_seeds_and_orders(added[:, :, place]) for place in range(added.shape[2])]
    return Explanation(
        design=design,
        runs=where,
        seeds=len(whole),
        empty=level(whole[:, 0], is_share),
        full=level(whole[:, -1], is_share),
        total=over_seeds((whole[:, -1] - whole[:, 0]).tolist(), is_share),
        shapley=of_groups(design, found, tiny),
        together=None if design.sampled is not None or len(design.acting) < 2 else of_pairs(design, whole, tiny),
        coalitions=of_runs(design, runs, outcomes),
    )


def level(values: np.ndarray, is_share: bool) -> Interval:
    """The outcome of one coalition over seeds: a mean with Student's t interval, a share with Wilson's."""
    if not is_share:
        return over_seeds(values.tolist(), is_share)
    low, high = share_interval(float(values.sum()), len(values))
    return Interval(float(values.mean()), low, high, None, len(values))


def of_groups(design: Design, found: list[Interval], tiny: float) -> pl.DataFrame:
    """A row a group, the largest first; groups whose channels are all off get exactly nought."""
    of = {group.name: interval for group, interval in zip(design.acting, found, strict=True)}
    off = Interval(0.0, 0.0, 0.0, 0.0, found[0].n)
    rows: list[dict[str, Any]] = []
    for group in design.groups:
        acting = next((one.channels for one in design.acting if one.name == group.name), ())
        place = {"group": group.name, "words": group.words, "channels": ", ".join(acting) or "all off in the scenario"}
        rows.append(place | cells(of.get(group.name, off), tiny))
    return largest_first(rows)


def of_pairs(design: Design, worth: np.ndarray, tiny: float) -> pl.DataFrame:
    """A row a pair of groups, the largest first."""
    index = interactions(worth)
    rows = [
        {"first": first.name, "second": second.name}
        | cells(over_seeds(index[:, i, j].tolist(), design.question.is_share), tiny)
        for i, first in enumerate(design.acting)
        for j, second in enumerate(design.acting[:i])
    ]
    return largest_first(rows)


def largest_first(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides=KINDS).sort(pl.col("value").abs(), descending=True, maintain_order=True)


def cells(found: Interval, tiny: float) -> dict[str, Any]:
    return {"value": found.mean, "low": found.low, "high": found.high, "said": said_of(found, tiny)}


def said_of(found: Interval, tiny: float, words: Sequence[str] = (RAISES, LOWERS, NOTHING_DONE)) -> str:
    """Which of the words for more, less and nothing on any seed holds, or that it cannot be told from chance."""
    more, less, nothing = words
    if found.low is not None and found.high is not None and max(abs(found.low), abs(found.high)) <= tiny:
        return nothing
    return {1: more, -1: less, 0: CANNOT_TELL}[found.sign]


def of_runs(design: Design, runs: pl.DataFrame, outcomes: np.ndarray) -> pl.DataFrame:
    """Every run: its row in the sweep, its seed, whether each group was on, and the outcome."""
    point = runs["point"].to_numpy()
    on = [
        pl.Series(group.name, (design.masks[point] >> place & 1).astype(bool))
        for place, group in enumerate(design.acting)
    ]
    return runs.select("row", "seed").with_columns(*on, pl.Series("outcome", outcomes).fill_nan(None))
