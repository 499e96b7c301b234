"""What recording costs is measured against runs that are the same but for what they write down."""

import re
from pathlib import Path

import pytest
from worlds import SMALL

from abm.bench import overhead
from abm.economy import Economy
from abm.errors import CheckFailed
from abm.scenario import load

# Uncompiled: the copy's machine code would take a minute.
FEW_DAYS = SMALL | {"run.ticks": 6, "spark.start": 1, "funds.leverage": 3}


@pytest.mark.slow
def test_runs_that_write_nothing_down_end_with_the_same_books(monkeypatch: pytest.MonkeyPatch) -> None:
    economy = Economy(load(**FEW_DAYS), 0)
    economy.advance()
    logged = len(economy.tables().events)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    told = []
    found = overhead.overhead(FEW_DAYS, pairs=2, progress=lambda *now: told.append(now))
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert found.share.n == found.with_tables.n == 2
    assert 0.0 < found.bare < found.days, "writing nothing down takes less"
    assert found.with_tables.mean > found.share.mean
    assert found.tables > 0.0
    assert found.events == logged > 0


@pytest.mark.slow
def test_a_copy_that_is_another_model_is_no_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setitem(overhead.LEFT, "coin_settlement.py", {"earn_and_spend": "return"})
    with pytest.raises(CheckFailed, match="end with other books"):
        overhead.overhead(FEW_DAYS | {"run.ticks": 3}, pairs=1)


def test_the_copy_lacks_what_writes_down_and_nothing_else(tmp_path: Path) -> None:
    overhead.copy_without_recording(tmp_path)
    names = [file.relative_to(overhead.PACKAGE).as_posix() for file in overhead.PACKAGE.rglob("*.py")]
    changed = {
        name for name in names if (tmp_path / "abm" / name).read_bytes() != (overhead.PACKAGE / name).read_bytes()
    }
    assert changed == {"outcome/events.py", "outcome/causes.py", "outcome/recorder.py", "phases.py"}
    left = {name: (tmp_path / "abm" / name).read_text("utf-8") for name in changed}
    assert "journals[" not in left["outcome/recorder.py"]
    assert not re.findall(r"log_event\(|events\[", left["outcome/causes.py"])
    assert not re.findall(r"record_\w+\(", left["phases.py"])
    assert "turn_the_page(" in left["phases.py"]
