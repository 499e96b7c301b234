"""What policies buy, in words: the sentences and tables of the report, and what the command prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from abm.alternatives.compare import CALM, HIGHER, LOWER, NEWS, SAME
from abm.alternatives.measures import AVOIDED, BREAKDOWN, CRISIS, LOSSES, QUIET, Measure
from abm.alternatives.plan import NONE, label_of
from abm.alternatives.sizes import BY, FOUND, NOT_WITHIN, PURCHASE_DAYS, Sized
from abm.attribution.explain import CANNOT_TELL
from abm.distance.search import NOT_REACHED, QUIET_OVER
from abm.outcome.wording import count, listed
from abm.report.edge import between, clause, plain_number
from abm.report.tables import Table
from abm.report.words import NOTHING, money, signed

if TYPE_CHECKING:
    from abm.alternatives.compare import Comparison
    from abm.alternatives.delays import Delays
    from abm.alternatives.expected import Expected
    from abm.alternatives.sizes import Sizes

MEASURE = {one.name: one for one in (*AVOIDED, *QUIET)}
UNSURE = "?"
READING = (
    f"Changes are means of differences on the same seeds, with 95 % intervals. “{UNSURE}”: the interval holds nought, "
    "so that it cannot be told from chance; a plain 0: the same on every seed."
)


def plain(name: str) -> str:
    """A policy, or two, as a reader says it."""
    return name.replace("_", " ")


def change(value: float, unit: str) -> str:
    """A change with its sign; log points as per cent."""
    if unit == "log points":
        text = f"{100.0 * value:+.2f}"
        return "0" if float(text) == 0.0 else f"{text} %"
    return signed(value, unit.removesuffix(" per day"))


def with_ends(value: float, low: float | None, high: float | None, unit: str, said: str) -> str:
    """A change with its interval, marked where it cannot be told from nought."""
    if said == SAME:
        return "0"
    if low is None or high is None:
        return f"{change(value, unit)} (no interval from one seed)"
    ends = f"{change(low, unit).removesuffix(' points').removesuffix(' %')} to {change(high, unit)}"
    return f"{change(value, unit)} ({ends}){UNSURE if said == CANNOT_TELL else ''}"


def cell(row: dict[str, Any]) -> str:
    """The change of one row of effects."""
    if row["change"] is None:
        return NOTHING
    return with_ends(row["change"], row["change_low"], row["change_high"], row["unit"], row["said"])


def seeds_words(n: int) -> str:
    return count(n, "seed")


# ------------------------------------------------------------------------------------------ alternatives
def surely_better(found: Comparison, outcome: str, policies: int) -> list[dict[str, Any]]:
    """The alternatives of so many policies that surely make an outcome less bad, the best first."""
    one = MEASURE[outcome]
    better = LOWER if one.worse > 0 else HIGHER
    of = pl.col("second").is_null() if policies == 1 else pl.col("second").is_not_null()
    rows = found.effects.filter(
        (pl.col("world") == NEWS) & (pl.col("outcome") == outcome) & (pl.col("said") == better) & of
    )
    return rows.sort(one.worse * pl.col("change")).to_dicts()


def answer(found: Comparison) -> str:
    """The first sentences: what breaks without a policy, what avoids it, and what saves most."""
    base, n = found.effect(NONE, BREAKDOWN), found.design.seeds
    name = label_of(found.design.scenario)
    if found.nothing_breaks:
        said = (
            f"{name}: nothing to avoid. Without a policy no run of {seeds_words(n)} has a market breakdown or a "
            f"banking crisis (at most {100.0 * base['high']:.0f} % of seeds, by its 95 % interval)."
        )
    else:
        crisis = found.effect(NONE, CRISIS)["value"]
        said = (
            f"{name}: without a policy {100.0 * base['value']:.0f} % of {seeds_words(n)} break down "
            f"({100.0 * base['low']:.0f} to {100.0 * base['high']:.0f} %), {100.0 * crisis:.0f} % with a banking "
            f"crisis. {avoiding(found, BREAKDOWN, 'breakdowns')} {avoiding(found, CRISIS, 'banking crises')}"
        )
    return f"{said} {saving(found)}"


def avoiding(found: Comparison, outcome: str, what: str) -> str:
    """Which alternatives surely avoid something that is counted in runs."""
    if found.effect(NONE, outcome)["value"] == 0.0:
        return f"There are no {what} to avoid."
    alone, pairs = (surely_better(found, outcome, many) for many in (1, 2))
    if not alone and not pairs:
        told = found.effects.filter((pl.col("world") == NEWS) & (pl.col("outcome") == outcome))["said"]
        if (told == SAME).all():
            return f"No policy avoids any {what}, alone or with one other, on any seed."
        return f"Which policy avoids {what}, alone or with one other, cannot be told from so many seeds."
    best = f"“{plain((alone or pairs)[0]['alternative'])}” most: {cell((alone or pairs)[0])}"
    if not alone:
        return f"No policy surely avoids {what} alone; of pairs {best}."
    others = f" Of pairs “{plain(pairs[0]['alternative'])}” avoids most: {cell(pairs[0])}." if pairs else ""
    surely = "surely avoids" if len(alone) == 1 else "surely avoid"
    return f"{len(alone)} of {len(found.design.policies)} {surely} {what}, {best}.{others}"


def saving(found: Comparison) -> str:
    """Which alternatives surely save most of the lenders' losses."""
    lost = found.effect(NONE, LOSSES)["value"]
    said = f"Dealers and banks lose {money(lost)} without a policy"
    alone, pairs = (surely_better(found, LOSSES, many) for many in (1, 2))
    parts = [f"“{plain(row['alternative'])}” changes that most ({cell(row)})" for row in alone[:1]]
    parts += [f"of pairs “{plain(row['alternative'])}” ({cell(row)})" for row in pairs[:1]]
    if not parts:
        return f"{said}; which policy saves any of it cannot be told from so many seeds."
    return f"{said}; {', '.join(parts)}, $bn."


