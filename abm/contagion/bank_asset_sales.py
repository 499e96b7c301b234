"""Channel `bank_asset_sales`: banks short of capital or of cash sell Treasuries.

Bills first, then notes: whoever needs cash sells first what loses least. A central bank lends against what is
left, so that reserves may be overdrawn by what the Treasuries are worth and no further.
"""

from __future__ import annotations

from abm.agents.bank import treasuries_of
from abm.channels import BANK_ASSET_SALES
from abm.compiled import rule
from abm.ledger.chart import BILLS, DUST, NOTES
from abm.outcome.causes import log_sale
from abm.outcome.events import BANK, FORCED_SALE


@rule
def sell_treasuries(banks, markets, settings, switches, tick, events, counter):
    """State banks' sales of bills and notes.

    for cash    = liquidity floor * opening reserves - reserves; for a receiver: what the public has lent
    for capital = sale speed * shortage of capital * Treasuries

    The larger of the two, at most `daily_sale_share` of each holding a day.
    """
    if not switches[0].bank_asset_sales:
        return
    terms, most = settings[0].banks, settings[0].margin.daily_sale_share
    for row in range(banks.shape[0]):
        bank = banks[row]
        wanted = terms.liquidity_floor * bank.opening_reserves - bank.reserves
        if bank.failed:
            wanted = bank.support
        else:
            wanted = max(wanted, terms.sale_speed * bank.shortage * treasuries_of(bank, markets))
        for k in (BILLS, NOTES):
            market = markets[k]
            value = min(wanted, most * bank.units[k] * market.price)
            if value <= DUST:
                continue
            wanted -= value
            bank.orders[k] = -value / market.price
            log_sale(
                markets,
                k,
                value,
                FORCED_SALE,
                tick,
                BANK,
                bank.id,
                BANK_ASSET_SALES,
                bank.loss_event,
                events,
                counter,
            )
