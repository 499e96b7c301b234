"""Channel `private_credit`, its builders: those who build data centres for AI default as AI equity falls.

The worse shares in AI do, the more of them fail (hazard), and the fewer are lent the money anew when their loans
fall due. Losses are their lenders', named funds and banks. What defaults as usual is priced in: interest pays for it.
"""

from __future__ import annotations

import math

from abm.agents.builder import loan_to_value, owed_by_builder
from abm.channels import PRIVATE_CREDIT
from abm.compiled import rule
from abm.contagion.fund_default_losses import DUST
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY, DATA_CENTRE_LOANS
from abm.ledger.private_credit import write_off_at_bank, write_off_at_fund, write_off_firms_loan
from abm.outcome.causes import cause_of_move
from abm.outcome.events import (
    BANK,
    BUILDER,
    BUILDER_DEFAULTS,
    CREDIT_FUND,
    NO_EVENT,
    REFINANCING_REFUSED,
    SCENARIO,
    log_event,
)
from abm.records import Record, memory

CREDIT_MARKET = Record(
    "credit_market",
    (
        memory("ai_fall", "log points", "AI equity below its trend, as lenders have seen it lately"),
        memory("broad_average", "log points", "log price of broad equity, averaged over what bond buyers remember"),
        memory("broad_fall", "log points", "broad equity below that average"),
        memory("loss_event", "event", "the last time that builders began to default more than usual", kind="i8"),
    ),
)


@rule
def look_at_prices(credit_market, markets, attention_days, memory_days, tick):
    """Let lenders see how far AI equity stands below its trend, and buyers of bonds what shares have lost lately.

    seen    += (log(trend / price of AI equity) - seen) / attention days
    average += (log(price of broad equity) - average) / memory days;    lost lately = average - log(price)
    """
    ai, broad = markets[AI_EQUITY], math.log(markets[BROAD_EQUITY].price)
    below_trend = ai.drift * (tick + 1.0) - math.log(ai.price)
    credit_market.ai_fall += (below_trend - credit_market.ai_fall) / attention_days
    credit_market.broad_average += (broad - credit_market.broad_average) / memory_days
    credit_market.broad_fall = credit_market.broad_average - broad


@rule
def default_intensity(fall, terms):
    """Return the part of builders' loans that defaults in a year.

    usual intensity * exp(response * fall of AI equity below its trend in log points), usual while there is none.
    """
    return terms.usual_intensity * math.exp(terms.default_response * max(0.0, fall))


@rule
def is_refinanced(builder, credit_funds, banks, credit_market, settings):
    """Return whether a cohort whose loans fall due is lent the money anew.

    What it owes must be within the limit of what its data centres are worth now, and its lender be able: a fund
    neither failed nor near its covenant, a bank neither failed nor tightening.
    """
    terms = settings.builders
    if loan_to_value(builder, credit_market.ai_fall, terms.worth_response) > terms.limit_to_value:
        return False
    if builder.fund >= 0:
        fund = credit_funds[builder.fund]
        return fund.failed == 0 and fund.gearing <= settings.private_credit.warning_gearing
    bank = banks[builder.bank]
    return bank.failed == 0 and bank.tightness == 0.0


@rule
def builders_default(
    builders,
    credit_funds,
    banks,
    debtors,
    outputs,
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
    """Let builders default, and firms that owe to private-credit funds: their lenders lose a part of the loan.

    lost a day  = loss given default * (intensity - usual intensity) / days per year * loan, of all of it at most
    falling due = all of the loan defaults unless it is lent anew, and what is left is put off for another term
    firms       = as what firms owe to banks (`real_economy`): by how far output is below its trend

    What is not lost of a defaulted loan stays as a loan on new terms. Without the channel nobody defaults.
    """
    if not switches[0].private_credit:
        return
    terms, credit_market, day = settings[0].builders, credit_markets[0], days[0]
    per_year = settings[0].run.ticks_per_year
    look_at_prices(credit_market, markets, terms.attention_days, settings[0].private_credit.memory_days, tick)
    beyond = default_intensity(credit_market.ai_fall, terms) - terms.usual_intensity
    share_lost = min(terms.loss_given_default, terms.loss_given_default * beyond / per_year)
    if credit_market.ai_fall <= DUST:
        credit_market.loss_event = NO_EVENT
    elif credit_market.loss_event == NO_EVENT:
        at_stake = 0.0
        for row in range(builders.shape[0]):
            at_stake += owed_by_builder(builders[row])
        credit_market.loss_event = log_event(
            events,
            counter,
            BUILDER_DEFAULTS,
            tick,
            SCENARIO,
            0,
            SCENARIO,
            0,
            PRIVATE_CREDIT,
            DATA_CENTRE_LOANS,
            share_lost * at_stake,
            cause_of_move(AI_EQUITY, markets, stories[0], tick, events, counter),
        )
    for row in range(builders.shape[0]):
        builder = builders[row]
        share = share_lost
        if tick >= builder.matures and owed_by_builder(builder) > DUST:
            builder.matures += terms.term_years * per_year
            if not is_refinanced(builder, credit_funds, banks, credit_market, settings[0]):
                share = terms.loss_given_default
                refuse(builder, credit_funds, banks, credit_market, markets, stories[0], tick, events, counter)
        lost = share * owed_by_builder(builder)
        if builder.fund >= 0:
            write_off_at_fund(journal, credit_funds[builder.fund], builder, lost)
        else:
            bank = banks[builder.bank]
            write_off_at_bank(journal, bank, builder, lost)
            day.loans_lost += lost
            if bank.loss_event == NO_EVENT:
                bank.loss_event = credit_market.loss_event
        day.data_centre_loans_lost += lost
        day.moved[PRIVATE_CREDIT] += lost
    output, economy = outputs[0], settings[0].output
    below = max(0.0, -(output.from_wealth + output.from_investment + output.from_credit))
    share = economy.loss_given_default * economy.loan_losses * below / per_year
    for row in range(credit_funds.shape[0]):
        fund = credit_funds[row]
        lost = share * fund.loans
        write_off_firms_loan(journal, fund, debtors[fund.debtor], lost)
        day.moved[PRIVATE_CREDIT] += lost


@rule
def refuse(builder, credit_funds, banks, credit_market, markets, story, tick, events, counter):
    """Write down that a cohort is not refinanced; its lender remembers it as a loss."""
    cause = credit_market.loss_event
    if builder.fund >= 0:
        kind, lender, before = CREDIT_FUND, credit_funds[builder.fund].id, credit_funds[builder.fund].loss_event
    else:
        kind, lender, before = BANK, banks[builder.bank].id, banks[builder.bank].loss_event
    if cause == NO_EVENT:
        cause = before
    if cause == NO_EVENT:
        cause = cause_of_move(AI_EQUITY, markets, story, tick, events, counter)
    event = log_event(
        events,
        counter,
        REFINANCING_REFUSED,
        tick,
        kind,
        lender,
        BUILDER,
        builder.id,
        PRIVATE_CREDIT,
        DATA_CENTRE_LOANS,
        owed_by_builder(builder),
        cause,
    )
    if builder.fund >= 0:
        credit_funds[builder.fund].loss_event = event
    else:
        banks[builder.bank].loss_event = event
