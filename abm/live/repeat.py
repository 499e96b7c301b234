"""How to make a session again without the page: one command, or a scenario file."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from abm.scenario import Scenario

SHELL_LIMIT = 100_000  # characters that every shell takes on one line


def command(
    scenario: Scenario, shipped: bool, dials: Mapping[str, float], seed: int, until: int, file: str
) -> tuple[str, bool]:
    """The command that repeats a run to the bit up to a day, and whether it needs the file of `to_toml` to be kept.

    `scenario` is the run's own, with all that was done; `dials` are its differences from a shipped one.
    """
    days = ["--until", str(until)] if 1 <= until < scenario.run.ticks else []
    changes = [f"{path}={json.dumps(value)}" for path, value in dials.items()]
    if scenario.actions:
        changes.append(f"actions={actions_in_toml(scenario)}")
    line = ["powderkeg", "run", scenario.name, "--seed", str(seed)]
    line = shlex.join([*line, *(part for change in changes for part in ("--set", change)), *days])
    if shipped and len(line) < SHELL_LIMIT:
        return line, False
    return shlex.join(["powderkeg", "run", file, "--seed", str(seed), *days]), True


def actions_in_toml(scenario: Scenario) -> str:
    """All timed actions as a TOML array on one line."""
    tables = (
        ", ".join(f"{key} = {json.dumps(value)}" for key, value in action.model_dump().items())
        for action in scenario.actions
    )
    return "[" + ", ".join(f"{{{table}}}" for table in tables) + "]"
