"""Which worlds are run: trajectories through all assumed numbers, a Sobol' sequence over the first of them, corners."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from abm.attribution.plan import world
from abm.attribution.question import Question
from abm.errors import InputError
from abm.evidence.assumed import Assumed, assumed
from abm.evidence.robustness.plans import CORNERS, DAYS, LEVERAGE, LEVERAGES, SPEEDS, TICKS
from abm.influence.places import Openings, first_refusal, first_that_open, values_at
from abm.scenario import Scenario
from abm.scenario.reading import DECLARED
from abm.sweep.plan import MOST_RUNS, Parameter, Plan, Value, listed_plan

LEVELS = 4  # of the grid of trajectories: the middles of four equal parts of each range
MARGIN = 0.5 / LEVELS
DELTA = LEVELS / (2.0 * (LEVELS - 1))  # of the grid that a step covers, as Morris (1991) has it
DRAWN_BY = 7
SHARED = 2  # times a trajectory's seeds: those that the points of the indices share
SEEDS_OF_CORNERS = 10  # as many as the small maps of robustness have
TRAJECTORIES, SAMPLES, SEEDS, TOP = 10, 96, 2, 10


@dataclass(frozen=True)
class Design:
    """All that is settled before the first run.

    `numbers`: those that are moved; `fixed`: paths of assumed numbers that have no room for a step. `seeds` are those
    of a trajectory, which are its own.
    """

    scenario: Scenario
    base: Scenario
    questions: tuple[Question, ...]
    numbers: tuple[Assumed, ...]
    fixed: tuple[str, ...]
    trajectories: int
    samples: int
    seeds: int
    top: int

    @property
    def question(self) -> Question:
        """The outcome that ranks."""
        return self.questions[0]

    @property
    def shared_seeds(self) -> int:
        """The seeds that all points of the indices share."""
        return SHARED * self.seeds

    @property
    def runs_of(self) -> dict[str, int]:
        """How many runs each part takes."""
        return {
            "trajectories": self.trajectories * (len(self.numbers) + 1) * self.seeds,
            "indices": self.samples * (self.top + 2) * self.shared_seeds,
            "corners": (1 + 2 * self.top) * len(CORNERS) * SEEDS_OF_CORNERS,
        }


def designed(
    scenario: Scenario,
    questions: tuple[Question, ...],
    *,
    among: Sequence[str] = (),
    trajectories: int = TRAJECTORIES,
    samples: int = SAMPLES,
    seeds: int = SEEDS,
    top: int = TOP,
) -> Design:
    """Return the design; `among` are beginnings of the paths that are moved, all if there are none.

    Raises InputError where a beginning is that of no assumed number, or where too much is asked.
    """
    every = assumed(scenario)
    for start in among:
        if not any(number.path.startswith(start) for number in every):
            raise InputError(
                f"--among: {start} begins no assumed number; allowed are beginnings such as banks. or funds"
            )
    chosen = [number for number in every if not among or number.path.startswith(tuple(among))]
    moved = [number for number in chosen if has_room(number) and number.path not in (DAYS, LEVERAGE)]
    if len(moved) < 2:
        raise InputError(f"sensitivity: {len(moved)} assumed numbers can be moved; allowed are two or more")
    fixed = tuple(number.path for number in chosen if number not in moved)
    top = min(top, len(moved))
    design = Design(scenario, world(scenario), questions, tuple(moved), fixed, trajectories, samples, seeds, top)
    if (runs := sum(design.runs_of.values())) > MOST_RUNS:
        raise InputError(f"sensitivity: {runs} runs are too many; allowed are {MOST_RUNS}")
    return design


def has_room(number: Assumed) -> bool:
    """Whether every step of the grid changes the number: whole ones may have too few values for it."""
    grid = MARGIN + np.arange(LEVELS) / LEVELS
    values = [values_at([number], np.array([place]))[0] for place in grid]
    return all(values[level] != values[level + LEVELS // 2] for level in range(LEVELS // 2))


def problem(numbers: Sequence[Assumed], low: float = 0.0, high: float = 1.0) -> dict[str, object]:
    """What SALib calls the numbers and their bounds, in places."""
    return {
        "num_vars": len(numbers),
        "names": [number.path for number in numbers],
        "bounds": [[low, high]] * len(numbers),
    }


def of_trajectories(numbers: Sequence[Assumed]) -> dict[str, object]:
    return problem(numbers, MARGIN, 1.0 - MARGIN)


def trajectories(design: Design, folder: Path, report: Callable[[int, int], None]) -> tuple[np.ndarray, list[str]]:
    """The first trajectories all of whose worlds can be opened, (trajectories, worlds, numbers), and the refusals."""
    from SALib.sample import morris

    def drawn() -> Iterator[np.ndarray]:
        chance = np.random.default_rng(DRAWN_BY)
        while True:
            yield morris.sample(of_trajectories(design.numbers), 1, num_levels=LEVELS, seed=chance)

    def ask(kept: int, worlds: np.ndarray) -> str | None:
        own = range(kept * design.seeds, (kept + 1) * design.seeds)
        return first_refusal(design.base, design.numbers, worlds, own)

    found, refused = first_that_open(drawn(), design.trajectories, openings(design, folder, "morris"), ask, report)
    return np.array(found), refused


def plan_of_trajectory(design: Design, place: int, worlds: np.ndarray) -> Plan:
    """The sweep of a trajectory, on seeds of its own: what differs between trajectories is then chance as well."""
    return planned(design, f"trajectory-{place:03d}", design.numbers, worlds, design.seeds, place * design.seeds)


def blocks(
    design: Design, first: Sequence[Assumed], folder: Path, report: Callable[[int, int], None]
) -> tuple[np.ndarray, list[str]]:
    """The first blocks of Saltelli's design all of whose worlds can be opened, and why the others are refused.

    A block, (numbers + 2, numbers), is a point A of the Sobol' sequence, A with one number after the other from its
    partner B, and B.
    """
    from SALib.sample import sobol

    size = len(first) + 2

    def drawn() -> Iterator[np.ndarray]:
        begun = 0
        for power in count(max(1, int(np.ceil(np.log2(design.samples))))):  # a longer sequence begins with a shorter
            points = sobol.sample(problem(first), 2**power, calc_second_order=False, seed=DRAWN_BY)
            yield from points.reshape(-1, size, len(first))[begun:]
            begun = 2**power

    def ask(_kept: int, worlds: np.ndarray) -> str | None:
        return first_refusal(design.base, first, worlds, range(design.shared_seeds))

    known = openings(design, folder, "sobol " + " ".join(number.path for number in first))
    found, refused = first_that_open(drawn(), design.samples, known, ask, report)
    return np.array(found), refused


def plan_of_blocks(design: Design, first: Sequence[Assumed], worlds: np.ndarray) -> Plan:
    """The sweep of the indices, all points on the same seeds."""
    return planned(design, "indices", first, worlds.reshape(-1, len(first)), design.shared_seeds, 0)


def plan_of_corners(design: Design, first: Sequence[Assumed]) -> Plan:
    """The corners of the map of leverage and speed, as shipped and with each number at the ends of its range."""
    shipped = [number.at(number.value) for number in first]
    worlds = [shipped]
    for place, number in enumerate(first):
        worlds += [[*shipped[:place], number.at(end), *shipped[place + 1 :]] for end in (number.low, number.high)]
    points: list[list[Value]] = [[*corner, *values] for values in worlds for corner in CORNERS]
    parameters = [Parameter(DAYS, "days", SPEEDS), Parameter(LEVERAGE, DECLARED[LEVERAGE].unit, LEVERAGES)]
    parameters += spans(first)
    base = design.scenario.replace({"run.ticks": TICKS})
    return listed_plan("corners", base, parameters, points, SEEDS_OF_CORNERS, design_seed=DRAWN_BY)


def planned(
    design: Design, name: str, numbers: Sequence[Assumed], worlds: np.ndarray, seeds: int, first_seed: int
) -> Plan:
    points = [values_at(numbers, places) for places in worlds]
    twins = design.question.twins
    return listed_plan(
        name, design.base, spans(numbers), points, seeds, first_seed=first_seed, twins=twins, design_seed=DRAWN_BY
    )


def spans(numbers: Sequence[Assumed]) -> list[Parameter]:
    return [Parameter(n.path, n.unit, low=n.low, high=n.high, scale="log") for n in numbers]


def openings(design: Design, folder: Path, what: str) -> Openings:
    ranges = " ".join(f"{n.path}={n.low!r}:{n.high!r}" for n in design.numbers)
    return Openings(folder, f"{what}\0{design.base.digest}\0{ranges}\0{design.seeds}\0{DRAWN_BY}")
