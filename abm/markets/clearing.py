"""Clearing: the day's net flow meets the long-term investors, and each market finds its price."""

from __future__ import annotations

from abm.channels import FINITE_BUYERS
from abm.compiled import rule
from abm.contagion.finite_buyers import buyers_capacity, healing, share_of_offers_taken
from abm.ledger.chart import N_TRADED
from abm.ledger.postings import revalue
from abm.markets.linear_impact import impact
from abm.markets.market import reprice
from abm.outcome.events import INVESTORS, NO_EVENT, NO_INSTRUMENT, SALES_RATIONED, SCENARIO, log_event


@rule
def collect_orders(traders, markets):
    """Add up a table's orders of the day, market by market."""
    for row in range(traders.shape[0]):
        trader = traders[row]
        for k in range(N_TRADED):
            order = trader.orders[k]
            if order > 0.0:
                markets[k].bought += order
            elif order < 0.0:
                markets[k].sold -= order


@rule
def find_prices(markets, investors, settings, switches, days, tick, events, counter):
    """Turn each market's net flow into a price, and say which part of the offers is taken.

    lasting  += lasting_share * I(Q, normal depth)
    discount  = (1 - rho) * discount + (1 - lasting_share) * I(Q, depth)
    overhang  = (1 - lasting_share) * I(offers not taken, depth)

    Q is what is traded. What flow teaches about worth does not depend on who happens to quote today, so
    that thin depth deepens the discount alone. Offers that find no taker weigh on the price while they
    stand, as a level: were they to move it each day anew, one unsold book would count many times over.
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
            events,
            counter,
            SALES_RATIONED,
            tick,
            INVESTORS,
            0,
            SCENARIO,
            0,
            FINITE_BUYERS,
            NO_INSTRUMENT,
            (1.0 - taken) * offered,
            largest_sale_event(markets),
        )
    for k in range(N_TRADED):
        market = markets[k]
        net = market.bought - market.sold
        market.fill_of_sales = (market.bought - net * taken) / market.sold if net < 0.0 else 1.0
        traded = net * taken if net < 0.0 else net
        rho = healing(market.discount, capacity, settings[0].markets, finite_buyers)
        normal_depth = settings[0].markets.depth
        depth = normal_depth * market.depth
        passing = 1.0 - market.lasting_share
        market.lasting += market.lasting_share * impact(market, traded, normal_depth)
        market.discount += passing * impact(market, traded, depth) - rho * market.discount
        market.overhang = passing * impact(market, net - traded, depth)
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
def revalue_holdings(holders, markets, journal):
    """Let a table's books feel the new prices; the units held do not change, only what they are worth."""
    for row in range(holders.shape[0]):
        holder = holders[row]
        for k in range(N_TRADED):
            revalue(journal, k, holder.sector, holder.units[k] * (markets[k].price - markets[k].last_price))


@rule
def revalue_issued(issuers, markets, journal):
    """Let the issuers feel them too: equity and notes are their liabilities at market value."""
    for row in range(issuers.shape[0]):
        issuer = issuers[row]
        for k in range(N_TRADED):
            revalue(journal, k, issuer.sector, -issuer.issued[k] * (markets[k].price - markets[k].last_price))
