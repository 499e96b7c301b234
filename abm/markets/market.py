"""A market: its record, and the price as the sum of what moves it.

log price = news + lasting impact + belief + discount + overhang. News is permanent and nothing pulls it
back; lasting impact is what flow teaches; belief is the story's part; the discount is what selling leaves
behind until buyers have come; the overhang is what offers that nobody took weigh on the market today. What a closed
market withholds (`policy/circuit_breaker.py`) is priced on the next day.
Every price starts at one dollar, so that units are opening $bn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from abm.compiled import rule
from abm.records import Record, intent, memory, term

MARKET = Record(
    "market",
    (
        term("units", "units", "number issued"),
        term("drift", "log points per day", "trend of the news"),
        term("news_volatility", "log points per day", "standard deviation of a day's news"),
        term("news_correlation", "share", "correlation of its news with AI equity's"),
        term("spark_share", "share", "log points that it loses with one of AI equity"),
        term("belief_per_doubter", "log points", "belief when everybody has turned doubter"),
        term("normal_volatility", "log points per day", "standard deviation of returns in normal times"),
        term("impact_multiplier", "times", "log points of price per share of the units sold, in full depth"),
        term("lasting_share", "share", "part of the impact that stays"),
        term("depth_floor", "share", "least depth"),
        term("discount_days", "days", "time over which a liquidity discount fades"),
        term("daily_volume", "$bn per day", "normal volume"),
        term("impact_law", "law", "its place in LAWS", kind="i8"),
        term("impact_limit", "log points", "largest impact of a day's flow, by the saturating law"),
        term("duration", "years", "percent of price for a point of yield; 0 for what has no yield"),
        term("futures_basis", "share", "part of a discount that futures share"),
        term("easiest_to_sell", "row of markets", "row of the market that comes at this place", kind="i8"),
        memory("news", "log points", "sum of all news"),
        memory("news_today", "log points", "the day's news"),
        memory("news_yesterday", "log points", "the news of the day before"),
        memory("lasting", "log points", "lasting impact of flow"),
        memory("belief", "log points", "the story's part of the price"),
        memory("belief_today", "log points", "its change today"),
        memory("discount", "log points", "liquidity discount, negative when cheap"),
        memory("overhang", "log points", "weight of today's offers that found no taker"),
        memory("withheld", "log points", "fall that a close of the market keeps back until tomorrow"),
        memory("last_withheld", "log points", "that of yesterday"),
        memory("closing_fall", "log points", "fall of a day at which the authority closes the market, 0: none"),
        memory("open_share", "share", "part of the day's orders that came before it closed, 1 if it did not"),
        memory("halt_event", "event", "its last halt, as an event", kind="i8"),
        memory("margin_floor", "share", "least margin on it that the authority allows lenders to ask for"),
        memory("price", "$", "price of a unit"),
        memory("last_price", "$", "price of a unit yesterday"),
        memory("futures_price", "$", "price of a contract on a unit"),
        memory("last_futures_price", "$", "price of a contract yesterday"),
        memory("average_price", "log points", "log price, averaged over the time of a trend"),
        memory("chased_average", "log points", "log price, averaged over the time for which chasers look back"),
        memory("too_risky", "share", "part of a cautious holding that is too risky today; negative: what may be added"),
        memory("margin_factor", "times", "margins asked against those in calm"),
        memory("revealed", "$bn", "what books that failed lately held of it, slowly forgotten"),
        memory("variance", "squared log points per day", "moving average of squared returns"),
        memory("depth", "share", "depth, 1 in normal times"),
        memory("shock_event", "event", "news of today that the scenario has put down for it alone", kind="i8"),
        memory("move_event", "event", "today's price move, once something was caused by it", kind="i8"),
        memory("call_event", "event", "positions on credit that have to be sold tomorrow, as an event", kind="i8"),
        memory("largest_sale", "$bn", "largest sale of the day under stress: forced, or by own limits"),
        memory("sale_event", "event", "that sale, as an event", kind="i8"),
        intent(
            "paid_directly",
            "$bn",
            "what crypto holders were paid today without the clearing house",
        ),
        intent("bought", "units", "all orders to buy"),
        intent("sold", "units", "all orders to sell"),
        intent("fill_of_sales", "share", "part of every order to sell that found a buyer"),
        intent("fill_of_purchases", "share", "part of every order to buy that was delivered"),
    ),
)


@dataclass(frozen=True)
class Market:
    """What a market's own file says of it; the numbers come from the scenario's section of that name.

    spark_share: log points of worth that it loses with one of AI equity's; belief_per_doubter: log points
    of price when everybody has turned doubter. Both are read from the scenario when a run opens.
    """

    name: str
    label: str
    spark_share: Callable[[Any], float] = lambda _: 0.0
    belief_per_doubter: Callable[[Any], float] = lambda _: 0.0


@rule
def log_price(market):
    """Return the log of a market's price."""
    return market.news + market.lasting + market.belief + market.discount + market.overhang + market.withheld


@rule
def reprice(market):
    """Set today's price from its parts and keep yesterday's, and that of futures, which share a discount in part."""
    market.last_price = market.price
    market.last_withheld = market.withheld
    market.withheld = 0.0
    if market.closing_fall > 0.0:
        market.withheld = max(0.0, math.log(market.last_price) - market.closing_fall - log_price(market))
    market.price = math.exp(log_price(market))
    market.last_futures_price = market.futures_price
    cheap = market.discount + market.overhang
    market.futures_price = market.price * math.exp((market.futures_basis - 1.0) * cheap)
