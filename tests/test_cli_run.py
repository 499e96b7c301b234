"""`powderkeg run`: its files, its words, its exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from abm.experiments.results import RunPlots

SMALL = ["run.ticks=60", "spark.start=10", "funds.count=20", "margin_accounts.count=5"]
SMALL_WORLD = [part for change in SMALL for part in ("--set", change)]
KEYS = {
    "drawdown",
    "days_to_half",
    "worst_20_day_share",
    "worst_day",
    "speed",
    "acceleration",
    "amplification",
    "verdict_real",
    "verdict_financial",
    "funds_failed_share",
    "dealers_failed",
    "banks_failed",
    "banks_failed_asset_share",
    "bank_capital_change",
    "forced_sales_bn",
    "note_discount_max",
    "broad_drawdown",
}
TABLES = {"ticks", "events", "agents", "flows", "revaluations", "balance_sheets"}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out of what is written: they take most of the time."""
    monkeypatch.setattr(RunPlots, "save", lambda _plots, _folder: None)
    monkeypatch.setattr("abm.report.pages.run_report", lambda *_: "")


def test_a_run_leaves_its_files_and_says_so(powderkeg: Run) -> None:
    code, out, err = powderkeg("run", *SMALL_WORLD, "--out", "here")
    assert code == 0, err
    names = {path.name for path in Path("here").iterdir()}
    assert {f"{table}.parquet" for table in TABLES} | {"manifest.json", "summary.json"} <= names
    assert {".png", ".svg"} <= {Path(name).suffix for name in names}
    assert "contained" in out or "correction" in out
    assert "here" in err
    assert listing() == ["here"]


@pytest.mark.usefixtures("undrawn")
def test_json_is_all_there_is_on_stdout(powderkeg: Run) -> None:
    code, out, _ = powderkeg("run", *SMALL_WORLD, "--seed", "3", "--json", "-q")
    answer = json.loads(out)
    assert code == 0
    assert answer.keys() == {"agents", "seed", "summary"}
    assert (answer["seed"], type(answer["agents"])) == (3, int)
    assert answer["agents"] >= 20
    assert answer["summary"].keys() >= KEYS
    assert answer["summary"]["acceleration"] is not None
    assert not [value for value in answer["summary"].values() if isinstance(value, dict | list)]


@pytest.mark.usefixtures("undrawn")
def test_without_twins_what_they_would_give_is_null(powderkeg: Run) -> None:
    _, out, _ = powderkeg("run", *SMALL_WORLD, "--no-twins", "--json", "-q")
    summary = json.loads(out)["summary"]
    assert summary.keys() >= KEYS
    assert summary["acceleration"] is None
    assert summary["amplification"] is None
    assert summary["drawdown"] is not None


@pytest.mark.usefixtures("undrawn")
def test_the_same_scenario_and_seed_give_the_same_bytes(powderkeg: Run) -> None:
    for folder in ("first", "second"):
        assert powderkeg("run", *SMALL_WORLD, "--out", folder, "-q")[0] == 0
    for name in sorted(path.name for path in Path("first").iterdir() if path.suffix in (".parquet", ".json")):
        assert Path("first", name).read_bytes() == Path("second", name).read_bytes(), name


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_saved_state_goes_on_with_the_same_bits(powderkeg: Run) -> None:
    whole = ["run", *SMALL_WORLD, "-q", "--no-twins", "--check"]
    assert powderkeg(*whole, "--out", "whole")[0] == 0
    assert powderkeg(*whole, "--out", "half", "--until", "30", "--save", "state")[0] == 0
    assert powderkeg("run", "--from-state", "state", "-q", "--no-twins", "--out", "rest")[0] == 0
    everything, half, rest = (pl.read_parquet(f"{name}/ticks.parquet") for name in ("whole", "half", "rest"))
    assert half.equals(everything.head(30))
    assert rest.equals(everything)


@pytest.mark.usefixtures("undrawn")
def test_a_state_has_its_own_scenario_and_seed(powderkeg: Run) -> None:
    powderkeg("run", *SMALL_WORLD, "-q", "--no-twins", "--until", "5", "--save", "state")
    for more in (["--set", "funds.leverage=2"], ["--seed", "4"], ["us_late_2025"]):
        code, _, err = powderkeg("run", "--from-state", "state", "--out", "rest", *more)
        assert code == 2
        assert one_line(err)


