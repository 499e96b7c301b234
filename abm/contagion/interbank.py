"""Channel `interbank`: what a failed bank owes to other banks is lost in part, and may make them fail.

All banks that fail on one day are cleared together (Eisenberg and Noe 2001), with the receiver's loss on loans
as Rogers and Veraart (2013) have it, and with everybody's claims in it: depositors, other banks, the public.
Without the channel the public pays other banks in full.
"""

from __future__ import annotations

import numpy as np

from abm.agents.bank import N_BANK_LENDERS, N_DEBTORS, bank_assets
from abm.agents.rest_of_system import FIRMS, PUBLIC
from abm.channels import FUND_DEFAULT_LOSSES, INTERBANK
from abm.clearing import greatest_payments
from abm.compiled import rule, rule_with_arrays
from abm.contagion.fund_default_losses import FAILED, RESOLVED
from abm.ledger.central_bank import lend_reserves_to
from abm.ledger.chart import INTERBANK_LOANS
from abm.ledger.postings import support_bank
from abm.ledger.receivership import lose_deposits, lose_deposits_of, pay_insured
from abm.ledger.revaluations import write_off_debt, write_off_interbank, write_off_loan, write_off_support
from abm.outcome.events import BANK, BANK_FAILED, BANK_LOSS, NO_INSTRUMENT, log_event
from abm.policy.deposit_guarantee import bear_their_loss, issuers_uninsured_at, uninsured_at

MOST_ROUNDS = 10_000  # of clearing; each round carries losses one bank further
SETTLED = 1e-13  # share: a payout that moves by less has settled
MOST_WITHIN = 0.5  # share of a bank's debts, owed to others that failed, up to which clearing goes in rounds


@rule
def owed_by(bank):
    """Return what a bank owes to all who rank before its bondholders, in $bn: they are paid alike."""
    owed = bank.deposits + bank.support
    for line in range(N_BANK_LENDERS):
        owed += bank.interbank[line]
    return owed


@rule
def clear_failed_banks(banks, markets, recovery, switch):
    """Find what every bank that failed today pays on what it owes, all of them at once.

    payout_i = min(1, (value_i - sum over failed j of (1 - payout_j) * owed by j to i) / owed_i), not below nought
    value_i  = assets at market value, loans outside at the receiver's recovery

    Of all payouts that solve this, the greatest (Eisenberg and Noe 2001, section 2). Without the channel claims on
    failed banks count in full. Rounds halve what is still missing where nobody owes more than half of his debts
    to others that failed, as banks with depositors do not; other networks are solved (`abm.clearing`).
    """
    if switch and owed_within(banks) > MOST_WITHIN:
        solve_payouts(banks, markets, recovery)
        return
    for row in range(banks.shape[0]):
        if banks[row].failed == FAILED:
            banks[row].payout = 1.0
    for _ in range(MOST_ROUNDS):
        count_claims_lost(banks, switch)
        largest_change = 0.0
        for row in range(banks.shape[0]):
            bank = banks[row]
            if bank.failed == FAILED:
                payout = share_paid(bank, markets, recovery)
                largest_change = max(largest_change, bank.payout - payout)
                bank.payout = payout
        if largest_change < SETTLED:
            return


@rule
def count_claims_lost(banks, switch):
    """Add up for every bank what failed ones will not pay it."""
    for row in range(banks.shape[0]):
        banks[row].claims_lost = 0.0
    for row in range(banks.shape[0]):
        bank = banks[row]
        if bank.failed == FAILED and switch:
            for line in range(N_BANK_LENDERS):
                banks[bank.interbank_lender[line]].claims_lost += (1.0 - bank.payout) * bank.interbank[line]


@rule
def owed_within(banks):
    """Return the largest part of a failed bank's debts that is owed to others that failed."""
    most = 0.0
    for row in range(banks.shape[0]):
        bank = banks[row]
        if bank.failed != FAILED:
            continue
        within = 0.0
        for line in range(N_BANK_LENDERS):
            if banks[bank.interbank_lender[line]].failed == FAILED:
                within += bank.interbank[line]
        if within > most * owed_by(bank):
            most = within / owed_by(bank)
    return most


@rule_with_arrays
def solve_payouts(banks, markets, recovery):
    """Find the payouts of banks that failed today as the clearing payments of their network.

    The receiver's loss on loans is every failed bank's, whether or not it can pay its debts in the end; so it comes
    off the outside assets, and clearing itself has no cost.
    """
    place = np.full(banks.shape[0], -1)
    n = 0
    for row in range(banks.shape[0]):
        if banks[row].failed == FAILED:
            place[row] = n
            n += 1
    debts, owed_to_others, assets = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    for row in range(banks.shape[0]):
        bank, debtor = banks[row], place[row]
        if debtor < 0:
            continue
        assets[debtor] += value_to_receiver(bank, markets, recovery, 0.0)
        owed_to_others[debtor] = bank.deposits + bank.support
        for line in range(N_BANK_LENDERS):
            creditor = place[bank.interbank_lender[line]]
            if creditor >= 0:
                debts[debtor, creditor] += bank.interbank[line]
                assets[creditor] -= bank.interbank[line]
            else:
                owed_to_others[debtor] += bank.interbank[line]
    for debtor in range(n):
        assets[debtor] = max(0.0, assets[debtor])
    paid, _ = greatest_payments(debts, owed_to_others, assets, 1.0, 1.0)
    for row in range(banks.shape[0]):
        bank = banks[row]
        if bank.failed == FAILED:
            owed = owed_by(bank)
            bank.payout = min(1.0, paid[place[row]] / owed) if owed > 0.0 else 1.0
    count_claims_lost(banks, True)