def effects_table(
    found: Comparison, measures: Sequence[Measure], world: str, alternatives: Sequence[str], title: str
) -> Table:
    """Changes against none: a row per alternative, a column per measure; the first row is none itself."""
    rows = [("without any", *(level(found.effect(NONE, one.name, world)) for one in measures))]
    rows += [(plain(name), *(cell(found.effect(name, one.name, world)) for one in measures)) for name in alternatives]
    header = ("policy", *(one.words + ("" if one.is_share else f", {unit_words(one.unit)}") for one in measures))
    return Table(header, rows, title)


def unit_words(unit: str) -> str:
    return {"log points": "%", "share": "points"}.get(unit, unit)


def level(row: dict[str, Any]) -> str:
    """The outcome without any policy."""
    if row["value"] is None:
        return NOTHING
    if row["unit"] == "share":
        return f"{100.0 * row['value']:.1f} %"
    return change(row["value"], row["unit"]).lstrip("+")


def pairs_table(found: Comparison) -> Table:
    """What pairs save of the lenders' losses: together, the sum of both alone, and what is beyond it."""
    rows = []
    for row in found.together.filter(pl.col("outcome") == LOSSES).sort("together", descending=True).to_dicts():
        both = f"{row['first']} + {row['second']}"
        broken = found.effect(both, BREAKDOWN)
        beyond = NOTHING
        if row["beyond"] is not None:
            said = SAME if row["low"] == row["high"] == 0.0 else row["said"]
            beyond = with_ends(row["beyond"], row["low"], row["high"], "$bn", said)
        saved = [NOTHING if row[part] is None else signed(row[part], "$bn") for part in ("together", "sum")]
        rows.append((plain(both), cell(broken), *saved, beyond, row["said"]))
    header = ("pair", "breakdowns, change", "saved together, $bn", "sum of both alone", "beyond the sum", "said")
    return Table(header, rows, "What two policies do together", text_columns=1)


def side_effects_table(found: Comparison, alternatives: Sequence[str]) -> Table:
    """What surely gets worse."""
    rows = [
        (
            plain(row["alternative"]),
            row["words"],
            level({"value": row["none"], "unit": row["unit"]}),
            with_ends(row["change"], row["low"], row["high"], row["unit"], ""),
            row["unit"],
        )
        for row in found.side_effects.filter(pl.col("alternative").is_in(alternatives)).to_dicts()
    ]
    return Table(("policy", "what gets worse", "without any", "change", "unit"), rows, text_columns=2)


