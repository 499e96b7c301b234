"""Those that are compared, and what they are called: in tables, on axes, within sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from abm.scenario import Scenario

WITHOUT_SPARK = "without the spark"


@dataclass(frozen=True)
class Member:
    """One of those that are compared: what tables call it, and its scenario.

    `days` of news where the members differ in nothing else: then sentences speak of speed. Members with the same
    `quiet`, the digest of their world without the spark, share the runs without it.
    """

    label: str
    scenario: Scenario = field(repr=False)
    quiet: str = field(repr=False)
    days: int | None = None

    @property
    def axis(self) -> str:
        """Its name on an axis."""
        if self.days is None:
            return self.label
        return "sudden (1 day)" if self.days == 1 else f"over {self.days} days"

    @property
    def header(self) -> str:
        """Its name at the head of a column."""
        return "sudden" if self.days == 1 else self.label

    @property
    def caption(self) -> str:
        """Its name above a table of its own."""
        if self.days is None:
            return self.label
        return "sudden: all the news on one day" if self.days == 1 else f"news spread over {self.days} days"

    @property
    def news(self) -> str:
        """How long its news takes, within a sentence."""
        return "one day" if self.days == 1 else f"{self.days} days"

    @property
    def told(self) -> str:
        """What comes after a number of its own, within a sentence."""
        return f"({self.label})" if self.days is None else f"with news over {self.news}"

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return {"label": self.label, "days": self.days, "quiet": self.quiet, "scenario": self.scenario.to_dict()}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Member:
        """The member that `to_dict` wrote."""
        return cls(content["label"], Scenario.from_dict(content["scenario"]), content["quiet"], content["days"])


def days_label(days: int) -> str:
    """What a member is called that differs from others in its days of news."""
    return f"{days} day{'s' * (days > 1)}"
