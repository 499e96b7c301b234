"""Own data: institutions from CSV files instead of the draw. What each column means is said here and nowhere else.

A file's content becomes a part of the scenario, so that it travels with it into worker processes and saved
states and decides its digest. The scenario's totals then follow the rows.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm.errors import InputError, shown
from abm.scenario.declare import Section

STYLES = ("long_short", "multi_strategy", "relative_value", "macro", "systematic", "unlevered")
MARGIN_ACCOUNT = "margin_account"
MOST_LINES = 4  # dealers of a fund, lenders of each kind that a dealer or a bank has
KINDS = ("bank_loan", "repo", "interbank", "credit_line")
LARGEST_TABLE = 5_000_000  # bytes
ALONE = -1  # no bank
TOLERANCE = 1e-6  # relative, of what must balance or sum to one

Cell = float | int | str
Row = Mapping[str, Any]  # one row by column


@dataclass(frozen=True)
class Column:
    """One column: `kind` is the Python type of its cells, `empty` what an empty cell stands for (None: not allowed)."""

    name: str
    meaning: str
    unit: str
    kind: type = float
    low: float = 0.0
    high: float = 1e9
    choices: tuple[str, ...] = ()
    empty: Cell | None = None

    def allowed(self) -> str:
        """What may be written, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        ends = f"number from {self.low:g} to {self.high:g}" if self.kind is float else "whole number of at least 0"
        return f"a {ends} in the unit {self.unit!r}" + ("" if self.empty is None else ", or an empty cell")


def identity(meaning: str) -> Column:
    return Column("id", meaning, "number", int)


def row_of(name: str, table: str, meaning: str, empty: Cell | None = None) -> Column:
    return Column(name, meaning, f"id of {table}", int, empty=empty)


def money(name: str, meaning: str) -> Column:
    return Column(name, meaning, "$bn")


HELD = ("ai_equity", "broad_equity", "notes", "bills", "crypto", "other_securities", "cash")
OWED = ("prime_brokerage", "repo", "unsecured", "short_equity", "other_owed")
FUNDS_ALONE = ("repo", "unsecured", "short_equity", "other_owed", "notes", "bills", "crypto", "other_securities")
FUNDS_ALONE += ("futures_short",)  # what margin accounts never have
FUNDS = (
    identity("the fund's number in all results: 0, 1, 2, ...; margin accounts have the last ones"),
    Column("style", "its style; without any margin_account those of the scenario are drawn", "name", str,
           choices=(*STYLES, MARGIN_ACCOUNT)),
    money("net_asset_value", "its own money"),
    money("prime_brokerage", "margin loans from its dealers"),
    money("repo", "repo from its dealers"),
    money("unsecured", "unsecured loans from its dealers"),
    money("short_equity", "broad equity sold short"),
    money("other_owed", "inert securities sold short, and other debts"),
    money("ai_equity", "AI equity held"),
    money("broad_equity", "broad equity held"),
    money("notes", "Treasury notes held"),
    money("bills", "Treasury bills held"),
    money("crypto", "crypto held"),
    money("other_securities", "inert securities held"),
    money("cash", "free cash at its dealers, proceeds of short sales included"),
    money("futures_short", "futures on notes sold short, notional"),
    *(
        column
        for line in range(1, MOST_LINES + 1)
        for column in (
            row_of(f"dealer_{line}", "dealers", "a dealer of the fund" + ("" if line == 1 else "; empty: none"),
                   None if line == 1 else ALONE),
            Column(f"share_{line}", "part of its business with that dealer; the parts sum to one", "share", high=1,
                   empty=None if line == 1 else 0.0),
        )
    ),
)  # fmt: skip
DEALERS = (
    identity("the dealer's number in all results: 0, 1, 2, ..."),
    Column("share", "part of the business: decides who deals with it where funds or lines are drawn; sums to one",
           "share", high=1),
    money("capital", "capital"),
    money("notes", "inventory of notes"),
    money("deposits", "deposits at its bank"),
    row_of("bank", "banks", "the bank where it keeps them"),
    row_of("parent", "banks", "the bank whose group it is in; empty: none", ALONE),
)  # fmt: skip
BANKS = (
    identity("the bank's number in all results: 0, 1, 2, ..."),
    money("assets", "assets; what no column or line names is other securities on one side, bonds on the other"),
    money("capital", "equity"),
    money("deposits", "deposits, uninsured ones included"),
    money("uninsured", "deposits that are not insured"),
    money("reserves", "reserves at the central bank"),
    money("notes", "Treasury notes"),
    money("bills", "Treasury bills"),
    money("loans", "loans to firms and households"),
    money("other_non_bank_loans", "loans to other non-banks: not to dealers, private credit or builders"),
    Column("retained_earnings", "earnings kept, a loss negative", "$bn per day", low=-1e6, high=1e6),
)
EXPOSURES = (
    Column("kind", "bank_loan: of a dealer from a bank; repo: of a dealer from a cash pool; interbank: between banks; "
           "credit_line: drawn by a private-credit fund at a bank",
           "name", str, choices=KINDS),
    row_of("debtor", "dealers (bank_loan, repo), banks (interbank) or private-credit funds (credit_line)", "who owes"),
    row_of("creditor", "banks, cash pools (repo)", f"to whom; a debtor has at most {MOST_LINES} lines of a kind"),
    Column("amount", "amount; of repo only the proportions count, since a dealer borrows what it has to fund", "$bn"),
)  # fmt: skip
BANK_HOLDS = ("reserves", "notes", "bills", "loans", "other_non_bank_loans")
BANK_OWES = ("capital", "deposits")
COLUMNS: dict[str, tuple[Column, ...]] = {"funds": FUNDS, "dealers": DEALERS, "banks": BANKS, "exposures": EXPOSURES}
FILES = {f"{name}.file": name for name in COLUMNS}


