"""Whether the headline turns on one number: its claims at the corners of the map, at both ends of a range."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from abm.evidence.assumed import Assumed
from abm.evidence.robustness.claims import OUTCOME, judged
from abm.evidence.robustness.plans import CORNERS
from abm.sweep.outcomes import evaluate

SHIPPED = "as shipped"
HOLDS, FAILS, CANNOT_TELL, NO_WORLD = "holds", "does not hold", "cannot tell", "cannot be opened"
TURNS, MAY_TURN = "turns on it", "may turn on it"


def flagged(first: Sequence[Assumed], runs: pl.DataFrame) -> pl.DataFrame:
    """Every claim as shipped and with each number at both ends of its range: a row for each.

    A claim holds where its whole 95 % interval over paired seeds lies above nought, and does not hold where none of
    it does. `flag` is "turns on it" where a claim that holds as shipped does not, or one that does not then holds;
    "may turn on it" where so many seeds cannot tell; else empty, as where it cannot be told as shipped.
    """
    runs = runs.with_columns(evaluate(runs, OUTCOME).alias("broken"), (pl.col("point") // len(CORNERS)).alias("world"))
    reasons = dict(runs.filter(pl.col("status") != "ok").unique("world").select("world", "reason").iter_rows())
    worlds = [(SHIPPED, None), *((n.path, end) for n in first for end in (n.low, n.high))]
    rows, shipped = [], dict[str, str]()
    for world, (path, value) in enumerate(worlds):
        for found in judged(path, runs.filter(pl.col("world") == world)):
            status = status_of(found)
            shipped.setdefault(found["claim"], status)
            rows.append(
                {
                    "path": path,
                    "value": value,
                    "claim": found["claim"],
                    "mean": found["mean"] if found["n"] else None,
                    "low": found["low"],
                    "high": found["high"],
                    "seeds": found["n"],
                    "status": status,
                    "flag": flag_of(shipped[found["claim"]], status),
                    "reason": reasons.get(world),
                }
            )
    kinds = dict.fromkeys(("value", "mean", "low", "high"), pl.Float64) | {"reason": pl.String}
    return pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None)


def status_of(found: dict[str, float | None]) -> str:
    """What can be said of a claim."""
    if not found["n"]:
        return NO_WORLD
    low, high = found["low"], found["high"]
    if low is None or high is None:
        return CANNOT_TELL
    if low > 0.0:
        return HOLDS
    return FAILS if high <= 0.0 else CANNOT_TELL


def flag_of(shipped: str, there: str) -> str:
    """Whether a claim turns between the world as shipped and another."""
    if shipped not in (HOLDS, FAILS) or there in (shipped, NO_WORLD):
        return ""
    return MAY_TURN if there == CANNOT_TELL else TURNS


def turning(flags: pl.DataFrame, flag: str) -> list[tuple[str, str]]:
    """The numbers, and the claims, with a flag."""
    return list(flags.filter(pl.col("flag") == flag).select("path", "claim").unique(maintain_order=True).iter_rows())
