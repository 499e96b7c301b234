"""Policy `deposit_guarantee`: the public stands behind all deposits once banks fail or are run on.

In March 2023 runs stopped two days after uninsured depositors had been made whole. What a failed bank cannot pay
them is the public's loss from then on; who lost before is not made whole.
"""

from __future__ import annotations

from abm.agents.stablecoin_issuer import N_PLACES
from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import DEPOSITS
from abm.ledger.postings import support_bank
from abm.ledger.revaluations import write_off_support
from abm.outcome.events import AUTHORITY, BANK, BANK_FAILED, DEPOSITS_GUARANTEED, NO_EVENT, log_event


@rule
def watch_banks(authority, banks, depositors, withdrawn_share, tick, events, counter):
    """Guarantee all deposits from tomorrow on when a bank has failed today, or depositors have left in numbers."""
    if authority.guarantee_days > 0:
        return
    cause = failure_since(authority.events_seen, events, counter)
    withdrawn = 0.0
    uninsured = 0.0
    most = 0
    for row in range(banks.shape[0]):
        withdrawn += banks[row].withdrawn
        uninsured += depositors[banks[row].customers].deposit
        if banks[row].withdrawn > banks[most].withdrawn:
            most = row
    if cause == NO_EVENT and withdrawn > 0.0 and withdrawn >= withdrawn_share * (withdrawn + uninsured):
        cause = banks[most].loss_event
    if cause != NO_EVENT:
        authority.guarantee_days = 1
        log_event(
            events,
            counter,
            DEPOSITS_GUARANTEED,
            tick,
            AUTHORITY,
            0,
            BANK,
            events[cause].actor,
            NO_CHANNEL,
            DEPOSITS,
            withdrawn,
            cause,
        )


@rule
def failure_since(first, events, counter):
    """Return the first bank's failure among the events from `first` on."""
    for number in range(first, counter[0]):
        if events[number].kind == BANK_FAILED:
            return number
    return NO_EVENT


@rule
def tell_depositors(authority, banks):
    """Tell every bank's depositors for how many days the public has stood behind it, and count the day."""
    for row in range(banks.shape[0]):
        banks[row].guarantee_days = authority.guarantee_days
    if authority.guarantee_days > 0:
        authority.guarantee_days += 1


@rule
def uninsured_at(holders, row):
    """Return the uninsured deposits that one kind of depositors has at a bank, in $bn."""
    total = 0.0
    for i in range(holders.shape[0]):
        if holders[i].bank == row:
            total += max(0.0, holders[i].deposit)
    return total


@rule
def issuers_uninsured_at(issuers, row):
    """Return what stablecoin issuers have at a bank, in $bn."""
    total = 0.0
    for i in range(issuers.shape[0]):
        for place in range(N_PLACES):
            if issuers[i].bank[place] == row:
                total += max(0.0, issuers[i].deposit[place])
    return total


@rule
def bear_their_loss(journal, public, bank, uninsured, day):
    """Let the public pay a failed bank what it cannot pay on its uninsured deposits: the cost of the guarantee."""
    lost = (1.0 - bank.payout) * uninsured
    support_bank(journal, public, bank, lost)
    write_off_support(journal, public, bank, lost)
    day.public_cost += lost
    day.guarantee_cost += lost
