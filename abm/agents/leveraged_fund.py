"""Leveraged funds and margin accounts: owners of shares on credit.

One record, one set of rules; what differs between a hedge fund and a household's margin account is in
its terms. A fund wants two things: to swap a little every day, without borrowing or repaying
(`contagion/ordinary_trading.py`), and to meet its margin calls (`contagion/margin_calls.py`): it sells until
the requirement is back at a buffer below net asset value, a part pro rata and the rest in the order of what is
easiest to sell, only so much a day. Once its dealer has seized it, the dealer sells in equal parts over the days
of liquidation; there is no way back.
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, CUSTOMER_CASH, FUND_SHARES, MARGIN_LOANS, N_TRADED
from abm.records import Record, asset, intent, liability, memory, pointer, term

ACTIVE, SEIZED, CLOSED = range(3)

LEVERAGED_FUND = Record(
    "fund",
    (
        term("id", "identity", "the fund's own number, which no reordering changes", kind="i8"),
        term("sector", "column", "hedge fund or margin account", kind="i8"),
        pointer("dealer", "dealers"),
        pointer("owner", "investors"),  # -1: a margin account, owned by the household itself
        term("target", "share", "the mix of units that it means to hold", size=N_TRADED),
        term("maintenance", "share", "maintenance margin by asset", size=N_TRADED),
        term("trading_probability", "per day", "how often it trades without need"),
        term("trading_size", "share", "part of the distance to its wish that such a trade closes"),
        asset("units", AI_EQUITY, "AI equity, broad equity and notes held", size=N_TRADED),
        asset("cash", CUSTOMER_CASH, "free cash at its dealer", at="dealer"),
        liability("margin_loan", MARGIN_LOANS, "borrowed from its dealer; what is sold repays it first", at="dealer"),
        liability(
            "shares",
            FUND_SHARES,
            "shares at net asset value, never below nought; margin accounts have none",
            at="owner",
        ),
        memory("status", "0, 1, 2", "active, seized by its dealer, closed", kind="i8"),
        memory("net_asset_value", "$bn", "assets less debt at the last marking"),
        memory("requirement", "$bn", "maintenance margin required at the last marking"),
        memory(
            "days_in_call",
            "days",
            "how long a call (its own day counts), or after it the close-out, has been open",
            kind="i8",
        ),
        memory("call", "$bn", "requirement beyond net asset value when the call was opened, 0 once met"),
        memory("cause", "event", "the call or the seizure that drives its sales", kind="i8"),
        memory("shortfall", "$bn", "what it could not repay: its dealer's loss, or its owner's if that channel is off"),
        intent("orders", "units", "to buy (+) or sell (-)", size=N_TRADED),
        intent("channel", "channel", "what causes each order", kind="i8", size=N_TRADED),
    ),
)


@rule
def fund_assets(fund, markets):
    """Return the market value of the securities held, in $bn."""
    value = 0.0
    for k in range(N_TRADED):
        value += fund.units[k] * markets[k].price
    return value


@rule
def net_asset_value(fund, markets):
    """Return securities and cash less debt, in $bn."""
    return fund_assets(fund, markets) + fund.cash - fund.margin_loan


@rule
def margin_requirement(fund, markets):
    """Return the maintenance margin that the dealer requires, in $bn: the sum of margin times value."""
    requirement = 0.0
    for k in range(N_TRADED):
        requirement += fund.maintenance[k] * fund.units[k] * markets[k].price
    return requirement
