"""Banks short of cash or of capital sell bills first, then notes, within a day's part; nothing without the channel."""

import numpy as np
import pytest
from test_performance_chasing import world
from worlds import of_kind

from abm.channels import BANK_ASSET_SALES
from abm.contagion.bank_asset_sales import sell_treasuries
from abm.contagion.fund_default_losses import RESOLVED
from abm.economy import Economy
from abm.ledger.chart import BILLS, NOTES

EXACT = {"rel": 1e-9, "abs": 1e-9}


def offers(economy: Economy) -> np.ndarray:
    """What banks offer, (bank, market) in $bn."""
    e = economy
    e._make_room_for_events()
    e.banks["orders"] = 0.0
    sell_treasuries(e.banks, e.markets, e.settings, e.switches, e.tick, e.events, e.counter)
    return -e.banks["orders"] * e.markets["price"]


def test_cash_below_the_floor_is_raised_from_bills_first_and_within_a_days_part() -> None:
    economy = Economy(world(), 1)
    bank, most = economy.banks[3], economy.scenario.margin.daily_sale_share
    assert not offers(economy).any(), "at the start nobody lacks anything"
    floor = economy.scenario.banks.liquidity_floor * bank.opening_reserves
    bills, notes = (most * bank.units[k] for k in (BILLS, NOTES))
    for missing in (0.5 * bills, bills + 0.5 * notes, 10.0 * (bills + notes)):
        bank.reserves = floor - missing
        offered = offers(economy)
        assert offered[3, BILLS] == pytest.approx(min(missing, bills), **EXACT)
        assert offered[3, NOTES] == pytest.approx(min(max(missing - bills, 0.0), notes), **EXACT)
        assert offered.sum() == pytest.approx(offered[3].sum())


def test_rounding_is_no_shortage() -> None:
    economy = Economy(world(), 1)
    bank = economy.banks[3]
    bank.reserves = economy.scenario.banks.liquidity_floor * bank.opening_reserves - 1e-12
    assert not offers(economy).any()
    assert economy.counter[0] == 0


def test_a_bank_short_of_capital_sells_a_part_a_day() -> None:
    economy = Economy(world(), 1)
    bank = economy.banks[3]
    bank.shortage = 0.5
    held = bank.units[BILLS] + bank.units[NOTES]
    assert offers(economy)[3].sum() == pytest.approx(0.5 * economy.scenario.banks.sale_speed * held, **EXACT)
    bank.reserves -= 1e6
    assert offers(economy)[3].sum() > 0.5 * economy.scenario.banks.sale_speed * held, "the larger need counts"


def test_a_receiver_sells_to_repay_the_public() -> None:
    economy = Economy(world(), 1)
    bank = economy.banks[3]
    bank.failed, bank.reserves = RESOLVED, -1e6
    assert not offers(economy).any()
    bank.support = 1.0
    assert offers(economy)[3].sum() == pytest.approx(1.0)


def test_sales_reach_the_market_and_off_they_do_not() -> None:
    fallen = {}
    for on in (True, False):
        economy = Economy(world(spark__total=0, channels__bank_asset_sales=on), 1, check=True)
        economy.banks["opening_reserves"] *= 3.0  # they once had more
        economy.advance(12)
        sold = economy.rows["moved"][:, BANK_ASSET_SALES]
        assert bool(sold.any()) == on
        assert bool(economy.rows["forced_sales_lenders"].any()) == on
        fallen[on] = economy.rows["price"][-1]
        sales = [sale for sale in of_kind(economy, "forced_sale") if sale["channel"] == BANK_ASSET_SALES]
        assert bool(sales) == on
        assert all(sale["caused_by"] >= 0 for sale in sales if sale["tick"] > 0)
    assert fallen[True][NOTES] < fallen[False][NOTES] - 1e-5
    assert fallen[True][BILLS] < fallen[False][BILLS] - 1e-7
