"""Channel `dealer_runs`: cash pools and customers leave dealers that look weak.

A dealer looks weak when little is left of its capital. Cash pools then take back repo and customers their free
cash, a part a day; a dealer that finds no other cash for days fails although it may still have capital. Once it
has failed its customers' free cash is frozen for some days; then their business moves to other dealers, as far
as they have room, and what nobody takes over is recalled.
"""

from __future__ import annotations

from abm.agents.dealer import customer_loans, total_repo
from abm.agents.leveraged_fund import ACTIVE, N_DEALERS, debt_on
from abm.channels import DEALER_RUNS
from abm.compiled import rule
from abm.contagion.fund_default_losses import cause_of_failure
from abm.ledger.chart import BROAD_EQUITY, DUST, MARGIN_LOANS, NOTES, REPO
from abm.ledger.postings import (
    add_to_customer_cash,
    lend_fund_repo,
    lend_on_margin,
    lend_securities,
    lend_unsecured,
    move_cash,
    pay,
)
from abm.ledger.settlement import borrow_on_repo
from abm.outcome.causes import log_sale
from abm.outcome.events import DEALER, DEALER_RUN, FORCED_SALE, FUND, LOAN_RECALLED, log_event


@rule
def leaving(dealer, terms):
    """Return the part of its funding that leaves a dealer today.

    run speed * (1 - capital / (weak capital * opening capital)), between 0 and run speed; run speed once it failed.
    """
    if dealer.failed:
        return terms.run_speed
    weak = terms.weak_capital * dealer.opening_capital
    return terms.run_speed * min(1.0, max(0.0, 1.0 - dealer.capital / weak)) if weak > 0.0 else 0.0


@rule
def is_sound(dealer, terms):
    """Return whether nobody leaves the dealer, nor has lately."""
    return dealer.strain == 0.0 and leaving(dealer, terms) == 0.0


@rule
def leave_weak_dealers(
    dealers, pools, funds, banks, markets, stories, settings, switches, tick, days, journal, events, counter
):
    """Let cash pools take back repo, and funds their free cash, from dealers that look weak.

    strain += leaving * (1 - strain): the part that has left of the funding that is free to leave. When nobody
    leaves any more it is forgotten at an even pace. Cash pools are paid as far as the dealer's cash goes; one that
    cannot pay all for days, or is overdrawn by customers who left, fails although it may still have capital.
    """
    terms = settings[0].dealers
    weak_ones = 0
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        dealer.unpaid = 0.0
        share = leaving(dealer, terms)
        if not switches[0].dealer_runs:
            dealer.strain = 0.0
        elif share == 0.0:
            dealer.strain = max(0.0, dealer.strain - 1.0 / terms.strain_days)
        else:
            weak_ones += 1
            wanted = share * total_repo(dealer)
            withdrawn = min(wanted, max(0.0, dealer.deposit))
            dealer.unpaid = wanted - withdrawn
            if not dealer.failed and dealer.strain == 0.0:
                cause = cause_of_failure(dealer.loss_event, markets, stories, tick, events, counter)
                dealer.loss_event = log_event(
                    events,
                    counter,
                    DEALER_RUN,
                    tick,
                    DEALER,
                    dealer.id,
                    DEALER,
                    dealer.id,
                    DEALER_RUNS,
                    REPO,
                    wanted,
                    cause,
                )
            if withdrawn > 0.0:
                borrow_on_repo(dealer, banks, pools, -withdrawn, journal)
            days[0].moved[DEALER_RUNS] += withdrawn
            days[0].funding_withdrawn += withdrawn
            dealer.strain += share * (1.0 - dealer.strain)
    if weak_ones > 0:
        for row in range(funds.shape[0]):
            if funds[row].status == ACTIVE:
                withdraw_cash(funds[row], dealers, banks, terms, days[0], journal)


@rule
def withdraw_cash(fund, dealers, banks, terms, day, journal):
    """Let a fund move free cash from weak dealers to its sound ones, alike to each; at a failed dealer it is frozen."""
    n_sound = 0
    for line in range(N_DEALERS):
        if fund.line_share[line] > 0.0 and is_sound(dealers[fund.dealer[line]], terms):
            n_sound += 1
    if n_sound == 0:
        return
    for line in range(N_DEALERS):
        dealer = dealers[fund.dealer[line]]
        moved = leaving(dealer, terms) * fund.cash[line]
        if moved <= 0.0 or dealer.failed:
            continue
        day.moved[DEALER_RUNS] += moved
        day.funding_withdrawn += moved
        for other in range(N_DEALERS):
            if fund.line_share[other] > 0.0 and is_sound(dealers[fund.dealer[other]], terms):
                move_cash(journal, banks, dealers, fund, line, other, moved / n_sound)


