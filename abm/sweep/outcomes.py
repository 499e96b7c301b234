"""What is asked of a sweep's runs: the mean of a number, or the share with a label or beyond a limit."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import polars as pl

from abm.errors import InputError, shown
from abm.outcome.paired import share_interval, student_t_quantile
from abm.outcome.summary import Summary
from abm.outcome.verdict import FINANCIAL, REAL, SPEEDS

DEFAULT = "verdict_financial=banking_crisis"
FORM = re.compile(r"\s*(\w+)\s*(?:(>=|<=|=|>|<)\s*(\S+)\s*)?")
HELD = {"=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
FORMS = "a number such as lender_losses_bn, a limit such as banks_failed>=1, or a label such as " + DEFAULT


@dataclass(frozen=True)
class Outcome:
    """A key of the summary, by its mean; or, with a sign and what it is held against, the share of runs."""

    key: str
    unit: str
    meaning: str
    sign: str = ""
    against: str | float | None = None

    @property
    def is_share(self) -> bool:
        """Whether each run counts as one or nought."""
        return bool(self.sign)

    @property
    def text(self) -> str:
        """The outcome as `--outcome` takes it."""
        if isinstance(self.against, float):
            return f"{self.key}{self.sign}{self.against:.12g}"
        return f"{self.key}{self.sign}{self.against or ''}"

    @property
    def name(self) -> str:
        """The outcome as part of a file name."""
        signs = {">=": "_from_", "<=": "_to_", ">": "_above_", "<": "_below_", "=": "_is_", "": ""}
        return self.key + signs[self.sign] + self.text.removeprefix(self.key + self.sign)

    @property
    def title(self) -> str:
        """The outcome as the head of a figure says it."""
        if not self.is_share:
            return f"Mean of {self.key}"
        return (
            f"Share of runs with {self.key} {self.text.removeprefix(self.key).replace(self.sign, self.sign + ' ', 1)}"
        )

    @property
    def in_percent(self) -> bool:
        """Whether its values are shown in per cent."""
        return self.is_share or self.unit == "share"

    @property
    def what(self) -> str:
        """What its values are, with their unit."""
        return "share of runs, %" if self.is_share else f"mean, {'%' if self.in_percent else self.unit}"


def parse_outcome(text: str) -> Outcome:
    """Return the outcome that a text asks for; raises InputError for a key or label that no summary has."""
    found = FORM.fullmatch(text)
    if found is None:
        raise InputError(f"outcome = {shown(text)} cannot be read; allowed is {FORMS}")
    key, sign, against = found.groups(default="")
    described = {name: (unit, meaning) for name, unit, meaning in Summary.describe()}
    if key not in described:
        raise InputError(f"outcome = {shown(text)}: {key} is no key of the summary; {_hint(key, described, FORMS)}")
    unit, meaning = described[key]
    if unit == "text":
        raise InputError(f"outcome = {shown(text)} is free text; allowed is {FORMS}")
    if unit == "label":
        labels = labels_of(key)
        if sign not in ("=", ">="):
            raise InputError(
                f"outcome = {shown(text)} names no label; allowed is {key}= and one of {', '.join(labels)}, "
                f"or {key}>= for it and those beyond"
            )
        if against not in labels:
            listed = f"one of {', '.join(labels)}"
            raise InputError(f"outcome = {shown(text)}: {against} is no label; {_hint(against, labels, listed)}")
        return Outcome(key, unit, meaning, sign, against)
    if not sign:
        return Outcome(key, unit, meaning)
    limit = _limit(against)
    if sign == "=" or limit is None:
        raise InputError(f"outcome = {shown(text)} is no limit; allowed is {key} with >, >=, < or <= and a number")
    return Outcome(key, unit, meaning, sign, limit)


def labels_of(key: str) -> tuple[str, ...]:
    """Return the labels that a key of the summary may have, mildest first."""
    if "verdict_real" in key:
        return REAL
    return FINANCIAL if "verdict_financial" in key else SPEEDS


def evaluate(runs: pl.DataFrame, outcome: Outcome) -> pl.Series:
    """Return the outcome of every run as a number; null where a run failed or has no such value."""
    column = pl.col(outcome.key)
    if outcome.unit == "label" and outcome.sign == ">=":
        labels = labels_of(outcome.key)
        held = column.is_in(labels[labels.index(str(outcome.against)) :])
    else:
        held = HELD[outcome.sign](column, outcome.against) if outcome.sign else column
    finished = pl.when(pl.col("status") == "ok").then(held.cast(pl.Float64))
    return runs.select(finished.alias("outcome"))["outcome"]


def by_point(runs: pl.DataFrame, outcome: Outcome, parameters: Sequence[str] = ()) -> pl.DataFrame:
    """Return the outcome at every point, with the values of its parameters: see `by`."""
    return by(runs, outcome, ["point", *parameters]).sort("point")


def by(runs: pl.DataFrame, outcome: Outcome, keys: Sequence[str]) -> pl.DataFrame:
    """Return the outcome in every group of runs: count, seeds, value, low, high, failed, missing.

    Value is the mean or share over the `count` runs that have one; low and high bound its 95 % interval; failed
    and missing are the runs that ended in an error or lack the value. Seeds, not runs, are independent: where
    groups hold several runs of a seed, these stand together in the standard error, and Wilson's interval of a share
    counts fewer runs by the factor that all groups show, but never fewer than seeds (Korn and Graubard 1998,
    Survey Methodology 24).
    """
    frame = runs.select(*keys, "seed", "status", evaluate(runs, outcome).alias("outcome"))
    empty = pl.col("outcome").is_null()
    groups = frame.group_by(keys, maintain_order=True).agg(
        failed=(pl.col("status") != "ok").sum().cast(pl.Int64),
        missing=(empty & (pl.col("status") == "ok")).sum().cast(pl.Int64),
    )
    n, total = pl.col("n"), pl.col("total")
    mean = total.sum() / n.sum()
    cells = (
        frame.filter(~empty)
        .group_by([*keys, "seed"], maintain_order=True)
        .agg(n=pl.len().cast(pl.Int64), total=pl.col("outcome").sum())
        .group_by(keys, maintain_order=True)
        .agg(count=n.sum(), seeds=pl.len().cast(pl.Int64), value=mean, squares=(total - n * mean).pow(2).sum())
    )
    # the squared standard error, null where a single seed says nothing about others
    variance = pl.col("squares") * pl.col("seeds") / (pl.col("seeds") - 1) / pl.col("count").pow(2)
    cells = cells.with_columns(pl.when(pl.col("seeds") > 1).then(variance).alias("variance"))
    joined = groups.join(cells, on=keys, how="left", maintain_order="left")
    joined = joined.with_columns(pl.col("count", "seeds").fill_null(0))
    columns = joined.select("count", "seeds", "value", "variance")
    bounds = _shares(columns) if outcome.is_share else [_mean_interval(*row[1:]) for row in columns.iter_rows()]
    low, high = (pl.Series(name, [b[k] for b in bounds], dtype=pl.Float64) for k, name in enumerate(("low", "high")))
    order = [*keys, "count", "seeds", "value", "low", "high", "failed", "missing"]
    return joined.with_columns(low, high).select(order)


def _mean_interval(seeds: int, value: float | None, variance: float | None) -> tuple[float | None, float | None]:
    if value is None or variance is None:
        return None, None
    reach = student_t_quantile(0.975, seeds - 1) * math.sqrt(variance)
    return value - reach, value + reach


def _shares(columns: pl.DataFrame) -> list[tuple[float | None, float | None]]:
    """Wilson's interval of every share, from as many runs as would leave the same doubt were they independent."""
    known = columns.filter(pl.col("variance").is_not_null())
    alone = float((known["value"] * (1.0 - known["value"]) / known["count"]).sum())
    factor = max(float(known["variance"].sum()) / alone, 1e-9) if alone > 0.0 else math.inf
    bounds: list[tuple[float | None, float | None]] = []
    for count, seeds, value, _ in columns.iter_rows():
        if value is None:
            bounds.append((None, None))
            continue
        few = (student_t_quantile(0.975, 10**6) / student_t_quantile(0.975, seeds - 1)) ** 2 if seeds > 1 else 0.0
        worth = min(max(few * count / factor, seeds), count)
        bounds.append(share_interval(value * worth, worth))
    return bounds


def difference(first: tuple[float, float, float], second: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return first less second, with a 95 % interval, of two independent (value, low, high).

    The interval is made of the two single ones, as Newcombe (1998, Statistics in Medicine 17, method 10) does
    for shares.
    """
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    return a - b, a - b - math.hypot(a - a_low, b_high - b), a - b + math.hypot(a_high - a, b - b_low)


def half_width(table: pl.DataFrame) -> np.ndarray:
    """Return half the length of each interval of a table that `by` made; nan where there is none."""
    return table.select((pl.col("high") - pl.col("low")) / 2.0).to_series().to_numpy().astype(float)


def _limit(text: str) -> float | None:
    try:
        limit = float(text)
    except ValueError:
        return None
    return limit if math.isfinite(limit) else None


def _hint(wrong: str, known: Sequence[str] | dict[str, tuple[str, str]], allowed: str) -> str:
    near = get_close_matches(wrong, known, 1, 0.6)
    return f"did you mean {near[0]}?" if near else f"allowed is {allowed}"
