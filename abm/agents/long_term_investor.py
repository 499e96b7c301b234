"""Long-term investors: pension funds, insurers, mutual funds. They take the other side of every day's flow."""

from __future__ import annotations

from abm.ledger.chart import AI_EQUITY, DEPOSITS, FUND_SHARES, N_TRADED, OTHER_SECURITIES
from abm.records import Record, asset, memory, pointer, term

LONG_TERM_INVESTOR = Record(
    "investor",
    (
        term("id", "identity", "the investor's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        term("share", "share", "its part of the other side of the market"),
        term("normal_budget", "$bn", "cash and risk that it would spend on bargains in normal times"),
        asset("units", AI_EQUITY, "AI equity, broad equity and notes held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "inert securities"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        asset("fund_shares", FUND_SHARES, "shares of hedge funds"),
        memory("budget", "$bn", "what is left of the budget for bargains"),
    ),
)
