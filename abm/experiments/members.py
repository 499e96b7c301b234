"""Who is compared with whom: scenarios, what is changed in them, and the days over which their news comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from abm.errors import InputError, shown
from abm.experiments.one_run import twin_scenarios
from abm.report.data import actions_in_words, value_in_words
from abm.report.members import Member, days_label
from abm.scenario import Scenario
from abm.scenario.actions import ShockAction
from abm.scenario.sections import SparkAction

AFTERMATH = 500  # ticks simulated after the last news of the slowest member
MOST_LABEL = 120  # characters of a member's name
SPEEDS = (1, 500)  # days of news where nothing else is compared
Changes = Sequence[Mapping[str, Any]]


def members_of(
    scenarios: Sequence[Scenario], days: Sequence[int] | None = None, changes: Changes = (), day: int = 0
) -> tuple[list[Member], str]:
    """Every scenario as it is and with each of the changes, each at every speed; and whom the others are compared with.

    All are as long as the longest needs: to 500 days after its last news, or after the `day` from which they go on.
    Days stand in order, quickest first. The reference is the slowest form of the first. Raises InputError.
    """
    worlds = [
        (scenario, change)
        for scenario, own in ((scenario, (None, *changes)) for scenario in scenarios)
        for change in own
    ]
    if days is None:
        days = SPEEDS if len(worlds) == 1 else ()
    elif not days or len(set(days)) < len(days) or len(days) + len(worlds) < 3:
        given = ", ".join(map(str, days)) or "none"
        raise InputError(f"days = {given} makes no comparison; allowed are two or more different numbers")
    speeds: list[int | None] = [*sorted(days)] or [None]
    found: list[tuple[str, Scenario, int | None]] = []
    for scenario, change in worlds:
        world = scenario if change is None else changed(scenario, change, bool(days))
        names = [scenario.name] if len(scenarios) > 1 or (change is None and len(worlds) > 1) else []
        names += [] if change is None else [label_of(scenario, world, change)]
        for speed in speeds:
            label = ", ".join([*names, *([days_label(speed)] if speed and len(speeds) > 1 else [])])
            own = world if speed is None else world.replace({"spark.days": speed})
            found.append((label, own, speed if len(worlds) == 1 else None))
    refuse_twice([label for label, _, _ in found])
    ticks = max(day, *(last_news(own, own.spark.days) + 1 for _, own, _ in found)) + AFTERMATH
    members = []
    for label, own, speed in found:
        long = own.replace({"run.ticks": ticks})
        members.append(Member(label, long, quiet_of(long), speed))
    return members, members[len(speeds) - 1].label


def changed(scenario: Scenario, change: Mapping[str, Any], at_all_speeds: bool) -> Scenario:
    """A scenario with a change that makes a member; its length, and a speed that is set apart, are none."""
    world = scenario.replace(change)
    if world.run.ticks != scenario.run.ticks:
        raise InputError(
            f"run.ticks = {world.run.ticks} makes no member, as all are run to {AFTERMATH} days after the last news; "
            "allowed are changes of anything else"
        )
    if at_all_speeds and world.spark.days != scenario.spark.days:
        raise InputError(
            f"spark.days = {world.spark.days} is changed, and days are given for all; allowed is one of the two"
        )
    return world


def label_of(scenario: Scenario, world: Scenario, change: Mapping[str, Any]) -> str:
    """What a change says, `funds.leverage = 3`: its paths in order, and timed actions in words."""
    parts = [f"{path} = {value_in_words(value)}" for path, value in spelled_out(change)]
    if "actions" in change:
        parts.append(actions_in_words(world.actions))
    label = ", ".join(parts) or scenario.name
    return label if len(label) <= MOST_LABEL else label[: MOST_LABEL - 3] + "..."


def spelled_out(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values of dotted or nested changes by path, without units and sources; actions apart."""
    for key, value in table.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and "value" in value:
            yield path, value["value"]
        elif isinstance(value, Mapping):
            yield from spelled_out(value, f"{path}.")
        elif path != "actions":
            yield path, value


def refuse_twice(labels: Sequence[str]) -> None:
    """Refuse a comparison of one alone, and two that would be called the same."""
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None or len(labels) < 2:
        given = f"{shown(twice)} twice" if twice is not None else "one"
        raise InputError(f"members = {given} makes no comparison; allowed are two or more that differ in name or value")


def last_news(scenario: Scenario, days: int) -> int:
    """The tick of the last disappointment, those among the timed actions included."""
    ends = [scenario.spark.start + days]
    ends += [action.tick + action.days for action in scenario.actions if isinstance(action, SparkAction | ShockAction)]
    return max(ends) - 1


def quiet_of(scenario: Scenario) -> str:
    """The digest of a scenario's world without the spark, whose days then mean nothing."""
    return twin_scenarios(scenario)["no_news"].replace({"spark.days": 1, "spark.start": 0}).digest
