"""The rest of the system: households, firms and the public sector, which hold and owe.

Depositors are one cohort per bank: who leaves a bank joins the cohort of another, or puts his money into bills.
Firms and the public sector owe what the others hold. The clearing house has its account at the central bank
and is empty at nightfall.
"""

from __future__ import annotations

from abm.agents.stablecoin_issuer import N_ISSUERS
from abm.ledger.chart import (
    AI_EQUITY,
    BANK_DEBT,
    CENTRAL_BANK_LOANS,
    DEPOSITS,
    N_TRADED,
    OTHER_LOANS,
    OTHER_SECURITIES,
    PUBLIC_SUPPORT,
    RESERVES,
    STABLECOINS,
)
from abm.records import Record, asset, intent, liability, memory, pointer, term

FIRMS, PUBLIC = range(2)  # rows of issuers

DEPOSITOR = Record(
    "depositor",
    (
        term("id", "identity", "the cohort's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        pointer("issuer", "stablecoins", size=N_ISSUERS),
        term("opening_coins", "$bn", "coins of each issuer when the books were opened", size=N_ISSUERS),
        asset("units", AI_EQUITY, "Treasury bills that flight money went into", size=N_TRADED),
        asset("coins", STABLECOINS, "stablecoins of each issuer, to pay with", size=N_ISSUERS, at="issuer"),
        asset("insured", DEPOSITS, "insured money at its bank", at="bank"),
        asset("deposit", DEPOSITS, "uninsured money at its bank", at="bank"),
        memory("redeeming", "$bn", "coins of each issuer handed in and not yet paid", size=N_ISSUERS),
        memory("frozen", "$bn", "part of the uninsured that a receivership has not paid out yet"),
        intent("orders", "units", "bills to buy (+)", size=N_TRADED),
        intent("cashed_out", "$bn", "coins of each issuer to hand in or to sell today", size=N_ISSUERS),
    ),
)

ISSUER = Record(
    "issuer",
    (
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        asset("units", AI_EQUITY, "notes bought back by the central bank", size=N_TRADED),
        asset("bank_debt", BANK_DEBT, "banks' bonds and wholesale funding held"),
        asset("support", PUBLIC_SUPPORT, "lent to banks in receivership"),
        asset("central_bank_loans", CENTRAL_BANK_LOANS, "lent to dealers and banks against securities"),
        liability("issued", AI_EQUITY, "units of securities issued", size=N_TRADED),
        liability("other_securities", OTHER_SECURITIES, "inert securities issued"),
        liability("reserves", RESERVES, "central-bank reserves issued"),
        intent("orders", "units", "central-bank purchases of the day", size=N_TRADED),
    ),
)

DEBTOR = Record(
    "debtor",
    (
        term("id", "identity", "the economy, other non-banks", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        liability("owed", OTHER_LOANS, "borrowed from banks and private-credit funds"),
    ),
)

CLEARING_HOUSE = Record(
    "clearing_house",
    (
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        asset("units", AI_EQUITY, "units in delivery", size=N_TRADED),
        asset("reserves", RESERVES, "money in delivery"),
    ),
)
