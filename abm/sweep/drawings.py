"""A figure of a sweep with the numbers behind it, and how both are written side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from abm.errors import InputError, shown
from abm.experiments.files import parquet
from abm.figures.style import png, svg, write_whole

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from abm.sweep.maps import SweepMap

FORMATS = ("csv", "parquet")


@dataclass(frozen=True)
class Drawing:
    """A figure with a name for files, and its tables by what is put behind that name."""

    name: str
    figure: Figure
    tables: dict[str, pl.DataFrame]


def map_drawing(found: SweepMap, paper: bool = False) -> Drawing:
    """Return the figure of a map with its cells, and where the edge runs if it runs anywhere."""
    from abm.figures.map import map_figure

    edge = found.edge
    tables = {"": found.data} | ({"_edge": edge} if edge.height else {})
    return Drawing(found.name + ("_paper" if paper else ""), map_figure(found, paper), tables)


def files_of(drawings: Sequence[Drawing], table_format: str) -> dict[str, bytes]:
    """Return the files of drawings by name: PNG, SVG, and every table in the format asked for."""
    if table_format not in FORMATS:
        raise InputError(f"format = {shown(table_format)} is not known; allowed is one of {', '.join(FORMATS)}")
    files = {}
    for drawing in drawings:
        files[f"{drawing.name}.png"] = png(drawing.figure)
        files[f"{drawing.name}.svg"] = svg(drawing.figure)
        for ending, table in drawing.tables.items():
            files[f"{drawing.name}{ending}.{table_format}"] = _table(table, table_format)
    return files


def write_files(folder: Path, files: dict[str, bytes], force: bool = False) -> None:
    """Write files, each whole, into a folder made if need be; none if one is there with other bytes, unless `force`.

    Raises InputError.
    """
    try:
        there = [name for name, content in files.items() if _is_other(folder / name, content)]
        if there and not force:
            raise InputError(f"{folder / there[0]}: already exists; allowed is a new file, or --force to replace it")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(folder / name, content)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); allowed is a writable folder") from None


def _is_other(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() != content


def _table(table: pl.DataFrame, table_format: str) -> bytes:
    return table.write_csv().encode() if table_format == "csv" else parquet(table)
