"""Dealers: lend to funds and margin accounts, funded by cash pools, banks and their customers' cash."""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    AI_EQUITY,
    BANK_LOANS,
    BROAD_EQUITY,
    CENTRAL_BANK_LOANS,
    CUSTOMER_CASH,
    DEALER_SHARES,
    DEPOSITS,
    FUND_REPO,
    MARGIN_LOANS,
    N_TRADED,
    NOTES,
    OTHER_SECURITIES,
    REPO,
    SECURITIES_LENT,
    UNSECURED_LOANS,
)
from abm.records import Record, asset, intent, liability, memory, pointer, term

N_LINES = 4  # a dealer borrows from at most so many banks, and from at most so many cash pools

DEALER = Record(
    "dealer",
    (
        term("id", "identity", "the dealer's own number, which no reordering changes", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        pointer("parent", "banks"),  # the bank whose group it is in; -1: alone
        pointer("lender", "banks", size=N_LINES),
        pointer("repo_lender", "pools", size=N_LINES),
        pointer("stock_lender", "investors"),
        term("opening_capital", "$bn", "capital when the books were opened"),
        term("opening_deposit", "$bn", "cash that it means to keep"),
        term("opening_bank_loan", "$bn", "borrowed on all lines when the books were opened"),
        asset("units", AI_EQUITY, "notes held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "inert securities"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        asset("margin_loans", MARGIN_LOANS, "prime brokerage to funds and margin accounts"),
        asset("unsecured_loans", UNSECURED_LOANS, "unsecured loans to funds"),
        asset("fund_repo", FUND_REPO, "repo lent to funds"),
        asset("lent_on", SECURITIES_LENT, "units of broad equity lent on to short sellers"),
        liability("borrowed", SECURITIES_LENT, "units of broad equity borrowed", at="stock_lender"),
        liability("customer_cash", CUSTOMER_CASH, "customers' free cash"),
        liability("bank_loan", BANK_LOANS, "borrowed on each line", size=N_LINES, at="lender"),
        liability("repo", REPO, "borrowed against securities, from each pool", size=N_LINES, at="repo_lender"),
        liability("coin_repo", REPO, "borrowed against securities from stablecoin issuers"),
        liability("central_bank_loan", CENTRAL_BANK_LOANS, "borrowed from the central bank"),
        liability("group_shares", DEALER_SHARES, "its capital, owned by the bank of its group", at="parent"),
        memory("failed", "0 to 3", "0 sound, 1 in receivership, 2 and 3 failed and not yet resolved", kind="i8"),
        memory("days_failed", "days", "since it failed", kind="i8"),
        memory("capital", "$bn", "assets less liabilities and provisions at the last look"),
        memory("provision", "$bn", "what seized customers already lack, not yet booked as a loss"),
        memory("missing_cash", "$bn", "funding that it could not find today"),
        memory("unpaid", "$bn", "what lenders and customers who left today were not paid"),
        memory("days_without_cash", "days", "how long it could not pay all that it had to", kind="i8"),
        memory("written_off", "$bn", "what each bank has written off on it and not got back", size=N_LINES),
        memory("cash_frozen", "0 or 1", "1 while customers cannot use their cash with it", kind="i8"),
        memory("strain", "share", "part of the funding free to leave that has left lately; 0 in calm"),
        memory("room", "$bn", "loans to failed dealers' customers that it could take over today"),
        memory("asked", "$bn", "loans that they ask it to take over today"),
        memory("loss_event", "event", "the last loss on a customer, or the run that followed, as an event", kind="i8"),
        memory("failure_event", "event", "its own failure, as an event", kind="i8"),
        intent("orders", "units", "notes to sell (-)", size=N_TRADED),
        intent("due", "$bn", "owed to the clearing house for customers' trades of the day"),
        intent("costs", "$bn", "interest on its own funding and other costs of the day"),
    ),
)


@rule
def total_repo(dealer):
    """Return what it owes to all cash pools, in $bn."""
    return dealer.repo[0] + dealer.repo[1] + dealer.repo[2] + dealer.repo[3]


@rule
def total_bank_loans(dealer):
    """Return what it owes to all banks, in $bn."""
    return dealer.bank_loan[0] + dealer.bank_loan[1] + dealer.bank_loan[2] + dealer.bank_loan[3]


@rule
def customer_loans(dealer):
    """Return all that it has lent to customers, in $bn."""
    return dealer.margin_loans + dealer.unsecured_loans + dealer.fund_repo


@rule
def dealer_capital(dealer, markets):
    """Return assets less liabilities at market prices, in $bn; the shares of its group are not a debt."""
    capital = dealer.other_securities + dealer.deposit + customer_loans(dealer) - dealer.customer_cash
    capital += (dealer.lent_on - dealer.borrowed) * markets[BROAD_EQUITY].price
    for k in range(N_TRADED):
        capital += dealer.units[k] * markets[k].price
    owed = total_repo(dealer) + dealer.coin_repo + total_bank_loans(dealer) + dealer.central_bank_loan
    return capital - owed


@rule
def balance_sheet_room(dealers, capacity):
    """Return how much of the dealers' balance sheet is free for more notes, as a share of normal.

    Room is capacity for notes, shrunk with the capital of those who have not failed, less the inventory
    at its opening value, over what it was when the books were opened; between 0 and 1.
    """
    opening = 0.0
    capital = 0.0
    inventory = 0.0
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        opening += dealer.opening_capital
        inventory += dealer.units[NOTES]
        if not dealer.failed:
            capital += max(dealer.capital, 0.0)
    if opening <= 0.0 or capacity <= inventory:
        return 1.0
    room = (capacity * min(1.0, capital / opening) - inventory) / (capacity - inventory)
    return min(1.0, max(0.0, room))
