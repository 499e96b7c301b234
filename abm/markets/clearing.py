"""Clearing: the day's net flow meets the long-term investors, and each market finds its price."""

from __future__ import annotations

from abm.channels import FINITE_BUYERS
from abm.compiled import rule
from abm.contagion.finite_buyers import buyers_capacity, healing, share_of_offers_taken
from abm.ledger.chart import N_TRADED
from abm.ledger.postings import mark_issued, mark_to_market
from abm.markets.linear_impact import impact
from abm.markets.market import reprice
from abm.outcome.events import INVESTORS, NO_EVENT, NO_INSTRUMENT, SALES_RATIONED, SCENARIO, log_event


@rule
def collect_orders(funds, issuers, markets):
    """Add up all orders of the day, market by market."""
    for row in range(funds.shape[0]):
        fund = funds[row]
        for k in range(N_TRADED):
            order = fund.orders[k]
            if order > 0.0:
                markets[k].bought += order
            elif order < 0.0:
                markets[k].sold -= order
    for row in range(issuers.shape[0]):
        for k in range(N_TRADED):
            markets[k].bought += issuers[row].orders[k]


@rule
def find_prices(markets, investors, settings, switches, days, tick, events, counter):
    """Turn each market's net flow into a price, and say which part of the offers is taken.

    lasting  += lasting_share * I(Q)
    discount  = (1 - rho) * discount + (1 - lasting_share) * I(Q)

    Q is what is traded. An offer that finds no taker waits: were it to move the price each day anew, one
    unsold book would count many times over.
    """
    finite_buyers = switches[0].finite_buyers
    offered = 0.0
    for k in range(N_TRADED):
        offered += max(0.0, markets[k].sold - markets[k].bought) * markets[k].price
    taken = share_of_offers_taken(offered, investors, settings[0].buyers.daily_share, finite_buyers)
    capacity = buyers_capacity(investors)
    days[0].fill_share = taken
    days[0].buyers_capacity = capacity
    if taken < 1.0:
        log_event(
            events, counter, SALES_RATIONED, tick, INVESTORS, 0, SCENARIO, 0, FINITE_BUYERS, NO_INSTRUMENT,
            (1.0 - taken) * offered, largest_sale_event(markets),
        )
    for k in range(N_TRADED):
        market = markets[k]
        net = market.bought - market.sold
        market.fill_of_sales = (market.bought - net * taken) / market.sold if net < 0.0 else 1.0
        traded = net * taken if net < 0.0 else net
        rho = healing(market.discount, capacity, settings[0].markets, finite_buyers)
        move = impact(market, traded, settings[0].markets.depth)
        market.lasting += market.lasting_share * move
        market.discount += (1.0 - market.lasting_share) * move - rho * market.discount
        reprice(market)


@rule
def largest_sale_event(markets):
    """Return the event of the day's largest forced sale in any market."""
    event = NO_EVENT
    largest = 0.0
    for k in range(N_TRADED):
        if markets[k].largest_sale > largest:
            largest = markets[k].largest_sale
            event = markets[k].sale_event
    return event


@rule
def revalue_holdings(markets, funds, dealers, banks, investors, issuers, journal):
    """Let every book feel the new prices; equity and notes are their issuers' liabilities at market value."""
    for k in range(N_TRADED):
        change = markets[k].price - markets[k].last_price
        mark_to_market(journal, k, change, funds)
        mark_to_market(journal, k, change, dealers)
        mark_to_market(journal, k, change, banks)
        mark_to_market(journal, k, change, investors)
        mark_to_market(journal, k, change, issuers)
        mark_issued(journal, k, change, issuers)
