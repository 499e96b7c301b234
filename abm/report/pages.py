"""The pages: a comparison for any reader, and a short one for a single run; each one file, self-contained."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from abm.figures.style import svg
from abm.outcome.reduce import liquidity_table
from abm.outcome.summary import Summary
from abm.outcome.verdict import Cuts
from abm.outcome.wording import listed
from abm.report import tables
from abm.report.tables import Table
from abm.report.words import answer, lead, money, number

if TYPE_CHECKING:
    from abm.experiments.results import RunResult
    from abm.report.data import ComparisonData

NOT_ON_STAGE = (
    "Not on stage, and so left out of every number here: bonds of firms and their holders, foreign banks and "
    "securities, exchanges of crypto that may fail themselves, runs of single large depositors, and an authority "
    "that weighs costs. A calm verdict means: not through these channels."
)
_READING = {
    "paths": (
        "The line is the median over seeds, the band holds the middle 80 % of them; dashed, the median of "
        "what news alone would do. Grey marks the days of bad news."
    ),
    "strain": (
        "The share of money that still believes, how deep the market for AI equity is, how much is sold by "
        "force each day, and the capital of the dealers who lend."
    ),
    "speed": (
        "Each dot is a seed, the bar the median. A fall is called gradual left of the first dotted line and "
        "sudden right of the second; right of nought the system made it faster, or deeper, than the news."
    ),
    "first_failures": "The first failure of each kind of institution: a dot is a seed, its place the day.",
    "who_sold_what": (
        "Sales for calls, for investors who leave, and for want of cash or capital; dealers sell what they seize, "
        "crypto holders close positions on credit, and stablecoin issuers pay redemptions."
    ),
    "verdicts": (
        "Each bar is all seeds of one {member}; darker is worse, for the speed only quicker. {last} the same "
        "seeds without the spark: what everyday ups and downs alone would be called."
    ),
}
_READING_RUN = {
    "prices": "Solid: the price. Dashed: what news alone would have made of it. Grey: the days of bad news.",
    "belief_and_depth": "Above: who still believes, and what buyers have left. Below: how deep markets are.",
    "forced_sales": "What had to be sold, by who sold it, day by day and summed up.",
    "failures_and_capital": "Above: failures so far. Below: what is left of the lenders' capital.",
}
CONTAGION = "contagion"
_JUDGED = "Economy and finance are judged apart. A label is a cut through a number; what it hangs on is shown."
CUTS = (
    "Correction: broad equity down by 20 %. Recession: output 1.5 % or more below that without the spark for "
    "half a year. Market breakdown: two dealers fail, or the note yield stands more than 50 basis points above "
    "its no-news twin for five days with depth under 0.3. Banking crisis: failed banks hold 10 % of bank assets, "
    "or banks lack 15 % of their opening capital to their target while they lend 5 % less."
)
_MOVED_CUTS = "The columns of moved cuts shift all of them by a quarter, first up (harder to reach), then down."
_SPEED_CUTS = (
    f"The cuts of speed, {Cuts.gradual_share:g} and {Cuts.sudden_share:g}, bound the emptiest interval among the "
    "large falls of the Dow since 1885 and of the Nasdaq since 1999; few of those falls were sudden."
)
_LIQUIDITY = (
    "Needed: what open calls asked to be raised, counted as it arises; redemptions paid; for dealers debt of "
    "seized books, sold or lost, and what left them; for banks deposits that left; for crypto holders positions on "
    "credit, sold or lost; for stablecoin issuers coins handed in beyond those issued on the same day. Obtained: what "
    "sales brought, and for redemptions all that was paid; the rest came from cash, reserves, repo and credit lines. "
    "Normal volume is the "
    "mean daily volume that the cast on stage trades before the bad news, which is less than that of the real markets."
)
_PAIRED = (
    "Differences are paired: {pairs}, mean over up to {n} pairs, "
    "with Student's t interval. Shares have Wilson's interval."
)
_WORDS_OF_SPEED = {
    "member": "speed",
    "last": "The last bar is",
    "pairs": "the same seed at two speeds, quicker less slower",
}
_WORDS = {"member": "member", "last": "The last bars are", "pairs": "the same seed in two members"}


@dataclass(frozen=True)
class Picture:
    """A figure inside the page: base64 of its SVG, and one sentence for those who do not see it."""

    content: str
    words: str


@dataclass(frozen=True)
class Section:
    """A part of a page: title, sentences, figures, tables, and notes in small print."""

    title: str
    text: Sequence[str] = ()
    figures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """A page: what it is about, the answer in one sentence, what follows from it, the parts, and a stamp."""

    title: str
    answer: str
    stamp: str
    lead: Sequence[str] = ()
    sections: Sequence[Section] = field(default=())


def comparison_report(data: ComparisonData, drawn: Mapping[str, bytes] | None = None) -> str:
    """Return a comparison as one self-contained HTML page; everything in it that a user wrote is escaped.

    `drawn` holds the figures as SVG by name, if they have been drawn already.
    """
    from abm.figures.comparison import comparison_figures

    if drawn is None:
        drawn = {name: svg(figure) for name, figure in comparison_figures(data).items()}
    words = _WORDS_OF_SPEED if data.of_speeds else _WORDS
    pictures = {name: picture(content, _READING[name].format(**words)) for name, content in drawn.items()}
    worlds = {member.scenario.name: member.scenario for member in data.members.values()}
    why = [data.why] if len(worlds) == 1 else [f"{name}: {world.why}" for name, world in worlds.items()]
    names = ["value"] if len(data.settings[0]) == 2 else list(data.members)
    sections = [
        Section("The settings", why, tables=[Table(("setting", *names), data.settings, text_columns=99)]),
        Section("The paths", figures=[pictures["paths"], pictures["strain"]]),
        Section(
            "Speed, acceleration, amplification",
            figures=[pictures["speed"]],
            tables=[tables.differences(data, tables.SPEED_KEYS)],
            notes=[_PAIRED.format(n=len(data.seeds), **words), _SPEED_CUTS],
        ),
        Section(
            "What it did to owners and lenders",
            tables=[tables.differences(data, tables.OUTCOME_KEYS, "mean")],
        ),
        Section(
            "The verdict",
            [_JUDGED],
            figures=[pictures["verdicts"]],
            tables=[tables.verdicts(data)],
            notes=[f"{CUTS} {_MOVED_CUTS}"],
        ),
        Section(
            "Who failed first, second, third",
            figures=[pictures["first_failures"]],
            tables=[t for t in (tables.firsts_by_sector(data), tables.firsts_by_name(data)) if t.rows],
            notes=["A fund or margin account counts as failed on the day on which its dealer seizes it."],
        ),
        Section("Who sold what", figures=[pictures["who_sold_what"]], tables=[tables.sales(data)]),
        Section(
            "Liquidity: who needed cash, and where it came from",
            tables=tables.liquidity(data),
            notes=[_LIQUIDITY],
        ),
        Section("What is not on stage", [NOT_ON_STAGE]),
    ]
    if data.failed_runs.height:
        rows = [tuple(map(str, row)) for row in data.failed_runs.rows()]
        sections.append(
            Section(
                "Runs without a result",
                tables=[Table(("member", "seed", "reason"), rows, text_columns=99)],
            )
        )
    return render(
        Page(
            title=f"{data.title} ({data.name})" if len(worlds) == 1 else f"{listed(list(worlds))} compared",
            answer=answer(data),
            lead=lead(data),
            sections=sections,
            stamp=stamp(data.digest),
        )
    )


def run_report(result: RunResult, drawn: Mapping[str, bytes] | None = None) -> str:
    """Return one run as a short self-contained HTML page; `drawn`: its figures as SVG, if drawn already."""
    from abm.figures.contagion import contagion_figure
    from abm.figures.run import run_figures
    from abm.report.chains import READING, contagion_section

    scenario, summary = result.scenario, result.summary
    if drawn is None:
        figures = run_figures(result.ticks) | {CONTAGION: contagion_figure(result.chains)}
        drawn = {name: svg(figure) for name, figure in figures.items()}
    pictures = {name: picture(content, (_READING_RUN | {CONTAGION: READING})[name]) for name, content in drawn.items()}
    contagion = [contagion_section(result.chains, pictures.pop(CONTAGION))] if CONTAGION in pictures else []
    rows = [
        (key, meaning, _value(getattr(summary, key), unit))
        for key, unit, meaning in Summary.describe()
        if getattr(summary, key) is not None and not key.startswith("after_")
    ]
    return render(
        Page(
            title=f"{scenario.title} ({scenario.name}), seed {result.seed}",
            answer=(
                f"AI equity fell by {number(summary.drawdown, 'share')}; lenders lost "
                f"{money(summary.lender_losses_bn or 0.0)}; {summary.dealers_failed} dealers and "
                f"{summary.banks_failed} banks failed."
            ),
            sections=[
                Section("What happened", figures=list(pictures.values())),
                *contagion,
                Section("In numbers", tables=[Table(("key", "meaning", "value"), rows, text_columns=99)]),
                Section(
                    "Liquidity",
                    tables=[
                        tables.liquidity_of(liquidity_table(result.ticks, result.events, scenario.funds.count), "")
                    ],
                    notes=[_LIQUIDITY],
                ),
                Section("What is not on stage", [NOT_ON_STAGE]),
            ],
            stamp=stamp(scenario.digest),
        )
    )


def picture(content: bytes, sentence: str) -> Picture:
    """Return an SVG ready for a page: an image, so that nothing inside it can act."""
    return Picture(base64.b64encode(content).decode("ascii"), sentence)


def render(page: Page) -> str:
    """Return the page as HTML, every text in it escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html.j2").render(page=page)


def stamp(digest: str) -> str:
    from abm import __version__

    return f"Powder Keg {__version__}; scenario {digest[:12]}."


def _value(value: float | int | str, unit: str) -> str:
    if isinstance(value, str):
        return value.replace("_", " ") if unit == "label" else value
    suffix = "" if unit in ("share", "label", "count", "tick") else f" {unit}"
    return number(value, unit) + suffix
