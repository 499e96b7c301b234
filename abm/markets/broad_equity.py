"""Broad equity: the rest of the share market, which hears a part of the story."""

from __future__ import annotations

from abm.markets.market import Market

MARKET = Market(
    name="broad_equity",
    label="Broad equity",
    spark_share=lambda scenario: scenario.spark.broad_share,
    belief_per_doubter=lambda scenario: -scenario.narrative.worth_of_belief * scenario.narrative.broad_share,
)
