"""`powderkeg run --profile`: every moment belongs to one phase or stage, and no number of the run changes."""

import json
from collections.abc import Callable
from itertools import accumulate, count, pairwise

import pytest
from worlds import default, small_world

import abm
import abm.economy
from abm.bench import profile
from abm.bench.profile import BETWEEN, Profile
from abm.experiments.results import RunPlots
from abm.tick import TICK

NAMES = [phase.name for phase in TICK]
STAGES = ["start", "machine code", "opening", "days", "tables", "twins", "files and figures"]
DAYS = 6

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out of what is written: they take most of the time."""
    monkeypatch.setattr(RunPlots, "save", lambda _plots, _folder: None)
    monkeypatch.setattr("abm.report.pages.run_report", lambda *_: "")


def test_every_moment_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that moves by one second whenever it is looked at."""
    clock = count(0.0)
    monkeypatch.setattr(profile, "process_time", lambda: next(clock))
    found = Profile()
    found.run(small_world(), seed=1, until=DAYS)
    found.lap("files and figures")
    assert found.days == DAYS
    assert list(found.phases) == [*NAMES, BETWEEN]
    assert [found.phases[name] for name in NAMES] == [DAYS] * len(NAMES)
    assert found.phases[BETWEEN] == DAYS - 1
    assert list(found.seconds()) == STAGES[1:]
    assert sum(found.seconds().values()) == next(clock) - 1.0


def test_shares_sum_to_one_in_the_order_of_a_tick() -> None:
    found = Profile()
    found.run(small_world(), seed=1, twins=False, until=DAYS)
    rows = found.rows()
    assert [row.phase for row in rows] == [*NAMES, BETWEEN]
    assert sum(row.share for row in rows) == pytest.approx(1.0, abs=1e-12)
    assert [row.cumulated for row in rows] == pytest.approx(list(accumulate(row.share for row in rows)))
    assert all(one.cumulated <= other.cumulated for one, other in pairwise(rows))
    assert sum(row.microseconds_a_day for row in rows) * DAYS / 1e6 == pytest.approx(found.seconds()["days"])


def test_a_profiled_run_has_the_bits_of_any_other() -> None:
    world = small_world()
    plain = abm.run(world, seed=2, changes={"funds.leverage": 3})
    profiled = Profile().run(world, seed=2, changes={"funds.leverage": 3})
    for name, table in vars(plain.tables).items():
        assert getattr(profiled.tables, name).equals(table), name
    assert profiled.twins.keys() == plain.twins.keys()
    assert all(profiled.twins[name].equals(plain.twins[name]) for name in plain.twins)
    assert profiled.overview() == plain.overview()
    assert abm.economy.TICK is TICK


def test_what_breaks_off_is_no_longer_watched() -> None:
    def interrupted(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Profile().run(default(), until=1, twins=False, progress=interrupted)
    assert abm.economy.TICK is TICK


@pytest.mark.usefixtures("undrawn")
def test_the_command_prints_shares_or_json(powderkeg: Run) -> None:
    small = ["--set", "run.ticks=60", "--set", "funds.count=20", "--until", "4", "-q", "--profile"]
    code, out, err = powderkeg("run", *small)
    assert (code, err) == (0, "")
    table = out[out.index("processor time of 4 days") :]
    first = [line.split("  ")[0] for line in table.splitlines()]
    assert [word for word in first if word in NAMES or word == BETWEEN] == [*NAMES, BETWEEN]
    assert [word for word in first if word in STAGES] == STAGES
    code, out, _ = powderkeg("run", *small, "--force", "--json", "--no-twins")
    answer = json.loads(out)
    assert answer.keys() == {"agents", "seed", "summary", "profile"}
    assert [row["phase"] for row in answer["profile"]["phases"]] == [*NAMES, BETWEEN]
    assert list(answer["profile"]["stages"]) == [stage for stage in STAGES if stage != "twins"]
    assert answer["profile"]["days"] == 4


@pytest.mark.parametrize("other", [["--check"], ["--save", "state"]])
def test_what_a_profile_cannot_tell_apart_is_refused(powderkeg: Run, other: list[str]) -> None:
    code, out, err = powderkeg("run", "--profile", *other)
    assert (code, out) == (2, "")
    assert err == (
        f"--profile: with {' '.join(other)} a run does more than its phases; allowed is --profile without it\n"
    )
