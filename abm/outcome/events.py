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
) = range(12)
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
)

SCENARIO, FUND, DEALER, BANK, MARKET, INVESTORS = range(6)
ACTORS: tuple[str, ...] = ("scenario", "fund", "dealer", "bank", "market", "investors")

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
    """Return the log as a table in words, one row an event."""
    import polars as pl

    def in_words(column: str, words: tuple[str, ...]) -> list[str]:
        return [words[code] if code >= 0 else "" for code in events[column]]

    def who(kind: str, row: str) -> list[str]:
        return [_name(int(code), int(number)) for code, number in zip(events[kind], events[row], strict=True)]

    return pl.DataFrame(
        {
            "event_id": np.arange(len(events), dtype=np.int64),
            "tick": events["tick"].astype(np.int32),
            "kind": pl.Series(in_words("kind", KINDS), dtype=pl.String),
            "actor": pl.Series(who("actor_kind", "actor"), dtype=pl.String),
            "counterparty": pl.Series(who("counterparty_kind", "counterparty"), dtype=pl.String),
            "channel": pl.Series(in_words("channel", CHANNELS), dtype=pl.String),
            "instrument": pl.Series(in_words("instrument", INSTRUMENTS), dtype=pl.String),
            "amount": events["amount"],
            "caused_by": pl.Series([c if c >= 0 else None for c in events["caused_by"].tolist()], dtype=pl.Int64),
        }
    )


def _name(kind: int, number: int) -> str:
    """Return an actor's name as users meet it: `dealer:3`, `market:notes`, `scenario`."""
    if kind in (SCENARIO, INVESTORS):
        return ACTORS[kind]
    return f"{ACTORS[kind]}:{INSTRUMENTS[number] if kind == MARKET else number}"
