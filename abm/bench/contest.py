"""The engine against its contenders, at one number of holders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from abm import phases
from abm.bench.memory_floor import MemoryFloor
from abm.bench.plain_mesa import PlainMesa
from abm.bench.seat import RULES, Contender, in_place
from abm.bench.timing import WARM, Clock, Ratio, ratio, take_turns
from abm.bench.vectorised_numpy import VectorisedNumpy
from abm.economy import Economy
from abm.scenario import Scenario

ENGINE = "engine"
PEERS: tuple[type[Contender], ...] = (PlainMesa, VectorisedNumpy)


@dataclass(frozen=True)
class Contest:
    """What it came to: seconds a day (medians) of the rules over crypto holders and of whole days, and ratios.

    Ratios: by contender, to the engine; of the memory floor the engine's to it.
    """

    holders: int
    turns: int
    days: int
    rules: dict[str, float]
    whole_days: dict[str, float]
    ratios: dict[str, Ratio]
    whole_day_ratios: dict[str, Ratio]


def contest(
    scenario: Scenario, turns: int, days: int, seed: int = 1, until: Callable[[], bool] = lambda: False
) -> Contest:
    """Let all take turns of so many days (and one that does not count) over the same days of one run."""
    engine = Economy(scenario, seed)
    clocks = {name: Clock() for name in (ENGINE, *(peer.name for peer in PEERS), MemoryFloor.name)}
    runs = {ENGINE: watched(engine, {name: getattr(phases, name) for name in RULES}, clocks[ENGINE])}
    for peer in PEERS:
        made = peer(Economy(scenario, seed))
        runs[peer.name] = watched(made.economy, {name: getattr(made, name) for name in RULES}, clocks[peer.name])
    floor = MemoryFloor(engine.holders, scenario.crypto.decision_days)
    runs[MemoryFloor.name] = floor.advance
    days = min(days, scenario.run.ticks // turns - WARM)
    taken = take_turns({name: (runs[name], clocks[name]) for name in runs}, turns, days, until=until)
    own, peers = taken[ENGINE], [peer.name for peer in PEERS]
    floor_ratio = ratio(own.watched, taken[MemoryFloor.name].days)
    return Contest(
        holders=scenario.crypto.holders,
        turns=len(own.days),
        days=days,
        rules={name: median(taken[name].watched) for name in (ENGINE, *peers)}
        | {MemoryFloor.name: median(taken[MemoryFloor.name].days)},
        whole_days={name: median(taken[name].days) for name in (ENGINE, *peers)},
        ratios={name: ratio(taken[name].watched, own.watched) for name in peers} | {MemoryFloor.name: floor_ratio},
        whole_day_ratios={name: ratio(taken[name].days, own.days) for name in peers},
    )


def watched(economy: Economy, rules: dict[str, Callable[..., None]], clock: Clock) -> Callable[[int], None]:
    """Return what runs an economy on with these rules over crypto holders, their time on a clock."""
    timed = {name: clock.wrapped(rule) for name, rule in rules.items()}

    def advance(until: int) -> None:
        with in_place(timed):
            economy.advance(until)

    return advance


def median(seconds: np.ndarray) -> float:
    return float(np.median(seconds))
