"""The tables of a sweep, made of what was written down of its rows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.sweep.journal import Entry
from abm.sweep.one_row import FAILED
from abm.sweep.plan import Plan

if TYPE_CHECKING:
    import polars as pl

TIMING, FAILURES = "timing", "failures"
TIMES = {"row": "Int64", "seconds": "Float64", "worker": "String", "attempts": "Int64"}
REASONS = {"row": "Int64", "reason": "String", "traceback": "String"}


def tables_of(plan: Plan, rows: Sequence[Entry], mixed: bool = False) -> dict[str, pl.DataFrame]:
    """The tables of some rows: runs, timing and failures, and what the plan keeps of paths and events."""
    import polars as pl

    contents = [entry.content for entry in rows]
    bad = [[c["row"], c["reason"], c["traceback"]] for c in contents if c["status"] == FAILED]
    times = [[c[name] for name in TIMES] for c in contents]
    tables = {
        "runs": pl.DataFrame([cells(plan, c, mixed) for c in contents], schema=columns(plan, mixed), orient="row"),
        TIMING: pl.DataFrame(times, schema=typed(TIMES), orient="row"),
        FAILURES: pl.DataFrame(bad, schema=typed(REASONS), orient="row"),
    }
    for name in ("paths", "events"):
        kept = [with_place(plan, entry, name) for entry in rows if name in entry.tables]
        if kept:
            tables[name] = pl.concat(kept)
    return tables


def columns(plan: Plan, mixed: bool) -> Any:
    """The columns of the table `runs`."""
    parameters = {parameter.path: kind_of(parameter.path) for parameter in plan.parameters}
    places = {"row": "Int64", "point": "Int64", **parameters, "replication": "Int64", "seed": "Int64"}
    ends = {"status": "String", "reason": "String"} | ({"platform": "String"} if mixed else {})
    return typed(places | summary_kinds() | ends)


def cells(plan: Plan, content: dict[str, Any], mixed: bool) -> list[Any]:
    """One row of the table `runs`."""
    row, outcome = plan.row(content["row"]), content["outcome"]
    summary = [outcome.get(key) for key in summary_kinds()]
    platform = [content.get("platform")] if mixed else []
    places = [row.number, row.point, *row.values.values(), row.replication, row.seed]
    return [*places, *summary, content["status"], content["reason"], *platform]


def with_place(plan: Plan, entry: Entry, name: str) -> pl.DataFrame:
    """A table that was kept of one run, with the run's place in the sweep before its columns."""
    import polars as pl

    row = plan.row(entry.content["row"])
    place = {"row": row.number, "point": row.point, "replication": row.replication}
    own = pl.read_parquet(io.BytesIO(entry.tables[name]))
    return own.select(*(pl.lit(value, pl.Int64).alias(key) for key, value in place.items()), pl.all())


def quantiles_of(plan: Plan, files: list[Path]) -> pl.DataFrame:
    """Quantiles of each kept series over the replications of a point: a row per point, day and quantile."""
    import polars as pl

    paths, series = pl.scan_parquet(files), pl.exclude("row", "point", "replication", "tick")
    tables = []
    for point in range(len(plan.points)):  # one point at a time: no more in memory than its runs
        days = paths.filter(pl.col("point") == point).collect().group_by("point", "tick", maintain_order=True)
        for share in plan.keep.quantiles:
            found = days.agg(series.quantile(share, "linear"))
            tables.append(found.insert_column(2, pl.lit(share).alias("quantile")))
    return pl.concat(tables).sort("point", "tick", "quantile")


def summary_kinds() -> dict[str, str]:
    """The keys of a summary with their polars types by name."""
    from abm.outcome.summary import polars_schema

    return polars_schema()


def kind_of(path: str) -> str:
    """The polars type, by name, of a parameter's column."""
    from abm.scenario.reading import DECLARED

    return {bool: "Boolean", str: "String", int: "Int64"}.get(DECLARED[path].kind, "Float64")


def typed(kinds: dict[str, str]) -> Any:
    from abm.outcome.reduce import schema

    return schema(kinds)
