"""The points of a design that a CSV file lists; every refusal names file, line and dial."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from abm.errors import InputError, shown
from abm.scenario.declare import Declaration
from abm.scenario.reading import DECLARED, Reader, hint, parse_number
from abm.scenario.scenario import plain_value
from abm.sweep.design import Points, refuse_many
from abm.sweep.files import is_file_name, text_of
from abm.sweep.plan import Parameter

LARGEST_FILE = 200_000_000  # bytes


def listed(reader: Reader, name: object) -> tuple[tuple[Parameter, ...], Points]:
    """What varies and the points of a CSV file, whose header names the dials."""
    allowed = "a CSV file inside the sweep's folder, with the paths of dials as its header"
    if not is_file_name(name):
        raise reader.refuse("points", name, "is not a file's name", allowed)
    file = reader.folder / name
    if not file.resolve().is_relative_to(reader.folder.resolve()):
        raise reader.refuse("points", name, "lies outside the sweep's folder", allowed)
    lines = numbered(text_of(file, name, allowed, LARGEST_FILE), name)
    line, cells = next(lines)
    header = [cell.strip() for cell in cells]
    for place, path in enumerate(header):
        if path not in DECLARED:
            raise InputError(f"{name}: line {line}: column {shown(path)} is not known; {hint(path, DECLARED)}")
        if path in header[:place]:
            raise InputError(f"{name}: line {line}: column {path} is there twice; allowed is once")
    points = []
    for line, cells in lines:
        refuse_many(name, len(points) + 1, len(header))
        if len(cells) != len(header):
            raise InputError(f"{name}: line {line} has {len(cells)} cells; allowed are {len(header)}, as in its header")
        at_line = Reader(f"{name}: line {line}", "override")
        points.append(
            tuple(
                plain_value(at_line.leaf(DECLARED[path], path, spelled(DECLARED[path], cell.strip())))
                for path, cell in zip(header, cells, strict=True)
            )
        )
    if not points:
        raise InputError(f"{name}: has no points; allowed is at least one line below the header")
    return tuple(map(extent, header, zip(*points, strict=True))), tuple(points)


def numbered(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV text that are not blank, with their numbers."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from ((lines.line_num, cells) for cells in lines if any(cell.strip() for cell in cells))
    except csv.Error as error:
        raise InputError(
            f"{name}: line {lines.line_num} is not a line of a table ({error}); "
            "allowed is a CSV file with commas and as many cells in every line as in the header"
        ) from None


def spelled(declared: Declaration, text: str) -> Any:
    """What a cell says, as a value in TOML would say it."""
    if declared.kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    number = None if declared.kind is str else parse_number(text)
    return text if number is None else number


def extent(path: str, column: Sequence[Any]) -> Parameter:
    """A parameter whose points a file lists: the ends of its numbers, or its names and switches."""
    declared = DECLARED[path]
    if declared.kind in (bool, str):
        return Parameter(path, declared.unit, tuple(dict.fromkeys(column)))
    return Parameter(path, declared.unit, low=min(column), high=max(column))
