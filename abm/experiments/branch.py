"""Many futures from one saved state: what may change on the way, and what is too late to change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from abm.errors import InputError, shown
from abm.scenario import Scenario

if TYPE_CHECKING:
    from abm.economy import Economy


def turn(economy: Economy, scenario: Scenario, state: str | Path) -> None:
    """Let an economy that was saved in the file `state` go on with a changed scenario.

    What acts later gives the bits of the changed scenario run through from day 0. A number that is read anew
    every day, such as `margin.buffer`, holds from the saved day on. Raises InputError for what should have acted
    before: news and actions that have begun, and whatever shapes the books and terms of the first day.
    """
    old, day = economy.scenario, economy.tick
    if scenario.digest != old.digest:
        if scenario.run.ticks < day:
            raise InputError(f"{state}: run.ticks = {scenario.run.ticks} is over; allowed is {day} or more")
        if spark_begun(scenario, day) != spark_begun(old, day):
            raise InputError(
                f"{state}: spark.start = {scenario.spark.start} changes news from before day {day}; "
                f"allowed is the same spark, or one that begins on day {day} or later where none has begun"
            )
        if actions_begun(scenario, day) != actions_begun(old, day):
            raise InputError(
                f"{state}: actions = {shown(actions_begun(scenario, day))} changes what was done before day {day}; "
                f"allowed are the same actions up to then, and others from day {day} on"
            )
        if not same_first_day(old, scenario, economy.seed):
            raise InputError(
                f"{state}: {too_late(old, scenario, economy.seed)} shapes books or terms of the first day, which is "
                f"over on day {day}; allowed is what is read anew every day, such as margin.buffer, later news, and "
                "later actions, which switch channels and policies too"
            )
    economy.follow(scenario)


def spark_begun(scenario: Scenario, day: int) -> tuple[int, int, float] | None:
    """First day, days and size of the scenario's own news, if any of it came before the day."""
    spark = scenario.spark
    return (spark.start, spark.days, spark.total) if spark.total and spark.start < day else None


def actions_begun(scenario: Scenario, day: int) -> list[dict[str, object]]:
    """The timed actions that began before the day, in their order."""
    return [action.model_dump() for action in scenario.actions if action.tick < day]


def same_first_day(one: Scenario, other: Scenario, seed: int) -> bool:
    """Whether two scenarios open with the same records, bit for bit: then they differ in what comes later alone."""
    from abm.economy import RECORDS, Economy

    first, second = Economy(one, seed), Economy(other, seed)
    return all(getattr(first, name).tobytes() == getattr(second, name).tobytes() for name in RECORDS)


def too_late(old: Scenario, new: Scenario, seed: int) -> str:
    """The first of the changes that alters the first day by itself."""
    changes = old.differences(new)
    for path, value in changes.items():
        try:
            alone = old.replace({path: value})
        except InputError:  # it goes together with others only
            continue
        if not same_first_day(old, alone, seed):
            return f"{path} = {shown(value)}"
    return ", ".join(f"{path} = {shown(value)}" for path, value in changes.items()) or "an own table"
