"""Policy `stablecoin_reserves`: coins are backed by deposits, repo and Treasuries alone, and little of it at banks.

As the GENIUS Act of July 2025 has it, with a limit on deposits of our own. A matter of the first books: issuers
open with bills where they held other things, or more deposits than they may, and go on in that mix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abm.scenario import Scenario
    from abm.scenario.crypto import Issuer

RESERVES = ("deposits", "repo", "bills", "notes", "crypto", "other")


def reserves_of(scenario: Scenario, issuer: Issuer) -> dict[str, float]:
    """Return an issuer's reserves against its coins, by kind: its own mix, or what the rule lets it hold."""
    mix = {name: float(getattr(issuer, name)) for name in RESERVES}
    rule = scenario.policy.stablecoin_reserves
    if rule.on:
        deposits = min(mix["deposits"], rule.most_deposits)
        mix["bills"] += mix["deposits"] - deposits + mix["crypto"] + mix["other"]
        mix |= {"deposits": deposits, "crypto": 0.0, "other": 0.0}
    return mix
