"""What has been read off runs, kept until the report is written, so that a kill costs the runs in hand alone."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from abm.evidence import check
from abm.experiments.files import source_digest
from abm.sweep.journal import append, entries

program = cache(source_digest)  # of all sources of the package, read once


class Kept:
    """A folder of journals, one for each execution; what another version of the program has kept is left alone."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        files = sorted(folder.glob("*.journal"))
        self._known = {
            entry.content["key"]: unpacked(entry.tables["values"]) for file in files for entry in entries(file)
        }
        self._file = folder / f"{len(files):06d}.journal"

    def get(self, path: check.Path) -> dict[str, Any] | None:
        """What was read off a run, if it was kept."""
        return self._known.get(key_of(path))

    def add(self, path: check.Path, values: dict[str, Any]) -> None:
        """Keep what was read off a run; it is on the disk afterwards."""
        append(self._file, {"key": key_of(path)}, {"values": packed(values)})

    def forget(self) -> None:
        """Delete everything: the report has it."""
        for file in self._folder.glob("*.journal"):
            file.unlink()
        self._folder.rmdir()


def key_of(path: check.Path) -> str:
    """What a run is a function of: the program, the scenario, the seed; and what is read off it."""
    parts = (program(), path.scenario.digest, str(path.seed), path.measure.__module__, path.measure.__qualname__)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def packed(values: dict[str, Any]) -> bytes:
    """Numbers and arrays by name, to the bit."""
    content = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in values.items()}
    np.savez(content, **arrays)
    return content.getvalue()


def unpacked(content: bytes) -> dict[str, Any]:
    """What `packed` was given; numbers come back as plain ones."""
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        return {name: found[name] if found[name].ndim else found[name].item() for name in found.files}
