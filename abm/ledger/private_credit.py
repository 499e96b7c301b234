"""The postings of private credit: what funds, builders, firms and banks pay each other, and what is written off.

As in `postings.py` and `revaluations.py` both sides of a claim move together, and the journal says so. Amounts are
in $bn.
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    BANKS,
    CREDIT_LINES,
    DATA_CENTRE_LOANS,
    FUND_BONDS,
    OTHER_LOANS,
    REVALUATIONS,
    TRANSACTIONS,
)
from abm.ledger.postings import add_to_cohort, add_to_deposit, pay, transfer_reserves


@rule
def lend_to_credit_fund(journal, banks, fund, line, amount):
    """Let a bank lend to a private-credit fund on one of its lines; the money arrives at the fund's own bank."""
    lender = banks[fund.lender[line]]
    lender.credit_lines += amount
    fund.credit_line[line] += amount
    journal[TRANSACTIONS, CREDIT_LINES, BANKS] += amount
    journal[TRANSACTIONS, CREDIT_LINES, fund.sector] -= amount
    transfer_reserves(journal, lender, banks[fund.bank], amount)
    add_to_deposit(journal, banks[fund.bank], fund, amount)


@rule
def repay_bonds(journal, banks, fund, owner, amount):
    """Let a private-credit fund pay its owner for bonds that fall due."""
    fund.bonds -= amount
    owner.fund_bonds -= amount
    journal[TRANSACTIONS, FUND_BONDS, fund.sector] += amount
    journal[TRANSACTIONS, FUND_BONDS, owner.sector] -= amount
    pay(journal, banks, fund, owner, amount)


@rule
def lend_to_firms(journal, banks, fund, debtor, depositors, amount):
    """Let a private-credit fund lend to firms that bank where it does (negative: they repay it)."""
    bank = banks[fund.bank]
    fund.loans += amount
    debtor.owed += amount
    journal[TRANSACTIONS, OTHER_LOANS, fund.sector] += amount
    journal[TRANSACTIONS, OTHER_LOANS, debtor.sector] -= amount
    add_to_deposit(journal, bank, fund, -amount)
    add_to_cohort(journal, bank, depositors[bank.customers], amount)


@rule
def write_off_firms_loan(journal, fund, debtor, amount):
    """Write off what firms cannot repay to a private-credit fund: its loss."""
    fund.loans -= amount
    debtor.owed -= amount
    journal[REVALUATIONS, OTHER_LOANS, fund.sector] -= amount
    journal[REVALUATIONS, OTHER_LOANS, debtor.sector] += amount


@rule
def write_off_at_fund(journal, fund, builder, amount):
    """Write off what builders cannot repay to a private-credit fund: its loss."""
    fund.data_centre_loans -= amount
    builder.owed_to_fund -= amount
    journal[REVALUATIONS, DATA_CENTRE_LOANS, fund.sector] -= amount
    journal[REVALUATIONS, DATA_CENTRE_LOANS, builder.sector] += amount


@rule
def write_off_at_bank(journal, bank, builder, amount):
    """Write off what builders cannot repay to a bank: its loss."""
    bank.data_centre_loans -= amount
    builder.owed_to_bank -= amount
    journal[REVALUATIONS, DATA_CENTRE_LOANS, BANKS] -= amount
    journal[REVALUATIONS, DATA_CENTRE_LOANS, builder.sector] += amount


@rule
def write_off_line(journal, banks, fund, line, amount):
    """Write off what a private-credit fund cannot repay on a line: the lending bank's loss."""
    banks[fund.lender[line]].credit_lines -= amount
    fund.credit_line[line] -= amount
    journal[REVALUATIONS, CREDIT_LINES, BANKS] -= amount
    journal[REVALUATIONS, CREDIT_LINES, fund.sector] += amount


@rule
def write_off_bonds(journal, fund, owner, amount):
    """Write off what a private-credit fund cannot repay on its bonds: the loss of who holds them."""
    fund.bonds -= amount
    owner.fund_bonds -= amount
    journal[REVALUATIONS, FUND_BONDS, fund.sector] += amount
    journal[REVALUATIONS, FUND_BONDS, owner.sector] -= amount