@rule
def share_paid(bank, markets, recovery):
    """Return what a receiver pays on each dollar owed, given what failed banks will not pay to this one."""
    owed = owed_by(bank)
    if owed <= 0.0:
        return 1.0
    return min(1.0, max(0.0, value_to_receiver(bank, markets, recovery, bank.claims_lost) / owed))


@rule
def value_to_receiver(bank, markets, recovery, claims_lost):
    """Return a failed bank's assets at market value, in $bn, less claims lost, loans outside at what they bring."""
    value = bank_assets(bank, markets) - claims_lost
    for place in range(N_DEBTORS):
        value -= (1.0 - recovery) * bank.loans[place]
    return value


@rule
def resolve_banks(
    banks,
    depositors,
    investors,
    dealers,
    pools,
    chasers,
    holders,
    stablecoins,
    traders,
    credit_funds,
    debtors,
    issuers,
    markets,
    settings,
    switches,
    days,
    journal,
    tick,
    events,
    counter,
):
    """Put all banks that are marked into receivership together.

    The receiver works out their loans at a loss; bondholders bear it first, then all others alike. Insured money
    moves to strong banks at once, and the public stands in for it; the rest waits (`ledger/receivership.py`), and
    loses nothing where the public guarantees it. The central bank is paid out of its collateral.
    """
    failing = False
    for row in range(banks.shape[0]):
        bank = banks[row]
        failing = failing or bank.failed == FAILED
        if bank.failed == FAILED and bank.central_bank_loan > 0.0:
            lend_reserves_to(journal, issuers[PUBLIC], bank, -bank.central_bank_loan)
    if not failing:
        return
    terms, switch = settings[0].banks, switches[0].interbank
    public, day = issuers[PUBLIC], days[0]
    clear_failed_banks(banks, markets, terms.recovery, switch)
    for row in range(banks.shape[0]):
        bank = banks[row]
        if bank.failed != FAILED:
            continue
        failure = log_event(
            events,
            counter,
            BANK_FAILED,
            tick,
            BANK,
            bank.id,
            BANK,
            bank.id,
            FUND_DEFAULT_LOSSES,
            NO_INSTRUMENT,
            bank.capital,
            bank.loss_event,
        )
        for place in range(N_DEBTORS):
            lost = (1.0 - terms.recovery) * bank.loans[place]
            write_off_loan(journal, bank, debtors[bank.debtor[place]], place, lost)
            day.loans_lost += lost
        for line in range(N_BANK_LENDERS):
            lost = (1.0 - bank.payout) * bank.interbank[line]
            if lost <= 0.0:
                continue
            if not switch:
                support_bank(journal, public, bank, lost)
                write_off_support(journal, public, bank, lost)
                day.public_cost += lost
                continue
            lender = banks[bank.interbank_lender[line]]
            write_off_interbank(journal, banks, bank, line, lost)
            day.bank_losses += lost
            day.moved[INTERBANK] += lost
            lender.loss_event = log_event(
                events,
                counter,
                BANK_LOSS,
                tick,
                BANK,
                bank.id,
                BANK,
                lender.id,
                INTERBANK,
                INTERBANK_LOANS,
                lost,
                failure,
            )
        if bank.guarantee_days > 0:
            uninsured = uninsured_at(depositors, row) + uninsured_at(investors, row) + uninsured_at(dealers, row)
            uninsured += uninsured_at(pools, row) + uninsured_at(chasers, row) + uninsured_at(traders, row)
            uninsured += uninsured_at(holders, row) + uninsured_at(credit_funds, row)
            uninsured += issuers_uninsured_at(stablecoins, row)
            bear_their_loss(journal, public, bank, uninsured, day)
        else:
            lose_deposits(depositors, row, bank, journal)
            lose_deposits(investors, row, bank, journal)
            lose_deposits(dealers, row, bank, journal)
            lose_deposits(pools, row, bank, journal)
            lose_deposits(chasers, row, bank, journal)
            lose_deposits(holders, row, bank, journal)
            lose_deposits_of(stablecoins, row, bank, journal)
            lose_deposits(traders, row, bank, journal)
            lose_deposits(credit_funds, row, bank, journal)
        pay_insured(banks, depositors, row, terms.target_ratio, public, day, journal)
    for row in range(banks.shape[0]):
        bank = banks[row]
        if bank.failed == FAILED:
            bank.failed = RESOLVED
            left = bank_assets(bank, markets) - owed_by(bank)
            write_off_debt(journal, bank, issuers[FIRMS], min(bank.debt, max(0.0, bank.debt - left)))
