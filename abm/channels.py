"""The channels of contagion by name: each has a switch in the scenario, and off means exactly nothing."""

from __future__ import annotations

(
    ORDINARY_TRADING,
    NARRATIVE_FEEDBACK,
    COMMON_STORY,
    MARGIN_CALLS,
    MARGIN_PROCYCLICALITY,
    RISK_LIMITS,
    REDEMPTIONS,
    CROSS_ASSET_SALES,
    DEPTH_SPIRAL,
    FINITE_BUYERS,
    PERFORMANCE_CHASING,
    CROWDING_REVEALED,
    FUND_DEFAULT_LOSSES,
    DEALER_RUNS,
    CREDIT_TIGHTENING,
    CRYPTO_LIQUIDATIONS,
    STABLECOIN_RUNS,
    RESERVE_DEPOSITS,
    RESERVE_TREASURIES,
    DEPOSIT_RUNS,
    BANK_ASSET_SALES,
    INTERBANK,
    REAL_ECONOMY,
    PRIVATE_CREDIT,
) = range(24)
NO_CHANNEL = -1  # news, timed actions and other roots

CHANNELS: tuple[str, ...] = (
    "ordinary_trading",
    "narrative_feedback",
    "common_story",
    "margin_calls",
    "margin_procyclicality",
    "risk_limits",
    "redemptions",
    "cross_asset_sales",
    "depth_spiral",
    "finite_buyers",
    "performance_chasing",
    "crowding_revealed",
    "fund_default_losses",
    "dealer_runs",
    "credit_tightening",
    "crypto_liquidations",
    "stablecoin_runs",
    "reserve_deposits",
    "reserve_treasuries",
    "deposit_runs",
    "bank_asset_sales",
    "interbank",
    "real_economy",
    "private_credit",
)
N_CHANNELS = len(CHANNELS)
