"""The postings of stablecoins and of what is paid in them, beside `postings.py` and by its rules.

A crypto holder has coins of one issuer; long-term investors and depositors have a row of all issuers'. An issuer
keeps its money at several banks.
"""

from __future__ import annotations

from abm.agents.stablecoin_issuer import N_PLACES
from abm.compiled import rule
from abm.ledger.chart import (
    AI_EQUITY,
    BANKS,
    CRYPTO,
    CRYPTO_LOANS,
    DEPOSITS,
    DUST,
    REPO,
    STABLECOINS,
    TRANSACTIONS,
)
from abm.ledger.postings import add_to_deposit, pay, transfer_reserves


@rule
def deliver_crypto(journal, price, house, holder, units):
    """Deliver crypto to a holder through the clearing house; a sale (negative units) comes from the holder."""
    house.units[CRYPTO] -= units
    holder.crypto += units
    journal[TRANSACTIONS, CRYPTO, house.sector] -= units * price
    journal[TRANSACTIONS, CRYPTO, holder.sector] += units * price


@rule
def deliver_equity(journal, price, house, holder, units):
    """Deliver AI equity to a crypto holder through the clearing house; a sale comes from the holder."""
    house.units[AI_EQUITY] -= units
    holder.ai_equity += units
    journal[TRANSACTIONS, AI_EQUITY, house.sector] -= units * price
    journal[TRANSACTIONS, AI_EQUITY, holder.sector] += units * price


@rule
def issue_coins(journal, issuer, holder, amount):
    """Let an issuer owe a holder more coins (or fewer, if the amount is negative)."""
    issuer.supply += amount
    holder.coins += amount
    journal[TRANSACTIONS, STABLECOINS, issuer.sector] -= amount
    journal[TRANSACTIONS, STABLECOINS, holder.sector] += amount


@rule
def issue_coins_of(journal, issuers, place, holder, amount):
    """The same for one of the issuers of whoever holds coins of all."""
    issuer = issuers[holder.issuer[place]]
    issuer.supply += amount
    holder.coins[place] += amount
    journal[TRANSACTIONS, STABLECOINS, issuer.sector] -= amount
    journal[TRANSACTIONS, STABLECOINS, holder.sector] += amount


@rule
def sell_coins(journal, holder, buyer, place, amount):
    """Let a holder hand coins to whoever holds those of all issuers; what is paid for them is a posting of its own."""
    holder.coins -= amount
    buyer.coins[place] += amount
    journal[TRANSACTIONS, STABLECOINS, holder.sector] -= amount
    journal[TRANSACTIONS, STABLECOINS, buyer.sector] += amount


@rule
def hand_over_coins(journal, seller, buyer, place, amount):
    """The same between two who hold coins of all issuers."""
    seller.coins[place] -= amount
    buyer.coins[place] += amount
    journal[TRANSACTIONS, STABLECOINS, seller.sector] -= amount
    journal[TRANSACTIONS, STABLECOINS, buyer.sector] += amount


@rule
def lend_coins(journal, lender, borrower, amount):
    """Let one holder lend coins to another (or be repaid, if the amount is negative)."""
    lender.coins -= amount
    borrower.coins += amount
    lender.coins_lent += amount
    borrower.loan += amount
    journal[TRANSACTIONS, STABLECOINS, lender.sector] -= amount
    journal[TRANSACTIONS, STABLECOINS, borrower.sector] += amount
    journal[TRANSACTIONS, CRYPTO_LOANS, lender.sector] += amount
    journal[TRANSACTIONS, CRYPTO_LOANS, borrower.sector] -= amount


@rule
def repay_in_cash(journal, banks, lender, borrower, amount):
    """Let a holder repay a loan in coins with its deposit."""
    pay(journal, banks, borrower, lender, amount)
    lender.coins_lent -= amount
    borrower.loan -= amount
    journal[TRANSACTIONS, CRYPTO_LOANS, lender.sector] -= amount
    journal[TRANSACTIONS, CRYPTO_LOANS, borrower.sector] += amount


@rule
def add_to_place(journal, banks, issuer, place, amount):
    """Let one of an issuer's banks owe it more (or less, if the amount is negative)."""
    banks[issuer.bank[place]].deposits += amount
    issuer.deposit[place] += amount
    journal[TRANSACTIONS, DEPOSITS, BANKS] -= amount
    journal[TRANSACTIONS, DEPOSITS, issuer.sector] += amount


@rule
def pays_at(banks, issuer, place):
    """Return what an issuer can pay out of its deposit at one place, in $bn: nothing where the bank has failed."""
    if banks[issuer.bank[place]].failed or issuer.deposit[place] <= DUST:
        return 0.0
    return issuer.deposit[place]


@rule
def usable_deposits(banks, issuer):
    """Return what it can pay out of all of them, in $bn."""
    usable = 0.0
    for place in range(N_PLACES):
        usable += pays_at(banks, issuer, place)
    return usable


@rule
def choose_places(banks, issuer):
    """Let an issuer pay today from each place by what was there in the morning, so that no payment's turn matters."""
    usable = usable_deposits(banks, issuer)
    for place in range(N_PLACES):
        issuer.pays_from[place] = pays_at(banks, issuer, place) / usable if usable > 0.0 else issuer.part[place]


@rule
def part_at(banks, issuer, place, amount):
    """Return which part of a payment goes through a place: in by the issuer's habit, out by what it pays from.

    Nothing is paid in at a bank that has failed, while another has not.
    """
    if amount < 0.0:
        return issuer.pays_from[place]
    lost = 0.0
    for other in range(N_PLACES):
        if banks[issuer.bank[other]].failed:
            lost += issuer.part[other]
    if lost == 0.0 or lost >= 1.0 - DUST:
        return issuer.part[place]
    return 0.0 if banks[issuer.bank[place]].failed else issuer.part[place] / (1.0 - lost)


@rule
def pay_issuer(journal, banks, issuer, payer, amount):
    """Let a depositor pay an issuer (or be paid, if the amount is negative): reserves follow between their banks."""
    for place in range(N_PLACES):
        part = part_at(banks, issuer, place, amount) * amount
        if part != 0.0:
            add_to_deposit(journal, banks[payer.bank], payer, -part)
            transfer_reserves(journal, banks[payer.bank], banks[issuer.bank[place]], part)
            add_to_place(journal, banks, issuer, place, part)


@rule
def settle_issuer(journal, banks, issuer, house, amount):
    """Let an issuer pay what it bought into the clearing house (or be paid for what it sold)."""
    for place in range(N_PLACES):
        part = part_at(banks, issuer, place, -amount) * amount
        if part != 0.0:
            add_to_place(journal, banks, issuer, place, -part)
            transfer_reserves(journal, banks[issuer.bank[place]], house, part)


@rule
def lend_issuer_repo(journal, banks, issuer, dealer, place, amount):
    """Let an issuer lend to one of its dealers against securities (or be repaid, if the amount is negative)."""
    issuer.repo_lent[place] += amount
    dealer.coin_repo += amount
    journal[TRANSACTIONS, REPO, issuer.sector] += amount
    journal[TRANSACTIONS, REPO, dealer.sector] -= amount
    pay_issuer(journal, banks, issuer, dealer, -amount)


@rule
def mint(journal, banks, issuer, holder, amount):
    """Let a holder buy new coins at par with its deposit."""
    if amount > 0.0:
        pay_issuer(journal, banks, issuer, holder, amount)
        issue_coins(journal, issuer, holder, amount)
