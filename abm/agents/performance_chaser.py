"""Those who chase returns: savers who put money where it has grown and take it out where it has shrunk.

They have holdings and money of their own and never take the other side of anybody's trade
(`contagion/performance_chasing.py`).
"""

from __future__ import annotations

from abm.ledger.chart import AI_EQUITY, DEPOSITS, N_TRADED
from abm.records import Record, asset, intent, pointer, term

PERFORMANCE_CHASER = Record(
    "chaser",
    (
        term("id", "identity", "the chaser's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        asset("units", AI_EQUITY, "securities held", size=N_TRADED),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        intent("orders", "units", "to buy (+) or sell (-)", size=N_TRADED),
    ),
)
