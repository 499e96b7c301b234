"""Stablecoin issuers: owe coins at par, and hold deposits at named banks, repo, Treasuries and other things.

A redemption pays a deposit out of the issuer's banks to whoever hands coins in. The order in which an issuer uses
its reserves: deposits, repo, bills, notes; gold, loans and crypto it does not sell.
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, BILLS, CRYPTO, DEPOSITS, N_TRADED, NOTES, OTHER_SECURITIES, REPO, STABLECOINS
from abm.records import Record, asset, intent, liability, memory, pointer, term

ISSUERS: tuple[str, ...] = ("first", "second", "third")
N_ISSUERS = len(ISSUERS)
N_PLACES = 4  # an issuer banks with, and lends repo to, at most so many

STABLECOIN_ISSUER = Record(
    "stablecoin_issuer",
    (
        term("id", "identity", "the issuer's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks", size=N_PLACES),
        pointer("dealer", "dealers", size=N_PLACES),
        term("part", "share", "part of its deposits at each bank", size=N_PLACES),
        term("opening_cash", "$bn", "its deposits when the books were opened"),
        term("deposit_share", "share", "part of its coins that it means to hold as deposits"),
        term("repo_share", "share", "part of its coins that it means to lend on repo"),
        asset("units", AI_EQUITY, "Treasury bills and notes and crypto held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "gold, loans and other things"),
        asset("deposit", DEPOSITS, "cash at each of its banks", size=N_PLACES, at="bank"),
        asset("repo_lent", REPO, "lent to each of its dealers against securities", size=N_PLACES, at="dealer"),
        liability("supply", STABLECOINS, "coins in circulation, at par"),
        memory("deposit_before", "$bn", "its deposits at each bank the day before", size=N_PLACES),
        memory("pays_from", "share", "part of today's payments from each bank", size=N_PLACES),
        memory("price", "$", "price of a coin on the secondary market"),
        memory("coverage", "share", "expected worth of its reserves for each coin"),
        memory("own_doubt", "share", "how much its own reserves and banks make holders doubt it, 1 when in full"),
        memory("doubt", "share", "how much its holders doubt it, other issuers' trouble included"),
        memory("queue", "$bn", "coins handed in and not yet paid"),
        memory("days_short", "days", "how long it has not paid all that it owes at once", kind="i8"),
        memory("run_event", "event", "the run on it, as an event", kind="i8"),
        memory("paid_share", "share", "part of the queue that it pays today"),
        memory("taken", "share", "part of the coins offered to arbitrageurs that they take today"),
        memory("sales", "units", "crypto that holders of its coins sell today"),
        memory("coin_part", "share", "part of what they are paid for it that is paid in coins"),
        memory("offered", "$bn", "coins offered to arbitrageurs today"),
        intent("orders", "units", "Treasuries to buy (+) or sell (-)", size=N_TRADED),
    ),
)


@rule
def issuer_cash(issuer):
    """Return its deposits at all banks, in $bn."""
    cash = 0.0
    for place in range(N_PLACES):
        cash += issuer.deposit[place]
    return cash


@rule
def issuer_repo(issuer):
    """Return what it has lent on repo, in $bn."""
    lent = 0.0
    for place in range(N_PLACES):
        lent += issuer.repo_lent[place]
    return lent


@rule
def issuer_treasuries(issuer, markets):
    """Return its bills and notes at market prices, in $bn."""
    return issuer.units[BILLS] * markets[BILLS].price + issuer.units[NOTES] * markets[NOTES].price


@rule
def issuer_reserves(issuer, markets):
    """Return all its assets at market prices, in $bn."""
    reserves = issuer_cash(issuer) + issuer_repo(issuer) + issuer_treasuries(issuer, markets)
    return reserves + issuer.units[CRYPTO] * markets[CRYPTO].price + issuer.other_securities
