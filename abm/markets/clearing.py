"""Clearing: the day's net flow meets the long-term investors, and each market finds its price."""

from __future__ import annotations

import math

from abm.agents.leveraged_fund import sold_short
from abm.agents.stablecoin_issuer import N_ISSUERS
from abm.channels import FINITE_BUYERS, NO_CHANNEL
from abm.compiled import rule
from abm.contagion.finite_buyers import buyers_capacity, healing, share_of_offers_taken, share_that_cash_pays
from abm.ledger.chart import (
    AI_EQUITY,
    BILLS,
    BROAD_EQUITY,
    CRYPTO,
    CRYPTO_HOLDERS,
    DUST,
    N_TRADED,
    NOTES,
    SECURITIES_LENT,
)
from abm.ledger.revaluations import revalue
from abm.markets.impact import impact
from abm.markets.market import reprice
from abm.markets.stablecoin_peg import peg
from abm.outcome.events import (
    INVESTORS,
    MARKET,
    NEWS_EVENT,
    NO_EVENT,
    NO_INSTRUMENT,
    SALES_RATIONED,
    SCENARIO,
    log_event,
)
from abm.policy.circuit_breaker import open_share


@rule
def collect_orders(traders, markets):
    """Add up a table's orders of the day, market by market."""
    for row in range(traders.shape[0]):
        trader = traders[row]
        for k in range(N_TRADED):
            add_order(markets[k], trader.orders[k])


@rule
def collect_cover(funds, markets):
    """Add what short sellers buy back (or sell short)."""
    for row in range(funds.shape[0]):
        add_order(markets[BROAD_EQUITY], funds[row].cover)


@rule
def collect_holders(holders, order_book, entries, issuers, depositors, markets, days, access):
    """Add up what crypto holders trade and hold, and the coins that they and depositors offer to arbitrageurs."""
    crypto, ai, day = markets[CRYPTO], markets[AI_EQUITY], days[0]
    for i in range(issuers.shape[0]):
        issuers[i].offered = 0.0
        issuers[i].sales = 0.0
    crypto_held, equity_held, crypto_lent = 0.0, 0.0, 0.0
    for row in range(holders.shape[0]):
        holder = holders[row]
        crypto_held += holder.crypto
        equity_held += holder.ai_equity
        crypto_lent += holder.loan
    day.crypto_held, day.equity_held, day.crypto_lent = crypto_held, equity_held, crypto_lent
    for entry in range(entries[0]):
        order = order_book[entry]
        holder = holders[order.holder]
        issuer = issuers[holder.issuer]
        add_order(crypto, order.crypto)
        add_order(ai, order.ai_equity)
        issuer.sales += max(0.0, -order.crypto)
        if not holder.verified:
            issuer.offered += max(0.0, order.cashed_out)
    for row in range(depositors.shape[0]):
        depositor = depositors[row]
        for place in range(N_ISSUERS):
            issuers[depositor.issuer[place]].offered += (1.0 - access) * depositor.cashed_out[place]


@rule
def set_pegs(issuers, investors, settings):
    """Let arbitrageurs take what coins they have the cash for, and each coin find its price."""
    terms = settings[0].stablecoins
    offered, cash = 0.0, 0.0
    for i in range(issuers.shape[0]):
        offered += issuers[i].offered
    for row in range(investors.shape[0]):
        if investors[row].coin_share > 0.0:
            cash += terms.arbitrage_share * max(0.0, investors[row].deposit)
    taken = min(1.0, cash / offered) if offered > 0.0 else 1.0
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        issuer.taken = taken
        capacity = terms.daily_cap * issuer.supply
        days_to_wait = issuer.queue / capacity if capacity > 0.0 else 0.0
        not_taken = 1.0 - taken if issuer.offered > 0.0 else 0.0
        issuer.price = peg(issuer.coverage, days_to_wait, not_taken, terms)


@rule
def revalue_holders(days, markets, journal):
    """Let crypto holders' books feel the new prices, all together."""
    day = days[0]
    for k, held in ((CRYPTO, day.crypto_held), (AI_EQUITY, day.equity_held)):
        revalue(journal, k, CRYPTO_HOLDERS, held * (markets[k].price - markets[k].last_price))


@rule
def add_order(market, units):
    """Add one order, + to buy, to a market's day."""
    market.bought += max(0.0, units)
    market.sold += max(0.0, -units)


