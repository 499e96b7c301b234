"""Own data: tables instead of the draw, refused in one sentence, carried along, and exact to the bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scenario_files import refusal
from typer.testing import CliRunner

from abm.agents.leveraged_fund import MARGIN_ACCOUNT
from abm.cli.scenarios import app
from abm.economy import Economy
from abm.opening import open_books
from abm.scenario import Scenario, load
from abm.scenario.tables import COLUMNS

SEED = 4
SMALL = {
    "funds.count": 30,
    "margin_accounts.count": 5,
    "dealers.count": 4,
    "banks.count": 8,
    "buyers.count": 4,
    "chasers.count": 3,
    "pools.count": 3,
    "run.ticks": 90,
}
Table = list[list[str]]


def exported(folder: str = "mine", *words: str) -> Scenario:
    """A small scenario, written with its tables and read back."""
    changes = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    result = CliRunner().invoke(app, ["export", "us_late_2025", folder, "--seed", str(SEED), *changes, *words])
    assert result.exit_code == 0, result.output
    return load(f"{folder}/us_late_2025.toml")


@pytest.fixture(scope="module", autouse=True)
def mine(tmp_path_factory: pytest.TempPathFactory):
    """A folder of this module's own, with an exported scenario in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("own"))
        yield exported()


@pytest.fixture
def changed():
    """Change one table; the sentence with which the scenario is then refused. The table is mended afterwards."""
    originals = {}

    def change(name: str, edit: Callable[[Table], object]) -> str:
        path = Path(f"mine/{name}.csv")
        originals.setdefault(path, path.read_text("utf-8"))
        rows = [line.split(",") for line in originals[path].splitlines()]
        edit(rows)
        path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
        return refusal("mine/us_late_2025.toml")

    yield change
    for path, text in originals.items():
        path.write_text(text, "utf-8")


def put(row: int, column: str, value: str) -> Callable[[Table], None]:
    """Write one cell; the header is row 1."""

    def edit(rows: Table) -> None:
        rows[row - 1][rows[0].index(column)] = value

    return edit


def one_dealer_twice(rows: Table) -> None:
    """Let the second dealer of the first fund that has two be its first."""
    first, second, share = (rows[0].index(name) for name in ("dealer_1", "dealer_2", "share_2"))
    row = next(row for row in rows[1:] if float(row[share]) > 0.0)
    row[second] = row[first]


def same_books(first: Scenario, second: Scenario, seed: int = SEED) -> None:
    books, others = open_books(first, seed), open_books(second, seed)
    for name, table in books.items():
        assert table.tobytes() == others[name].tobytes(), name


@pytest.mark.slow
def test_an_export_opens_the_same_books_and_runs_to_the_same_bits(mine: Scenario) -> None:
    drawn = load(**SMALL)
    same_books(drawn, mine)
    runs = [Economy(scenario, SEED, check=True) for scenario in (drawn, mine)]
    for run in runs:
        run.advance(60)
    assert runs[0].rows.tobytes() == runs[1].rows.tobytes()
    assert runs[0].balances().tobytes() == runs[1].balances().tobytes()


@pytest.mark.slow
def test_the_command_line_runs_an_export_to_the_same_bits() -> None:
    import polars as pl

    from abm.cli.app import app as powderkeg

    changes = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    for name, words in (("mine/us_late_2025.toml", []), ("us_late_2025", changes)):
        out = f"out-{len(words)}"
        words = ["run", name, "--seed", str(SEED), "--out", out, "--quiet", "--until", "50", *words]
        result = CliRunner().invoke(powderkeg, words)
        assert result.exit_code == 0, result.output
    folders = [Path(f"out-{n}") for n in (0, len(changes))]
    frames = [pl.read_parquet(folder / "ticks.parquet") for folder in folders]
    assert frames[0].equals(frames[1])
    summaries = [(folder / "summary.json").read_bytes() for folder in folders]
    assert summaries[0] == summaries[1]


