"""Banks: hold everybody's deposits, lend to dealers, private credit, each other, non-banks and the economy."""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import (
    AI_EQUITY,
    BANK_DEBT,
    BANK_LOANS,
    BILLS,
    CENTRAL_BANK_LOANS,
    CREDIT_LINES,
    DATA_CENTRE_LOANS,
    DEALER_SHARES,
    DEPOSITS,
    INTERBANK_LOANS,
    N_TRADED,
    NOTES,
    OTHER_LOANS,
    OTHER_SECURITIES,
    PUBLIC_SUPPORT,
    RESERVES,
)
from abm.records import Record, asset, intent, liability, memory, pointer, term

N_BANK_LENDERS = 4  # a bank borrows from at most so many others
N_DEBTORS = 2
ECONOMY, OTHER_NON_BANKS = range(N_DEBTORS)  # rows of debtors, and places in `loans`

BANK = Record(
    "bank",
    (
        term("id", "identity", "the bank's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("customers", "depositors"),
        pointer("debtor", "debtors", size=N_DEBTORS),
        pointer("interbank_lender", "banks", size=N_BANK_LENDERS),
        term("earnings_per_day", "$bn per day", "retained earnings from its ordinary business"),
        term("opening_capital", "$bn", "capital when the books were opened"),
        term("opening_reserves", "$bn", "reserves when the books were opened"),
        term("opening_interbank", "$bn", "borrowed from each bank when the books were opened", size=N_BANK_LENDERS),
        asset("units", AI_EQUITY, "Treasury notes and bills held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "inert securities"),
        asset("reserves", RESERVES, "at the central bank"),
        asset("dealer_loans", BANK_LOANS, "lent to dealers"),
        asset("credit_lines", CREDIT_LINES, "lent to private-credit funds"),
        asset("data_centre_loans", DATA_CENTRE_LOANS, "lent to builders of data centres"),
        asset("loans", OTHER_LOANS, "lent to the economy and to other non-banks", size=N_DEBTORS, at="debtor"),
        asset("interbank_lent", INTERBANK_LOANS, "lent to other banks"),
        asset("dealer_shares", DEALER_SHARES, "capital of the dealers in its group"),
        liability("deposits", DEPOSITS, "owed to depositors"),
        liability(
            "interbank", INTERBANK_LOANS, "borrowed from other banks", size=N_BANK_LENDERS, at="interbank_lender"
        ),
        liability("debt", BANK_DEBT, "bonds and wholesale funding"),
        liability("support", PUBLIC_SUPPORT, "lent by the public in receivership"),
        liability("central_bank_loan", CENTRAL_BANK_LOANS, "borrowed against Treasuries"),
        memory("failed", "0, 1, 2", "0 sound, 1 resolved, 2 failed and not yet resolved", kind="i8"),
        memory("days_failed", "days", "since it failed", kind="i8"),
        memory("capital", "$bn", "assets less liabilities at the last look"),
        memory("ratio", "share", "capital over risk-weighted assets at the last look"),
        memory("shortage", "share", "how far its capital is below target, 1 at the minimum"),
        memory("tightness", "share", "how hard it tightens credit, 0 when its capital is on target"),
        memory("not_renewed", "$bn", "loans not renewed and not lent again since", size=N_DEBTORS),
        memory("outflow", "share per day", "part of the uninsured that left it today"),
        memory("seen", "share", "part of its deposits that stablecoin issuers are seen to have withdrawn today"),
        memory("withdrawn", "$bn", "uninsured deposits that left it today"),
        memory("lacking", "$bn", "reserves that it would borrow tonight"),
        memory("spare", "$bn", "reserves that it could lend tonight"),
        memory("asked", "$bn", "reserves that others ask it for tonight"),
        memory("payout", "share", "part of what it owes that a receiver pays, 1 while it is sound"),
        memory("claims_lost", "$bn", "what failed banks will not pay it"),
        memory("loss_event", "event", "the last loss on a debtor, as an event", kind="i8"),
        memory("capital_buffer", "share", "capital that the authority asks for beyond its target"),
        memory("guarantee_days", "days", "since the public has stood behind its deposits, 0: it does not", kind="i8"),
        intent("orders", "units", "Treasuries to sell (-)", size=N_TRADED),
    ),
)


@rule
def bank_lending(bank):
    """Return its loans to all but other banks, in $bn."""
    lending = bank.dealer_loans + bank.credit_lines + bank.data_centre_loans
    for debtor in range(N_DEBTORS):
        lending += bank.loans[debtor]
    return lending


@rule
def treasuries_of(bank, markets):
    """Return its Treasury notes and bills at market prices, in $bn."""
    return bank.units[NOTES] * markets[NOTES].price + bank.units[BILLS] * markets[BILLS].price


@rule
def bank_assets(bank, markets):
    """Return total assets at market prices, in $bn."""
    assets = bank.other_securities + bank.reserves + bank.interbank_lent + bank.dealer_shares + bank_lending(bank)
    return assets + treasuries_of(bank, markets)


@rule
def bank_capital(bank, markets):
    """Return assets less liabilities at market prices, in $bn."""
    owed = bank.deposits + bank.debt + bank.support + bank.central_bank_loan
    for line in range(N_BANK_LENDERS):
        owed += bank.interbank[line]
    return bank_assets(bank, markets) - owed


@rule
def weighted_assets(bank, assets, markets, risk_weight):
    """Return risk-weighted assets, in $bn; reserves and Treasuries weigh nothing (Basel III)."""
    return risk_weight * (assets - bank.reserves - treasuries_of(bank, markets))


@rule
def capital_ratio(bank, assets, capital, markets, risk_weight):
    """Return capital over risk-weighted assets."""
    weighted = weighted_assets(bank, assets, markets, risk_weight)
    return capital / weighted if weighted > 0.0 else 1.0


@rule
def is_trusted(bank, run_ratio):
    """Return whether other banks lend to it: it has not failed, and its capital starts no run."""
    return not bank.failed and bank.ratio >= run_ratio


@rule
def spare_capital(bank, target_ratio):
    """Return capital beyond the target ratio, in $bn: how strong a bank looks to those who leave another."""
    if bank.failed or bank.capital <= 0.0:
        return 0.0
    return max(0.0, bank.capital * (1.0 - target_ratio / bank.ratio))