@rule
def sell_for_cash(dealers, markets, settings, switches, tick, events, counter):
    """State dealers' sales of notes when their funding has left: as much as is missing, within a day's part."""
    if not switches[0].dealer_runs:
        return
    notes = markets[NOTES]
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        if dealer.missing_cash <= DUST or dealer.units[NOTES] <= 0.0:
            continue
        sold = min(dealer.missing_cash / notes.price, settings[0].margin.daily_sale_share * dealer.units[NOTES])
        dealer.orders[NOTES] = -sold
        log_sale(
            markets,
            NOTES,
            sold * notes.price,
            FORCED_SALE,
            tick,
            DEALER,
            dealer.id,
            DEALER_RUNS,
            dealer.loss_event,
            events,
            counter,
        )


@rule
def find_other_dealers(
    funds, dealers, pools, banks, investors, markets, settings, switches, tick, days, journal, events, counter
):
    """Move the business of a failed dealer's customers to other dealers, and recall what nobody takes over.

    For the days of the freeze nothing moves. Then every customer asks its other sound dealers, alike, or if it
    has none a sound one that its number picks; each takes over the same part of all that it is asked, while its
    loans to customers stay within takeover leverage times capital. What is still there after the days to move
    is recalled, less the customer's cash, in parts over the days of liquidation.
    """
    terms = settings[0].dealers
    moving = False
    for row in range(dealers.shape[0]):
        moving = moving or may_move(dealers[row], terms)
    if not switches[0].dealer_runs or not moving:
        return
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        dealer.asked = 0.0
        room = terms.takeover_leverage * dealer.capital - customer_loans(dealer)
        dealer.room = max(0.0, room) if is_sound(dealer, terms) else 0.0
    for row in range(funds.shape[0]):
        if funds[row].status == ACTIVE:
            ask_other_dealers(funds[row], dealers, terms)
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != ACTIVE:
            continue
        has_paid = fund.recalled == 0.0 and fund.days_in_call == 0  # one part is recalled after the other
        for line in range(N_DEALERS):
            old = dealers[fund.dealer[line]]
            if fund.line_share[line] > 0.0 and may_move(old, terms):
                move_line(fund, line, dealers, pools, banks, investors, markets, days[0], journal)
                if has_paid and old.days_failed >= terms.freeze_days + terms.move_days:
                    recall_rest(fund, line, old, settings[0].margin.liquidation_days, tick, days[0], events, counter)
        fund.recalled = min(fund.recalled, owed_to_failed(fund, dealers))  # who takes over recalls nothing
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        if may_move(dealer, terms):
            left_over = min(dealer.deposit - dealer.opening_deposit, total_repo(dealer))
            borrow_on_repo(dealer, banks, pools, -max(0.0, left_over), journal)


@rule
def may_move(dealer, terms):
    """Return whether customers may leave a dealer that has failed."""
    return dealer.failed and dealer.days_failed >= terms.freeze_days


@rule
def takes_over(fund, line, dealers):
    """Return whether the dealer at a place of the fund's can take over from a failed one.

    Places not used repeat the first; one that does not is a new account.
    """
    account = fund.line_share[line] > 0.0 or fund.dealer[line] != fund.dealer[0]
    return account and dealers[fund.dealer[line]].room > 0.0


@rule
def dealers_asked(fund, dealers):
    """Return how many of its dealers a fund asks to take over from a failed one."""
    asked = 0
    for line in range(N_DEALERS):
        asked += takes_over(fund, line, dealers)
    return asked


