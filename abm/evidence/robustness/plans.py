"""The sweeps: maps of other worlds, one assumed number at a time near the edge, and draws of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from abm.errors import InputError
from abm.evidence.assumed import Assumed, draws
from abm.scenario import Scenario
from abm.sweep.plan import Parameter, Plan, Value, listed_plan

DAYS, LEVERAGE = "spark.days", "funds.leverage"
SPEEDS, LEVERAGES = (1, 20, 60, 125, 250), (1.0, 1.5, 2.0, 2.5, 3.0)
FEW_SPEEDS, FEW_LEVERAGES = (1, 60, 250), (1.0, 2.0, 3.0)
TICKS = 790  # for all 500 days after the last news of the slowest
SEEDS, FEW_SEEDS, SEEDS_OF_SCREEN, SEEDS_OF_DRAW = 20, 10, 4, 4
FEW = FEW_SPEEDS, FEW_LEVERAGES, FEW_SEEDS  # of a small map
MARKETS = ("ai_equity", "broad_equity", "notes", "crypto")
EDGE = {DAYS: 1, LEVERAGE: 2.0}  # where the screen is made: about half of the runs break down
MOST = 10  # assumed numbers that are looked at again
DRAWS, DRAWS_SEED = 200, 7
OTHER_SEEDS = 1_000_000
COUNTS = (
    *("funds.count", "margin_accounts.count", "dealers.count", "dealers.in_groups", "banks.count", "buyers.count"),
    *("chasers.count", "pools.count", "private_credit.count", "crypto.holders", "builders.at_banks"),
)
ROOT_LAW = {
    f"markets.{market}.{name}": value
    for market in ("ai_equity", "broad_equity", "notes")
    # one normal day's volume moves the price by 0.7 normal volatilities (Tóth et al. 2011: of order one)
    for name, value in (("impact", "square_root"), ("impact_multiplier", 0.7))
}
Corner = tuple[int, float]  # days of the news, and leverage
SUDDEN_HIGH, SUDDEN_LOW = (SPEEDS[0], LEVERAGES[-1]), (SPEEDS[0], LEVERAGES[0])
SLOW_HIGH, SLOW_LOW = (SPEEDS[-1], LEVERAGES[-1]), (SPEEDS[-1], LEVERAGES[0])
CORNERS: tuple[Corner, ...] = (SUDDEN_LOW, SUDDEN_HIGH, SLOW_LOW, SLOW_HIGH)


class Variant(NamedTuple):
    """One other world: what differs from the map as it is shipped, and the plan of its runs."""

    name: str
    words: str
    plan: Plan


def variants(base: Scenario) -> list[Variant]:
    """The map as it is, under another law of impact, with other numbers of agents, and on other draws."""
    sizes = ((0.5, "half_agents", "half as many agents"), (2.0, "double_agents", "twice as many agents"))
    return [
        Variant("as shipped", "as shipped", mapped("as_shipped", base)),
        Variant("square-root law", "prices move with the root of orders", mapped("root_law", base, ROOT_LAW)),
        *(Variant(words, f"{words} of every kind", mapped(name, base, of_size(base, f))) for f, name, words in sizes),
        Variant("other draws", "other seeds", mapped("other_draws", base, first_seed=OTHER_SEEDS)),
    ]


def without_one_market(base: Scenario) -> list[Variant]:
    """Small maps in which orders move all markets but one: what then is gone hangs on that one."""
    return [
        Variant(
            f"no impact: {market}",
            f"orders do not move the price of {market}",
            mapped(f"without_{market}", base, {f"markets.{market}.impact_multiplier": 0.0}, *FEW),
        )
        for market in MARKETS
    ]


def of_size(base: Scenario, factor: float) -> dict[str, Value]:
    """The numbers of agents of every kind at a multiple of the scenario's own."""
    return {path: max(1, round(base.quantity(path).value * factor)) for path in COUNTS}


def of_number(base: Scenario, number: Assumed) -> list[Variant]:
    """A small map with an assumed number at half and at double, or at the ends of what is allowed."""
    found = []
    for words, value in (("half", number.low), ("double", number.high)):
        changes = {number.path: number.at(value)}
        plan = mapped(f"{number.path}_{words}", base, changes, *FEW)
        found.append(Variant(f"{number.path} {words}", f"{number.path} = {value:g} {number.unit}", plan))
    return found


def mapped(
    name: str,
    base: Scenario,
    changes: Mapping[str, Any] | None = None,
    speeds: Sequence[int] = SPEEDS,
    leverages: Sequence[float] = LEVERAGES,
    seeds: int = SEEDS,
    first_seed: int = 0,
) -> Plan:
    """A map of a changed world."""
    parameters = (Parameter(DAYS, "days", tuple(speeds)), Parameter(LEVERAGE, "times today's", tuple(leverages)))
    world = base.replace({**(changes or {}), "run.ticks": TICKS})
    points = list(product(speeds, leverages))
    return listed_plan(name, world, parameters, points, seeds, first_seed=first_seed, design_seed=DRAWS_SEED)


def screened(base: Scenario, numbers: Sequence[Assumed]) -> Plan:
    """Near the edge every assumed number alone at both ends of its range; the first point is the edge itself."""
    values = [number.at(number.value) for number in numbers]
    points = [values]
    for place, number in enumerate(numbers):
        points += [[*values[:place], number.at(end), *values[place + 1 :]] for end in (number.low, number.high)]
    world = base.replace({**EDGE, "run.ticks": TICKS})
    parameters = [Parameter(n.path, n.unit, low=n.low, high=n.high) for n in numbers]
    return listed_plan("screen", world, parameters, points, SEEDS_OF_SCREEN, design_seed=DRAWS_SEED)


def openable(base: Scenario, numbers: Sequence[Assumed], many: int) -> list[list[Value]]:
    """The first so many drawn worlds whose books can be opened on every seed; a quarter of all contradict themselves.

    Most of these want to hold more crypto than there is, some owe more deposits than a bank has.
    """
    from abm.economy import Economy

    found: list[list[Value]] = []
    seed = DRAWS_SEED
    while len(found) < many:
        for world in draws(numbers, many, seed):
            own = {number.path: value for number, value in zip(numbers, world, strict=True)}
            try:
                scenario = base.replace({**own, LEVERAGE: LEVERAGES[-1]})
                for key in range(SEEDS_OF_DRAW):
                    Economy(scenario, key)
            except InputError:
                continue
            found.append(world)
        seed += 1
    return found[:many]


def drawn(base: Scenario, numbers: Sequence[Assumed]) -> Plan:
    """Worlds out of the ranges of all assumed numbers, each at the four corners of the map."""
    parameters = [Parameter(DAYS, "days", SPEEDS), Parameter(LEVERAGE, "times today's", LEVERAGES)]
    parameters += [Parameter(n.path, n.unit, low=n.low, high=n.high) for n in numbers]
    points = [[*corner, *world] for world in openable(base, numbers, DRAWS) for corner in CORNERS]
    world = base.replace({"run.ticks": TICKS})
    return listed_plan("draws", world, parameters, points, SEEDS_OF_DRAW, design_seed=DRAWS_SEED)
