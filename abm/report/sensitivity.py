"""The report of a sensitivity: which assumed numbers decide, and whether the headline turns on one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from abm.attribution.explain import CANNOT_TELL, NOTHING_DONE
from abm.evidence.robustness.claims import CLAIMS
from abm.experiments.files import parquet
from abm.figures.sensitivity import indices_settle_figure, ranked_figure, ranking_settles_figure, split_figure
from abm.influence.flags import CANNOT_TELL as UNSURE
from abm.influence.flags import MAY_TURN, NO_WORLD, SHIPPED, TURNS, turning
from abm.outcome.wording import listed
from abm.report.attribution import finely
from abm.report.edge import plain_number
from abm.report.files import drawn_files, dumped
from abm.report.pages import Page, Section, picture, render, stamp
from abm.report.robustness import claim_words
from abm.report.sensitivity_words import DIAMONDS, EFFECTS, FLAGS, INDICES, SETTLING, method, refused_words, split_words
from abm.report.sweep import repeat
from abm.report.tables import Table
from abm.report.words import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abm.attribution.question import Question
    from abm.influence.run import Sensitivity

MOST_ROWS = 20  # of the table and figure of effects
MOST_NAMED = 3


def sensitivity_files(found: Sensitivity) -> dict[str, bytes]:
    """Return the report as files by name: `report.html`, tables as Parquet, `sensitivity.json`, and `figures/`."""
    files: dict[str, bytes] = {}
    drawn = {}
    for name, figure in figures(found).items():
        made, drawn[name] = drawn_files(name, figure)
        files |= made
    for name, table in frames(found).items():
        files[f"{name}.parquet"] = parquet(table)
    return files | {"sensitivity.json": dumped(as_json(found)), "report.html": render(page(found, drawn)).encode()}


def frames(found: Sensitivity) -> dict[str, pl.DataFrame]:
    """Return all tables by name."""
    return {
        "effects": found.screen.table,
        "elementary_effects": found.screen.each,
        "ranking_settles": found.screen.settling,
        "indices": found.split.table,
        "indices_settle": found.split.settling,
        "claims": found.flags,
    }


def as_json(found: Sensitivity) -> dict[str, Any]:
    """Return all that was found but single effects, ready for JSON."""
    design = found.design
    spreads = {name: spread._asdict() for name, spread in found.split.spreads.items()}
    return {
        "answer": answer(found),
        "scenario": design.scenario.name,
        "scenario_digest": design.scenario.digest,
        "outcome": design.question.text,
        "unit": design.question.unit,
        "numbers": len(design.numbers),
        "without_room_for_a_step": list(design.fixed),
        "trajectories": design.trajectories,
        "samples": design.samples,
        "seeds_of_each_trajectory": design.seeds,
        "seeds_of_indices": design.shared_seeds,
        "days": design.base.run.ticks,
        "runs": sum(design.runs_of.values()),
        "first": [number.path for number in found.first],
        "turns_on": [{"path": path, "claim": claim} for path, claim in turning(found.flags, TURNS)],
        "may_turn_on": [{"path": path, "claim": claim} for path, claim in turning(found.flags, MAY_TURN)],
        "trajectories_refused": dict(found.screen.refused),
        "trajectories_left_out": found.screen.left_out,
        "points_refused": dict(found.split.refused),
        "points_left_out": found.split.left_out,
        "dependence_of_points": found.split.dependence,
        "variance": spreads,
    } | {name: table.to_dicts() for name, table in frames(found).items() if name != "elementary_effects"}


# --------------------------------------------------------------------------------------- in words
def answer(found: Sensitivity) -> str:
    """Return the paragraph: which numbers move the outcome most, what the variance is made of, and the flags."""
    return " ".join([ranking_words(found), variance_words(found), *flag_words(found)])


def ranking_words(found: Sensitivity) -> str:
    design, question = found.design, found.design.question
    table = found.screen.of(question)
    counts = dict(table["said"].value_counts().iter_rows())
    unsure, idle = counts.get(CANNOT_TELL, 0), counts.get(NOTHING_DONE, 0)
    rows = list(table.head(design.top).iter_rows(named=True))
    known = [row for row in rows if row["said"] not in (CANNOT_TELL, NOTHING_DONE)]
    if not known:
        named = f"none can be told from chance to move {question.text}"
    else:
        largest = listed([f"{row['path']} by {size(row, question)}" for row in known[:MOST_NAMED]])
        named = f"{question.text} is moved most by {largest}, for a step of half the range"
    return (
        f"Of {table.height} assumed numbers, {named}. {len(known)} of the first {len(rows)} are surely above chance; "
        f"of all, {idle} do nothing on any run and of {unsure} it cannot be told "
        f"({design.trajectories} trajectories, {design.seeds * design.trajectories} seeds)."
    )


def variance_words(found: Sensitivity) -> str:
    question = found.design.question
    table = found.split.of(question).sort("total", descending=True, maintain_order=True)
    sure = [row for row in table.iter_rows(named=True) if row["said"] not in (CANNOT_TELL, NOTHING_DONE)]
    spread = found.split.spreads[question.text]
    if not sure:
        said = f"Which of these {table.height} make its variance cannot be told"
    else:
        parts = [f"{row['path']} {part(row, 'total')}" for row in sure[:MOST_NAMED]]
        said = (
            f"Parts of its variance over these {table.height} that each has to do with (total index): {listed(parts)}"
        )
    if spread.part_of_seeds is None:
        return f"{said}."
    chance = f"{spread.part_of_seeds:.0%} ({spread.low:.0%} to {spread.high:.0%})"
    return f"{said}; of the variance of single runs {chance} are the seeds'."


def flag_words(found: Sensitivity) -> list[str]:
    surely, maybe = turning(found.flags, TURNS), turning(found.flags, MAY_TURN)
    shipped = found.flags.filter((pl.col("path") == SHIPPED) & (pl.col("status") == UNSURE))["claim"].to_list()
    said = []
    if shipped:
        said.append(f"Whether {listed([f'“{claim}”' for claim in shipped], 4)} cannot be told as shipped.")
    if not surely and not maybe:
        return [*said, f"No claim that can be told turns on one of these {len(found.first)} alone."]
    if surely:
        said.append(f"The headline turns on {listed([f'{path} (“{claim}”)' for path, claim in surely], 6)}.")
    if maybe:
        said.append(
            f"It may turn on {listed([f'{path} (“{claim}”)' for path, claim in maybe], 6)}: so many seeds cannot tell."
        )
    return said


def size(row: Mapping[str, Any], question: Question) -> str:
    """Return the mean size of an effect with its interval."""
    low, high = (finely(max(0.0, row[f"mu_star{end}"]), question).lstrip("+") for end in ("_low", "_high"))
    return (
        f"{finely(row['mu_star'], question).lstrip('+')} ({low.removesuffix(' points').removesuffix(' bn')} to {high})"
    )


def part(row: Mapping[str, Any], name: str) -> str:
    """Return an index with its interval."""
    return f"{row[name]:.2f} ({row[f'{name}_low']:.2f} to {row[f'{name}_high']:.2f})"


# ------------------------------------------------------------------------------------ tables
def tables_of(found: Sensitivity) -> list[tuple[str, Table]]:
    """Return the tables that the command prints."""
    return [
        ("Assumed numbers, the most influential first", effects_table(found, found.design.top)),
        ("The variance", indices_table(found)),
        ("The claims at the ends of each range", claims_table(found)),
    ]


def effects_table(found: Sensitivity, most: int = MOST_ROWS) -> Table:
    question = found.design.question
    rows = [
        (
            row["path"],
            f"{plain_number(row['value'])} ({plain_number(row['low'])} to {plain_number(row['high'])}) {row['unit']}",
            size(row, question),
            NOTHING if row["noise"] is None else finely(row["noise"], question).lstrip("+"),
            finely(row["mu"], question),
            finely(row["sigma"], question).lstrip("+"),
            f"{row['in_top']:.0%}",
            row["said"],
        )
        for row in found.screen.of(question).head(most).iter_rows(named=True)
    ]
    first = f"among first {found.design.top}"
    header = ("number", "value (range)", "μ*, 95 % interval", "of chance", "μ", "σ", first, "said")
    return Table(header, rows, text_columns=2)


def ranks_table(found: Sensitivity) -> Table:
    """What the first numbers are to the other outcomes."""
    ranks = {
        question.text: dict(
            found.screen.of(question).select("path", "rank", "said").rows_by_key("path", named=False, unique=True)
        )
        for question in found.design.questions
    }
    answered = [text for text, own in ranks.items() if own]
    rows = [
        (number.path, *(f"{ranks[text][number.path][0]}" + doubt(ranks[text][number.path][1]) for text in answered))
        for number in found.first
    ]
    return Table(("number", *answered), rows)


def doubt(said: str) -> str:
    return {CANNOT_TELL: " ?", NOTHING_DONE: " (nothing)"}.get(said, "")


def leaders_table(found: Sensitivity) -> Table:
    """The first numbers of every outcome."""
    rows = []
    for question in found.design.questions:
        table = found.screen.of(question)
        if table.height:
            sure = table.filter(~pl.col("said").is_in((CANNOT_TELL, NOTHING_DONE)))
            rows.append((question.text, str(sure.height), ", ".join(table["path"].head(5))))
    return Table(("outcome", "surely above chance", "the first five"), rows, text_columns=99)


def indices_table(found: Sensitivity) -> Table:
    question = found.design.question
    rows = [
        (
            row["path"],
            part(row, "first"),
            part(row, "total"),
            NOTHING if row["noise"] is None else f"{row['noise']:.2f}",
            row["said"],
        )
        for row in found.split.of(question).iter_rows(named=True)
    ]
    return Table(("number", "alone", "in all", "of chance", "said"), rows)


def totals_table(found: Sensitivity) -> Table:
    """The total indices of all outcomes, and what seeds make of their variance."""
    own = {question.text: found.split.of(question) for question in found.design.questions}
    answered = {text: table for text, table in own.items() if table.height}
    totals = {text: table.rows_by_key("path", named=True, unique=True) for text, table in answered.items()}
    rows = [
        (
            number.path,
            *(f"{row['total']:.2f}{doubt(row['said'])}" for row in (own[number.path] for own in totals.values())),
        )
        for number in found.first
    ]
    seeds = [found.split.spreads[text].part_of_seeds for text in answered]
    rows.append(("the seeds, of single runs' variance", *(NOTHING if one is None else f"{one:.0%}" for one in seeds)))
    return Table(("number", *answered), rows)


def claims_table(found: Sensitivity) -> Table:
    """A row for each end of each number's range, a column for each claim."""
    rows = []
    for (path, value), own in found.flags.group_by("path", "value", maintain_order=True):
        cells = {row["claim"]: claim_cell(row) for row in own.iter_rows(named=True)}
        end = "" if value is None else plain_number(float(str(value)))
        rows.append((str(path), end, *(cells[claim.name] for claim in CLAIMS), str(own["seeds"].min())))
    return Table(("number", "at", *(claim.name for claim in CLAIMS), "seeds"), rows, text_columns=99)


