"""Own tables beside the rest of a scenario: who they refer to must exist, and the scenario's totals follow them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from abm.errors import InputError
from abm.scenario.reading import DECLARED, Leaves, Quantity, Reader
from abm.scenario.tables import COLUMNS, HELD, MARGIN_ACCOUNT, MOST_LINES, OWED, STYLES, Row, Table, refusal

Value = Callable[[str], Any]  # the number at a path


def tables_of(leaves: Leaves) -> dict[str, Table]:
    """The tables among the leaves, by name."""
    return {name: leaves[path] for name in COLUMNS if (path := f"tables.{name}") in leaves}


def joined(below: Leaves, own: Leaves) -> Leaves:
    """What a file or a caller says over what it changes; totals that it does not give follow the tables."""
    leaves = below | own
    known = {path: leaf.value for path, leaf in leaves.items() if isinstance(leaf, Quantity)}
    for path, (number, file) in totals(tables_of(leaves), lambda path: known.get(path, 0.0)).items():
        if path not in own:
            leaves[path] = Quantity(number, DECLARED[path].unit, f"sum of {file}")
    return leaves


def check_tables(leaves: Leaves, label: str) -> None:
    """Refuse tables that refer to nobody, and totals that are not those of the tables."""
    tables = tables_of(leaves)
    for path, (number, file) in totals(tables, lambda path: leaves[path].value).items():
        Reader(file, "").number(DECLARED[path], path, number)
        if leaves[path].value != number:
            allowed = f"{number:g}, what the rows of {file} give, or to leave it out"
            raise Reader(label, "").refuse(path, leaves[path].value, f"contradicts {file}", allowed)
    check_references(tables, lambda path: leaves[path].value)


def check_references(tables: Mapping[str, Table], value: Value) -> None:
    """Refuse references to who is not there, and more lines than a debtor can have."""
    places = {name: value(f"{name}.count") for name in ("dealers", "banks", "pools", "private_credit")}

    def must_exist(where: str, row: Row, column: str, of: str) -> None:
        if row[column] >= places[of]:
            named = "private-credit funds" if of == "private_credit" else of
            allowed = f"the id of one of the {named}, 0 to {places[of] - 1}"
            raise refusal(where, column, row[column], "does not exist", allowed)

    for name, column, of in (
        *(("funds", f"dealer_{line}", "dealers") for line in range(1, MOST_LINES + 1)),
        ("dealers", "bank", "banks"),
        ("dealers", "parent", "banks"),
    ):
        for where, row in tables[name].named() if name in tables else ():
            must_exist(where, row, column, of)
    if "exposures" not in tables:
        return
    table = tables["exposures"]
    lines: dict[tuple[str, int], int] = {}
    repo: dict[int, float] = {}
    for where, row in table.named():
        kind, debtor = row["kind"], row["debtor"]
        must_exist(where, row, "debtor", {"interbank": "banks", "credit_line": "private_credit"}.get(kind, "dealers"))
        must_exist(where, row, "creditor", "pools" if kind == "repo" else "banks")
        lines[kind, debtor] = lines.get((kind, debtor), 0) + 1
        if lines[kind, debtor] > MOST_LINES:
            allowed = f"at most {MOST_LINES} lines of a kind"
            raise refusal(where, "debtor", debtor, f"has too many lines of {kind}", allowed)
        if kind == "repo":
            repo[debtor] = repo.get(debtor, 0.0) + row["amount"]
    for dealer in range(places["dealers"]):
        if repo.get(dealer, 0.0) <= 0.0:
            raise InputError(
                f"{table.file}: dealer {dealer} has no line of repo; allowed is one of some amount at least"
            )


def totals(tables: Mapping[str, Table], value: Value) -> dict[str, tuple[float | int, str]]:
    """What the rows make of the scenario's totals: number and file by path; `value` gives what is not in them."""
    found: dict[str, tuple[float | int, str]] = {}

    def add(table: Table, sums: Mapping[str, float | int]) -> None:
        # To twelve digits: what a draw's amounts sum to is then the total that they were drawn from.
        found.update({path: (DECLARED[path].kind(f"{amount:.12g}"), table.file) for path, amount in sums.items()})

    if table := tables.get("funds"):
        add(table, of_funds(table.by_column()))
    if table := tables.get("dealers"):
        columns = table.by_column()
        add(table, {"dealers.count": len(table.rows), "dealers.in_groups": sum(p >= 0 for p in columns["parent"])})
        add(table, {f"dealers.{part}": math.fsum(columns[part]) for part in ("capital", "notes", "deposits")})
    if table := tables.get("exposures"):
        columns = table.by_column()
        pairs = list(zip(columns["kind"], columns["amount"], strict=True))
        paths = {
            "bank_loan": "dealers.bank_loans",
            "interbank": "banks.interbank",
            "credit_line": "private_credit.drawn",
        }
        add(table, {path: math.fsum(amount for of, amount in pairs if of == kind) for kind, path in paths.items()})
    if table := tables.get("banks"):
        columns = table.by_column()
        parts = ("assets", "deposits", "reserves", "notes", "bills", "other_non_bank_loans")
        sums = {part: math.fsum(columns[part]) for part in parts} | {"count": len(table.rows)}
        sums["equity"] = math.fsum(columns["capital"])
        sums["uninsured_share"] = math.fsum(columns["uninsured"]) / max(sums["deposits"], 1e-300)
        lines = ("dealers.bank_loans", "private_credit.drawn", "builders.bank_loans")
        to_named = [found[path][0] if path in found else value(path) for path in lines]
        sums["loans"] = math.fsum([*columns["loans"], sums["other_non_bank_loans"], *to_named])
        add(table, {f"banks.{part}": amount for part, amount in sums.items()})
    return found


def of_funds(columns: Mapping[str, list[Any]]) -> dict[str, float | int]:
    """The totals of each style, and of margin accounts where there are any."""

    def total(style: str, column: str) -> float:
        return math.fsum(a for of, a in zip(columns["style"], columns[column], strict=True) if of == style)

    accounts = columns["style"].count(MARGIN_ACCOUNT)
    hedge_funds = len(columns["style"]) - accounts
    sums: dict[str, float | int] = {"funds.count": hedge_funds}
    for style in STYLES:
        sums[f"funds.{style}.share_of_count"] = columns["style"].count(style) / hedge_funds
        for column in ("net_asset_value", *OWED, *HELD, "futures_short"):
            if column != "other_securities":
                sums[f"funds.{style}.{column}"] = total(style, column)
    if accounts:
        ai, broad = total(MARGIN_ACCOUNT, "ai_equity"), total(MARGIN_ACCOUNT, "broad_equity")
        sums["margin_accounts.count"] = accounts
        sums["margin_accounts.debt"] = total(MARGIN_ACCOUNT, "prime_brokerage")
        sums["margin_accounts.assets"] = ai + broad
        sums["margin_accounts.cash"] = total(MARGIN_ACCOUNT, "cash")
        sums["margin_accounts.ai_share"] = ai / max(ai + broad, 1e-300)
    return sums
