"""What is asked: which dial of which world, by which outcome, over which range; refused where it makes no sense."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np

from abm.errors import InputError, shown
from abm.experiments.members import AFTERMATH
from abm.scenario import Scenario
from abm.scenario.reading import DECLARED, parse_number
from abm.sweep.outcomes import Outcome, parse_outcome
from abm.sweep.plan import Value

# The verdict as it is published, with all its legs, as the question is about a financial crisis and not about
# dealers. The yields of notes are judged against a twin without the spark, which is the quiet world: one row of a
# sweep with twins holds both outcomes, for the time of three runs where two sweeps without that leg take two.
DEFAULT_OUTCOME = "verdict_financial>=market_breakdown"
HALF = 0.5  # of the seeds
REACH = 4.0  # times today's value, and a part of it
STEPS = 6  # of the scan, on each side of today's value
SPARK = "spark.total"


@dataclass(frozen=True)
class Question:
    """Where, along a dial from `low` to `high`, P(outcome | spark) - P(outcome | quiet world) passes `level`.

    For an outcome that is a number, the difference of means, in its unit. `scale` is that of distances: log where
    all values are above nought.
    """

    scenario: Scenario
    dial: str
    outcome: Outcome
    level: float
    low: float
    high: float
    seeds: int

    @property
    def today(self) -> float:
        """The dial in the scenario as it is."""
        return float(self.scenario.quantity(self.dial).value)

    @property
    def unit(self) -> str:
        return DECLARED[self.dial].unit

    @property
    def scale(self) -> str:
        return "log" if min(self.low, self.today) > 0.0 else "linear"

    def place(self, value: float) -> float:
        """How far a value is from today's: log points, or units of the dial; less than nought below."""
        return math.log(value / self.today) if self.scale == "log" else value - self.today

    def exact(self, place: float) -> float:
        """The value at a distance."""
        return self.today * math.exp(place) if self.scale == "log" else self.today + place

    def value(self, place: float) -> float:
        """The value at a distance as a run can have it: within the range, whole where the dial is."""
        ends = min(self.low, self.today), max(self.high, self.today)
        return float(self.at(min(max(self.exact(place), ends[0]), ends[1])))

    def at(self, value: float) -> Value:
        """A value as the scenario takes it: six figures, and today's as it is."""
        if value == self.today:
            return self.scenario.quantity(self.dial).value
        return round(value) if DECLARED[self.dial].kind is int else float(f"{value:.6g}")

    def scan(self, side: int) -> list[float]:
        """The values that are looked at first on one side (1 above, -1 below): today's, and on to the end."""
        end = self.high if side > 0 else self.low
        if (end - self.today) * side <= 0.0:
            return []
        start = self.low if side > 0 else self.high  # of a range that may lie beyond today's value
        places = np.linspace(max(0.0, side * self.place(start)), side * self.place(end), STEPS + 1)
        values = [self.today, *(self.value(side * float(place)) for place in places)]
        return sorted(dict.fromkeys(values), reverse=side < 0)

    def elsewhere(self, path: str, value: Value) -> Question:
        """The same question in a world that differs by one value."""
        usual = self.scenario.quantity(path).value
        return self if value == usual else replace(self, scenario=self.scenario.replace({path: value}))


def ask(
    scenario: Scenario,
    dial: str,
    outcome: str = DEFAULT_OUTCOME,
    *,
    level: float | None = None,
    limits: tuple[float, float] | None = None,
    seeds: int = 8,
) -> Question:
    """The question in so many words; raises InputError where it cannot be asked.

    `limits` default to a quarter and four times today's value within what is allowed, so that dials of which less
    is worse are found too. A world whose news comes over time runs on for 500 days after the last of it.
    """
    today = scenario.quantity(checked(dial)).value
    asked = parse_outcome(outcome)
    low, high = limits if limits is not None else default_limits(dial, float(today))
    declared = DECLARED[dial]
    if not low < high:
        raise InputError(f"range = {low:g}:{high:g} is upside down or empty; allowed is LOW:HIGH with LOW below HIGH")
    for end in (low, high):
        if not declared.low <= end <= declared.high:
            raise InputError(f"range = {low:g}:{high:g} leaves what {dial} may be; allowed is {declared.allowed()}")
    if level is None and not asked.is_share:
        raise InputError(f"level: is missing; allowed with {asked.text} is a number in the unit {asked.unit!r}")
    limit = HALF if level is None else level
    if not 0.0 < limit < (1.0 if asked.is_share else math.inf):
        allowed = "a share between 0 and 1" if asked.is_share else f"more than 0, or a share such as {asked.key}<-0.1"
        raise InputError(f"level = {limit:g} is no level of {asked.text}; allowed is {allowed}")
    if type(seeds) is not int or not 1 <= seeds <= 100_000:
        raise InputError(f"seeds = {shown(seeds)} is not allowed; allowed is a whole number from 1 to 100000")
    question = Question(long_enough(scenario, dial, high), dial, asked, limit, float(low), float(high), seeds)
    for end in (low, high):
        question.scenario.replace({dial: question.at(end)})  # what contradicts the rest is refused before any run
    return question


def checked(dial: str) -> str:
    """A path that is a number; raises InputError for any other."""
    declared = DECLARED.get(dial)
    if declared is None or declared.kind not in (int, float):
        numbers = [path for path, one in DECLARED.items() if one.kind in (int, float)]
        near = get_close_matches(dial, numbers, 1, 0.8)
        said = f"did you mean {near[0]}?" if near else "allowed is a number of the scenario such as funds.leverage"
        raise InputError(f"dial = {shown(dial)} is {'not known' if declared is None else 'not a number'}; {said}")
    return dial


def default_limits(dial: str, today: float) -> tuple[float, float]:
    """A quarter and four times today's value within what is allowed; all that is allowed where today's is nought."""
    declared = DECLARED[dial]
    if today == 0.0:
        if not math.isfinite(declared.high):
            raise InputError(f"range: is missing, as {dial} is 0 today; allowed is LOW:HIGH within any finite ends")
        return float(declared.low), float(declared.high)
    low, high = sorted((today / REACH, today * REACH))
    low, high = max(low, declared.low), min(high, declared.high)
    return (float(math.ceil(low)), float(math.floor(high))) if declared.kind is int else (low, high)


def long_enough(scenario: Scenario, dial: str, most: float) -> Scenario:
    """The scenario with days enough after the last news, if the days of the news are what is turned."""
    ticks = int(scenario.spark.start + most) + AFTERMATH if dial == "spark.days" else 0
    return scenario if ticks <= scenario.run.ticks else scenario.replace({"run.ticks": ticks})


def parse_range(text: str) -> tuple[float, float]:
    """The ends that LOW:HIGH spells; raises InputError."""
    ends = [parse_number(part.strip()) for part in text.split(":")]
    numbers = [float(end) for end in ends if end is not None and math.isfinite(end)]
    if len(numbers) != 2 or len(ends) != 2:
        raise InputError(f"range = {shown(text)} cannot be read; allowed is LOW:HIGH, two numbers such as 1:4")
    return numbers[0], numbers[1]
