"""Long-term investors take the other side of every day's flow, each in its own markets.

Pension funds, insurers and mutual funds buy securities; they own the funds' shares and lend securities to
short sellers. Long-term holders of crypto do the same for crypto, and for nothing else:
they pay crypto holders in coins, and in money when those run out. Arbitrageurs buy coins below par and hand them in.
"""

from __future__ import annotations

from abm.agents.stablecoin_issuer import N_ISSUERS
from abm.compiled import rule
from abm.ledger.chart import (
    AI_EQUITY,
    DEPOSITS,
    FUND_BONDS,
    FUND_SHARES,
    FUTURES,
    N_TRADED,
    NOTES,
    OTHER_SECURITIES,
    SECURITIES_LENT,
    STABLECOINS,
)
from abm.records import Record, asset, intent, memory, pointer, term

N_BUDGETS = 2
FOR_SHARES, FOR_NOTES = range(N_BUDGETS)  # crypto's holders keep theirs in the first

LONG_TERM_INVESTOR = Record(
    "investor",
    (
        term("id", "identity", "the investor's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        pointer("issuer", "stablecoins", size=N_ISSUERS),
        term("share", "share", "its part of the other side of each market", size=N_TRADED),
        term("coin_share", "share", "its part of the coins that are sold below par"),
        term("normal_budget", "$bn", "cash and risk that it would spend on bargains in calm", size=N_BUDGETS),
        term("usual_coins", "$bn", "coins of each issuer that it keeps to pay with", size=N_ISSUERS),
        asset("units", AI_EQUITY, "securities or crypto held", size=N_TRADED),
        asset("lent", SECURITIES_LENT, "units of broad equity lent"),
        asset("futures", FUTURES, "contracts on notes held long"),
        asset("other_securities", OTHER_SECURITIES, "inert securities"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        asset("coins", STABLECOINS, "stablecoins of each issuer", size=N_ISSUERS, at="issuer"),
        asset("fund_shares", FUND_SHARES, "shares of hedge funds and private-credit funds"),
        asset("fund_bonds", FUND_BONDS, "bonds of private-credit funds"),
        memory("redeeming", "$bn", "coins of each issuer handed in and not yet paid", size=N_ISSUERS),
        memory("budget", "$bn", "what is left of them", size=N_BUDGETS),
        intent("asked", "$bn", "inert securities that funds want it to take over today"),
        intent("wanted", "$bn", "inert securities that funds want it to deliver today"),
        intent("takes", "share", "part of what it is asked to take over that it has the cash for"),
        intent("gives", "share", "part of what it is asked to deliver that it holds"),
    ),
)


@rule
def budget_for(k):
    """Return which of an investor's budgets pays for bargains in market k: whoever wants notes wants no risk."""
    return FOR_NOTES if k == NOTES else FOR_SHARES
