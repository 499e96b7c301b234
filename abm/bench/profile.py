"""Where the time of a run goes: each phase of the tick, and what lies before, between and after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import polars  # noqa: F401  now, and not when the first table is made

from abm.bench.watching import watching
from abm.experiments.one_run import changed, load_rules, loaded, run, twin_ticks
from abm.scenario import DEFAULT, Scenario
from abm.tick import TICK, Phase

if TYPE_CHECKING:
    from abm.economy import Economy
    from abm.experiments.results import RunResult

BETWEEN = "between days"  # room for rows and events, and telling how far the run is


class Row(NamedTuple):
    """What one phase takes of all days of a run."""

    phase: str
    share: float  # of what all phases take, with what lies between days
    cumulated: float  # share, with that of all phases before it
    microseconds_a_day: float


class Profile:
    """Processor time of one run, in seconds: `phases` over all its days, `stages` around them, in their order.

    Every moment counts towards exactly one of them, from the processor time `since` on (0: from the start of the
    process, imports included; default: now). Whatever else the machine does is not in it.

    >>> profile = Profile()
    >>> result = profile.run("us_late_2025", seed=7)
    >>> profile.rows()[0].phase
    'policy'
    """

    def __init__(self, since: float | None = None) -> None:
        self.days = 0
        self.phases = dict.fromkeys([*(phase.name for phase in TICK), BETWEEN], 0.0)
        self.stages: dict[str, float] = {}
        self._last = process_time() if since is None else since

    def run(
        self,
        scenario: Scenario | str | Path | None = None,
        seed: int | None = None,
        *,
        changes: Mapping[str, Any] | None = None,
        twins: bool = True,
        **how: Any,
    ) -> RunResult:
        """Do what `abm.run` does, to the bit, and write down what it takes.

        Machine code is loaded first, and compiled where it has to be, so that it is not counted to the phase that
        needs it first. Code that a later day alone calls for (a policy that wakes) is.
        """
        load_rules(changed(loaded(DEFAULT if scenario is None else scenario), changes))
        self.lap("machine code")
        with watching(self._look):
            result = run(scenario, seed, changes=changes, twins=False, **how)
        self.lap("tables")
        if twins:
            ticks = twin_ticks(result.scenario, result.seed, result.ticks.height, past=result.past)
            result = replace(result, twins=ticks)
            self.lap("twins")
        return result

    def lap(self, stage: str) -> None:
        """Count the time since the last moment that was counted towards a stage."""
        self.stages[stage] = self.stages.get(stage, 0.0) + self._since()

    def rows(self) -> list[Row]:
        """The phases in the order of a tick, and what lies between days."""
        total, cumulated, rows = sum(self.phases.values()), 0.0, []
        for name, seconds in self.phases.items():
            share = seconds / total
            cumulated += share
            rows.append(Row(name, share, cumulated, seconds / self.days * 1e6))
        return rows

    def to_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {"days": self.days, "phases": [row._asdict() for row in self.rows()], "stages": self.seconds()}

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, the days among them, in the order in which they came."""
        found: dict[str, float] = {}
        for stage, seconds in self.stages.items():
            found[stage] = seconds
            if stage == "opening":
                found["days"] = sum(self.phases.values())
        return found

    def _look(self, _economy: Economy, phase: Phase, done: bool) -> None:
        # The clock is looked at once a phase: that takes half a microsecond where the system is asked for it.
        if done:
            self.phases[phase.name] += self._since()
            self.days += phase.name == TICK[-1].name
        elif "opening" not in self.stages:
            self.lap("opening")
        elif phase.name == TICK[0].name:
            self.phases[BETWEEN] += self._since()

    def _since(self) -> float:
        now = process_time()
        past, self._last = now - self._last, now
        return past


def quickest(changes: Mapping[str, Any], runs: int) -> dict[str, float]:
    """Return what each phase takes, in microseconds a day, in the quickest of so many default runs with changes."""
    profiles = []
    for _ in range(runs):
        profiles.append(Profile())
        profiles[-1].run(changes=changes, twins=False)
    rows = min(profiles, key=lambda one: sum(one.phases.values())).rows()
    return {row.phase: row.microseconds_a_day for row in rows}
