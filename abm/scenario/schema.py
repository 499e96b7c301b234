"""The JSON Schema of scenario files, made from the declarations: completion and checks in an editor."""

from __future__ import annotations

import math
from typing import Any

from abm.scenario.declare import Declaration
from abm.scenario.reading import ACTION_PARTS, DECLARED, FORMAT, TEXTS
from abm.scenario.tables import COLUMNS


def json_schema() -> dict[str, Any]:
    """The schema, ready for JSON; sections may be left out because a file may extend another."""
    root = table("Scenario")
    root["properties"] = {
        "format": {"enum": [FORMAT], "description": "version of the file format"},
        "extends": {
            "type": "string",
            "description": "shipped scenario or file in this folder whose values are kept",
        },
        **{name: {"type": "string", "minLength": 1, "maxLength": longest} for name, longest in TEXTS.items()},
    }
    for path, declared in DECLARED.items():
        *parents, leaf = path.split(".")
        place = root
        for parent in parents:
            place = place["properties"].setdefault(parent, table(parent))
        place["properties"][leaf] = leaf_schema(declared)
    for name, columns in COLUMNS.items():
        place = root["properties"].setdefault(name, table(name))
        place["properties"]["file"] = {
            "type": "string",
            "description": f"CSV file in this folder with the columns {', '.join(column.name for column in columns)}",
        }
    root["properties"]["tables"] = {"type": "object", "description": "own tables as a resolved file carries them"}
    root["properties"]["actions"] = {
        "type": "array",
        "items": {"oneOf": [action_schema(kind) for kind in ACTION_PARTS]},
    }
    return {"$schema": "http://json-schema.org/draft-07/schema#", **root}


def table(title: str) -> dict[str, Any]:
    return {"title": title, "type": "object", "properties": {}, "additionalProperties": False}


def action_schema(kind: str) -> dict[str, Any]:
    parts = {key: leaf_schema(declared) for key, declared in ACTION_PARTS[kind].items()}
    schema = table(kind) | {"properties": {"kind": {"enum": [kind]}, **parts}}
    return schema | {"required": ["kind", *parts]}


def leaf_schema(declared: Declaration) -> dict[str, Any]:
    """A switch, a name, or a number in its three forms."""
    described = {"description": f"{declared.meaning}: {declared.allowed()}"}
    if declared.kind is bool:
        return described | {"type": "boolean"}
    if declared.kind is str:
        return described | {"enum": list(declared.choices)}
    bare: dict[str, Any] = {"type": "integer" if declared.kind is int else "number", "minimum": declared.low}
    if declared.high != math.inf:
        bare["maximum"] = declared.high
    quantity = table("quantity") | {"required": ["value", "unit"]}
    quantity["properties"] = {"value": bare, "unit": {"enum": [declared.unit]}, "source": {"type": "string"}}
    unit = declared.unit.replace("$", r"\$")
    short = {"type": "string", "pattern": rf"^\s*[-+.0-9eE_]+\s+{unit}(\s+\(.+\))?\s*$"}
    return described | {"anyOf": [quantity, short, bare]}
