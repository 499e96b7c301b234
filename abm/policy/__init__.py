"""What an authority may do, by name: each has a file here and a block in the scenario, and is off by default."""

from __future__ import annotations

POLICIES: tuple[str, ...] = (
    "leverage_cap",
    "margin_floors",
    "margin_buffers",
    "bank_capital",
    "firewall",
    "stablecoin_reserves",
    "circuit_breaker",
    "note_purchases",
    "lending",
    "deposit_guarantee",
)