@pytest.mark.slow
def test_the_manifest_makes_the_run_again_and_names_no_one(powderkeg: Run, tmp_path: Path) -> None:
    powderkeg("run", *SMALL_WORLD, "--seed", "5", "--out", "here", "-q")
    text = Path("here", "manifest.json").read_text("utf-8")
    manifest = json.loads(text)
    assert manifest["seed"] == 5
    assert manifest["scenario"]["funds"]["count"]["value"] == 20
    assert set(manifest["files"]) == {path.name for path in Path("here").iterdir()} - {"manifest.json"}
    for forbidden in (str(tmp_path), str(Path.home()), os.environ.get("USER") or "\0"):
        assert forbidden not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--seed", "-1"],
        ["run", "--seed", "many"],
        ["run", "--seed", str(2**64)],
        ["run", "--set", "funds.cuont=20"],
        ["run", "--set", "funds.count"],
        ["run", "--set", "funds.count=nan"],
        ["run", "--set", "funds.count=20", "--set", "funds.count=30"],
        ["run", "--set", "run.ticks=999999999999"],
        ["run", "no_such_scenario"],
        ["run", "nowhere/nothing.toml"],
        ["run", "--until", "0"],
        ["run", "--until", "1000000"],
        ["run", "--from-state", "nothing"],
        ["run", "--from-state", "not_a_state"],
        ["run", "--from-state", "full"],
        ["run", "--save", "nowhere/state", *SMALL_WORLD],
        ["run", "--out", "full"],
        ["run", "--out", "not_a_state"],
        ["run", "--out", "not_a_state/below"],
        ["run", "--out", "x\0y"],
        ["run", "--no-such-option"],
        ["no_such_command"],
        ["compare", "--days", "0"],
        ["compare", "--days", "1"],
        ["compare", "--days", "1", "--days", "1"],
        ["compare", "--days", "1", "--days", "99999999"],
        ["compare", "--seeds", "0"],
        ["compare", "--seeds", "one"],
        ["compare", "--workers", "0"],
        ["compare", "--seed", "-3"],
        ["compare", "--out", "full"],
        ["compare", "--set", "spark.speed=1"],
        ["demo", "--seeds", "0"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_code_2(powderkeg: Run, arguments: list[str]) -> None:
    Path("full").mkdir()
    Path("full", "mine.txt").write_text("mine")
    Path("not_a_state").write_text("no state")
    code, out, err = powderkeg(*arguments)
    assert code == 2, err
    assert out == ""
    assert one_line(err)
    assert "Traceback" not in err
    assert set(listing()) - {"outputs"} == {"full", "not_a_state"}


@pytest.mark.parametrize("words", [["--days", "1", "--days", "0"], ["--days=1", "--days=0"]], ids=" ".join)
def test_a_bad_option_is_named_with_its_values(powderkeg: Run, words: list[str]) -> None:
    code, _, err = powderkeg("compare", *words)
    assert code == 2
    assert "'--days'" in err
    assert "(given: 1, 0)" in err


def test_a_folder_below_a_file_is_one_line(powderkeg: Run) -> None:
    Path("file").touch()
    code, _, err = powderkeg("run", *SMALL_WORLD, "--out", "file/here")
    assert code == 2
    assert one_line(err)
    assert "file/here: cannot be written" in err


@pytest.mark.skipif(os.name != "posix", reason="modes of folders are a matter of POSIX systems")
def test_a_folder_that_cannot_be_written_is_one_line(powderkeg: Run) -> None:
    Path("locked").mkdir(mode=0o500)
    closed = "locked" if os.geteuid() else "/sys"  # where root cannot write either
    code, _, err = powderkeg("run", *SMALL_WORLD, "--out", f"{closed}/here")
    assert code == 2
    assert one_line(err)
    assert f"{closed}/here: cannot be written" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to try")
def test_a_full_disk_is_one_line(powderkeg: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda _, content: write(Path("/dev/full"), content))
    code, _, err = powderkeg("run", *SMALL_WORLD, "--no-twins", "--out", "here", "-q")
    assert code == 2
    assert one_line(err)
    assert "No space left" in err
    assert listing() == []


def test_books_that_do_not_close_are_code_1(powderkeg: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from abm.economy import Economy
    from abm.errors import CheckFailed

    def fail(_economy: Economy, _until: int) -> None:
        raise CheckFailed("tick 3, settle: margin_loans: the two sides differ by 5 $bn")

    monkeypatch.setattr(Economy, "advance", fail)
    code, _, err = powderkeg("run", *SMALL_WORLD, "--check", "-q")
    assert code == 1
    assert one_line(err)
    assert "differ by 5" in err


def test_an_interrupt_is_code_130_and_leaves_nothing(powderkeg: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from abm.economy import Economy

    def interrupt(_economy: Economy, _until: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Economy, "advance", interrupt)
    code, _, err = powderkeg("run", *SMALL_WORLD, "--out", "here", "-q")
    assert code == 130
    assert err.split() == ["interrupted"]
    assert listing() == []


def test_help_and_version_load_nothing_heavy() -> None:
    script = (
        "import sys; from abm.cli import main; code = main(['run', '--help']) + main(['--version']);"
        "heavy = {'numba', 'numpy', 'polars', 'matplotlib', 'mesa', 'pandas', 'rich'} & set(sys.modules);"
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "--from-state" in done.stdout
    assert "powderkeg 0." in done.stdout


def test_a_group_without_a_command_explains_itself(powderkeg: Run) -> None:
    for arguments in ([], ["scenarios"]):
        code, out, err = powderkeg(*arguments)
        assert (code, err) == (0, "")
        assert "Commands:\n" in out


@pytest.mark.skipif(os.name != "posix", reason="pipes of the shell")
@pytest.mark.parametrize("command", ["scenarios params | head -1", "scenarios list | true"])
def test_a_reader_that_leaves_early_is_no_error(command: str) -> None:
    command = f"{sys.executable} -m abm {command} >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == ["0"]


def listing() -> list[str]:
    return sorted(path.name for path in Path.cwd().iterdir())


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and len(text) > 10
