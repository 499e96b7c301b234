"""The report of an explanation: which channels made the outcome, which work together, and how it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from abm.attribution.explain import CANNOT_TELL, NOTHING_DONE, Explanation
from abm.attribution.groups import ALWAYS_ON
from abm.attribution.plan import AFTER_NEWS
from abm.attribution.question import BROKEN, WITHOUT_TWIN
from abm.experiments.files import parquet
from abm.figures.attribution import waterfall_figure
from abm.outcome.paired import Interval
from abm.outcome.wording import listed
from abm.report.files import drawn_files, dumped
from abm.report.pages import Page, Section, picture, render, stamp
from abm.report.sweep import repeat
from abm.report.tables import Table
from abm.report.words import NOTHING, money, number, signed

if TYPE_CHECKING:
    from abm.attribution.plan import Design
    from abm.attribution.question import Question

MOST_PAIRS = 10  # rows of the table of pairs
MOST_NAMED = 2  # groups in the answer, of those that make it and of those that work against it
WORTH_NAMING = 0.1  # of the difference, from which a group is named


def explanation_files(found: Explanation) -> dict[str, bytes]:
    """Return the report as files by name: `report.html`, the tables as Parquet, `explanation.json`, and `figures/`."""
    files, drawn = drawn_files("waterfall", waterfall(found))
    tables = {"shapley": found.shapley, "coalitions": found.coalitions}
    if found.together is not None:
        tables["interactions"] = found.together
    files |= {f"{name}.parquet": parquet(table) for name, table in tables.items()}
    return files | {"explanation.json": dumped(as_json(found)), "report.html": render(page(found, drawn)).encode()}


def as_json(found: Explanation) -> dict[str, Any]:
    """Return all that was found, ready for JSON."""
    design, question = found.design, found.design.question
    column = {name: dict(found.shapley.select("group", name).iter_rows()) for name in found.shapley.columns[2:]}
    return {
        "answer": answer(found),
        "scenario": design.scenario.name,
        "scenario_digest": design.scenario.digest,
        "outcome": question.text,
        "unit": question.unit,
        "meaning": question.meaning,
        "method": "exact" if design.sampled is None else "sampled orders",
        "coalitions": len(design.masks),
        "orders": None if design.sampled is None else len(design.sampled),
        "seeds": design.plan.replications,
        "seeds_used": found.seeds,
        "days": design.plan.base.run.ticks,
        "shapley": column["value"],
        "shapley_low": column["low"],
        "shapley_high": column["high"],
        "said": column["said"],
        "groups": column["channels"],
        "total": found.total.mean,
        "total_low": found.total.low,
        "total_high": found.total.high,
        "news_alone": found.empty.mean,
        "news_alone_low": found.empty.low,
        "news_alone_high": found.empty.high,
        "everything": found.full.mean,
        "everything_low": found.full.low,
        "everything_high": found.full.high,
        "interactions": None if found.together is None else found.together.to_dicts(),
        "as_in_the_scenario": list(design.alone),
        "runs": str(found.runs),
    }


# --------------------------------------------------------------------------------------- in words
def told(value: float, question: Question) -> str:
    """Return a difference with its sign and unit."""
    said = signed(value, question.unit)
    if question.unit == "$bn":
        return f"{said[:1]}${said[1:]} bn" if said[0] in "+-" else f"${said} bn"
    return said if question.unit in ("share", "count") else f"{said} {question.unit}"


def finely(value: float, question: Question) -> str:
    """Return a difference as tables and figures have it: small parts still show their digits."""
    if question.unit == "share":
        text = f"{100.0 * value:+.2f}"
        return f"{text.lstrip('+-') if float(text) == 0.0 else text} points"
    return told(value, question)


def level(value: float, question: Question) -> str:
    said = number(value, question.unit)
    if question.unit == "$bn":
        return money(value)
    return said if question.unit in ("share", "count") else f"{said} {question.unit}"


def within(found: Interval, question: Question) -> str:
    """Return a difference with its interval."""
    if found.low is None or found.high is None:
        return f"{told(found.mean, question)} (no interval from one seed)"
    low, high = signed(found.low, question.unit).removesuffix(" points"), signed(found.high, question.unit)
    return f"{told(found.mean, question)} ({low} to {high.removesuffix(' points')})"


def answer(found: Explanation) -> str:
    """Return the one sentence: how much the channels change, and which of them."""
    question, total = found.design.question, found.total
    seeds = f"{found.seeds} {'seed' if found.seeds == 1 else 'seeds'}"
    if total.sign == 0:
        what = question.subject.rsplit(" ", 1)[0]
        if total.mean == total.low == total.high:
            return f"{what} is the same with all channels as with the news alone, on each of {seeds}."
        return (
            f"{what}: whether the channels change it beyond the news alone cannot be told from {seeds}; "
            f"the difference is {within(total, question)}."
        )
    size = told(abs(total.mean), question).lstrip("+")
    how = "higher" if total.mean > 0.0 else "lower"
    sentence = f"{question.subject} {size} {how} than with the news alone"
    known = [row for row in found.shapley.iter_rows(named=True) if row["said"] not in (CANNOT_TELL, NOTHING_DONE)]
    if not known:
        return f"{sentence}, on {seeds}; which channels make it cannot be told."
    parts = [row["value"] / total.mean for row in known]
    makers = [row for row, part in zip(known, parts, strict=True) if part > WORTH_NAMING]
    against = [row for row, part in zip(known, parts, strict=True) if part < -WORTH_NAMING]
    ours, theirs = (
        listed([f"“{row['words']}” ({told(row['value'], question)})" for row in rows[:MOST_NAMED]])
        for rows in (makers, against)
    )
    sentence += f": above all by {ours}" if makers else ", by little of each"
    return f"{sentence}, and in spite of {theirs}." if against else f"{sentence}."


def method(design: Design) -> list[str]:
    """Return how it was found, in a few sentences."""
    n, seeds = len(design.acting), design.plan.replications
    days, own = design.plan.base.run.ticks, design.scenario.run.ticks
    draws = f"on the same {seeds} {'draw' if seeds == 1 else 'draws'} of chance"
    many = len(design.masks)
    if design.sampled is None:
        how = (
            f"All {many} ways of having the {n} groups on or off were run {draws}. A group's part is what it adds, "
            "averaged over all orders in which the groups may be switched on (Shapley 1953); the parts sum to the "
            "whole difference."
        )
    else:
        how = (
            f"{len(design.sampled)} orders of the {n} groups, half of them the reverse of the others, were drawn, and "
            f"the {many} coalitions through which they pass were run {draws} (Castro, Gómez and Tejada 2009). The "
            "parts sum to the whole difference; intervals are over seeds and orders."
        )
    said = [how]
    if design.question.is_share:
        said.append("A share is the mean of noughts and ones; with few seeds its interval is rough.")
    alone = [channel for channel in design.alone if channel != ALWAYS_ON]
    rest = f", and so are {listed(alone)}, which are in no group" if alone else ""
    said.append(
        f"“The news alone” is the same news in the same world with these groups off: {ALWAYS_ON} is as the scenario "
        f"has it in every run{rest}; policies are as in the scenario. A channel that the scenario has off stays off."
    )
    if design.question.text in WITHOUT_TWIN:
        said.append(
            f"{design.question.text} is measured against the run with every channel off, which is the same for all "
            f"ways of switching and so cancels: here it is {design.question.outcome.key.replace('_', ' ')} itself"
            f"{', in log points' if design.question.change else ''}, against the news alone."
        )
    elif design.question.text == BROKEN:
        said.append(
            "Counted are runs in which two dealers or more fail, or with a banking crisis; a breakdown of Treasury "
            "notes alone, which shows only against the run without the news, is not: verdict_financial=calm counts "
            "it, at the price of twins."
        )
    elif design.question.twins:
        said.append("This outcome is measured against the same run without the news: every run has its twins.")
    cut = f", {AFTER_NEWS} after the last news, and not the scenario's {own}" if days < own else ""
    said.append(f"Runs have {days} days{cut}.")
    return said


def page(found: Explanation, drawn: bytes) -> Page:
    design, question = found.design, found.design.question
    alone, everything = (level(end.mean, question) for end in (found.empty, found.full))
    difference = f"the difference is {within(found.total, question)}, from {found.seeds} paired seeds."
    lead = [f"With the news alone: {alone}; with everything: {everything}; {difference}"]
    if left_out := design.plan.replications - found.seeds:
        lead.append(f"{left_out} seeds are left out: a run failed on them or has no {question.text}.")
    together = PAIRS if found.together is not None else NO_PAIRS
    words = "Steps from the news alone to everything, the largest first, with 95 % intervals over seeds."
    return Page(
        title=f"Why it happened: {question.meaning} ({question.text}), {design.scenario.name}",
        answer=answer(found),
        lead=lead,
        stamp=stamp(design.scenario.digest),
        sections=[
            Section("What made it", figures=[picture(drawn, words)], tables=[groups_table(found)], notes=[READING]),
            Section("What works together", [together], tables=[] if found.together is None else [pairs_table(found)]),
            Section("How it was found", [*method(design), again(found)]),
        ],
    )


PAIRS = (
    "What two groups do together beyond what they do apart (Grabisch and Roubens 1999): with the sign of the "
    "difference where each makes the other do more, against it where one does what the other would have done. "
    f"The largest {MOST_PAIRS}; pairs without a row do nothing beyond what they do apart, or less than these."
)
NO_PAIRS = "Pairs are measured where all coalitions of two groups or more are run, and were not here."
READING = (
    "Intervals are 95 %, each for itself: of twenty groups that do nothing one may look as if it did something. "
    "“Cannot tell” means that the interval holds nought."
)


def again(found: Explanation) -> str:
    """Return how a run behind the numbers is repeated."""
    last = found.coalitions.height - 1
    return (
        f"coalitions.parquet has a row for each of {found.coalitions.height} runs with its number; any of them is "
        f"repeated to the bit: {repeat(str(found.runs), last)}"
    )


def groups_table(found: Explanation) -> Table:
    question = found.design.question
    rows = [
        (row["words"], row["channels"], finely(row["value"], question), ends(row, question), row["said"])
        for row in found.shapley.iter_rows(named=True)
    ]
    rows.append(("All together", "", finely(found.total.mean, question), ends(vars(found.total), question), ""))
    return Table(("group", "channels", "part", "95 % interval", "said"), rows, text_columns=2)


def pairs_table(found: Explanation) -> Table:
    assert found.together is not None
    words = dict(found.shapley.select("group", "words").iter_rows())
    question = found.design.question
    rows = [
        (words[row["first"]], words[row["second"]], finely(row["value"], question), ends(row, question), row["said"])
        for row in found.together.filter(pl.col("said") != NOTHING_DONE).head(MOST_PAIRS).iter_rows(named=True)
    ]
    return Table(("group", "with", "together", "95 % interval", "said"), rows, text_columns=2)


def ends(row: dict[str, Any], question: Question) -> str:
    if row["low"] is None or row["high"] is None:
        return NOTHING
    low, high = (finely(row[end], question) for end in ("low", "high"))
    return f"{low.removesuffix(' points').removesuffix(' bn')} to {high}"


def beside(row: dict[str, Any], question: Question) -> str:
    """Return what is written beside a step."""
    return "nothing" if row["said"] == NOTHING_DONE else finely(row["value"], question)


def waterfall(found: Explanation) -> Any:
    """Return the figure: a step for each group, the largest first."""
    question = found.design.question
    rows = list(found.shapley.iter_rows(named=True))
    steps = [Interval(row["value"], row["low"], row["high"], None, found.seeds) for row in rows]
    in_percent = question.unit == "share"
    what = "share of runs" if question.is_share else question.meaning.partition(";")[0]
    unit = "%" if in_percent else question.unit
    days = found.design.plan.base.run.ticks
    caption = (
        f"{found.design.scenario.name}, {found.seeds} paired seeds, {days} days. A bar is what a group adds, averaged "
        "over all orders of switching groups on; the line at its end is the 95 % interval."
    )
    return waterfall_figure(
        answer(found).rstrip("."),
        f"{question.text}: {what}, {unit}" if not question.is_share else f"{what}, {unit}",
        [row["words"] for row in rows],
        steps,
        [beside(row, question) for row in rows],
        (found.empty, found.full),
        (level(found.empty.mean, question), level(found.full.mean, question)),
        caption,
        100.0 if in_percent else 1.0,
    )
