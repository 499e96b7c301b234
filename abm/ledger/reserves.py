"""Reserves: at nightfall banks lend each other what payments have carried from one to another."""

from __future__ import annotations

from abm.agents.bank import N_BANK_LENDERS, is_trusted
from abm.compiled import rule
from abm.ledger.postings import lend_interbank


@rule
def count_reserves(banks, settings):
    """Count what banks lack and could lend tonight.

    lacking = liquidity floor * opening reserves - reserves, if other banks trust it
    spare   = reserves - liquidity floor * opening reserves, if it is trusted itself
    """
    terms = settings[0].banks
    for row in range(banks.shape[0]):
        bank = banks[row]
        beyond = bank.reserves - terms.liquidity_floor * bank.opening_reserves
        trusted = is_trusted(bank, terms.run_ratio)
        bank.lacking = max(0.0, -beyond) if trusted else 0.0
        bank.spare = max(0.0, beyond) if trusted else 0.0
        bank.asked = 0.0


@rule
def lend_reserves(banks, settings, journal):
    """Let a bank below its liquidity floor borrow from those it has lines with, and repay what it has too much.

    It asks all its lenders with spare reserves alike; who is asked for more than it has gives all the same part.
    Repaid is what has come back beyond opening reserves, as far as more was borrowed than at the opening. Weak
    banks get nothing: they sell Treasuries, or fail.
    """
    count_reserves(banks, settings)
    for row in range(banks.shape[0]):
        bank = banks[row]
        lenders = lenders_asked(bank, banks)
        for line in range(N_BANK_LENDERS):
            lender = banks[bank.interbank_lender[line]]
            if lenders > 0 and lender.spare > 0.0:
                lender.asked += bank.lacking / lenders
    for row in range(banks.shape[0]):
        bank = banks[row]
        lenders = lenders_asked(bank, banks)
        for line in range(N_BANK_LENDERS):
            lender = banks[bank.interbank_lender[line]]
            if bank.lacking > 0.0 and lender.spare > 0.0:
                part = min(1.0, lender.spare / lender.asked)
                lend_interbank(journal, banks, bank, line, part * bank.lacking / lenders)
        too_much = max(0.0, bank.reserves - bank.opening_reserves) if not bank.failed else 0.0
        for line in range(N_BANK_LENDERS):
            repaid = min(too_much, max(0.0, bank.interbank[line] - bank.opening_interbank[line]))
            if repaid > 0.0:
                lend_interbank(journal, banks, bank, line, -repaid)
                too_much -= repaid


@rule
def lenders_asked(bank, banks):
    """Return how many of its lenders have spare reserves; places not used repeat the first and count."""
    count = 0
    for line in range(N_BANK_LENDERS):
        if bank.lacking > 0.0 and banks[bank.interbank_lender[line]].spare > 0.0:
            count += 1
    return count
