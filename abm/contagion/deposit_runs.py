"""Channel `deposit_runs`: uninsured depositors leave a bank when they see it weak.

They look at that bank alone: at its capital, and at how many leave it (Cipriani, Eisenbach and Kovner 2024 on
March 2023: the median run bank paid out 4 % of its deposits in a day, one a quarter). What is insured stays.
"""

from __future__ import annotations

from abm.channels import DEPOSIT_RUNS
from abm.compiled import rule
from abm.contagion.fund_default_losses import cause_of_failure
from abm.ledger.chart import BILLS, DEPOSITS, DUST
from abm.ledger.receivership import to_strong_banks
from abm.outcome.events import BANK, DEPOSIT_RUN, log_event

LAST_ONES = 1e-4  # share per day: a run that takes less is over


@rule
def leave_weak_banks(banks, depositors, markets, stories, settings, switches, tick, days, journal, events, counter):
    """Move uninsured deposits from banks that look weak to the strongest; a part is kept back for bills.

    weakness = (run ratio - capital ratio) / (run ratio - minimum ratio), between 0 and 1
    outflow  = run speed * weakness + run contagion * outflow of yesterday + withdrawal contagion * seen, at most the
               largest run; seen is what stablecoin issuers are seen to have withdrawn (`reserve_deposits`)

    The strongest take it in proportion to their capital beyond target. All withdrawals are counted before any
    is paid. Without the channel nobody leaves, nor some days after the public has guaranteed all deposits.
    """
    terms, delay_days = settings[0].banks, settings[0].policy.deposit_guarantee.delay_days
    for row in range(banks.shape[0]):
        bank = banks[row]
        before = bank.outflow
        bank.outflow = 0.0
        bank.withdrawn = 0.0
        if not switches[0].deposit_runs or bank.failed or bank.guarantee_days > delay_days:
            continue
        followed = terms.run_contagion * before + terms.withdrawal_contagion * bank.seen
        outflow = min(terms.largest_run, terms.run_speed * weakness(bank, terms) + followed)
        withdrawn = outflow * depositors[bank.customers].deposit
        if outflow < LAST_ONES or withdrawn <= DUST:
            continue
        bank.outflow = outflow
        bank.withdrawn = withdrawn
        days[0].moved[DEPOSIT_RUNS] += bank.withdrawn
        if before == 0.0:
            bank.loss_event = log_event(
                events,
                counter,
                DEPOSIT_RUN,
                tick,
                BANK,
                bank.id,
                BANK,
                bank.id,
                DEPOSIT_RUNS,
                DEPOSITS,
                bank.withdrawn,
                cause_of_failure(bank.loss_event, markets, stories, tick, events, counter),
            )
    for row in range(banks.shape[0]):
        if banks[row].withdrawn > 0.0:
            amount = (1.0 - terms.to_bills) * banks[row].withdrawn
            to_strong_banks(banks, depositors, row, terms.target_ratio, amount, False, journal)


@rule
def weakness(bank, terms):
    """Return how weak a bank looks, between 0 and 1, which is at the minimum ratio."""
    if bank.ratio >= terms.run_ratio:
        return 0.0
    reach = terms.run_ratio - terms.minimum_ratio
    return min(1.0, (terms.run_ratio - bank.ratio) / reach) if reach > 0.0 else 1.0


@rule
def put_flight_money_into_bills(depositors, banks, markets, settings):
    """State orders for bills out of yesterday's withdrawals: bills are money that is at no bank."""
    price = markets[BILLS].price
    for row in range(depositors.shape[0]):
        depositor = depositors[row]
        bank = banks[depositor.bank]
        if bank.failed:  # what is left there is frozen
            continue
        wanted = settings[0].banks.to_bills * bank.withdrawn
        depositor.orders[BILLS] = min(wanted, max(0.0, depositor.deposit)) / price
