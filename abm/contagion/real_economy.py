"""Channel `real_economy`: lost wealth, investment and credit lower output, and debtors default on banks.

The wealth effect is that of consumption functions (3 cents on a lost dollar), investment in AI is paid for by
what shares in AI are worth, and credit that banks and private-credit funds do not renew is
output that firms do not produce.
"""

from __future__ import annotations

import math

from abm.agents.bank import N_DEBTORS
from abm.channels import REAL_ECONOMY
from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, BROAD_EQUITY
from abm.ledger.revaluations import write_off_loan
from abm.outcome.causes import cause_of_move
from abm.outcome.events import BANK, LOAN_LOSSES, NO_EVENT, SCENARIO, log_event
from abm.records import Record, memory

DUST = 1e-9  # log points: output that is so little below trend is on it

OUTPUT = Record(
    "output",
    (
        memory("from_wealth", "log points", "output gained with share wealth, lost if negative"),
        memory("from_investment", "log points", "output gained with investment in AI, lost if negative"),
        memory("from_credit", "log points", "output lost with bank credit, negative"),
        memory("loss_event", "event", "the last time that debtors began to default", kind="i8"),
    ),
)


@rule
def move_output(
    outputs,
    markets,
    banks,
    credit_funds,
    debtors,
    stories,
    settings,
    switches,
    days,
    journal,
    tick,
    events,
    counter,
):
    """Let output follow wealth, investment and credit, and debtors default while it is below its trend.

    wealth     goal = wealth effect * domestic share * share wealth beyond its trend / gdp
    investment goal = AI investment * ((price of AI equity / its trend)^response - 1)
    credit     goal = - credit effect * loans not renewed / gdp
    each part      += (goal - part) / adjustment days
    defaulting a day = loan losses * max(0, -output) / days per year * loan, of which loss given default is lost

    Output in log points against an economy in which share prices follow their trend. What firms owe to
    private-credit funds defaults in `private_credit`. Without the channel output stays where it is and nobody defaults.
    """
    if not switches[0].real_economy:
        return
    output, terms = outputs[0], settings[0].output
    wealth = 0.0
    for k in (AI_EQUITY, BROAD_EQUITY):
        market = markets[k]
        wealth += market.units * (market.price - math.exp(market.drift * (tick + 1.0)))
    not_renewed = 0.0
    for row in range(banks.shape[0]):
        for place in range(N_DEBTORS):
            not_renewed += banks[row].not_renewed[place]
    for row in range(credit_funds.shape[0]):
        not_renewed += credit_funds[row].not_renewed
    ai = markets[AI_EQUITY]
    from_trend = ai.price / math.exp(ai.drift * (tick + 1.0))
    investment = terms.ai_investment * (math.exp(terms.investment_response * math.log(from_trend)) - 1.0)
    wealth_goal = terms.wealth_effect * terms.domestic_share * wealth / terms.gdp
    output.from_wealth += (wealth_goal - output.from_wealth) / terms.adjustment_days
    output.from_investment += (investment - output.from_investment) / terms.adjustment_days
    credit_goal = -terms.credit_effect * not_renewed / terms.gdp
    output.from_credit += (credit_goal - output.from_credit) / terms.adjustment_days
    below = -(output.from_wealth + output.from_investment + output.from_credit)
    if below <= DUST:
        output.loss_event = NO_EVENT
        return
    share = terms.loss_given_default * terms.loan_losses * below / settings[0].run.ticks_per_year
    lost_before = days[0].loans_lost
    for row in range(banks.shape[0]):
        bank = banks[row]
        for place in range(N_DEBTORS):
            lost = share * bank.loans[place]
            write_off_loan(journal, bank, debtors[bank.debtor[place]], place, lost)
            days[0].loans_lost += lost
    lost = days[0].loans_lost - lost_before
    days[0].moved[REAL_ECONOMY] += lost
    if output.loss_event == NO_EVENT:
        cause = cause_of_move(AI_EQUITY, markets, stories[0], tick, events, counter)
        output.loss_event = log_event(
            events, counter, LOAN_LOSSES, tick, SCENARIO, 0, BANK, 0, REAL_ECONOMY, AI_EQUITY, lost, cause
        )
    for row in range(banks.shape[0]):
        if banks[row].loss_event == NO_EVENT:
            banks[row].loss_event = output.loss_event
