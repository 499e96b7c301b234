"""Settlement: fills are delivered against payment through the clearing house, and accounts are settled."""

from __future__ import annotations

from abm.agents.dealer import N_LINES, total_bank_loans, total_repo
from abm.agents.leveraged_fund import N_DEALERS, SEIZED, sold_short
from abm.agents.long_term_investor import budget_for
from abm.agents.rest_of_system import PUBLIC
from abm.channels import BANK_ASSET_SALES, DEALER_RUNS, NO_CHANNEL, ORDINARY_TRADING, REDEMPTIONS, RISK_LIMITS
from abm.compiled import rule
from abm.ledger.central_bank import lend_to_account
from abm.ledger.chart import BILLS, BROAD_EQUITY, FUNDS, N_TRADED, NOTES
from abm.ledger.postings import (
    charge_dealers,
    credit_account,
    debit_cash,
    issue_reserves,
    lend_on_margin,
    lend_on_repo,
    lend_securities,
    lend_to_dealer,
    net_other,
    pay,
    pay_in,
    repay_loans,
    transfer_futures,
    transfer_other,
    transfer_reserves,
    transfer_units,
)


@rule
def deliver(journal, k, price, house, holder, units):
    """Deliver units to a holder through the clearing house; a sale (negative units) comes from the holder."""
    if units >= 0.0:
        transfer_units(journal, k, price, house, holder, units)
    else:
        transfer_units(journal, k, price, holder, house, -units)


@rule
def fill(order, market):
    """Return how much of an order is filled: of a purchase what there is, of a sale what found a taker."""
    return order * (market.fill_of_purchases if order > 0.0 else market.fill_of_sales)


@rule
def deliver_to_funds(funds, dealers, banks, depositors, investors, house, markets, settings, switches, days, journal):
    """Deliver every fund's fills and debit or credit its account; its dealers owe the clearing house."""
    day = days[0]
    close_out_cost = settings[0].margin.close_out_cost
    ask_owners(funds, investors, markets, switches[0].finite_buyers)
    for row in range(funds.shape[0]):
        fund = funds[row]
        cost = 0.0
        sold_by_dealer = 0.0
        for k in range(N_TRADED):
            if fund.orders[k] == 0.0:
                fund.channel[k] = ORDINARY_TRADING
                continue
            value = fill_order(fund, k, markets[k], house[0], day, journal)
            cost += value
            if value < 0.0 and fund.channel[k] == RISK_LIMITS:
                day.moved[RISK_LIMITS] -= value
            elif value < 0.0 and fund.channel[k] == NO_CHANNEL:
                day.sold_under_cap -= value
            elif value < 0.0 and fund.channel[k] != ORDINARY_TRADING:
                count_forced_sale(day, fund, k, -value)
                if fund.status == SEIZED:
                    sold_by_dealer -= value
            fund.channel[k] = ORDINARY_TRADING
        if fund.other_order != 0.0:
            cost += settle_other(fund, banks, investors, house, journal)
        if fund.futures_order != 0.0:
            transfer_futures(journal, investors[fund.owner], fund, fund.futures_order)
            fund.futures_order = 0.0
        if cost != 0.0:
            credit_account(journal, dealers, fund, -cost)
            charge_dealers(dealers, fund, cost)
            left = max(-cost, 0.0)  # what a sale brings pays once: what was advanced, then what is recalled
            repaid = min(left, fund.advance)
            fund.advance -= repaid
            fund.recalled = max(0.0, fund.recalled - (left - repaid))
        if fund.cover != 0.0:
            settle_shorts(fund, dealers, investors, house, markets, day, journal)
            fund.cover = 0.0
        if sold_by_dealer > 0.0:
            pay_close_out(fund, dealers, banks, depositors, close_out_cost * sold_by_dealer, journal)


@rule
def share_to_close(fund):
    """Return the share of its inert securities, long and short, that a fund wants to close (negative: to enlarge)."""
    most = max(fund.other_securities, fund.other_owed)
    return min(1.0, -fund.other_order / most) if most > 0.0 else 0.0


