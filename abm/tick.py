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
        channels=("narrative_feedback", "common_story"),
    ),
    Phase(
        "decide",
        phases.decide,
        "funds and crypto holders state orders: everyday ones, own limits, calls; lenders, savers and issuers theirs",
        reads=(
            "funds",
            "holders",
            "chasers",
            "traders",
            "dealers",
            "pools",
            "banks",
            "depositors",
            "stablecoins",
            "markets.memory",
        ),
        writes=(
            "funds.intents",
            "funds.memory",
            "chasers.intents",
            "traders.intents",
            "dealers.intents",
            "pools.intents",
            "banks.intents",
            "depositors.intents",
            "order_book.intents",
            "stablecoins.intents",
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
            "crypto_liquidations",
            "stablecoin_runs",
            "reserve_treasuries",
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
        "the net flow meets long-term investors; prices and pegs move, all books feel it, budgets limit what is sold",
        reads=("funds.intents", "issuers.intents", "order_book.intents", "investors.memory"),
        writes=("markets.memory", "markets.intents", "stablecoins.memory", "day.memory"),
        channels=("finite_buyers",),
    ),
    Phase(
        "settle",
        phases.settle,
        "units against money or coins; variation margin, dealers' funding, redemptions of fund shares and of coins",
        reads=("markets.memory", "markets.intents", "funds.intents", "order_book.intents"),
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
            "traders.books",
            "traders.intents",
            "pools.books",
            "pools.intents",
            "depositors.books",
            "depositors.memory",
            "depositors.intents",
            "holders.books",
            "holders.memory",
            "order_book.intents",
            "stablecoins.books",
            "stablecoins.memory",
            "stablecoins.intents",
            "issuers.books",
            "issuers.intents",
            "house.books",
            "markets.intents",
            "day.memory",
        ),
        channels=("redemptions", "dealer_runs", "credit_tightening", "reserve_deposits"),
    ),
    Phase(
        "income",
        phases.earn_and_pay,
        "interest, lent on to funds, and repo renewed; dealers' funding, hedges and dividends; banks' earnings",
        reads=("funds.books", "dealers.books", "banks.terms", "markets.memory"),
        writes=("funds.books", "funds.memory", "dealers.books", "banks.books", "depositors.books", "holders.books"),
        channels=("ordinary_trading",),
    ),
    Phase(
        "mark",
        phases.mark_to_market,
        "margins of the day; funds and their owners' shares are marked; dealers provide for what seized books lack",
        reads=("funds.books", "funds.memory", "markets.memory", "switches.memory", "authority.memory"),
        writes=("funds.memory", "funds.books", "investors.books", "dealers.memory", "markets.memory", "day.memory"),
        channels=("margin_procyclicality", "crowding_revealed", "fund_default_losses"),
    ),
    Phase(
        "call",
        phases.call,
        "margin is called, met calls end, books are seized when grace or own money is gone; investors give notice",
        reads=("funds.memory", "holders.books", "markets.memory", "story.memory", "authority.memory"),
        writes=("funds.memory", "markets.memory"),
        channels=("margin_calls", "risk_limits", "redemptions", "crypto_liquidations"),
    ),
    Phase(
        "run",
        phases.look_around,
        "cash pools, customers, depositors, holders of coins leave the weak; banks lend less, credit funds draw lines",
        reads=("dealers", "banks", "funds", "stablecoins", "credit_funds", "credit_market.memory", "scenario"),
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
            "credit_funds.books",
            "credit_funds.memory",
            "stablecoins.memory",
            "issuers.books",
            "markets.memory",
            "day.memory",
        ),
        channels=(
            "dealer_runs",
            "deposit_runs",
            "credit_tightening",
            "stablecoin_runs",
            "reserve_deposits",
            "private_credit",
        ),
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
            "traders.books",
            "pools.books",
            "holders.books",
            "stablecoins.books",
            "depositors.books",
            "depositors.memory",
            "debtors.books",
            "credit_funds.books",
            "credit_funds.memory",
            "builders.books",
            "issuers.books",
            "markets.memory",
            "day.memory",
        ),
        channels=("fund_default_losses", "cross_asset_sales", "private_credit", "interbank"),
    ),
    Phase(
        "produce",
        phases.produce,
        "output follows wealth, investment and credit; debtors and builders who cannot pay default on their lenders",
        reads=("markets.memory", "banks.books", "debtors.books", "credit_funds", "builders"),
        writes=(
            "output.memory",
            "credit_market.memory",
            "banks.books",
            "banks.memory",
            "debtors.books",
            "credit_funds.books",
            "credit_funds.memory",
            "builders.books",
            "builders.memory",
            "markets.memory",
            "day.memory",
        ),
        channels=("real_economy", "private_credit"),
    ),
    Phase(
        "record",
        phases.record,
        "the day is written down, the authority looks at it, and the page is turned",
        reads=("everything",),
        writes=("authority.memory", "markets.memory", "day.memory"),
    ),
)
