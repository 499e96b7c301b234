"""Settlement: fills are delivered against payment through the clearing house, and accounts are settled."""

from __future__ import annotations

from abm.agents.dealer import N_LINES
from abm.agents.leveraged_fund import SEIZED
from abm.channels import CROSS_ASSET_SALES, MARGIN_CALLS, ORDINARY_TRADING
from abm.compiled import rule
from abm.ledger.chart import FUNDS, N_TRADED
from abm.ledger.postings import (
    credit_account,
    issue_reserves,
    lend_on_margin,
    lend_on_repo,
    lend_to_dealer,
    pay,
    pay_in,
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
def deliver_to_funds(funds, dealers, banks, depositors, house, markets, settings, days, journal):
    """Deliver every fund's fills and debit or credit its account; its dealer owes the clearing house."""
    day = days[0]
    close_out_cost = settings[0].margin.close_out_cost
    for row in range(funds.shape[0]):
        fund = funds[row]
        cost = 0.0
        sold_by_dealer = 0.0
        for k in range(N_TRADED):
            order = fund.orders[k]
            if order == 0.0:
                continue
            market = markets[k]
            units = order if order > 0.0 else order * market.fill_of_sales
            deliver(journal, k, market.price, house[0], fund, units)
            value = units * market.price
            cost += value
            day.volume[k] += abs(value)
            day.net_flow[k] += value
            if fund.channel[k] != ORDINARY_TRADING:
                count_forced_sale(day, fund, k, -value)
                if fund.status == SEIZED:
                    sold_by_dealer -= value
            fund.orders[k] = 0.0
            fund.channel[k] = ORDINARY_TRADING
        if cost != 0.0:
            dealer = dealers[fund.dealer]
            credit_account(journal, dealer, fund, -cost)
            dealer.due += cost
            if sold_by_dealer > 0.0:
                # Closing a book out costs lawyers and brokers; the account bears it, its dealer pays it.
                lend_on_margin(journal, dealer, fund, close_out_cost * sold_by_dealer)
                pay(journal, banks, dealer, depositors[banks[dealer.bank].customers], close_out_cost * sold_by_dealer)


@rule
def count_forced_sale(day, fund, k, value):
    """Add a forced sale, in $bn, to the day's totals by market, by channel and by seller."""
    day.forced_sales[k] += value
    if fund.channel[k] == MARGIN_CALLS:
        day.forced_margin_calls += value
    elif fund.channel[k] == CROSS_ASSET_SALES:
        day.forced_cross_asset_sales += value
    if fund.status == SEIZED:
        day.forced_liquidated += value
    elif fund.sector == FUNDS:
        day.forced_by_funds += value
    else:
        day.forced_by_accounts += value


@rule
def deliver_to_issuers(issuers, house, markets, days, journal):
    """Deliver what the public sector buys; it pays with new central-bank reserves."""
    day = days[0]
    for row in range(issuers.shape[0]):
        issuer = issuers[row]
        for k in range(N_TRADED):
            units = issuer.orders[k]
            if units != 0.0:
                deliver(journal, k, markets[k].price, house[0], issuer, units)
                issue_reserves(journal, issuer, house[0], units * markets[k].price)
                day.volume[k] += abs(units * markets[k].price)
                day.net_flow[k] += units * markets[k].price
                issuer.orders[k] = 0.0


@rule
def deliver_to_investors(investors, banks, house, markets, journal):
    """Let long-term investors take the other side, each its share, in units and in cash."""
    for k in range(N_TRADED):
        market = markets[k]
        net = market.sold * market.fill_of_sales - market.bought
        for row in range(investors.shape[0]):
            investor = investors[row]
            units = investor.share * net
            value = units * market.price
            deliver(journal, k, market.price, house[0], investor, units)
            pay_in(journal, banks, investor, house[0], value)
            investor.budget -= value
        market.bought = 0.0
        market.sold = 0.0
        market.fill_of_sales = 0.0


@rule
def settle_dealers(dealers, banks, depositors, house, journal):
    """Let each dealer pay (or receive) what its customers' trades came to, then square its cash.

    What is missing is borrowed from banks and on repo, and what is left over repaid, each in proportion
    to what is owed there.
    """
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        pay_in(journal, banks, dealer, house[0], dealer.due)
        dealer.due = 0.0
        owed = dealer.repo
        for line in range(N_LINES):
            owed += dealer.bank_loan[line]
        if owed <= 0.0:
            continue
        growth = max((dealer.opening_deposit - dealer.deposit) / owed, -1.0)
        lend_on_repo(journal, banks, dealer, depositors[dealer.repo_lender], growth * dealer.repo)
        for line in range(N_LINES):
            lend_to_dealer(journal, banks, dealer, line, growth * dealer.bank_loan[line])
