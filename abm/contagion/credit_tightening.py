"""Channel `credit_tightening`: banks short of capital lend less.

A bank below its target cannot raise capital in a crisis, so that it lets loans run off (Bernanke and Lown 1991):
firms, non-banks and dealers repay, and deposits go with the loans. Once it is on target again it lends again.
"""

from __future__ import annotations

from abm.agents.bank import N_DEBTORS
from abm.agents.dealer import N_LINES
from abm.channels import CREDIT_TIGHTENING
from abm.compiled import rule
from abm.ledger.postings import lend_to_dealer, lend_to_economy


@rule
def tighten_credit(banks, dealers, debtors, depositors, settings, switches, days, journal):
    """Let banks below their target renew fewer loans, and those on target make up for what they did not renew.

    not renewed a day = tightening / days per year * tightness * loan
    lent again a day  = tightening / days per year * what was not renewed

    Tightness is how far capital is below target, 1 at the minimum; nothing is lent to dealers while it is above
    nought. A failed bank's loans stay as they are.
    """
    pace = settings[0].banks.tightening / settings[0].run.ticks_per_year
    for row in range(banks.shape[0]):
        bank = banks[row]
        bank.tightness = bank.shortage if switches[0].credit_tightening and not bank.failed else 0.0
        if not switches[0].credit_tightening or bank.failed:
            continue
        for place in range(N_DEBTORS):
            change = -bank.tightness * pace * bank.loans[place]
            if bank.tightness == 0.0:
                change = pace * bank.not_renewed[place]
            if change != 0.0:
                debtor, customers = debtors[bank.debtor[place]], depositors[bank.customers]
                lend_to_economy(journal, bank, debtor, customers, place, change)
                bank.not_renewed[place] -= change
                days[0].moved[CREDIT_TIGHTENING] += max(0.0, -change)
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        for line in range(N_LINES):
            recalled = banks[dealer.lender[line]].tightness * pace * dealer.bank_loan[line]
            if recalled > 0.0:
                lend_to_dealer(journal, banks, dealer, line, -recalled)
                days[0].moved[CREDIT_TIGHTENING] += recalled
