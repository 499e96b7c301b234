"""Channel `redemptions`: investors leave funds that have lost, with notice, on quarter ends, within gates.

Ben-David, Franzoni and Moussawi (2012): investors of hedge funds leave after losses, and leave sooner when
others are expected to leave, since the first are paid before the gate closes.
"""

from __future__ import annotations

from abm.agents.leveraged_fund import ACTIVE, N_DEALERS, free_cash, securities_held, shrink, sold_short
from abm.channels import REDEMPTIONS
from abm.compiled import rule
from abm.contagion.margin_calls import worst_holding
from abm.ledger.chart import BROAD_EQUITY, DUST, N_TRADED
from abm.ledger.postings import add_to_customer_cash, lend_on_margin, pay, redeem_shares, usable_cash
from abm.outcome.causes import cause_of_move
from abm.outcome.events import FUND, INVESTORS, NO_INSTRUMENT, REDEMPTION_NOTICE, log_event


@rule
def ask_for_redemptions(funds, markets, stories, settings, switches, tick, events, counter):
    """Let investors give notice to funds that have lost over the year.

    asked a day = sensitivity / days per month * loss * net asset value * (1 + expectation * fullness)

    The loss is that of a share's value against its average of a year. Fullness is how much of the next gate
    others already fill, at most one. Notice given too late for a quarter's end waits for the next.
    """
    if not switches[0].redemptions:
        return
    terms = settings[0].redemptions
    days_per_month = settings[0].run.ticks_per_year / 12.0
    in_time = days_to_payment(tick, terms) >= terms.notice_days
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != ACTIVE or fund.owner < 0 or fund.net_asset_value <= 0.0:
            continue
        loss = 1.0 - fund.share_value / fund.year_value
        if loss <= 0.0:
            continue
        asked_for = fund.noticed + fund.noticed_late
        fullness = min(1.0, asked_for / (terms.gate * fund.net_asset_value))
        asked = terms.sensitivity / days_per_month * loss * fund.net_asset_value * (1.0 + terms.expectation * fullness)
        asked = min(asked, max(0.0, fund.net_asset_value - asked_for))
        if asked_for == 0.0 and asked > 0.0:
            cause = cause_of_move(worst_holding(fund, markets), markets, stories[0], tick, events, counter)
            fund.notice_cause = log_event(
                events,
                counter,
                REDEMPTION_NOTICE,
                tick,
                INVESTORS,
                fund.owner,
                FUND,
                fund.id,
                REDEMPTIONS,
                NO_INSTRUMENT,
                asked,
                cause,
            )
        if in_time:
            fund.noticed += asked
        else:
            fund.noticed_late += asked


@rule
def days_to_payment(tick, terms):
    """Return how many days are left to the next date of payment, 0 on the day itself."""
    return terms.quarter_days - 1 - tick % terms.quarter_days


@rule
def next_payment(fund, terms):
    """Return what a fund will pay on the next date: what was noticed in time, up to the gate, in $bn."""
    return min(fund.noticed, terms.gate * max(fund.net_asset_value, 0.0))


@rule
def spare_cash(fund, markets):
    """Return free cash beyond what short sales brought, in $bn."""
    return free_cash(fund) - sold_short(fund) * markets[BROAD_EQUITY].price


@rule
def raise_cash_for_redemptions(fund, markets, settings, tick):
    """State sales for the next payment, and say whether there are any.

    What free cash covers needs no sale. Else the whole book shrinks with the fund, spread over the days that are
    left: what a leveraged fund sells beyond the payment repays its dealers, so that leverage stays.
    """
    terms = settings.redemptions
    days_left = days_to_payment(tick, terms)
    if fund.net_asset_value <= 0.0 or days_left >= terms.notice_days or fund.noticed <= DUST:
        return False
    payment = next_payment(fund, terms)
    if payment <= spare_cash(fund, markets):
        return False
    goal = (1.0 - payment / fund.net_asset_value) * fund.opening_assets * fund.net_asset_value
    value = securities_held(fund, markets)
    share = (1.0 - goal / value) / (days_left + 1.0) if value > goal else 0.0
    if share <= 0.0:
        return False
    shrink(fund, min(share, 1.0))
    for k in range(N_TRADED):
        fund.channel[k] = REDEMPTIONS
    return True


@rule
def pay_redemptions(funds, dealers, banks, investors, markets, settings, switches, tick, days, journal):
    """Pay out on the quarter's end, through dealers to the owners' banks; what cash lacks the dealers lend.

    What short sales brought stays where it is.

    What was noticed late is due on the next date, and so is what the gate keeps back. A fund in call pays nobody.
    """
    terms = settings[0].redemptions
    if not switches[0].redemptions or days_to_payment(tick, terms) != 0:
        return
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != ACTIVE or fund.owner < 0:
            continue
        due = min(next_payment(fund, terms), fund.shares) if fund.days_in_call == 0 else 0.0
        from_own = min(1.0, max(0.0, spare_cash(fund, markets)) / due) if due > 0.0 else 0.0
        for line in range(N_DEALERS):
            part = fund.line_share[line] * due
            if part <= 0.0:
                continue
            dealer = dealers[fund.dealer[line]]
            from_cash = min(from_own * part, usable_cash(fund, line, dealers))
            add_to_customer_cash(journal, dealer, fund, line, -from_cash)
            lend_on_margin(journal, dealer, fund, line, part - from_cash)
            pay(journal, banks, dealer, investors[fund.owner], part)
        redeem_shares(journal, fund, investors[fund.owner], due)
        fund.paid_out = due
        fund.noticed += fund.noticed_late - due
        fund.noticed_late = 0.0
        days[0].moved[REDEMPTIONS] += due
