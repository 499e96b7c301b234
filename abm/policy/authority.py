"""The authority: which of its policies are in force, and what it remembers between days.

It sees at nightfall what the day has done and acts the next morning. A standing rule is written into the memory
of those whom it binds, who then keep it themselves; an intervention is an order or a posting like anybody's.
"""

from __future__ import annotations

import numpy as np

from abm.policy import POLICIES
from abm.records import Record, memory
from abm.scenario import Scenario

BY_DECREE = 2  # buys until the decree ends
YIELD_DAYS = 21  # of memory: one more than any trigger looks back

AUTHORITY = Record(
    "authority",
    (
        *(memory(name, "0 or 1", f"1 while {name} is in force", kind="i8") for name in POLICIES),
        memory("awake", "0 or 1", "1 from the first day on which any policy was in force", kind="i8"),
        memory("events_seen", "count", "events up to its last look", kind="i8"),
        memory("yields", "basis points", "change of the note yield since the start, by day", size=YIELD_DAYS),
        memory("buying", "0, 1, 2", "1 while it buys notes because their market broke down, 2 by decree", kind="i8"),
        memory("bought", "$bn", "notes bought since the trigger"),
        memory("guarantee_days", "days", "since it has stood behind all deposits, 0: it does not", kind="i8"),
        memory("released", "0 or 1", "1 while banks may use their buffers", kind="i8"),
        memory("best_capital", "$bn", "most capital that all banks have had"),
    ),
)


def open_authority(scenario: Scenario) -> np.ndarray:
    """Return the authority with the policies that the scenario has on."""
    authority = AUTHORITY.open(1)
    for name in POLICIES:
        authority[name] = getattr(scenario.policy, name).on
        authority["awake"] |= authority[name]
    return authority


def decree(authority: np.ndarray, name: str, on: bool) -> None:
    """Put a policy in force or end it. Who decrees an intervention on a day does not wait for its trigger."""
    authority[name] = on
    authority["awake"] = 1
    if name == "note_purchases":
        authority["buying"] = BY_DECREE if on else 0
    elif name == "deposit_guarantee":
        authority["guarantee_days"] = on
