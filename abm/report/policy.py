"""The report of policies: what each buys, alone and in pairs, its smallest size, its delay, and its expectation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from abm.alternatives.compare import CALM, NEWS
from abm.alternatives.measures import AVOIDED, BREAKDOWN, COST, LOSSES, QUIET, WITHOUT_NOTES
from abm.alternatives.plan import NONE, label_of, name_of
from abm.alternatives.sizes import FOUND
from abm.attribution.explain import CANNOT_TELL
from abm.distance.edge import Found
from abm.evidence.check import Curve, Picture
from abm.experiments.files import parquet
from abm.figures.edge import edge_figure
from abm.figures.evidence import evidence_figure
from abm.figures.policy import pairs_figure
from abm.report.edge import as_json as edge_as_json
from abm.report.files import drawn_files, dumped
from abm.report.pages import Page, Section, picture, render, stamp
from abm.report.policy_words import (
    READING,
    answer,
    delays_table,
    delays_words,
    effects_table,
    expected_table,
    expected_words,
    how_sized,
    late_words,
    pairs_table,
    plain,
    plain_number,
    quiet_words,
    seeds_words,
    side_effects_table,
    sized_words,
    sizes_table,
    sizes_words,
)
from abm.report.sweep import repeat

if TYPE_CHECKING:
    from abm.alternatives.answer import Answer
    from abm.alternatives.compare import Comparison
    from abm.alternatives.delays import Delays
    from abm.alternatives.expected import Expected
    from abm.alternatives.sizes import Sizes

Files = dict[str, bytes]
BONFERRONI = (
    "Listed is what surely gets worse; intervals are wide enough for all outcomes of a policy together (Bonferroni): "
    "of twenty policies without a side effect one at most is expected to show one."
)
COUNTING = (
    "A backstop stands ready from the first day. Where nobody counts on it, what changes before the turn changes "
    "because the authority acts. Where it is expected, funds and those who lend to them reckon with less volatility "
    "than there is, by the part that is given: that they do, and by how much, is assumed; what follows from it is "
    "measured. The turn is the top before the largest fall of AI equity; books are looked at every fifth day."
)


def policy_files(found: Answer, folder: Path) -> Files:
    """The report as files by name: `report.html`, `policy.json`, the tables as Parquet, and `figures/`."""
    files: Files = {}
    sections: list[Section] = []
    for part in (
        alternatives_part(found.alternatives, folder) if found.alternatives is not None else None,
        sizes_part(found.sizes) if found.sizes is not None else None,
        delays_part(found.delays) if found.delays is not None else None,
        expected_part(found.expected) if found.expected is not None else None,
    ):
        if part is not None:
            files |= part[0]
            sections += part[1]
    scenario = found.asked.scenario
    first, *rest = sentences(found).values()
    page = Page(
        title=f"What policies buy, {label_of(scenario)}: {scenario.title}",
        answer=first,
        lead=list(rest),
        stamp=stamp(scenario.digest),
        sections=sections,
    )
    return files | {"policy.json": dumped(as_json(found)), "report.html": render(page).encode()}


def sentences(found: Answer) -> dict[str, str]:
    """The answer of every part that was asked."""
    said: dict[str, str] = {}
    if found.alternatives is not None:
        said["alternatives"] = answer(found.alternatives)
    if found.sizes is not None:
        said["sizes"] = sizes_words(found.sizes)
    if found.delays is not None:
        said["delays"] = delays_words(found.delays)
    if found.expected is not None:
        said["expected"] = expected_words(found.expected)
    return said


def as_json(found: Answer) -> dict[str, Any]:
    """Return all that was found, ready for JSON."""
    asked, alternatives, sizes = found.asked, found.alternatives, found.sizes
    return {
        "scenario": asked.scenario.name,
        "world": label_of(asked.scenario),
        "scenario_digest": asked.scenario.digest,
        "policies": list(asked.policies),
        "seeds": asked.seeds,
        "sentences": sentences(found),
        "nothing_to_avoid": None if alternatives is None else alternatives.nothing_breaks,
        "days": None if alternatives is None else alternatives.design.news.base.run.ticks,
        "effects": None if alternatives is None else alternatives.effects.to_dicts(),
        "together": None if alternatives is None else alternatives.together.to_dicts(),
        "side_effects": None if alternatives is None else alternatives.side_effects.to_dicts(),
        "edge": None if sizes is None else edge_as_json(Found(sizes.edge)),
        "beyond_the_edge": None if sizes is None else sizes.beyond,
        "sizes": None if sizes is None else sizes.table.to_dicts(),
        "delays": None if found.delays is None else found.delays.table.to_dicts(),
        "expected": None if found.expected is None else found.expected.table.to_dicts(),
    }


# ------------------------------------------------------------------------------------------ alternatives
def alternatives_part(found: Comparison, folder: Path) -> tuple[Files, list[Section]]:
    alone = list(found.design.policies)
    pairs = [name_of(one) for one in found.design.alternatives if len(one) == 2]
    files: Files = {
        "effects.parquet": parquet(found.effects),
        "together.parquet": parquet(found.together),
        "side_effects.parquet": parquet(found.side_effects),
        "runs.parquet": parquet(found.runs),
    }
    made, drawn = drawn_files("saved", evidence_figure(saved_picture(found)))
    files |= made
    figures = [picture(drawn, "Change of the lenders' losses under each policy alone, with its 95 % interval.")]
    if not found.nothing_breaks:
        made, drawn = drawn_files("breakdowns", evidence_figure(breakdowns_picture(found)))
        files |= made
        figures.append(picture(drawn, "The share of runs that break down under each policy alone."))
    base = found.design.news.base
    days = base.run.ticks
    notes = [READING, f"{seeds_words(found.design.seeds)}, {days} days, with the news and without it.", WITHOUT_NOTES]
    first = Section(
        "What each policy avoids",
        [],
        figures,
        [
            *(
                effects_table(found, few, NEWS, alone, "Each alone, with the news")
                for few in (AVOIDED[:4], AVOIDED[4:])
            ),
            effects_table(found, COST[:3], NEWS, alone, "What the public pays and does"),
            effects_table(found, COST[3:], NEWS, alone, "What rules make others do"),
        ],
        notes,
    )
    quiet = Section(
        "What it costs in quiet times",
        [quiet_words(found), "The same worlds and seeds without the news, means over the days."],
        tables=[
            effects_table(found, few, CALM, alone, "Each alone, without the news") for few in (QUIET[:4], QUIET[4:])
        ],
        notes=["Hedge funds' borrowing, and nothing else here, is neither better nor worse if it is less."],
    )
    sections = [first, quiet]
    if pairs:
        made, drawn = drawn_files("pairs", drawn_pairs(found))
        files |= made
        words = "Losses saved by each policy and pair, and what pairs do beyond the sum of both alone."
        sections.append(Section("Two together", [pairs_words(found)], [picture(drawn, words)], [pairs_table(found)]))
    tables = [side_effects_table(found, alone), side_effects_table(found, pairs)]
    sections += [
        Section(
            "Side effects",
            [] if found.side_effects.height else ["None is sure at so many seeds."],
            tables=[table for table in tables if table.rows],
            notes=[BONFERRONI],
        ),
        Section("The runs behind it", [runs_words(found, folder)]),
    ]
    return files, sections


def runs_words(found: Comparison, folder: Path) -> str:
    row = found.runs.filter(pl.col("world") == NEWS).row(-1, named=True)
    return (
        f"runs.parquet has a row for each of {found.runs.height} runs with its folder and number; any of them is "
        f"repeated to the bit: {repeat(f'{folder}/' + row['sweep'], row['row'])}"
    )


def pairs_words(found: Comparison) -> str:
    said = found.together.filter(pl.col("outcome") == LOSSES)["said"].value_counts().sort("said").to_dicts()
    counts = ", ".join(f"{row['said']} {row['count']}" for row in said)
    return f"Of {len(found.design.alternatives) - len(found.design.policies) - 1} pairs, by what both save: {counts}."


def saved_picture(found: Comparison) -> Picture:
    rows = [found.effect(name, LOSSES) for name in found.design.policies]
    lost = found.effect(NONE, LOSSES)["value"]
    return Picture(
        title=f"{label_of(found.design.scenario)}: what each policy alone changes of lenders' losses",
        x="",
        y=f"change of losses of dealers and banks, $bn ({lost:,.0f} without any policy)",
        curves=[forest("change against no policy, 95 % interval over seeds", rows, "change")],
        names=[plain(name) for name in found.design.policies],
        words=f"{seeds_words(found.design.seeds)}, the same with every policy. Less than nought: saved.",
    )


def breakdowns_picture(found: Comparison) -> Picture:
    names = (NONE, *found.design.policies)
    rows = [found.effect(name, BREAKDOWN) for name in names]
    return Picture(
        title=f"{label_of(found.design.scenario)}: runs that break down under each policy alone",
        x="",
        y="runs with two failed dealers or a banking crisis, % of seeds",
        curves=[forest("share, 95 % interval", rows, "", 100.0)],
        names=["without any", *(plain(name) for name in names[1:])],
        words=f"{seeds_words(found.design.seeds)}, the same with every policy.",
    )


def forest(name: str, rows: list[dict[str, Any]], of: str, scale: float = 1.0) -> Curve:
    """Values of `change` or of the outcome itself with their intervals, one place each; nothing where none is known."""
    middle, ends = of or "value", (f"{of}_low" if of else "low", f"{of}_high" if of else "high")
    values, low, high = (
        [scale * float(next((row[one] for one in (part, middle) if row[one] is not None), np.nan)) for row in rows]
        for part in (middle, *ends)
    )
    return Curve(name, list(range(len(rows))), values, low, high, joined=False)


def drawn_pairs(found: Comparison) -> Any:
    """The figure of singles and pairs."""
    names = found.design.policies
    saved, beyond = (np.full((len(names), len(names)), np.nan) for _ in range(2))
    sure, sure_beyond = (np.zeros((len(names), len(names)), bool) for _ in range(2))
    for k, name in enumerate(names):
        row = found.effect(name, LOSSES)
        saved[k, k] = np.nan if row["change"] is None else -row["change"]
        sure[k, k] = row["said"] != CANNOT_TELL
    rows = found.together.filter(pl.col("outcome") == LOSSES).to_dicts()
    for row in rows:
        low, high = sorted((names.index(row["first"]), names.index(row["second"])))
        both = found.effect(f"{row['first']} + {row['second']}", LOSSES)
        if row["beyond"] is not None:
            saved[high, low], beyond[high, low] = row["together"], row["beyond"]
            sure[high, low], sure_beyond[high, low] = both["said"] != CANNOT_TELL, row["said"] != CANNOT_TELL
    return pairs_figure(
        f"{label_of(found.design.scenario)}: lenders' losses that policies save, alone and in pairs",
        [plain(name) for name in names],
        saved,
        beyond,
        (sure, sure_beyond),
        "$bn",
        f"{seeds_words(found.design.seeds)}, $bn. Purple is saved, orange lost; pale with “?”: cannot be told from "
        "nought. Beyond the sum: above nought, two do more together than each alone adds up to; below, one does what "
        "the other would have done.",
    )


# ------------------------------------------------------------------------------------------ sizes
def sizes_part(found: Sizes) -> tuple[Files, list[Section]]:
    files: Files = {"sizes.parquet": parquet(found.table)}
    runs = [found.edge.runs.with_columns(pl.lit(found.edge.question.dial).alias("number"))]
    runs += [one.edge.runs.with_columns(pl.lit(one.size.path).alias("number")) for one in found.found]
    files["sizes_runs.parquet"] = parquet(pl.concat(runs))
    figures = []
    for one in found.found:
        if one.status != FOUND:
            continue
        name = one.size.path.removeprefix("policy.").replace(".", "_")
        made, drawn = drawn_files(f"size_{name}", edge_figure(one.edge, sized_words(one)))
        files |= made
        figures.append(
            picture(drawn, f"{plain(one.size.policy)}: “today” does nothing, the edge is the smallest size.")
        )
    tables = [sizes_table(found)] if found.found else []
    return files, [
        Section(
            "The smallest size that moves the edge by a quarter",
            [how_sized(found)],
            figures,
            tables,
        )
    ]


# ------------------------------------------------------------------------------------------ delays
def delays_part(found: Delays) -> tuple[Files, list[Section]]:
    files: Files = {"delays.parquet": parquet(found.table), "delays_runs.parquet": parquet(found.runs)}
    made, drawn = drawn_files("delays", evidence_figure(delays_picture(found)))
    text = [f"The world: {world_words(found)}"]
    shown = picture(drawn, "Change of the lenders' losses by how late an intervention is decreed.")
    return files | made, [Section("Too late", text, [shown], [delays_table(found)], [READING])]


def world_words(found: Delays) -> str:
    return (
        f"{label_of(found.world)}, {found.world.run.ticks} days; notes are bought at "
        f"{plain_number(found.world.policy.note_purchases.per_day)} $bn a day for 20 days from the decree on."
    )


def delays_picture(found: Delays) -> Picture:
    rows = found.table.filter((pl.col("outcome") == LOSSES) & pl.col("policy").is_not_null())
    never = found.table.filter((pl.col("outcome") == LOSSES) & pl.col("policy").is_null())["value"][0]
    curves = []
    days = sorted(rows["days_late"].unique().to_list())
    for (policy,), own in rows.group_by("policy", maintain_order=True):
        line = forest(plain(str(policy)), own.to_dicts(), "change")
        curves.append(
            Curve(line.name, [days.index(day) for day in own["days_late"]], line.y, line.low, line.high, False)
        )
    return Picture(
        title=f"{label_of(found.world)}: what an intervention saves by when it comes",
        x="when it is decreed after the news",
        y=f"change of losses of dealers and banks, $bn ({never:,.0f} without any)",
        curves=curves,
        names=[late_words(day) for day in days],
        words=f"{seeds_words(found.seeds)}, 95 % intervals. Less than nought: losses that are saved.",
    )


# ------------------------------------------------------------------------------------------ expectation
def expected_part(found: Expected) -> tuple[Files, list[Section]]:
    files: Files = {"expected.parquet": parquet(found.table), "expected_runs.parquet": parquet(found.runs)}
    rows = found.table.filter(pl.col("outcome") == "leverage")
    shown = Picture(
        title=f"{found.plan.base.name}: hedge funds' leverage at the turn, by the backstop that stands ready",
        x="",
        y="debt to own money at the turn, change against no backstop, times",
        curves=[forest("change, 95 % interval over seeds", rows.to_dicts()[1:], "change")],
        names=[plain(name) for name in found.names[1:]],
        words=f"{seeds_words(found.seeds)}, the same with every backstop.",
    )
    made, drawn = drawn_files("expected", evidence_figure(shown))
    shown_picture = picture(drawn, "Change of hedge funds' leverage at the turn under each backstop.")
    section = Section("A backstop that is expected", [COUNTING], [shown_picture], [expected_table(found)], [READING])
    return files | made, [section]
