"""The distance to the edge in words, as JSON, and as a page with its figure, its numbers and the runs behind them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from abm.distance.question import DEFAULT_OUTCOME
from abm.distance.search import ALREADY_OVER, NOT_REACHED, QUIET_OVER, REACHED
from abm.experiments.files import parquet
from abm.figures.edge import curve_figure, edge_figure
from abm.outcome.wording import count
from abm.report.files import drawn_files, dumped
from abm.report.pages import Page, Section, picture, render, stamp
from abm.report.sweep import repeat
from abm.report.tables import Table
from abm.report.words import NOTHING

if TYPE_CHECKING:
    from abm.distance.edge import Curve, Draws, Found
    from abm.distance.search import Edge

GRADUAL = 250  # days of news, a year
VAGUE = ("days", "size", "total")  # last words of paths that say nothing without the one before
READING = (
    "Dots: the share of seeds with the outcome, or its mean, with the spark less that of the same seeds without it, "
    "with its 95 % interval. Where they pass the dashed level is the edge; its interval is shaded: all values at which "
    "the level cannot be told from the difference. Dotted: today's value."
)
READING_CURVE = (
    "The edge for each value of the second dial, and its 95 % interval; the star is today's system. Crosses: no edge "
    "was found, for the reason in the table."
)
HOW = (
    "A scan of the range at all seeds, then rounds of new values around the crossing and both ends of its interval. "
    "Shares have Clopper and Pearson's interval, means Student's t; the value is that of a rising regression "
    "(Barlow et al. 1972). An edge that opens and closes between two scanned values is not seen. With fewer than six "
    "seeds no share is surely over one half."
)


def sentence(edge: Edge) -> str:
    """The answer in one sentence, or two."""
    said = f"Today's system {clause(edge)}"
    if edge.value is not None:
        said += f": {crossing_words(edge)}"
    said += f"; {seeds_words(edge)}."
    if edge.second is not None:
        said += f" Beyond {plain_number(edge.second)} the difference surely falls back under the level."
    elif edge.may_fall_back and edge.value is not None:
        said += " It may fall back under the level farther away; at so many seeds noise may show that too."
    return said


def answer(found: Found) -> str:
    """The sentence, and what drawn worlds say if there are any."""
    said = sentence(found.edge)
    return said if found.draws is None else f"{said} {draws_words(found.edge, found.draws)}"


def title_of(edge: Edge) -> str:
    """The answer as the head of a figure."""
    return f"Today's system {clause(edge)}; {seeds_words(edge)}"


def headline(bursts: Sequence[tuple[str, Edge]]) -> str:
    """The distance by how the bubble bursts: `[("sudden", edge), ("gradual, over 500 days", edge)]` in a sentence."""
    first, *others = bursts
    said = [f"If the burst is {first[0]}, today's system {clause(first[1])}"]
    said += [f"if it is {words}, it {clause(edge)}" for words, edge in others]
    return "; ".join(said) + f"; {seeds_words(first[1])}."


def clause(edge: Edge) -> str:
    """What today's system is to the edge, as the end of a sentence."""
    question = edge.question
    span = f"{plain_number(question.low)} to {plain_number(question.high)} {question.unit}"
    if edge.status == REACHED:
        return f"is {distance(edge)} from the edge"
    if edge.status == NOT_REACHED:
        return f"does not reach the edge within {question.dial} = {span}"
    if edge.status == ALREADY_OVER:
        if edge.value is not None:
            return f"is over the edge already; it comes back under it at {distance(edge)}"
        where = f"all over {span}" if edge.is_over_everywhere else f"and where within {span} it is not cannot be told"
        return f"is over the edge already, {where}"
    if edge.status == QUIET_OVER:
        where = "today" if edge.quiet_from == question.today else f"from {plain_number(edge.quiet_from)} on"
        return f"has no edge of the spark: the quiet world is already over the level {where}"
    if edge.value is not None:
        return f"may be {distance(edge)} from the edge, which so many seeds cannot tell"
    return f"may or may not reach the edge within {question.dial} = {span}, which so many seeds cannot tell"


def distance(edge: Edge) -> str:
    """How far the edge is, in per cent of today's value where that is not nought."""
    question = edge.question
    *_, of, word = question.dial.replace("_", " ").split(".")
    word = f"{of} {word}" if word in VAGUE else word
    value, low, high = (edge.percent(end) for end in (edge.value, edge.low, edge.high))
    if value is None:
        return f"{question.dial} = {plain_number(edge.value)} {question.unit}{between(edge.low, edge.high, '')}"
    if value >= 0.0:
        return f"{value:.0f} % of {word}{between(low, high, ' %')}"
    low, high = (None if end is None else -end for end in (high, low))
    return f"{-value:.0f} % less {word}{between(low, high, ' %')}"