def test_an_export_of_the_shipped_scenario_extends_it() -> None:
    words = ["export", "us_late_2025", "whole", "--seed", "1"]
    assert CliRunner().invoke(app, words).exit_code == 0
    text = Path("whole/us_late_2025.toml").read_text("utf-8")
    assert 'extends = "us_late_2025"' in text
    assert len(text) < 300
    drawn, own = load(), load("whole/us_late_2025.toml")
    same_books(drawn, own, seed=1)
    for total in ("assets", "equity", "deposits", "reserves", "loans", "uninsured_share"):
        assert getattr(own.banks, total) == getattr(drawn.banks, total), "what shares of the summary are taken of"


def test_an_export_with_dials_has_them_in_its_amounts() -> None:
    dials = {"funds.leverage": 1.4, "funds.crowding": 1.2, "banks.capital": 0.8}
    own = exported("dials", *(word for path, value in dials.items() for word in ("--set", f"{path}={value}")))
    assert {path: own.quantity(path).value for path in dials} == dict.fromkeys(dials, 1)
    same_books(load(**SMALL, **dials), own)


def test_an_export_is_not_lost_by_a_second() -> None:
    exported("twice")
    result = CliRunner().invoke(app, ["export", "us_late_2025", "twice"])
    assert "already exists" in str(result.exception)
    assert load("twice/us_late_2025.toml").funds.count == SMALL["funds.count"]
    exported("twice", "--force")
    assert sorted(path.name for path in Path("twice").iterdir()) == [
        "banks.csv",
        "dealers.csv",
        "exposures.csv",
        "funds.csv",
        "us_late_2025.toml",
    ]


@pytest.mark.slow
def test_tables_travel_with_the_scenario(mine: Scenario, tmp_path: Path) -> None:
    again = Scenario.from_dict(json.loads(json.dumps(mine.to_dict())))
    assert again == mine
    assert again.digest == mine.digest
    (tmp_path / "resolved.toml").write_text(mine.to_toml(), "utf-8")
    assert load(tmp_path / "resolved.toml").digest == mine.digest
    assert mine.replace({"spark.days": 7}).tables == mine.tables
    economy = Economy(mine, SEED)
    economy.advance(3)
    economy.save(tmp_path / "state")
    assert Economy.load(tmp_path / "state").scenario.tables == mine.tables


def test_the_digest_follows_the_rows_and_not_the_file_name(mine: Scenario) -> None:
    content = mine.to_dict()
    content["tables"]["banks"]["file"] = "other.csv"
    assert Scenario.from_dict(content).digest == mine.digest
    content["tables"]["banks"]["rows"][0][-1] += 1e-9
    assert Scenario.from_dict(content).digest != mine.digest
    assert "tables" not in load().to_dict()


def test_totals_follow_the_rows(mine: Scenario) -> None:
    content = mine.to_dict()
    column = content["tables"]["dealers"]["columns"].index("capital")
    content["tables"]["dealers"]["rows"][0][column] += 5.0
    with pytest.raises(ValueError, match=r"dealers.capital = .* contradicts dealers.csv"):
        Scenario.from_dict(content)
    content["dealers"]["capital"]["value"] += 5.0
    assert Scenario.from_dict(content).dealers.capital == pytest.approx(load().dealers.capital + 5.0)
    assert mine.quantity("funds.count") == (30, "count", "sum of funds.csv")


def test_one_table_leaves_the_others_to_the_draw() -> None:
    small = load(**SMALL)
    for name in COLUMNS:
        Path(f"mine/{name}.toml").write_text(f'extends = "us_late_2025"\n{name}.file = "{name}.csv"\n', "utf-8")
        own = load(f"mine/{name}.toml", **{path: value for path, value in SMALL.items() if path != f"{name}.count"})
        assert list(own.tables.present()) == [name]
        books, drawn = open_books(own, SEED), open_books(small, SEED)
        assert {table: len(rows) for table, rows in books.items()} == {
            table: len(rows) for table, rows in drawn.items()
        }
        for table in ("funds", "dealers", "banks"):
            np.testing.assert_allclose(books[table]["units"].sum(), drawn[table]["units"].sum(), rtol=1e-9)


def test_margin_accounts_are_drawn_where_a_table_has_none(mine: Scenario) -> None:
    content = mine.to_dict()
    rows = content["tables"]["funds"]["rows"]
    content["tables"]["funds"]["rows"] = [row for row in rows if row[1] != "margin_account"]
    funds, whole = (open_books(s, SEED)["funds"] for s in (Scenario.from_dict(content), mine))
    assert (funds["style"] == MARGIN_ACCOUNT).sum() == SMALL["margin_accounts.count"]
    np.testing.assert_allclose(funds["units"].sum(), whole["units"].sum(), rtol=1e-9)


