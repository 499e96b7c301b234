"""Channel `reserve_treasuries`: issuers who must pay sell bills, then notes, in the market.

Ahmed and Aldasoro (2025): what flows out of stablecoins raises the yield of bills, two or three times as much as
what flows in lowers it. Without the channel long-term investors take what issuers sell at the day's price.
"""

from __future__ import annotations

from abm.agents.stablecoin_issuer import issuer_repo
from abm.channels import RESERVE_TREASURIES
from abm.compiled import rule
from abm.contagion.reserve_deposits import cash_to_pay_with, kept_as_deposits
from abm.ledger.chart import BILLS, DUST, NOTES
from abm.ledger.coin_postings import settle_issuer, usable_deposits
from abm.ledger.postings import pay_in, transfer_units
from abm.outcome.causes import log_sale
from abm.outcome.events import FORCED_SALE, ISSUER


@rule
def keep_reserves(issuers, banks, markets, settings, switches, tick, events, counter):
    """State issuers' orders for Treasuries: sales for what is handed in, and everyday purchases with spare cash.

    sold   = queue - deposits and repo to pay it with: bills first, then notes
    bought = (deposits - deposit share * supply) / mix days, in bills, sold if negative
    """
    terms, switch = settings[0].stablecoins, switches[0]
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        needed = issuer.queue - cash_to_pay_with(issuer, banks, switch.reserve_deposits) - issuer_repo(issuer)
        if needed > DUST:
            for k in (BILLS, NOTES):
                value = min(needed, issuer.units[k] * markets[k].price)
                needed -= value
                if switch.reserve_treasuries:
                    issuer.orders[k] = -value / markets[k].price
                    log_sale(
                        markets,
                        k,
                        value,
                        FORCED_SALE,
                        tick,
                        ISSUER,
                        issuer.id,
                        RESERVE_TREASURIES,
                        issuer.run_event,
                        events,
                        counter,
                    )
        elif switch.ordinary_trading and issuer.queue <= DUST:
            spare = usable_deposits(banks, issuer) - kept_as_deposits(issuer, switch.reserve_deposits)
            issuer.orders[BILLS] = max(spare / terms.mix_days / markets[BILLS].price, -issuer.units[BILLS])


@rule
def sell_outside_the_market(issuer, banks, investors, house, markets, needed, journal):
    """Let long-term investors take bills and notes over at the day's price, each its share."""
    for k in (BILLS, NOTES):
        price = markets[k].price
        value = min(needed, issuer.units[k] * price)
        if value <= 0.0:
            continue
        needed -= value
        units = value / price
        for row in range(investors.shape[0]):
            part = investors[row].share[k]
            if part > 0.0:
                transfer_units(journal, k, price, issuer, investors[row], part * units)
                pay_in(journal, banks, investors[row], house, part * value)
        settle_issuer(journal, banks, issuer, house, -value)
