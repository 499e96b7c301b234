"""Policy `firewall`: hedge funds, dealers and banks hold no crypto and lend nothing against it.

It is a matter of the first books: whoever opens without crypto never wants any (`contagion/ordinary_trading.py`
returns to the first mix), so that nobody behind the wall can be made to sell it, and no dealer lends against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from abm.scenario import Scenario


def keep_out_crypto(scenario: Scenario, funds: dict[str, np.ndarray]) -> None:
    """Let funds hold inert securities where they held crypto, which its long-term holders then have."""
    if scenario.policy.firewall.on:
        funds["other_securities"] = funds["other_securities"] + funds["crypto"]
        funds["crypto"] = np.zeros(len(funds["crypto"]))
