"""Crypto holders: believers, trend followers, newcomers and those who hold on credit.

All pay and are paid in stablecoins. Most own AI equity too, which is one way in which a fall of shares reaches
crypto. A holder acts every few days, each on days of his own; a position on credit is looked at every day
(`contagion/crypto_liquidations.py`).

Old holders live on new ones: believers sell a little all the time, and the price stands where newcomers buy as
much. Newcomers come for past gains; when those stop, so do they, and what believers sell finds no new buyer.
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, CRYPTO, CRYPTO_LOANS, DEPOSITS, STABLECOINS
from abm.records import Record, asset, intent, liability, memory, pointer, term
from abm.streams import HOLDERS_TRADING, uniforms

BELIEVER, TREND_FOLLOWER, NEWCOMER, LEVERAGED = range(4)
HOLDER_KINDS: tuple[str, ...] = ("believer", "trend_follower", "newcomer", "leveraged")

WHOLE, SMALL = "i4", "i2"  # up to a million holders: what is read of all of them every day should be short

# 128 bytes, two lines of a processor's cache; what is read of everybody stands in the first.
CRYPTO_HOLDER = Record(
    "holder",
    (
        term("id", "identity", "the holder's own number", kind=WHOLE),
        term("acts_on", "day", "day of its cycle, of `crypto.decision_days`, on which it acts", kind=WHOLE),
        asset("crypto", CRYPTO, "units of crypto held"),
        liability("loan", CRYPTO_LOANS, "borrowed from its lender", at="lender"),
        asset("ai_equity", AI_EQUITY, "units of AI equity held"),
        memory("redeeming", "$bn", "coins handed in and not yet paid"),
        term("kind", "kind", "its place in HOLDER_KINDS", kind=SMALL),
        term("verified", "0 or 1", "1 if issuers redeem its coins directly", kind=SMALL),
        pointer("issuer", "stablecoins", kind=WHOLE),  # whose coins it uses
        term("sector", "column", "its sector in the chart of accounts", kind=WHOLE),
        pointer("bank", "banks", kind=WHOLE),
        pointer("lender", "holders", kind=WHOLE),  # who lends to it; -1: nobody
        term("borrowers", "count", "to how many it lends", kind=WHOLE),
        term("leverage", "times", "position to own money that it returns to; 1 for all who hold without credit"),
        term("stake", "$bn", "own money that it puts up for a position on credit"),
        term(
            "inflow",
            "share per day",
            "part of a newcomer's deposit that goes into crypto in calm",
        ),
        term("usual_deposit", "$bn", "cash that its income and its spending bring it back to"),
        term("usual_coins", "$bn", "coins that it keeps to trade with"),
        asset("coins", STABLECOINS, "stablecoins", at="issuer"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        asset("coins_lent", CRYPTO_LOANS, "lent to holders on credit"),
    ),
)
# A day's order book has an entry for each holder that trades or waits for money: nine of ten do neither.
HOLDERS_ORDER = Record(
    "holders_order",
    (
        pointer("holder", "holders", kind=WHOLE),
        intent("crypto", "units", "crypto to buy (+) or sell (-)"),
        intent("ai_equity", "units", "AI equity to sell (-)"),
        intent("cashed_out", "$bn", "coins to hand in or to sell today, negative to buy"),
    ),
)


@rule
def own_money(holder, price):
    """Return what a holder on credit has in its position: crypto and coins less the loan, in $bn."""
    return holder.crypto * price + holder.coins - holder.loan


@rule
def fresh_money(holder, price):
    """Return what a holder on credit puts up anew out of its deposit, in $bn: what lacks to the stake it plays with."""
    return min(max(0.0, holder.deposit), max(0.0, holder.stake - own_money(holder, price)))


@rule
def free_coins(holder):
    """Return the coins that a holder may spend today, in $bn: who lends keeps half of them for his borrowers."""
    coins = max(0.0, holder.coins - holder.redeeming)
    return coins if holder.borrowers == 0 else 0.5 * coins


@rule
def lendable(holders, holder):
    """Return what a holder's lender has left for it, in $bn: an equal part of the other half for each borrower."""
    if holder.lender < 0:
        return 0.0
    lender = holders[holder.lender]
    return free_coins(lender) / max(1, lender.borrowers)


@rule
def everyday_wish(holder, value, trend, terms, payout, seed, tick):
    """Return what a holder would buy (+) or sell (-) without need, in $bn.

    all       trading size * tilt * the lesser of crypto and coins, with tilts from -1 to 1
    believer  - payout * value
    newcomer  inflow * deposit * (1 + inflow response * trend), never below nought; with the bracket below nought
              payout * value * bracket instead: the last to come are the first to go
    """
    tilt = 2.0 * uniforms(seed, HOLDERS_TRADING, holder.id, tick)[0] - 1.0
    wish = terms.trading_size * tilt * min(value, max(0.0, holder.coins - holder.redeeming))
    if holder.kind == BELIEVER:
        return wish - payout * value
    if holder.kind == NEWCOMER:
        appetite = 1.0 + terms.inflow_response * trend
        if appetite < 0.0:
            return wish + payout * appetite * value
        return wish + holder.inflow * terms.decision_days * appetite * max(0.0, holder.deposit)
    return wish


@rule
def equity_for_margin(holder, price, equity_price):
    """Return the units of AI equity that a holder near liquidation sells to repay a part of its loan.

    Near is less than half of the own money that it means to have.
    """
    own, meant = own_money(holder, price), holder.crypto * price / holder.leverage
    if own > 0.5 * meant:
        return 0.0
    return min(holder.ai_equity, (meant - own) / equity_price)
