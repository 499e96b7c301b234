"""The event log: what happened to whom, how much, through which channel, and because of what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.channels import CHANNELS
from abm.compiled import rule
from abm.ledger.chart import INSTRUMENTS

if TYPE_CHECKING:
    import polars as pl

NO_EVENT = -1
NO_INSTRUMENT = -1

(
    NEWS_EVENT,
    PRICE_MOVE,
    TIMED_ACTION,
    MARGIN_CALL,
    CALL_MET,
    FORCED_SALE,
    SEIZURE,
    SHORTFALL,
    DEALER_FAILED,
    BANK_LOSS,
    BANK_FAILED,
    SALES_RATIONED,
    DEALER_RUN,
    LOAN_RECALLED,
    RISK_LIMIT,
    REDEMPTION_NOTICE,
    DEPOSIT_RUN,
    LOAN_LOSSES,
    LIMIT_SALE,
    LIQUIDATION,
    COIN_RUN,
    REDEMPTIONS_DELAYED,
    RESERVES_WITHDRAWN,
    BUILDER_DEFAULTS,
    REFINANCING_REFUSED,
    LINES_DRAWN,
    CREDIT_FUND_FAILED,
    LEVERAGE_CAPPED,
    BUFFER_RELEASED,
    TRADING_HALTED,
    NOTE_PURCHASES,
    CENTRAL_BANK_LOAN,
    DEPOSITS_GUARANTEED,
) = range(33)
KINDS: tuple[str, ...] = (
    "news",
    "price_move",
    "timed_action",
    "margin_call",
    "call_met",
    "forced_sale",
    "seizure",
    "shortfall",
    "dealer_failed",
    "bank_loss",
    "bank_failed",
    "sales_rationed",
    "dealer_run",
    "loan_recalled",
    "risk_limit",
    "redemption_notice",
    "deposit_run",
    "loan_losses",
    "limit_sale",
    "liquidation",
    "coin_run",
    "redemptions_delayed",
    "reserves_withdrawn",
    "builder_defaults",
    "refinancing_refused",
    "lines_drawn",
    "credit_fund_failed",
    "leverage_capped",
    "buffer_released",
    "trading_halted",
    "note_purchases",
    "central_bank_loan",
    "deposits_guaranteed",
)
OF_THE_AUTHORITY = KINDS[-6:]  # no channel causes them

SCENARIO, FUND, DEALER, BANK, MARKET, INVESTORS, ISSUER, CREDIT_FUND, BUILDER, AUTHORITY = range(10)
ACTORS: tuple[str, ...] = (
    "scenario",
    "fund",
    "dealer",
    "bank",
    "market",
    "investors",
    "stablecoin_issuer",
    "credit_fund",
    "builder",
    "authority",
)

EVENT = np.dtype(
    (
        np.record,
        [
            ("tick", "i8"),
            ("kind", "i8"),
            ("actor_kind", "i8"),
            ("actor", "i8"),
            ("counterparty_kind", "i8"),
            ("counterparty", "i8"),
            ("channel", "i8"),
            ("instrument", "i8"),
            ("amount", "f8"),
            ("caused_by", "i8"),
        ],
    )
)


@rule
def log_event(
    events, counter, kind, tick, actor_kind, actor, counterparty_kind, counterparty, channel, instrument, amount, cause
):
    """Write an event down and return its number; `cause` is empty (-1) only for roots."""
    number = counter[0]
    counter[0] = number + 1
    event = events[number]
    event.tick = tick
    event.kind = kind
    event.actor_kind = actor_kind
    event.actor = actor
    event.counterparty_kind = counterparty_kind
    event.counterparty = counterparty
    event.channel = channel
    event.instrument = instrument
    event.amount = amount
    event.caused_by = cause
    return number


def events_frame(events: np.ndarray) -> pl.DataFrame:
    """Return the log as a table in words, one row an event; actors read `dealer:3`, `market:notes`, `scenario`."""
    import polars as pl

    def in_words(column: str, words: tuple[str, ...]) -> pl.Expr:
        return pl.col(column).replace_strict(range(len(words)), words, default="", return_dtype=pl.String)

    def who(kind: str, number: str) -> pl.Expr:
        name = in_words(kind, ACTORS)
        which = (
            pl.when(pl.col(kind) == MARKET)
            .then(in_words(number, INSTRUMENTS))
            .otherwise(pl.col(number).cast(pl.String))
        )
        alone = pl.col(kind).is_in([SCENARIO, INVESTORS, AUTHORITY])
        return pl.when(alone).then(name).otherwise(pl.concat_str(name, pl.lit(":"), which))

    codes = pl.DataFrame({name: np.ascontiguousarray(events[name]) for name in EVENT.names or ()})
    return codes.select(
        event_id=pl.int_range(pl.len(), dtype=pl.Int64),
        tick=pl.col("tick").cast(pl.Int32),
        kind=in_words("kind", KINDS),
        actor=who("actor_kind", "actor"),
        counterparty=who("counterparty_kind", "counterparty"),
        channel=in_words("channel", CHANNELS),
        instrument=in_words("instrument", INSTRUMENTS),
        amount=pl.col("amount"),
        caused_by=pl.when(pl.col("caused_by") >= 0).then(pl.col("caused_by")),
    )
