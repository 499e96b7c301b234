"""Fills docs/answers.md, and what README says of it, from attributions, distances, a sensitivity and policies.

The last step of `make numbers`. Runs are kept below `outputs/` by the digest of the engine, so that it goes on where
it was stopped, and takes what a question has run before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from build import ANSWERS, FIGURES, OF_ANSWERS, ROOT, stamped, write
from cells import table
from digest import answers_digest, source_digest

import abm
from abm.alternatives.answer import Answer, answer_all, ask_all
from abm.alternatives.compare import CALM, NEWS
from abm.alternatives.measures import AVOIDED, BREAKDOWN, CRISIS, LOSSES, QUIET
from abm.attribution.explain import NOTHING_DONE, Explanation, explain
from abm.attribution.groups import parse_groups
from abm.attribution.plan import AFTER_NEWS, designed
from abm.attribution.question import DEFAULT, asked
from abm.distance.edge import Found, find_edge, questions_along
from abm.distance.question import ask
from abm.distance.search import Edge
from abm.figures.edge import edge_figure
from abm.figures.style import png
from abm.influence.design import designed as designed_screen
from abm.influence.question import questions
from abm.influence.run import Sensitivity, sensitivity
from abm.policy import POLICIES
from abm.report import attribution, edge, policy, policy_words
from abm.report import sensitivity as influence
from abm.report.tables import Table
from abm.scenario import Scenario

GRADUAL = 500  # days of news
SCENARIOS = ("us_late_2025", "powder_keg")
OUTCOMES = (DEFAULT, "drawdown", "acceleration", "forced_sales_bn")
BY_SPEED = ("funds.leverage", "spark.total")  # dials that are turned under gradual news too
DIALS = (*BY_SPEED, "funds.crowding", "markets.depth", "banks.capital")
SEEDS_OF_EDGE = 8
DRAWS = 12
SEEDS = {(SCENARIOS[0], 1): 30, (SCENARIOS[1], 1): 12, (SCENARIOS[0], GRADUAL): 8, (SCENARIOS[1], GRADUAL): 8}
TRAJECTORIES, SAMPLES = 8, 64
POLICY_SEEDS = 12
SIZED = ("note_purchases", "margin_floors", "margin_buffers", "bank_capital", "leverage_cap")
BROKEN = "dealers_failed>=2"  # what sizes are asked by: it needs no twins
BEYOND = {"funds.leverage": 2.2}  # a world in which most seeds break, so that there is something to avoid
Answers = dict[tuple[str, int], Explanation]
Edges = dict[tuple[str, int], Found]


class Where(NamedTuple):
    """Where runs are kept, and by how many processes they are made."""

    folder: Path
    workers: int


def world(name: str, days: int) -> Scenario:
    """A scenario whose news comes within so many days; it lasts for as long after it as an attribution looks."""
    scenario = abm.load(name)
    if days == scenario.spark.days:
        return scenario
    return scenario.replace({"spark.days": days, "run.ticks": int(scenario.spark.start) + days + AFTER_NEWS})


def said(name: str, days: int) -> str:
    return f"{name}, {'news on one day' if days == 1 else f'over {days} days'}"


def attributions(where: Where) -> dict[str, Answers]:
    """By outcome and world; all outcomes are read off the same runs."""
    found: dict[str, Answers] = {outcome: {} for outcome in OUTCOMES}
    for days in (1, GRADUAL):
        for name in SCENARIOS:
            for outcome in OUTCOMES:
                design = designed(world(name, days), parse_groups(None), asked(outcome), SEEDS[name, days])
                folder = where.folder / f"explain-{name}-{days}"
                found[outcome][name, days] = explain(design, folder, workers=where.workers)
            print(f"explained: {said(name, days)}", file=sys.stderr, flush=True)
    return found


def distances(where: Where) -> Edges:
    """By dial and days of news, in today's world; of leverage and sudden news in drawn worlds too."""
    found: Edges = {}
    for dial in DIALS:
        question = ask(abm.load(SCENARIOS[0]), dial, seeds=SEEDS_OF_EDGE)
        speeds = (1, GRADUAL) if dial in BY_SPEED else (1,)
        asked_of = questions_along(question, "spark.days", speeds) if len(speeds) > 1 else [question]
        for days, own in zip(speeds, asked_of, strict=True):
            many = DRAWS if (dial, days) == (DIALS[0], 1) else 0
            found[dial, days] = find_edge(own, where.folder / "edge", many_draws=many, workers=where.workers)
            print(f"{dial}, {days} days: {found[dial, days].edge.status}", file=sys.stderr, flush=True)
    return found


def parts(answers: Answers) -> str:
    """A row a group, a column a world: the part of the difference, with its interval."""
    first = next(iter(answers.values()))
    rows = [(group.words, *(part(found, group.name) for found in answers.values())) for group in first.design.groups]
    rows.append(("**all together**", *(attribution.within(f.total, f.design.question) for f in answers.values())))
    rows.append(("the news alone", *(attribution.level(f.empty.mean, f.design.question) for f in answers.values())))
    rows.append(("everything", *(attribution.level(f.full.mean, f.design.question) for f in answers.values())))
    return table(("group", *(f"{said(*key)} ({found.seeds} seeds)" for key, found in answers.items())), rows)


def part(found: Explanation, group: str) -> str:
    row = found.shapley.row(by_predicate=pl.col("group") == group, named=True)
    question = found.design.question
    if row["said"] == NOTHING_DONE:
        return "nothing"
    ends = attribution.ends(row, question).removesuffix(" points").removesuffix(" bn")
    return f"{attribution.finely(row['value'], question)} ({ends})"


