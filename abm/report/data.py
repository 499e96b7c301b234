"""What a comparison is, once all its runs are in: small tables that figures and the report are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.outcome.reduce import FIRST_FAILURES, LIQUIDITY, SALES, Reduced, schema
from abm.report.members import WITHOUT_SPARK, Member

if TYPE_CHECKING:
    import polars as pl

    from abm.outcome.summary import Summary

KEYS = {"member": "String", "seed": "Int64"}
QUANTILES = {
    "member": "String",
    "tick": "Int32",
    "series": "String",
    "q10": "Float64",
    "q50": "Float64",
    "q90": "Float64",
}
FAILED_RUNS = {**KEYS, "reason": "String"}
USUAL = (  # what is shown of every comparison, and the channels
    *("spark.total", "spark.start", "run.ticks", "funds.leverage", "funds.crowding", "markets.depth"),
    *("banks.capital", "buyers.cash"),
)
MOST_DIFFERENCES = 25  # settings that the report shows beside the usual ones


@dataclass(frozen=True)
class MemberRun:
    """One finished run of a comparison: label of the member, seed, summary, and the run in little."""

    member: str
    seed: int
    summary: Summary
    reduced: Reduced


@dataclass(frozen=True)
class ComparisonData:
    """A finished comparison.

    members: by label, in order; the others are compared with `reference`. settings: (name, value) in words, or a
    value for each member where they differ.
    summaries: a row per member and seed: `member, seed`, then every Summary key.
    quantiles: over seeds, per member, day and series of `abm.outcome.reduce.PATHS` (QUANTILES).
    first_failures, liquidity, sales: `member, seed`, then FIRST_FAILURES, LIQUIDITY, SALES of `reduce`.
    failed_runs: runs without a result, `member, seed, reason`. origin: the saved state that all go on from, if any.
    """

    name: str
    title: str
    why: str
    digest: str
    members: Mapping[str, Member]
    reference: str
    seeds: tuple[int, ...]
    horizon: int
    settings: tuple[tuple[str, ...], ...] = field(repr=False)
    summaries: pl.DataFrame = field(repr=False)
    quantiles: pl.DataFrame = field(repr=False)
    first_failures: pl.DataFrame = field(repr=False)
    liquidity: pl.DataFrame = field(repr=False)
    sales: pl.DataFrame = field(repr=False)
    failed_runs: pl.DataFrame = field(repr=False)
    origin: Mapping[str, Any] | None = field(repr=False, default=None)

    @property
    def of_speeds(self) -> bool:
        """Whether the members differ in the days of their news alone."""
        return all(member.days is not None for member in self.members.values())

    @property
    def others(self) -> list[str]:
        """All members but the one that they are compared with, in order."""
        return [label for label in self.members if label != self.reference]

    def of(self, label: str) -> pl.DataFrame:
        """The summaries of one member."""
        return self.summaries.filter(self.summaries["member"] == label)

    def quiet_worlds(self) -> dict[str, str]:
        """The worlds without the spark by name, and a member of each: one, where all members share it."""
        first: dict[str, str] = {}
        for label, member in self.members.items():
            first.setdefault(member.quiet, label)
        if len(first) == 1:
            return dict.fromkeys([WITHOUT_SPARK], next(iter(first.values())))
        return {f"{label}, {WITHOUT_SPARK}": label for label in first.values()}

    def without_spark(self, key: str, label: str) -> pl.Series:
        """Return a key of a member's runs without the spark, `no_news_KEY`, one per seed."""
        import polars as pl

        quiet = self.members[label].quiet
        same = [other for other, member in self.members.items() if member.quiet == quiet]
        runs = self.summaries.filter(pl.col("member").is_in(same))
        return runs.unique("seed", keep="first", maintain_order=True)[f"no_news_{key}"].drop_nulls()

    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables by name, as they are written to a folder."""
        names = ("summaries", "quantiles", "first_failures", "liquidity", "sales", "failed_runs")
        return {name: getattr(self, name) for name in names}


def comparison_data(
    scenario: Any,
    runs: Iterable[MemberRun],
    *,
    members: Sequence[Member],
    reference: str,
    seeds: Iterable[int],
    horizon: int,
    failed: Iterable[tuple[str, int, str]] = (),
    origin: Mapping[str, Any] | None = None,
) -> ComparisonData:
    """Pool the runs of a comparison; the order in which they arrive changes nothing.

    `horizon` is the number of ticks of every run, `failed` lists (member, seed, reason).
    """
    import polars as pl

    place = {member.label: k for k, member in enumerate(members)}
    ordered = sorted(runs, key=lambda run: (place[run.member], run.seed))

    def pooled(name: str, kinds: dict[str, str]) -> pl.DataFrame:
        frames = [
            getattr(run.reduced, name).select(
                pl.lit(run.member).alias("member"), pl.lit(run.seed, pl.Int64).alias("seed"), pl.all()
            )
            for run in ordered
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema=schema(KEYS | kinds))

    broken = sorted(failed, key=lambda run: (place[run[0]], run[1]))
    return ComparisonData(
        name=scenario.name,
        title=scenario.title,
        why=scenario.why,
        digest=scenario.digest,
        members={member.label: member for member in members},
        reference=reference,
        seeds=tuple(sorted(set(seeds))),
        horizon=horizon,
        settings=settings_of(members, horizon),
        summaries=_summaries(ordered),
        quantiles=_quantiles(ordered, list(place)),
        first_failures=pooled("first_failures", FIRST_FAILURES),
        liquidity=pooled("liquidity", LIQUIDITY),
        sales=pooled("sales", SALES),
        failed_runs=pl.DataFrame(broken, schema=schema(FAILED_RUNS), orient="row"),
        origin=origin,
    )


def settings_of(members: Sequence[Member], horizon: int) -> tuple[tuple[str, ...], ...]:
    """Return the usual settings, and what else differs: a value for each member, or one where all have the same."""
    columns = [settings_in_words(member.scenario, horizon) for member in members]
    rows = [(row[0][0], *(value for _, value in row)) for row in zip(*columns, strict=True)]
    first, *rest = (member.scenario for member in members)
    paths = list(dict.fromkeys(path for other in rest for path in first.differences(other)))
    said = {*USUAL, *(["spark.days"] if all(member.days is not None for member in members) else [])}
    paths = [path for path in paths if path not in said and not path.startswith("channels.")]
    rows += [(path, *(_plain(member.scenario, path) for member in members)) for path in paths[:MOST_DIFFERENCES]]
    if len(paths) > MOST_DIFFERENCES:
        rows.append((f"{len(paths) - MOST_DIFFERENCES} more differ", *("" for _ in members)))
    if len({member.scenario.actions for member in members}) > 1:
        rows.append(("timed actions", *(actions_in_words(member.scenario.actions) for member in members)))
    same = all(len(set(row[1:])) == 1 for row in rows)
    return tuple((row[0], row[1]) if same else row for row in rows)


def actions_in_words(actions: Iterable[Any]) -> str:
    """Return timed actions as a reader finds them in a scenario's file."""
    said = []
    for action in actions:
        parts = action.model_dump()
        kind, tick = parts.pop("kind"), parts.pop("tick")
        rest = ", ".join(f"{name} {value_in_words(value)}" for name, value in parts.items())
        said.append(f"{kind} on day {tick} ({rest})")
    return ", ".join(said) or "none"


def value_in_words(value: Any) -> str:
    """Return a setting's value as it is written in a scenario's file, without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(scenario: Any, path: str) -> str:
    return value_in_words(reduce(getattr, path.split("."), scenario))


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

    rows = [{"member": run.member, "seed": run.seed, **run.summary.to_dict()} for run in runs]
    return pl.DataFrame(rows, schema=schema(KEYS | polars_schema()))


def _quantiles(runs: list[MemberRun], labels: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    frames = []
    for label in labels:
        own = [run.reduced.paths for run in runs if run.member == label]
        for series in own[0] if own else ():
            spread = np.quantile(np.stack([paths[series] for paths in own]), (0.1, 0.5, 0.9), axis=0)
            frames.append(
                pl.DataFrame(
                    {
                        "member": [label] * spread.shape[1],
                        "tick": np.arange(spread.shape[1], dtype=np.int32),
                        "series": [series] * spread.shape[1],
                        "q10": spread[0].astype(np.float64),
                        "q50": spread[1].astype(np.float64),
                        "q90": spread[2].astype(np.float64),
                    }
                )
            )
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema(QUANTILES))
