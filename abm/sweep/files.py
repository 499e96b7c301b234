"""Where sweep files are, and what the files that they name say."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from functools import cache
from os import PathLike
from os.path import lexists
from pathlib import Path
from typing import Any, TypeGuard

from abm.errors import InputError, shown
from abm.scenario import Scenario, load, names
from abm.scenario.reading import Reader

LARGEST_FILE = 10_000_000  # bytes


@cache
def shipped() -> dict[str, Path]:
    """The shipped sweeps by name: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "sweeps"
    folder = inside if inside.is_dir() else package.parent / "sweeps"
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def located(name_or_path: str | PathLike[str]) -> tuple[Path, str]:
    """The file of a shipped name or path, and what to call it in errors."""
    if isinstance(name_or_path, str) and name_or_path in shipped():
        return shipped()[name_or_path], f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.name == str(name_or_path) and path.suffix != ".toml" and not lexists(path):
        near = get_close_matches(path.name, shipped(), 1)
        guess = f"did you mean {near[0]}? " if near else ""
        raise InputError(
            f"sweep {shown(path.name)} is not known; {guess}allowed are {', '.join(shipped())} and paths of .toml files"
        )
    return path, str(path)


def text_of(path: Path, label: str, allowed: str, largest: int) -> str:
    """What a text file says."""
    try:
        if not path.is_file():
            raise InputError(f"{label}: {'is not a file' if path.exists() else 'does not exist'}; allowed is {allowed}")
        if (found := path.stat().st_size) > largest:
            raise InputError(f"{label}: has {found} bytes; allowed is {allowed} of at most {largest}")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{label}: is not UTF-8 text (byte {error.start}); allowed is {allowed}") from None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise InputError(f"{label}: cannot be read ({reason}); allowed is {allowed}") from None
    if not text.strip():
        raise InputError(f"{label}: is empty; allowed is {allowed}")
    return text


def table_of(path: Path, label: str) -> dict[str, Any]:
    """The table that a TOML file holds."""
    allowed = "a sweep file in TOML"
    text = text_of(path, label, allowed, LARGEST_FILE)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{label}: is nested too deeply; allowed is {allowed}") from None
    except ValueError as error:
        raise InputError(f"{label}: is not valid TOML ({error}); allowed is {allowed}") from None


def base_of(reader: Reader, base: object) -> Scenario:
    """The scenario that a sweep starts from: a shipped one, or a file named from where the sweep file is."""
    if not is_file_name(base):
        raise reader.refuse("base", base, "is not a name", f"one of {', '.join(names())}, or a scenario file")
    if base in names():
        return load(base)
    file = reader.folder / base
    if not lexists(file):
        near = get_close_matches(base, names(), 1)
        guess = f"did you mean {near[0]}? allowed" if near else "allowed"
        raise InputError(
            f"{reader.label}: base = {shown(base)} is not known; {guess} is one of {', '.join(names())}, "
            "or a file named from the sweep's folder"
        )
    return load(file)


def is_file_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and len(value) <= 200
