"""Channel `fund_default_losses`: what a fund cannot repay is its dealer's loss, and a dealer's its banks'.

Without the channel the owners make every lender whole, and no lender fails.
"""

from __future__ import annotations

from abm.agents.bank import bank_assets, bank_capital, capital_ratio, treasuries_of
from abm.agents.dealer import N_LINES, dealer_capital, total_bank_loans
from abm.agents.leveraged_fund import (
    CLOSED,
    N_DEALERS,
    SEIZED,
    debt_on,
    free_cash,
    fund_debt,
    securities_held,
    sold_short,
)
from abm.channels import FUND_DEFAULT_LOSSES
from abm.compiled import rule
from abm.ledger.chart import BANK_LOANS, BROAD_EQUITY, DUST, MARGIN_LOANS, N_TRADED, NOTES
from abm.ledger.postings import (
    add_to_customer_cash,
    lend_on_margin,
    lend_securities,
    move_cash,
    net_other,
    pay,
    receive,
    redeem_shares,
    repay_from_cash,
    transfer_futures,
    transfer_other,
    transfer_units,
)
from abm.ledger.revaluations import revalue_group, write_off_dealer_loan, write_off_fund
from abm.outcome.causes import cause_of_move
from abm.outcome.events import (
    BANK,
    BANK_LOSS,
    DEALER,
    DEALER_FAILED,
    FUND,
    NO_EVENT,
    NO_INSTRUMENT,
    SHORTFALL,
    log_event,
)

SOUND, RESOLVED, FAILED, FAILED_AGAIN = range(4)  # failed ones are marked first and resolved together


@rule
def sell_outside_market(fund, dealers, investors, banks, markets, journal):
    """Let long-term investors take a seized book's remaining assets at market value, without an order.

    The fund's owner takes it, a household's account its dealer's lender of securities. What was sold short they
    get back in money.
    """
    investor = investors[fund.owner if fund.owner >= 0 else dealers[fund.dealer[0]].stock_lender]
    for k in range(N_TRADED):
        if fund.units[k] > 0.0:
            value = fund.units[k] * markets[k].price
            transfer_units(journal, k, markets[k].price, fund, investor, fund.units[k])
            receive(journal, banks, investor, dealers, fund, value)
    value = fund.other_securities - fund.other_owed  # what it owes beyond what it holds it buys from its owner
    transfer_other(journal, fund, investor, value)
    net_other(journal, fund, fund.other_owed)
    receive(journal, banks, investor, dealers, fund, value)
    transfer_futures(journal, investor, fund, -fund.futures)
    price = markets[BROAD_EQUITY].price
    for line in range(N_DEALERS):
        if fund.short[line] > 0.0:
            dealer = dealers[fund.dealer[line]]
            lender = investors[dealer.stock_lender]
            value = fund.short[line] * price
            lend_on_margin(journal, dealer, fund, line, value)
            pay(journal, banks, dealer, lender, value)
            lend_securities(journal, price, lender, dealer, fund, line, -fund.short[line])


@rule
def close_seized_funds(
    funds, dealers, banks, investors, depositors, markets, switches, days, journal, tick, events, counter
):
    """Close every seized fund whose book is sold, or whose cash covers its debts: pay out, or book what is missing."""
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != SEIZED or fund.days_in_call == 0:
            continue
        home = fund.home_market
        sold_at_home = not switches[0].cross_asset_sales and fund.units[home] * markets[home].price <= DUST
        owed = fund_debt(fund) + sold_short(fund) * markets[BROAD_EQUITY].price
        if sold_at_home or free_cash(fund) >= owed:
            sell_outside_market(fund, dealers, investors, banks, markets, journal)
        inert = fund.other_securities + fund.other_owed
        if securities_held(fund, markets) + inert + sold_short(fund) > DUST:
            continue
        fund.status = CLOSED
        for line in range(N_DEALERS):
            repay_from_cash(journal, dealers, fund, line)
        for line in range(N_DEALERS):
            for other in range(N_DEALERS):
                moved = min(fund.cash[line], debt_on(fund, other))
                if moved > 0.0:
                    move_cash(journal, banks, dealers, fund, line, other, moved)
                    repay_from_cash(journal, dealers, fund, other)
        for line in range(N_DEALERS):
            if debt_on(fund, line) > DUST:
                book_shortfall(
                    fund, line, dealers, banks, investors, depositors, switches, days, journal, tick, events, counter
                )
        if fund.owner >= 0:
            for line in range(N_DEALERS):
                left = fund.cash[line]
                dealer = dealers[fund.dealer[line]]
                add_to_customer_cash(journal, dealer, fund, line, -left)
                pay(journal, banks, dealer, investors[fund.owner], left)
                redeem_shares(journal, fund, investors[fund.owner], min(left, fund.shares))


@rule
def book_shortfall(fund, line, dealers, banks, investors, depositors, switches, days, journal, tick, events, counter):
    """Book what a closed fund cannot repay to one of its dealers: his loss, or without the channel its owner's."""
    dealer = dealers[fund.dealer[line]]
    missing = debt_on(fund, line)
    fund.shortfall += missing
    if switches[0].fund_default_losses:
        days[0].dealer_losses += missing
        days[0].moved[FUND_DEFAULT_LOSSES] += missing
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
            missing,
            fund.cause,
        )
        dealer.provision -= write_off_fund(journal, dealer, fund, line)  # known before, booked now: it counts once
        return
    if fund.owner >= 0:
        pay(journal, banks, investors[fund.owner], dealer, missing)
    else:
        pay(journal, banks, depositors[banks[dealer.bank].customers], dealer, missing)
    add_to_customer_cash(journal, dealer, fund, line, missing)
    repay_from_cash(journal, dealers, fund, line)


