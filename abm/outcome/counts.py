"""What is counted over a run: failures, losses, sales, and what the authority did; keys of the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from abm.agents.stablecoin_issuer import ISSUERS
from abm.outcome.falls import fall_of
from abm.outcome.reduce import BORROWERS, MARKETS, new_cash_needs
from abm.policy.first_books import opening_equity

if TYPE_CHECKING:
    import polars as pl

LOW_PEG = 0.99  # $; below, runs begin in earnest (Anadu et al. 2023)


def outcomes(ticks: pl.DataFrame, scenario: Any) -> dict[str, Any]:
    """What is counted up to the last day of `ticks`."""
    n_funds, n_accounts = int(scenario.funds.count), int(scenario.margin_accounts.count)
    dealer_losses = float(ticks["dealer_losses"].sum()) + float(ticks["dealer_provisions"][-1])
    bank_losses = float((ticks["bank_losses"] - ticks["bank_recoveries"]).sum())
    loan_losses = float(ticks["loans_lost"].sum())
    opening = {
        "bank": opening_equity(scenario),
        "dealer": float(scenario.dealers.capital),
    }

    def last(name: str) -> float:
        return float(ticks[name][-1])

    return {
        "funds_failed_share": last("failed_with_shortfall_funds") / n_funds if n_funds else None,
        "funds_seized_share": last("failed_funds") / n_funds if n_funds else None,
        "margin_accounts_failed_share": (
            last("failed_with_shortfall_margin_accounts") / n_accounts if n_accounts else None
        ),
        "dealers_failed": int(last("dealers_failed")),
        "banks_failed": int(last("banks_failed")),
        "banks_failed_asset_share": last("bank_assets_failed_share"),
        "bank_capital_change": last("bank_capital") / opening["bank"] - 1.0 if opening["bank"] else None,
        "dealer_capital_change": last("dealer_capital") / opening["dealer"] - 1.0 if opening["dealer"] else None,
        "lender_losses_bn": dealer_losses + bank_losses + loan_losses,
        "dealer_losses_bn": dealer_losses,
        "bank_losses_bn": bank_losses,
        "loan_losses_bn": loan_losses,
        "forced_sales_bn": float(forced_by_day(ticks).sum()),
    }


def stress(ticks: pl.DataFrame) -> dict[str, Any]:
    """How hard it was on the worst day."""
    lending, shares = ticks["bank_lending"], ticks["bank_equity_value"]
    return {
        "bank_equity_value_change": float(shares[-1]) / float(shares[0]) - 1.0 if shares[0] else None,
        "deposits_withdrawn_bn": float(ticks["deposits_withdrawn"].sum()),
        "funding_withdrawn_bn": float(ticks["funding_withdrawn"].sum()),
        "redemptions_bn": float(ticks["moved_redemptions"].sum()),
        "public_cost_bn": float(ticks["public_cost"].sum()),
        "output_lowest": float(ticks["output"].to_numpy().min()),
        "data_centre_loans_lost_bn": float(ticks["data_centre_loans_lost"].sum()),
        "credit_funds_failed": int(ticks["credit_funds_failed"][-1]),
        "lines_called_bn": float(ticks["lines_called"].sum()),
        "lines_lost_bn": float(ticks["lines_lost"].sum()),
        "bank_lending_change": float(lending[-1]) / float(lending[0]) - 1.0 if lending[0] else None,
        "forced_sales_worst_day_bn": float(forced_by_day(ticks).max()),
        "cash_needed_bn": sum(new_cash_needs(ticks, s) for s in BORROWERS),
        "cash_obtained_bn": sum(float(ticks[f"cash_obtained_{s}"].sum()) for s in BORROWERS),
        "calls_open_max": int(np.sum([ticks[f"in_call_{s}"].to_numpy() for s in BORROWERS], axis=0).max()),
        "note_discount_max": float(np.abs(np.expm1(ticks["discount_notes"].to_numpy())).max()),
        "depth_min": float(ticks["depth_ai_equity"].to_numpy().min()),
        "fill_share_min": float(ticks["fill_share"].to_numpy().min()),
    }


def crypto_outcomes(ticks: pl.DataFrame) -> dict[str, Any]:
    """What became of crypto, of those who held it on credit, and of stablecoins."""
    lowest = np.min([ticks[f"coin_price_{issuer}"].to_numpy() for issuer in ISSUERS], axis=0)
    cash = np.stack([ticks[f"coin_deposits_{issuer}"].to_numpy() for issuer in ISSUERS])
    supply = np.sum([ticks[f"coin_supply_{issuer}"].to_numpy() for issuer in ISSUERS], axis=0)
    return {
        "crypto_drawdown": fall_of(ticks, "crypto").drawdown,
        "crypto_liquidated_bn": float(ticks["forced_sales_crypto_holders"].sum()),
        "crypto_lender_losses_bn": float(ticks["crypto_lender_losses"].sum()),
        "stablecoin_peg_min": float(lowest.min()),
        "stablecoin_days_below_99": int((lowest < LOW_PEG).sum()),
        "stablecoin_supply_change": float(supply[-1] / supply[0] - 1.0) if supply[0] else None,
        "stablecoin_withdrawn_from_banks_bn": float((np.maximum.accumulate(cash, axis=1) - cash).max(axis=1).sum()),
        "stablecoin_treasuries_sold_bn": float(ticks["forced_sales_issuers"].sum()),
    }


def policy_outcomes(ticks: pl.DataFrame) -> dict[str, Any]:
    """What the authority did, and what it cost."""
    bought, prices = ticks["notes_bought"].to_numpy(), ticks["price_notes"].to_numpy()
    return {
        "policy_bought_bn": float(bought.sum()),
        "policy_gain_on_notes_bn": float((bought / prices).sum() * prices[-1] - bought.sum()),
        "policy_lent_bn": float(ticks["central_bank_loans"].to_numpy().max()),
        "policy_lost_bn": float(ticks["guarantee_cost"].sum()),
        "policy_sold_under_cap_bn": float(ticks["sold_under_cap"].sum()),
        "policy_halts": int(ticks["halts"].sum()),
        "policy_closings": int(ticks["closings"].sum()),
    }


def forced_by_day(ticks: pl.DataFrame) -> np.ndarray:
    """Return forced sales of all markets, (days,) in $bn."""
    return np.sum([ticks[f"forced_sales_{m}"].to_numpy() for m in MARKETS], axis=0)
