"""Treasury notes: where money flees to, and what is sold first when cash is needed."""

from __future__ import annotations

from abm.markets.market import Market

MARKET = Market(
    name="notes",
    label="Treasury notes",
    belief_per_doubter=lambda scenario: scenario.narrative.flight_to_notes,
)
