"""Settlement in stablecoins: crypto against coins, coins against deposits, and what issuers pay those who hand in."""

from __future__ import annotations

from abm.agents.crypto_holder import NEWCOMER, fresh_money
from abm.agents.stablecoin_issuer import N_ISSUERS, N_PLACES, issuer_repo
from abm.channels import CROSS_ASSET_SALES, CRYPTO_LIQUIDATIONS, NO_CHANNEL, RESERVE_TREASURIES, STABLECOIN_RUNS
from abm.compiled import rule
from abm.contagion.crypto_liquidations import repay_lender
from abm.contagion.reserve_deposits import cash_to_pay_with, kept_as_deposits
from abm.contagion.reserve_treasuries import sell_outside_the_market
from abm.ledger.chart import AI_EQUITY, BILLS, CRYPTO, DUST, NOTES, STABLECOINS
from abm.ledger.coin_postings import (
    choose_places,
    deliver_crypto,
    deliver_equity,
    hand_over_coins,
    issue_coins,
    issue_coins_of,
    lend_coins,
    lend_issuer_repo,
    mint,
    pay_issuer,
    sell_coins,
    settle_issuer,
    usable_deposits,
)
from abm.ledger.postings import pay, pay_in
from abm.ledger.settlement import fill, fill_order
from abm.outcome.events import ISSUER, REDEMPTIONS_DELAYED, log_event


@rule
def deliver_to_stablecoins(
    issuers, dealers, banks, investors, house, markets, settings, switches, days, journal, tick, events, counter
):
    """Deliver what issuers trade, and let them find the money for what is handed in: deposits, repo, Treasuries.

    paid today = the least of the queue, `daily_cap` of the coins in circulation, and what there is to pay with
    """
    terms, day = settings[0].stablecoins, days[0]
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        choose_places(banks, issuer)
        for k in (BILLS, NOTES):
            if issuer.orders[k] != 0.0:
                forced = issuer.queue > DUST and issuer.orders[k] < 0.0
                cost = fill_order(issuer, k, markets[k], house[0], day, journal)
                settle_issuer(journal, banks, issuer, house[0], cost)
                if forced:
                    day.moved[RESERVE_TREASURIES] -= cost
                    day.forced_sales[k] -= cost
                    day.forced_by_issuers -= cost
        due = min(issuer.queue, terms.daily_cap * issuer.supply)
        cash = cash_to_pay_with(issuer, banks, switches[0].reserve_deposits)
        if cash < due:
            cash += withdraw_repo(issuer, dealers, banks, due - cash, journal)
        if cash < due and not switches[0].reserve_treasuries:
            before = usable_deposits(banks, issuer)
            sell_outside_the_market(issuer, banks, investors, house[0], markets, due - cash, journal)
            cash += usable_deposits(banks, issuer) - before
        paid = max(0.0, min(due, cash))
        issuer.paid_share = paid / issuer.queue if issuer.queue > 0.0 else 0.0
        if issuer.queue - paid <= DUST:
            issuer.days_short = 0
        else:
            issuer.days_short += 1
            if issuer.days_short == 1:
                log_event(
                    events,
                    counter,
                    REDEMPTIONS_DELAYED,
                    tick,
                    ISSUER,
                    issuer.id,
                    ISSUER,
                    issuer.id,
                    STABLECOIN_RUNS if issuer.doubt > 0.0 else NO_CHANNEL,
                    STABLECOINS,
                    issuer.queue - paid,
                    issuer.run_event,
                )
        issuer.queue -= paid
        if switches[0].ordinary_trading and issuer.queue <= DUST:
            kept = kept_as_deposits(issuer, switches[0].reserve_deposits)
            keep_repo(issuer, dealers, banks, kept, terms.mix_days, journal)


@rule
def withdraw_repo(issuer, dealers, banks, wanted, journal):
    """Take back repo from all dealers in proportion; returns what came."""
    lent = issuer_repo(issuer)
    share = min(1.0, wanted / lent) if lent > 0.0 else 0.0
    for place in range(N_PLACES):
        lend_issuer_repo(journal, banks, issuer, dealers[issuer.dealer[place]], place, -share * issuer.repo_lent[place])
    return share * lent


