"""The page of a sweep: what was asked, the maps, what each parameter does, and the runs that surprise."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from abm.figures.effects import effects_figure
from abm.figures.style import words
from abm.outcome.summary import Summary
from abm.outcome.verdict import FINANCIAL, REAL, SPEEDS
from abm.report.pages import CUTS, NOT_ON_STAGE, Page, Picture, Section, picture, render, stamp
from abm.report.tables import Table
from abm.report.words import NOTHING, number, signed
from abm.sweep.drawings import Drawing, files_of, map_drawing
from abm.sweep.effects import effects, surprising
from abm.sweep.levels import Levels, levels_of, spelled
from abm.sweep.maps import sweep_map
from abm.sweep.outcomes import DEFAULT, Outcome, by, by_point, parse_outcome

if TYPE_CHECKING:
    from abm.sweep.folder import SweepResult
    from abm.sweep.plan import Plan

MOST_REASONS = 20
MOST_COLUMNS = 8  # levels of the first parameter that have columns of their own
VERDICTS = (("speed", SPEEDS), ("verdict_real", REAL), ("verdict_financial", FINANCIAL))
DESIGN_COLUMNS = (
    ("row", "count", "number of the run in the sweep"),
    ("point", "count", "number of the point of the design"),
    ("replication", "count", "number of the run among those of its point"),
    ("seed", "count", "key of every random draw"),
    ("status", "label", "ok or failed"),
    ("reason", "text", "why a run failed"),
)
DESIGNS = {
    "grid": "a grid: every combination of the values",
    "latin_hypercube": "a Latin hypercube: points spread evenly over each range",
    "sobol": "a Sobol sequence: points spread evenly over all ranges together",
    "list": "a list of points from a file",
}
_READING = (
    "Darker is more. Each cell's number is the share or mean over its runs; beside or below it, half of its 95 % "
    "interval and how many runs it holds (17/20: of twenty, seventeen have a value). Cells stand side by side "
    "whatever the distance of their values."
)
_INTERVALS = (
    "Shares have Wilson's interval, means Student's t. Seeds, not runs, count as independent: where several runs of "
    "a seed are averaged, the interval allows for what they have in common, and where all agree it counts seeds alone."
)
_PAIRED = (
    "Changes are paired: on the same seed, against the lowest level, mean over seeds with Student's t interval; "
    "where no seed changes at all, the interval has no length."
)
_UNPAIRED = "Changes are against the lowest level; seeds differ, so that both intervals are combined."
_SURPRISING_NUMBER = (
    "Runs that are furthest from the mean of their point, in standard deviations of that point; another seed at the "
    "same point is the natural thing to compare them with."
)
_SURPRISING_LABEL = "Runs whose label is the rarest at their point, beside the commonest one there."


def sweep_files(
    sweep: SweepResult, outcome: Outcome, table_format: str = "csv", paper: bool = False
) -> dict[str, bytes]:
    """Return the report as files by name: `report.html`, and in `figures/` each figure with its numbers.

    `paper`: figures in grey and as wide as a column of a page.
    """
    found = effects(sweep.plan, sweep.runs, outcome)
    drawings = {drawing.name: drawing for drawing in _maps(sweep.plan, sweep.runs, outcome, paper)}
    name = f"effects_{outcome.name}" + ("_paper" if paper else "")
    of_effects = Drawing(name, effects_figure(found, outcome, paper), {"": found})
    files = files_of([*drawings.values(), of_effects], table_format)
    drawn = {name.removesuffix(".svg"): content for name, content in files.items() if name.endswith(".svg")}
    maps = [picture(drawn[name], f"{one.figure.get_suptitle()}.".replace("\n", " ")) for name, one in drawings.items()]
    page = _page(sweep, outcome, found, maps, drawn[of_effects.name])
    figures = {f"figures/{name}": content for name, content in files.items()}
    return figures | {"report.html": render(page).encode()}


def _maps(plan: Plan, runs: pl.DataFrame, outcome: Outcome, paper: bool) -> list[Drawing]:
    """Maps over the first two parameters and a third, of the outcome and of the usual verdict."""
    paths = [parameter.path for parameter in plan.parameters]
    if len(paths) < 2:
        return []
    asked = dict.fromkeys((outcome, parse_outcome(DEFAULT)))
    thirds = [None, paths[2]] if len(paths) > 2 else [None]
    return [
        map_drawing(sweep_map(plan, runs, paths[0], paths[1], one, third=third), paper)
        for one in asked
        for third in thirds
    ]


def _page(sweep: SweepResult, outcome: Outcome, found: pl.DataFrame, maps: list[Picture], of_effects: bytes) -> Page:
    plan, runs = sweep.plan, sweep.runs
    folder = sweep.folder.name if Path(sweep.folder).is_absolute() else str(sweep.folder)
    sections = [
        Section("What was asked", [plan.why or plan.base.why], tables=[_parameters(plan), _settings(plan, runs)]),
        Section(
            outcome.title,
            [f"{outcome.key}: {outcome.meaning}.", _READING] if maps else [],
            figures=maps,
        ),
        Section("All verdicts", tables=[_verdicts(plan, runs)], notes=[CUTS, _INTERVALS]),
        Section(
            "What each parameter does alone",
            figures=[picture(of_effects, "Each dot is the average over all other parameters.")],
            tables=[_effects(found, outcome)],
            notes=[_PAIRED if plan.paired else _UNPAIRED],
        ),
        _surprises(plan, surprising(plan, runs, outcome), outcome, folder),
        _failures(runs, folder),
        Section("How to read the data", tables=[_reading(folder)]),
        Section("What the columns are", tables=[_dictionary(plan)]),
        Section("What is not on stage", [NOT_ON_STAGE]),
    ]
    return Page(
        title=f"{plan.title or plan.base.title} ({plan.name})",
        answer=_answer(plan, runs, outcome),
        lead=_lead(plan, runs),
        sections=[section for section in sections if section.text or section.tables or section.figures],
        stamp=stamp(plan.base.digest),
    )


def _answer(plan: Plan, runs: pl.DataFrame, outcome: Outcome) -> str:
    """The one sentence that comes first: the outcome over all runs, and where it is lowest and highest."""
    paths = [parameter.path for parameter in plan.parameters]
    points = by_point(runs, outcome, paths).filter(pl.col("value").is_not_null())
    if points.is_empty():
        return "No run was finished, so that nothing can be said."
    everywhere = by(runs.with_columns(pl.lit(0).alias("all")), outcome, ["all"])["value"][0]
    unit = "" if outcome.in_percent or outcome.unit == "count" else f" {outcome.unit}"
    ends = points.sort("value", maintain_order=True)
    low, high = (
        f"{_said(row['value'], outcome, unit)} at {', '.join(f'{path} {spelled(row[path])}' for path in paths)}"
        for row in (ends.row(0, named=True), ends.row(-1, named=True))
    )
    what = f"{outcome.title}: {_said(everywhere, outcome, unit)} over all points"
    return f"{what}, from {low} to {high}." if low.split(" at ")[0] != high.split(" at ")[0] else f"{what}."


def _lead(plan: Plan, runs: pl.DataFrame) -> list[str]:
    failed = int((runs["status"] != "ok").sum())
    seeds = "the same seeds at every point" if plan.paired else "seeds of their own at every point"
    said = (
        f"{len(plan.points):,} points, {plan.replications} {'run' if plan.replications == 1 else 'runs'} each, "
        f"with {seeds}: {runs.height:,} runs"
    )
    if runs.height < plan.n_runs:
        said += f" of {plan.n_runs:,} that were planned"
    said += f", of which {failed} failed and are left out of every number." if failed else ", none of which failed."
    return [said, "This is a laboratory, not a forecast: it shows what follows from the settings below."]


def _parameters(plan: Plan) -> Table:
    """What is scanned: meaning, unit, values or range, and the value of the base."""
    rows = []
    for parameter in plan.parameters:
        taken = ", ".join(spelled(value) for value in parameter.values)
        if parameter.low is not None and parameter.high is not None:
            taken = f"{spelled(parameter.low)} to {spelled(parameter.high)}"
        elif not taken:
            taken = ", ".join(levels_of(plan, parameter.path, 1).names)
        usual: Any = plan.base
        for part in parameter.path.split("."):
            usual = getattr(usual, part)
        rows.append(
            (parameter.path, Levels(parameter.path, parameter.unit).meaning, parameter.unit, taken, spelled(usual))
        )
    return Table(("parameter", "meaning", "unit", "values", "in the base"), rows, "What is scanned", text_columns=99)


def _settings(plan: Plan, runs: pl.DataFrame) -> Table:
    seeds = runs["seed"]
    span = f"{seeds.min()} to {seeds.max()}, {'common to all points' if plan.paired else 'none used twice'}"
    rows = [
        ("base", f"{plan.base.name}: {plan.base.title}"),
        ("design", DESIGNS.get(plan.design, plan.design)),
        ("points", f"{len(plan.points):,}"),
        ("replications", f"{plan.replications:,}"),
        ("runs", f"{runs.height:,} of {plan.n_runs:,}"),
        ("seeds", span if runs.height else NOTHING),
        ("failed", f"{int((runs['status'] != 'ok').sum()):,}"),
        ("compared with the same draws without the spark", "yes" if plan.twins else "no"),
    ]
    return Table(("setting", "value"), rows, "How it was run", text_columns=99)


def _verdicts(plan: Plan, runs: pl.DataFrame) -> Table:
    """The share of runs with each label: over all, without the spark, and at each level of the first parameter."""
    levels = levels_of(plan, plan.parameters[0].path, MOST_COLUMNS // 2, equal_counts=True)
    placed = runs.with_columns(levels.places(runs[levels.path]).alias("place"), pl.lit(0).alias("all"))
    across = len(levels) if len(levels) <= MOST_COLUMNS else 0
    rows = []
    for key, labels in VERDICTS:
        for label in labels:
            row = [f"{key.removeprefix('verdict_')}: {words(label)}"]
            asked = parse_outcome(f"{key}={label}"), parse_outcome(f"no_news_{key}={label}")
            row += [_shares(by(placed, one, ["all"]).row(0, named=True)) for one in asked]
            found = {own["place"]: own for own in by(placed, asked[0], ["place"]).iter_rows(named=True)}
            row += [_shares(found.get(place), bounds=False) for place in range(across)]
            rows.append(row)
    header = ["", "all runs: share (95 % interval)", "without the spark (95 % interval)"]
    header += [f"{levels.path} {name}" for name in levels.names[:across]]
    return Table(header, rows)


def _shares(row: dict[str, Any] | None, bounds: bool = True) -> str:
    if row is None or row["value"] is None:
        return NOTHING
    return f"{row['value']:.0%}" + (f" ({100.0 * row['low']:.0f} to {100.0 * row['high']:.0f})" if bounds else "")


def _effects(found: pl.DataFrame, outcome: Outcome) -> Table:
    rows = []
    for row in found.iter_rows(named=True):
        bounds = _between(_said(row["low"], outcome), _said(row["high"], outcome))
        change = NOTHING if row["change"] is None else signed(row["change"], _unit(outcome))
        span = NOTHING
        if row["change_low"] is not None:
            low, high = (signed(row[name], _unit(outcome)) for name in ("change_low", "change_high"))
            span = _between(low.removesuffix(" points"), high)
        counted = f"{row['count'] or 0:,}" + (f" ({row['failed']} failed)" if row["failed"] else "")
        rows.append((row["parameter"], f"{row['level']}", counted, _said(row["value"], outcome), bounds, change, span))
    header = ("parameter", "level", "runs", outcome.what, "95 % interval", "change to the lowest", "95 % interval")
    return Table(header, rows, text_columns=2)


def _between(low: str, high: str) -> str:
    return NOTHING if NOTHING in (low, high) else f"{low} to {high}"


def _surprises(plan: Plan, found: pl.DataFrame, outcome: Outcome, folder: str) -> Section:
    title = "The most surprising runs"
    if found.is_empty():
        nobody = "No run differs from others of its point" if plan.replications > 2 else "Each point has too few runs"
        return Section(title, [f"{nobody}: none can be called surprising."])
    of_label = outcome.unit == "label"
    paths = [parameter.path for parameter in plan.parameters]
    rows = []
    for row in found.iter_rows(named=True):
        if of_label:
            said = [words(row["found"]), words(row["usual"]), f"{row['share']:.0%}"]
        else:
            said = [number(row[name], outcome.unit) for name in ("found", "usual")] + [f"{row['residual']:+.1f}"]
        rows.append([*(spelled(row[path]) for path in paths), str(row["seed"]), *said, repeat(folder, row["row"])])
    last = "share with it" if of_label else "standard deviations"
    header = [*paths, "seed", outcome.key, "commonest" if of_label else "mean of the point", last, "to repeat it"]
    return Section(
        title, [_SURPRISING_LABEL if of_label else _SURPRISING_NUMBER], tables=[_with_commands(header, rows)]
    )


def _failures(runs: pl.DataFrame, folder: str) -> Section:
    failed = runs.filter(pl.col("status") != "ok")
    if failed.is_empty():
        return Section("Runs that failed", ["None."])
    reasons = failed.group_by("reason", maintain_order=True).agg(pl.len(), pl.col("row").min())
    reasons = reasons.sort("len", descending=True, maintain_order=True)
    rows = [(str(reason), str(n), repeat(folder, row)) for reason, n, row in reasons.head(MOST_REASONS).iter_rows()]
    text = [f"{failed.height} of {runs.height:,} runs ended in an error and are left out of every number above."]
    if reasons.height > MOST_REASONS:
        text.append(f"The {MOST_REASONS} commonest of {reasons.height} reasons.")
    return Section("Runs that failed", text, tables=[_with_commands(("reason", "runs", "to repeat the first"), rows)])


def _with_commands(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table whose last column holds commands, which stay on one line."""
    return Table(header, rows, text_columns=len(header) - 1)


