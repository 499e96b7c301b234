"""Leveraged funds and margin accounts: owners of securities on credit.

One record, one set of rules; what differs between styles of hedge funds and a household's margin account is in
its terms. A fund wants to swap a little every day without borrowing (`contagion/ordinary_trading.py`), to stay
within its own limits (`contagion/risk_limits.py`), to have cash for investors who leave
(`contagion/redemptions.py`) and to meet its margin calls (`contagion/margin_calls.py`). Once its dealers have
seized it, they sell in equal parts over the days of liquidation; there is no way back.

A fund deals with up to four dealers and keeps a part of its business with each: its loans, its repo, its
cash and what it has sold short are rows of four.
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    AI_EQUITY,
    BROAD_EQUITY,
    CUSTOMER_CASH,
    FUND_REPO,
    FUND_SHARES,
    FUTURES,
    MARGIN_LOANS,
    N_TRADED,
    NOTES,
    OTHER_SECURITIES,
    SECURITIES_LENT,
    UNSECURED_LOANS,
)
from abm.records import Record, asset, intent, liability, memory, pointer, term

ACTIVE, SEIZED, CLOSED = range(3)
N_DEALERS = 4  # a fund deals with at most so many

(LONG_SHORT, MULTI_STRATEGY, RELATIVE_VALUE, MACRO, SYSTEMATIC, UNLEVERED, MARGIN_ACCOUNT) = range(7)
STYLES: tuple[str, ...] = (
    "long_short",
    "multi_strategy",
    "relative_value",
    "macro",
    "systematic",
    "unlevered",
    "margin_account",
)

LEVERAGED_FUND = Record(
    "fund",
    (
        term("id", "identity", "the fund's own number, which no reordering changes", kind="i8"),
        term("sector", "column", "hedge fund or margin account", kind="i8"),
        term("style", "style", "its place in STYLES", kind="i8"),
        pointer("owner", "investors"),  # -1: a margin account, owned by the household itself
        term("target", "share", "the mix of units that it means to hold", size=N_TRADED),
        term("maintenance", "share", "maintenance margin by asset, in calm", size=N_TRADED),
        term(
            "home_market",
            "row of markets",
            "what it mainly trades: AI equity, or notes if it has more of them",
            kind="i8",
        ),
        term("opening_assets", "times", "securities to net asset value when the books were opened"),
        term(
            "usual_cash", "share", "cash beyond what it owes on short sales that it means to keep, of net asset value"
        ),
        term("trading_probability", "per day", "how often it trades without need"),
        term("trading_size", "share", "part of the distance to its wish that such a trade closes"),
        term("stop_drawdown", "share", "loss from its best day at which its own limit cuts the book"),
        term("stop_cut", "share", "part of the book that the limit cuts"),
        term("volatility_weight", "share", "part of the book that follows volatility and trend"),
        asset("units", AI_EQUITY, "securities and crypto held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "inert securities"),
        asset("cash", CUSTOMER_CASH, "free cash at each dealer", size=N_DEALERS, at="dealer"),
        asset("futures", FUTURES, "contracts on notes, negative when sold short"),
        liability("other_owed", OTHER_SECURITIES, "inert securities sold short"),
        liability("short", SECURITIES_LENT, "units of broad equity sold short", size=N_DEALERS, at="dealer"),
        liability("margin_loan", MARGIN_LOANS, "prime brokerage", size=N_DEALERS, at="dealer"),
        liability("unsecured", UNSECURED_LOANS, "unsecured loans", size=N_DEALERS, at="dealer"),
        liability("repo", FUND_REPO, "borrowed against notes and the like", size=N_DEALERS, at="dealer"),
        liability(
            "shares",
            FUND_SHARES,
            "shares at net asset value, never below nought; margin accounts have none",
            at="owner",
        ),
        memory("dealer", "row of dealers", "its dealers, by their rows", kind="i8", size=N_DEALERS),
        memory("line_share", "share", "part of its business with each dealer", size=N_DEALERS),
        memory("status", "0, 1, 2", "active, seized by its dealers, closed", kind="i8"),
        memory("net_asset_value", "$bn", "assets less debt at the last marking"),
        memory("requirement", "$bn", "maintenance margin required at the last marking"),
        memory("margin_factor", "times", "margins asked of it against those in calm"),
        memory("margin_buffer", "share", "rise of its margins in calm that the authority asks its lenders for"),
        memory("leverage_cap", "times", "securities against net asset value that the authority allows, 0: any"),
        memory("cap_cause", "event", "that it exceeds them, as an event", kind="i8"),
        memory("likeness", "share", "rise of its margins because its book looks like those that failed lately"),
        memory(
            "days_in_call",
            "days",
            "how long a call (its own day counts), or after it the close-out, has been open",
            kind="i8",
        ),
        memory("call", "$bn", "margin missing when the call was opened, 0 once met"),
        memory("advance", "$bn", "variation margin that it could not pay and its dealers advanced"),
        memory("recalled", "$bn", "loans that a dealer recalls and no other takes over"),
        memory("cause", "event", "the call or the seizure that drives its sales", kind="i8"),
        memory("shortfall", "$bn", "what it could not repay: its dealers' loss, or its owner's if that channel is off"),
        memory("share_value", "times", "value of a share, 1 when the books were opened"),
        memory("year_value", "times", "that value, averaged over a year"),
        memory("best_value", "times", "its best day, slowly forgotten"),
        memory("to_cut", "share", "part of the book that its own limits still have to cut"),
        memory("given_up", "share", "part of the book cut by its own limits, that calm may rebuild; negative: grown"),
        memory("to_rebuild", "share", "part of it that today's markets let it rebuild"),
        memory("own_cause", "event", "what its own limits cut for", kind="i8"),
        memory("noticed", "$bn", "redemptions asked for in time for the next payment"),
        memory("noticed_late", "$bn", "redemptions asked for that wait for the payment after it"),
        memory("notice_cause", "event", "the first notice that has not been paid", kind="i8"),
        memory("paid_out", "$bn", "redemptions paid today"),
        intent("orders", "units", "to buy (+) or sell (-)", size=N_TRADED),
        intent("cover", "units", "units of broad equity to buy back, negative to sell short"),
        intent("futures_order", "contracts", "futures to buy (+) or sell (-)"),
        intent("lacking", "$bn", "what cash at each dealer does not cover of a debit", size=N_DEALERS),
        intent("other_order", "$bn", "inert securities to buy (+) or sell (-)"),
        intent("channel", "channel", "what causes each order", kind="i8", size=N_TRADED),
    ),
)


@rule
def securities_held(fund, markets):
    """Return the market value of the traded securities held long, in $bn."""
    value = 0.0
    for k in range(N_TRADED):
        value += fund.units[k] * markets[k].price
    return value


@rule
def sold_short(fund):
    """Return how many units of broad equity it owes."""
    return fund.short[0] + fund.short[1] + fund.short[2] + fund.short[3]


@rule
def free_cash(fund):
    """Return its free cash at all dealers, in $bn."""
    return fund.cash[0] + fund.cash[1] + fund.cash[2] + fund.cash[3]


@rule
def debt_on(fund, line):
    """Return what it owes to one of its dealers, securities borrowed not counted, in $bn."""
    return fund.margin_loan[line] + fund.repo[line] + fund.unsecured[line]


@rule
def fund_debt(fund):
    """Return all that it borrowed, in $bn: prime brokerage, repo and unsecured."""
    debt = 0.0
    for line in range(N_DEALERS):
        debt += debt_on(fund, line)
    return debt


@rule
def net_asset_value(fund, markets):
    """Return securities and cash less debt and what is sold short, in $bn."""
    owned = securities_held(fund, markets) + fund.other_securities + free_cash(fund)
    return owned - fund_debt(fund) - fund.other_owed - sold_short(fund) * markets[BROAD_EQUITY].price


@rule
def raised(fund, market, margin):
    """Return the times by which a fund's margins in a market stand above those of calm: `largest_factor` at most.

    A buffer that the authority asks for is there in calm, and used up before margins rise; while it is asked for,
    calm does not lower them either.
    """
    times = min(fund.margin_factor * market.margin_factor, margin.largest_factor)
    least = 1.0 + fund.margin_buffer if fund.margin_buffer > 0.0 else margin.calm_factor
    return max(least, times)


@rule
def margin_rate(fund, k, market, margin):
    """Return the margin that the dealers require on a fund's holding in market k, a share of its value."""
    rate = raised(fund, market, margin) * fund.maintenance[k]
    return max(market.margin_floor, rate)


@rule
def margin_requirement(fund, markets, margin):
    """Return the maintenance margin that the dealers require, in $bn.

    The sum of margin times value, each as far as the day has raised it: long and short securities, futures on
    their notional value, and a little for what is inert.
    """
    inert = fund.other_securities + fund.other_owed
    times = max(1.0 + fund.margin_buffer, min(fund.margin_factor, margin.largest_factor))
    requirement = times * margin.maintenance_other * inert
    for k in range(N_TRADED):
        held = fund.units[k]
        if k == BROAD_EQUITY:
            held += sold_short(fund)
        requirement += margin_rate(fund, k, markets[k], margin) * held * markets[k].price
    futures = abs(fund.futures) * markets[NOTES].futures_price
    return requirement + raised(fund, markets[NOTES], margin) * margin.maintenance_futures * futures


@rule
def shrink(fund, share):
    """State orders that cut the whole book by a share: securities, what is sold short, futures, inert ones."""
    for k in range(N_TRADED):
        fund.orders[k] = -share * fund.units[k]
    fund.cover = share * sold_short(fund)
    fund.futures_order = -share * fund.futures
    fund.other_order = -share * max(fund.other_securities, fund.other_owed)
