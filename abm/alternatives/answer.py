"""All that is asked of policies in a scenario, part by part, in sweeps below one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from abm.alternatives.compare import Comparison, compare
from abm.alternatives.delays import INTERVENTIONS, Delays, compare_delays, late_plans
from abm.alternatives.expected import Expected, boom, compare_expected, expected_plan
from abm.alternatives.plan import Design, designed, without_policies
from abm.alternatives.sizes import Sizes, chosen_sizes, edge_question, sized
from abm.distance.edge import most_runs
from abm.distance.question import DEFAULT_OUTCOME, Question
from abm.distance.worlds import Report, Worlds, sparked, turned
from abm.errors import InputError, shown
from abm.scenario import Scenario
from abm.sweep.plan import Plan

PARTS = ("alternatives", "sizes", "delays", "expected")


@dataclass(frozen=True)
class Asked:
    """What is asked: the parts, and for those that are asked what they run."""

    scenario: Scenario
    parts: tuple[str, ...]
    policies: tuple[str, ...]
    seeds: int
    design: Design | None
    question: Question | None


@dataclass(frozen=True)
class Answer:
    """What was found, by part; None where it was not asked."""

    asked: Asked
    alternatives: Comparison | None
    sizes: Sizes | None
    delays: Delays | None
    expected: Expected | None


def ask_all(
    scenario: Scenario,
    policies: Sequence[str],
    parts: Sequence[str] = PARTS,
    *,
    seeds: int = 20,
    edge_seeds: int = 8,
    dial: str = "funds.leverage",
    outcome: str = DEFAULT_OUTCOME,
    edge_level: float | None = None,
) -> Asked:
    """What is asked, settled before the first run; raises InputError.

    Delays and expectations are of interventions, and left out where none is among the policies.
    """
    if not set(policies) & set(INTERVENTIONS):
        parts = [part for part in parts if part not in ("delays", "expected")]
    if not parts:
        raise InputError(f"--parts: are of interventions; allowed with one of {', '.join(INTERVENTIONS)}")
    design = designed(scenario, policies, seeds) if "alternatives" in parts else None
    needs_edge = "sizes" in parts
    question = edge_question(scenario, dial, outcome, edge_level, edge_seeds) if needs_edge else None
    return Asked(scenario, tuple(parts), tuple(policies), seeds, design, question)


def answer_all(
    asked: Asked,
    folder: str | Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    report: Report | None = None,
) -> Answer:
    """Run what the folder lacks, part by part; done again, only what is left is run.

    Delays are measured in the world a quarter beyond the edge where one was asked for and found, else in the scenario.
    """
    worlds = Worlds(Path(folder), workers, cluster, report or (lambda _name, _now: None))
    alternatives = sizes = delays = boomed = None
    if asked.design is not None:
        alternatives = compare(asked.design, worlds)
    if asked.question is not None:
        sizes = sized(asked.question, chosen_sizes(asked.policies), worlds.answer)
    if "delays" in asked.parts:
        world = delayed_world(asked.scenario, sizes)
        delays = compare_delays(world, asked.policies, asked.seeds, worlds)
    if "expected" in asked.parts:
        boomed = compare_expected(boom(), asked.policies, asked.seeds, worlds)
    return Answer(asked, alternatives, sizes, delays, boomed)


def delayed_world(scenario: Scenario, sizes: Sizes | None) -> Scenario:
    """The world in which coming late is measured."""
    world = without_policies(scenario)
    if sizes is None or sizes.beyond is None:
        return world
    question = sizes.edge.question
    return world.replace({question.dial: question.at(sizes.beyond)})


def work_of(asked: Asked) -> dict[str, list[tuple[Plan, int]]]:
    """Of each part sweeps, and the rows like theirs that it takes, at most; without a policy at their first point."""
    work: dict[str, list[tuple[Plan, int]]] = {}
    if asked.design is not None:
        work["alternatives"] = [(plan, plan.n_runs) for plan in (asked.design.news, asked.design.quiet)]
    if (question := asked.question) is not None:
        today = sparked(question, *turned(question, [question.today]), question.seeds)
        work["sizes"] = [(today, (1 + len(chosen_sizes(asked.policies))) * most_runs(question))]
    if "delays" in asked.parts:
        late = late_plans(without_policies(asked.scenario), asked.policies, asked.seeds)
        work["delays"] = [(late[0].plan, len(late) * asked.seeds)]
    if "expected" in asked.parts:
        _, plan = expected_plan(boom(), asked.policies, asked.seeds)
        work["expected"] = [(plan, plan.n_runs)]
    return work


def parse_parts(text: str | None) -> tuple[str, ...]:
    """The parts that `--parts` names, all by default; raises InputError."""
    if text is None:
        return PARTS
    named = [part.strip() for part in text.split(",")]
    for part in named:
        if part not in PARTS:
            raise InputError(f"--parts: {shown(part)} is no part; allowed are {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in named)
