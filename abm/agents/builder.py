"""Builders of data centres for AI: cohorts of loans, each owed to one named lender, a private-credit fund or a bank.

What the data centres behind a cohort are worth follows AI equity; its loans fall due on one day and must then be
lent anew.
"""

from __future__ import annotations

import math

from abm.compiled import rule
from abm.ledger.chart import DATA_CENTRE_LOANS
from abm.records import Record, liability, memory, pointer, term

BUILDER = Record(
    "builder",
    (
        term("id", "identity", "the cohort's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("fund", "credit_funds"),  # -1: a bank lends to it
        pointer("bank", "banks"),  # -1: a fund lends to it
        term("opening_worth", "$bn", "worth of its data centres when the books were opened"),
        liability("owed_to_fund", DATA_CENTRE_LOANS, "borrowed from its fund", at="fund"),
        liability("owed_to_bank", DATA_CENTRE_LOANS, "borrowed from its bank", at="bank"),
        memory("matures", "tick", "day on which its loans fall due"),
    ),
)


@rule
def owed_by_builder(builder):
    """Return what a cohort owes, in $bn."""
    return builder.owed_to_fund + builder.owed_to_bank


@rule
def loan_to_value(builder, fall, worth_response):
    """Return what a cohort owes over what its data centres are worth.

    worth = opening worth * exp(-worth response * fall of AI equity below its trend in log points)
    """
    worth = builder.opening_worth * math.exp(-worth_response * fall)
    return owed_by_builder(builder) / worth if worth > 0.0 else 0.0
