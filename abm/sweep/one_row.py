"""One row of a sweep: a scenario, a seed, the twins if they are asked for, and what is kept of them."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from abm.experiments.files import parquet
from abm.experiments.one_run import advance, ticks_of, twin_scenarios
from abm.experiments.workers import reason_of
from abm.sweep.plan import Plan

if TYPE_CHECKING:
    import polars as pl

OK, FAILED = "ok", "failed"


@dataclass(frozen=True)
class Finished:
    """What one row has become: `outcome` are the keys of its summary, `tables` Parquet files in memory.

    A failed row has a reason on one line and a traceback, and no outcome. `seconds` were spent simulating.
    """

    row: int
    status: str
    outcome: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    traceback: str | None = None
    seconds: float = 0.0
    tables: dict[str, bytes] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """All of it but the tables, ready for JSON."""
        names = ("row", "status", "outcome", "reason", "traceback", "seconds")
        return {name: getattr(self, name) for name in names}


def finish(plan: Plan, number: int) -> Finished:
    """Simulate a row; whatever goes wrong in it is its reason, never the end of the others."""
    started = time.perf_counter()
    try:
        outcome, tables, seconds = simulate(plan, number)
    except Exception as error:  # noqa: BLE001  a crash is a row with its reason
        return failed(number, reason_of(error), traceback.format_exc(), time.perf_counter() - started)
    return Finished(number, OK, outcome, seconds=seconds, tables=tables)


def failed(number: int, reason: str, trace: str | None = None, seconds: float = 0.0) -> Finished:
    """A row without an outcome."""
    return Finished(number, FAILED, reason=reason, traceback=trace, seconds=seconds)


def simulate(plan: Plan, number: int) -> tuple[dict[str, Any], dict[str, bytes], float]:
    """The summary of a row, the tables that the plan keeps of it, and the seconds of books and days, twins' too."""
    from abm.economy import Economy
    from abm.outcome.events import events_frame
    from abm.outcome.summary import summarise
    from abm.outcome.tables import ticks_frame

    row = plan.row(number)
    scenario = plan.scenario_of(row.point)
    started = time.perf_counter()
    economy = Economy(scenario, row.seed)
    advance(economy, scenario.run.ticks)
    family = twin_scenarios(scenario) if plan.twins else {}
    twins = {name: ticks_of(twin, row.seed) for name, twin in family.items()}
    seconds = time.perf_counter() - started
    ticks = ticks_frame(economy.rows)
    tables = {}
    if plan.keep.every:
        tables["paths"] = parquet(kept(ticks, plan))
    if plan.keep.events:
        tables["events"] = parquet(events_frame(economy.events[: economy.counter[0]]))
    return summarise(ticks, **twins, scenario=scenario).to_dict(), tables, seconds


def kept(ticks: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The series that the plan keeps, on every so many days and on the last."""
    import polars as pl

    last = ticks.height - 1
    days = ticks.filter((pl.col("tick") % plan.keep.every == 0) | (pl.col("tick") == last))
    return days.select("tick", *(plan.keep.series or [name for name in ticks.columns if name != "tick"]))