def quiet_words(found: Comparison) -> str:
    """What each policy alone surely changes in quiet times, with its units."""
    parts = []
    for name in found.design.policies:
        surely = [found.effect(name, one.name, CALM) | {"words": one.words} for one in QUIET]
        changes = [
            f"{row['words']} {cell(row)}{'' if row['unit'] == 'log points' else ' ' + row['unit']}"
            for row in surely
            if row["said"] in (HIGHER, LOWER)
        ]
        if changes:
            parts.append(f"{plain(name)}: {', '.join(changes)}")
    if not parts:
        return "No policy surely changes anything in quiet times."
    return f"Surely changed in quiet times – {'; '.join(parts)}."


# ------------------------------------------------------------------------------------------ sizes
def sizes_words(found: Sizes) -> str:
    """The smallest sizes that move the edge by a quarter."""
    edge = found.edge
    if found.beyond is None:
        surely_none = edge.status in (NOT_REACHED, QUIET_OVER) or edge.is_over_everywhere
        none = "there is no edge" if surely_none else "cannot tell whether there is an edge"
        return f"Without a policy the system {clause(edge)}: {none} that a policy could move."
    where = (
        f"Without a policy the edge is at {edge.question.dial} = {plain_number(edge.value)}"
        f"{between(edge.low, edge.high, '')}"
    )
    if not found.found:
        return f"{where}; none of these policies has a size that could move it."
    said = "; ".join(sized_words(one) for one in found.found)
    return (
        f"{where}. To move it by a quarter, to {plain_number(found.beyond)} or beyond, takes, at least: {said}; "
        f"{seeds_words(edge.question.seeds)} at every value."
    )


def sized_words(one: Sized) -> str:
    size, edge = one.size, one.edge
    name = plain(size.policy)
    if one.status == FOUND and edge.value is not None:
        ends = [NOTHING if end is None else plain_number(end) for end in (edge.low, edge.high)]
        spent = "" if size.times is None else f", {money(edge.value * size.times)} in all"
        return f"{name}, {size.path} = {plain_number(edge.value)} {size.unit} ({ends[0]} to {ends[1]}){spent}"
    span = f"{plain_number(size.least)} to {plain_number(size.most)} {size.unit}"
    if one.status == NOT_WITHIN:
        return f"{name}, not reached within {size.path} = {span}"
    return f"{name}, {size.path}: cannot tell within {span}"


def sizes_table(found: Sizes) -> Table:
    rows = []
    for row, one in zip(found.table.to_dicts(), found.found, strict=True):
        value = [NOTHING if row[name] is None else plain_number(row[name]) for name in ("value", "low", "high")]
        spent = NOTHING if row["spent_bn"] is None else f"{row['spent_bn']:,.0f}"
        span = f"{plain_number(row['nothing'])} to {plain_number(row['range_end'])}"
        rows.append((plain(one.size.policy), one.size.words, row["unit"], *value, spent, span, row["status"]))
    header = ("policy", "what is turned", "unit", "smallest", "from", "to", "spent, $bn", "range", "answer")
    return Table(header, rows, text_columns=3)


def how_sized(found: Sizes) -> str:
    question = found.edge.question
    quarter = f"{100.0 * (BY - 1.0):.0f} %"
    return (
        f"The edge is where the share of runs with {question.outcome.text}, less that of the same seeds without the "
        f"news, passes {question.level:g}. The world is then set {quarter} beyond it and each policy turned from doing "
        "nothing until the share falls under the level again: the smallest such value moves the edge by a quarter. "
        "Purchases are decreed on the day of the news and end "
        f"{PURCHASE_DAYS} days later; rules stand from the first day, and books open within them."
    )


# ------------------------------------------------------------------------------------------ delays
def delays_words(found: Delays) -> str:
    """What each intervention saves by when it comes."""
    parts = []
    rows = found.table.filter(pl.col("outcome") == LOSSES)
    for (policy,), own in rows.filter(pl.col("policy").is_not_null()).group_by("policy", maintain_order=True):
        told = [f"{late_words(row['days_late'])} {cell(row)}" for row in own.to_dicts()]
        parts.append(f"{plain(str(policy))}: {', '.join(told)}")
    never = rows.filter(pl.col("policy").is_null())["value"][0]
    return (
        f"Losses of dealers and banks are {money(never)} without an intervention; by when it is decreed they change "
        f"by, $bn – {'; '.join(parts)}. {cost_of_delay(found)} {seeds_words(found.seeds)}."
    )


