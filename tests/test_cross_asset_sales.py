"""Who is short of cash sells in every market that it is in; without the channel in its home market alone."""

import numpy as np
import pytest
from still import still

from abm.channels import CROSS_ASSET_SALES, MARGIN_CALLS
from abm.contagion.cross_asset_sales import raise_margin, sell_book
from abm.economy import Economy


def a_mixed_book() -> tuple[Economy, np.record, np.ndarray]:
    """A fund that holds securities of several markets, and which these are."""
    economy = still()
    row = int((economy.funds["units"] > 0.0).sum(axis=1).argmax())
    fund = economy.funds[row]
    held = fund.units > 0.0
    assert held.sum() >= 3
    assert held[fund.home_market]
    return economy, fund, held


@pytest.mark.parametrize("on", [True, False])
def test_a_seized_book_is_sold_wherever_it_is(on: bool) -> None:
    economy, fund, held = a_mixed_book()
    sell_book(fund, economy.settings[0].margin, on)
    expected = held if on else held & (np.arange(len(held)) == fund.home_market)
    share = 1.0 / economy.scenario.margin.liquidation_days
    assert fund.orders == pytest.approx(np.where(expected, -share * fund.units, 0.0))
    assert fund.channel[fund.home_market] == MARGIN_CALLS
    assert set(fund.channel[expected & (np.arange(len(held)) != fund.home_market)]) == (
        {CROSS_ASSET_SALES} if on else set()
    )


@pytest.mark.parametrize("on", [True, False])
def test_a_margin_call_is_met_out_of_all_markets(on: bool) -> None:
    economy, fund, held = a_mixed_book()
    economy.advance(1)  # requirements are known, and so is what is easiest to sell
    fund.orders[:] = 0.0
    raise_margin(fund, economy.markets, economy.settings[0].margin, 0.02 * fund.requirement, 0.0, on)
    sold = fund.orders < 0.0
    assert sold[fund.home_market] or on
    assert sold.sum() == held.sum() if on else sold.sum() == 1
    assert (fund.orders >= -fund.units).all()
