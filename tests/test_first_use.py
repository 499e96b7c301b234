"""The first use on a machine: what the user sees, and that two processes compile what one would."""

import subprocess
from collections.abc import Callable

import pytest

from abm.bench import cold_start
from abm.cli import first_use
from abm.cli.screen import Screen
from abm.tick import TICK

NAMES = [phase.name for phase in TICK]
SENTENCE = "compiling the rules, once, half a minute to a minute\n"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., None]]:
    """Whom the compiler was asked to report to, on a machine that has compiled nothing yet."""
    found: list[Callable[..., None]] = []
    monkeypatch.setattr("abm.compiled.is_cold", lambda: True)
    monkeypatch.setattr(first_use, "compile_rules", found.append)
    return found


def test_a_first_use_says_so_and_compiles(asked: list[Callable[..., None]], capsys: Capture) -> None:
    Screen().compile_if_cold()
    assert capsys.readouterr() == ("", SENTENCE)
    assert len(asked) == 1
    Screen(quiet=True).compile_if_cold()
    assert capsys.readouterr() == ("", "")
    assert len(asked) == 2


def test_a_second_use_says_and_compiles_nothing(
    asked: list[Callable[..., None]], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("abm.compiled.is_cold", lambda: False)
    Screen().compile_if_cold()
    assert capsys.readouterr() == ("", "")
    assert not asked


@pytest.mark.slow
def test_the_rules_are_compiled_phase_by_phase_and_the_other_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    begin, said = subprocess.Popen, []
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(begin(*a, **k)) or started[-1])
    monkeypatch.setattr(first_use, "cores", lambda: 2)
    first_use.compile_rules(lambda *now: said.append(now))
    assert said == [(done, len(NAMES), name) for done, name in enumerate(NAMES)]
    assert [process.poll() is None for process in started] == [False]
    monkeypatch.setattr(first_use, "cores", lambda: 1)
    first_use.compile_rules(lambda *_: None)
    assert len(started) == 1, "a single core is not shared"


def test_a_day_backwards_calls_all_phases() -> None:
    """Rules are made for the order of a tick; on opening books they run in the other one, too, and to the end."""
    said = []
    first_use.one_day(lambda _done, _of, name: said.append(name), backwards=True)
    assert said == NAMES[::-1]
    first_use.one_day(lambda _done, _of, name: said.append(name))
    assert said == NAMES[::-1] + NAMES, "later runs have the order of a tick again"


def test_help_takes_less_than_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold_start, "COMMANDS", cold_start.COMMANDS[:1])
    told = []
    (found,) = cold_start.cold_start(lambda *now: told.append(now))
    assert (found.name, told) == ("help", [(1, 1)])
    assert found.processor_seconds < 0.5
    assert found.seconds > 0.0