def late_words(days: int) -> str:
    return {0: "at once", 1: "a day late"}.get(days, f"{days} days late")


def cost_of_delay(found: Delays) -> str:
    """What the longest delay surely costs against coming at once."""
    rows = found.table.filter((pl.col("outcome") == LOSSES) & (pl.col("days_late") > 0))
    surely = [row for row in rows.to_dicts() if row["late_said"] == HIGHER]
    if not surely:
        return "That coming late costs more than coming at once cannot be told."
    told = [
        f"{plain(row['policy'])} {late_words(row['days_late'])} "
        f"({with_ends(row['late'], row['late_low'], row['late_high'], '$bn', row['late_said'])})"
        for row in surely
    ]
    return f"Against coming at once it surely costs more with {listed(told)}."


def delays_table(found: Delays) -> Table:
    names = [one for one in AVOIDED if one.name in (BREAKDOWN, CRISIS, LOSSES)]
    rows = []
    for (policy, days), own in found.table.group_by("policy", "days_late", maintain_order=True):
        of = {row["outcome"]: row for row in own.to_dicts()}
        label = "never" if policy is None else f"{plain(str(policy))}, {late_words(int(str(days)))}"
        show = level if policy is None else cell
        late = of[LOSSES]
        cost = (
            NOTHING
            if late["late"] is None or not days
            else with_ends(late["late"], late["late_low"], late["late_high"], "$bn", late["late_said"])
        )
        rows.append((label, *(show(of[one.name]) for one in names), cost))
    header = ("decreed", *(one.words + ("" if one.is_share else f", {unit_words(one.unit)}") for one in names))
    return Table((*header, "losses against coming at once, $bn"), rows)


# ------------------------------------------------------------------------------------------ expectation
def expected_words(found: Expected) -> str:
    """Whether a backstop that stands ready raises leverage in a boom."""
    rows = found.table.filter((pl.col("outcome") == "leverage") & (pl.col("backstop") != NONE)).to_dicts()
    base = found.table.row(by_predicate=(pl.col("outcome") == "leverage") & (pl.col("backstop") == NONE), named=True)[
        "value"
    ]
    raised = [row for row in rows if row["said"] == HIGHER]
    idle = [row for row in rows if row["said"] == SAME]
    others = [row for row in rows if row["said"] not in (HIGHER, SAME)]
    parts = [f"{plain(row['backstop'])} raises it ({times(row)})" for row in raised]
    if idle:
        verb = "changes" if len(idle) == 1 else "change"
        parts.append(f"{listed([plain(row['backstop']) for row in idle])} {verb} nothing, on any seed")
    parts += [
        f"{plain(row['backstop'])} {'lowers it' if row['said'] == LOWER else 'does what cannot be told'} ({times(row)})"
        for row in others
    ]
    return (
        f"{found.plan.base.name}: at the turn hedge funds owe {base:.3f} times their own money without a backstop; "
        f"with one that stands ready from the first day {'; '.join(parts)}. {bust_words(found)} "
        f"{seeds_words(found.seeds)}."
    )


def bust_words(found: Expected) -> str:
    """Whether lenders surely lose more in the bust that follows."""
    worse = found.table.filter((pl.col("outcome") == LOSSES) & (pl.col("said") == HIGHER)).to_dicts()
    if not worse:
        return "With none of them do lenders surely lose more by the end."
    told = [f"{plain(row['backstop'])} ({cell(row)}, $bn)" for row in worse]
    return f"By the end lenders surely lose more with {listed(told)}."


def times(row: dict[str, Any]) -> str:
    if row["change"] is None:
        return "no run was finished"
    if row["change_low"] is None:
        return f"{row['change']:+.4f}"
    return f"{row['change']:+.4f}, {row['change_low']:+.4f} to {row['change_high']:+.4f}"


def expected_table(found: Expected) -> Table:
    rows = []
    for (backstop,), own in found.table.group_by("backstop", maintain_order=True):
        show = level if backstop == NONE else cell
        rows.append(
            ("without any" if backstop == NONE else plain(str(backstop)), *(show(row) for row in own.to_dicts()))
        )
    first = found.table.filter(pl.col("backstop") == NONE).to_dicts()
    return Table(("backstop", *(f"{row['words']}, {unit_words(row['unit'])}" for row in first)), rows)