def between(low: float | None, high: float | None, unit: str) -> str:
    """An interval in brackets; an end that the range does not bound is said to be open."""
    if low is None and high is None:
        return " (interval open at both ends)"
    said = [None if end is None else f"{end:.3g}" for end in (low, high)]
    if low is None:
        return f" (interval up to {said[1]}{unit}, open below)"
    if high is None:
        return f" (interval from {said[0]}{unit}, open above)"
    return f" (95 % interval {said[0]} to {said[1]}{unit})"


def crossing_words(edge: Edge) -> str:
    """What passes what, and where."""
    question = edge.question
    ends = between(edge.low, edge.high, "").replace("95 % interval ", "")
    where = f"at {question.dial} = {plain_number(edge.value)} {question.unit}{ends}"
    if not question.outcome.is_share:
        return f"{where} the spark adds {question.level:g} {question.outcome.unit} to {question.outcome.text}"
    way = "falls under" if edge.status == ALREADY_OVER else "passes"
    return (
        f"{where} the share of runs with {outcome_words(edge)} that the spark adds {way} {100.0 * question.level:.3g} %"
    )


def outcome_words(edge: Edge) -> str:
    text = edge.question.outcome.text
    return "a market breakdown or a banking crisis" if text == DEFAULT_OUTCOME else text


def seeds_words(edge: Edge) -> str:
    return count(edge.question.seeds, "seed")


def draws_words(edge: Edge, draws: Draws) -> str:
    """The spread over drawn worlds."""
    question = edge.question
    ends = [NOTHING if end is None else plain_number(end) for end in (draws.low, draws.high)]
    failed = f" {draws.failed} more could not be run." if draws.failed else ""
    return (
        f"In {draws.n} worlds in which the assumed numbers are drawn between half and double ({draws.seeds} seeds "
        f"each) the edge is reached in {draws.reached}, and passed today already in {draws.over_today}; the middle "
        f"nine tenths of edges lie at {question.dial} = {ends[0]} to {ends[1]} {question.unit} ({NOTHING}: beyond "
        f"the range).{failed}"
    )


def as_json(found: Found) -> dict[str, Any]:
    """The answer ready for JSON: null where there is none."""
    edge, question = found.edge, found.edge.question
    draws = found.draws
    return {
        "dial": question.dial,
        "unit": question.unit,
        "scenario": question.scenario.name,
        "scenario_digest": question.scenario.digest,
        "outcome": question.outcome.text,
        "level": question.level,
        "today": question.today,
        "range": [question.low, question.high],
        "seeds": question.seeds,
        "status": edge.status,
        "value": edge.value,
        "low": edge.low,
        "high": edge.high,
        "percent": edge.percent(edge.value),
        "percent_low": edge.percent(edge.low),
        "percent_high": edge.percent(edge.high),
        "second": edge.second,
        "may_fall_back": edge.may_fall_back,
        "quiet_from": edge.quiet_from,
        "draws": None if draws is None else draws.n,
        "draws_failed": None if draws is None else draws.failed,
        "draws_seeds": None if draws is None else draws.seeds,
        "draws_reached": None if draws is None else draws.reached,
        "draws_over_today": None if draws is None else draws.over_today,
        "draws_low": None if draws is None else draws.low,
        "draws_high": None if draws is None else draws.high,
        "points": edge.points.to_dicts(),
        "sentence": sentence(edge),
    }


def curve_as_json(curve: Curve) -> dict[str, Any]:
    """A curve ready for JSON."""
    return {
        "dials": [curve.dial, curve.along],
        "today": [curve.found[0].edge.question.today, curve.today],
        "curve": [{"at": value, **as_json(one)} for value, one in zip(curve.values, curve.found, strict=True)],
        "sentence": curve_words(curve),
    }


def curve_words(curve: Curve) -> str:
    """The headline where the second dial is the speed of the news; else a clause for each of its values."""
    if curve.along == "spark.days":
        return headline([(burst(int(d)), one.edge) for d, one in zip(curve.values, curve.found, strict=True)])
    said = [
        f"with {curve.along} = {plain_number(float(value))} today's system {clause(one.edge)}"
        for value, one in zip(curve.values, curve.found, strict=True)
    ]
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}; {seeds_words(curve.found[0].edge)}."


def burst(days: int) -> str:
    """What the news is called that takes so many days."""
    if days <= 1:
        return "sudden, on one day"
    return f"{'gradual' if days >= GRADUAL else 'spread'}, over {days} days"


