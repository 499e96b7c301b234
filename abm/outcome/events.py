"""The event log: what happened to whom, how much, through which channel, and because of what."""

from __future__ import annotations

from collections.abc import Sequence
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
    SHOCK,
    OWN_LOSS,
) = range(35)
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
    "shock",
    "own_loss",
)
OF_THE_AUTHORITY = KINDS[LEVERAGE_CAPPED : DEPOSITS_GUARANTEED + 1]  # no channel causes them
OF_THE_SCENARIO = KINDS[SHOCK:]  # nor these, which it puts down for a day

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

EVENT = np.dtype(  # 37 bytes: a crash has hundreds of thousands
    (
        np.record,
        [
            ("amount", "f8"),
            ("caused_by", "i8"),
            ("tick", "i4"),
            ("actor", "i4"),
            ("counterparty", "i4"),
            ("kind", "i1"),
            ("actor_kind", "i1"),
            ("counterparty_kind", "i1"),
            ("channel", "i1"),
            ("instrument", "i1"),
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

    def in_words(codes: np.ndarray, words: Sequence[str]) -> pl.Series:
        return pl.Series([*words, ""]).gather(codes)  # -1, which is none, is the last

    def who(kinds: np.ndarray, numbers: np.ndarray) -> pl.Series:
        names: list[str] = []
        places = np.zeros(len(kinds), np.int64)
        for kind, actor in enumerate(ACTORS):
            of_kind = kinds == kind
            if kind in (SCENARIO, INVESTORS, AUTHORITY):
                places[of_kind] = len(names)
                names.append(actor)
            else:
                places[of_kind] = len(names) + numbers[of_kind]
                which = INSTRUMENTS if kind == MARKET else range(numbers[of_kind].max(initial=-1) + 1)
                names += [f"{actor}:{one}" for one in which]
        return in_words(places, names)

    columns = {name: np.ascontiguousarray(events[name]) for name in EVENT.names or ()}
    return pl.DataFrame(
        {
            "event_id": np.arange(len(events)),
            "tick": columns["tick"],
            "kind": in_words(columns["kind"], KINDS),
            "actor": who(columns["actor_kind"], columns["actor"]),
            "counterparty": who(columns["counterparty_kind"], columns["counterparty"]),
            "channel": in_words(columns["channel"], CHANNELS),
            "instrument": in_words(columns["instrument"], INSTRUMENTS),
            "amount": columns["amount"],
            "caused_by": columns["caused_by"],
        }
    ).with_columns(pl.col("caused_by").replace(NO_EVENT, None))
