"""Event logs made up by hand, with what they come to known beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from abm.chains.answer import Chains, chains
from abm.outcome.events import EVENT, events_frame

SCHEMA = events_frame(np.zeros(0, EVENT)).schema
AGENTS = pl.DataFrame({"type": ["funds", "funds"], "id": [0, 1], "sector": [0, 1]})
NO_SERIES = pl.DataFrame({"tick": [], "fill_share": []}, schema={"tick": pl.Int32, "fill_share": pl.Float64})
NEWS = (1, "news", "scenario", "scenario", "", "ai_equity", 0.5, None)
FALL = (1, "price_move", "market:ai_equity", "scenario", "", "ai_equity", -0.4, 0)
CALL = (1, "margin_call", "fund:0", "dealer:0", "margin_calls", "", 5.0, 1)
# The news makes AI equity fall; fund 0 is called, sells, is seized, and takes its dealer and a bank with it.
CRISIS = (
    *(NEWS, FALL, CALL),
    (2, "forced_sale", "fund:0", "scenario", "margin_calls", "ai_equity", 4.0, 2),
    (2, "price_move", "market:ai_equity", "scenario", "", "ai_equity", -0.1, 3),
    (2, "margin_call", "fund:1", "dealer:0", "margin_calls", "", 2.0, 4),
    (2, "redemption_notice", "investors", "fund:1", "redemptions", "", 0.5, 4),
    (3, "seizure", "fund:0", "dealer:0", "margin_calls", "", 10.0, 2),
    (4, "shortfall", "fund:0", "dealer:0", "fund_default_losses", "margin_loans", 3.0, 7),
    (4, "dealer_failed", "dealer:0", "dealer:0", "fund_default_losses", "", 1.0, 8),
    (4, "bank_loss", "dealer:0", "bank:0", "fund_default_losses", "bank_loans", 1.5, 9),
    (5, "bank_failed", "bank:0", "bank:0", "fund_default_losses", "", -0.5, 10),
)


def log(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """A log of events: day, kind, actor, other side, channel, instrument, amount, cause."""
    return pl.DataFrame([(k, *row) for k, row in enumerate(rows)], schema=SCHEMA, orient="row")


def asked(*rows: tuple[Any, ...]) -> Chains:
    return chains(log(*rows), AGENTS, NO_SERIES)
