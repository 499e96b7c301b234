"""Channel `reserve_deposits`: redemptions are paid out of deposits at named banks, and their depositors see it.

A redemption moves money from the issuer's banks to those of whoever handed coins in: the system loses nothing, but
those banks do (Signature and Silicon Valley Bank held deposits of issuers in March 2023). Without the channel
issuers leave the deposits with which they began where they are, and pay out of repo and Treasuries.
"""

from __future__ import annotations

from abm.agents.stablecoin_issuer import N_PLACES
from abm.channels import RESERVE_DEPOSITS
from abm.compiled import rule
from abm.ledger.chart import CRYPTO, DEPOSITS
from abm.ledger.coin_postings import usable_deposits
from abm.outcome.causes import cause_of_move
from abm.outcome.events import BANK, ISSUER, NO_EVENT, RESERVES_WITHDRAWN, log_event


@rule
def cash_to_pay_with(issuer, banks, switch):
    """Return what an issuer pays redemptions out of before it touches repo and Treasuries, in $bn."""
    usable = usable_deposits(banks, issuer)
    return usable if switch else max(0.0, usable - issuer.opening_cash)


@rule
def kept_as_deposits(issuer, switch):
    """Return the deposits that an issuer means to hold, in $bn: its share of coins, without the channel what it had."""
    return issuer.deposit_share * issuer.supply if switch else issuer.opening_cash


@rule
def show_withdrawals(issuers, banks, markets, stories, settings, switches, tick, days, events, counter):
    """Let depositors of each bank see what issuers have taken out of it since yesterday.

    seen = withdrawn / all deposits of the bank, where that is at least what is visible
    """
    for row in range(banks.shape[0]):
        banks[row].seen = 0.0
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        for place in range(N_PLACES):
            bank = banks[issuer.bank[place]]
            withdrawn = max(0.0, issuer.deposit_before[place] - issuer.deposit[place])
            issuer.deposit_before[place] = issuer.deposit[place]
            if not switches[0].reserve_deposits or bank.failed or withdrawn <= 0.0:
                continue
            days[0].moved[RESERVE_DEPOSITS] += withdrawn
            seen = withdrawn / (bank.deposits + withdrawn)
            if seen < settings[0].banks.visible_withdrawal:
                continue
            bank.seen += seen
            cause = issuer.run_event
            if cause == NO_EVENT:  # coins handed in because crypto fell
                cause = cause_of_move(CRYPTO, markets, stories[0], tick, events, counter)
            bank.loss_event = log_event(
                events,
                counter,
                RESERVES_WITHDRAWN,
                tick,
                ISSUER,
                issuer.id,
                BANK,
                bank.id,
                RESERVE_DEPOSITS,
                DEPOSITS,
                withdrawn,
                cause,
            )
