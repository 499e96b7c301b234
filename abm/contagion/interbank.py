"""Channel `interbank`: what a failed bank owes to other banks is lost in part."""

from __future__ import annotations

from abm.channels import FUND_DEFAULT_LOSSES
from abm.compiled import rule
from abm.contagion.fund_default_losses import FAILED, RESOLVED, cause_of_failure
from abm.outcome.events import BANK, BANK_FAILED, NO_INSTRUMENT, log_event


@rule
def resolve_banks(
    banks, depositors, issuers, markets, stories, settings, switches, days, journal, tick, events, counter
):
    """Put failed banks into receivership and clear what they owe."""
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