@pytest.mark.parametrize("leverage", [0.0, 0.5, 2.0])
def test_the_leverage_dial_turns_own_funds(mine: Scenario, leverage: float) -> None:
    """Debt is the dial times the table's up to the margin limit, and each book still balances."""
    before, funds = (open_books(s, SEED)["funds"] for s in (mine, mine.replace({"funds.leverage": leverage})))
    debts, at_first = (f["margin_loan"] + f["repo"] + f["unsecured"] for f in (funds, before))
    ratio = debts.sum(axis=1) / at_first.sum(axis=1)
    limited = funds["requirement"] > 0.999 * mine.margin.opening_use * funds["net_asset_value"]
    np.testing.assert_allclose(ratio[~limited], leverage, rtol=1e-9, atol=1e-12)
    assert (ratio[limited] < leverage).all()
    assert (~limited).any()
    assets = funds["units"].sum(axis=1) + funds["other_securities"] + funds["cash"].sum(axis=1)
    owed = debts.sum(axis=1) + funds["other_owed"] + funds["short"].sum(axis=1)
    np.testing.assert_allclose(assets - owed, funds["net_asset_value"], rtol=1e-9)


def test_the_other_dials_turn_own_data_too(mine: Scenario) -> None:
    before = open_books(mine, SEED)
    after = open_books(mine.replace({"funds.crowding": 1.1, "banks.capital": 0.5}), SEED)
    np.testing.assert_allclose(after["banks"]["capital"], 0.5 * before["banks"]["capital"], rtol=1e-12)
    funds = before["funds"]["style"] != MARGIN_ACCOUNT
    ai, was = after["funds"]["units"][funds, 0], before["funds"]["units"][funds, 0]
    assert ai.sum() == pytest.approx(1.1 * was.sum(), rel=1e-9)
    worth = [t["funds"]["units"].sum(axis=1) + t["funds"]["other_securities"] for t in (before, after)]
    np.testing.assert_allclose(worth[0], worth[1], rtol=1e-9)


