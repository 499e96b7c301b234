"""Numbers in words: how the report says a share, an amount, an interval, and what differed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from abm.outcome.paired import Interval, paired_difference
from abm.outcome.verdict import Cuts

if TYPE_CHECKING:
    from abm.report.data import ComparisonData

NOTHING = "–"


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


def pair(data: ComparisonData, first: int, second: int, key: str) -> Interval | None:
    """Return the paired difference of a key between two members, over the seeds that both have."""
    left, right = (data.summaries.filter(data.summaries["days"] == d).select("seed", key) for d in (first, second))
    both = left.join(right, on="seed", suffix="_second").sort("seed")
    return paired_difference(both[key].to_list(), both[f"{key}_second"].to_list())


def median(data: ComparisonData, days: int, key: str) -> float | None:
    """Return a member's median of a key over the seeds that have it."""
    values = data.summaries.filter(data.summaries["days"] == days)[key].drop_nulls().to_numpy()
    return float(np.median(values)) if len(values) else None


def mean(data: ComparisonData, days: int, key: str) -> float:
    """Return a member's mean of a key over the seeds that have it."""
    values = data.summaries.filter(data.summaries["days"] == days)[key].drop_nulls().to_numpy()
    return float(values.mean()) if len(values) else 0.0


def share_of(data: ComparisonData, days: int, key: str, label: str) -> tuple[int, int]:
    """Return in how many runs of a member a key has this label, and the number of runs with a label."""
    values = data.summaries.filter(data.summaries["days"] == days)[key].drop_nulls()
    return int((values == label).sum()), len(values)


def share_without_spark(data: ComparisonData, key: str, label: str) -> tuple[int, int]:
    """Return in how many seeds a key has this label without the spark, and the number of seeds with a label."""
    values = data.without_spark(key)
    return int((values == label).sum()), len(values)


def spell(days: int) -> str:
    """Return how long the news took, within a sentence."""
    return "one day" if days == 1 else f"{days} days"


def answer(data: ComparisonData) -> str:
    """Return the one sentence that comes first: what the speed of the news changed for the lenders.

    Loans outside are left out: they go on being lost after the last news, so that their sum hangs on the horizon.
    """
    fast, slow = min(data.members), max(data.members)
    on_owners = (pl.col("dealer_losses_bn") + pl.col("bank_losses_bn")).alias("on_owners")
    data = replace(data, summaries=data.summaries.with_columns(on_owners))
    difference = pair(data, fast, slow, "on_owners")
    if difference is None:
        return "No pair of runs was finished, so that nothing can be said."
    lost = {d: mean(data, d, "on_owners") for d in (fast, slow)}
    if max(lost.values()) < 0.05:
        return (
            f"Whether the bad news came in {spell(fast)} or over {spell(slow)}, "
            "the leveraged owners' lenders lost next to nothing."
        )
    amounts = f"{money(lost[fast])} on average against {money(lost[slow])}"
    if lost[slow] < 0.05:
        amounts = f"{money(lost[fast])} on average against next to nothing"
    if difference.sign == 0:
        return (
            f"Whether the bad news came in {spell(fast)} or over {spell(slow)} made no difference "
            f"to the lenders' losses that can be told from chance: {amounts}, loans outside apart."
        )
    how = "more" if difference.sign > 0 else "less"
    when = f"when it came in {spell(fast)} than over {spell(slow)}"
    return f"The same bad news cost the lenders {how} {when}: {amounts}, loans outside apart."


def lead(data: ComparisonData) -> list[str]:
    """Return the few sentences that follow: how far, how fast, who failed, how it was judged."""
    members = list(data.members)

    def each(key: str, unit: str) -> str:
        return ", ".join(f"{number(median(data, d, key), unit)} with news over {spell(d)}" for d in members)

    n = len(data.seeds)
    sentences = [
        (
            f"Every speed was run on the same {n} {'draw' if n == 1 else 'draws'} of chance, over the same "
            f"{data.horizon} trading days, from the same opening books; only the pace of the news differs."
        ),
        f"At its worst AI equity stood below its peak by (median): {each('drawdown', 'share')}.",
        f"Part of that fall in its worst 20 trading days (median): {each('worst_20_day_share', 'share')}.",
    ]
    judged = []
    for days in members:
        crisis, runs = share_of(data, days, "verdict_financial", "banking_crisis")
        breakdown, _ = share_of(data, days, "verdict_financial", "market_breakdown")
        judged.append(f"with news over {spell(days)} {breakdown} of {runs} and {crisis} of {runs}")
    breakdown, seeds = share_without_spark(data, "verdict_financial", "market_breakdown")
    crisis, _ = share_without_spark(data, "verdict_financial", "banking_crisis")
    if seeds:
        judged.append(f"without the spark {breakdown} of {seeds} and {crisis} of {seeds}")
    sentences.append(f"Market breakdown and banking crisis, in runs: {'; '.join(judged)}.")
    loans = ", ".join(f"{money(mean(data, d, 'loan_losses_bn'))} with news over {spell(d)}" for d in members)
    sentences.append(
        f"On loans to firms and others outside banks lost on average: {loans}. Such losses go on while output is below "
        "its trend: news that comes earlier costs more of them within the same days."
    )
    cut = Cuts().broad_drawdown
    by_chance = data.without_spark("broad_drawdown")
    if len(by_chance):
        of_runs = (
            f"{spell(d)} {(fell >= cut).sum()} of {len(fell)}"
            for d in members
            for fell in [data.summaries.filter(data.summaries["days"] == d)["broad_drawdown"].drop_nulls()]
        )
        sentences.append(
            f"Broad equity falls by {number(cut, 'share')} or more without any spark in {(by_chance >= cut).sum()} of "
            f"{len(by_chance)} runs, by everyday ups and downs alone (with news over {', over '.join(of_runs)}): only "
            "the difference can be the spark's doing."
        )
    calm = median(data, members[0], "no_news_drawdown")
    if calm is not None:
        sentences.append(
            "For scale: on the same draws and without the bad news AI equity's largest fall is "
            f"{number(calm, 'share')} in the median run, by everyday ups and downs alone."
        )
    sentences.append("This is a laboratory, not a forecast: it shows what follows from the settings below.")
    return sentences
