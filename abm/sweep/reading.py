"""From a sweep file to a plan: a list is scanned, a scalar stays, a range is drawn from; each refusal one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

from abm.errors import InputError, shown
from abm.scenario import DEFAULT
from abm.scenario.declare import Declaration
from abm.scenario.reading import DECLARED, TABLES, TEXTS, Reader, hint
from abm.scenario.scenario import plain_value
from abm.sweep.design import Points, drawn, grid, refuse_many
from abm.sweep.files import base_of, located, table_of
from abm.sweep.plan import DESIGNS, MOST_POINTS, MOST_RUNS, SCALES, SEEDS, Keep, Parameter, Plan
from abm.sweep.points import listed

KEYS = (
    *("base", "title", "why", "design", "points", "replications", "first_seed", "paired", "design_seed", "twins"),
    *("parameters", "keep"),
)
KEEP = ("paths", "quantiles", "series", "events")
RANGE = ("low", "high", "unit", "scale")
LARGEST_WHOLE = 2**53  # what a draw can still tell from its neighbours


def read_plan(name_or_path: str | PathLike[str]) -> Plan:
    """The plan of a shipped sweep or of a TOML file; raises InputError with one sentence."""
    path, label = located(name_or_path)
    reader = Reader(label, "override", path.parent)
    raw = table_of(path, label)
    for key, value in raw.items():
        if key not in KEYS:
            raise reader.unknown(key, value, KEYS)
    design = one_of(reader, "design", raw.get("design", "grid"), DESIGNS)
    dials = by_path(reader, raw.get("parameters", {}))
    constants = {path: value for path, value in dials.items() if not is_scan(value)}
    scanned = [scan(reader, path, value) for path, value in dials.items() if is_scan(value)]
    design_seed = whole(reader, "design_seed", raw.get("design_seed", 0), 0, SEEDS - 1)
    parameters, points = designed(reader, design, scanned, raw.get("points"), design_seed)
    for parameter in parameters:
        if parameter.path in constants:
            value = constants[parameter.path]
            raise reader.refuse(parameter.path, value, f"is a column of {raw['points']} too", "one of the two")
    replications = whole(reader, "replications", raw.get("replications", 1), 1, MOST_RUNS // len(points))
    paired = flag(reader, "paired", raw.get("paired", True))
    n_seeds = replications if paired else replications * len(points)
    plan = Plan(
        name=path.stem,
        base=base_of(reader, raw.get("base", DEFAULT)).replace(constants, label),
        design=design,
        parameters=parameters,
        points=points,
        replications=replications,
        first_seed=whole(reader, "first_seed", raw.get("first_seed", 0), 0, SEEDS - n_seeds),
        paired=paired,
        twins=flag(reader, "twins", raw.get("twins", True)),
        keep=kept(reader, raw.get("keep", {})),
        design_seed=design_seed,
        title=reader.text("title", raw["title"], TEXTS["title"]) if "title" in raw else "",
        why=reader.text("why", raw["why"], TEXTS["why"], lines=True) if "why" in raw else "",
    )
    if design in ("grid", "list"):
        refuse_impossible(plan, label)
    return plan


# The dials


def by_path(reader: Reader, raw: object, prefix: str = "") -> dict[str, Any]:
    """What [parameters] says by dotted path, whether it is written as one key in quotes or as nested tables."""
    if not isinstance(raw, Mapping):
        raise reader.refuse("parameters", raw, "is not a table", "a section [parameters]")
    found: dict[str, Any] = {}
    for key, value in raw.items():
        path = prefix + key
        if path in DECLARED:
            below = {path: value}
        elif path in TABLES and isinstance(value, Mapping):
            below = by_path(reader, value, f"{path}.")
        else:
            raise reader.unknown(path, value, [*DECLARED, *TABLES])
        if twice := found.keys() & below.keys():
            raise reader.refuse(min(twice), below[min(twice)], "is the second value for it", "to give it once")
        found |= below
    return found


def is_scan(value: object) -> bool:
    """Whether it says where to look, and not what is so everywhere."""
    return isinstance(value, list) or (isinstance(value, Mapping) and not value.keys().isdisjoint(RANGE[:2]))


def scan(reader: Reader, path: str, raw: Any) -> Parameter:
    """A parameter from a list of values or from a range."""
    declared = DECLARED[path]
    if isinstance(raw, list):
        values = several(reader, path, raw, lambda value: plain_value(reader.leaf(declared, path, value)))
        return Parameter(path, declared.unit, values)
    for key in raw:
        if key not in RANGE:
            raise reader.unknown(f"{path}.{key}", raw[key], [f"{path}.{name}" for name in RANGE])
    if declared.kind in (bool, str):
        raise reader.refuse(path, raw, "is a range", f"a list, each {declared.allowed()}")
    if missing := [key for key in RANGE[:3] if key not in raw]:
        raise reader.refuse(path, raw, f"lacks its {missing[0]}", f'{{ low, high, unit = "{declared.unit}" }}')
    if raw["unit"] != declared.unit:
        raise reader.refuse(path, raw, f"has the unit {shown(raw['unit'])}", f"a range in the unit {declared.unit!r}")
    low, high = (reader.number(declared, f"{path}.{end}", raw[end]) for end in RANGE[:2])
    if low >= high:
        raise reader.refuse(f"{path}.low", low, "leaves no range", f"less than high = {high}")
    if declared.kind is int and high > LARGEST_WHOLE:
        raise reader.refuse(f"{path}.high", high, "is out of range", f"at most {LARGEST_WHOLE}")
    scale = one_of(reader, f"{path}.scale", raw.get("scale", "linear"), SCALES)
    if scale == "log" and low <= 0:
        raise reader.refuse(f"{path}.low", low, "has no logarithm", 'a number above 0 with scale = "log"')
    return Parameter(path, declared.unit, low=low, high=high, scale=scale)


# The design


def designed(
    reader: Reader, design: str, scanned: Sequence[Parameter], points: object, seed: int
) -> tuple[tuple[Parameter, ...], Points]:
    """What varies, and the points at which it is looked at."""
    if design == "list":
        if scanned:
            raise InputError(
                f"{reader.label}: {scanned[0].path} is scanned; allowed are constants beside design = 'list', "
                "whose file says what varies"
            )
        return listed(reader, points)
    if design == "grid":
        if points is not None:
            raise reader.refuse("points", points, "says nothing about a grid", "points with another design")
        if ranges := [parameter for parameter in scanned if not parameter.values]:
            raise reader.refuse(
                ranges[0].path,
                {"low": ranges[0].low, "high": ranges[0].high},
                "is a range in a grid",
                "a list, or design = 'latin_hypercube' or 'sobol'",
            )
        refuse_many(reader.label, math.prod(len(parameter.values) for parameter in scanned), len(scanned))
        return tuple(scanned), grid(scanned)
    if not scanned:
        raise reader.refuse("design", design, "has nothing to draw", "at least one range or list in [parameters]")
    many = whole(reader, "points", points, 1, MOST_POINTS)
    if design == "sobol" and many & (many - 1):
        below = 1 << (many.bit_length() - 1)
        near = [power for power in (below, 2 * below) if power <= MOST_POINTS]
        raise reader.refuse(
            "points", many, "is no power of two", f"{' or '.join(map(str, near))} with design = 'sobol'"
        )
    refuse_many(reader.label, many, len(scanned))
    return tuple(scanned), drawn(design, scanned, many, seed)


def refuse_impossible(plan: Plan, label: str) -> None:
    """Refuse points with the smallest and the largest value of each parameter that make no scenario.

    What numbers may be to each other are sums and limits, so that ends say most of what all points would.
    """
    numbers = range(len(plan.points))
    for place in range(len(plan.parameters)):
        for end in (min, max):
            point = end(numbers, key=lambda number: plan.points[number][place])
            plan.base.replace(plan.values_of(point), f"{label}: point {point}")


# Single settings


def kept(reader: Reader, raw: object) -> Keep:
    """What [keep] asks for."""
    if not isinstance(raw, Mapping):
        raise reader.refuse("keep", raw, "is not a table", "a section [keep]")
    for key, value in raw.items():
        if key not in KEEP:
            raise reader.unknown(f"keep.{key}", value, [f"keep.{name}" for name in KEEP])
    every = whole(reader, "keep.paths", raw.get("paths", 0), 0, 1_000_000)
    for key in ("quantiles", "series"):
        if key in raw and not every:
            raise reader.refuse(f"keep.{key}", raw[key], "has no paths", "it with keep.paths of at least 1 day")
    quantiles: tuple[float, ...] = ()
    if "quantiles" in raw:
        share = Declaration("keep.quantiles", "", "share", float, 0, 1)
        quantiles = several(reader, share.path, raw["quantiles"], lambda q: reader.number(share, share.path, q))
    series = several(reader, "keep.series", raw["series"], lambda s: column(reader, s)) if "series" in raw else ()
    return Keep(every, quantiles, series, flag(reader, "keep.events", raw.get("events", False)))


def column(reader: Reader, name: object) -> str:
    """A column of the daily series."""
    from abm.outcome.recorder import COLUMNS

    if not isinstance(name, str) or name not in COLUMNS:
        raise InputError(f"{reader.label}: keep.series = {shown(name)} is not known; {hint(str(name), COLUMNS)}")
    return name


def several(reader: Reader, path: str, raw: object, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    """The values of a list, each there once."""
    if not isinstance(raw, list) or not raw:
        raise reader.refuse(path, raw, "is not a list of values", "at least one value in [ ]")
    values = [read(value) for value in raw]
    seen = set()
    for value in values:
        if value in seen:
            raise reader.refuse(path, value, "is there twice", "every value once")
        seen.add(value)
    return tuple(values)


def whole(reader: Reader, key: str, value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise reader.refuse(key, value, "is not allowed", f"a whole number from {low} to {high}")
    return value


def flag(reader: Reader, key: str, value: object) -> bool:
    if type(value) is not bool:
        raise reader.refuse(key, value, "is not true or false", "true or false")
    return value


def one_of(reader: Reader, key: str, value: object, known: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise reader.refuse(key, value, "is not known", f"one of {', '.join(known)}")
    return value
