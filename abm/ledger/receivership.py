"""Receivership: how the depositors of a failed bank get their money.

Insured money moves to the strongest banks at once, and the public stands in for it. Uninsured money of
households and firms is frozen: a part is paid on the next day, the rest in equal parts while the bank is worked
out. What the bank has not got in reserves the public lends, and gets back first.
"""

from __future__ import annotations

from abm.agents.bank import spare_capital
from abm.agents.rest_of_system import FIRMS, PUBLIC
from abm.agents.stablecoin_issuer import N_PLACES
from abm.compiled import rule
from abm.ledger.postings import move_insured, pay, support_bank
from abm.ledger.revaluations import write_off_debt, write_off_deposit, write_off_place, write_off_support


@rule
def lose_deposits(holders, row, bank, journal):
    """Let all uninsured depositors of a failed bank lose what it does not pay."""
    for i in range(holders.shape[0]):
        if holders[i].bank == row and holders[i].deposit > 0.0:
            write_off_deposit(journal, bank, holders[i], (1.0 - bank.payout) * holders[i].deposit)


@rule
def lose_deposits_of(issuers, row, bank, journal):
    """The same for stablecoin issuers, who have a deposit at each of several banks."""
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        for place in range(N_PLACES):
            if issuer.bank[place] == row and issuer.deposit[place] > 0.0:
                lost = (1.0 - bank.payout) * issuer.deposit[place]
                write_off_place(journal, bank, issuer, place, lost)


@rule
def pay_insured(banks, depositors, row, target_ratio, public, day, journal):
    """Move a failed bank's insured deposits to strong banks; the public lends the money and bears what is lost."""
    bank = banks[row]
    leaving = depositors[bank.customers]
    insured = leaving.insured
    leaving.frozen = max(0.0, leaving.deposit)
    support_bank(journal, public, bank, insured)
    to_strong_banks(banks, depositors, row, target_ratio, insured, True, journal)
    lost = (1.0 - bank.payout) * insured
    write_off_support(journal, public, bank, lost)
    day.public_cost += lost


@rule
def to_strong_banks(banks, depositors, row, target_ratio, amount, insured, journal):
    """Move money of a bank's customers to the strongest banks, in proportion to their capital beyond target.

    Where no bank has any, all sound ones take it in proportion to capital; with none of them it stays.
    """
    strength = 0.0
    capital = 0.0
    for other in range(banks.shape[0]):
        if other != row and not banks[other].failed:
            strength += spare_capital(banks[other], target_ratio)
            capital += max(0.0, banks[other].capital)
    if capital <= 0.0 or amount <= 0.0:
        return
    leaving = depositors[banks[row].customers]
    for other in range(banks.shape[0]):
        if other == row or banks[other].failed:
            continue
        part = max(0.0, banks[other].capital) / capital
        if strength > 0.0:
            part = spare_capital(banks[other], target_ratio) / strength
        joined = depositors[banks[other].customers]
        if insured:
            move_insured(journal, banks, leaving, joined, part * amount)
        else:
            pay(journal, banks, leaving, joined, part * amount)


@rule
def run_receiverships(banks, depositors, issuers, settings, days, journal):
    """Pay out what is frozen at failed banks, square their reserves with the public, and book its losses.

    Paid on the first day: first payment * frozen; then frozen / days left of `receivership_days`; all of it at once
    where the public guarantees deposits. What a bank in
    receivership loses later is its bondholders' loss, then the public's as far as it has lent.
    """
    terms, public = settings[0].banks, issuers[PUBLIC]
    for row in range(banks.shape[0]):
        bank = banks[row]
        if not bank.failed or bank.days_failed == 0:
            continue
        leaving = depositors[bank.customers]
        leaving.frozen = min(leaving.frozen, max(0.0, leaving.deposit))
        part = terms.first_payment
        if bank.days_failed > 1:
            part = 1.0 / max(1.0, terms.receivership_days - bank.days_failed + 2.0)
        if bank.guarantee_days > 0:
            part = 1.0
        paid = part * leaving.frozen
        leaving.frozen -= paid
        to_strong_banks(banks, depositors, row, terms.target_ratio, paid, False, journal)
        support_bank(journal, public, bank, max(-bank.reserves, -bank.support))
        bonds = min(bank.debt, max(0.0, -bank.capital))
        write_off_debt(journal, bank, issuers[FIRMS], bonds)
        bank.capital += bonds
        lost = min(bank.support, max(0.0, -bank.capital))
        write_off_support(journal, public, bank, lost)
        days[0].public_cost += lost
