"""What a run leaves behind, as tables: a row a day, a row an event, a row an agent, and who moved what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abm.ledger.chart import INSTRUMENTS, N_SECTORS, SECTORS
from abm.outcome.recorder import COLUMNS

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Tables:
    """What a run leaves behind, as tables.

    ticks: a row a tick; events: a row an event; agents: every agent's record at the end; flows and
    revaluations: a row per tick and instrument, a column per sector, in $bn; balance_sheets: the same
    at the opening (tick -1) and after the last tick.
    """

    ticks: pl.DataFrame
    events: pl.DataFrame
    agents: pl.DataFrame
    flows: pl.DataFrame
    revaluations: pl.DataFrame
    balance_sheets: pl.DataFrame


def ticks_frame(rows: np.ndarray) -> pl.DataFrame:
    """Return the recorded rows as a table with one column per series, `price_ai_equity` and so on."""
    import polars as pl

    columns: dict[str, np.ndarray] = {"tick": np.arange(len(rows), dtype=np.int32)}
    for column, (name, place) in COLUMNS.items():
        columns[column] = np.ascontiguousarray(rows[name] if place is None else rows[name][:, place])
    return pl.DataFrame(columns)


def matrix_frame(matrices: np.ndarray, ticks: np.ndarray) -> pl.DataFrame:
    """Return matrices (n, N_INSTRUMENTS, N_SECTORS) as a table: a row per tick and instrument, a column per sector."""
    import polars as pl

    n = len(matrices)
    flat = matrices.reshape(n * len(INSTRUMENTS), N_SECTORS)
    columns = {
        "tick": np.repeat(ticks.astype(np.int32), len(INSTRUMENTS)),
        "instrument": pl.Series(list(INSTRUMENTS) * n, dtype=pl.String),
    }
    return pl.DataFrame(columns | {name: np.ascontiguousarray(flat[:, s]) for s, name in enumerate(SECTORS)})


def agents_frame(tables: dict[str, np.ndarray]) -> pl.DataFrame:
    """Return all agents' records as one table: type, identity, and every field, null where a type has none."""
    import polars as pl

    frames = []
    for name, table in tables.items():
        columns: dict[str, np.ndarray] = {}
        for field in table.dtype.names or ():
            values = table[field]
            if values.dtype.kind == "i":
                values = values.astype(np.int64)  # whatever a record keeps it in
            if values.ndim == 1:
                columns[field] = np.ascontiguousarray(values)
            else:
                columns |= {f"{field}_{k}": np.ascontiguousarray(values[:, k]) for k in range(values.shape[1])}
        frames.append(pl.DataFrame({"type": pl.Series([name] * len(table), dtype=pl.String), **columns}))
    return pl.concat(frames, how="diagonal")