@rule
def keep_repo(issuer, dealers, banks, kept, mix_days, journal):
    """Bring repo slowly to its share of coins, out of deposits beyond theirs."""
    spare = max(0.0, usable_deposits(banks, issuer) - kept)
    wanted = (issuer.repo_share * issuer.supply - issuer_repo(issuer)) / mix_days
    if wanted < 0.0:
        withdraw_repo(issuer, dealers, banks, -wanted, journal)
    for place in range(N_PLACES):
        lent = min(wanted, spare) / N_PLACES
        if lent > 0.0:
            lend_issuer_repo(journal, banks, issuer, dealers[issuer.dealer[place]], place, lent)


@rule
def maker_of(investors):
    """Return the row of the long-term holder of crypto, who takes the other side and pays in coins."""
    for row in range(investors.shape[0]):
        if investors[row].share[CRYPTO] > 0.0:
            return row
    return 0


@rule
def arbitrageur_of(investors):
    """Return the row of those who buy coins below par and hand them in."""
    for row in range(investors.shape[0]):
        if investors[row].coin_share > 0.0:
            return row
    return 0


@rule
def place_of(maker, issuer_row):
    """Return the place at which whoever holds coins of all issuers holds those of one."""
    for place in range(N_ISSUERS):
        if maker.issuer[place] == issuer_row:
            return place
    return 0


@rule
def deliver_to_holders(holders, order_book, entries, issuers, investors, banks, house, markets, days, journal):
    """Deliver what crypto holders trade, pay those whose coins are due, and take in the coins of those who leave.

    That empties the order book. Who sells crypto is paid in coins as far as the other side had some in the morning,
    and the rest in money.
    """
    crypto, ai, day = markets[CRYPTO], markets[AI_EQUITY], days[0]
    maker, arbitrageur = investors[maker_of(investors)], investors[arbitrageur_of(investors)]
    for i in range(issuers.shape[0]):
        worth = issuers[i].sales * crypto.fill_of_sales * crypto.price
        stock = max(0.0, maker.coins[place_of(maker, i)])
        issuers[i].coin_part = min(1.0, stock / worth) if worth > 0.0 else 1.0
    for entry in range(entries[0]):
        order = order_book[entry]
        holder = holders[order.holder]
        issuer = issuers[holder.issuer]
        if order.crypto != 0.0:
            settle_crypto(order, holder, holders, issuer, maker, banks, house[0], crypto, day, journal)
        if order.ai_equity != 0.0:
            units = fill(order.ai_equity, ai)
            deliver_equity(journal, ai.price, house[0], holder, units)
            pay_in(journal, banks, holder, house[0], units * ai.price)
            day.volume[AI_EQUITY] += abs(units) * ai.price
            day.net_flow[AI_EQUITY] += units * ai.price
            day.forced_sales[AI_EQUITY] -= units * ai.price
            day.forced_by_crypto -= units * ai.price
            day.moved[CROSS_ASSET_SALES] -= units * ai.price
            repay_lender(journal, holder, holders, banks, -units * ai.price, day)
        if holder.redeeming > 0.0:
            paid = issuer.paid_share * holder.redeeming
            holder.redeeming -= paid
            issue_coins(journal, issuer, holder, -paid)
            pay_issuer(journal, banks, issuer, holder, -paid)
        if order.cashed_out > 0.0:
            leaving = order.cashed_out
            if holder.verified:
                holder.redeeming += leaving
                issuer.queue += leaving
            else:
                sold = issuer.taken * leaving
                sell_coins(journal, holder, arbitrageur, place_of(arbitrageur, holder.issuer), sold)
                pay(journal, banks, arbitrageur, holder, issuer.price * sold)
            if issuer.doubt > 0.0:
                day.moved[STABLECOIN_RUNS] += leaving
        elif order.cashed_out < 0.0:
            mint(journal, banks, issuer, holder, min(-order.cashed_out, max(0.0, holder.deposit)))
    entries[0] = 0


@rule
def earn_and_spend(holders, depositors, banks, settings, switches, journal, tick):
    """Bring holders' deposits back to usual on the days on which they act: income comes in, gains are spent.

    from (or to) other customers of its bank = savings / days per year * days since it acted * what lacks (or is left)
    """
    if not switches[0].ordinary_trading:
        return
    terms = settings[0].crypto
    share = min(1.0, terms.savings / settings[0].run.ticks_per_year * terms.decision_days)
    today = -tick % terms.decision_days
    for row in range(holders.shape[0]):
        holder = holders[row]
        if holder.acts_on == today:
            customers = depositors[banks[holder.bank].customers]
            pay(journal, banks, customers, holder, share * (holder.usual_deposit - holder.deposit))


