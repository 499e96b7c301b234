"""Dealers: lend to funds and margin accounts, funded by banks, repo and their customers' cash."""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    AI_EQUITY,
    BANK_LOANS,
    CUSTOMER_CASH,
    DEPOSITS,
    MARGIN_LOANS,
    N_TRADED,
    NOTES,
    OTHER_SECURITIES,
    REPO,
)
from abm.records import Record, asset, intent, liability, memory, pointer, term

N_LINES = 4  # a dealer borrows from at most so many banks

DEALER = Record(
    "dealer",
    (
        term("id", "identity", "the dealer's own number, which no reordering changes", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        pointer("lender", "banks", size=N_LINES),
        pointer("repo_lender", "depositors"),
        term("opening_capital", "$bn", "capital when the books were opened"),
        term("opening_deposit", "$bn", "cash that it means to keep"),
        asset("units", AI_EQUITY, "AI equity, broad equity and notes held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "inert securities"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        asset("margin_loans", MARGIN_LOANS, "lent to funds and margin accounts"),
        liability("customer_cash", CUSTOMER_CASH, "customers' free cash"),
        liability("bank_loan", BANK_LOANS, "borrowed on each line", size=N_LINES, at="lender"),
        liability("repo", REPO, "borrowed against securities", at="repo_lender"),
        memory("failed", "0 or 1", "1 once it has failed", kind="i8"),
        memory("capital", "$bn", "assets less liabilities and provisions at the last look"),
        memory("provision", "$bn", "what seized customers already lack, not yet booked as a loss"),
        memory("loss_event", "event", "the last loss on a customer, as an event", kind="i8"),
        memory("failure_event", "event", "its own failure, as an event", kind="i8"),
        intent("due", "$bn", "owed to the clearing house for customers' trades of the day"),
    ),
)


@rule
def dealer_capital(dealer, markets):
    """Return assets less liabilities at market prices, in $bn."""
    capital = dealer.other_securities + dealer.deposit + dealer.margin_loans - dealer.customer_cash - dealer.repo
    for k in range(N_TRADED):
        capital += dealer.units[k] * markets[k].price
    for line in range(N_LINES):
        capital -= dealer.bank_loan[line]
    return capital


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
