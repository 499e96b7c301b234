"""How an agent is written down: one record with declared parts, each with its rightful writer.

A record has four parts. *Terms* are set when the books are opened and never change. *Books* hold what
the agent owns and owes; only the ledger writes them. *Memory* is the agent's own. *Intents* say what
it wants this tick; deciding writes them and settling empties them. A test hashes each part around
every phase of a tick and compares who wrote with what `abm/tick.py` declares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

TERMS, BOOKS, MEMORY, INTENTS = "terms", "books", "memory", "intents"
PARTS = (TERMS, BOOKS, MEMORY, INTENTS)
ASSET, LIABILITY = 1, -1


@dataclass(frozen=True)
class Field:
    """One number, or a short row of numbers, of a record.

    `instrument` and `side` are set for books: they are all that the identities and the balance sheets
    need to know. `at` names the term that points to the other side, where that side is a named agent.
    """

    part: str
    name: str
    unit: str
    meaning: str
    kind: str = "f8"
    size: int = 1
    instrument: int | None = None
    side: int = 0
    at: str | None = None


def term(name: str, unit: str, meaning: str, *, kind: str = "f8", size: int = 1) -> Field:
    """Return a field that is fixed when the books are opened."""
    return Field(TERMS, name, unit, meaning, kind, size)


def pointer(name: str, table: str, *, kind: str = "i8", size: int = 1) -> Field:
    """Return a term that holds a row of another table; -1 stands for nobody."""
    return Field(TERMS, name, f"row of {table}", f"the {name}, by its row", kind, size)


def asset(name: str, instrument: int, meaning: str, *, size: int = 1, at: str | None = None) -> Field:
    """Return a claim that the agent owns, in $bn (traded instruments: in units)."""
    return Field(BOOKS, name, "$bn", meaning, "f8", size, instrument, ASSET, at)


def liability(name: str, instrument: int, meaning: str, *, size: int = 1, at: str | None = None) -> Field:
    """Return a claim that the agent owes, in $bn (traded instruments: in units)."""
    return Field(BOOKS, name, "$bn", meaning, "f8", size, instrument, LIABILITY, at)


def memory(name: str, unit: str, meaning: str, *, kind: str = "f8", size: int = 1) -> Field:
    """Return a number that the agent keeps for itself from tick to tick."""
    return Field(MEMORY, name, unit, meaning, kind, size)


def intent(name: str, unit: str, meaning: str, *, kind: str = "f8", size: int = 1) -> Field:
    """Return a number that the agent states this tick and that is empty again at its end."""
    return Field(INTENTS, name, unit, meaning, kind, size)


@dataclass(frozen=True)
class Record:
    """The declaration of one kind of record: its name and its fields, in the order of storage."""

    name: str
    fields: tuple[Field, ...]

    @cached_property
    def dtype(self) -> np.dtype:
        """The layout: a NumPy record, so that `fund.cash` reads the same compiled and uncompiled."""
        layout = [(f.name, f.kind) if f.size == 1 else (f.name, f.kind, (f.size,)) for f in self.fields]
        return np.dtype((np.record, layout))

    def open(self, count: int) -> np.ndarray:
        """Return `count` empty records, numbered from nought where the record has an `id`."""
        table = np.zeros(count, self.dtype)
        if "id" in (self.dtype.names or ()):
            table["id"] = np.arange(count)
        return table

    def part(self, name: str) -> tuple[Field, ...]:
        """Return the fields of one part."""
        return tuple(f for f in self.fields if f.part == name)