class Table(Section):
    """The content of one file: rows in the order of identities, empty cells filled."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[float | int | str, ...], ...]

    def by_column(self) -> dict[str, list[Any]]:
        """The cells of each column."""
        return {name: [row[place] for row in self.rows] for place, name in enumerate(self.columns)}

    def named(self) -> Iterable[tuple[str, Row]]:
        """Each row as a sentence calls it, and its cells by column; in a spreadsheet the header is row 1."""
        for number, row in enumerate(self.rows):
            which = f"row with id {number}" if self.columns[0] == "id" else f"row {number + 2}"
            yield f"{self.file}: {which}", dict(zip(self.columns, row, strict=True))


class Tables(Section):
    """The tables that a scenario brings along; what is None is drawn."""

    funds: Table | None = None
    dealers: Table | None = None
    banks: Table | None = None
    exposures: Table | None = None

    def present(self) -> dict[str, Table]:
        """Those that there are, by name."""
        return {name: table for name in COLUMNS if (table := getattr(self, name)) is not None}


def read_file(name: str, file: object, folder: Path, label: str) -> Table:
    """The table `name` in a CSV file inside `folder`; `label` is the scenario that names it."""
    allowed = "a CSV file inside the scenario's folder"

    def refuse(problem: str, allowed: str = allowed) -> InputError:
        return InputError(f"{label}: {name}.file = {shown(file)} {problem}; allowed is {allowed}")

    if not isinstance(file, str) or not file.strip() or not file.isprintable() or len(file) > 200:
        raise refuse("is not a file's name")
    try:
        path = (folder / file).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise refuse("lies outside the scenario's folder")
        if not path.is_file():
            raise refuse("is not a file" if path.exists() else "does not exist")
        if (found := path.stat().st_size) > LARGEST_TABLE:
            raise refuse(f"has {found} bytes", f"a CSV file of at most {LARGEST_TABLE}")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse("is not UTF-8 text") from None
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise refuse(f"cannot be read ({getattr(error, 'strerror', None) or 'not a path'})") from None
    return table_of(name, file, *parsed(text, file))


def parsed(text: str, label: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Header and rows of a CSV text, every cell a text or None."""
    if not text.strip():
        raise InputError(f"{label}: is empty; allowed is a header and at least one row")
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise InputError(
            f"{label}: is not a table ({error}); "
            "allowed is a CSV file with commas and as many cells in every row as in the header"
        ) from None
    return [column.strip() for column in header], [tuple(row) for row in rows]