def edge_files(found: Found, folder: Path) -> dict[str, bytes]:
    """The report of one edge as files by name: page, JSON, points and runs as Parquet, figure."""
    edge, said = found.edge, sentence(found.edge)
    files, drawn = drawn_files("edge", edge_figure(edge, title_of(edge)))
    text = [HOW] + ([draws_words(edge, found.draws)] if found.draws is not None else [])
    page = Page(
        f"The edge along {edge.question.dial}",
        said,
        stamp(edge.question.scenario.digest),
        sections=[
            Section("Where the edge is", text, [picture(drawn, READING)], [points_table(edge)]),
            Section("How it was asked", tables=[settings(edge)]),
            Section("The runs behind it", [runs_words()], tables=[runs_table(edge, folder)]),
        ],
    )
    files |= {"points.parquet": parquet(edge.points), "runs.parquet": parquet(edge.runs)}
    if found.draws is not None:
        files["draws.parquet"] = parquet(found.draws.runs)
    return files | {"edge.json": dumped(as_json(found)), "report.html": render(page).encode()}


def curve_files(curve: Curve, folder: Path) -> dict[str, bytes]:
    """The report of a curve as files by name."""
    said = curve_words(curve)
    edges = [one.edge for one in curve.found]
    files, drawn = drawn_files("curve", curve_figure(curve, f"The edge along {curve.dial}, by {curve.along}"))
    rows = [
        (f"{value:g}", edge.status, *map(plain_number, (edge.value, edge.low, edge.high, edge.second)))
        for value, edge in zip(curve.values, edges, strict=True)
    ]
    table = Table((curve.along, "answer", curve.dial, "from", "to", "falls back at"), rows, text_columns=2)
    sections = [Section("The edge as a curve", [HOW], [picture(drawn, READING_CURVE)], [table])]
    for place, (value, edge) in enumerate(zip(curve.values, edges, strict=True)):
        own = sentence(edge)
        made, figure = drawn_files(f"edge_{place}", edge_figure(edge, title_of(edge)))
        files |= made
        title = f"{curve.along} = {value:g}"
        sections.append(Section(title, [own], [picture(figure, READING)], [points_table(edge)]))
        sections.append(Section(f"The runs behind it: {title}", [runs_words()], tables=[runs_table(edge, folder)]))
    sections.append(Section("How it was asked", tables=[settings(edges[0])]))
    lit = [edge.runs.with_columns(pl.lit(float(v)).alias("at")) for v, edge in zip(curve.values, edges, strict=True)]
    files |= {"curve.parquet": parquet(curve.table), "runs.parquet": parquet(pl.concat(lit))}
    page = Page(
        f"The edge along {curve.dial} and {curve.along}",
        said,
        stamp(edges[0].question.scenario.digest),
        sections=sections,
    )
    return files | {"edge.json": dumped(curve_as_json(curve)), "report.html": render(page).encode()}


def points_table(edge: Edge) -> Table:
    """Every value of the dial that was looked at."""
    rows = [
        (
            plain_number(row["x"]),
            str(row["seeds"]),
            *(plain_number(row[name]) for name in ("spark", "quiet", "difference", "low", "high")),
        )
        for row in edge.points.iter_rows(named=True)
    ]
    header = (edge.question.dial, "seeds", "with the spark", "without it", "difference", "from", "to")
    what = edge.question.outcome.what.removesuffix(", %")
    return Table(header, rows, f"{what}: {outcome_words(edge)}", text_columns=0)


def settings(edge: Edge) -> Table:
    question = edge.question
    rows = [
        ("scenario", f"{question.scenario.name}: {question.scenario.title}"),
        ("dial", f"{question.dial}, {question.unit}; today {plain_number(question.today)}"),
        ("range", f"{plain_number(question.low)} to {plain_number(question.high)}, {question.scale} scale"),
        ("outcome", f"{question.outcome.text}: {question.outcome.meaning}"),
        ("level of the difference", f"{question.level:g}"),
        ("seeds", f"0 to {question.seeds - 1}, the same at every value, with the spark and without it"),
        ("pairs of runs without an outcome", f"{edge.missing}, left out"),
        ("the quiet world", "the same scenario and value without the spark, shocks and losses"),
    ]
    return Table(("setting", "value"), rows, text_columns=99)


def runs_words() -> str:
    return (
        "All outcomes by value and seed are in runs.parquet with the folder and the row of their runs: "
        "powderkeg run --from FOLDER --row ROW repeats one. Below, the first seed at each value."
    )


def runs_table(edge: Edge, folder: Path) -> Table:
    first = edge.runs.filter(pl.col("seed") == pl.col("seed").min()).sort("x")
    rows = [
        (
            plain_number(row["x"]),
            repeat(f"{folder}/{row['sweep']}", row["row"]),
            "the same row, its twin"
            if row["sweep"] == row["quiet_sweep"]
            else repeat(f"{folder}/{row['quiet_sweep']}", row["quiet_row"]),
        )
        for row in first.iter_rows(named=True)
    ]
    return Table((edge.question.dial, "with the spark", "without it"), rows, text_columns=99)


def plain_number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3g}" if abs(value) < 1000.0 else f"{value:,.0f}"
