"""Policy `leverage_cap`: a hedge fund may not hold more than so many times its own money.

A cap on balance-sheet leverage as in Article 25 of AIFMD and among the options of the Financial Stability Board
(2025); the United States have none. A cap binds hardest after losses: it makes sellers as well as it prevents them.
"""

from __future__ import annotations

from abm.agents.leveraged_fund import ACTIVE, securities_held, shrink
from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.contagion.margin_calls import worst_holding
from abm.ledger.chart import FUNDS, N_TRADED
from abm.outcome.causes import cause_of_move
from abm.outcome.events import AUTHORITY, FUND, LEVERAGE_CAPPED, NO_EVENT, NO_INSTRUMENT, log_event


@rule
def tell_cap(funds, most):
    """Tell hedge funds how many times their own money they may hold (0: there is no cap)."""
    for row in range(funds.shape[0]):
        if funds[row].sector == FUNDS:
            funds[row].leverage_cap = most


@rule
def times_to_cap(fund, markets):
    """Return by how many times a fund's securities may grow up to the cap: below one, it exceeds it."""
    held = securities_held(fund, markets) + fund.other_securities
    return fund.leverage_cap * max(fund.net_asset_value, 0.0) / held if held > 0.0 else 1.0


@rule
def watch_leverage(funds, markets, stories, tick, events, counter):
    """Note at nightfall which funds exceed the cap, and what brought them there."""
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != ACTIVE or fund.leverage_cap == 0.0 or times_to_cap(fund, markets) >= 1.0:
            fund.cap_cause = NO_EVENT
        elif fund.cap_cause == NO_EVENT:
            cause = cause_of_move(worst_holding(fund, markets), markets, stories[0], tick, events, counter)
            fund.cap_cause = log_event(
                events,
                counter,
                LEVERAGE_CAPPED,
                tick,
                AUTHORITY,
                0,
                FUND,
                fund.id,
                NO_CHANNEL,
                NO_INSTRUMENT,
                1.0 - times_to_cap(fund, markets),
                cause,
            )


@rule
def come_under_cap(fund, markets, settings):
    """State sales that bring a fund under the cap, and say whether there are any.

    sold a day = (1 - cap * net asset value / securities) / reduction days of the whole book
    """
    share = (1.0 - times_to_cap(fund, markets)) / settings.policy.leverage_cap.reduction_days
    if fund.cap_cause == NO_EVENT or share <= 0.0:
        return False
    shrink(fund, min(share, settings.margin.daily_sale_share))
    for k in range(N_TRADED):
        fund.channel[k] = NO_CHANNEL
    return True