def _reading(folder: str) -> Table:
    parts = f"{folder}/runs/*.parquet"
    rows = (
        ("Polars", f"polars.read_parquet({parts!r})"),
        ("DuckDB", f'duckdb.sql("from {parts!r}")'),
        ("pandas, with pyarrow", f"pandas.read_parquet({f'{folder}/runs'!r})"),
    )
    return Table(
        ("with", "one line"), rows, "One row a run, from the folder in which the sweep was started.", text_columns=99
    )


def _dictionary(plan: Plan) -> Table:
    rows: list[Sequence[str]] = [DESIGN_COLUMNS[0], DESIGN_COLUMNS[1]]
    rows += [(p.path, p.unit, Levels(p.path, p.unit).meaning) for p in plan.parameters]
    rows += [*DESIGN_COLUMNS[2:4], *Summary.describe(), *DESIGN_COLUMNS[4:]]
    return Table(("column", "unit", "meaning"), rows, text_columns=99)


def repeat(folder: str, row: int) -> str:
    """Return the command that repeats a run of a sweep."""
    return f"powderkeg run --from {shlex.quote(folder)} --row {row}"


def _unit(outcome: Outcome) -> str:
    return "share" if outcome.in_percent else outcome.unit


def _said(value: float | None, outcome: Outcome, unit: str = "") -> str:
    return number(value, _unit(outcome)) + unit
