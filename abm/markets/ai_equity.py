"""AI equity: shares of those who build and sell artificial intelligence. The story is about them."""

from __future__ import annotations

from abm.markets.market import Market

MARKET = Market(
    name="ai_equity",
    label="AI equity",
    spark_share=lambda _: 1.0,
    belief_per_doubter=lambda scenario: -scenario.narrative.worth_of_belief,
)