@rule
def settle_crypto(order, holder, holders, issuer, maker, banks, house, crypto, day, journal):
    """Deliver a holder's crypto against coins: new ones are minted or borrowed for what it has not got."""
    units = fill(order.crypto, crypto)
    cost = units * crypto.price
    liquidated = order.crypto == -holder.crypto and holder.loan > 0.0
    lacking = cost - max(0.0, holder.coins - holder.redeeming)
    if holder.kind == NEWCOMER:  # whose coins stay what they are: new money buys
        mint(journal, banks, issuer, holder, max(lacking, min(cost, holder.deposit)))
    elif lacking > 0.0 and holder.lender >= 0:
        fresh = min(lacking, fresh_money(holder, crypto.price))
        mint(journal, banks, issuer, holder, fresh)
        lend_coins(journal, holders[holder.lender], holder, lacking - fresh)
    deliver_crypto(journal, crypto.price, house, holder, units)
    in_coins = cost * (1.0 if cost > 0.0 else issuer.coin_part)
    sell_coins(journal, holder, maker, place_of(maker, holder.issuer), in_coins)
    if in_coins != cost:
        pay(journal, banks, holder, maker, cost - in_coins)
    crypto.paid_directly -= cost
    day.volume[CRYPTO] += abs(cost)
    day.net_flow[CRYPTO] += cost
    if liquidated:
        day.moved[CRYPTO_LIQUIDATIONS] -= cost
        day.forced_sales[CRYPTO] -= cost
        day.forced_by_crypto -= cost
    if holder.loan > 0.0 and cost < 0.0:
        repay_lender(journal, holder, holders, banks, in_coins - cost, day)


@rule
def pay_who_handed_in(owners, issuers, banks, journal):
    """Pay what is due on coins handed in to those who hold coins of all issuers."""
    for row in range(owners.shape[0]):
        owner = owners[row]
        for place in range(N_ISSUERS):
            issuer = issuers[owner.issuer[place]]
            paid = issuer.paid_share * owner.redeeming[place]
            if paid > 0.0:
                owner.redeeming[place] -= paid
                issue_coins_of(journal, issuers, place, owner, -paid)
                pay_issuer(journal, banks, issuer, owner, -paid)


@rule
def take_in_depositors_coins(depositors, issuers, investors, banks, settings, days, journal):
    """Take in the coins that depositors leave: a part is handed in, arbitrageurs buy of the rest what they can."""
    access = settings[0].stablecoins.direct_access
    arbitrageur = investors[arbitrageur_of(investors)]
    for row in range(depositors.shape[0]):
        depositor = depositors[row]
        for place in range(N_ISSUERS):
            leaving = depositor.cashed_out[place]
            if leaving <= 0.0:
                continue
            issuer = issuers[depositor.issuer[place]]
            depositor.redeeming[place] += access * leaving
            issuer.queue += access * leaving
            sold = issuer.taken * (1.0 - access) * leaving
            hand_over_coins(journal, depositor, arbitrageur, place_of(arbitrageur, depositor.issuer[place]), sold)
            pay(journal, banks, arbitrageur, depositor, issuer.price * sold)
            days[0].moved[STABLECOIN_RUNS] += access * leaving + sold
            depositor.cashed_out[place] = 0.0


@rule
def square_coins(investors, issuers, banks, settings, journal):
    """Let arbitrageurs and long-term holders of crypto hand in coins that they do not keep, and buy what they lack.

    A part a day, as their own books allow.
    """
    days = settings[0].stablecoins.mix_days
    for row in range(investors.shape[0]):
        investor = investors[row]
        for place in range(N_ISSUERS):
            issuer = issuers[investor.issuer[place]]
            spare = investor.coins[place] - investor.redeeming[place] - investor.usual_coins[place]
            if spare > 0.0:
                investor.redeeming[place] += spare / days
                issuer.queue += spare / days
            elif spare < 0.0:
                bought = min(-spare / days, max(0.0, investor.deposit))
                pay_issuer(journal, banks, issuer, investor, bought)
                issue_coins_of(journal, issuers, place, investor, bought)
