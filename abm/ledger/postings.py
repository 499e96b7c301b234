"""The postings: the only code that moves a balance.

Each posting moves both sides of a claim, holder's asset and debtor's liability, and writes the same
amounts into the journal of the tick: a transaction when something changes hands, a revaluation when a
value changes where it stands. Amounts are in $bn, units in units; assets count +, liabilities -.
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    BANK_LOANS,
    BANKS,
    CUSTOMER_CASH,
    DEPOSITS,
    FUND_SHARES,
    MARGIN_LOANS,
    REPO,
    RESERVES,
    REVALUATIONS,
    TRANSACTIONS,
)


@rule
def transfer_units(journal, instrument, price, seller, buyer, units):
    """Deliver units of a traded instrument; the money is a posting of its own."""
    seller.units[instrument] -= units
    buyer.units[instrument] += units
    journal[TRANSACTIONS, instrument, seller.sector] -= units * price
    journal[TRANSACTIONS, instrument, buyer.sector] += units * price


@rule
def transfer_reserves(journal, payer, payee, amount):
    """Move central-bank reserves between two who have an account there."""
    payer.reserves -= amount
    payee.reserves += amount
    journal[TRANSACTIONS, RESERVES, payer.sector] -= amount
    journal[TRANSACTIONS, RESERVES, payee.sector] += amount


@rule
def add_to_deposit(journal, bank, holder, amount):
    """Let a bank owe a depositor more (or less, if the amount is negative)."""
    bank.deposits += amount
    holder.deposit += amount
    journal[TRANSACTIONS, DEPOSITS, BANKS] -= amount
    journal[TRANSACTIONS, DEPOSITS, holder.sector] += amount


@rule
def pay(journal, banks, payer, payee, amount):
    """Pay from one depositor to another: two deposits change, and reserves follow between their banks."""
    add_to_deposit(journal, banks[payer.bank], payer, -amount)
    transfer_reserves(journal, banks[payer.bank], banks[payee.bank], amount)
    add_to_deposit(journal, banks[payee.bank], payee, amount)


@rule
def pay_in(journal, banks, payer, house, amount):
    """Pay a depositor's dues into the clearing house, which keeps its account at the central bank."""
    add_to_deposit(journal, banks[payer.bank], payer, -amount)
    transfer_reserves(journal, banks[payer.bank], house, amount)


@rule
def issue_reserves(journal, issuer, house, amount):
    """Let the central bank pay with reserves that it creates."""
    issuer.reserves += amount
    house.reserves += amount
    journal[TRANSACTIONS, RESERVES, issuer.sector] -= amount
    journal[TRANSACTIONS, RESERVES, house.sector] += amount


@rule
def earn(journal, bank, customer, amount):
    """Let a bank earn income: its customer's deposit shrinks, and its capital is what grows."""
    add_to_deposit(journal, bank, customer, -amount)


@rule
def lend_on_margin(journal, dealer, fund, amount):
    """Let a dealer lend to a fund (or be repaid, if the amount is negative)."""
    dealer.margin_loans += amount
    fund.margin_loan += amount
    journal[TRANSACTIONS, MARGIN_LOANS, dealer.sector] += amount
    journal[TRANSACTIONS, MARGIN_LOANS, fund.sector] -= amount


@rule
def add_to_customer_cash(journal, dealer, fund, amount):
    """Let a dealer owe a customer more cash (or less, if the amount is negative)."""
    dealer.customer_cash += amount
    fund.cash += amount
    journal[TRANSACTIONS, CUSTOMER_CASH, dealer.sector] -= amount
    journal[TRANSACTIONS, CUSTOMER_CASH, fund.sector] += amount


@rule
def credit_account(journal, dealer, fund, amount):
    """Credit a fund's account at its dealer: the loan is repaid first. A debit is lent."""
    repaid = min(amount, fund.margin_loan)
    lend_on_margin(journal, dealer, fund, -repaid)
    add_to_customer_cash(journal, dealer, fund, amount - repaid)


@rule
def lend_to_dealer(journal, banks, dealer, line, amount):
    """Let a bank lend to a dealer on one of its lines; the money arrives at the dealer's own bank."""
    lender = banks[dealer.lender[line]]
    lender.dealer_loans += amount
    dealer.bank_loan[line] += amount
    journal[TRANSACTIONS, BANK_LOANS, BANKS] += amount
    journal[TRANSACTIONS, BANK_LOANS, dealer.sector] -= amount
    transfer_reserves(journal, lender, banks[dealer.bank], amount)
    add_to_deposit(journal, banks[dealer.bank], dealer, amount)


@rule
def lend_on_repo(journal, banks, dealer, lender, amount):
    """Let a cash lender lend to a dealer against securities (or be repaid, if the amount is negative)."""
    lender.repo_lent += amount
    dealer.repo += amount
    journal[TRANSACTIONS, REPO, lender.sector] += amount
    journal[TRANSACTIONS, REPO, dealer.sector] -= amount
    pay(journal, banks, lender, dealer, amount)


@rule
def revalue_shares(journal, fund, owner, amount):
    """Mark a fund's shares up or down, with the fund that owes them and the owner who holds them."""
    fund.shares += amount
    owner.fund_shares += amount
    journal[REVALUATIONS, FUND_SHARES, fund.sector] -= amount
    journal[REVALUATIONS, FUND_SHARES, owner.sector] += amount


@rule
def redeem_shares(journal, fund, owner, amount):
    """Cancel fund shares that the fund has paid for; the money is a posting of its own."""
    fund.shares -= amount
    owner.fund_shares -= amount
    journal[TRANSACTIONS, FUND_SHARES, fund.sector] += amount
    journal[TRANSACTIONS, FUND_SHARES, owner.sector] -= amount


@rule
def write_off_margin_loan(journal, dealer, fund, amount):
    """Write off what a fund cannot repay: the dealer's loss."""
    dealer.margin_loans -= amount
    fund.margin_loan -= amount
    journal[REVALUATIONS, MARGIN_LOANS, dealer.sector] -= amount
    journal[REVALUATIONS, MARGIN_LOANS, fund.sector] += amount


@rule
def write_off_dealer_loan(journal, banks, dealer, line, amount):
    """Write off what a dealer cannot repay: the lending bank's loss."""
    banks[dealer.lender[line]].dealer_loans -= amount
    dealer.bank_loan[line] -= amount
    journal[REVALUATIONS, BANK_LOANS, BANKS] -= amount
    journal[REVALUATIONS, BANK_LOANS, dealer.sector] += amount


@rule
def revalue(journal, instrument, sector, amount):
    """Book that what a sector holds is worth more than before (less, or owed, if the amount is negative)."""
    journal[REVALUATIONS, instrument, sector] += amount
