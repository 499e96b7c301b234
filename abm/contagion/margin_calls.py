"""Channel `margin_calls`: losses call for margin, margin for sales, and who cannot is seized by its dealer."""

from __future__ import annotations

from abm.agents.leveraged_fund import (
    ACTIVE,
    N_DEALERS,
    SEIZED,
    fund_debt,
    margin_requirement,
    net_asset_value,
    sold_short,
)
from abm.channels import MARGIN_CALLS
from abm.compiled import rule
from abm.contagion.cross_asset_sales import raise_margin
from abm.contagion.crowding_revealed import reveal
from abm.ledger.chart import DUST, N_TRADED
from abm.ledger.revaluations import revalue_shares
from abm.outcome.causes import cause_of_move
from abm.outcome.events import CALL_MET, DEALER, FUND, MARGIN_CALL, NO_EVENT, NO_INSTRUMENT, SEIZURE, log_event


@rule
def sell_to_meet_call(fund, markets, margin, cross_asset_sales):
    """Sell until the requirement stands at the buffer below net asset value, by R - buffer * E, and cash is repaid."""
    excess = max(0.0, fund.requirement - margin.buffer * max(fund.net_asset_value, 0.0))
    cash = (fund.advance + fund.recalled) / margin.buffer  # prices may fall before the sale is filled
    if excess > 0.0 or cash > 0.0:
        raise_margin(fund, markets, margin, excess, cash, cross_asset_sales)


@rule
def missing_margin(fund):
    """Return what a fund lacks, in $bn: margin, or cash that its dealers advanced or recall."""
    return max(fund.requirement - fund.net_asset_value, fund.advance + fund.recalled)


@rule
def mark_funds(funds, dealers, investors, markets, settings, switches, journal):
    """Mark every fund to market: net asset value, margin requirement, and the shares its owners hold.

    What a seized book lacks is its dealers' provision: known today, booked when the book is sold.
    """
    year, memory = settings[0].run.ticks_per_year, settings[0].risk_limits.memory_days
    for row in range(dealers.shape[0]):
        dealers[row].provision = 0.0
    for row in range(funds.shape[0]):
        fund = funds[row]
        before = fund.net_asset_value
        fund.net_asset_value = net_asset_value(fund, markets)
        fund.requirement = margin_requirement(fund, markets, settings[0].margin)
        if fund.status == ACTIVE and before > 0.0:
            fund.share_value *= max(0.0, fund.net_asset_value + fund.paid_out) / before
            fund.year_value += (fund.share_value - fund.year_value) / year
            fund.best_value += (fund.share_value - fund.best_value) / memory
            fund.best_value = max(fund.best_value, fund.share_value)
        fund.paid_out = 0.0
        if fund.status == SEIZED and fund.net_asset_value < 0.0 and switches[0].fund_default_losses:
            for line in range(N_DEALERS):
                dealer = dealers[fund.dealer[line]]
                if fund.line_share[line] > 0.0:
                    dealer.provision -= fund.line_share[line] * fund.net_asset_value
                    dealer.loss_event = fund.cause
        if fund.owner >= 0:
            change = max(fund.net_asset_value, 0.0) - fund.shares
            revalue_shares(journal, fund, investors[fund.owner], change)


@rule
def call_margin(funds, dealers, markets, stories, settings, switches, tick, events, counter):
    """Call where the requirement exceeds net asset value, and seize when grace is over or nothing is left.

    With leverage L and maintenance margin m, one asset and no cash, the call comes at a fall of
    1 - (1 - 1/L) / (1 - m) and net asset value is gone at a fall of 1/L.
    """
    grace_days = settings[0].margin.grace_days
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status == SEIZED:
            fund.days_in_call += 1
        if fund.status != ACTIVE:
            continue
        if not switches[0].margin_calls:
            fund.days_in_call = 0
            fund.call = 0.0
            continue
        missing = missing_margin(fund)
        dealer = dealers[fund.dealer[0]].id
        if missing <= DUST or fund_debt(fund) + sold_short(fund) <= 0.0:
            if fund.days_in_call > 0:
                log_event(
                    events,
                    counter,
                    CALL_MET,
                    tick,
                    FUND,
                    fund.id,
                    DEALER,
                    dealer,
                    MARGIN_CALLS,
                    NO_INSTRUMENT,
                    fund.call,
                    fund.cause,
                )
            fund.days_in_call = 0
            fund.call = 0.0
            fund.cause = NO_EVENT
            continue
        if fund.days_in_call == 0:
            cause = fund.cause  # a loan recalled, or else what it lost most on
            if cause == NO_EVENT:
                cause = cause_of_move(worst_holding(fund, markets), markets, stories[0], tick, events, counter)
            fund.call = missing
            fund.cause = log_event(
                events,
                counter,
                MARGIN_CALL,
                tick,
                FUND,
                fund.id,
                DEALER,
                dealer,
                MARGIN_CALLS,
                NO_INSTRUMENT,
                missing,
                cause,
            )
        fund.days_in_call += 1
        if fund.days_in_call > grace_days or fund.net_asset_value <= 0.0:
            fund.status = SEIZED
            fund.days_in_call = 0
            if switches[0].crowding_revealed and fund.owner >= 0:  # a household's account teaches nobody anything
                reveal(fund, markets)
            fund.cause = log_event(
                events,
                counter,
                SEIZURE,
                tick,
                FUND,
                fund.id,
                DEALER,
                dealer,
                MARGIN_CALLS,
                NO_INSTRUMENT,
                fund_debt(fund),
                fund.cause,
            )


@rule
def worst_holding(fund, markets):
    """Return the market in which the fund lost most today."""
    worst = 0
    largest = 0.0
    for k in range(N_TRADED):
        loss = fund.units[k] * (markets[k].last_price - markets[k].price)
        if loss > largest:
            largest = loss
            worst = k
    return worst
