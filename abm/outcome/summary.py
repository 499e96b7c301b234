"""A run in one flat row: how far and how fast prices fell, who failed, what lenders lost, and the verdict.

Pure functions of the daily series (`ticks`) of a run and its twins, and of nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.outcome.counts import crypto_outcomes, outcomes, policy_outcomes, stress
from abm.outcome.falls import Fall, fall_of
from abm.outcome.verdict import (
    WIGGLE,
    Cuts,
    evidence_of,
    financial_label,
    real_label,
    sensitivity,
    shifted,
    speed_label,
)

if TYPE_CHECKING:
    import polars as pl

AFTER = 250  # ticks after a run's own last news at which outcomes are reported as well


def _key(meaning: str, unit: str) -> Any:
    return field(default=None, metadata={"meaning": meaning, "unit": unit})


@dataclass(frozen=True)
class Summary:
    """What one run came to; `describe()` gives meanings and units. None: no fall, no twin, or nobody there."""

    drawdown: float | None = _key("largest fall of AI equity from a peak", "share")
    days_to_half: int | None = _key("from the peak until half of the log fall is done", "days")
    worst_20_day_share: float | None = _key("part of the log fall in its worst 20 consecutive days", "share")
    worst_day: float | None = _key("most negative daily log return of the fall", "log points")
    speed: str | None = _key(
        f"gradual to {Cuts.gradual_share:g} of the fall in its worst 20 days, sudden from {Cuts.sudden_share:g}",
        "label",
    )
    acceleration: float | None = _key("worst-20-day share less that of the all-off twin", "share")
    amplification: float | None = _key("log fall less that of the all-off twin", "log points")
    amplification_belief: float | None = _key("part of it that belief alone makes", "log points")
    amplification_balance_sheet: float | None = _key("the rest of it: forced sales, depth, buyers", "log points")
    broad_drawdown: float | None = _key("largest fall of broad equity from a peak", "share")
    broad_days_to_half: int | None = _key("the same of broad equity", "days")
    broad_worst_20_day_share: float | None = _key("the same of broad equity", "share")
    broad_worst_day: float | None = _key("the same of broad equity", "log points")
    broad_speed: str | None = _key("the same of broad equity", "label")
    broad_acceleration: float | None = _key("the same of broad equity", "share")
    broad_amplification: float | None = _key("the same of broad equity", "log points")
    all_off_drawdown: float | None = _key("fall of AI equity when nothing but the news moves it", "share")
    no_news_drawdown: float | None = _key("fall of AI equity on the same draws without the spark", "share")
    no_news_broad_drawdown: float | None = _key("fall of broad equity without the spark", "share")
    no_news_speed: str | None = _key("speed without the spark", "label")
    verdict_real: str | None = _key(
        "contained, correction (broad equity down by a fifth) or recession (output 1.5 % below that without the spark)",
        "label",
    )
    verdict_real_if_easier: str | None = _key("with all its cuts a quarter easier to reach", "label")
    verdict_real_if_stricter: str | None = _key("with all its cuts a quarter harder to reach", "label")
    no_news_verdict_real: str | None = _key("verdict_real of the same draws without the spark", "label")
    verdict_financial: str | None = _key("calm, market_breakdown or banking_crisis", "label")
    verdict_financial_if_easier: str | None = _key("with all its cuts a quarter easier to reach", "label")
    verdict_financial_if_stricter: str | None = _key("with all its cuts a quarter harder to reach", "label")
    no_news_verdict_financial: str | None = _key("verdict_financial of the same draws without the spark", "label")
    speed_if_easier: str | None = _key("with both cuts of speed a quarter lower", "label")
    speed_if_stricter: str | None = _key("with both cuts of speed a quarter higher", "label")
    verdict_moves: str | None = _key(
        "how firm the labels are: what a label would become if this one limit between labels stood a quarter "
        "higher or lower, at the value given; a dash: all labels stay",
        "text",
    )
    note_yield_gap_max: float | None = _key("highest note yield above that of the no-news twin", "basis points")
    funds_failed_share: float | None = _key("funds that failed with a shortfall to a lender, of all funds", "share")
    funds_seized_share: float | None = _key("funds that their dealer seized, of all funds", "share")
    margin_accounts_failed_share: float | None = _key("margin accounts that failed with a shortfall", "share")
    dealers_failed: int | None = _key("failed dealers", "count")
    banks_failed: int | None = _key("failed banks", "count")
    banks_failed_asset_share: float | None = _key("part of bank assets at failed banks", "share")
    bank_capital_change: float | None = _key(
        "capital of all banks at the end against the opening; it grows without any news too, as banks retain earnings",
        "share",
    )
    bank_capital_change_vs_no_news: float | None = _key(
        "capital of all banks at the end less that without the spark, of opening capital", "share"
    )
    dealer_capital_change: float | None = _key("capital of all dealers at the end against the opening", "share")
    bank_lending_change: float | None = _key("loans of all banks at the end against the first day", "share")
    amplification_bank_capital_bn: float | None = _key("bank capital that the channels cost at the end", "$bn")
    amplification_bank_capital_belief_bn: float | None = _key("part of it that belief alone costs", "$bn")
    amplification_bank_capital_balance_sheet_bn: float | None = _key("the rest of it", "$bn")
    bank_capital_missing_share: float | None = _key(
        "most capital that banks lacked to their target ratio, of opening capital", "share"
    )
    bank_equity_value_change: float | None = _key(
        "capital of sound banks times the price of broad equity, end against the first day: what their shares lost",
        "share",
    )
    deposits_withdrawn_bn: float | None = _key("uninsured deposits that left weak banks", "$bn")
    funding_withdrawn_bn: float | None = _key("repo and customers' cash that left weak dealers", "$bn")
    redemptions_bn: float | None = _key("paid to investors who left funds", "$bn")
    public_cost_bn: float | None = _key("what the public lent to failed banks and will not get back", "$bn")
    output_lowest: float | None = _key(
        "lowest output, against an economy whose share prices follow their trend", "log points"
    )
    output_shortfall: float | None = _key("largest fall of output below that without the spark", "log points")
    lender_losses_bn: float | None = _key("losses of dealers and banks: the next three together", "$bn")
    dealer_losses_bn: float | None = _key("dealers' losses on customers, provisions at the end included", "$bn")
    bank_losses_bn: float | None = _key("banks' losses on dealers, less what they got back, and on each other", "$bn")
    loan_losses_bn: float | None = _key("banks' losses on loans outside, by default and in receiverships", "$bn")
    data_centre_loans_lost_bn: float | None = _key("loans to builders of data centres that banks and funds lost", "$bn")
    credit_funds_failed: int | None = _key("failed private-credit funds", "count")
    lines_called_bn: float | None = _key("drawn by private-credit funds on their lines at banks", "$bn")
    lines_lost_bn: float | None = _key("of such lines lost by banks; part of loan_losses_bn", "$bn")
    forced_sales_bn: float | None = _key(
        "forced sales, all markets: calls, seized books, redemptions, dealers and banks short of cash or capital", "$bn"
    )
    forced_sales_worst_day_bn: float | None = _key("the largest of one day", "$bn")
    cash_needed_bn: float | None = _key("cash that margin calls made funds and margin accounts look for", "$bn")
    cash_obtained_bn: float | None = _key("what their own forced sales brought", "$bn")
    calls_open_max: int | None = _key("most margin calls open on one day", "count")
    note_discount_max: float | None = _key("largest liquidity discount of notes, either way, of price", "share")
    crypto_drawdown: float | None = _key("largest fall of crypto from a peak", "share")
    crypto_liquidated_bn: float | None = _key("crypto and shares sold to close positions on credit", "$bn")
    crypto_lender_losses_bn: float | None = _key("lost by those who lend against crypto", "$bn")
    stablecoin_peg_min: float | None = _key("lowest price of a stablecoin at nightfall", "$")
    stablecoin_days_below_99: int | None = _key("days on which some stablecoin stood under 0.99 $", "days")
    stablecoin_supply_change: float | None = _key("stablecoins at the end against the first day", "share")
    stablecoin_withdrawn_from_banks_bn: float | None = _key(
        "largest falls of each issuer's deposits at its banks from a peak, added up", "$bn"
    )
    stablecoin_treasuries_sold_bn: float | None = _key("Treasuries that issuers sold to pay redemptions", "$bn")
    policy_bought_bn: float | None = _key("notes that the central bank bought", "$bn")
    policy_gain_on_notes_bn: float | None = _key("what they are worth at the end beyond what was paid", "$bn")
    policy_lent_bn: float | None = _key("most that it had lent against securities on one day", "$bn")
    policy_lost_bn: float | None = _key("deposits lost at failed banks that a guarantee made the public bear", "$bn")
    policy_sold_under_cap_bn: float | None = _key("sales of funds that the leverage cap forced", "$bn")
    policy_halts: int | None = _key("halts of trading on share markets, all levels", "count")
    policy_closings: int | None = _key("of them closes for the day", "count")
    depth_min: float | None = _key("least depth of AI equity, 1 in normal times", "share")
    fill_share_min: float | None = _key("least part of the day's sales that found a buyer", "share")
    last_news_tick: int | None = _key("last day with a disappointment", "tick")
    after_250_drawdown: float | None = _key("drawdown up to 250 ticks after the last news", "share")
    after_250_broad_drawdown: float | None = _key("the same of broad equity", "share")
    after_250_funds_failed_share: float | None = _key("funds_failed_share by then", "share")
    after_250_dealers_failed: int | None = _key("dealers_failed by then", "count")
    after_250_banks_failed: int | None = _key("banks_failed by then", "count")
    after_250_bank_capital_change: float | None = _key("bank_capital_change by then", "share")
    after_250_lender_losses_bn: float | None = _key("lender_losses_bn by then", "$bn")
    after_250_forced_sales_bn: float | None = _key("forced_sales_bn by then", "$bn")
    after_250_verdict_real: str | None = _key("verdict_real by then", "label")
    after_250_verdict_financial: str | None = _key("verdict_financial by then", "label")

    def to_dict(self) -> dict[str, Any]:
        """Return a flat dictionary ready for JSON; what is not a finite number is None."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def describe(cls) -> list[tuple[str, str, str]]:
        """Return (key, unit, meaning) of every key."""
        return [(f.name, f.metadata["unit"], f.metadata["meaning"]) for f in fields(cls)]


