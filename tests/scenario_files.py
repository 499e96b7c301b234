"""What the tests of scenario files share."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.errors import InputError
from abm.scenario import load

CHILD = 'format = 1\nextends = "us_late_2025"\n'
ALL_ACTIONS = [
    {"kind": "spark", "tick": 100, "total": -0.1, "days": 5},
    {"kind": "switch", "tick": 200, "channel": "margin_calls", "on": False},
    {"kind": "buy_notes", "tick": 300, "per_day": 50.0, "days": 10},
    {"kind": "policy", "tick": 400, "policy": "lending", "on": True},
    {"kind": "shock", "tick": 500, "market": "crypto", "total": 0.1, "days": 2},
    {"kind": "loss", "tick": 600, "of": "largest_banks", "place": 0, "capital": 0.5},
]


def write(content: str | bytes, name: str = "mine.toml") -> str:
    """Write a file into the current folder; returns its name."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def refusal(*args, **overrides) -> str:
    """The sentence with which a scenario is refused."""
    with pytest.raises(InputError) as caught:
        load(*args, **overrides)
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert len(sentence) < 2500
    return sentence
