"""What each alternative avoids, costs and does beside, and what two do together beyond the sum: paired over seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from abm.alternatives.measures import AVOIDED, BREAKDOWN, COST, QUIET, SIDE, Measure, quiet_means, values_of
from abm.alternatives.plan import Design, name_of
from abm.attribution.explain import CANNOT_TELL, ROUNDING, level, said_of
from abm.attribution.shapley import over_seeds
from abm.distance.worlds import Worlds, folder_of
from abm.errors import InputError

NEWS, CALM = "with the news", "without it"
HIGHER, LOWER, SAME = "higher", "lower", "the same on every seed"
MORE_THAN, LESS_THAN, THE_SUM = "more than the sum", "less than the sum", "the sum, on every seed"
TEXTS: dict[str, Any] = dict.fromkeys(("first", "second"), pl.String)  # null in most rows, or in all
NUMBERS: dict[str, Any] = dict.fromkeys(
    ("none", "value", "low", "high", "change", "change_low", "change_high"), pl.Float64
)
TOGETHER: dict[str, Any] = dict.fromkeys(("together", "sum", "beyond", "low", "high"), pl.Float64)
ALPHA = 0.05


@dataclass(frozen=True)
class Comparison:
    """What was found.

    `effects`: a row per world, alternative and outcome: mean or share, and its paired change against none, each with
    a 95 % interval. `together`: a row per pair and outcome, what both avoid together, the sum of what each avoids
    alone, and the difference. `side_effects`: what surely gets worse. `runs`: the sweep and row of every run.
    """

    design: Design
    effects: pl.DataFrame
    together: pl.DataFrame
    side_effects: pl.DataFrame
    runs: pl.DataFrame

    def effect(self, alternative: str, outcome: str, world: str = NEWS) -> dict[str, Any]:
        """One row of `effects`."""
        named = (pl.col("alternative") == alternative) & (pl.col("outcome") == outcome) & (pl.col("world") == world)
        return self.effects.row(by_predicate=named, named=True)

    @property
    def nothing_breaks(self) -> bool:
        """Whether there is no breakdown to be avoided, on any seed."""
        return self.effect("none", BREAKDOWN)["value"] == 0.0


def compare(design: Design, worlds: Worlds) -> Comparison:
    """Run what is missing of a design, and compare; raises InputError where nothing can be compared."""
    news, quiet = worlds.result(design.news), worlds.result(design.quiet)
    return compared(design, news.runs, quiet_means(quiet.paths, quiet.runs))


def compared(design: Design, news: pl.DataFrame, quiet: pl.DataFrame) -> Comparison:
    """Compare finished runs: those with the news as a sweep has them, and the means of those without it."""
    points = len(design.alternatives)
    found = values_of(news, (*AVOIDED, *COST), points)
    refuse_without_any(found[BREAKDOWN][0], news)
    means = [one._replace(of=pl.col(one.name)) for one in QUIET]
    calm, beside = values_of(quiet, means, points), values_of(news, SIDE, points)
    worlds = ((NEWS, (*AVOIDED, *COST), found), (CALM, QUIET, calm))
    rows = [
        row for world, measures, values in worlds for row in effect_rows(design, world, measures, values)
    ]  # a row each
    return Comparison(
        design=design,
        effects=pl.DataFrame(rows, schema_overrides=TEXTS | NUMBERS, infer_schema_length=None),
        together=together_of(design, found),
        side_effects=side_effects_of(design, beside),
        runs=pl.concat(
            runs.sort("row").select(
                pl.lit(world).alias("world"),
                pl.Series("alternative", [name_of(one) for one in design.alternatives for _ in range(design.seeds)]),
                "seed",
                "status",
                pl.lit(folder_of(plan)).alias("sweep"),
                "row",
            )
            for world, plan, runs in ((NEWS, design.news, news), (CALM, design.quiet, quiet))
        ),
    )


def refuse_without_any(without: np.ndarray, runs: pl.DataFrame) -> None:
    """Raise InputError where there is nothing to compare with: no run without a policy was finished."""
    if not np.isfinite(without).any():
        failed = int((runs["status"] != "ok").sum())
        raise InputError(f"no run without a policy was finished ({failed} runs failed); allowed is one that is")


def effect_rows(
    design: Design, world: str, measures: Iterable[Measure], values: dict[str, np.ndarray]
) -> Iterable[dict[str, Any]]:
    """A row per alternative and outcome."""
    for place, alternative in enumerate(design.alternatives):
        for one in measures:
            yield {
                "world": world,
                "alternative": name_of(alternative),
                "first": alternative[0] if alternative else None,
                "second": alternative[1] if len(alternative) > 1 else None,
                "outcome": one.name,
                "unit": one.unit,
                **change_of(one, values[one.name][0], values[one.name][place]),
            }


def change_of(measure: Measure, before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
    """An outcome, (seeds,), with its interval, and its paired change against another with the change's."""
    both = np.isfinite(before) & np.isfinite(after)
    if not both.any():
        return dict.fromkeys(NUMBERS) | {"said": CANNOT_TELL, "seeds": 0}
    before, after = before[both], after[both]
    own, change = level(after, measure.is_share), over_seeds((after - before).tolist(), measure.is_share)
    tiny = ROUNDING * float(np.abs([before, after]).max())
    return {
        "none": float(before.mean()),
        "value": own.mean,
        "low": own.low,
        "high": own.high,
        "change": change.mean,
        "change_low": change.low,
        "change_high": change.high,
        "said": said_of(change, tiny, (HIGHER, LOWER, SAME)),
        "seeds": int(both.sum()),
    }