@rule
def ask_owners(funds, investors, markets, finite_buyers):
    """Find which part of the inert securities that funds offer, or want, their owners can pay for or deliver.

    An owner has what the day's other purchases leave of its deposit, and the securities that it holds.
    """
    for row in range(investors.shape[0]):
        investors[row].asked = 0.0
        investors[row].wanted = 0.0
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.other_order != 0.0:
            offered = share_to_close(fund) * (fund.other_securities - fund.other_owed)
            investors[fund.owner].asked += max(0.0, offered)
            investors[fund.owner].wanted += max(0.0, -offered)
    for row in range(investors.shape[0]):
        investor = investors[row]
        investor.takes = 1.0
        investor.gives = 1.0
        if finite_buyers and investor.asked > 0.0:
            left = investor.deposit
            for k in range(N_TRADED):
                left -= investor.share[k] * net_sold(markets[k]) * markets[k].price
            investor.takes = min(1.0, max(0.0, left) / investor.asked)
        if investor.wanted > 0.0:
            investor.gives = min(1.0, max(0.0, investor.other_securities) / investor.wanted)


@rule
def net_sold(market):
    """Return how many units the day's filled orders leave with the other side of a market."""
    return market.sold * market.fill_of_sales - market.bought * market.fill_of_purchases


@rule
def settle_other(fund, banks, investors, house, journal):
    """Let a fund close (or enlarge) a share of its inert securities, long against short, with its owner.

    Its owner takes over what is left as far as it has the cash, or delivers what is wanted as far as it holds it.
    Returns the cost, in $bn.
    """
    share = share_to_close(fund)
    fund.other_order = 0.0
    owner = investors[fund.owner]
    share *= owner.takes if share * (fund.other_securities - fund.other_owed) > 0.0 else owner.gives
    returned = share * fund.other_owed
    sold = share * fund.other_securities - returned
    transfer_other(journal, fund, owner, sold)
    net_other(journal, fund, returned)
    pay_in(journal, banks, owner, house[0], sold)
    return -sold


@rule
def take_other_paper(pools, investors, banks, markets, journal):
    """Let cash pools that find no bills take other paper from those who would have delivered them.

    Where an investor has not enough of it, all pools get the same part.
    """
    bills = markets[BILLS]
    if bills.fill_of_purchases == 1.0:
        return
    wanted = 0.0
    for row in range(pools.shape[0]):
        wanted += (1.0 - bills.fill_of_purchases) * max(0.0, pools[row].orders[BILLS]) * bills.price
    if wanted <= 0.0:
        return
    for i in range(investors.shape[0]):
        investor = investors[i]
        part = min(investor.share[BILLS], max(0.0, investor.other_securities) / wanted)
        for row in range(pools.shape[0]):
            pool = pools[row]
            taken = part * (1.0 - bills.fill_of_purchases) * max(0.0, pool.orders[BILLS]) * bills.price
            transfer_other(journal, investor, pool, taken)
            pay(journal, banks, pool, investor, taken)


@rule
def settle_shorts(fund, dealers, investors, house, markets, day, journal):
    """Deliver what a short seller bought back to those who had lent it, or sell more that they lend.

    Free cash pays for it, and is where the proceeds of more short sales go.
    """
    price = markets[BROAD_EQUITY].price
    wanted = fill(fund.cover, markets[BROAD_EQUITY])
    share = min(1.0, wanted / sold_short(fund)) if sold_short(fund) > 0.0 else 0.0
    bought = 0.0
    for line in range(N_DEALERS):
        units = share * fund.short[line]
        if units == 0.0:
            continue
        dealer = dealers[fund.dealer[line]]
        lender = investors[dealer.stock_lender]
        deliver(journal, BROAD_EQUITY, price, house[0], lender, units)
        lend_securities(journal, price, lender, dealer, fund, line, -units)
        bought += units
    value = bought * price
    debit_cash(journal, dealers, fund, value)
    charge_dealers(dealers, fund, value)
    day.volume[BROAD_EQUITY] += abs(value)
    day.net_flow[BROAD_EQUITY] += value


