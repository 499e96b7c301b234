"""Own tables as institutions, with the dials applied; and institutions as tables, to start own data from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.agents.leveraged_fund import MARGIN_ACCOUNT, STYLES
from abm.opening.funds import Columns
from abm.policy.first_books import calm_margins, most_assets
from abm.scenario.tables import ALONE, COLUMNS, HELD

if TYPE_CHECKING:
    from abm.opening.institutions import Institutions
    from abm.scenario import Scenario
    from abm.scenario.tables import Table

DIALS = ("funds.leverage", "funds.crowding", "banks.capital")  # a written table has them in its amounts


def arrays(table: Table) -> Columns:
    """Return a table's columns as arrays."""
    return {name: np.array(cells) for name, cells in table.by_column().items()}


def banks_from(scenario: Scenario) -> Columns:
    """Return the banks of the scenario's own table; the dial multiplies their capital."""
    assert scenario.tables.banks
    banks = arrays(scenario.tables.banks)
    banks["capital"] = banks["capital"] * scenario.banks.capital
    return banks | {"share": banks["assets"] / banks["assets"].sum()}


def funds_from(scenario: Scenario) -> Columns:
    """Return the funds of the scenario's own table, its dials applied where they are not neutral."""
    assert scenario.tables.funds
    funds = arrays(scenario.tables.funds)
    funds["style"] = np.array([STYLES.index(style) for style in funds["style"]])
    if scenario.funds.crowding != 1.0:
        crowd(funds, scenario.funds.crowding)
    if scenario.funds.leverage != 1.0:
        lever(scenario, funds)
    return funds


def crowd(funds: Columns, crowding: float) -> None:
    """Multiply hedge funds' AI equity by the dial, at the cost of broad equity and inert securities."""
    ai = funds["ai_equity"]
    rest = funds["broad_equity"] + funds["other_securities"]
    wanted = np.where(funds["style"] == MARGIN_ACCOUNT, ai, np.minimum(crowding * ai, ai + rest))
    left = (ai + rest - wanted) / np.maximum(rest, 1e-300)
    funds["ai_equity"] = wanted
    for name in ("broad_equity", "other_securities"):
        funds[name] = np.where(rest > 0.0, funds[name] * left, funds[name])


def lever(scenario: Scenario, funds: Columns) -> None:
    """Multiply debts by the dial, and with them the book, in proportion; own money, shorts and cash stay.

    As in the draw nobody borrows more than leaves a requirement of `opening_use` times net asset value,
    unless the table itself does.
    """
    asked = calm_margins(scenario)
    debts, books = ("prime_brokerage", "repo", "unsecured"), HELD[:-1]
    debt, book = (sum(funds[name] for name in names) for names in (debts, books))
    accounts = funds["style"] == MARGIN_ACCOUNT
    needs = sum(asked[name] * funds[name] for name in books if name != "other_securities")
    needs = needs + asked["other"] * funds["other_securities"]
    needs = needs + asked["futures"] * funds["futures_short"]
    needs = np.where(accounts, asked["account"] * book, needs)
    on_shorts = asked["broad_equity"] * funds["short_equity"] + asked["other"] * funds["other_owed"]
    room = np.maximum(0.0, scenario.margin.opening_use * funds["net_asset_value"] - on_shorts)
    most = debt + room * book / np.maximum(needs, 1e-300) - book
    under_cap = debt + np.where(accounts, np.inf, most_assets(scenario) * funds["net_asset_value"]) - book
    most = np.minimum(most, under_cap)
    wanted = np.minimum(scenario.funds.leverage * debt, np.maximum(most, debt))
    wanted = np.maximum(wanted, debt - book)  # who repays from its book cannot repay more than it
    scales = (wanted / np.maximum(debt, 1e-300), (book + wanted - debt) / np.maximum(book, 1e-300))
    for names, whole, scale in ((debts, debt, scales[0]), ((*books, "futures_short"), book, scales[1])):
        for name in names:
            funds[name] = np.where(whole > 0.0, funds[name] * scale, funds[name])


def csv_tables(drawn: Institutions) -> dict[str, str]:
    """Return the institutions as CSV texts by name; numbers are exact, what is empty when read is left empty."""
    funds = drawn.funds | {"style": np.array([STYLES[style] for style in drawn.funds["style"]])}
    found = {"funds": funds, "dealers": drawn.dealers, "banks": drawn.banks, "exposures": drawn.exposures}
    return {name: csv_text(name, columns) for name, columns in found.items()}


def csv_text(name: str, columns: Columns) -> str:
    """Return one table as CSV, a header and a row each."""
    count = len(next(iter(columns.values())))
    cells = []
    for column in COLUMNS[name]:
        values = columns.get(column.name, np.arange(count)).tolist()
        if column.name.startswith("dealer_") and column.empty is not None:
            unused = columns[column.name.replace("dealer", "share")] == 0.0
            values = ["" if empty else value for value, empty in zip(values, unused, strict=True)]
        if column.empty == ALONE:
            values = ["" if value == ALONE else value for value in values]
        cells.append([value if isinstance(value, str) else repr(value) for value in values])
    header = ",".join(column.name for column in COLUMNS[name])
    return "\n".join([header, *(",".join(row) for row in zip(*cells, strict=True))]) + "\n"