def together_of(design: Design, values: dict[str, np.ndarray]) -> pl.DataFrame:
    """What two policies avoid together, less the sum of what each avoids alone, on the same seeds.

    avoided(a)    = worse * (none - a)
    beyond(a, b)  = avoided(a and b) - avoided(a) - avoided(b)
    """
    place = {one: k for k, one in enumerate(design.alternatives)}
    rows = []
    for one in AVOIDED:
        table = values[one.name]
        avoided = one.worse * (table[0] - table)  # (alternatives, seeds)
        for alternative in design.alternatives:
            if len(alternative) < 2:
                continue
            both, *alone = (avoided[place[part]] for part in (alternative, alternative[:1], alternative[1:]))
            whole = np.isfinite(both) & np.isfinite(alone[0]) & np.isfinite(alone[1])
            named = {"first": alternative[0], "second": alternative[1], "outcome": one.name, "unit": one.unit}
            if not whole.any():
                rows.append(named | dict.fromkeys(TOGETHER) | {"said": CANNOT_TELL, "seeds": 0})
                continue
            joint, total = both[whole], (alone[0] + alone[1])[whole]
            found = over_seeds((joint - total).tolist(), one.is_share)
            tiny = ROUNDING * float(np.nanmax(np.abs(table)))
            rows.append(
                named
                | {
                    "together": float(joint.mean()),
                    "sum": float(total.mean()),
                    "beyond": found.mean,
                    "low": found.low,
                    "high": found.high,
                    "said": said_of(found, tiny, (MORE_THAN, LESS_THAN, THE_SUM)),
                    "seeds": int(whole.sum()),
                }
            )
    return pl.DataFrame(rows, schema_overrides=TOGETHER, infer_schema_length=None) if rows else empty_pairs()


def empty_pairs() -> pl.DataFrame:
    """The table of pairs where there are none."""
    texts = dict.fromkeys(("first", "second", "outcome", "unit"), pl.String)
    return pl.DataFrame(schema=texts | TOGETHER | {"said": pl.String, "seeds": pl.Int64})


def side_effects_of(design: Design, values: dict[str, np.ndarray]) -> pl.DataFrame:
    """Outcomes that surely get worse under an alternative, with their change against none.

    Many outcomes are looked at, so that intervals are wide enough for all of one alternative together (Bonferroni):
    of twenty alternatives without a side effect one at most is expected to show any.
    """
    from scipy import stats

    numbers: dict[str, Any] = dict.fromkeys(("none", "change", "low", "high"), pl.Float64)
    rows = []
    for place, alternative in enumerate(design.alternatives):
        for one in SIDE if alternative else ():
            before, after = values[one.name][0], values[one.name][place]
            changes = (after - before)[np.isfinite(after) & np.isfinite(before)]
            n = len(changes)
            if n < 2:
                continue
            reach = float(stats.t.ppf(1.0 - 0.5 * ALPHA / len(SIDE), n - 1) * np.std(changes, ddof=1) / np.sqrt(n))
            mean, tiny = float(changes.mean()), ROUNDING * float(np.nanmax(np.abs([before, after])))
            if one.worse * mean - reach > tiny:
                rows.append(
                    {"alternative": name_of(alternative), "outcome": one.name, "unit": one.unit, "words": one.words}
                    | {"none": float(np.nanmean(before)), "change": mean, "low": mean - reach, "high": mean + reach}
                )
    texts = dict.fromkeys(("alternative", "outcome", "unit", "words"), pl.String)
    return pl.DataFrame(rows, schema=texts | numbers)