def claim_cell(row: Mapping[str, Any]) -> str:
    if row["status"] == NO_WORLD:
        return f"{NO_WORLD}: {row['reason']}"
    low, high = (NOTHING if row[end] is None else f"{row[end]:+.2f}" for end in ("low", "high"))
    flag = f" – {row['flag'].upper()}" if row["flag"] else ""
    return f"{row['status']}: {row['mean']:+.2f} ({low} to {high}){flag}"


def ranking_table(found: Sensitivity) -> Table:
    rows = [
        (
            str(row["trajectories"]),
            *(NOTHING if row[name] is None else f"{row[name]:.2f}" for name in ("same_first", "spearman", "halves")),
        )
        for row in found.screen.settling.iter_rows(named=True)
    ]
    first = f"first {found.design.top}"
    return Table(("trajectories", f"{first} as from all", "rank correlation with all", f"{first} in both halves"), rows)


# ------------------------------------------------------------------------------- figures and page
def figures(found: Sensitivity) -> dict[str, Any]:
    """Return the figures by name."""
    design, question = found.design, found.design.question
    in_points = question.unit == "share"
    unit = "points" if in_points else question.unit
    first = found.screen.of(question).head(MOST_ROWS)
    paths = [number.path for number in found.first]
    many = f"{design.trajectories} trajectories"
    reading = EFFECTS + DIAMONDS if design.seeds > 1 else EFFECTS
    return {
        "effects": ranked_figure(
            f"What moves {question.text}: the first {first.height} of {len(design.numbers)} assumed numbers",
            f"mean size of the change of {question.text} for a step of half the range, {unit}",
            first,
            100.0 if in_points else 1.0,
            f"{design.scenario.name}, {many}, {design.trajectories * design.seeds} seeds. {reading}",
        ),
        "indices": split_figure(
            f"What the variance of {question.text} over the first {len(paths)} numbers is made of",
            found.split.of(question),
            f"{design.scenario.name}, {design.samples} points, {design.shared_seeds} seeds. {INDICES}",
        ),
        "ranking_settles": ranking_settles_figure(
            f"How the ranking settles with more trajectories, {question.text}",
            found.screen.settling,
            design.top,
            SETTLING,
        ),
        "indices_settle": indices_settle_figure(
            f"How the total indices settle with more points, {question.text}",
            found.split.settling,
            paths,
            f"{design.shared_seeds} seeds; 95 % intervals over points and seeds. Settled where the three agree.",
        ),
    }