def explained(found: Mapping[str, Answers]) -> str:
    """An outcome after the other: its answers in words, and their table."""
    told = []
    for outcome, answers in found.items():
        meaning = next(iter(answers.values())).design.question.meaning
        words = [f"- {said(*key)}: {attribution.answer(one)}" for key, one in answers.items()]
        told.append("\n".join([f"**{meaning[0].upper()}{meaning[1:]}** (`{outcome}`)", "", *words, "", parts(answers)]))
    return "\n\n".join(told)


def headline(edges: Edges) -> str:
    return edge.headline(
        [("sudden", edges[DIALS[0], 1].edge), (f"gradual, over {GRADUAL} days", edges[DIALS[0], GRADUAL].edge)]
    )


def distance_table(edges: Edges) -> str:
    """A row a dial: where the edge is if the news is sudden, and if it is gradual."""
    rows = []
    for dial in DIALS:
        sudden = edges[dial, 1].edge
        slow = edge.clause(edges[dial, GRADUAL].edge) if dial in BY_SPEED else "not asked"
        question = sudden.question
        span = f"{edge.plain_number(question.low)} to {edge.plain_number(question.high)}"
        today = f"{edge.plain_number(question.today)} {question.unit}"
        rows.append((f"`{dial}`", today, span, edge.clause(sudden), slow))
    return table(("dial", "today", "searched", "news on one day: today's system", f"over {GRADUAL} days: it"), rows)


def drawn(edges: Edges) -> str:
    found = edges[DIALS[0], 1]
    assert found.draws is not None
    return edge.draws_words(found.edge, found.draws)


def sensitive(where: Where) -> Sensitivity:
    """Which assumed numbers decide, in today's world."""
    design = designed_screen(abm.load(SCENARIOS[0]), questions(DEFAULT), trajectories=TRAJECTORIES, samples=SAMPLES)
    found = sensitivity(design, where.folder / "sensitivity", workers=where.workers)
    print("sensitivity: done", file=sys.stderr, flush=True)
    return found


def numbers_that_decide(found: Sensitivity) -> str:
    shown = (
        influence.effects_table(found, found.design.top),
        influence.leaders_table(found),
        influence.indices_table(found),
        influence.claims_table(found),
    )
    return "\n\n".join([influence.answer(found), *map(markdown, shown)])


def policies(where: Where) -> tuple[Answer, Answer, Answer]:
    """What policies buy in today's world, what in one beyond the edge, and how much of them moves the edge."""
    today = abm.load(SCENARIOS[0])
    asked_of = (
        ask_all(today, POLICIES, ("alternatives", "expected"), seeds=POLICY_SEEDS),
        ask_all(today.replace(BEYOND), POLICIES, ("alternatives", "delays"), seeds=POLICY_SEEDS),
        ask_all(today, SIZED, ("sizes",), edge_seeds=SEEDS_OF_EDGE, outcome=BROKEN),
    )
    here, beyond, sized = (answer_all(one, where.folder / "policy", workers=where.workers) for one in asked_of)
    print("policies: done", file=sys.stderr, flush=True)
    return here, beyond, sized


def bought(found: Answer) -> str:
    """What was found part by part, in words and as tables."""
    tables = {
        "alternatives": alone(found),
        "sizes": [] if found.sizes is None else [policy_words.sizes_table(found.sizes)],
        "delays": [] if found.delays is None else [policy_words.delays_table(found.delays)],
        "expected": [] if found.expected is None else [policy_words.expected_table(found.expected)],
    }
    parts = ((said, *map(markdown, tables[part])) for part, said in policy.sentences(found).items())
    return "\n\n".join(line for part in parts for line in part)


def alone(found: Answer) -> list[Table]:
    """What each policy alone changes with the news, and in quiet times."""
    if found.alternatives is None:
        return []
    few = [one for one in AVOIDED if one.name in (BREAKDOWN, CRISIS, LOSSES, "forced_sales_bn", "output_lowest")]
    names = found.alternatives.design.policies
    return [
        policy_words.effects_table(found.alternatives, measures, world, names, "")
        for measures, world in ((few, NEWS), (QUIET, CALM))
    ]


def markdown(shown: Table) -> str:
    return table(tuple(shown.header), [tuple(row) for row in shown.rows])


def pictures(found: Mapping[str, Answers], edges: Edges) -> None:
    of_keg = found[DEFAULT][SCENARIOS[1], 1]
    (FIGURES / "explained.png").write_bytes(png(attribution.waterfall(of_keg), dpi=110))
    one: Edge = edges[DIALS[0], 1].edge
    (FIGURES / "edge.png").write_bytes(png(edge_figure(one, edge.title_of(one)), dpi=110))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    digest = answers_digest()
    where = Where(ROOT / "outputs" / f"numbers-{source_digest()}", chosen.workers)
    edges = distances(where)
    found = attributions(where)
    decide, (here, beyond, sized) = sensitive(where), policies(where)
    pictures(found, edges)
    content = {
        "answers-headline": lambda: f"**{headline(edges)}**",
        "answers-explained": lambda: explained(found),
        "answers-distance": lambda: distance_table(edges),
        "answers-draws": lambda: drawn(edges),
        "answers-numbers": lambda: numbers_that_decide(decide),
        "answers-policies": lambda: bought(here),
        "answers-policies-beyond": lambda: bought(beyond),
        "answers-policies-sized": lambda: bought(sized),
    }
    write(content, OF_ANSWERS.documents)
    write({"answers-stamp": lambda: stamped(OF_ANSWERS, digest, SEEDS_OF_EDGE)}, (ANSWERS,))


if __name__ == "__main__":
    main()
