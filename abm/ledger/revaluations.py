"""The postings of what changes its value where it stands: write-offs, and shares marked to market.

As in `postings.py` both sides move together, and the journal says so, as a revaluation. Amounts are in $bn.
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    BANK_DEBT,
    BANK_LOANS,
    BANKS,
    CRYPTO_LOANS,
    DEALER_SHARES,
    DEPOSITS,
    FUND_REPO,
    FUND_SHARES,
    INTERBANK_LOANS,
    MARGIN_LOANS,
    OTHER_LOANS,
    PUBLIC_SUPPORT,
    REVALUATIONS,
    UNSECURED_LOANS,
)


@rule
def write_off_loan(journal, bank, debtor, place, amount):
    """Write off what a debtor outside cannot repay: the bank's loss."""
    bank.loans[place] -= amount
    debtor.owed -= amount
    journal[REVALUATIONS, OTHER_LOANS, BANKS] -= amount
    journal[REVALUATIONS, OTHER_LOANS, debtor.sector] += amount


@rule
def write_off_interbank(journal, banks, bank, line, amount):
    """Write off what a bank cannot repay to another: the lending bank's loss."""
    banks[bank.interbank_lender[line]].interbank_lent -= amount
    bank.interbank[line] -= amount
    journal[REVALUATIONS, INTERBANK_LOANS, BANKS] -= amount
    journal[REVALUATIONS, INTERBANK_LOANS, BANKS] += amount


@rule
def write_off_debt(journal, bank, holder, amount):
    """Write off a bank's bonds: their holders' loss."""
    bank.debt -= amount
    holder.bank_debt -= amount
    journal[REVALUATIONS, BANK_DEBT, BANKS] += amount
    journal[REVALUATIONS, BANK_DEBT, holder.sector] -= amount


@rule
def write_off_deposit(journal, bank, holder, amount):
    """Write off what a failed bank cannot pay: the depositor's loss."""
    bank.deposits -= amount
    holder.deposit -= amount
    journal[REVALUATIONS, DEPOSITS, BANKS] += amount
    journal[REVALUATIONS, DEPOSITS, holder.sector] -= amount


@rule
def write_off_place(journal, bank, issuer, place, amount):
    """Write off what a failed bank cannot pay to a stablecoin issuer."""
    bank.deposits -= amount
    issuer.deposit[place] -= amount
    journal[REVALUATIONS, DEPOSITS, BANKS] += amount
    journal[REVALUATIONS, DEPOSITS, issuer.sector] -= amount


@rule
def write_off_support(journal, public, bank, amount):
    """Write off what the public will not get back: its cost."""
    public.support -= amount
    bank.support -= amount
    journal[REVALUATIONS, PUBLIC_SUPPORT, public.sector] -= amount
    journal[REVALUATIONS, PUBLIC_SUPPORT, BANKS] += amount


@rule
def revalue_group(journal, banks, dealer, amount):
    """Mark a dealer's capital up or down in the books of the bank whose group it is in."""
    dealer.group_shares += amount
    banks[dealer.parent].dealer_shares += amount
    journal[REVALUATIONS, DEALER_SHARES, dealer.sector] -= amount
    journal[REVALUATIONS, DEALER_SHARES, BANKS] += amount


@rule
def revalue_shares(journal, fund, owner, amount):
    """Mark a fund's shares up or down, with the fund that owes them and the owner who holds them."""
    fund.shares += amount
    owner.fund_shares += amount
    journal[REVALUATIONS, FUND_SHARES, fund.sector] -= amount
    journal[REVALUATIONS, FUND_SHARES, owner.sector] += amount


@rule
def write_off_fund(journal, dealer, fund, line):
    """Write off all that a fund owes to one of its dealers, who loses it: returns the loss, in $bn."""
    unsecured, on_margin, on_repo = fund.unsecured[line], fund.margin_loan[line], fund.repo[line]
    dealer.unsecured_loans -= unsecured
    fund.unsecured[line] -= unsecured
    journal[REVALUATIONS, UNSECURED_LOANS, dealer.sector] -= unsecured
    journal[REVALUATIONS, UNSECURED_LOANS, fund.sector] += unsecured
    dealer.margin_loans -= on_margin
    fund.margin_loan[line] -= on_margin
    journal[REVALUATIONS, MARGIN_LOANS, dealer.sector] -= on_margin
    journal[REVALUATIONS, MARGIN_LOANS, fund.sector] += on_margin
    dealer.fund_repo -= on_repo
    fund.repo[line] -= on_repo
    journal[REVALUATIONS, FUND_REPO, dealer.sector] -= on_repo
    journal[REVALUATIONS, FUND_REPO, fund.sector] += on_repo
    return unsecured + on_margin + on_repo


@rule
def write_off_dealer_loan(journal, banks, dealer, line, amount):
    """Write off what a dealer cannot repay: the lending bank's loss."""
    banks[dealer.lender[line]].dealer_loans -= amount
    dealer.bank_loan[line] -= amount
    journal[REVALUATIONS, BANK_LOANS, BANKS] -= amount
    journal[REVALUATIONS, BANK_LOANS, dealer.sector] += amount


@rule
def write_off_coin_loan(journal, lender, borrower, amount):
    """Write off what a crypto holder cannot repay: the lending holder's loss."""
    lender.coins_lent -= amount
    borrower.loan -= amount
    journal[REVALUATIONS, CRYPTO_LOANS, lender.sector] -= amount
    journal[REVALUATIONS, CRYPTO_LOANS, borrower.sector] += amount


@rule
def revalue(journal, instrument, sector, amount):
    """Book that what a sector holds is worth more than before (less, or owed, if the amount is negative)."""
    journal[REVALUATIONS, instrument, sector] += amount
