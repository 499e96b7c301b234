"""Numbers in words: how the report says a share, an amount, an interval, and what differed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from abm.outcome.paired import Interval, paired_difference
from abm.outcome.verdict import Cuts
from abm.report.members import WITHOUT_SPARK

if TYPE_CHECKING:
    from abm.report.data import ComparisonData

NOTHING = "–"
NO_PAIR = "No pair of runs was finished, so that nothing can be said."
NEXT_TO_NOTHING = 0.05  # $bn


def number(value: float | int | None, unit: str) -> str:
    """Return a number as a reader expects it in its unit; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if unit == "share":
        return f"{100.0 * value:.1f} %"
    if unit == "$bn":
        return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"
    if unit in ("count", "days", "tick"):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    if unit == "basis points":
        return f"{value:,.0f}"
    return f"{value:.3f}"


def money(value: float) -> str:
    """Return an amount in a sentence."""
    sign = "-" if value < 0.0 else ""
    return f"{sign}${number(abs(value), '$bn')} bn"


def amount(value: float) -> str:
    """Return an amount in a sentence, if it is worth one."""
    return money(value) if abs(value) >= NEXT_TO_NOTHING else "next to nothing"


def signed(value: float, unit: str) -> str:
    """Return a difference with its sign, unless it rounds to nought; that of shares is in points."""
    text = number(abs(value), unit).replace(" %", " points")
    if not any(digit in text for digit in "123456789"):
        return text
    return ("+" if value > 0.0 else "-") + text


def interval(difference: Interval | None, unit: str) -> tuple[str, str]:
    """Return the mean difference and its 95 % interval in words."""
    if difference is None:
        return NOTHING, NOTHING
    mean = signed(difference.mean, unit)
    if difference.low is None or difference.high is None:
        return mean, NOTHING
    low, high = signed(difference.low, unit), signed(difference.high, unit)
    return mean, f"{low.removesuffix(' points')} to {high}"


def pair(data: ComparisonData, first: str, second: str, key: str) -> Interval | None:
    """Return the paired difference of a key between two members, over the seeds that both have."""
    left, right = (data.of(label).select("seed", key) for label in (first, second))
    both = left.join(right, on="seed", suffix="_second").sort("seed")
    return paired_difference(both[key].to_list(), both[f"{key}_second"].to_list())


def median(data: ComparisonData, label: str, key: str) -> float | None:
    """Return a member's median of a key over the seeds that have it."""
    values = data.of(label)[key].drop_nulls().to_numpy()
    return float(np.median(values)) if len(values) else None


def mean(data: ComparisonData, label: str, key: str) -> float:
    """Return a member's mean of a key over the seeds that have it."""
    values = data.of(label)[key].drop_nulls().to_numpy()
    return float(values.mean()) if len(values) else 0.0


def share_of(data: ComparisonData, label: str, key: str, verdict: str) -> tuple[int, int]:
    """Return in how many runs of a member a key has this verdict, and the number of runs with one."""
    values = data.of(label)[key].drop_nulls()
    return int((values == verdict).sum()), len(values)


def share_without_spark(data: ComparisonData, label: str, key: str, verdict: str) -> tuple[int, int]:
    """Return in how many of a member's seeds a key has this verdict without the spark, and the number with one."""
    values = data.without_spark(key, label)
    return int((values == verdict).sum()), len(values)


def answer(data: ComparisonData) -> str:
    """Return the one sentence that comes first: what the difference of the members meant for the lenders.

    Loans outside are left out: they go on being lost after the last news, so that their sum hangs on the horizon.
    """
    on_owners = (pl.col("dealer_losses_bn") + pl.col("bank_losses_bn")).alias("on_owners")
    data = replace(data, summaries=data.summaries.with_columns(on_owners))
    if data.of_speeds:
        return _answer_of_speed(data, data.others[0], data.reference)
    return _answer(data)


def _answer_of_speed(data: ComparisonData, fast: str, slow: str) -> str:
    difference = pair(data, fast, slow, "on_owners")
    if difference is None:
        return NO_PAIR
    quick, gradual = data.members[fast].news, data.members[slow].news
    lost = {label: mean(data, label, "on_owners") for label in (fast, slow)}
    if max(lost.values()) < NEXT_TO_NOTHING:
        return (
            f"Whether the bad news came in {quick} or over {gradual}, "
            "the leveraged owners' lenders lost next to nothing."
        )
    amounts = f"{money(lost[fast])} on average against {amount(lost[slow])}"
    if difference.sign == 0:
        return (
            f"Whether the bad news came in {quick} or over {gradual} made no difference "
            f"to the lenders' losses that can be told from chance: {amounts}, loans outside apart."
        )
    how = "more" if difference.sign > 0 else "less"
    when = f"when it came in {quick} than over {gradual}"
    return f"The same bad news cost the lenders {how} {when}: {amounts}, loans outside apart."


