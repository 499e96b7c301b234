"""The channels of contagion by name: each has a switch in the scenario, and off means exactly nothing."""

from __future__ import annotations

(
    ORDINARY_TRADING,
    NARRATIVE_FEEDBACK,
    MARGIN_CALLS,
    CROSS_ASSET_SALES,
    DEPTH_SPIRAL,
    FINITE_BUYERS,
    FUND_DEFAULT_LOSSES,
) = range(7)
NO_CHANNEL = -1  # news, timed actions and other roots

CHANNELS: tuple[str, ...] = (
    "ordinary_trading",
    "narrative_feedback",
    "margin_calls",
    "cross_asset_sales",
    "depth_spiral",
    "finite_buyers",
    "fund_default_losses",
)
N_CHANNELS = len(CHANNELS)
