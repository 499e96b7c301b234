"""Where scenario files are, what they say, and what they extend."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, reduce
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import InputError, shown
from abm.scenario.joined import joined
from abm.scenario.reading import DECLARED, Leaves, Reader
from abm.scenario.scenario import Scenario, build, nested

DEFAULT = "us_late_2025"
LARGEST_FILE = 10_000_000  # bytes; a resolved file carries its own tables


class Parameter(NamedTuple):
    """One thing that can be set: `default` and `source` are those of the default scenario; names have `choices`."""

    path: str
    meaning: str
    unit: str
    default: float | bool | str
    low: float
    high: float
    source: str
    choices: tuple[str, ...] = ()


def load(name_or_path: str | os.PathLike[str] = DEFAULT, /, **overrides: Any) -> Scenario:
    """The scenario of a shipped name or of a TOML file, with some values changed.

    Overrides are dotted, `load(**{"spark.days": 500})`, or nested, `load(spark={"days": 500})`.
    Raises `InputError` with one sentence that names file, key, value and what is allowed.
    """
    path, label = locate(name_or_path)
    leaves = read_chain(path, label)
    if overrides:
        leaves = joined(leaves, Reader("override", "override").leaves(nested(overrides)))
        label = f"override of {label}"
    return build(leaves, label)


def names() -> list[str]:
    """The names of the shipped scenarios."""
    return sorted(path.stem for path in shipped_folder().glob("*.toml"))


def parameters() -> Iterator[Parameter]:
    """Every parameter and switch, in the order of the file."""
    default = load(DEFAULT)
    sources = {path: quantity.source for path, quantity in default.quantities.items()}
    for path, declared in DECLARED.items():
        value: Any = default
        for part in path.split("."):
            value = getattr(value, part)
        source = sources.get(path, "")  # switches and names have none
        yield Parameter(
            path, declared.meaning, declared.unit, value, declared.low, declared.high, source, declared.choices
        )


def parse_override(text: str, option: str = "--set") -> dict[str, Any]:
    """What `--set funds.leverage=1.5` says, as `{"funds.leverage": 1.5}`.

    The value is read as in a file; what TOML does not know, such as 500 days, is taken as text.
    """
    path, equals, value = text.partition("=")
    path, value = path.strip(), value.strip()
    if not equals or not path or not value:
        raise InputError(f"{option}: {shown(text)} is not an override; allowed is path=value, such as spark.days=500")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        return {path: value}
    return {path: parsed["value"] if parsed.keys() == {"value"} else value}


def parse_overrides(text: str) -> dict[str, Any]:
    """What `--with "funds.leverage=3, spark.days=500"` says: one override or several, with commas between them."""
    try:
        return tomllib.loads(f"changes = {{ {text} }}")["changes"]
    except (ValueError, RecursionError):  # what TOML does not know, such as 500 days, is taken as text
        parts = re.split(r",(?=\s*[\w.]+\s*=)", text)
    changes: dict[str, Any] = {}
    for part in parts:
        change = parse_override(part, "--with")
        if twice := change.keys() & changes.keys():
            raise InputError(f"--with: {min(twice)} is given twice; allowed is once")
        changes |= change
    return changes


@cache
def shipped_folder() -> Path:
    """Where the shipped scenarios are: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def locate(name_or_path: str | os.PathLike[str]) -> tuple[Path, str]:
    """The file of a shipped name or path, and what to call it in errors."""
    if isinstance(name_or_path, str) and name_or_path in names():
        return shipped_folder() / f"{name_or_path}.toml", f"{name_or_path}.toml"
    path = Path(name_or_path)
    looks_like_name = isinstance(name_or_path, str) and path.name == name_or_path and path.suffix != ".toml"
    if looks_like_name and not os.path.lexists(path):
        near = get_close_matches(path.name, names(), 1)
        guess = f"did you mean {near[0]}? " if near else ""
        raise InputError(
            f"scenario {shown(path.name)} is not known; {guess}"
            f"allowed are {', '.join(names())} and paths of .toml files"
        )
    return path, str(path)


def read_chain(path: Path, label: str) -> Leaves:
    """The leaves of a file over those of all the files that it extends."""
    chain: list[tuple[Path, str]] = []
    found: list[Leaves] = []
    while True:
        raw = read_toml(path, label)
        chain.append((path, label))
        if path.resolve() in [seen.resolve() for seen, _ in chain[:-1]]:
            circle = " -> ".join(name for _, name in chain)
            raise InputError(f"{chain[0][1]}: extends goes in a circle, {circle}; allowed is a chain that ends")
        base = raw.pop("extends", None)
        shipped = path.resolve().parent == shipped_folder().resolve()
        if base is not None:
            raw.setdefault("name", path.stem)
        found.append(Reader(label, None if shipped else "not given", path.resolve().parent).leaves(raw))
        if base is None:
            return reduce(joined, reversed(found), {})
        path, label = locate_base(base, path, label)


def locate_base(base: object, path: Path, label: str) -> tuple[Path, str]:
    """The file that `extends` names: a shipped scenario or a file inside the same folder."""
    allowed = f"one of {', '.join(names())}, or a file inside the folder of {label}"
    if not isinstance(base, str):
        raise InputError(f"{label}: extends = {shown(base)} is not a text; allowed is {allowed}")
    if base in names():
        return shipped_folder() / f"{base}.toml", f"{base}.toml"
    folder = path.resolve().parent
    try:
        target = (folder / base).resolve()
        inside = target.is_relative_to(folder)
        found = inside and target.is_file()
    except (OSError, ValueError, RuntimeError):
        inside, found = True, False
        target = folder
    if not inside:
        raise InputError(f"{label}: extends = {shown(base)} lies outside the scenario's folder; allowed is {allowed}")
    if not found:
        raise InputError(f"{label}: extends = {shown(base)} does not exist; allowed is {allowed}")
    return target, base


def read_toml(path: Path, label: str) -> dict[str, Any]:
    """The table that a TOML file holds."""
    try:
        if path.is_dir():
            raise InputError(f"{label}: is a directory; allowed is a scenario file in TOML")
        if path.exists() and not path.is_file():
            raise InputError(f"{label}: is not a regular file; allowed is a scenario file in TOML")
        if (found := path.stat().st_size) > LARGEST_FILE:
            raise InputError(f"{label}: has {found} bytes; allowed is a scenario file of at most {LARGEST_FILE}")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{label}: is not UTF-8 text (byte {error.start}); allowed is a scenario file in TOML"
        ) from None
    except FileNotFoundError:
        raise InputError(
            f"{label}: does not exist; allowed is a scenario file or one of {', '.join(names())}"
        ) from None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise InputError(f"{label}: cannot be read ({reason}); allowed is a scenario file in TOML") from None
    if not text.strip():
        raise InputError(f'{label}: is empty; allowed is a scenario in TOML, at least extends = "{DEFAULT}"')
    if "\0" in text:
        raise InputError(f"{label}: is a binary file; allowed is a scenario file in TOML")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{label}: is nested too deeply; allowed is a scenario file in TOML") from None
    except ValueError as error:
        raise InputError(f"{label}: is not valid TOML ({error}); allowed is a scenario file in TOML") from None


def assumed(scenario: Scenario) -> list[str]:
    """The paths of all numbers whose source begins with "assumed": choices of ours that no document gives."""
    return [path for path, quantity in scenario.quantities.items() if quantity.source.startswith("assumed")]
