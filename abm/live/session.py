"""One session of the live view: a world, or two on the same draws, in the hands of one page.

Everything that the page does to the run becomes a timed action of its scenario, put down for the coming day; so a
session is a function of a scenario and a seed like any run, and `repeat.py` can say which.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from abm.channels import CHANNELS
from abm.economy import Economy
from abm.errors import InputError, shown
from abm.experiments.files import parquet
from abm.live.log import action_in_words
from abm.live.messages import Start
from abm.live.repeat import command
from abm.live.who import about
from abm.live.world import NEWS_ACTIONS, World, put_down
from abm.model import PowderKegModel
from abm.scenario import Scenario, load, names
from abm.scenario.policy import DECREED

SUDDEN, GRADUAL = "sudden", "gradual"


class Session:
    """What one page watches; `begin` starts it anew, `step` runs a day in every world, `frame` is what there is to see.

    Parameters: scenario, the one that the program was started with. Where a method raises InputError, nothing has
    changed.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._given = scenario
        same = scenario.name in names() and load(scenario.name).digest == scenario.digest
        self._shipped = [name for name in names() if same or name != scenario.name]
        self.generation = 0  # of worlds: frames of an earlier one are void
        self.looked_at: tuple[int, str, int] | None = None
        self.worlds: list[World] = []
        self.begin(beginning(scenario))

    def scenarios(self) -> list[str]:
        """The names that the page may choose from."""
        return [self._given.name, *(name for name in self._shipped if name != self._given.name)]

    def chosen(self, name: str) -> Scenario:
        """A scenario by the name that the page has for it, and by no path."""
        if name == self._given.name:
            return self._given
        if name not in self._shipped:
            raise InputError(f"scenario = {shown(name)} is not known; allowed are {', '.join(self.scenarios())}")
        return shipped(name)

    def begin(self, start: Start) -> None:
        """Open all books anew."""
        base = self.chosen(start.scenario)
        lit = {"spark.total": start.total if start.own_spark else 0.0}
        speeds = {SUDDEN: start.days} | ({GRADUAL: start.slow_days} if start.side_by_side else {})
        dials = {name: {**start.dials, **lit, "spark.days": days} for name, days in speeds.items()}
        scenarios = {name: base.replace(changes) for name, changes in dials.items()}
        worlds = [World(name, PowderKegModel(scenario, seed=start.seed)) for name, scenario in scenarios.items()]
        calm = scenarios[SUDDEN].to_dict()["actions"]
        calm = [action for action in calm if action["kind"] not in NEWS_ACTIONS]
        self.no_news = Economy(scenarios[SUDDEN].replace({"spark.total": 0.0, "actions": calm}), start.seed)
        self.close()
        self.start, self.worlds, self.looked_at = start, worlds, None
        self.generation += 1
        self.done: list[dict[str, Any]] = []
        self._dials = {name: changed(base, changes) for name, changes in dials.items()}

    def close(self) -> None:
        """Let go of all worlds."""
        for world in self.worlds:
            world.close()

    @property
    def tick(self) -> int:
        return self.worlds[0].tick

    @property
    def ticks(self) -> int:
        return self.worlds[0].economy.scenario.run.ticks

    @property
    def is_over(self) -> bool:
        return self.tick >= self.ticks

    def step(self) -> None:
        """Run one day in every world; nothing after the last one."""
        if self.is_over:
            return
        for world in self.worlds:
            world.step()
        self.no_news.advance(self.no_news.tick + 1)

    def act(self, action: Mapping[str, Any]) -> None:
        """Put down a timed action for the coming day in every world; the gradual one hears a spark slowly."""
        if self.is_over:
            raise InputError("actions: the last day is over; allowed is an action before it, so reset first")
        slowly = {"days": self.start.slow_days} if action["kind"] == "spark" else {}
        of_worlds = [dict(action) | (slowly if world.name == GRADUAL else {}) for world in self.worlds]
        for world, own in zip(self.worlds, of_worlds, strict=True):
            world.act(own)
            world.log.say(self.tick, action_in_words(own))
        if action["kind"] not in NEWS_ACTIONS:
            put_down(self.no_news, action)
        self.done.append(dict(action))

    def look(self, world: int, table: str, row: int) -> None:
        """Look at one institution from now on."""
        if not 0 <= world < len(self.worlds):
            raise InputError(f"look: there is no world {world}; allowed is 0 to {len(self.worlds) - 1}")
        about(self.worlds[world], table, row)
        self.looked_at = (world, table, row)

    def seen(self) -> dict[str, Any] | None:
        """What is known of the institution that the page looks at."""
        if self.looked_at is None:
            return None
        world, table, row = self.looked_at
        return {"world": world, **about(self.worlds[world], table, row)}

    def opening(self) -> dict[str, Any]:
        """What the page is told when books are opened."""
        worlds = [world.fixed() for world in self.worlds]
        return {"generation": self.generation, "worlds": worlds, "start": dataclasses.asdict(self.start)}

    def frame(self, since: int = 0, told: Sequence[int] = (0, 0)) -> dict[str, Any]:
        """All that is new since a day, and how everybody stands: plain values that no later day changes.

        `told` says how many entries of each world's log the page has.
        """
        return {
            "generation": self.generation,
            "since": since,
            "tick": self.tick,
            "over": self.is_over,
            "worlds": [
                {
                    "days": world.days(since),
                    "now": world.now(),
                    "log": [dict(entry) for entry in world.log.entries[heard:]],
                    "verdict": world.verdict(self.no_news),
                }
                for world, heard in zip(self.worlds, told, strict=False)
            ],
            **self.switches(),
        }

    def switches(self) -> dict[str, dict[str, bool]]:
        """Which policies are in force and which channels are on, those switched for the coming day included."""
        e = self.worlds[0].economy
        policies = {name: bool(e.authority[name][0]) for name in DECREED}
        channels = {name: bool(e.switches[name][0]) for name in CHANNELS}
        for action in e.scenario.actions:
            if action.tick == self.tick and action.kind == "policy":
                policies[action.policy] = action.on
            elif action.tick == self.tick and action.kind == "switch":
                channels[action.channel] = action.on
        return {"policies": policies, "channels": channels}

    def commands(self) -> list[dict[str, Any]]:
        """For every world the command that repeats it up to today, and whether that needs its scenario file."""
        found = []
        for k, world in enumerate(self.worlds):
            scenario = world.economy.scenario
            shipped = self.start.scenario in self._shipped
            line, needs_file = command(
                scenario, shipped, self._dials[world.name], self.start.seed, self.tick, self.file_name(k)
            )
            found.append({"world": world.name, "command": line, "needs_file": needs_file})
        return found

    def file_name(self, world: int) -> str:
        """A plain name for a world's scenario file."""
        safe = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in self.start.scenario)
        return f"{safe}-{self.worlds[world].name}-seed{self.start.seed}.toml"

    def scenario_file(self, world: int) -> str:
        """The scenario of a world with all that was done, as a file for `powderkeg run`."""
        return self.worlds[world].economy.scenario.to_toml()

    def parquet(self, world: int) -> bytes:
        """The daily series of a world so far, the bytes of `ticks.parquet`."""
        from abm.outcome.tables import ticks_frame

        return parquet(ticks_frame(self.worlds[world].economy.rows))


@cache
def shipped(name: str) -> Scenario:
    """A shipped scenario, read once for all sessions."""
    return load(name)


def beginning(scenario: Scenario) -> Start:
    """How a session begins: nobody has touched anything. A spark of one day waits to be lit, an episode's comes."""
    return Start(
        scenario=scenario.name,
        seed=3,
        dials={},
        own_spark=scenario.spark.days > 1 and scenario.spark.total != 0.0,
        total=scenario.spark.total or 0.5,
        days=scenario.spark.days,
        side_by_side=False,
        slow_days=250,
    )


def changed(base: Scenario, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some changes that differ from what the scenario has."""
    return {path: value for path, value in changes.items() if base.quantity(path).value != value}
