"""What is expected of each check: read from docs/targets.toml, where it was written down before it was measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Target:
    """A limit on one measured number; `published` is the figure of the source, in words, where it gives one.

    Where `required` is false a miss is reported and fails nothing.
    """

    check: str
    name: str
    what: str
    source: str
    unit: str = "number"
    at_least: float | None = None
    at_most: float | None = None
    required: bool = False
    published: str = ""

    def holds(self, value: float) -> bool | None:
        """Whether a value lies within the limits; None where there are none. What is no number never does."""
        if self.at_least is None and self.at_most is None:
            return None
        low = self.at_least is None or value >= self.at_least
        high = self.at_most is None or value <= self.at_most
        return low and high


@cache
def content() -> dict[str, Any]:
    """The whole file: inside the package when installed, in docs/ in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "targets.toml"
    path = inside if inside.is_file() else package.parent / "docs" / "targets.toml"
    return tomllib.loads(path.read_text("utf-8"))


def targets_of(check: str) -> tuple[Target, ...]:
    """The targets of a check, in the order of the file; those of the quiet world have a table of their own."""
    own = [{"check": "quiet_world", **table} for table in content()["quiet_world"]["targets"]]
    return tuple(Target(**table) for table in own + content()["evidence"]["targets"] if table["check"] == check)
