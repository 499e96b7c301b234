"""All that a sweep is going to run: its points, their scenarios and seeds, settled before the first run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from abm.errors import InputError, shown
from abm.scenario import Scenario
from abm.scenario.reading import DECLARED

Value = float | bool | str

DESIGNS = ("grid", "latin_hypercube", "sobol", "list")
SCALES = ("linear", "log")
MOST_POINTS = 1_000_000
MOST_VALUES = 10_000_000  # of all parameters at all points
MOST_RUNS = 10_000_000
SEEDS = 2**63  # what the generator can be keyed by


@dataclass(frozen=True)
class Parameter:
    """A dial that is scanned, over `values` in the file's order or, where there are none, from `low` to `high`."""

    path: str
    unit: str
    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    scale: str = "linear"


@dataclass(frozen=True)
class Keep:
    """What stays of each run beside its summary: daily series every so many days, or their quantiles; events."""

    every: int = 0
    quantiles: tuple[float, ...] = ()
    series: tuple[str, ...] = ()
    events: bool = False


@dataclass(frozen=True)
class Row:
    """One run: `values` are those of its point, by path."""

    number: int
    point: int
    replication: int
    seed: int
    values: dict[str, Value]


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep; run `point * replications + replication` is the same wherever and whenever it is made.

    `base` has the constants. Paired points share their seeds, so that differences between points are not luck;
    others never see a seed twice.
    """

    name: str
    base: Scenario
    design: str
    parameters: tuple[Parameter, ...]
    points: tuple[tuple[Value, ...], ...]
    replications: int
    first_seed: int
    paired: bool
    twins: bool
    keep: Keep
    design_seed: int
    title: str = ""
    why: str = ""

    @property
    def n_runs(self) -> int:
        return len(self.points) * self.replications

    @property
    def n_seeds(self) -> int:
        return self.replications if self.paired else self.n_runs

    def row(self, number: int) -> Row:
        """The run of a row of the results."""
        point, replication = divmod(within("row", number, self.n_runs), self.replications)
        seed = self.first_seed + (replication if self.paired else number)
        return Row(number, point, replication, seed, self.values_of(point))

    def values_of(self, point: int) -> dict[str, Value]:
        """The scanned values of a point by path."""
        values = self.points[within("point", point, len(self.points))]
        return dict(zip((parameter.path for parameter in self.parameters), values, strict=True))

    def scenario_of(self, point: int) -> Scenario:
        """The scenario of a point; raises InputError with the point's number for values that make none."""
        return self.base.replace(self.values_of(point), f"{self.name}: point {point}")

    def to_dict(self) -> dict[str, Any]:
        """The whole plan, ready for JSON; `from_dict` reads it back."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "base": self.base.to_dict(),
            "parameters": [asdict(parameter) | {"values": list(parameter.values)} for parameter in self.parameters],
            "points": [list(point) for point in self.points],
            "keep": asdict(self.keep) | {"quantiles": list(self.keep.quantiles), "series": list(self.keep.series)},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Plan:
        """The plan that `to_dict` wrote; raises InputError for anything else."""
        try:
            parts = dict(content)
            parts["base"] = Scenario.from_dict(parts["base"])
            parts["parameters"] = tuple(
                Parameter(**{**parameter, "values": tuple(parameter["values"])}) for parameter in parts["parameters"]
            )
            parts["points"] = tuple(tuple(point) for point in parts["points"])
            keep = parts["keep"]
            parts["keep"] = Keep(**{**keep, "quantiles": tuple(keep["quantiles"]), "series": tuple(keep["series"])})
            plan = cls(**parts)
            sound = is_sound(plan)
        except InputError as error:
            raise InputError(f"plan: its base is no scenario; {error}") from None
        except (AttributeError, KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise InputError("plan: is not as powderkeg wrote it; allowed is what Plan.to_dict returns")
        return plan

    @property
    def digest(self) -> str:
        """SHA-256 of the whole plan."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def listed_plan(
    name: str,
    base: Scenario,
    parameters: Sequence[Parameter],
    points: Sequence[Sequence[Value]],
    replications: int,
    *,
    first_seed: int = 0,
    twins: bool = False,
    design_seed: int = 0,
    title: str = "",
    why: str = "",
) -> Plan:
    """A sweep over points that a program lists, all of them on the same seeds; `design_seed` drew them, if one did."""
    return Plan(
        name=name,
        base=base,
        design="list",
        parameters=tuple(parameters),
        points=tuple(tuple(point) for point in points),
        replications=replications,
        first_seed=first_seed,
        paired=True,
        twins=twins,
        keep=Keep(),
        design_seed=design_seed,
        title=title,
        why=why,
    )


def within(what: str, number: int, many: int) -> int:
    """The number, if it is one of so many counted from 0."""
    if type(number) is not int or not 0 <= number < many:
        raise InputError(f"{what} = {shown(number)} is not in the sweep; allowed is 0 to {many - 1}")
    return number


def is_sound(plan: Plan) -> bool:
    """Whether a plan from outside can be run at all; values out of range are refused by their point's scenario."""
    kinds = [DECLARED[parameter.path].kind for parameter in plan.parameters]
    whole = (plan.replications, plan.first_seed, plan.design_seed, plan.keep.every)
    flags = (plan.paired, plan.twins, plan.keep.events)
    texts = (plan.name, plan.title, plan.why, *plan.keep.series)
    return (
        plan.design in DESIGNS
        and all(type(number) is int and number >= 0 for number in whole)
        and all(type(flag) is bool for flag in flags)
        and all(type(text) is str for text in texts)
        and 1 <= plan.n_runs <= MOST_RUNS
        and plan.first_seed + plan.n_seeds <= SEEDS
        and all([type(value) for value in point] == kinds for point in plan.points)
    )
