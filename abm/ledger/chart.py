"""The chart of accounts: which claims exist, and the sectors in whose books they stand."""

from __future__ import annotations

# Traded instruments come first: their number is also the row of their market and the place in `units`.
AI_EQUITY, BROAD_EQUITY, NOTES, BILLS, CRYPTO = range(5)
N_TRADED = 5
(
    SECURITIES_LENT,  # broad equity lent and sold short, in units: the borrower owes it at market value
    FUTURES,  # contracts on notes, counted; what they gain or lose is paid in cash each day
    OTHER_SECURITIES,  # an inert mix that gives balance sheets their true size
    RESERVES,  # owed by the central bank
    DEPOSITS,  # owed by a named bank
    CUSTOMER_CASH,  # free balances of funds and margin accounts, owed by a named dealer
    MARGIN_LOANS,  # prime brokerage, owed to a named dealer
    UNSECURED_LOANS,  # of funds, owed to a named dealer
    FUND_REPO,  # of funds, owed to a named dealer, who funds it by repo of his own
    REPO,  # of dealers, owed to named cash pools
    BANK_LOANS,  # of dealers, owed to named banks
    OTHER_LOANS,  # of named debtors outside, owed to banks
    INTERBANK_LOANS,  # between named banks
    BANK_DEBT,  # bonds and wholesale funding of banks
    FUND_SHARES,  # owed by a fund to its named owner, at net asset value
    DEALER_SHARES,  # owed by a dealer to the bank whose group it is in, at its capital
    PUBLIC_SUPPORT,  # what the public lends to banks in receivership
    DATA_CENTRE_LOANS,  # of named builders, owed to named private-credit funds and banks
    CREDIT_LINES,  # drawn by private-credit funds, owed to named banks
    FUND_BONDS,  # of private-credit funds, owed to their named owner, paid after the banks
    STABLECOINS,  # owed by a named issuer, at par
    CRYPTO_LOANS,  # between named crypto holders, in stablecoins
    CENTRAL_BANK_LOANS,  # of dealers and banks, against securities
) = range(N_TRADED, N_TRADED + 23)

INSTRUMENTS: tuple[str, ...] = (
    "ai_equity",
    "broad_equity",
    "notes",
    "bills",
    "crypto",
    "securities_lent",
    "futures",
    "other_securities",
    "reserves",
    "deposits",
    "customer_cash",
    "margin_loans",
    "unsecured_loans",
    "fund_repo",
    "repo",
    "bank_loans",
    "other_loans",
    "interbank_loans",
    "bank_debt",
    "fund_shares",
    "dealer_shares",
    "public_support",
    "data_centre_loans",
    "credit_lines",
    "fund_bonds",
    "stablecoins",
    "crypto_loans",
    "central_bank_loans",
)
N_INSTRUMENTS = len(INSTRUMENTS)

(
    FUNDS,
    MARGIN_ACCOUNTS,
    DEALERS,
    BANKS,
    LONG_TERM_INVESTORS,
    PERFORMANCE_CHASERS,
    CASH_POOLS,
    CRYPTO_HOLDERS,
    PRIVATE_CREDIT_FUNDS,
    STABLECOIN_ISSUERS,
    HOUSEHOLDS_AND_FIRMS,
    PUBLIC_SECTOR,
) = range(12)
SECTORS: tuple[str, ...] = (
    "funds",
    "margin_accounts",
    "dealers",
    "banks",
    "long_term_investors",
    "performance_chasers",
    "cash_pools",
    "crypto_holders",
    "private_credit_funds",
    "stablecoin_issuers",
    "households_and_firms",
    "public_sector",
)
N_SECTORS = len(SECTORS)

# The journal of a tick has two pages of one row per instrument and one column per sector.
TRANSACTIONS, REVALUATIONS = range(2)
DUST = 1e-9  # $bn, a dollar: less is rounding