def polars_schema() -> dict[str, str]:
    """Return the keys with their polars type names, for a table with a row per run."""
    kinds = {"int | None": "Int64", "float | None": "Float64"}
    return {f.name: kinds.get(str(f.type), "String") for f in fields(Summary)}


def summarise(
    ticks: pl.DataFrame,
    all_off: pl.DataFrame | None = None,
    no_news: pl.DataFrame | None = None,
    belief_only: pl.DataFrame | None = None,
    *,
    scenario: Any,
) -> Summary:
    """Summarise a run from its daily series and those of its twins; what needs a missing twin is None.

    Of the scenario only numbers of agents and opening sizes are read. `ticks` may be shorter than its twins,
    and is then compared with as many days of them; a shorter no-news twin gives nothing.
    """
    ai, broad = fall_of(ticks, "ai_equity"), fall_of(ticks, "broad_equity")
    # Without the all-off twin there is nothing to measure against, and nothing to split.
    belief = belief_only if all_off is not None else None
    evidence = evidence_of(ticks, no_news, ai.worst_20_day_share, broad.drawdown)
    easier, stricter = shifted(1.0 - WIGGLE), shifted(1.0 + WIGGLE)
    last_news = last_news_tick(ticks)
    return Summary(
        **_fall_keys("", ai, None if all_off is None else fall_of(all_off, "ai_equity")),
        **_fall_keys("broad_", broad, None if all_off is None else fall_of(all_off, "broad_equity")),
        **_split(ai, all_off, belief),
        **_bank_capital(ticks, all_off, belief, scenario),
        **outcomes(ticks, scenario),
        **stress(ticks),
        **crypto_outcomes(ticks),
        **policy_outcomes(ticks),
        **_without_the_spark(ticks, no_news, scenario),
        **(_after(ticks, no_news, last_news + AFTER, scenario) if last_news is not None else {}),
        all_off_drawdown=None if all_off is None else fall_of(all_off, "ai_equity").drawdown,
        verdict_real=real_label(evidence),
        verdict_real_if_easier=real_label(evidence, easier),
        verdict_real_if_stricter=real_label(evidence, stricter),
        verdict_financial=financial_label(evidence),
        verdict_financial_if_easier=financial_label(evidence, easier),
        verdict_financial_if_stricter=financial_label(evidence, stricter),
        speed_if_easier=speed_label(ai.worst_20_day_share, easier),
        speed_if_stricter=speed_label(ai.worst_20_day_share, stricter),
        verdict_moves="; ".join(f"{cut} {value:g}: {label}" for cut, value, _, label in sensitivity(evidence)),
        note_yield_gap_max=None if evidence.note_yield_gap is None else float(evidence.note_yield_gap.max()),
        last_news_tick=last_news,
        output_shortfall=None if evidence.output_gap is None else float(evidence.output_gap.max()),
        bank_capital_missing_share=float(evidence.capital_missing.max()),
    )