@rule
def find_prices(markets, investors, settings, switches, days, tick, events, counter):
    """Turn each market's net flow into a price, and say which part of the offers is taken.

    lasting  += lasting_share * I(Q, normal depth)
    discount  = (1 - rho) * discount + (1 - lasting_share) * I(Q, depth)
    overhang  = (1 - lasting_share) * (I(all that is offered or bid for, depth) - I(Q, depth))

    Q is what is traded. What flow teaches about worth does not depend on who happens to quote today, so
    that thin depth deepens the discount alone. Offers that find no taker weigh on the price while they
    stand, as a level: were they to move it each day anew, one unsold book would count many times over. So do
    bids for more than the other side has: nobody delivers what he does not hold.
    """
    finite_buyers = switches[0].finite_buyers
    daily_share = settings[0].buyers.daily_share
    of_shares = net_offers(markets, AI_EQUITY) + net_offers(markets, BROAD_EQUITY)
    of_notes, of_crypto = net_offers(markets, NOTES), net_offers(markets, CRYPTO)
    shares_taken = share_of_offers_taken(of_shares, investors, AI_EQUITY, daily_share, finite_buyers)
    notes_taken = share_of_offers_taken(of_notes, investors, NOTES, daily_share, finite_buyers)
    crypto_taken = share_of_offers_taken(of_crypto, investors, CRYPTO, daily_share, finite_buyers)
    paid = share_that_cash_pays(shares_taken * of_shares + notes_taken * of_notes, investors, AI_EQUITY, finite_buyers)
    shares_taken *= paid
    notes_taken *= paid
    crypto_taken *= share_that_cash_pays(crypto_taken * of_crypto, investors, CRYPTO, finite_buyers)
    offered = of_shares + of_notes + of_crypto
    not_taken = (1.0 - shares_taken) * of_shares + (1.0 - notes_taken) * of_notes + (1.0 - crypto_taken) * of_crypto
    days[0].fill_share = 1.0 - not_taken / offered if offered > 0.0 else 1.0
    days[0].buyers_capacity = buyers_capacity(investors, AI_EQUITY)
    if not_taken > DUST:
        days[0].moved[FINITE_BUYERS] += max(0.0, not_taken - days[0].not_taken)
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
            not_taken,
            cause_of_offers(markets, tick, events, counter),
        )
    days[0].not_taken = not_taken
    for k in range(N_TRADED):
        market = markets[k]
        taken = shares_taken
        if k == NOTES:
            taken = notes_taken
        elif k == BILLS:  # money that is at no bank: whoever has money takes them
            taken = 1.0
        elif k == CRYPTO:
            taken = crypto_taken
        net = market.bought - market.sold
        market.fill_of_sales = (market.bought - net * taken) / market.sold if net < 0.0 else 1.0
        most = deliverable(investors, k)
        market.fill_of_purchases = (market.sold + most) / market.bought if net > most else 1.0
        traded = net * taken if net < 0.0 else min(net, most)
        rho = healing(market, buyers_capacity(investors, k), settings[0].markets, finite_buyers and k != BILLS)
        normal_depth = settings[0].markets.depth
        depth = normal_depth * market.depth
        passing = 1.0 - market.lasting_share
        market.open_share = open_share(market, net, traded, depth, normal_depth, rho)
        if market.open_share < 1.0:  # it closes early, and what has not been traded lapses
            net, traded = market.open_share * net, market.open_share * traded
            market.fill_of_sales *= market.open_share
            market.fill_of_purchases *= market.open_share
        market.lasting += market.lasting_share * impact(market, traded, normal_depth)
        market.discount += passing * impact(market, traded, depth) - rho * market.discount
        market.overhang = passing * (impact(market, net, depth) - impact(market, traded, depth))
        reprice(market)


@rule
def net_offers(markets, k):
    """Return what is offered in market k beyond what is bid for, in $bn at yesterday's price."""
    return max(0.0, markets[k].sold - markets[k].bought) * markets[k].price


@rule
def deliverable(investors, k):
    """Return how many units those on the other side of market k can deliver, each his share of all."""
    most = math.inf
    for row in range(investors.shape[0]):
        investor = investors[row]
        if investor.share[k] > 0.0:
            most = min(most, max(0.0, investor.units[k]) / investor.share[k])
    return most


@rule
def cause_of_offers(markets, tick, events, counter):
    """Return the event of the day's largest forced sale; if nobody is forced, the news where most is offered."""
    event = NO_EVENT
    largest = 0.0
    most = 0.0
    k = 0
    for row in range(N_TRADED):
        market = markets[row]
        if market.largest_sale > largest:
            largest = market.largest_sale
            event = market.sale_event
        offered = (market.sold - market.bought) * market.price
        if offered > most:
            most = offered
            k = row
    if event != NO_EVENT:
        return event
    return log_event(
        events, counter, NEWS_EVENT, tick, SCENARIO, 0, MARKET, k, NO_CHANNEL, k, markets[k].news_today, NO_EVENT
    )


@rule
def revalue_holdings(holders, markets, journal):
    """Let a table's books feel the new prices; the units held do not change, only what they are worth."""
    for row in range(holders.shape[0]):
        holder = holders[row]
        for k in range(N_TRADED):
            revalue(journal, k, holder.sector, holder.units[k] * (markets[k].price - markets[k].last_price))


@rule
def revalue_short(funds, dealers, investors, markets, journal):
    """Let securities sold short and lent feel them: a loss to who owes them when prices rise."""
    change = markets[BROAD_EQUITY].price - markets[BROAD_EQUITY].last_price
    for row in range(funds.shape[0]):
        revalue(journal, SECURITIES_LENT, funds[row].sector, -sold_short(funds[row]) * change)
    for row in range(dealers.shape[0]):
        revalue(journal, SECURITIES_LENT, dealers[row].sector, (dealers[row].lent_on - dealers[row].borrowed) * change)
    for row in range(investors.shape[0]):
        revalue(journal, SECURITIES_LENT, investors[row].sector, investors[row].lent * change)


@rule
def revalue_issued(issuers, markets, journal):
    """Let the issuers feel them too: equity and notes are their liabilities at market value."""
    for row in range(issuers.shape[0]):
        issuer = issuers[row]
        for k in range(N_TRADED):
            revalue(journal, k, issuer.sector, -issuer.issued[k] * (markets[k].price - markets[k].last_price))
