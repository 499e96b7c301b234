"""What alternatives are held against: what breaks and is lost, what the public pays, what quiet times look like."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl

from abm.outcome.summary import Summary

MORE, LESS = 1, -1  # the way in which an outcome is worse


class Measure(NamedTuple):
    """A number of every run: `of` makes it from the columns of a table with a row per run.

    `worse` says whether more of it is worse, or less; nought where neither is. A share is of runs, each one or nought.
    """

    name: str
    unit: str
    words: str
    worse: int
    of: pl.Expr
    is_share: bool = False


def key(name: str, words: str, worse: int, unit: str | None = None) -> Measure:
    """A key of the summary."""
    units = {known: given for known, given, _ in Summary.describe()}
    return Measure(name, unit or units[name], words, worse, pl.col(name).cast(pl.Float64))


VERDICT = pl.col("verdict_financial")  # read without the twin: see `WITHOUT_NOTES`
BREAKDOWN, CRISIS, LOSSES = "breakdown_or_crisis", "banking_crisis", "lender_losses_bn"
AVOIDED = (
    Measure(BREAKDOWN, "share", "runs with a market breakdown or a banking crisis", MORE, VERDICT != "calm", True),
    Measure(CRISIS, "share", "runs with a banking crisis", MORE, VERDICT == "banking_crisis", True),
    key(LOSSES, "losses of dealers and banks", MORE),
    Measure(
        "owners_losses_bn",
        "$bn",
        "of them on leveraged owners and on each other",
        MORE,
        pl.col("dealer_losses_bn") + pl.col("bank_losses_bn"),
    ),
    key("bank_capital_change", "change of banks' capital", LESS),
    key("forced_sales_bn", "forced sales", MORE),
    key("output_lowest", "lowest output", LESS),
    key("drawdown", "fall of AI equity", MORE),
)
COST = (
    Measure(
        "public_loss_bn",
        "$bn",
        "lost by the public: support of failed banks and guarantees, less gains on notes",
        MORE,
        pl.col("public_cost_bn") - pl.col("policy_gain_on_notes_bn"),
    ),
    key("policy_bought_bn", "notes bought by the central bank", 0),
    key("policy_lent_bn", "lent by the central bank at most", 0),
    key("policy_sold_under_cap_bn", "sold by funds because of the cap", 0),
    key("policy_closings", "days on which a share market closed", 0),
)
SIDE = tuple(
    key(name, words, worse)
    for worse, named in (
        (
            MORE,
            {
                "dealers_failed": "dealers failed",
                "banks_failed": "banks failed",
                "funds_failed_share": "funds that failed owing a lender",
                "funds_seized_share": "funds seized",
                "margin_accounts_failed_share": "margin accounts that failed",
                "credit_funds_failed": "private-credit funds failed",
                "dealer_losses_bn": "dealers' losses on customers",
                "bank_losses_bn": "banks' losses on dealers and banks",
                "loan_losses_bn": "banks' losses on loans outside",
                "data_centre_loans_lost_bn": "loans to builders lost",
                "crypto_lender_losses_bn": "lost by those who lend against crypto",
                "forced_sales_bn": "forced sales",
                "forced_sales_worst_day_bn": "forced sales on the worst day",
                "cash_needed_bn": "cash that margin calls asked for",
                "funding_withdrawn_bn": "funding that left dealers",
                "deposits_withdrawn_bn": "deposits that left weak banks",
                "redemptions_bn": "paid to investors who left funds",
                "drawdown": "fall of AI equity",
                "broad_drawdown": "fall of broad equity",
                "crypto_drawdown": "fall of crypto",
                "note_discount_max": "largest discount of Treasury notes",
                "stablecoin_days_below_99": "days with a stablecoin under 0.99 $",
            },
        ),
        (
            LESS,
            {
                "bank_capital_change": "change of banks' capital",
                "dealer_capital_change": "change of dealers' capital",
                "bank_lending_change": "change of banks' lending",
                "output_lowest": "lowest output",
                "depth_min": "least depth of AI equity",
                "stablecoin_peg_min": "lowest price of a stablecoin",
            },
        ),
    )
    for name, words in named.items()
)
SERIES = (
    *("output", "bank_lending", "debt_funds", "yield_notes", "price_ai_equity", "price_broad_equity"),
    *("volume_ai_equity", "volume_broad_equity", "volume_notes"),
)
EVERY = 5  # days between two that are kept of a quiet run
VOLUME = pl.sum_horizontal(name for name in SERIES if name.startswith("volume"))
QUIET = (
    Measure("output", "log points", "output against its trend", LESS, pl.col("output")),
    Measure("bank_lending", "$bn", "loans of banks", LESS, pl.col("bank_lending")),
    Measure("debt_funds", "$bn", "borrowed by hedge funds", 0, pl.col("debt_funds")),
    Measure("volume", "$bn per day", "shares and notes traded", LESS, VOLUME),
    Measure("price_ai_equity", "log points", "log price of AI equity", LESS, pl.col("price_ai_equity").log()),
    Measure("price_broad_equity", "log points", "log price of broad equity", LESS, pl.col("price_broad_equity").log()),
    Measure("yield_notes", "basis points", "yield of notes", MORE, 100.0 * pl.col("yield_notes")),
)
WITHOUT_NOTES = (
    "A breakdown is two failed dealers or a banking crisis; that of Treasury notes alone, which shows only against the "
    "same run without the news, is not counted: the largest discount of notes is among the side effects."
)


def values_of(runs: pl.DataFrame, measures: Iterable[Measure], points: int) -> dict[str, np.ndarray]:
    """Every measure by name, (points, seeds); nan where a run failed or has no such value. Rows stand by point."""
    rows = runs.sort("row")
    found = pl.when(pl.col("status") == "ok")
    table = rows.select(found.then(one.of.cast(pl.Float64)).alias(one.name) for one in measures)
    return {name: table[name].to_numpy().astype(float).reshape(points, -1) for name in table.columns}


def quiet_means(paths: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """The means over the days of every run of what is looked at in quiet times, by row; null where a run failed."""
    means = paths.group_by("row").agg(one.of.mean().alias(one.name) for one in QUIET)
    return runs.select("row", "seed", "status").join(means, on="row", how="left").sort("row")
