"""The rest of the system: households, firms and the public sector, which hold and owe but do not act yet.

Depositors are one cohort per bank. The issuer stands for firms and the public sector together: it owes
what the others hold. The clearing house has its account at the central bank and is empty at nightfall.
"""

from __future__ import annotations

from abm.ledger.chart import (
    AI_EQUITY,
    BANK_DEBT,
    DEPOSITS,
    N_TRADED,
    OTHER_LOANS,
    OTHER_SECURITIES,
    REPO,
    RESERVES,
)
from abm.records import Record, asset, intent, liability, pointer, term

DEPOSITOR = Record(
    "depositor",
    (
        term("id", "identity", "the cohort's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        asset("repo_lent", REPO, "lent to dealers against securities"),
    ),
)

ISSUER = Record(
    "issuer",
    (
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        asset("units", AI_EQUITY, "notes bought back by the central bank", size=N_TRADED),
        asset("bank_debt", BANK_DEBT, "banks' bonds and wholesale funding held"),
        liability("issued", AI_EQUITY, "units of AI equity, broad equity and notes issued", size=N_TRADED),
        liability("other_securities", OTHER_SECURITIES, "inert securities issued"),
        liability("reserves", RESERVES, "central-bank reserves issued"),
        liability("loans", OTHER_LOANS, "borrowed from banks"),
        intent("orders", "units", "central-bank purchases of the day", size=N_TRADED),
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
