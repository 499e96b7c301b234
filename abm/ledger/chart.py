"""The chart of accounts: which claims exist, and the sectors in whose books they stand."""

from __future__ import annotations

# Traded instruments come first: their number is also the row of their market and the place in `units`.
AI_EQUITY, BROAD_EQUITY, NOTES = range(3)
N_TRADED = 3
(
    OTHER_SECURITIES,  # an inert mix that gives balance sheets their true size
    RESERVES,  # owed by the central bank
    DEPOSITS,  # owed by a named bank
    CUSTOMER_CASH,  # free balances of funds and margin accounts, owed by a named dealer
    MARGIN_LOANS,  # owed to a named dealer
    REPO,  # dealers' borrowing against securities; its other side is inert
    BANK_LOANS,  # of dealers, owed to named banks
    OTHER_LOANS,  # of everybody else, owed to banks
    BANK_DEBT,  # bonds and wholesale funding of banks
    FUND_SHARES,  # owed by a fund to its named owner, at net asset value
) = range(N_TRADED, N_TRADED + 10)

INSTRUMENTS: tuple[str, ...] = (
    "ai_equity",
    "broad_equity",
    "notes",
    "other_securities",
    "reserves",
    "deposits",
    "customer_cash",
    "margin_loans",
    "repo",
    "bank_loans",
    "other_loans",
    "bank_debt",
    "fund_shares",
)
N_INSTRUMENTS = len(INSTRUMENTS)

FUNDS, MARGIN_ACCOUNTS, DEALERS, BANKS, LONG_TERM_INVESTORS, REST_OF_SYSTEM = range(6)
SECTORS: tuple[str, ...] = (
    "funds",
    "margin_accounts",
    "dealers",
    "banks",
    "long_term_investors",
    "rest_of_system",
)
N_SECTORS = len(SECTORS)

# The journal of a tick has two pages of one row per instrument and one column per sector.
TRANSACTIONS, REVALUATIONS = range(2)