def page(found: Sensitivity, drawn: Mapping[str, bytes]) -> Page:
    design, question = found.design, found.design.question
    shown = {
        name: picture(content, words)
        for (name, content), words in zip(
            drawn.items(),
            (EFFECTS, INDICES, SETTLING, "Total indices from a quarter, a half and all of the points."),
            strict=True,
        )
    }
    sections = [
        Section("The ranking", figures=[shown["effects"]], tables=[effects_table(found)], notes=[EFFECTS + DIAMONDS]),
        Section(
            "By other outcomes",
            ["The rank of the first numbers by every outcome of the same runs; “?”: cannot be told from chance."],
            tables=[ranks_table(found), leaders_table(found)],
        ),
        Section(
            "What the variance is made of",
            split_words(found),
            [shown["indices"]],
            [indices_table(found), totals_table(found)],
            [INDICES],
        ),
        Section("Does the headline turn on one", [claim_words(), FLAGS], tables=[claims_table(found)]),
        Section(
            "Has it settled", [SETTLING], [shown["ranking_settles"], shown["indices_settle"]], [ranking_table(found)]
        ),
        Section("How it was found", [*method(found), *refused_words(found), again(found)]),
    ]
    return Page(
        title=f"Which assumptions decide: {question.meaning} ({question.text}), {design.scenario.name}",
        answer=answer(found),
        stamp=stamp(design.scenario.digest),
        sections=sections,
    )


def again(found: Sensitivity) -> str:
    """Return how the runs behind the numbers are repeated."""
    row = found.screen.each.row(0, named=True)
    command = repeat(f"{found.folder}/{row['sweep']}", row["row_after"])
    return (
        "elementary_effects.parquet has a row for each effect with the folder of its sweep and the rows of its two "
        f"runs on the first seed; any run is repeated to the bit: {command}. "
        f"The indices are those of {found.folder}/{found.split.sweep}, the claims those of "
        f"{found.folder}/{found.corners}."
    )
