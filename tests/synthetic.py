"""Daily series and comparisons made by hand: what a run leaves behind, without running one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from abm.outcome.events import EVENT, events_frame
from abm.outcome.recorder import ROW
from abm.outcome.reduce import reduce_run
from abm.outcome.summary import summarise
from abm.outcome.tables import ticks_frame
from abm.report.data import ComparisonData, MemberRun, comparison_data
from abm.report.members import Member, days_label
from abm.scenario import Scenario, load

FUNDS, ACCOUNTS = 500, 100


def sizes(**changes: Any) -> Any:
    """As much of a scenario as a summary reads."""
    return SimpleNamespace(
        funds=SimpleNamespace(count=FUNDS),
        margin_accounts=SimpleNamespace(count=ACCOUNTS),
        banks=SimpleNamespace(equity=2000.0, capital=1.0, notes=1500.0),
        dealers=SimpleNamespace(capital=250.0),
        policy=SimpleNamespace(bank_capital=SimpleNamespace(on=False)),
        **changes,
    )


def ticks_of(ai: Sequence[float] | np.ndarray, **columns: Any) -> pl.DataFrame:
    """A run whose AI equity has these log prices at the end of each day; all else is calm unless given."""
    rows = np.zeros(len(ai), ROW)
    rows["price"] = rows["news"] = rows["depth"] = 1.0
    rows["buyers_capacity"] = rows["fill_share"] = 1.0
    rows["bank_capital"], rows["dealer_capital"], rows["bank_lending"] = 2000.0, 250.0, 13_000.0
    rows["volume"] = 10.0
    rows["coin_price"] = rows["coin_coverage"] = 1.0
    rows["coin_supply"] = 100.0
    frame = ticks_frame(rows).with_columns(pl.Series("price_ai_equity", np.exp(np.asarray(ai, dtype=float))))
    return frame.with_columns(
        pl.lit(value).alias(name) if np.isscalar(value) else pl.Series(name, value, dtype=pl.Float64)
        for name, value in columns.items()
    )


def crash(seed: int, days: int, length: int = 200, start: int = 20) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """A run with a crash in it, its all-off twin and its event log; the news takes `days` days."""
    noise = np.random.default_rng(seed).normal(0.0, 0.01, length)
    hit = np.zeros(length)
    hit[start : start + days] = 0.5 / days
    news = np.cumsum(noise - hit)
    loss = 1.0 / math.sqrt(days)
    selling = np.zeros(length)
    selling[start + 1 : start + 11] = 4.0 * loss
    falling = news - 0.1 * loss * np.minimum(np.cumsum(selling) / 40.0, 1.0)
    late = (np.arange(length) > start + 5).astype(float)
    ticks = ticks_of(
        falling, news_ai_equity=np.exp(news), disappointment=hit, forced_sales_ai_equity=selling,
        cash_needed_funds=selling, cash_obtained_funds=selling / 2, forced_sales_liquidated=selling / 2,
        failed_funds=3 * late, failed_with_shortfall_funds=2 * late, dealer_losses=0.2 * loss * selling,
        dealers_failed=late if days == 1 else 0.0, depth_ai_equity=1.0 - 0.5 * late,
        believers=0.9 - 0.2 * late,
    )  # fmt: skip
    return ticks, ticks_of(news, disappointment=hit), _log(start, selling)


def small_comparison(
    seeds: Sequence[int] = (0, 1, 2, 3),
    days: Sequence[int] = (1, 60),
    scenario: Scenario | None = None,
    **how: Any,
) -> ComparisonData:
    """A comparison of a few seeds with crashes made by hand."""
    world = scenario or load("us_late_2025")
    runs = how.pop("runs", None)
    if runs is None:
        runs = [member_run(d, seed, world) for d in days for seed in seeds]
    members = [speed(d, world) for d in days]
    return comparison_data(world, runs, members=members, reference=members[-1].label, seeds=seeds, horizon=200, **how)


def speed(days: int, world: Scenario) -> Member:
    """A member of a comparison of speeds; the crashes made by hand start on day 20."""
    return Member(days_label(days), world.replace({"spark.days": days, "spark.start": 20}), "quiet", days)


def worlds_compared(names: Sequence[str], seeds: Sequence[int] = (0, 1, 2, 3)) -> ComparisonData:
    """A comparison of worlds by name: the first crashes at once, the others more slowly, each with its own quiet."""
    world = load("us_late_2025")
    members = [Member(name, world.replace({"funds.leverage": 1 + k / 10}), name) for k, name in enumerate(names)]
    runs = [replace(member_run(1 + 20 * k, seed, world), member=name) for k, name in enumerate(names) for seed in seeds]
    return comparison_data(world, runs, members=members, reference=names[0], seeds=seeds, horizon=200)


def member_run(days: int, seed: int, scenario: Scenario) -> MemberRun:
    """One run of such a comparison."""
    ticks, off, events = crash(seed, days)
    twins = {"all_off": off, "no_news": ticks_of(np.zeros(ticks.height)), "belief_only": off}
    tables: Any = SimpleNamespace(ticks=ticks, events=events)
    return MemberRun(days_label(days), seed, summarise(ticks, **twins, scenario=scenario), reduce_run(tables, scenario))


def _log(start: int, selling: np.ndarray) -> pl.DataFrame:
    """Fund 1 sells until seized, then its dealer sells; a margin account and a dealer fail after it."""
    seized = start + 5
    kinds = [
        ("forced_sale", t, "fund:1", "dealer:0", "margin_calls", "ai_equity", 2.0) for t in np.flatnonzero(selling)
    ]
    kinds += [
        ("seizure", seized, "fund:1", "dealer:0", "margin_calls", "", 3.0),
        ("seizure", seized + 1, f"fund:{FUNDS + 7}", "dealer:0", "margin_calls", "", 1.0),
        ("dealer_failed", seized + 4, "dealer:0", "dealer:0", "fund_default_losses", "", 5.0),
    ]
    names = ("kind", "tick", "actor", "counterparty", "channel", "instrument", "amount")
    schema = events_frame(np.zeros(0, EVENT)).schema
    columns = {name: [row[k] for row in kinds] for k, name in enumerate(names)}
    columns |= {"event_id": list(range(len(kinds))), "caused_by": [None] * len(kinds)}
    return pl.DataFrame({name: pl.Series(columns[name], dtype=kind) for name, kind in schema.items()})
