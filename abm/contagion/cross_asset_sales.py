"""Channel `cross_asset_sales`: who is short of cash sells other assets too, and carries the fall into them."""

from __future__ import annotations

from abm.channels import CROSS_ASSET_SALES, MARGIN_CALLS
from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, N_TRADED


@rule
def raise_margin(fund, markets, margin, excess, switch):
    """State sales that lower the margin requirement by `excess` $bn, as far as one day allows.

    One part is raised pro rata over all assets, the rest in the order of what is easiest to sell.
    Without the channel all of it comes out of AI equity, where the story is.
    """
    pro_rata = margin.pro_rata_share * min(1.0, excess / fund.requirement) if switch else 0.0
    still = excess - pro_rata * fund.requirement
    for place in range(N_TRADED):
        k = markets[place].easiest_to_sell
        margin_held = fund.maintenance[k] * fund.units[k] * markets[k].price
        if margin_held <= 0.0 or not (switch or k == AI_EQUITY):
            continue
        share = min(pro_rata + still / margin_held, 1.0, margin.daily_sale_share)
        still -= max(0.0, share - pro_rata) * margin_held
        offer(fund, k, share)


@rule
def sell_book(fund, margin, switch):
    """State the sales of a seized book: equal parts a day until its end.

    Without the channel only AI equity is sold; a long-term investor takes the rest at market value.
    """
    share = 1.0 / max(1.0, margin.liquidation_days - fund.days_in_call)
    for k in range(N_TRADED):
        if fund.units[k] > 0.0 and (switch or k == AI_EQUITY):
            offer(fund, k, share)


@rule
def offer(fund, k, share):
    """Offer a share of what the fund holds in market k, under the channel that causes it."""
    fund.orders[k] = -share * fund.units[k]
    fund.channel[k] = MARGIN_CALLS if k == AI_EQUITY else CROSS_ASSET_SALES