def _answer(data: ComparisonData) -> str:
    lost = {label: mean(data, label, "on_owners") for label in data.members}
    found = {label: pair(data, label, data.reference, "on_owners") for label in data.others}
    if all(difference is None for difference in found.values()):
        return NO_PAIR
    if max(lost.values()) < NEXT_TO_NOTHING:
        return "Everywhere the leveraged owners' lenders lost next to nothing."
    clauses = []
    for label, difference in found.items():
        if difference is None:
            clauses.append(f"{label} has no run to compare")
        elif difference.n == 1:
            clauses.append(f"{amount(lost[label])} {data.members[label].told}")
        else:
            how = {1: "more", -1: "less", 0: "a difference that cannot be told from chance"}[difference.sign]
            clauses.append(f"{amount(lost[label])} {data.members[label].told}, {how}")
    base = amount(lost[data.reference])
    return (
        f"Against {data.reference}, where the leveraged owners' lenders lost {base} on average, "
        f"loans outside apart, they lost {'; '.join(clauses)}."
    )


def what_is_compared(data: ComparisonData) -> str:
    """Return on what draws, over which days and from which books all members were run."""
    n = len(data.seeds)
    draws = f"on the same {n} {'draw' if n == 1 else 'draws'} of chance, over the same {data.horizon} trading days"
    if data.origin is not None:
        return f"Every future goes on from the same state, of day {data.origin['day']}, {draws}."
    if data.of_speeds:
        return f"Every speed was run {draws}, from the same opening books; only the pace of the news differs."
    return f"Every member was run {draws}, whatever its own length."


def lead(data: ComparisonData) -> list[str]:
    """Return the few sentences that follow: how far, how fast, who failed, how it was judged."""
    members = data.members.values()

    def each(key: str, unit: str) -> str:
        return ", ".join(f"{number(median(data, one.label, key), unit)} {one.told}" for one in members)

    sentences = [
        what_is_compared(data),
        f"At its worst AI equity stood below its peak by (median): {each('drawdown', 'share')}.",
        f"Part of that fall in its worst 20 trading days (median): {each('worst_20_day_share', 'share')}.",
    ]
    judged = []
    for one in members:
        crisis, runs = share_of(data, one.label, "verdict_financial", "banking_crisis")
        breakdown, _ = share_of(data, one.label, "verdict_financial", "market_breakdown")
        if one.days is None:
            judged.append(f"{breakdown} of {runs} and {crisis} of {runs} {one.told}")
        else:
            judged.append(f"{one.told} {breakdown} of {runs} and {crisis} of {runs}")
    for world, label in data.quiet_worlds().items():
        breakdown, seeds = share_without_spark(data, label, "verdict_financial", "market_breakdown")
        crisis, _ = share_without_spark(data, label, "verdict_financial", "banking_crisis")
        if seeds and world == WITHOUT_SPARK:
            judged.append(f"{world} {breakdown} of {seeds} and {crisis} of {seeds}")
        elif seeds:
            judged.append(f"{breakdown} of {seeds} and {crisis} of {seeds} ({world})")
    sentences.append(f"Market breakdown and banking crisis, in runs: {'; '.join(judged)}.")
    loans = ", ".join(f"{money(mean(data, one.label, 'loan_losses_bn'))} {one.told}" for one in members)
    sentences.append(
        f"On loans to firms and others outside banks lost on average: {loans}. Such losses go on while output is below "
        "its trend: news that comes earlier costs more of them within the same days."
    )
    if len(data.quiet_worlds()) == 1:
        sentences += _by_chance(data)
    sentences.append("This is a laboratory, not a forecast: it shows what follows from the settings below.")
    return sentences


def _by_chance(data: ComparisonData) -> list[str]:
    """Return how far shares fall without any spark, where that is the same for all members."""
    sentences = []
    cut, reference = Cuts().broad_drawdown, data.reference
    by_chance = data.without_spark("broad_drawdown", reference)
    if len(by_chance):
        of_runs = []
        for label, member in data.members.items():
            fell = data.of(label)["broad_drawdown"].drop_nulls()
            counted = f"{(fell >= cut).sum()} of {len(fell)}"
            of_runs.append(f"{counted} {member.told}" if member.days is None else f"{member.news} {counted}")
        said = f"with news over {', over '.join(of_runs)}" if data.of_speeds else f"with it: {', '.join(of_runs)}"
        sentences.append(
            f"Broad equity falls by {number(cut, 'share')} or more without any spark in {(by_chance >= cut).sum()} of "
            f"{len(by_chance)} runs, by everyday ups and downs alone ({said}): only "
            "the difference can be the spark's doing."
        )
    calm = median(data, next(iter(data.members)), "no_news_drawdown")
    if calm is not None:
        sentences.append(
            "For scale: on the same draws and without the bad news AI equity's largest fall is "
            f"{number(calm, 'share')} in the median run, by everyday ups and downs alone."
        )
    return sentences
