"""What is in examples/ runs as a user would run it; scripts with fewer points than by default."""

import runpy
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

import abm

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / "first_run.ipynb", as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    pictures = [o for cell in cells for o in cell.outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 2


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(EXAMPLES / "first_run.ipynb", as_version=4)
    assert 8 <= len(notebook.cells) <= 14
    assert not [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]


@pytest.mark.slow
def test_the_sobol_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(EXAMPLES / "sobol_with_salib.py"))["main"]
    indices = main(n=8, n_ticks=100)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("40 runs of 100 days: AI equity falls by ")
    assert [line.split()[0] for line in said[2:]] == list(indices) == ["spark.total", "spark.days", "funds.leverage"]
    totals = {dial: total for dial, (_, total) in indices.items()}
    assert max(totals, key=totals.__getitem__) == "spark.total"
    assert min(totals.values()) >= 0


@pytest.mark.slow
def test_the_calibration_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(EXAMPLES / "calibrate_with_optuna.py"))["main"]
    spark, found = main(target=0.4, trials=12, n_ticks=100, seeds=1)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 7
    simulate = abm.simulator(parameters=["spark.total"], series=["price_ai_equity"])
    prices = np.append(1.0, simulate([spark], 100, 0)[:, 0])
    assert found == pytest.approx(1 - (prices / np.maximum.accumulate(prices)).min())
    assert abs(found - 0.4) < 0.05
    assert said[2].split() == [f"{spark:.3f}", f"{found:.1%}"]
