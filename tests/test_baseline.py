"""Results that were looked at and stored. `make baseline` writes them anew; the changelog then says why.

Numbers must agree everywhere to within 1e-9; on the platform that wrote them, all bits must.
"""

import json
import platform
import sys
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
import pytest
from worlds import crash_world, default, digests, events, finished

from abm.economy import Economy
from abm.outcome.events import KINDS

FOLDER = Path(__file__).parent / "baselines"
RUNS = {"us_late_2025": (default, 1), "crash": (crash_world, 27)}


def fingerprint() -> dict[str, str]:
    """What bits may depend on."""
    return {
        "machine": platform.machine(),
        "processor": llvmlite.binding.get_host_cpu_name(),
        "system": platform.system(),
        "libc": " ".join(platform.libc_ver()),
        "python": ".".join(map(str, sys.version_info[:2])),
        "numpy": np.__version__,
        "numba": numba.__version__,
    }


def numbers(economy: Economy) -> dict[str, float]:
    """What a reader would look at first."""
    rows, last = economy.rows, economy.rows[-1]
    found = {
        "price_ai_equity_end": last["price"][0],
        "price_broad_equity_end": last["price"][1],
        "price_notes_end": last["price"][2],
        "price_ai_equity_lowest": rows["price"][:, 0].min(),
        "note_discount_largest": np.abs(rows["discount"][:, 2]).max(),
        "depth_ai_equity_least": rows["depth"][:, 0].min(),
        "believers_end": last["believers"],
        "forced_sales": rows["forced_sales"].sum(),
        "funds_net_asset_value_end": last["net_asset_value"][0],
        "funds_debt_end": last["debt"][0],
        "failed_end": last["failed"].sum(),
        "dealer_losses": rows["dealer_losses"].sum(),
        "bank_losses": rows["bank_losses"].sum(),
        "bank_capital_end": last["bank_capital"],
        "deposits_end": last["deposits"],
    }
    log = events(economy)
    counts = np.bincount(log["kind"], minlength=len(KINDS))
    found |= {f"events_{kind}": count for kind, count in zip(KINDS, counts, strict=True)}
    return {name: float(value) for name, value in found.items()}


@pytest.mark.parametrize("name", RUNS)
def test_results_are_those_that_were_stored(name: str, refresh_baseline: bool) -> None:
    world, seed = RUNS[name]
    economy = finished(world(), seed)
    file = FOLDER / f"{name}.json"
    now: dict[str, Any] = {
        "scenario": economy.scenario.digest,
        "seed": seed,
        "numbers": numbers(economy),
        "written_on": fingerprint(),
        "digests": digests(economy),
    }
    if refresh_baseline:
        file.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
        return
    stored = json.loads(file.read_text(encoding="utf-8"))
    assert now["scenario"] == stored["scenario"], "the scenario has changed: look at the results, then make baseline"
    assert now["numbers"] == pytest.approx(stored["numbers"], rel=1e-9, abs=1e-9)
    if now["written_on"] == stored["written_on"]:
        assert now["digests"] == stored["digests"]