@pytest.mark.parametrize(
    ("table", "edit", "sentence"),
    [
        ("funds", lambda rows: [row.pop(3) for row in rows], "column prime_brokerage is missing"),
        (
            "funds",
            lambda rows: [row.append("mood") for row in rows],
            "column 'mood' is not known; allowed are id",
        ),
        ("funds", put(5, "notes", "abc"), "row 5, notes = 'abc' is not a number; allowed is a number from 0"),
        ("funds", put(5, "notes", "nan"), "row 5, notes = 'nan' is not a number"),
        ("funds", put(5, "notes", "-1"), "row 5, notes = '-1' is negative"),
        ("funds", put(5, "notes", ""), "row 5, notes is empty"),
        ("funds", put(5, "notes", "1e30"), "row 5, notes = '1e30' is too large"),
        ("funds", put(5, "style", "magic"), "row 5, style = 'magic' is not known; allowed is one of long_short"),
        ("funds", put(5, "dealer_1", "4"), "row with id 3, dealer_1 = 4 does not exist; allowed is the id of one of"),
        ("funds", put(5, "dealer_1", "1.5"), "row 5, dealer_1 = '1.5' is not a whole number"),
        ("funds", put(5, "share_1", "0.05"), "row 5: share_1 + share_2 + share_3 + share_4 = "),
        ("funds", put(5, "notes", "50"), "row 5 does not balance: net_asset_value + prime_brokerage"),
        ("funds", put(5, "id", "0"), "row 5, id = 0 is there already in row 2"),
        ("funds", put(5, "id", "99"), "row 5, id = 99 leaves a gap; allowed is each number from 0 to 34 once"),
        ("funds", put(36, "style", "macro"), "row 36, style = 'macro' comes after a margin account"),
        ("funds", lambda rows: rows.clear(), "is empty; allowed is a header and at least one row"),
        ("funds", lambda rows: rows.__delitem__(slice(1, None)), "has no rows"),
        ("funds", lambda rows: rows[1].append("1"), "row 2 has 25 cells; allowed are 24"),
        ("funds", lambda rows: rows[1].pop(), "row 2 has 23 cells; allowed are 24"),
        (
            "funds",
            lambda rows: [row.append("1") for row in rows[1:]] + [rows[0].append("notes")],
            "notes is there twice",
        ),
        ("funds", put(5, "notes", '"1'), "is not a table"),
        ("funds", one_dealer_twice, "is there twice; allowed is one line for each dealer"),
        ("funds", lambda rows: rows.append(["1" * 6_000_000]), "bytes; allowed is a CSV file of at most 5000000"),
        ("dealers", put(2, "share", "0.9"), "the column share = "),
        (
            "dealers",
            put(2, "bank", "8"),
            "row with id 0, bank = 8 does not exist; allowed is the id of one",
        ),
        ("dealers", put(2, "parent", "-2"), "row 2, parent = '-2' is negative"),
        ("banks", put(2, "uninsured", "1e6"), "row 2, uninsured = 1000000.0 is too much; allowed is at most deposits"),
        ("banks", put(2, "loans", "1e6"), "row 2, reserves + notes + bills + loans + other_non_bank_loans"),
        ("banks", put(2, "deposits", "1e6"), "row 2, capital + deposits = "),
        ("exposures", put(2, "kind", "love"), "row 2, kind = 'love' is not known"),
        ("exposures", put(2, "creditor", "9"), "row 2, creditor = 9 does not exist"),
        ("exposures", lambda rows: rows.append(["bank_loan", "0", "1", "5"]), "has too many lines of bank_loan"),
        (
            "exposures",
            lambda rows: rows.append(["credit_line", "50", "1", "5"]),
            "debtor = 50 does not exist; allowed is the id of one of the private-credit funds, 0 to 49",
        ),
        ("exposures", lambda rows: rows.append(["interbank", "1", "1", "5"]), "creditor = 1 owes to itself"),
        (
            "exposures",
            lambda rows: rows.__setitem__(slice(None), [row for row in rows if row[:2] != ["repo", "2"]]),
            "dealer 2 has no line of repo",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(changed, table, edit, sentence) -> None:
    said = changed(table, edit)
    assert sentence in said
    assert f"{table}.csv" in said


def test_more_than_the_market_holds_is_refused(mine: Scenario, changed) -> None:
    def a_giant(rows: Table) -> None:
        for column in ("net_asset_value", "ai_equity"):
            cell = rows[1][rows[0].index(column)]
            put(2, column, repr(float(cell) + 24_000.0))(rows)

    said = changed("funds", a_giant)
    assert "chasers.ai_equity = " in said
    assert "is too much; allowed is at most markets.ai_equity.capitalisation = 24000" in said
    with pytest.raises(ValueError, match=r"capitalisation = 5000 is less than"):
        open_books(mine.replace({"markets.ai_equity.capitalisation": 5_000}), SEED)


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ('"../funds.csv"', "lies outside the scenario's folder"),
        ('"none.csv"', "does not exist"),
        ('"."', "is not a file"),
        ("3", "is not a file's name"),
        ('"a\\u0000b"', "is not a file's name"),
    ],
)
def test_files_that_cannot_be_read(file: str, problem: str) -> None:
    Path("mine/bad.toml").write_text(f'extends = "us_late_2025"\n[funds]\nfile = {file}\n', "utf-8")
    assert problem in refusal("mine/bad.toml")


def test_a_total_that_contradicts_the_rows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"funds.count = 50 contradicts funds.csv; allowed is 30"):
        load("mine/us_late_2025.toml", **{"funds.count": 50})


def test_rows_in_any_order_and_blank_lines_at_the_end(mine: Scenario) -> None:
    path = Path("mine/funds.csv")
    text = path.read_text("utf-8")
    header, *rows = text.splitlines()
    try:
        path.write_text("\ufeff" + "\r\n".join([header, *reversed(rows), "", ""]), "utf-8")
        assert load("mine/us_late_2025.toml").digest == mine.digest
    finally:
        path.write_text(text, "utf-8")


def test_bad_tables_end_the_command_line_with_two() -> None:
    Path("mine/bad.toml").write_text('extends = "us_late_2025"\nfunds.file = "none.csv"\n', "utf-8")
    result = CliRunner().invoke(app, ["check", "mine/bad.toml"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
