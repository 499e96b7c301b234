"""From what a file or a caller says to checked values: one leaf at a time, each refusal one sentence."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import InputError, shown
from abm.scenario.declare import Declaration, declarations
from abm.scenario.sections import ACTIONS, Sections
from abm.scenario.tables import COLUMNS, FILES, Table, read_file, table_of

FORMAT = 1
TEXTS = {"name": 100, "title": 300, "why": 3000}  # longest allowed, in characters
DECLARED = declarations(Sections)
TABLES = {path[:dot] for path in DECLARED for dot in range(len(path)) if path[dot] == "."} | {"exposures", "tables"}
ACTION_PARTS = {kind: declarations(model) for kind, model in ACTIONS.items()}
MOST_ACTIONS = 1000
SHORT_FORM = re.compile(r"(?P<value>\S+)\s+(?P<unit>[^()]+?)(?:\s+\((?P<source>.+)\))?")


class Quantity(NamedTuple):
    """A number, its unit and where it comes from; "assumed" marks a choice that no document gives."""

    value: float
    unit: str
    source: str


Leaves = dict[str, Any]  # path -> Quantity, bool, text or Table; "actions" -> list of such dictionaries


class Reader(NamedTuple):
    """Reads one source: `label` names it in errors, `source` is noted for numbers that come without one.

    With `source` None (the shipped files) every number must come with unit and source. Own tables are read
    from files inside `folder`.
    """

    label: str
    source: str | None
    folder: Path = Path()

    def refuse(self, path: str, value: object, problem: str, allowed: str) -> InputError:
        return InputError(f"{self.label}: {path} = {shown(value)} {problem}; allowed is {allowed}")

    def leaves(self, raw: Mapping[str, Any]) -> Leaves:
        """All values of a nested table by dotted path."""
        return dict(self._walk(raw, ""))

    def _walk(self, table: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
        for key, value in table.items():
            path = f"{prefix}{key}"
            if "." in str(key):
                raise self.refuse(path, value, "is one key in quotes", "the same without quotes")
            if path in DECLARED:
                yield path, self.leaf(DECLARED[path], path, value)
            elif path in FILES:
                yield f"tables.{FILES[path]}", read_file(FILES[path], value, self.folder, self.label)
            elif prefix == "tables." and key in COLUMNS:
                yield path, self.table(path, key, value)
            elif path in TABLES:
                if not isinstance(value, Mapping):
                    raise self.refuse(path, value, "is not a table", f"a section [{path}]")
                yield from self._walk(value, path + ".")
            elif path in TEXTS:
                yield path, self.text(path, value, TEXTS[path], lines=path == "why")
            elif path == "format":
                if type(value) is not int or value != FORMAT:
                    raise self.refuse(path, value, "is not a known version of the file format", str(FORMAT))
                yield path, value
            elif path == "actions":
                yield path, self.actions(value)
            else:
                raise self.unknown(path, value, [*DECLARED, *TABLES, *FILES, *TEXTS, "format", "extends", "actions"])

    def unknown(self, path: str, value: object, known: Iterable[str]) -> InputError:
        return InputError(f"{self.label}: {shown_key(path)} = {shown(value, 30)} is not known; {hint(path, known)}")

    def leaf(self, declared: Declaration, path: str, raw: object) -> Any:
        """One declared value: a switch, a name or a number."""
        if declared.kind in (bool, str):
            if type(raw) is not declared.kind or (declared.choices and raw not in declared.choices):
                raise self.refuse(path, raw, f"is not {declared.allowed()}", declared.allowed())
            return raw
        quantity = self.quantity(declared, path, raw)
        return quantity._replace(value=self.number(declared, path, quantity.value))

    def quantity(self, declared: Declaration, path: str, raw: object) -> Quantity:
        """Value, unit and source from `{ value, unit, source }`, "500 days (source)" or a bare number."""
        value, unit, source = raw, None, None
        if isinstance(raw, Mapping):
            for key in raw:
                if key not in Quantity._fields:
                    raise self.unknown(f"{path}.{key}", raw[key], [f"{path}.{name}" for name in Quantity._fields])
            value, unit, source = (raw.get(name) for name in Quantity._fields)
            if "value" not in raw or "unit" not in raw:
                raise self.refuse(
                    path, raw, "lacks its value or unit", f'{{ value, unit = "{declared.unit}", source }}'
                )
        elif isinstance(raw, str):
            parts = SHORT_FORM.fullmatch(raw.strip())
            value = parse_number(parts["value"]) if parts else None
            if parts is None or value is None:
                example = f'"{declared.low} {declared.unit}"'
                raise self.refuse(
                    path, raw, "is not a number and its unit", f"{declared.allowed()}, written as {example}"
                )
            unit, source = parts["unit"], parts["source"]
        elif self.source is None:
            raise self.refuse(
                path,
                raw,
                "is a bare value",
                f'{{ value, unit = "{declared.unit}", source }} in a shipped file',
            )
        if unit is not None and unit != declared.unit:
            raise self.refuse(path, raw, f"has the unit {shown(unit)}", declared.allowed())
        if source is not None:
            source = self.text(f"{path}.source", source, 500)
        elif self.source is None:
            raise self.refuse(path, raw, "has no source", 'a source, or source = "assumed", in a shipped file')
        return Quantity(value, declared.unit, source or self.source or "")  # pyright: ignore[reportArgumentType]

    def number(self, declared: Declaration, path: str, value: object) -> float:
        """A finite number within its range; whole where a count or a number of days is meant."""
        if isinstance(value, bool) or not isinstance(value, Real):
            raise self.refuse(path, value, "is not a number", declared.allowed())
        if isinstance(value, Integral):
            number: float = int(value)
        else:
            number = float(value)
            if not math.isfinite(number):
                raise self.refuse(path, value, "is not a finite number", declared.allowed())
        if not declared.low <= number <= declared.high:
            raise self.refuse(path, value, "is out of range", declared.allowed())
        if declared.kind is int and number != int(number):
            raise self.refuse(path, value, "is not a whole number", declared.allowed())
        return declared.kind(number) + 0  # + 0 turns -0.0 into 0.0

    def table(self, path: str, name: str, raw: object) -> Table:
        """An own table as a resolved scenario carries it: name of its file, columns and rows."""
        allowed = "a table with file, columns and rows, as a resolved scenario has it"
        if not isinstance(raw, Mapping) or set(raw) != {"file", "columns", "rows"}:
            raise self.refuse(path, raw, "is not a table", allowed)
        label = self.text(f"{path}.file", raw["file"], 200)
        if not all(isinstance(part, list | tuple) for part in (raw["columns"], raw["rows"], *raw["rows"])):
            raise self.refuse(path, raw, "is not a table", allowed)
        return table_of(name, label, list(raw["columns"]), raw["rows"])

    def text(self, path: str, value: object, longest: int, *, lines: bool = False) -> str:
        """A text without control characters; `lines` allows line breaks."""
        allowed = f"a text of 1 to {longest} characters"
        if not isinstance(value, str):
            raise self.refuse(path, value, "is not a text", allowed)
        if not value.strip() or len(value) > longest:
            raise self.refuse(path, value, f"has {len(value)} characters" if value.strip() else "is empty", allowed)
        for character in value:
            if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") and not (lines and character == "\n"):
                raise self.refuse(path, value, "holds a control character", allowed)
        return value

    def actions(self, raw: object) -> list[Leaves]:
        """The list of timed actions, each with the parts that its kind declares."""
        if not isinstance(raw, list | tuple) or len(raw) > MOST_ACTIONS:
            raise self.refuse("actions", raw, "is not a list of actions", f"up to {MOST_ACTIONS} tables [[actions]]")
        return [self.action(f"actions.{index}", entry) for index, entry in enumerate(raw)]

    def action(self, path: str, raw: object) -> Leaves:
        if not isinstance(raw, Mapping):
            raise self.refuse(path, raw, "is not a table", f"a table [[actions]] with a kind of {', '.join(ACTIONS)}")
        kind = raw.get("kind")
        if not isinstance(kind, str) or kind not in ACTIONS:
            raise self.refuse(f"{path}.kind", kind, "is not known", f"one of {', '.join(ACTIONS)}")
        parts = ACTION_PARTS[kind]
        for key in raw:
            if key not in parts and key != "kind":
                raise self.unknown(f"{path}.{key}", raw[key], [f"{path}.{part}" for part in parts])
        for key, part in parts.items():
            if key not in raw:
                raise InputError(f"{self.label}: {path}.{key} is missing; allowed is {part.allowed()}")
        return {
            "kind": kind,
            **{key: self.leaf(part, f"{path}.{key}", raw[key]) for key, part in parts.items()},
        }


def parse_number(text: str) -> float | None:
    """The number that a text spells, None if it spells none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def shown_key(path: str) -> str:
    """A key as it appears in a sentence: as it is where it is simple, cut and quoted where it is not."""
    return path if re.fullmatch(r"[\w.-]{1,80}", path) else shown(path, 80)


def hint(wrong: str, known: Iterable[str]) -> str:
    """What was probably meant, or the neighbours that exist."""
    known = list(known)
    parent, _, last = wrong.rpartition(".")
    siblings = {name.rpartition(".")[2]: name for name in known if name.rpartition(".")[0] == parent}
    namesakes = [name for name in known if name.rpartition(".")[2] == last]
    near = [siblings[name] for name in get_close_matches(last, siblings, 1, 0.7)] or namesakes
    if near:
        return f"did you mean {near[0]}?"
    return "allowed are " + ", ".join(sorted(siblings.values() or known))
