"""The postings: with `revaluations.py` the only code that moves a balance. Here is what changes hands.

Each posting moves both sides of a claim, holder's asset and debtor's liability, and writes the same
amounts into the journal of the tick as a transaction. Amounts are in $bn, units in units; assets count +,
liabilities -.
"""

from __future__ import annotations

from abm.agents.leveraged_fund import N_DEALERS
from abm.compiled import rule
from abm.ledger.chart import (
    BANK_LOANS,
    BANKS,
    CUSTOMER_CASH,
    DEPOSITS,
    FUND_REPO,
    FUND_SHARES,
    FUTURES,
    INTERBANK_LOANS,
    MARGIN_LOANS,
    OTHER_LOANS,
    OTHER_SECURITIES,
    PUBLIC_SUPPORT,
    REPO,
    RESERVES,
    SECURITIES_LENT,
    TRANSACTIONS,
    UNSECURED_LOANS,
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
def add_to_insured(journal, bank, cohort, amount):
    """Let a bank owe a cohort more insured money (or less, if the amount is negative)."""
    bank.deposits += amount
    cohort.insured += amount
    journal[TRANSACTIONS, DEPOSITS, BANKS] -= amount
    journal[TRANSACTIONS, DEPOSITS, cohort.sector] += amount


@rule
def add_to_cohort(journal, bank, cohort, amount):
    """Let a bank owe a cohort more money (or less), insured and not in the proportion that they have."""
    whole = cohort.insured + cohort.deposit
    insured = cohort.insured / whole if whole > 0.0 else 1.0
    add_to_insured(journal, bank, cohort, insured * amount)
    add_to_deposit(journal, bank, cohort, (1.0 - insured) * amount)


@rule
def move_insured(journal, banks, leaving, joined, amount):
    """Move insured money from one cohort to another: reserves follow between their banks."""
    add_to_insured(journal, banks[leaving.bank], leaving, -amount)
    transfer_reserves(journal, banks[leaving.bank], banks[joined.bank], amount)
    add_to_insured(journal, banks[joined.bank], joined, amount)


@rule
def earn(journal, bank, customers, amount):
    """Let a bank earn income: its customers' deposits shrink, and its capital is what grows."""
    add_to_cohort(journal, bank, customers, -amount)


@rule
def transfer_other(journal, seller, buyer, amount):
    """Hand over inert securities at book value; the money is a posting of its own."""
    seller.other_securities -= amount
    buyer.other_securities += amount
    journal[TRANSACTIONS, OTHER_SECURITIES, seller.sector] -= amount
    journal[TRANSACTIONS, OTHER_SECURITIES, buyer.sector] += amount


@rule
def net_other(journal, fund, amount):
    """Let a fund return inert securities sold short out of those that it holds: both shrink."""
    fund.other_securities -= amount
    fund.other_owed -= amount
    journal[TRANSACTIONS, OTHER_SECURITIES, fund.sector] -= amount
    journal[TRANSACTIONS, OTHER_SECURITIES, fund.sector] += amount


@rule
def transfer_futures(journal, seller, buyer, contracts):
    """Enter or close futures: the contracts themselves cost nothing."""
    seller.futures -= contracts
    buyer.futures += contracts
    journal[TRANSACTIONS, FUTURES, seller.sector] -= contracts
    journal[TRANSACTIONS, FUTURES, buyer.sector] += contracts


@rule
def lend_securities(journal, price, investor, dealer, fund, line, units):
    """Let an investor lend broad equity to a dealer, who lends it on (negative: it is returned to both)."""
    investor.lent += units
    dealer.borrowed += units
    dealer.lent_on += units
    fund.short[line] += units
    value = units * price
    journal[TRANSACTIONS, SECURITIES_LENT, investor.sector] += value
    journal[TRANSACTIONS, SECURITIES_LENT, fund.sector] -= value


@rule
def lend_on_margin(journal, dealer, fund, line, amount):
    """Let a dealer lend to a fund (or be repaid, if the amount is negative)."""
    dealer.margin_loans += amount
    fund.margin_loan[line] += amount
    journal[TRANSACTIONS, MARGIN_LOANS, dealer.sector] += amount
    journal[TRANSACTIONS, MARGIN_LOANS, fund.sector] -= amount


@rule
def lend_unsecured(journal, dealer, fund, line, amount):
    """Let a dealer lend to a fund without collateral (or be repaid, if the amount is negative)."""
    dealer.unsecured_loans += amount
    fund.unsecured[line] += amount
    journal[TRANSACTIONS, UNSECURED_LOANS, dealer.sector] += amount
    journal[TRANSACTIONS, UNSECURED_LOANS, fund.sector] -= amount


@rule
def lend_fund_repo(journal, dealer, fund, line, amount):
    """Let a dealer lend to a fund against its notes (or be repaid, if the amount is negative)."""
    dealer.fund_repo += amount
    fund.repo[line] += amount
    journal[TRANSACTIONS, FUND_REPO, dealer.sector] += amount
    journal[TRANSACTIONS, FUND_REPO, fund.sector] -= amount


@rule
def add_to_customer_cash(journal, dealer, fund, line, amount):
    """Let a dealer owe a customer more cash (or less, if the amount is negative)."""
    dealer.customer_cash += amount
    fund.cash[line] += amount
    journal[TRANSACTIONS, CUSTOMER_CASH, dealer.sector] -= amount
    journal[TRANSACTIONS, CUSTOMER_CASH, fund.sector] += amount


@rule
def credit_account(journal, dealers, fund, amount):
    """Credit a fund's account at its dealers: loans and repo are repaid first. A debit is lent, in the same parts."""
    for line in range(N_DEALERS):
        part = fund.line_share[line] * amount
        if part == 0.0:
            continue
        dealer = dealers[fund.dealer[line]]
        secured = fund.margin_loan[line] + fund.repo[line]
        repaid = min(part, secured)
        on_repo = fund.repo[line] / secured if secured > 0.0 else 0.0
        lend_fund_repo(journal, dealer, fund, line, -on_repo * repaid)
        lend_on_margin(journal, dealer, fund, line, -(1.0 - on_repo) * repaid)
        add_to_customer_cash(journal, dealer, fund, line, part - repaid)


@rule
def receive(journal, banks, payer, dealers, fund, amount):
    """Let a depositor pay into a fund's account: its dealers are paid, and credit it."""
    for line in range(N_DEALERS):
        part = fund.line_share[line] * amount
        if part != 0.0:
            pay(journal, banks, payer, dealers[fund.dealer[line]], part)
    credit_account(journal, dealers, fund, amount)


@rule
def repay_from_cash(journal, dealers, fund, line):
    """Let a fund's cash at a dealer repay what it owes there: repo, prime brokerage, unsecured, in this order."""
    dealer = dealers[fund.dealer[line]]
    repaid = min(fund.cash[line], fund.repo[line])
    lend_fund_repo(journal, dealer, fund, line, -repaid)
    add_to_customer_cash(journal, dealer, fund, line, -repaid)
    repaid = min(fund.cash[line], fund.margin_loan[line])
    lend_on_margin(journal, dealer, fund, line, -repaid)
    add_to_customer_cash(journal, dealer, fund, line, -repaid)
    repaid = min(fund.cash[line], fund.unsecured[line])
    lend_unsecured(journal, dealer, fund, line, -repaid)
    add_to_customer_cash(journal, dealer, fund, line, -repaid)


@rule
def move_cash(journal, banks, dealers, fund, line, other, amount):
    """Move a fund's free cash from one of its dealers to another."""
    add_to_customer_cash(journal, dealers[fund.dealer[line]], fund, line, -amount)
    pay(journal, banks, dealers[fund.dealer[line]], dealers[fund.dealer[other]], amount)
    add_to_customer_cash(journal, dealers[fund.dealer[other]], fund, other, amount)


@rule
def usable_cash(fund, line, dealers):
    """Return the free cash that a fund can use at one of its dealers, in $bn: none while it is frozen there."""
    return 0.0 if dealers[fund.dealer[line]].cash_frozen else max(fund.cash[line], 0.0)


@rule
def repay_loans(journal, dealers, fund, kept, most):
    """Repay margin loans out of free cash beyond `kept` $bn, up to `most`; returns what was repaid."""
    spare = -kept
    for line in range(N_DEALERS):
        spare += usable_cash(fund, line, dealers)
    left = min(most, max(0.0, spare))
    repaid = 0.0
    for line in range(N_DEALERS):
        paid = min(left - repaid, usable_cash(fund, line, dealers), fund.margin_loan[line])
        if paid > 0.0:
            lend_on_margin(journal, dealers[fund.dealer[line]], fund, line, -paid)
            add_to_customer_cash(journal, dealers[fund.dealer[line]], fund, line, -paid)
            repaid += paid
    return repaid


@rule
def debit_cash(journal, dealers, fund, amount):
    """Debit a fund's free cash, and lend it what it has not: returns what was lent, in $bn.

    Each dealer takes its part out of the cash that it holds; what lacks there comes out of the cash at the others,
    the same part of each, and is settled between dealers by the clearing house. The rest each lends.
    """
    lacking = 0.0
    for line in range(N_DEALERS):
        part = fund.line_share[line] * amount
        paid = min(part, usable_cash(fund, line, dealers))
        add_to_customer_cash(journal, dealers[fund.dealer[line]], fund, line, -paid)
        lacking += part - paid
        fund.lacking[line] = part - paid
    if lacking <= 0.0:
        return 0.0
    elsewhere = 0.0
    for line in range(N_DEALERS):
        elsewhere += usable_cash(fund, line, dealers)
    taken = min(1.0, lacking / elsewhere) if elsewhere > 0.0 else 0.0
    lent = 0.0
    for line in range(N_DEALERS):
        dealer = dealers[fund.dealer[line]]
        moved = taken * usable_cash(fund, line, dealers)
        add_to_customer_cash(journal, dealer, fund, line, -moved)
        from_others = fund.lacking[line] / lacking * taken * elsewhere
        dealer.due += moved - from_others
        lend_on_margin(journal, dealer, fund, line, fund.lacking[line] - from_others)
        lent += fund.lacking[line] - from_others
        fund.lacking[line] = 0.0
    return lent


@rule
def charge_dealers(dealers, fund, amount):
    """Let the fund's dealers owe the clearing house for its trades, each its part."""
    for line in range(N_DEALERS):
        dealers[fund.dealer[line]].due += fund.line_share[line] * amount


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
def lend_interbank(journal, banks, bank, line, amount):
    """Let a bank borrow reserves from another on one of its lines (or repay them, if the amount is negative)."""
    lender = banks[bank.interbank_lender[line]]
    lender.interbank_lent += amount
    bank.interbank[line] += amount
    journal[TRANSACTIONS, INTERBANK_LOANS, BANKS] += amount
    journal[TRANSACTIONS, INTERBANK_LOANS, BANKS] -= amount
    transfer_reserves(journal, lender, bank, amount)


@rule
def lend_on_repo(journal, banks, dealer, pool, line, amount):
    """Let a cash pool lend to a dealer against securities (or be repaid, if the amount is negative)."""
    pool.repo_lent += amount
    dealer.repo[line] += amount
    journal[TRANSACTIONS, REPO, pool.sector] += amount
    journal[TRANSACTIONS, REPO, dealer.sector] -= amount
    pay(journal, banks, pool, dealer, amount)


@rule
def lend_to_economy(journal, bank, debtor, customers, place, amount):
    """Let a bank lend to a debtor outside: a deposit of its customers arises (and goes when it is repaid)."""
    bank.loans[place] += amount
    debtor.owed += amount
    journal[TRANSACTIONS, OTHER_LOANS, BANKS] += amount
    journal[TRANSACTIONS, OTHER_LOANS, debtor.sector] -= amount
    add_to_cohort(journal, bank, customers, amount)


@rule
def support_bank(journal, public, bank, amount):
    """Let the public lend reserves that it creates to a bank in receivership (negative: it is repaid)."""
    public.support += amount
    bank.support += amount
    journal[TRANSACTIONS, PUBLIC_SUPPORT, public.sector] += amount
    journal[TRANSACTIONS, PUBLIC_SUPPORT, BANKS] -= amount
    public.reserves += amount
    bank.reserves += amount
    journal[TRANSACTIONS, RESERVES, public.sector] -= amount
    journal[TRANSACTIONS, RESERVES, BANKS] += amount


@rule
def redeem_shares(journal, fund, owner, amount):
    """Cancel fund shares that the fund has paid for; the money is a posting of its own."""
    fund.shares -= amount
    owner.fund_shares -= amount
    journal[TRANSACTIONS, FUND_SHARES, fund.sector] += amount
    journal[TRANSACTIONS, FUND_SHARES, owner.sector] -= amount
