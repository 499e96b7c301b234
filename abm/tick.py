"""The order of a tick. Read this first.

Everybody decides on yesterday's prices. All orders of a day move one price together and are filled at it, so
that nobody trades ahead of another and the order of agents does not matter. Then accounts settle, losses are
marked and spread, and those who failed are resolved together; what one failure does to the next is seen
tomorrow.

`reads` and `writes` name tables and parts (`abm/records.py`). README's table is made from this tuple, and a
test compares `writes` with what every phase really writes; `reads` is for the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abm import phases

if TYPE_CHECKING:
    from abm.economy import Economy


@dataclass(frozen=True)
class Phase:
    """One phase of the tick: what it does in words, what it reads and writes, and the channels in it."""

    name: str
    step: Callable[[Economy], None]
    words: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    channels: tuple[str, ...] = ()


TICK: tuple[Phase, ...] = (
    Phase(
        "policy",
        phases.take_timed_actions,
        "timed actions of the scenario: switches, purchases of notes",
        reads=("scenario",),
        writes=("switches.memory", "issuers.intents"),
    ),
    Phase(
        "news",
        phases.hear_the_news,
        "the day's news arrives, and today's disappointment with it",
        reads=("scenario", "markets.terms"),
        writes=("markets.memory", "story.memory"),
    ),
    Phase(
        "belief",
        phases.believe,
        "disbelief spreads, and with it what prices will lose when markets clear",
        reads=("story.memory", "markets.memory"),
        writes=("story.memory", "markets.memory"),
        channels=("narrative_feedback",),
    ),
    Phase(
        "decide",
        phases.decide,
        "funds state orders: everyday swaps, sales to meet calls; dealers those of seized books",
        reads=("funds", "markets.memory"),
        writes=("funds.intents", "markets.memory"),
        channels=("ordinary_trading", "margin_calls", "cross_asset_sales"),
    ),
    Phase(
        "depth",
        phases.quote_depth,
        "depth follows volatility up to yesterday and the room on dealers' balance sheets",
        reads=("markets.memory", "dealers.books", "dealers.memory"),
        writes=("markets.memory",),
        channels=("depth_spiral",),
    ),
    Phase(
        "clear",
        phases.clear,
        "the net flow meets the long-term investors; prices move, all books feel it, budgets limit what is sold",
        reads=("funds.intents", "issuers.intents", "investors.memory"),
        writes=("markets.memory", "markets.intents", "day.memory"),
        channels=("finite_buyers",),
    ),
    Phase(
        "settle",
        phases.settle,
        "units against money through the clearing house, loans repaid first; dealers square their cash at banks",
        reads=("markets.memory", "markets.intents", "funds.intents"),
        writes=(
            "funds.books",
            "funds.intents",
            "dealers.books",
            "banks.books",
            "investors.books",
            "investors.memory",
            "depositors.books",
            "issuers.books",
            "issuers.intents",
            "house.books",
            "markets.intents",
            "day.memory",
        ),
    ),
    Phase(
        "income",
        phases.earn_and_pay,
        "interest, lent on to funds; dealers' funding, hedges and dividends; banks' retained earnings",
        reads=("funds.books", "dealers.books", "banks.terms", "markets.memory"),
        writes=("funds.books", "dealers.books", "banks.books", "depositors.books"),
        channels=("ordinary_trading",),
    ),
    Phase(
        "mark",
        phases.mark_to_market,
        "funds and their owners' shares are marked to market; dealers provide for what seized books lack",
        reads=("funds.books", "funds.memory", "markets.memory", "switches.memory"),
        writes=("funds.memory", "funds.books", "investors.books", "dealers.memory"),
        channels=("fund_default_losses",),
    ),
    Phase(
        "call",
        phases.call,
        "margin is called, calls that sales have met end, and books are seized when grace or net asset value is gone",
        reads=("funds.memory", "markets.memory", "story.memory"),
        writes=("funds.memory", "markets.memory"),
        channels=("margin_calls",),
    ),
    Phase(
        "resolve",
        phases.resolve,
        "sold-out books are closed, shortfalls booked; lenders whose capital less provisions is gone are resolved",
        reads=("funds", "dealers", "banks.books", "markets.memory", "story.memory", "switches.memory"),
        writes=(
            "funds.books",
            "funds.memory",
            "dealers.books",
            "dealers.memory",
            "banks.books",
            "banks.memory",
            "investors.books",
            "markets.memory",
            "depositors.books",
            "day.memory",
        ),
        channels=("fund_default_losses", "cross_asset_sales"),
    ),
    Phase(
        "record",
        phases.record,
        "the day is written down and the page is turned",
        reads=("everything",),
        writes=("markets.memory", "day.memory"),
    ),
)
