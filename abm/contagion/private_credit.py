"""Channel `private_credit`, its funds: they draw their lines before they fail, and then their banks lose.

A fund near its covenant, or to whom nobody lends on bonds, draws what banks have promised it, as borrowers did in
March 2020 (Acharya and Steffen 2020), so that banks lend more just when they would rather not. Losses fall on the
fund's owners, then on its bondholders, then on the banks whose lines it has drawn.
"""

from __future__ import annotations

from abm.agents.dealer import N_LINES
from abm.agents.private_credit_fund import drawn_by, gearing_of, own_money
from abm.channels import PRIVATE_CREDIT
from abm.compiled import rule
from abm.contagion.fund_default_losses import DUST, FAILED, RESOLVED
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, CREDIT_LINES
from abm.ledger.private_credit import (
    lend_to_credit_fund,
    lend_to_firms,
    repay_bonds,
    write_off_at_fund,
    write_off_bonds,
    write_off_firms_loan,
    write_off_line,
)
from abm.ledger.revaluations import revalue_shares
from abm.outcome.causes import cause_of_move
from abm.outcome.events import (
    BANK,
    BANK_LOSS,
    CREDIT_FUND,
    CREDIT_FUND_FAILED,
    LINES_DRAWN,
    NO_EVENT,
    NO_INSTRUMENT,
    log_event,
)


@rule
def bonds_are_renewed(fund, credit_market, terms):
    """Return whether a fund finds buyers for its bonds: its gearing worries nobody, and the market is open."""
    return fund.gearing <= terms.warning_gearing and credit_market.broad_fall <= terms.closing_fall


@rule
def find_cash(
    credit_funds,
    banks,
    investors,
    debtors,
    depositors,
    credit_markets,
    markets,
    stories,
    settings,
    switches,
    days,
    journal,
    tick,
    events,
    counter,
):
    """Let funds whose bonds nobody renews draw their lines and pay what falls due; others repay what they drew.

    drawn a day = draw speed * (undrawn - (1 - draw limit) * commitment): banks lend against sound loans alone
    falling due = bonds / (bond years * days per year), paid out of cash; then loans to firms are not renewed, at
                  most loans / (loan years * days per year); then lines are drawn beyond the day's part

    What cannot be paid then makes the fund fail. Banks that tighten take back the same part of what is undrawn as
    they do not renew of other loans, failed ones all of it. A failed fund is in run-off: it renews nothing, and its
    cash repays banks, then bondholders.
    """
    if not switches[0].private_credit:
        return
    terms, credit_market, day = settings[0].private_credit, credit_markets[0], days[0]
    per_year = settings[0].run.ticks_per_year
    pace = settings[0].banks.tightening / per_year
    for row in range(credit_funds.shape[0]):
        fund = credit_funds[row]
        owner, debtor = investors[fund.owner], debtors[fund.debtor]
        running_off = fund.loans / (terms.loan_years * per_year)
        if fund.failed != 0:
            lend_to_firms(journal, banks, fund, debtor, depositors, -running_off)
            repay_lines(fund, banks, max(0.0, fund.deposit), journal)
            repay_bonds(journal, banks, fund, owner, min(max(0.0, fund.deposit), fund.bonds))
            continue
        for line in range(N_LINES):
            bank = banks[fund.lender[line]]
            fund.undrawn[line] *= 0.0 if bank.failed != 0 else 1.0 - pace * bank.tightness
        fund.unpaid = 0.0
        if bonds_are_renewed(fund, credit_market, terms):
            fund.draws = 0
            give_back(fund, banks, debtor, depositors, terms.draw_speed, journal)
            continue
        if fund.draws == 0 and drawable(fund, terms.draw_limit) > DUST:
            fund.draws = 1
            cause = fund.loss_event
            if credit_market.broad_fall > terms.closing_fall:
                cause = cause_of_move(BROAD_EQUITY, markets, stories[0], tick, events, counter)
            elif cause == NO_EVENT:
                cause = cause_of_loss(fund, credit_market, markets, stories[0], tick, events, counter)
            log_event(
                events,
                counter,
                LINES_DRAWN,
                tick,
                CREDIT_FUND,
                fund.id,
                CREDIT_FUND,
                fund.id,
                PRIVATE_CREDIT,
                CREDIT_LINES,
                drawable(fund, terms.draw_limit),
                cause,
            )
        called = draw(fund, banks, terms, terms.draw_speed * drawable(fund, terms.draw_limit), journal)
        due = fund.bonds / (terms.bond_years * per_year)
        lacking = due - max(0.0, fund.deposit)
        if lacking > 0.0:
            not_renewed = min(lacking, running_off)
            lend_to_firms(journal, banks, fund, debtor, depositors, -not_renewed)
            fund.not_renewed += not_renewed
            drawn = draw(fund, banks, terms, min(lacking - not_renewed, drawable(fund, terms.draw_limit)), journal)
            fund.unpaid = lacking - not_renewed - drawn
            called += drawn
        repay_bonds(journal, banks, fund, owner, due - fund.unpaid)
        day.lines_called += called
        day.moved[PRIVATE_CREDIT] += called


@rule
def drawable_on(fund, line, draw_limit):
    """Return what a fund can still draw on one of its lines, in $bn."""
    return max(0.0, fund.undrawn[line] - (1.0 - draw_limit) * fund.commitment[line])


@rule
def drawable(fund, draw_limit):
    """Return what a fund can still draw on all of its lines, in $bn."""
    found = 0.0
    for line in range(N_LINES):
        found += drawable_on(fund, line, draw_limit)
    return found


