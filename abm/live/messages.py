"""What a page may say to its session: every message checked anew here, whatever the page has let through."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from abm.errors import InputError, shown

# The dials of the page, and how far its sliders go; what is allowed is the scenario's own to say.
DIALS: Mapping[str, tuple[float, float, float]] = {
    "funds.leverage": (0.0, 4.0, 0.1),
    "funds.crowding": (0.0, 2.0, 0.1),
    "stablecoins.supply": (0.0, 3000.0, 5.0),
    "banks.capital": (0.3, 2.0, 0.05),
}
SPEEDS = (5, 10, 25, 50, 100, 0)  # days a second; 0: as many as there is time for
PACE = 25  # of them, the one that a page opens with
FASTEST = 1000
LONGEST = 10_000  # characters of a message
FAR = 2**53  # whole numbers that a browser can tell apart


@dataclass(frozen=True)
class Start:
    """How a session begins: `own_spark` lights the scenario's spark on its day, else it waits to be lit by hand."""

    scenario: str
    seed: int
    dials: Mapping[str, float]
    own_spark: bool
    total: float
    days: int
    side_by_side: bool
    slow_days: int


def read(text: str) -> dict[str, Any]:
    """The message that a page sent. Raises InputError for anything that is none."""
    if len(text) > LONGEST:
        raise InputError(f"message: has {len(text)} characters; allowed are {LONGEST}")
    try:
        message = json.loads(text, parse_constant=lambda _: math.nan)
    except (ValueError, RecursionError):
        raise InputError("message: is no JSON; allowed is an object") from None
    if not isinstance(message, dict) or not isinstance(message.get("do"), str):
        raise InputError('message: says not what to do; allowed is an object with a text "do"')
    return message


def start_of(message: Mapping[str, Any]) -> Start:
    """The beginning that a page asks for; what numbers may be is checked by the scenario itself."""
    dials = message.get("dials", {})
    if not isinstance(dials, dict):
        raise InputError(f"dials = {shown(dials)} is no table; allowed are dials by name")
    for path in dials:
        if path not in DIALS:
            raise InputError(f"dials: {shown(path)} is not a dial of the page; allowed are {', '.join(DIALS)}")
    scenario = message.get("scenario")
    if not isinstance(scenario, str):
        raise InputError(f"scenario = {shown(scenario)} is not a name; allowed are those on the page")
    return Start(
        scenario=scenario,
        seed=whole(message, "seed", 0, FAR),
        dials=dict(dials),
        own_spark=on_or_off(message, "own_spark"),
        total=number(message, "total", -3.0, 3.0),
        days=whole(message, "days", 1, 100_000),
        side_by_side=on_or_off(message, "side_by_side"),
        slow_days=whole(message, "slow_days", 1, 100_000),
    )


def action_of(message: Mapping[str, Any], tick: int) -> dict[str, Any]:
    """The timed action that a page asks for, put down for the coming day; the scenario judges what it says."""
    action = message.get("action")
    if not isinstance(action, dict) or not isinstance(action.get("kind"), str):
        raise InputError(f"action = {shown(action)} has no kind; allowed is a timed action as a scenario has it")
    return {**action, "tick": tick}


def whole(message: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{name} = {shown(value)} is not allowed; allowed is a whole number from {low} to {high}")
    return value


def number(message: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"{name} = {shown(value)} is not allowed; allowed is a number from {low:g} to {high:g}")
    return float(value)


def on_or_off(message: Mapping[str, Any], name: str) -> bool:
    value = message.get(name)
    if not isinstance(value, bool):
        raise InputError(f"{name} = {shown(value)} is not allowed; allowed is true or false")
    return value
