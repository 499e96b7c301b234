"""Channel `fund_default_losses`: what a fund cannot repay is its dealer's loss, and a dealer's its banks'.

Without the channel the owners make every lender whole, and no lender fails.
"""

from __future__ import annotations

from abm.agents.bank import bank_assets, bank_capital, capital_ratio
from abm.agents.dealer import N_LINES, dealer_capital
from abm.agents.leveraged_fund import CLOSED, SEIZED
from abm.channels import FUND_DEFAULT_LOSSES
from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, BANK_LOANS, MARGIN_LOANS, N_TRADED, NOTES
from abm.ledger.postings import (
    add_to_customer_cash,
    credit_account,
    lend_on_margin,
    pay,
    redeem_shares,
    transfer_units,
    write_off_dealer_loan,
    write_off_margin_loan,
)
from abm.outcome.causes import cause_of_move
from abm.outcome.events import (
    BANK,
    BANK_FAILED,
    BANK_LOSS,
    DEALER,
    DEALER_FAILED,
    FUND,
    NO_EVENT,
    NO_INSTRUMENT,
    SHORTFALL,
    log_event,
)

DUST = 1e-9  # $bn: a book worth less is sold
SOUND, RESOLVED, FAILED, FAILED_AGAIN = range(4)  # failed ones are marked first and resolved together


@rule
def sell_outside_market(fund, dealer, investor, banks, markets, journal):
    """Let a long-term investor take a seized book's remaining assets at market value, without an order."""
    for k in range(N_TRADED):
        if fund.units[k] > 0.0:
            value = fund.units[k] * markets[k].price
            transfer_units(journal, k, markets[k].price, fund, investor, fund.units[k])
            pay(journal, banks, investor, dealer, value)
            credit_account(journal, dealer, fund, value)


@rule
def close_seized_funds(
    funds, dealers, banks, investors, depositors, markets, switches, days, journal, tick, events, counter
):
    """Close every seized fund whose book is sold: pay out what is left, or book what is missing."""
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != SEIZED or fund.days_in_call == 0:
            continue
        dealer = dealers[fund.dealer]
        if not switches[0].cross_asset_sales and fund.units[AI_EQUITY] * markets[AI_EQUITY].price <= DUST:
            sell_outside_market(fund, dealer, investors[fund.id % len(investors)], banks, markets, journal)
        value = 0.0
        for k in range(N_TRADED):
            value += fund.units[k] * markets[k].price
        if value > DUST:
            continue
        fund.status = CLOSED
        repaid = min(fund.cash, fund.margin_loan)
        add_to_customer_cash(journal, dealer, fund, -repaid)
        lend_on_margin(journal, dealer, fund, -repaid)
        if fund.margin_loan > DUST:
            fund.shortfall = fund.margin_loan
            if switches[0].fund_default_losses:
                days[0].dealer_losses += fund.shortfall
                dealer.loss_event = log_event(
                    events,
                    counter,
                    SHORTFALL,
                    tick,
                    FUND,
                    fund.id,
                    DEALER,
                    dealer.id,
                    FUND_DEFAULT_LOSSES,
                    MARGIN_LOANS,
                    fund.shortfall,
                    fund.cause,
                )
                write_off_margin_loan(journal, dealer, fund, fund.shortfall)
                dealer.provision -= fund.shortfall  # known before, booked now: it counts once
            else:
                if fund.owner >= 0:
                    pay(journal, banks, investors[fund.owner], dealer, fund.shortfall)
                else:
                    pay(journal, banks, depositors[banks[dealer.bank].customers], dealer, fund.shortfall)
                lend_on_margin(journal, dealer, fund, -fund.shortfall)
        if fund.owner >= 0:
            left = fund.cash
            add_to_customer_cash(journal, dealer, fund, -left)
            pay(journal, banks, dealer, investors[fund.owner], left)
            redeem_shares(journal, fund, investors[fund.owner], min(left, fund.shares))


@rule
def mark_insolvent(dealers, banks, markets, settings, switches):
    """Look at every lender's capital and mark who has failed, before anybody is resolved.

    A dealer fails when its capital, less what it knows it will lose on seized books, is gone; a bank when
    capital over risk-weighted assets is below the minimum. What one failure does to the next is seen
    tomorrow. A dealer in receivership that lacks capital again is marked again: its lenders bear that too.
    """
    switch = switches[0].fund_default_losses
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        dealer.capital = dealer_capital(dealer, markets) - dealer.provision
        if switch and dealer.capital < -DUST:
            dealer.failed = FAILED_AGAIN if dealer.failed == RESOLVED else FAILED
    for row in range(banks.shape[0]):
        bank = banks[row]
        bank.capital = bank_capital(bank, markets)
        ratio = capital_ratio(bank, bank_assets(bank, markets), bank.capital, markets, settings[0].banks.risk_weight)
        if switch and ratio < settings[0].banks.minimum_ratio and bank.failed == SOUND:
            bank.failed = FAILED


@rule
def resolve_failures(dealers, banks, depositors, markets, stories, settings, days, journal, tick, events, counter):
    """Resolve all who are marked: a failed dealer's lenders lose on each line, a failed bank is closed.

    At failure a lender loses the larger of loss given default times the loan and its part of the missing
    capital, at most the loan; what it loses beyond the missing capital is the cost of the resolution. The
    receiver runs on what is left: positions and customers stay.
    """
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        if dealer.failed != FAILED and dealer.failed != FAILED_AGAIN:
            continue
        missing = -dealer.capital
        least = 0.0
        if dealer.failed == FAILED:
            least = settings[0].dealers.loss_given_default
            dealer.failure_event = log_event(
                events,
                counter,
                DEALER_FAILED,
                tick,
                DEALER,
                dealer.id,
                DEALER,
                dealer.id,
                FUND_DEFAULT_LOSSES,
                NO_INSTRUMENT,
                missing,
                cause_of_failure(dealer.loss_event, markets, stories, tick, events, counter),
            )
        dealer.failed = RESOLVED
        owed = 0.0
        for line in range(N_LINES):
            owed += dealer.bank_loan[line]
        if owed <= 0.0:
            continue
        share = min(1.0, max(least, missing / owed))
        for line in range(N_LINES):
            loss = share * dealer.bank_loan[line]
            if loss <= 0.0:  # a line that is not used
                continue
            bank = banks[dealer.lender[line]]
            write_off_dealer_loan(journal, banks, dealer, line, loss)
            days[0].bank_losses += loss
            bank.loss_event = log_event(
                events,
                counter,
                BANK_LOSS,
                tick,
                DEALER,
                dealer.id,
                BANK,
                bank.id,
                FUND_DEFAULT_LOSSES,
                BANK_LOANS,
                loss,
                dealer.failure_event,
            )
        cost = max(0.0, share * owed - missing)
        pay(journal, banks, dealer, depositors[banks[dealer.bank].customers], cost)
        dealer.capital += share * owed - cost
    for row in range(banks.shape[0]):
        bank = banks[row]
        if bank.failed == FAILED:
            bank.failed = RESOLVED
            log_event(
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
                cause_of_failure(bank.loss_event, markets, stories, tick, events, counter),
            )


@rule
def cause_of_failure(loss_event, markets, stories, tick, events, counter):
    """Return the loss that a lender failed of; without one it is what its notes lost, and that day's move of them."""
    if loss_event != NO_EVENT:
        return loss_event
    return cause_of_move(NOTES, markets, stories[0], tick, events, counter)
