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
        phases.decide_policy,
        "timed actions of the scenario; the authority tells its rules, buys notes, guarantees deposits",
        reads=("scenario", "authority.memory"),
        writes=(
            "switches.memory",
            "authority.memory",
            "issuers.intents",
            "funds.memory",
            "banks.memory",
            "markets.memory",
        ),
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
        "funds state orders: everyday swaps, own limits, cash for who leaves, calls; dealers, banks and savers theirs",
        reads=("funds", "chasers", "dealers", "pools", "banks", "depositors", "markets.memory"),
        writes=(
            "funds.intents",
            "funds.memory",
            "chasers.intents",
            "dealers.intents",
            "pools.intents",
            "banks.intents",
            "depositors.intents",
            "markets.memory",
            "day.memory",
        ),
        channels=(
            "ordinary_trading",
            "margin_calls",
            "risk_limits",
            "redemptions",
            "cross_asset_sales",
            "performance_chasing",
            "dealer_runs",
            "bank_asset_sales",
        ),
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
        "units against money through the clearing house; variation margin, dealers' funding, redemptions",
        reads=("markets.memory", "markets.intents", "funds.intents"),
        writes=(
            "funds.books",
            "funds.memory",
            "funds.intents",
            "dealers.books",
            "dealers.memory",
            "dealers.intents",
            "banks.books",
            "banks.intents",
            "investors.books",
            "investors.memory",
            "chasers.books",
            "chasers.intents",
            "pools.books",
            "pools.intents",
            "depositors.books",
            "depositors.intents",
            "issuers.books",
            "issuers.intents",
            "house.books",
            "markets.intents",
            "day.memory",
        ),
        channels=("redemptions", "dealer_runs", "credit_tightening"),
    ),
    Phase(
        "income",
        phases.earn_and_pay,
        "interest, lent on to funds, and repo renewed; dealers' funding, hedges and dividends; banks' earnings",
        reads=("funds.books", "dealers.books", "banks.terms", "markets.memory"),
        writes=("funds.books", "funds.memory", "dealers.books", "banks.books", "depositors.books"),
        channels=("ordinary_trading",),
    ),
    Phase(
        "mark",
        phases.mark_to_market,
        "margins of the day; funds and their owners' shares are marked; dealers provide for what seized books lack",
        reads=("funds.books", "funds.memory", "markets.memory", "switches.memory"),
        writes=("funds.memory", "funds.books", "investors.books", "dealers.memory", "markets.memory", "day.memory"),
        channels=("margin_procyclicality", "crowding_revealed", "fund_default_losses"),
    ),
    Phase(
        "call",
        phases.call,
        "margin is called, met calls end, books are seized when grace or own money is gone; investors give notice",
        reads=("funds.memory", "markets.memory", "story.memory"),
        writes=("funds.memory", "markets.memory"),
        channels=("margin_calls", "risk_limits", "redemptions"),
    ),
    Phase(
        "run",
        phases.look_around,
        "cash pools, customers and depositors leave who looks weak; banks short of capital lend less",
        reads=("dealers", "banks", "funds", "scenario"),
        writes=(
            "dealers.books",
            "dealers.memory",
            "pools.books",
            "investors.books",
            "funds.books",
            "funds.memory",
            "banks.books",
            "banks.memory",
            "depositors.books",
            "debtors.books",
            "issuers.books",
            "markets.memory",
            "day.memory",
        ),
        channels=("dealer_runs", "deposit_runs", "credit_tightening"),
    ),
    Phase(
        "resolve",
        phases.resolve,
        "sold-out books are closed, shortfalls booked; lenders without capital or cash are resolved together",
        reads=("funds", "dealers", "banks.books", "markets.memory", "story.memory", "switches.memory"),
        writes=(
            "funds.books",
            "funds.memory",
            "dealers.books",
            "dealers.memory",
            "banks.books",
            "banks.memory",
            "investors.books",
            "chasers.books",
            "pools.books",
            "depositors.books",
            "depositors.memory",
            "debtors.books",
            "issuers.books",
            "markets.memory",
            "day.memory",
        ),
        channels=("fund_default_losses", "cross_asset_sales", "interbank"),
    ),
    Phase(
        "produce",
        phases.produce,
        "output follows wealth, investment and credit; debtors who cannot pay default on banks",
        reads=("markets.memory", "banks.books", "debtors.books"),
        writes=("output.memory", "banks.books", "banks.memory", "debtors.books", "markets.memory", "day.memory"),
        channels=("real_economy",),
    ),
    Phase(
        "record",
        phases.record,
        "the day is written down, the authority looks at it, and the page is turned",
        reads=("everything",),
        writes=("authority.memory", "markets.memory", "day.memory"),
    ),
)