@rule
def pay_close_out(fund, dealers, banks, depositors, cost, journal):
    """Charge a seized fund what closing out its book costs; the dealers pay it to those who do it."""
    for line in range(N_DEALERS):
        dealer = dealers[fund.dealer[line]]
        part = fund.line_share[line] * cost
        lend_on_margin(journal, dealer, fund, line, part)
        pay(journal, banks, dealer, depositors[banks[dealer.bank].customers], part)


@rule
def count_forced_sale(day, fund, k, value):
    """Add a forced sale, in $bn, to the day's totals by market, by channel and by seller."""
    day.forced_sales[k] += value
    if fund.channel[k] == REDEMPTIONS:
        day.forced_by_redemptions += value
        return
    day.moved[fund.channel[k]] += value
    if fund.status == SEIZED:
        day.forced_liquidated += value
    elif fund.sector == FUNDS:
        day.forced_by_funds += value
    else:
        day.forced_by_accounts += value


@rule
def fill_order(trader, k, market, house, day, journal):
    """Deliver what a trader's order in one market got, empty it, and return its cost in $bn (negative for a sale)."""
    units = fill(trader.orders[k], market)
    deliver(journal, k, market.price, house, trader, units)
    cost = units * market.price
    day.volume[k] += abs(cost)
    day.net_flow[k] += cost
    trader.orders[k] = 0.0
    return cost


@rule
def deliver_to_issuers(issuers, house, markets, days, journal):
    """Deliver what the public sector buys; it pays with new central-bank reserves."""
    for row in range(issuers.shape[0]):
        for k in range(N_TRADED):
            if issuers[row].orders[k] != 0.0:
                cost = fill_order(issuers[row], k, markets[k], house[0], days[0], journal)
                issue_reserves(journal, issuers[row], house[0], cost)
                days[0].notes_bought += cost


@rule
def deliver_to_lenders(banks, dealers, house, markets, days, journal):
    """Deliver what banks and dealers sell: banks are paid in reserves, dealers with their customers' trades."""
    day = days[0]
    for k in range(N_TRADED):
        for row in range(banks.shape[0]):
            if banks[row].orders[k] != 0.0:
                cost = fill_order(banks[row], k, markets[k], house[0], day, journal)
                transfer_reserves(journal, banks[row], house[0], cost)
                day.moved[BANK_ASSET_SALES] -= cost
                day.forced_sales[k] -= cost
                day.forced_by_lenders -= cost
        for row in range(dealers.shape[0]):
            if dealers[row].orders[k] != 0.0:
                cost = fill_order(dealers[row], k, markets[k], house[0], day, journal)
                dealers[row].due += cost
                day.moved[DEALER_RUNS] -= cost
                day.forced_sales[k] -= cost
                day.forced_by_lenders -= cost


@rule
def deliver_to_savers(savers, banks, house, markets, days, journal):
    """Deliver what chasers, cash pools and fleeing depositors trade; they pay out of their deposits."""
    for row in range(savers.shape[0]):
        for k in range(N_TRADED):
            if savers[row].orders[k] != 0.0:
                cost = fill_order(savers[row], k, markets[k], house[0], days[0], journal)
                pay_in(journal, banks, savers[row], house[0], cost)


@rule
def deliver_to_investors(investors, banks, house, markets, journal):
    """Let long-term investors take the other side, each its share, in units and in cash."""
    for k in range(N_TRADED):
        market = markets[k]
        net = net_sold(market)
        for row in range(investors.shape[0]):
            investor = investors[row]
            if investor.share[k] == 0.0:
                continue
            units = investor.share[k] * net
            value = units * market.price
            deliver(journal, k, market.price, house[0], investor, units)
            pay_in(journal, banks, investor, house[0], value - investor.share[k] * market.paid_directly)
            if k != BILLS:  # for bargains, which bills are not
                investor.budget[budget_for(k)] -= value
        market.paid_directly = 0.0
        market.bought = 0.0
        market.sold = 0.0
        market.fill_of_sales = 0.0
        market.fill_of_purchases = 0.0
    for row in range(investors.shape[0]):
        investors[row].asked = 0.0
        investors[row].wanted = 0.0
        investors[row].takes = 0.0
        investors[row].gives = 0.0