@rule
def mark_insolvent(dealers, banks, markets, stories, settings, switches, journal, tick, events, counter):
    """Look at every lender's capital and mark who has failed, before anybody is resolved.

    A dealer fails when its capital, less what it knows it will lose on seized books, is gone, or when it has
    found no cash for days; a bank when capital over risk-weighted assets is below the minimum, or when its
    reserves are overdrawn by more than its Treasuries are worth. The bank of its group owns a dealer's
    capital. What one failure does to the next is seen tomorrow. A dealer in receivership that lacks capital
    again is marked again: its lenders bear that too.
    """
    switch = switches[0].fund_default_losses
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        dealer.capital = dealer_capital(dealer, markets) - dealer.provision
        lacks_cash = dealer.unpaid > DUST or dealer.deposit < -DUST
        dealer.days_without_cash = dealer.days_without_cash + 1 if lacks_cash else 0
        out_of_cash = dealer.days_without_cash > settings[0].dealers.cash_days
        if dealer.failed == RESOLVED:
            dealer.days_failed += 1
            if switch and dealer.capital < -DUST:
                dealer.failed = FAILED_AGAIN
        elif switch and (dealer.capital < -DUST or out_of_cash):
            dealer.failed = FAILED
        frozen = dealer.failed and dealer.days_failed < settings[0].dealers.freeze_days
        dealer.cash_frozen = 1 if frozen and switches[0].dealer_runs else 0
        if dealer.parent >= 0:
            owned = max(0.0, dealer.capital - total_written_off(dealer))
            revalue_group(journal, banks, dealer, owned - dealer.group_shares)
    terms = settings[0].banks
    for row in range(banks.shape[0]):
        bank = banks[row]
        bank.capital = bank_capital(bank, markets)
        assets = bank_assets(bank, markets)
        bank.ratio = capital_ratio(bank, assets, bank.capital, markets, terms.risk_weight)
        if bank.failed == RESOLVED:
            bank.days_failed += 1
        target = terms.target_ratio + bank.capital_buffer
        reach = target - terms.minimum_ratio
        bank.shortage = min(1.0, max(0.0, (target - bank.ratio) / reach)) if reach > 0.0 else 0.0
        out_of_cash = bank.reserves + treasuries_of(bank, markets) < bank.central_bank_loan
        if bank.failed == SOUND and (bank.ratio < terms.minimum_ratio or out_of_cash) and switch:
            bank.failed = FAILED
        short_of_cash = bank.reserves < terms.liquidity_floor * bank.opening_reserves
        sells = switches[0].bank_asset_sales and (bank.shortage > 0.0 or short_of_cash)
        if bank.loss_event == NO_EVENT and (bank.failed == FAILED or sells):
            bank.loss_event = cause_of_move(NOTES, markets, stories[0], tick, events, counter)


@rule
def resolve_dealers(dealers, banks, depositors, markets, stories, settings, days, journal, tick, events, counter):
    """Resolve all dealers that are marked: their lenders lose on each line.

    At failure a lender loses the larger of loss given default times the loan and its part of the missing
    capital, at most the loan; what it loses beyond the missing capital is the cost of the resolution. A dealer
    that fails of cash costs the less the more of its capital is left. The receiver runs on what is left: positions
    stay, customers leave (`dealer_runs`), and what its capital regains goes to the banks that have written it off.
    """
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        recover(dealer, banks, days[0], journal)
        if dealer.failed != FAILED and dealer.failed != FAILED_AGAIN:
            continue
        missing = max(0.0, -dealer.capital)
        least = 0.0
        if dealer.failed == FAILED:
            left = max(0.0, dealer.capital) / dealer.opening_capital if dealer.opening_capital > 0.0 else 0.0
            least = settings[0].dealers.loss_given_default * max(0.0, 1.0 - left)
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
        owed = total_bank_loans(dealer)
        if owed <= 0.0:
            continue
        share = min(1.0, max(least, missing / owed))
        for line in range(N_LINES):
            loss = share * dealer.bank_loan[line]
            if loss <= 0.0:  # a line that is not used
                continue
            bank = banks[dealer.lender[line]]
            write_off_dealer_loan(journal, banks, dealer, line, loss)
            dealer.written_off[line] += loss
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


@rule
def total_written_off(dealer):
    """Return what all banks have written off on a dealer and not got back, in $bn."""
    return dealer.written_off[0] + dealer.written_off[1] + dealer.written_off[2] + dealer.written_off[3]


@rule
def recover(dealer, banks, day, journal):
    """Give a failed dealer's regained capital to the banks that have written it off, in proportion."""
    written_off = total_written_off(dealer)
    if dealer.failed != RESOLVED or dealer.capital <= DUST or written_off <= DUST:
        return
    share = min(1.0, dealer.capital / written_off)
    for line in range(N_LINES):
        regained = share * dealer.written_off[line]
        write_off_dealer_loan(journal, banks, dealer, line, -regained)
        dealer.written_off[line] -= regained
        dealer.capital -= regained
        day.bank_recoveries += regained


@rule
def cause_of_failure(loss_event, markets, stories, tick, events, counter):
    """Return the loss that a lender failed of; without one it is what its notes lost, and that day's move of them."""
    if loss_event != NO_EVENT:
        return loss_event
    return cause_of_move(NOTES, markets, stories[0], tick, events, counter)
