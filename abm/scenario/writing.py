"""A scenario as a TOML file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from abm.scenario.reading import Quantity


def to_toml(content: Mapping[str, Any]) -> str:
    """The file of what `Scenario.to_dict` returns: one line a value, one table a section."""
    lines = [f"{key} = {literal(value)}" for key, value in content.items() if not isinstance(value, Mapping | list)]
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines += section(key, value)
    for action in content.get("actions", ()):
        lines += ["", "[[actions]]", *(f"{key} = {literal(value)}" for key, value in action.items())]
    return "\n".join(lines) + "\n"


def section(path: str, table: Mapping[str, Any]) -> list[str]:
    """The lines of a table and of the tables inside it."""
    lines = ["", f"[{path}]"]
    below: list[str] = []
    for key, value in table.items():
        if isinstance(value, Mapping) and "value" not in value:
            below += section(f"{path}.{key}", value)
        else:
            lines.append(f"{key} = {literal(value)}")
    return lines + below


def literal(value: Any) -> str:
    """One value in TOML; JSON's strings, numbers and switches are valid there."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {literal(value[key])}" for key in Quantity._fields) + " }"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
