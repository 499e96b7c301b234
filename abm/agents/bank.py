"""Banks: hold everybody's deposits, lend to dealers and to the economy."""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    AI_EQUITY,
    BANK_DEBT,
    BANK_LOANS,
    DEPOSITS,
    N_TRADED,
    NOTES,
    OTHER_LOANS,
    OTHER_SECURITIES,
    RESERVES,
)
from abm.records import Record, asset, liability, memory, pointer, term

BANK = Record(
    "bank",
    (
        term("id", "identity", "the bank's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("customers", "depositors"),
        term("earnings_per_day", "$bn per day", "retained earnings from its ordinary business"),
        term("opening_capital", "$bn", "capital when the books were opened"),
        asset("units", AI_EQUITY, "AI equity, broad equity and notes held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "inert securities"),
        asset("reserves", RESERVES, "at the central bank"),
        asset("dealer_loans", BANK_LOANS, "lent to dealers"),
        asset("loans", OTHER_LOANS, "lent to everybody else"),
        liability("deposits", DEPOSITS, "owed to depositors"),
        liability("debt", BANK_DEBT, "bonds and wholesale funding"),
        memory("failed", "0 or 1", "1 once it has failed", kind="i8"),
        memory("capital", "$bn", "assets less liabilities at the last look"),
        memory("loss_event", "event", "the last loss on a dealer, as an event", kind="i8"),
    ),
)


@rule
def bank_assets(bank, markets):
    """Return total assets at market prices, in $bn."""
    assets = bank.other_securities + bank.reserves + bank.dealer_loans + bank.loans
    for k in range(N_TRADED):
        assets += bank.units[k] * markets[k].price
    return assets


@rule
def bank_capital(bank, markets):
    """Return assets less liabilities at market prices, in $bn."""
    return bank_assets(bank, markets) - bank.deposits - bank.debt


@rule
def capital_ratio(bank, assets, capital, markets, risk_weight):
    """Return capital over risk-weighted assets; reserves and Treasury notes weigh nothing (Basel III)."""
    weighted = risk_weight * (assets - bank.reserves - bank.units[NOTES] * markets[NOTES].price)
    return capital / weighted if weighted > 0.0 else 1.0
