"""`powderkeg map` and `powderkeg report` on a folder: files beside it, and one sentence for what is wrong."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from synthetic_sweep import crises, grid

from abm.sweep.folder import open_sweep, working_in

pytestmark = pytest.mark.slow  # each draws figures
X, Y = "funds.leverage", "spark.days"
NAME = f"map_{X}_{Y}_verdict_financial_is_banking_crisis"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep whose rows were written down without being run; banking crises at twice today's leverage."""
    plan = grid({X: [1.0, 2.0], Y: [1, 100]}, 4)
    path = tmp_path_factory.mktemp("outputs") / "by_hand"
    outcome = crises(lambda values: values[X] - 1.0, 4)
    with working_in(path, plan) as work:
        for number in range(plan.n_runs):
            row = plan.row(number)
            content = {"row": number, "outcome": outcome(row.values, row.replication, number), "status": "ok"}
            content |= {"reason": None, "traceback": None, "seconds": 1.0, "worker": "main", "attempts": 1}
            work.write_down(content, {})
        work.finish()
    return path


def test_a_map_is_written_with_its_numbers(powderkeg: Run, folder: Path, tmp_path: Path) -> None:
    code, out, err = powderkeg("map", str(folder), X, Y, "--out", str(tmp_path / "maps"))
    assert code == 0, err
    assert {file.name for file in (tmp_path / "maps").iterdir()} == {
        *(f"{NAME}.{ending}" for ending in ("png", "svg", "csv")), f"{NAME}_edge.csv"
    }  # fmt: skip
    assert pl.read_csv(tmp_path / "maps" / f"{NAME}.csv")["value"].to_list() == [0.0, 1.0, 0.0, 1.0]
    assert "100.0 %" in out
    assert f"{NAME}.png" in err


def test_what_is_there_is_kept_unless_forced(powderkeg: Run, folder: Path, tmp_path: Path) -> None:
    arguments = ("map", str(folder), X, Y, "--paper", "--out", str(tmp_path), "--quiet")
    assert powderkeg(*arguments)[::2] == (0, "")
    assert powderkeg(*arguments)[0] == 0
    (tmp_path / f"{NAME}_paper.csv").write_text("mine")
    code, _, err = powderkeg(*arguments)
    assert code == 2
    assert "--force" in err
    assert (tmp_path / f"{NAME}_paper.csv").read_text() == "mine"
    assert powderkeg(*arguments, "--force")[0] == 0


def test_the_report_goes_beside_the_data(powderkeg: Run, folder: Path) -> None:
    code, _, err = powderkeg("report", str(folder), "--format", "parquet")
    assert code == 0, err
    assert (folder / "report.html").exists()
    assert (folder / "figures" / f"{NAME}.parquet").exists()
    assert open_sweep(folder).complete  # and the sweep is still one


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((X, "funds.crowding"), "is not scanned"),
        ((X, Y, "--outcome", "verdict_financal=calm"), "did you mean verdict_financial?"),
        ((X, Y, "--by", X), "allowed are different ones"),
        ((X, Y, "--format", "xlsx"), "allowed is one of csv, parquet"),
        ((X, Y, "--level", "nan"), "is no number"),
    ],
)
def test_what_cannot_be_mapped_is_refused(powderkeg: Run, folder: Path, tmp_path: Path, arguments, said) -> None:
    code, out, err = powderkeg("map", str(folder), *arguments, "--out", str(tmp_path / "maps"))
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "maps").exists()


def test_a_folder_that_holds_no_sweep_is_refused(powderkeg: Run, tmp_path: Path) -> None:
    for command in (("map", str(tmp_path), X, Y), ("report", str(tmp_path))):
        code, _, err = powderkeg(*command)
        assert code == 2
        assert "allowed is" in err
    assert list(tmp_path.iterdir()) == []
