"""How a section declares its parameters: one line each, with meaning, unit and allowed range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """One table of a scenario file, frozen; its values are plain numbers and switches."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def number(meaning: str, unit: str, low: float, high: float) -> Any:
    """Declare a number with its unit; both ends of the range are allowed."""
    return Field(description=meaning, ge=low, le=high, json_schema_extra={"unit": unit, "low": low, "high": high})


def size(meaning: str, unit: str, low: int) -> Any:
    """Declare a whole number that drives memory: its upper end is the estimate of `checks.py`."""
    return Field(description=meaning, ge=low, json_schema_extra={"unit": unit, "low": low, "high": math.inf})


def switch(meaning: str) -> Any:
    """Declare something that is on (true) or off (false)."""
    return Field(description=meaning, json_schema_extra={"unit": "on or off", "low": False, "high": True})


def choice(meaning: str, *names: str) -> Any:
    """Declare one of several names."""
    return Field(description=meaning, json_schema_extra={"unit": "name", "choices": list(names)})


@dataclass(frozen=True, slots=True)
class Declaration:
    """One parameter as its section declares it; `kind` is the Python type of its value."""

    path: str
    meaning: str
    unit: str
    kind: type
    low: float = 0
    high: float = math.inf
    choices: tuple[str, ...] = ()

    def allowed(self) -> str:
        """What may be written, in words."""
        if self.kind is bool:
            return "true or false"
        if self.kind is str:
            return "one of " + ", ".join(self.choices)
        ends = f"of at least {self.low}" if self.high == math.inf else f"from {self.low} to {self.high}"
        return f"a {'whole ' if self.kind is int else ''}number {ends} in the unit {self.unit!r}"


def declarations(model: type[BaseModel], prefix: str = "") -> dict[str, Declaration]:
    """All parameters of a section and of the sections inside it, by dotted path, in the order of the file."""
    found: dict[str, Declaration] = {}
    for key, field in model.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            found |= declarations(field.annotation, f"{prefix}{key}.")
        elif isinstance(extra, dict):
            details: dict[str, Any] = dict(extra)
            details["choices"] = tuple(details.get("choices", ()))
            kind: Any = field.annotation
            found[prefix + key] = Declaration(prefix + key, field.description or "", kind=kind, **details)
    return found