def last_news_tick(ticks: pl.DataFrame) -> int | None:
    """Return the last day with a disappointment; None in a world without one."""
    bad = np.flatnonzero(ticks["disappointment"].to_numpy())
    return int(ticks["tick"][int(bad[-1])]) if len(bad) else None


def _fall_keys(prefix: str, fall: Fall, off: Fall | None) -> dict[str, Any]:
    acceleration = None
    if off is not None and fall.worst_20_day_share is not None and off.worst_20_day_share is not None:
        acceleration = fall.worst_20_day_share - off.worst_20_day_share
    return {
        f"{prefix}drawdown": fall.drawdown,
        f"{prefix}days_to_half": fall.days_to_half,
        f"{prefix}worst_20_day_share": fall.worst_20_day_share,
        f"{prefix}worst_day": fall.worst_day,
        f"{prefix}speed": speed_label(fall.worst_20_day_share),
        f"{prefix}acceleration": acceleration,
        f"{prefix}amplification": None if off is None else fall.log_fall - off.log_fall,
    }


def _split(ai: Fall, all_off: pl.DataFrame | None, belief_only: pl.DataFrame | None) -> dict[str, Any]:
    """What belief does alone is its part; all else, joint effects included, is the balance sheets'."""
    if all_off is None or belief_only is None:
        return {}
    off, belief = fall_of(all_off, "ai_equity").log_fall, fall_of(belief_only, "ai_equity").log_fall
    return {"amplification_belief": belief - off, "amplification_balance_sheet": ai.log_fall - belief}