@rule
def ask_other_dealers(fund, dealers, terms):
    """Count what a fund asks of each dealer; one without a sound dealer opens an account at a place not used."""
    moving = 0.0
    unused = -1
    for line in range(N_DEALERS):
        if fund.line_share[line] == 0.0:
            unused = line
        elif may_move(dealers[fund.dealer[line]], terms):
            moving += debt_on(fund, line)
    if moving <= 0.0:
        return
    if dealers_asked(fund, dealers) == 0 and unused >= 0:
        fund.dealer[unused] = next_with_room(fund, dealers, fund.dealer[unused])
    asked = dealers_asked(fund, dealers)
    for line in range(N_DEALERS):
        if takes_over(fund, line, dealers):
            dealers[fund.dealer[line]].asked += moving / asked


@rule
def next_with_room(fund, dealers, present):
    """Return one of the dealers with room: in the order of their numbers, that at the place of the fund's own."""
    with_room = 0
    for row in range(dealers.shape[0]):
        with_room += dealers[row].room > 0.0
    for row in range(dealers.shape[0]):
        if dealers[row].room > 0.0:
            place = 0
            for other in range(dealers.shape[0]):
                place += dealers[other].room > 0.0 and dealers[other].id < dealers[row].id
            if place == fund.id % with_room:
                return row
    return present


@rule
def move_line(fund, line, dealers, pools, banks, investors, markets, day, journal):
    """Move what a fund has with a failed dealer to those that take it over, as far as they have room.

    The new dealer borrows on repo what the old one is repaid: loans less the fund's cash.
    """
    asked = dealers_asked(fund, dealers)
    old = dealers[fund.dealer[line]]
    business, cash, loan, repo = fund.line_share[line], fund.cash[line], fund.margin_loan[line], fund.repo[line]
    unsecured, short = fund.unsecured[line], fund.short[line]
    for other in range(N_DEALERS):
        if not takes_over(fund, other, dealers):
            continue
        new = dealers[fund.dealer[other]]
        share = min(1.0, new.room / new.asked) / asked if new.asked > 0.0 else 1.0 / asked
        fund.line_share[line] -= share * business
        fund.line_share[other] += share * business
        lend_on_margin(journal, old, fund, line, -share * loan)
        lend_on_margin(journal, new, fund, other, share * loan)
        lend_fund_repo(journal, old, fund, line, -share * repo)
        lend_fund_repo(journal, new, fund, other, share * repo)
        lend_unsecured(journal, old, fund, line, -share * unsecured)
        lend_unsecured(journal, new, fund, other, share * unsecured)
        add_to_customer_cash(journal, old, fund, line, -share * cash)
        add_to_customer_cash(journal, new, fund, other, share * cash)
        net = share * (loan + repo + unsecured - cash)
        borrow_on_repo(new, banks, pools, max(net, 0.0), journal)
        pay(journal, banks, new, old, net)
        move_short(fund, line, other, share * short, dealers, banks, investors, markets, journal)
        day.moved[DEALER_RUNS] += share * (loan + repo + unsecured)


@rule
def move_short(fund, line, other, units, dealers, banks, investors, markets, journal):
    """Let a fund borrow what it has sold short through another dealer, whose lender pays out the one before."""
    price = markets[BROAD_EQUITY].price
    old, new = dealers[fund.dealer[line]], dealers[fund.dealer[other]]
    before, after = investors[old.stock_lender], investors[new.stock_lender]
    lend_securities(journal, price, before, old, fund, line, -units)
    lend_securities(journal, price, after, new, fund, other, units)
    pay(journal, banks, after, before, units * price)


@rule
def owed_to_failed(fund, dealers):
    """Return what a fund owes to failed dealers beyond its cash there, in $bn."""
    owed = 0.0
    for line in range(N_DEALERS):
        if fund.line_share[line] > 0.0 and dealers[fund.dealer[line]].failed:
            owed += max(0.0, debt_on(fund, line) - fund.cash[line])
    return owed


@rule
def recall_rest(fund, line, old, liquidation_days, tick, day, events, counter):
    """Recall a part of what a failed dealer has lent to a fund, less its cash there."""
    recalled = (debt_on(fund, line) - fund.cash[line]) / liquidation_days
    if recalled <= DUST:
        return
    fund.cause = log_event(
        events,
        counter,
        LOAN_RECALLED,
        tick,
        DEALER,
        old.id,
        FUND,
        fund.id,
        DEALER_RUNS,
        MARGIN_LOANS,
        recalled,
        old.failure_event,
    )
    fund.recalled += recalled
    day.moved[DEALER_RUNS] += recalled