@rule
def pay_variation_margin(funds, dealers, investors, banks, house, markets, journal):
    """Settle the day's gain and loss on futures in cash: what a fund cannot pay its dealers advance.

    A contract gains the change of the futures price, in the hands of who held it overnight. Gains on the notes
    that it hedges are not cash. An advance is repaid out of free cash, on a day on which futures move.
    """
    change = markets[NOTES].futures_price - markets[NOTES].last_futures_price
    if change == 0.0:
        return
    for row in range(funds.shape[0]):
        fund = funds[row]
        loss = -fund.futures * change
        if loss == 0.0:
            continue
        fund.advance += debit_cash(journal, dealers, fund, loss)
        charge_dealers(dealers, fund, loss)
        if fund.advance > 0.0:
            from_shorts = sold_short(fund) * markets[BROAD_EQUITY].price
            fund.advance -= repay_loans(journal, dealers, fund, from_shorts, fund.advance)
    for row in range(investors.shape[0]):
        pay_in(journal, banks, investors[row], house[0], -investors[row].futures * change)


@rule
def settle_dealers(dealers, banks, pools, issuers, house, settings, journal):
    """Let each dealer pay (or receive) what its customers' trades came to, then square its cash.

    What is left over repays the central bank, then repo and bank loans in proportion. What is missing is borrowed
    likewise: from banks within the lines that they have granted and while they do not tighten (a failed dealer gets
    none), from cash pools while they do not leave the dealer. What nobody lends is missing cash.
    """
    spare = settings[0].dealers.spare_lines
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        pay_in(journal, banks, dealer, house[0], dealer.due)
        dealer.due = 0.0
        to_central_bank = min(dealer.central_bank_loan, dealer.deposit - dealer.opening_deposit)
        if to_central_bank > 0.0:
            lend_to_account(journal, banks, issuers[PUBLIC], dealer, -to_central_bank)
        on_repo, on_lines = total_repo(dealer), total_bank_loans(dealer)
        wanted = dealer.opening_deposit - dealer.deposit
        if wanted <= 0.0:
            growth = max(wanted / (on_repo + on_lines), -1.0) if on_repo + on_lines > 0.0 else 0.0
            borrow_on_repo(dealer, banks, pools, growth * on_repo, journal)
            borrow_on_lines(dealer, banks, growth * on_lines, journal)
        else:
            room = 0.0 if dealer.failed else max(0.0, (1.0 + spare) * dealer.opening_bank_loan - on_lines)
            part = on_lines / (on_repo + on_lines) if on_repo + on_lines > 0.0 else 1.0
            left_alone = dealer.strain > 0.0
            borrowed = borrow_on_lines(dealer, banks, min(room, wanted if left_alone else part * wanted), journal)
            if not left_alone:
                borrow_on_repo(dealer, banks, pools, wanted - borrowed, journal)
        dealer.missing_cash = max(0.0, dealer.opening_deposit - dealer.deposit)


@rule
def borrow_on_repo(dealer, banks, pools, amount, journal):
    """Let cash pools lend (or be repaid) in proportion to what they have lent, or alike if they have lent nothing."""
    owed = total_repo(dealer)
    for line in range(N_LINES):
        part = dealer.repo[line] / owed if owed > 0.0 else 1.0 / N_LINES
        lend_on_repo(journal, banks, dealer, pools[dealer.repo_lender[line]], line, part * amount)


@rule
def borrow_on_lines(dealer, banks, amount, journal):
    """Let banks lend (or be repaid) in proportion to what they have lent; a bank that tightens or has failed
    lends no more. Returns what was lent, in $bn."""
    owed = total_bank_loans(dealer)
    lent = 0.0
    for line in range(N_LINES):
        bank = banks[dealer.lender[line]]
        if owed > 0.0 and (amount < 0.0 or (bank.tightness == 0.0 and not bank.failed)):
            part = dealer.bank_loan[line] / owed * amount
            lend_to_dealer(journal, banks, dealer, line, part)
            lent += part
    return lent