def _bank_capital(
    ticks: pl.DataFrame, all_off: pl.DataFrame | None, belief_only: pl.DataFrame | None, scenario: Any
) -> dict[str, Any]:
    """The bank capital that the channels cost: losses on loans, and notes marked down beyond the news.

    Capital itself cannot be compared: everyday income is off in the twins, and with it retained earnings.
    """
    if all_off is None:
        return {}

    def lost(of: pl.DataFrame) -> float:
        notes = float(scenario.banks.notes) * (1.0 - float(of["price_notes"][ticks.height - 1]))
        return float((of["bank_losses"] - of["bank_recoveries"] + of["loans_lost"])[: ticks.height].sum()) + notes

    keys: dict[str, Any] = {"amplification_bank_capital_bn": lost(ticks) - lost(all_off)}
    if belief_only is not None:
        keys["amplification_bank_capital_belief_bn"] = lost(belief_only) - lost(all_off)
        keys["amplification_bank_capital_balance_sheet_bn"] = lost(ticks) - lost(belief_only)
    return keys


def _without_the_spark(ticks: pl.DataFrame, no_news: pl.DataFrame | None, scenario: Any) -> dict[str, Any]:
    """How the same draws end, and are judged, over the same days when the news never comes."""
    if no_news is None or no_news.height < ticks.height:
        return {}
    calm = no_news.head(ticks.height)
    ai, broad = fall_of(calm, "ai_equity"), fall_of(calm, "broad_equity")
    evidence = evidence_of(calm, calm, ai.worst_20_day_share, broad.drawdown)
    change, calm_change = (outcomes(of, scenario)["bank_capital_change"] for of in (ticks, calm))
    return {
        "no_news_drawdown": ai.drawdown,
        "no_news_broad_drawdown": broad.drawdown,
        "no_news_speed": speed_label(ai.worst_20_day_share),
        "no_news_verdict_real": real_label(evidence),
        "no_news_verdict_financial": financial_label(evidence),
        "bank_capital_change_vs_no_news": None if change is None else change - calm_change,
    }


def _after(ticks: pl.DataFrame, no_news: pl.DataFrame | None, last_tick: int, scenario: Any) -> dict[str, Any]:
    """The same outcomes up to `last_tick`; nothing when the run ends earlier."""
    if int(ticks["tick"][-1]) < last_tick:
        return {}
    early = ticks.head(last_tick - int(ticks["tick"][0]) + 1)
    ai, broad = fall_of(early, "ai_equity"), fall_of(early, "broad_equity")
    evidence = evidence_of(early, no_news, ai.worst_20_day_share, broad.drawdown)
    keys = {
        "drawdown": ai.drawdown,
        "broad_drawdown": broad.drawdown,
        "verdict_real": real_label(evidence),
        "verdict_financial": financial_label(evidence),
        **outcomes(early, scenario),
    }
    declared = {f.name for f in fields(Summary)}
    return {f"after_{AFTER}_{key}": value for key, value in keys.items() if f"after_{AFTER}_{key}" in declared}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
