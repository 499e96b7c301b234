"""Private-credit funds: lend to builders of data centres and to firms, on their own money, bank lines and bonds.

Losses fall on their owners first, then on the bondholders, then on the banks, whose lines are secured on the loans.
"""

from __future__ import annotations

from abm.agents.dealer import N_LINES
from abm.compiled import rule
from abm.ledger.chart import (
    CREDIT_LINES,
    DATA_CENTRE_LOANS,
    DEPOSITS,
    FUND_BONDS,
    FUND_SHARES,
    OTHER_LOANS,
)
from abm.records import Record, asset, liability, memory, pointer, term

MOST_GEARING = 1e9  # of a fund without own money

CREDIT_FUND = Record(
    "credit_fund",
    (
        term("id", "identity", "the fund's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        pointer("lender", "banks", size=N_LINES),
        pointer("owner", "investors"),
        pointer("debtor", "debtors"),
        term("opening_deposit", "$bn", "cash that it means to keep"),
        term("opening_line", "$bn", "drawn on each line when the books were opened", size=N_LINES),
        term("commitment", "$bn", "granted on each line beyond that", size=N_LINES),
        asset("data_centre_loans", DATA_CENTRE_LOANS, "lent to builders of data centres"),
        asset("loans", OTHER_LOANS, "lent to firms", at="debtor"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        liability("credit_line", CREDIT_LINES, "drawn on each line", size=N_LINES, at="lender"),
        liability("bonds", FUND_BONDS, "bonds, held by its owner and paid after the banks", at="owner"),
        liability("shares", FUND_SHARES, "its own money, held by its owner", at="owner"),
        memory("undrawn", "$bn", "not drawn on each line and still granted", size=N_LINES),
        memory("net_asset_value", "$bn", "assets less debts at the last look"),
        memory("gearing", "times", "debt less cash over own money at the last look"),
        memory("not_renewed", "$bn", "loans to firms not renewed and not lent again since"),
        memory("unpaid", "$bn", "bonds that fell due and that it could not pay today"),
        memory("draws", "0 or 1", "1 while it draws its lines", kind="i8"),
        memory("failed", "0, 1, 2", "0 sound, 1 in run-off, 2 failed and not yet resolved", kind="i8"),
        memory("loss_event", "event", "the last refinancing that it refused, as an event", kind="i8"),
    ),
)


@rule
def drawn_by(fund):
    """Return what it owes to all banks, in $bn."""
    return fund.credit_line[0] + fund.credit_line[1] + fund.credit_line[2] + fund.credit_line[3]


@rule
def own_money(fund):
    """Return assets less debts, in $bn; its shares are not a debt."""
    return fund.data_centre_loans + fund.loans + fund.deposit - drawn_by(fund) - fund.bonds


@rule
def gearing_of(fund):
    """Return debt less cash over own money: what is drawn and kept as cash changes nothing."""
    debt = drawn_by(fund) + fund.bonds - fund.deposit
    own = own_money(fund)
    if own <= 0.0:
        return MOST_GEARING if debt > 0.0 else 0.0
    return debt / own
