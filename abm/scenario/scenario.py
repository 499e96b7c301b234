"""The frozen scenario: plain values to compute with, their units and sources beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import reduce
from typing import Any

from pydantic import PrivateAttr

from abm.errors import InputError
from abm.scenario.checks import check
from abm.scenario.joined import check_tables, joined, tables_of
from abm.scenario.reading import DECLARED, FORMAT, TEXTS, Leaves, Quantity, Reader, hint
from abm.scenario.sections import ACTIONS, Sections
from abm.scenario.tables import Tables


class Scenario(Sections):
    """A world to run: every number checked and frozen; `scenario.funds.leverage` is a plain float.

    Made by `load`, `from_dict` and `replace`, which raise `InputError` with one sentence.
    """

    format: int
    name: str
    title: str
    why: str
    tables: Tables = Tables()
    _leaves: Leaves = PrivateAttr(default_factory=dict)  # what it was built from, checked

    @property
    def digest(self) -> str:
        """SHA-256 of what decides a run: values, channels, actions, own tables, format; not names or sources."""
        content = self.model_dump(mode="json", exclude={*TEXTS, "tables"})
        if own := self.tables.present():
            content["tables"] = {name: table.model_dump(mode="json", exclude={"file"}) for name, table in own.items()}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Every number with unit and source, by path; those of actions are `actions.0.total` and so on."""
        found = {path: leaf for path in DECLARED if isinstance(leaf := self._leaves[path], Quantity)}
        for index, action in enumerate(self._leaves["actions"]):
            found |= {f"actions.{index}.{key}": part for key, part in action.items() if isinstance(part, Quantity)}
        return found

    def quantity(self, path: str) -> Quantity:
        """One number with unit and source, such as `quantity("funds.leverage")`."""
        if isinstance(leaf := self._leaves.get(path), Quantity):
            return leaf
        quantities = self.quantities
        if path not in quantities:  # nor one of an action's
            raise InputError(f"scenario {self.name}: {path} is not a number; {hint(path, quantities)}")
        return quantities[path]

    def replace(self, overrides: Mapping[str, Any], label: str = "override") -> Scenario:
        """A new scenario with some values changed, such as `{"spark.days": 500, "run.ticks": 900}`.

        `label` says in a refusal who wanted them.
        """
        return build(joined(self._leaves, Reader(label, "override").leaves(nested(overrides))), label)

    def differences(self, other: Scenario) -> dict[str, Any]:
        """Another scenario's values where they differ from this one's, by path; actions and own tables apart."""
        values = {path: reduce(getattr, path.split("."), other) for path in DECLARED}
        return {path: value for path, value in values.items() if reduce(getattr, path.split("."), self) != value}

    def to_dict(self) -> dict[str, Any]:
        """The whole scenario as plain nested dictionaries, ready for JSON; `from_dict` reads it back."""
        content: dict[str, Any] = self.model_dump(mode="json", exclude={"tables"})
        if own := self.tables.present():
            content["tables"] = {name: table.model_dump(mode="json") for name, table in own.items()}
        for path, quantity in self.quantities.items():
            *parents, leaf = path.split(".")
            table: Any = content
            for parent in parents:
                table = table[int(parent)] if isinstance(table, list) else table[parent]
            table[leaf] = quantity._asdict()
        order = ["format", *TEXTS]
        return {key: content[key] for key in order} | {k: v for k, v in content.items() if k not in order}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Scenario:
        """The scenario that `to_dict` wrote."""
        if not isinstance(content, Mapping):
            raise InputError(
                f"scenario: a {type(content).__name__} was given; allowed is what Scenario.to_dict returns"
            )
        return build(Reader("scenario", "not given").leaves(content), "scenario")

    def to_toml(self) -> str:
        """The resolved file, with nothing left to `extends`."""
        from abm.scenario.writing import to_toml

        return to_toml(self.to_dict())


def build(leaves: Leaves, label: str) -> Scenario:
    """A scenario from checked leaves; refuses what is missing or contradicts itself."""
    refuse_missing(leaves, label)
    actions = leaves.get("actions", [])
    check_tables(leaves, label)
    check(lambda path: leaves[path].value, actions, label)
    plain = nested({path: plain_value(leaf) for path, leaf in leaves.items() if path != "actions"})
    plain["tables"] = Tables(**tables_of(leaves))
    plain["actions"] = tuple(
        ACTIONS[action["kind"]](**{key: plain_value(part) for key, part in action.items()}) for action in actions
    )
    scenario = Scenario(**plain)
    scenario._leaves.update(leaves, actions=actions)
    return scenario


def refuse_missing(leaves: Leaves, label: str) -> None:
    """Name the first section or key that is not there."""
    for path in ("format", *TEXTS):
        if path not in leaves:
            allowed = FORMAT if path == "format" else "a text"
            raise InputError(f"{label}: {path} is missing; allowed is {allowed}")
    for path, declared in DECLARED.items():
        if path not in leaves:
            table = path.rpartition(".")[0]
            if not any(other.startswith(table + ".") for other in leaves):
                raise InputError(
                    f'{label}: the section [{table}] is missing; write it, or add extends = "us_late_2025"'
                )
            raise InputError(f"{label}: {path} is missing; allowed is {declared.allowed()}")


def plain_value(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Quantity) else leaf


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as nested tables; a table given whole is merged with dotted keys into it."""
    result: dict[str, Any] = {}
    for path, value in flat.items():
        *parents, leaf = str(path).split(".")
        table = result
        for parent in parents:
            below = table.setdefault(parent, {})
            if not isinstance(below, dict):
                raise InputError(f"override: {path} is not known; {parent} is given a value as a whole")
            table = below
        if isinstance(value, Mapping):
            earlier = table.get(leaf)
            value = (earlier if isinstance(earlier, dict) else {}) | nested(value)
        table[leaf] = value
    return result
