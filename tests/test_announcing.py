"""What `edge`, `explain`, `policy` and `sensitivity` say, and refuse, before their first run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from worlds import SMALL

from abm.distance import worlds as of_worlds
from abm.sweep import needs

pytestmark = pytest.mark.slow

SETS = [part for path, value in {**SMALL, "run.ticks": 45}.items() for part in ("--set", f"{path}={value}")]
EDGE = ("edge", "--outcome", "drawdown", "--level", "0.1", "--range", "1:3", "--seeds", "2")
EXPLAIN = ("explain", "--groups", "depth_spiral;interbank", "--dry-run")
POLICY = ("policy", "--policies", "margin_buffers", "--parts", "alternatives", "--dry-run")
SENSITIVITY = ("sensitivity", "--among", "narrative.con,spark.", "--dry-run")


@pytest.fixture(autouse=True)
def nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_worlds, "sweep", lambda *_, **__: pytest.fail("something was run"))


@pytest.mark.parametrize("command", [EDGE, EXPLAIN, POLICY, SENSITIVITY], ids=lambda command: command[0])
def test_what_the_disk_has_no_room_for_is_refused_before_any_run(
    powderkeg: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple
) -> None:
    monkeypatch.setattr(needs, "BYTES_A_ROW", 10**17)
    code, out, err = powderkeg(*command, *SETS, "--out", "here", "--quiet")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("here: the sweep needs ")
    assert err.endswith("GB are free; allowed is 90% of them\n")
    assert not list(tmp_path.iterdir())
