"""Channel `crypto_liquidations`: crypto held on credit is sold when it falls, and a shortfall falls on who lent.

Loans in stablecoins from holders who have no credit themselves stand for perpetual futures and for loans against
crypto: what one side loses beyond its margin the other does not get. Nobody calls and waits: a position that is
worth little more than its loan is sold whole at the next price, as on 10 October 2025.
"""

from __future__ import annotations

from abm.channels import CRYPTO_LIQUIDATIONS, NO_CHANNEL
from abm.compiled import rule
from abm.ledger.chart import CRYPTO, DUST
from abm.ledger.coin_postings import lend_coins, repay_in_cash
from abm.ledger.revaluations import write_off_coin_loan
from abm.outcome.causes import cause_of_move
from abm.outcome.events import LIQUIDATION, MARKET, NEWS_EVENT, NO_EVENT, SCENARIO, log_event


@rule
def is_liquidated(holder, price, maintenance):
    """Return whether a position on credit is worth less than its loan and the maintenance margin.

    With leverage L and maintenance margin m that is at a fall of 1 - (1 - 1/L) / (1 - m).
    """
    # What is nearly never true is asked first, so that the processor guesses right.
    return holder.loan > (1.0 - maintenance) * holder.crypto * price and holder.loan > DUST


@rule
def call_crypto(holders, markets, stories, settings, switches, tick, events, counter):
    """Find the positions that today's price leaves with too little margin, and write down what they come to.

    They are sold tomorrow. Only a fall can bring a position there.
    """
    crypto = markets[CRYPTO]
    if not switches[0].crypto_liquidations or crypto.price >= crypto.last_price:
        return
    called = 0.0
    for row in range(holders.shape[0]):
        holder = holders[row]
        is_called = is_liquidated(holder, crypto.price, settings[0].crypto.maintenance)
        called += holder.crypto * crypto.price if is_called else 0.0  # quicker than to branch
    if called > DUST:
        crypto.call_event = log_event(
            events,
            counter,
            LIQUIDATION,
            tick,
            MARKET,
            CRYPTO,
            SCENARIO,
            0,
            CRYPTO_LIQUIDATIONS,
            CRYPTO,
            called,
            cause_of_move(CRYPTO, markets, stories[0], tick, events, counter),
        )


@rule
def cause_of_pressure(crypto, tick, events, counter):
    """Return the last call on positions on credit, as an event; before the first one, the news about crypto."""
    if crypto.call_event != NO_EVENT:
        return crypto.call_event
    news = crypto.news_today
    return log_event(events, counter, NEWS_EVENT, tick, SCENARIO, 0, MARKET, CRYPTO, NO_CHANNEL, CRYPTO, news, NO_EVENT)


@rule
def repay_lender(journal, holder, holders, banks, cash, day):
    """Repay a loan out of coins and so much cash; when the position is gone, out of all that the holder has.

    What it cannot repay then is the lender's loss.
    """
    lender = holders[holder.lender]
    gone = holder.crypto <= DUST
    lend_coins(journal, lender, holder, -min(holder.loan, max(0.0, holder.coins)))
    most = holder.deposit if gone else min(cash, holder.deposit)
    repay_in_cash(journal, banks, lender, holder, min(holder.loan, max(0.0, most)))
    if gone and holder.loan > 0.0:
        day.crypto_losses += holder.loan
        write_off_coin_loan(journal, lender, holder, holder.loan)
