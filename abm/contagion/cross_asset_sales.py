"""Channel `cross_asset_sales`: who is short of cash sells other assets too, and carries the fall into them."""

from __future__ import annotations

from abm.agents.leveraged_fund import margin_rate, shrink
from abm.channels import CROSS_ASSET_SALES, MARGIN_CALLS
from abm.compiled import rule
from abm.ledger.chart import N_TRADED, NOTES


@rule
def raise_margin(fund, markets, margin, excess, cash, switch):
    """State sales that lower the margin requirement by `excess` $bn and raise `cash` $bn, as far as one day allows.

    One part is raised pro rata over the whole book, the rest in the order of what is easiest to sell.
    Without the channel all of it comes out of the fund's home market.
    """
    pro_rata = 0.0
    if switch and fund.requirement > 0.0:
        pro_rata = min(margin.pro_rata_share * min(1.0, excess / fund.requirement), margin.daily_sale_share)
        shrink(fund, pro_rata)
        for k in range(N_TRADED):
            offer(fund, k, pro_rata)
    still = excess - pro_rata * fund.requirement
    for place in range(N_TRADED):
        k = markets[place].easiest_to_sell
        value = fund.units[k] * markets[k].price
        margin_held = margin_rate(fund, k, markets[k], margin) * value
        if value <= 0.0 or not (switch or k == fund.home_market):
            continue
        for_margin = still / margin_held if margin_held > 0.0 else 0.0
        share = min(max(pro_rata + for_margin, cash / value), 1.0, margin.daily_sale_share)
        still -= max(0.0, share - pro_rata) * margin_held
        cash = max(0.0, cash - share * value)
        offer(fund, k, share)


@rule
def sell_book(fund, margin, switch):
    """State the sales of a seized book: equal parts a day until its end.

    Without the channel only its home market is sold in; a long-term investor takes the rest at market value.
    """
    share = 1.0 / max(1.0, margin.liquidation_days - fund.days_in_call)
    if switch:
        shrink(fund, share)
    for k in range(N_TRADED):
        if fund.units[k] > 0.0 and (switch or k == fund.home_market):
            offer(fund, k, share)


@rule
def offer(fund, k, share):
    """Offer a share of what the fund holds in market k, under its channel; a hedge goes with its notes."""
    fund.orders[k] = -share * fund.units[k]
    fund.channel[k] = MARGIN_CALLS if k == fund.home_market else CROSS_ASSET_SALES
    if k == NOTES:
        fund.futures_order = -share * fund.futures
