"""Policy `lending`: the central bank lends to sound dealers and banks that lack cash, against securities.

Bagehot's rule in the form of the Primary Dealer Credit Facility of 2008 and 2020 and the Bank Term Funding Program
of 2023. Dealers pledge notes of their own and those that funds have pledged to them, which come back as cash pools
are repaid; banks pledge Treasuries. The loan is repaid before anybody else once cash is back.
"""

from __future__ import annotations

from abm.agents.bank import treasuries_of
from abm.agents.dealer import total_repo
from abm.agents.rest_of_system import PUBLIC
from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.contagion.dealer_runs import leaving
from abm.contagion.fund_default_losses import DUST, cause_of_failure
from abm.ledger.central_bank import lend_reserves_to, lend_to_account
from abm.ledger.chart import CENTRAL_BANK_LOANS, NOTES
from abm.outcome.events import AUTHORITY, BANK, CENTRAL_BANK_LOAN, DEALER, log_event


@rule
def lend_to_dealers(dealers, banks, issuers, markets, stories, settings, switches, tick, journal, events, counter):
    """Lend to dealers what they lack tonight, as far as collateral goes.

    lacking = funding that it could not find today + what pools and customers will take back tonight
    most    = (1 - haircut) * (notes + repo lent to funds) - loan
    """
    public, haircut = issuers[PUBLIC], settings[0].policy.lending.haircut
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        if dealer.failed:
            continue
        leaves = leaving(dealer, settings[0].dealers) if switches[0].dealer_runs else 0.0
        lacking = dealer.missing_cash + leaves * (total_repo(dealer) + dealer.customer_cash)
        collateral = dealer.units[NOTES] * markets[NOTES].price + dealer.fund_repo
        lent = min(lacking, (1.0 - haircut) * collateral - dealer.central_bank_loan)
        if lent <= DUST:
            continue
        if dealer.central_bank_loan <= DUST:
            cause = cause_of_failure(dealer.loss_event, markets, stories, tick, events, counter)
            announce(DEALER, dealer.id, lent, cause, tick, events, counter)
        lend_to_account(journal, banks, public, dealer, lent)
        dealer.missing_cash = max(0.0, dealer.missing_cash - lent)


@rule
def lend_to_banks(banks, issuers, markets, stories, settings, on, tick, journal, events, counter):
    """Lend to banks what others have not, and be repaid what has come back.

    lacking = liquidity floor * opening reserves - reserves, at most (1 - haircut) * Treasuries - loan
    repaid  = reserves - opening reserves
    """
    public, haircut = issuers[PUBLIC], settings[0].policy.lending.haircut
    for row in range(banks.shape[0]):
        bank = banks[row]
        if bank.failed:
            continue
        repaid = min(bank.central_bank_loan, bank.reserves - bank.opening_reserves)
        if repaid > 0.0:
            lend_reserves_to(journal, public, bank, -repaid)
        lacking = settings[0].banks.liquidity_floor * bank.opening_reserves - bank.reserves
        lent = min(lacking, (1.0 - haircut) * treasuries_of(bank, markets) - bank.central_bank_loan)
        if not on or lent <= DUST:
            continue
        if bank.central_bank_loan <= DUST:
            cause = cause_of_failure(bank.loss_event, markets, stories, tick, events, counter)
            announce(BANK, bank.id, lent, cause, tick, events, counter)
        lend_reserves_to(journal, public, bank, lent)


@rule
def announce(kind, borrower, lent, cause, tick, events, counter):
    """Write down the first loan to a borrower."""
    log_event(
        events,
        counter,
        CENTRAL_BANK_LOAN,
        tick,
        AUTHORITY,
        0,
        kind,
        borrower,
        NO_CHANNEL,
        CENTRAL_BANK_LOANS,
        lent,
        cause,
    )