def table_of(name: str, label: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """The checked table: every refusal names file, row, column and value."""
    columns = COLUMNS[name]
    known = [column.name for column in columns]
    for title in header:
        if title not in known:
            raise InputError(f"{label}: column {shown(title)} is not known; allowed are {', '.join(known)}")
    for column in columns:
        if header.count(column.name) != 1:
            much = "is missing" if column.name not in header else "is there twice"
            raise InputError(f"{label}: column {column.name} {much}; allowed is {column.meaning}, {column.allowed()}")
    places = [header.index(column.name) for column in columns]
    found = list(rows)
    while found and all(value in (None, "") for value in found[-1]):
        found.pop()  # blank lines at the end
    cells = []
    for number, row in enumerate(found, 2):
        if len(row) != len(header):
            raise InputError(f"{label}: row {number} has {len(row)} cells; allowed are {len(header)}")
        where = f"{label}: row {number}"
        cells.append((number, [cell(column, row[p], where) for column, p in zip(columns, places, strict=True)]))
    if not cells:
        raise InputError(f"{label}: has no rows; allowed is at least one")
    for number, row in cells:
        check_row(name, dict(zip(known, row, strict=True)), f"{label}: row {number}")
        if name == "funds":  # a line that is not used repeats the first dealer, with no business
            first = known.index("dealer_1")
            row[first::2] = [row[first] if dealer == ALONE else dealer for dealer in row[first::2]]
    if known[0] == "id":
        check_identities([(number, row[0]) for number, row in cells], label)
        cells.sort(key=lambda item: item[1][0])
    if name == "funds":
        check_order([(number, row[1]) for number, row in cells], label)
    if name == "dealers":
        check_sum(f"{label}: the column share", sum(row[1] for _, row in cells))
    return Table(file=label, columns=tuple(known), rows=tuple(tuple(row) for _, row in cells))


def cell(column: Column, raw: Any, where: str) -> Cell:
    """One cell as a number or a name."""
    value = raw.strip() if isinstance(raw, str) else raw

    def refused(problem: str) -> InputError:
        return refusal(where, column.name, raw, problem, column.allowed())

    if value in (None, ""):
        if column.empty is None:
            raise InputError(f"{where}, {column.name} is empty; allowed is {column.allowed()}")
        return column.empty
    if column.kind is str:
        if value not in column.choices:
            raise refused("is not known")
        return value
    if column.empty == ALONE and value in (ALONE, str(ALONE)):
        return ALONE
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise refused("is not a number") from None
    if isinstance(value, bool) or not math.isfinite(number):
        raise refused("is not a number")
    if not column.low <= number <= column.high:
        raise refused("is too large" if number > 0.0 else "is negative" if column.low == 0.0 else "is too low")
    if column.kind is int:
        if number != int(number):
            raise refused("is not a whole number")
        return int(number)
    return number + 0.0  # + 0.0 turns -0.0 into 0.0


def refusal(where: str, name: str, value: object, problem: str, allowed: str) -> InputError:
    return InputError(f"{where}, {name} = {shown(value)} {problem}; allowed is {allowed}")


def check_row(name: str, row: Row, where: str) -> None:
    """Refuse a row that contradicts itself."""
    if name == "funds":
        own, owed = row["net_asset_value"], sum(row[part] for part in OWED)
        held = sum(row[part] for part in HELD)
        if abs(own + owed - held) > TOLERANCE * max(own + owed, held):
            raise InputError(
                f"{where} does not balance: {' + '.join(('net_asset_value', *OWED))} = {own + owed:.10g}, "
                f"{' + '.join(HELD)} = {held:.10g}; allowed are two equal sums"
            )
        check_sum(f"{where}: {' + '.join(shares := share_names())}", sum(row[share] for share in shares))
        used = []
        for line in range(1, MOST_LINES + 1):
            dealer, share = row[f"dealer_{line}"], row[f"share_{line}"]
            if dealer == ALONE and share > 0.0:
                raise refusal(where, f"share_{line}", share, "is with nobody", f"0, or a dealer_{line}")
            if dealer in used and share > 0.0:
                raise refusal(where, f"dealer_{line}", dealer, "is there twice", "one line for each dealer")
            used.append(dealer)
        for column in FUNDS_ALONE if row["style"] == MARGIN_ACCOUNT else ():
            if row[column] > 0.0:
                raise refusal(where, column, row[column], "is not for a margin account", "0")
    if name == "banks":
        if row["uninsured"] > row["deposits"]:
            raise refusal(
                where, "uninsured", row["uninsured"], "is too much", f"at most deposits = {row['deposits']:g}"
            )
        if row["assets"] <= 0.0:
            raise refusal(where, "assets", row["assets"], "is nothing", "more than 0")
        for parts in (BANK_HOLDS, BANK_OWES):
            if (total := sum(row[part] for part in parts)) > (1.0 + TOLERANCE) * row["assets"]:
                allowed = f"at most assets = {row['assets']:g}"
                raise InputError(f"{where}, {' + '.join(parts)} = {total:g} is too much; allowed is {allowed}")
    if name == "exposures" and row["kind"] == "interbank" and row["debtor"] == row["creditor"]:
        raise refusal(where, "creditor", row["creditor"], "owes to itself", "another bank")


def share_names() -> list[str]:
    return [f"share_{line}" for line in range(1, MOST_LINES + 1)]


def check_sum(where: str, total: float) -> None:
    if abs(total - 1.0) > TOLERANCE:
        raise InputError(f"{where} = {total:.10g} in all; allowed is a sum of 1")


def check_identities(found: list[tuple[int, int]], label: str) -> None:
    """Refuse identities that are not 0, 1, 2, ... once each."""
    rows: dict[int, int] = {}
    for number, identity in found:
        where, allowed = f"{label}: row {number}", f"each number from 0 to {len(found) - 1} once"
        if identity in rows:
            raise refusal(where, "id", identity, f"is there already in row {rows[identity]}", allowed)
        if identity >= len(found):
            raise refusal(where, "id", identity, "leaves a gap", allowed)
        rows[identity] = number


def check_order(found: list[tuple[int, str]], label: str) -> None:
    """Refuse hedge funds behind margin accounts, and a table without hedge funds."""
    for (number, style), (_, before) in zip(found, [(0, ""), *found], strict=False):
        if before == MARGIN_ACCOUNT != style:
            allowed = f"{MARGIN_ACCOUNT} where a lower id is one: margin accounts have the last ids"
            raise refusal(f"{label}: row {number}", "style", style, "comes after a margin account", allowed)
    if found[0][1] == MARGIN_ACCOUNT:
        raise refusal(
            f"{label}: row {found[0][0]}", "style", MARGIN_ACCOUNT, "is all there is", "at least one hedge fund"
        )
