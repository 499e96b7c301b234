"""What a comparison is, once all its runs are in: small tables that figures and the report are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.outcome.reduce import FIRST_FAILURES, LIQUIDITY, SALES, Reduced, schema

if TYPE_CHECKING:
    import polars as pl

    from abm.outcome.summary import Summary

KEYS = {"days": "Int32", "seed": "Int64"}
QUANTILES = {
    "days": "Int32",
    "tick": "Int32",
    "series": "String",
    "q10": "Float64",
    "q50": "Float64",
    "q90": "Float64",
}
FAILED_RUNS = {**KEYS, "reason": "String"}


@dataclass(frozen=True)
class MemberRun:
    """One finished run of a comparison: member (days of news), seed, summary, and the run in little."""

    days: int
    seed: int
    summary: Summary
    reduced: Reduced


@dataclass(frozen=True)
class ComparisonData:
    """A finished comparison.

    members: days of news -> label in plain words, quickest first. settings: (name, value) in words.
    summaries: a row per member and seed: `days, seed`, then every Summary key.
    quantiles: over seeds, per member, day and series of `abm.outcome.reduce.PATHS` (QUANTILES).
    first_failures, liquidity, sales: `days, seed`, then FIRST_FAILURES, LIQUIDITY, SALES of `reduce`.
    failed_runs: runs without a result, `days, seed, reason`.
    """

    name: str
    title: str
    why: str
    digest: str
    members: Mapping[int, str]
    seeds: tuple[int, ...]
    horizon: int
    spark_start: int
    spark_total: float
    settings: tuple[tuple[str, str], ...] = field(repr=False)
    summaries: pl.DataFrame = field(repr=False)
    quantiles: pl.DataFrame = field(repr=False)
    first_failures: pl.DataFrame = field(repr=False)
    liquidity: pl.DataFrame = field(repr=False)
    sales: pl.DataFrame = field(repr=False)
    failed_runs: pl.DataFrame = field(repr=False)

    def without_spark(self, key: str) -> pl.Series:
        """Return a key of the runs without the spark, `no_news_KEY`, one per seed: the same for all members."""
        return self.summaries.unique("seed", keep="first", maintain_order=True)[f"no_news_{key}"].drop_nulls()

    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables by name, as they are written to a folder."""
        names = ("summaries", "quantiles", "first_failures", "liquidity", "sales", "failed_runs")
        return {name: getattr(self, name) for name in names}


def comparison_data(
    scenario: Any,
    runs: Iterable[MemberRun],
    *,
    days: Iterable[int],
    seeds: Iterable[int],
    horizon: int,
    failed: Iterable[tuple[int, int, str]] = (),
) -> ComparisonData:
    """Pool the runs of a comparison; the order in which they arrive changes nothing.

    `horizon` is the number of ticks of every run, `failed` lists (days, seed, reason).
    """
    import polars as pl

    ordered = sorted(runs, key=lambda run: (run.days, run.seed))
    members = {d: label(d) for d in sorted(set(days))}

    def pooled(name: str, kinds: dict[str, str]) -> pl.DataFrame:
        frames = [
            getattr(run.reduced, name).select(
                pl.lit(run.days, pl.Int32).alias("days"), pl.lit(run.seed, pl.Int64).alias("seed"), pl.all()
            )
            for run in ordered
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema=schema(KEYS | kinds))

    return ComparisonData(
        name=scenario.name,
        title=scenario.title,
        why=scenario.why,
        digest=scenario.digest,
        members=members,
        seeds=tuple(sorted(set(seeds))),
        horizon=horizon,
        spark_start=scenario.spark.start,
        spark_total=scenario.spark.total,
        settings=settings_in_words(scenario, horizon),
        summaries=_summaries(ordered),
        quantiles=_quantiles(ordered, members),
        first_failures=pooled("first_failures", FIRST_FAILURES),
        liquidity=pooled("liquidity", LIQUIDITY),
        sales=pooled("sales", SALES),
        failed_runs=pl.DataFrame(sorted(failed), schema=schema(FAILED_RUNS), orient="row"),
    )


def label(days: int) -> str:
    """Return a member's name in plain words."""
    return "sudden: all the news on one day" if days == 1 else f"news spread over {days} days"


def settings_in_words(scenario: Any, horizon: int) -> tuple[tuple[str, str], ...]:
    """Return the dials that everybody uses, and the channels that are on and off."""
    channels = scenario.channels.model_dump()
    on = [name.replace("_", " ") for name, value in channels.items() if value]
    off = [name.replace("_", " ") for name, value in channels.items() if not value]
    return (
        ("loss of worth of AI equity in the news", f"{scenario.spark.total:g} log points"),
        ("first day of the news", f"day {scenario.spark.start}"),
        ("length of every run", f"{horizon} trading days"),
        ("leverage of funds", f"{scenario.funds.leverage:g} x today's"),
        ("crowding of funds", f"{scenario.funds.crowding:g} x today's"),
        ("depth of markets", f"{scenario.markets.depth:g} x today's"),
        ("capital of banks", f"{scenario.banks.capital:g} x today's"),
        ("cash of buyers", f"{scenario.buyers.cash:g} x today's"),
        ("channels on", ", ".join(on) or "none"),
        ("channels off", ", ".join(off) or "none"),
    )


def _summaries(runs: list[MemberRun]) -> pl.DataFrame:
    import polars as pl

    from abm.outcome.summary import polars_schema

    rows = [{"days": run.days, "seed": run.seed, **run.summary.to_dict()} for run in runs]
    return pl.DataFrame(rows, schema=schema(KEYS | polars_schema()))


def _quantiles(runs: list[MemberRun], members: Mapping[int, str]) -> pl.DataFrame:
    import polars as pl

    frames = []
    for days in members:
        own = [run.reduced.paths for run in runs if run.days == days]
        for series in own[0] if own else ():
            spread = np.quantile(np.stack([paths[series] for paths in own]), (0.1, 0.5, 0.9), axis=0)
            frames.append(
                pl.DataFrame(
                    {
                        "days": np.full(spread.shape[1], days, np.int32),
                        "tick": np.arange(spread.shape[1], dtype=np.int32),
                        "series": [series] * spread.shape[1],
                        "q10": spread[0].astype(np.float64),
                        "q50": spread[1].astype(np.float64),
                        "q90": spread[2].astype(np.float64),
                    }
                )
            )
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema(QUANTILES))
