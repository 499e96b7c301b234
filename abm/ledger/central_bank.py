"""The postings of the central bank's loans against securities, which it makes with reserves that it creates."""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import CENTRAL_BANK_LOANS, RESERVES, TRANSACTIONS
from abm.ledger.postings import add_to_deposit


@rule
def lend_reserves_to(journal, public, bank, amount):
    """Let the central bank lend reserves to a bank (or be repaid, if the amount is negative)."""
    owe_to_central_bank(journal, public, bank, amount)
    create_reserves(journal, public, bank, amount)


@rule
def lend_to_account(journal, banks, public, dealer, amount):
    """Let it lend to a dealer, whose bank gets the reserves and owes him a deposit."""
    owe_to_central_bank(journal, public, dealer, amount)
    create_reserves(journal, public, banks[dealer.bank], amount)
    add_to_deposit(journal, banks[dealer.bank], dealer, amount)


@rule
def owe_to_central_bank(journal, public, borrower, amount):
    """Let a borrower owe more to the central bank."""
    public.central_bank_loans += amount
    borrower.central_bank_loan += amount
    journal[TRANSACTIONS, CENTRAL_BANK_LOANS, public.sector] += amount
    journal[TRANSACTIONS, CENTRAL_BANK_LOANS, borrower.sector] -= amount


@rule
def create_reserves(journal, public, bank, amount):
    """Let the central bank owe a bank more reserves."""
    public.reserves += amount
    bank.reserves += amount
    journal[TRANSACTIONS, RESERVES, public.sector] -= amount
    journal[TRANSACTIONS, RESERVES, bank.sector] += amount
