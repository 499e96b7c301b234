"""Which worlds an explanation runs: coalitions of channels, all of them or those that sampled orders pass through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from abm.attribution.groups import ALWAYS_ON, Group, left_alone, those_that_act
from abm.attribution.question import Question
from abm.attribution.shapley import MOST_EXACT, on_the_way, orders
from abm.errors import InputError
from abm.scenario import Scenario
from abm.sweep.plan import MOST_RUNS, Parameter, Plan, Value, listed_plan

AFTER_NEWS = 500  # days after the last news in which all that is sudden has happened
ORDERS_SEED = 7
SAMPLED = 50  # orders, where there are too many groups for all coalitions
MOST_GROUPS = 60  # bits of a mask


@dataclass(frozen=True)
class Design:
    """All that is settled before the first run.

    `acting`: groups with a channel that the scenario has on, the players; `masks` (coalitions,): the coalitions that
    are run, ascending, the first empty and the last with all; `sampled` (orders, players): None where all are run.
    """

    scenario: Scenario
    question: Question
    groups: tuple[Group, ...]
    acting: tuple[Group, ...]
    alone: tuple[str, ...]
    masks: np.ndarray
    sampled: np.ndarray | None
    plan: Plan

    def runs_in(self, folder: str | Path) -> Path:
        """Where the runs of this design are kept below a folder."""
        return Path(folder, f"runs-{self.plan.digest[:8]}")


def designed(
    scenario: Scenario,
    groups: Sequence[Group],
    question: Question,
    seeds: int,
    permutations: int | None = None,
) -> Design:
    """Return the design: all coalitions of up to twelve groups, else so many sampled orders and their reverses.

    Raises InputError where the scenario switches a channel of a group itself, has none of them on, or asks too much.
    """
    refuse_switches(scenario, groups)
    acting = those_that_act(groups, scenario)
    if not acting:
        raise InputError(f"--groups: {scenario.name} has all of their channels off; allowed is one that is on")
    if len(acting) > MOST_GROUPS:
        raise InputError(f"--groups: are {len(acting)}; allowed are {MOST_GROUPS}")
    n, sampled = len(acting), None
    if permutations is None and n <= MOST_EXACT:
        masks = np.arange(2**n, dtype=np.int64)
    else:
        sampled = orders(n, -(-(permutations or SAMPLED) // 2), ORDERS_SEED)
        masks = np.unique(on_the_way(sampled))
    if len(masks) * seeds > MOST_RUNS:
        raise InputError(f"--seeds: {len(masks) * seeds} runs are too many; allowed are {MOST_RUNS}")
    plan = planned(world(scenario), acting, masks, question.twins, seeds)
    return Design(scenario, question, tuple(groups), tuple(acting), tuple(left_alone(groups)), masks, sampled, plan)


def refuse_switches(scenario: Scenario, groups: Sequence[Group]) -> None:
    grouped = {channel for group in groups for channel in group.channels}
    for action in scenario.actions:
        if action.kind == "switch" and action.channel in grouped:
            raise InputError(
                f"scenario {scenario.name}: switches {action.channel} on day {action.tick}; "
                "allowed is a scenario without timed switches of channels that are in groups"
            )


def last_news(scenario: Scenario) -> int:
    """Return the last day on which the scenario itself does something [tick]."""
    days = [scenario.spark.start + scenario.spark.days - 1]
    days += [action.tick + getattr(action, "days", 1) - 1 for action in scenario.actions]
    return max(days)


def world(scenario: Scenario) -> Scenario:
    """Return the scenario with no more days than 500 after its last news: attributed is what the news set off."""
    return scenario.replace({"run.ticks": min(scenario.run.ticks, last_news(scenario) + 1 + AFTER_NEWS)})


def planned(base: Scenario, acting: Sequence[Group], masks: np.ndarray, twins: bool, seeds: int) -> Plan:
    """Return the sweep: a point per coalition, a parameter per channel, the same seeds at every point."""
    channels = [(place, channel) for place, group in enumerate(acting) for channel in group.channels]
    points: list[tuple[Value, ...]] = [
        tuple(bool(int(mask) >> place & 1) for place, _ in channels) for mask in masks.tolist()
    ]
    return listed_plan(
        "explain",
        base,
        [Parameter(f"channels.{channel}", "", (False, True)) for _, channel in channels],
        points,
        seeds,
        twins=twins,
        design_seed=ORDERS_SEED,
        title=f"{base.title}: coalitions of channels",
        why=f"Which channels made the outcome? {ALWAYS_ON} is as the scenario has it in all of them.",
    )
