"""A live session without a browser: repeated to the bit, checked on the server, refused to strangers."""

from __future__ import annotations

import json
import random
import shlex
from pathlib import Path
from typing import Any

import pytest

import abm
from abm.cli.options import chosen_scenario
from abm.economy import Economy
from abm.errors import InputError
from abm.live.messages import Start, action_of, read, start_of
from abm.live.session import Session, beginning
from abm.scenario import Scenario

SMALL = {
    "run.ticks": 60,
    "spark.start": 10,
    "funds.count": 20,
    "margin_accounts.count": 5,
    "crypto.holders": 100,
}


@pytest.fixture(scope="module")
def small() -> Scenario:
    return abm.load("us_late_2025", **SMALL)


def start(scenario: Scenario, **changes: Any) -> Start:
    return Start(**{**vars(beginning(scenario)), **changes})


def play(session: Session, days: int) -> None:
    for _ in range(days):
        session.step()


def spark(session: Session, total: float = 0.5, days: int = 1) -> None:
    session.act({"kind": "spark", "tick": session.tick, "total": total, "days": days})


def same_bits(one: Economy, other: Economy) -> bool:
    mine, its = one.tables(), other.tables()
    return all(getattr(mine, name).equals(getattr(its, name)) for name in vars(mine))


def repeated(line: str, folder: Path) -> Economy:
    """The run of a command as the page shows it, for a scenario in a folder or a shipped one."""
    words = shlex.split(line)
    assert words[:2] == ["powderkeg", "run"]
    options: dict[str, list[str]] = {}
    for name, value in zip(words[3::2], words[4::2], strict=True):
        options.setdefault(name, []).append(value)
    assert set(options) <= {"--seed", "--set", "--until"}
    name = words[2] if not words[2].endswith(".toml") else str(folder / words[2])
    economy = Economy(chosen_scenario(name, options.get("--set")), int(options["--seed"][0]))
    economy.advance(int(options["--until"][0]) if "--until" in options else None)
    return economy


def everything_pressed(session: Session) -> None:
    play(session, 4)
    spark(session, 0.8)
    session.act({"kind": "policy", "tick": session.tick, "policy": "note_purchases", "on": True})
    play(session, 3)
    session.act({"kind": "switch", "tick": session.tick, "channel": "margin_calls", "on": False})
    session.act({"kind": "loss", "tick": session.tick, "of": "largest_banks", "place": 0, "capital": 0.9})
    play(session, 2)
    session.act({"kind": "policy", "tick": session.tick, "policy": "leverage_cap", "on": True})
    session.act({"kind": "buy_notes", "tick": session.tick, "per_day": 10.0, "days": 3})
    session.act({"kind": "shock", "tick": session.tick, "market": "crypto", "total": 0.4, "days": 2})
    play(session, 9)


@pytest.mark.parametrize("side_by_side", [False, True])
def test_a_command_repeats_a_session_to_the_bit(side_by_side: bool, tmp_path: Path) -> None:
    session = Session(abm.load())
    dials = {"funds.leverage": 2.5, "stablecoins.supply": 500.0}
    session.begin(start(abm.load(), seed=3, dials=dials, side_by_side=side_by_side, slow_days=7))
    everything_pressed(session)
    commands = session.commands()
    assert [found["world"] for found in commands] == (["sudden", "gradual"] if side_by_side else ["sudden"])
    for world, found in zip(session.worlds, commands, strict=True):
        assert not found["needs_file"]
        again = repeated(found["command"], tmp_path)
        assert again.tick == session.tick == 18
        assert again.scenario.digest == world.economy.scenario.digest
        assert same_bits(world.economy, again)
