"""Losses that the scenario has put down for one bank or dealer: a crisis may begin with a lender's own business.

A bank loses on loans to the economy, as far as it has any; a dealer pays what it lost to the economy. What follows
is the rules': it fails when too little capital is left, and others look at it as at any lender.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.agents.bank import ECONOMY
from abm.agents.stablecoin_issuer import ISSUERS
from abm.channels import NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import OTHER_LOANS
from abm.ledger.postings import pay
from abm.ledger.revaluations import write_off_loan
from abm.outcome.events import BANK, DEALER, NO_EVENT, NO_INSTRUMENT, OWN_LOSS, SCENARIO, log_event

if TYPE_CHECKING:
    from abm.economy import Economy


def suffer_losses(e: Economy) -> None:
    """Let today's losses fall on those whom the scenario names, before anybody looks at capital."""
    for action in e.scenario.actions:
        if action.kind != "loss" or action.tick != e.tick:
            continue
        lenders = "dealers" if action.of in ("dealer", "largest_dealers") else "banks"
        rows = in_order(e, action.of)
        row = int(rows[action.place % len(rows)])
        if lenders == "banks":
            lose_on_loans(e.banks, e.debtors, row, action.capital, e.day, e.journal, e.tick, e.events, e.counter)
        else:
            lose_on_own_account(
                e.dealers, e.banks, e.depositors, row, action.capital, e.day, e.journal, e.tick, e.events, e.counter
            )


def in_order(e: Economy, of: str) -> np.ndarray:
    """Return the rows of banks or dealers in the order that an action counts in: by number, size, or deposits."""
    if of in ("bank", "dealer"):
        return np.argsort(e.banks["id"] if of == "bank" else e.dealers["id"])
    if of == "largest_banks":
        return np.argsort(-e.banks["deposits"], kind="stable")
    if of == "largest_dealers":
        return np.argsort(-e.dealers["opening_capital"], kind="stable")
    name = of.removeprefix("banks_of_").removesuffix("_issuer")
    issuer = e.stablecoins[ISSUERS.index(name)]
    return issuer["bank"][np.argsort(-issuer["deposit"], kind="stable")]


@rule
def lose_on_loans(banks, debtors, row, share, days, journal, tick, events, counter):
    """Write off a part of a bank's loans to the economy, of so many times its capital."""
    bank = banks[row]
    lost = min(share * max(0.0, bank.capital), bank.loans[ECONOMY])
    write_off_loan(journal, bank, debtors[bank.debtor[ECONOMY]], ECONOMY, lost)
    days[0].loans_lost += lost
    bank.loss_event = log_event(
        events, counter, OWN_LOSS, tick, SCENARIO, 0, BANK, bank.id, NO_CHANNEL, OTHER_LOANS, lost, NO_EVENT
    )


@rule
def lose_on_own_account(dealers, banks, depositors, row, share, days, journal, tick, events, counter):
    """Let a dealer pay what it lost, of so many times its capital, to the economy; it borrows what it lacks."""
    dealer = dealers[row]
    lost = share * max(0.0, dealer.capital)
    pay(journal, banks, dealer, depositors[banks[dealer.bank].customers], lost)
    days[0].dealer_losses += lost
    dealer.loss_event = log_event(
        events, counter, OWN_LOSS, tick, SCENARIO, 0, DEALER, dealer.id, NO_CHANNEL, NO_INSTRUMENT, lost, NO_EVENT
    )