@rule
def draw(fund, banks, terms, amount, journal):
    """Let a fund draw its lines, each in proportion to what it can draw there: returns what was drawn, in $bn."""
    most = drawable(fund, terms.draw_limit)
    share = amount / most if most > 0.0 else 0.0
    drawn = 0.0
    for line in range(N_LINES):
        part = share * drawable_on(fund, line, terms.draw_limit)
        if part > 0.0:
            fund.undrawn[line] -= part
            lend_to_credit_fund(journal, banks, fund, line, part)
            drawn += part
    return drawn


@rule
def give_back(fund, banks, debtor, depositors, speed, journal):
    """Let a fund in no need repay what it drew out of cash that it has too much, and then lend to firms again.

    A part `speed` a day of what it owes beyond the opening, or of what it has; likewise of loans not renewed.
    """
    beyond = 0.0
    for line in range(N_LINES):
        beyond += max(0.0, fund.credit_line[line] - fund.opening_line[line])
    spare = max(0.0, fund.deposit - fund.opening_deposit)
    share = speed * min(1.0, spare / beyond) if beyond > 0.0 else 0.0
    for line in range(N_LINES):
        repaid = share * max(0.0, fund.credit_line[line] - fund.opening_line[line])
        if repaid > 0.0:
            fund.undrawn[line] += repaid
            lend_to_credit_fund(journal, banks, fund, line, -repaid)
    lent = speed * min(max(0.0, spare - beyond), fund.not_renewed)
    if lent > 0.0:
        fund.not_renewed -= lent
        lend_to_firms(journal, banks, fund, debtor, depositors, lent)


@rule
def repay_lines(fund, banks, cash, journal):
    """Let a fund repay its lines out of cash, all in the same part."""
    owed = drawn_by(fund)
    share = min(1.0, cash / owed) if owed > 0.0 else 0.0
    for line in range(N_LINES):
        lend_to_credit_fund(journal, banks, fund, line, -share * fund.credit_line[line])


@rule
def resolve_credit_funds(
    credit_funds,
    builders,
    banks,
    investors,
    debtors,
    credit_markets,
    markets,
    stories,
    settings,
    switches,
    days,
    journal,
    tick,
    events,
    counter,
):
    """Mark all funds to what is left of them, and put those into run-off that have failed.

    A fund fails when its own money is gone, or when it could not pay bonds that fell due. Its lines lapse, its cash
    repays banks, and its loans are worth the part `recovery` of what is owed. Its owner bears that first, then the
    bondholders; what then lacks the banks write off, each in proportion to its line. Later losses go the same way.
    """
    if not switches[0].private_credit:
        return
    day = days[0]
    for row in range(credit_funds.shape[0]):
        fund = credit_funds[row]
        fund.net_asset_value = own_money(fund)
        if fund.failed == 0 and (fund.net_asset_value < -DUST or fund.unpaid > DUST):
            fund.failed = FAILED
    for row in range(credit_funds.shape[0]):
        fund, owner = credit_funds[row], investors[credit_funds[row].owner]
        failure = NO_EVENT
        if fund.failed == FAILED:
            failure = log_event(
                events,
                counter,
                CREDIT_FUND_FAILED,
                tick,
                CREDIT_FUND,
                fund.id,
                CREDIT_FUND,
                fund.id,
                PRIVATE_CREDIT,
                NO_INSTRUMENT,
                max(0.0, -fund.net_asset_value),
                cause_of_loss(fund, credit_markets[0], markets, stories[0], tick, events, counter),
            )
            fund.failed = RESOLVED
            for line in range(N_LINES):
                fund.undrawn[line] = 0.0
            fund.draws = 0
            repay_lines(fund, banks, max(0.0, fund.deposit), journal)
            lost = 1.0 - settings[0].private_credit.recovery
            write_off_firms_loan(journal, fund, debtors[fund.debtor], lost * fund.loans)
            for place in range(builders.shape[0]):
                if builders[place].fund == row:
                    write_off_at_fund(journal, fund, builders[place], lost * builders[place].owed_to_fund)
        if fund.failed != 0:
            bonds = min(fund.bonds, max(0.0, -own_money(fund)))
            write_off_bonds(journal, fund, owner, bonds)
            owed = drawn_by(fund)
            share = min(1.0, max(0.0, -own_money(fund)) / owed) if owed > 0.0 else 0.0
            for line in range(N_LINES):
                loss = share * fund.credit_line[line]
                if loss > 0.0:
                    lose_on_line(fund, line, banks, loss, failure, day, journal, tick, events, counter)
        fund.gearing = gearing_of(fund)
        owned = max(0.0, own_money(fund))
        revalue_shares(journal, fund, owner, owned - fund.shares)


@rule
def lose_on_line(fund, line, banks, loss, failure, day, journal, tick, events, counter):
    """Write off a part of a bank's line to a failed fund; the loss of the day of failure is an event."""
    bank = banks[fund.lender[line]]
    write_off_line(journal, banks, fund, line, loss)
    day.loans_lost += loss
    day.lines_lost += loss
    day.moved[PRIVATE_CREDIT] += loss
    if failure != NO_EVENT:
        bank.loss_event = log_event(
            events,
            counter,
            BANK_LOSS,
            tick,
            CREDIT_FUND,
            fund.id,
            BANK,
            bank.id,
            PRIVATE_CREDIT,
            CREDIT_LINES,
            loss,
            failure,
        )


@rule
def cause_of_loss(fund, credit_market, markets, story, tick, events, counter):
    """Return what a fund lost by: a refinancing that it refused, builders who default, or the fall of AI equity."""
    if fund.loss_event != NO_EVENT:
        return fund.loss_event
    if credit_market.loss_event != NO_EVENT:
        return credit_market.loss_event
    return cause_of_move(AI_EQUITY, markets, story, tick, events, counter)
