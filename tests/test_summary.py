"""The summary: falls measured on paths whose answer is known, what twins give, and a row always ready."""

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import FUNDS, crash, member_run, sizes, ticks_of
from worlds import crash_seed, crash_world

from abm.agents.stablecoin_issuer import ISSUERS
from abm.economy import Economy
from abm.outcome.falls import largest_fall
from abm.outcome.paired import paired_difference, share_interval, student_t_quantile
from abm.outcome.reduce import (
    CALLS,
    MARKETS,
    SELLERS,
    first_failures,
    new_cash_needs,
    redeemed,
    reduce_run,
)
from abm.outcome.summary import Summary, polars_schema, summarise
from abm.scenario import load

FALL = (
    *("drawdown", "days_to_half", "worst_20_day_share", "worst_day"),
    *("speed", "acceleration", "amplification"),
)
PROMISED = {
    *FALL,
    *(f"broad_{key}" for key in FALL),
    *("verdict_real", "verdict_financial", "funds_failed_share", "dealers_failed", "banks_failed"),
    *("banks_failed_asset_share", "bank_capital_change", "forced_sales_bn", "note_discount_max"),
}


def test_a_fall_in_a_straight_line():
    fall = largest_fall(np.exp(-0.01 * np.arange(101)))
    assert fall.drawdown == pytest.approx(1 - math.exp(-1))
    assert fall.days_to_half == 50
    assert fall.worst_20_day_share == pytest.approx(0.2)
    assert fall.worst_day == pytest.approx(-0.01)


def test_a_fall_on_one_day_after_a_rise_starts_at_the_last_high():
    fall = largest_fall(np.array([1.0, 1.2, 1.5, 1.5, 0.75, 0.9]))
    assert (fall.days_to_half, fall.worst_20_day_share) == (1, 1.0)
    assert fall.drawdown == pytest.approx(0.5)


def test_the_worst_20_days_are_consecutive():
    # Down 3, up 2, thirty times: the 20 worst single days alone would be twice the whole fall.
    path = np.concatenate(([0.0], np.cumsum(np.tile([-0.03, 0.02], 30))))
    fall = largest_fall(np.exp(path))
    assert fall.worst_20_day_share == pytest.approx((20 * 0.005) / fall.log_fall, rel=0.25)
    assert fall.worst_20_day_share < 1.0


def test_a_price_that_never_falls_has_no_speed():
    fall = largest_fall(np.array([1.0, 1.0, 1.1]))
    assert (fall.drawdown, fall.days_to_half, fall.worst_20_day_share, fall.worst_day) == (
        0.0,
        None,
        None,
        None,
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=80))
def test_shares_are_shares(steps):
    fall = largest_fall(np.exp(np.concatenate(([0.0], np.cumsum(steps)))))
    assert 0.0 <= fall.drawdown < 1.0
    if fall.worst_20_day_share is not None and fall.log_fall > 1e-9:
        assert min(1.0, 20 / len(steps)) - 1e-6 <= fall.worst_20_day_share <= 1.0 + 1e-6


def test_what_every_run_promises_is_there_without_twins_and_without_a_fall():
    row = summarise(ticks_of(np.zeros(30)), scenario=sizes()).to_dict()
    assert set(row) >= PROMISED
    assert row["speed"] is None
    assert row["acceleration"] is None
    assert row["amplification"] is None
    assert (row["verdict_real"], row["verdict_financial"]) == ("contained", "calm")
    json.dumps(row, allow_nan=False)
    assert all(value is None or isinstance(value, str | int | float) for value in row.values())


def test_what_became_of_crypto_and_of_stablecoins():
    ticks = ticks_of(
        np.zeros(4), price_crypto=[1.0, 0.8, 0.5, 0.6], forced_sales_crypto_holders=[0.0, 5.0, 20.0, 0.0],
        crypto_lender_losses=[0.0, 0.0, 3.0, 0.0], coin_price_first=[1.0, 0.999, 0.97, 1.0],
        coin_price_third=[1.0, 0.985, 0.98, 0.991], coin_supply_second=[100.0, 95.0, 96.0, 70.0],
        coin_deposits_first=[9.0, 7.0, 8.0, 5.0], coin_deposits_second=[1.0, 3.0, 1.0, 6.0],
        forced_sales_issuers=[0.0, 0.0, 1.0, 7.0],
    )  # fmt: skip
    row = summarise(ticks, scenario=sizes())
    assert row.crypto_drawdown == pytest.approx(0.5)
    assert (row.crypto_liquidated_bn, row.crypto_lender_losses_bn) == (25.0, 3.0)
    assert (row.stablecoin_peg_min, row.stablecoin_days_below_99) == (0.97, 2)
    assert row.stablecoin_supply_change == pytest.approx(-0.1)
    assert (row.stablecoin_withdrawn_from_banks_bn, row.stablecoin_treasuries_sold_bn) == (6.0, 8.0)
    none = ticks.with_columns(pl.lit(0.0).alias(f"coin_supply_{issuer}") for issuer in ISSUERS)
    assert summarise(none, scenario=sizes()).stablecoin_supply_change is None


def test_coins_handed_in_are_counted_issuer_by_issuer():
    ticks = ticks_of(np.zeros(3), coin_supply_first=[100.0, 90.0, 95.0], coin_supply_third=[100.0, 110.0, 108.0])
    assert redeemed(ticks) == pytest.approx(12.0)


def test_not_a_number_becomes_null():
    assert Summary(drawdown=math.nan, worst_day=-math.inf).to_dict()["drawdown"] is None
    assert Summary(drawdown=math.nan, worst_day=-math.inf).to_dict()["worst_day"] is None


def test_every_key_has_a_unit_a_meaning_and_a_place_in_the_table():
    assert all(unit and meaning for _, unit, meaning in Summary.describe())
    assert list(polars_schema()) == [key for key, _, _ in Summary.describe()]
    assert polars_schema()["dealers_failed"] == "Int64"
    assert polars_schema()["drawdown"] == "Float64"


def test_a_run_that_equals_its_twin_adds_nothing():
    ticks, _, _ = crash(3, 1)
    row = summarise(ticks, all_off=ticks, belief_only=ticks, scenario=sizes())
    assert (row.acceleration, row.amplification) == (0.0, 0.0)
    assert (row.amplification_belief, row.amplification_balance_sheet) == (0.0, 0.0)


def test_amplification_is_split_without_rest():
    ticks = ticks_of(np.linspace(0, -0.9, 60), bank_losses=np.r_[np.zeros(59), 7.0], price_notes=0.99)
    belief, off = ticks_of(np.linspace(0, -0.6, 60)), ticks_of(np.linspace(0, -0.5, 60))
    row = summarise(ticks, all_off=off, belief_only=belief, scenario=sizes())
    assert row.amplification == pytest.approx(0.4)
    assert row.amplification_belief == pytest.approx(0.1)
    assert row.amplification_balance_sheet == pytest.approx(0.3)
    assert row.amplification_bank_capital_bn == pytest.approx(7.0 + 1500 * 0.01)
    assert row.amplification_bank_capital_belief_bn == pytest.approx(0.0)


def test_the_same_draws_are_judged_without_the_spark():
    ticks = ticks_of(np.linspace(0, -0.9, 60), bank_capital=2100.0)
    # The twin goes on for longer, and fails only then.
    late = (np.arange(80) >= 60).astype(float)
    twin = ticks_of(
        np.linspace(0, -0.2, 80), price_broad_equity=np.linspace(1, 0.7, 80), bank_capital=2300.0 + late,
        dealers_failed=9 * late,
    )  # fmt: skip
    row = summarise(ticks, no_news=twin, scenario=sizes())
    assert (row.verdict_real, row.no_news_verdict_real) == ("contained", "correction")
    assert (row.verdict_financial, row.no_news_verdict_financial) == ("calm", "calm")
    assert row.no_news_speed == "gradual"
    assert row.no_news_drawdown == pytest.approx(1 - math.exp(-0.2 * 59 / 79))
    assert row.bank_capital_change == pytest.approx(0.05)
    assert row.bank_capital_change_vs_no_news == pytest.approx(-0.1)


@pytest.mark.parametrize("twin", [None, ticks_of(np.zeros(59))])
def test_without_a_twin_of_the_same_days_nothing_is_said_of_it(twin):
    row = summarise(ticks_of(np.zeros(60)), no_news=twin, scenario=sizes()).to_dict()
    of_twin = [key for key in row if "no_news" in key]
    assert len(of_twin) == 6
    assert all(row[key] is None for key in of_twin)


def test_outcomes_are_also_counted_250_ticks_after_the_last_news():
    news = np.zeros(400)
    news[10] = 0.5
    failed = (np.arange(400) >= 300).astype(float)
    ticks = ticks_of(np.zeros(400), disappointment=news, failed_with_shortfall_funds=5 * failed, dealers_failed=failed)
    row = summarise(ticks, scenario=sizes())
    assert row.last_news_tick == 10
    assert (row.funds_failed_share, row.after_250_funds_failed_share) == (5 / FUNDS, 0.0)
    assert (row.dealers_failed, row.after_250_dealers_failed) == (1, 0)
    assert summarise(ticks.head(260), scenario=sizes()).after_250_drawdown is None
    assert summarise(ticks.head(261), scenario=sizes()).after_250_drawdown == 0.0


def test_discounts_count_either_way():
    ticks = ticks_of(np.zeros(10), discount_notes=np.r_[np.zeros(8), -0.01, 0.03])
    assert summarise(ticks, scenario=sizes()).note_discount_max == pytest.approx(math.expm1(0.03))


def test_cash_needs_are_counted_as_they_arise():
    # 10 is called, 4 raised, 6 left; then 2 more are called; then the book is seized.
    ticks = ticks_of(np.zeros(4), cash_needed_funds=[10.0, 6.0, 8.0, 0.0], cash_obtained_funds=[0.0, 4.0, 0.0, 0.0])
    assert new_cash_needs(ticks, "funds") == pytest.approx(12.0)


def test_sales_of_a_real_crash_add_up_by_market_and_by_seller():
    economy = Economy(crash_world(), crash_seed())
    economy.advance(120)
    tables = economy.tables()
    reduced = reduce_run(tables, economy.scenario)
    sales, ticks = reduced.sales, tables.ticks
    assert set(sales["seller"]) == set(SELLERS)
    for market in MARKETS:
        own = sales.filter(sales["instrument"] == market)["amount"].sum()
        assert own == pytest.approx(ticks[f"forced_sales_{market}"].sum(), rel=1e-6, abs=1e-9)
    calls = sales.filter(sales["channel"].is_in(CALLS))
    for sellers, own, column in (
        (["funds"], calls, "cash_obtained_funds"),
        (["margin_accounts"], calls, "cash_obtained_margin_accounts"),
        (["dealers"], calls, "forced_sales_liquidated"),
        (["funds"], sales.filter(sales["channel"] == "redemptions"), "forced_sales_redemptions"),
        (["dealers", "banks"], sales.filter(~sales["channel"].is_in((*CALLS, "redemptions"))), "forced_sales_lenders"),
        (["crypto_holders"], sales, "forced_sales_crypto_holders"),
        (["stablecoin_issuers"], sales, "forced_sales_issuers"),
    ):
        amount = own.filter(own["seller"].is_in(sellers))["amount"].sum()
        assert amount == pytest.approx(ticks[column].sum(), rel=1e-6, abs=1e-9), column
    assert (reduced.liquidity["needed"] >= reduced.liquidity["obtained"] - 1e-9).all()


def test_who_failed_first_by_sector_and_by_name():
    _, _, events = crash(0, 1)
    firsts = first_failures(events, FUNDS)
    by_sector = firsts.filter(firsts["by"] == "sector")
    assert by_sector["sector"].to_list() == ["funds", "margin_accounts", "dealers"]
    assert by_sector["order"].to_list() == [1, 2, 3]
    assert by_sector["tick"].to_list() == [25, 26, 29]
    assert firsts.filter(firsts["by"] == "institution")["actor"].to_list() == [
        "fund:1",
        f"fund:{FUNDS + 7}",
        "dealer:0",
    ]


def test_a_dealer_sells_what_it_has_seized():
    sales = member_run(1, 0, load("us_late_2025")).reduced.sales
    sold = dict(sales.select("seller", "amount").iter_rows())
    assert sold == pytest.approx({"funds": 20.0, "dealers": 20.0})


@pytest.mark.parametrize(("degrees", "quantile"), [(1, 12.706), (2, 4.3027), (3, 3.1824), (9, 2.2622), (99, 1.9842)])
def test_quantiles_of_student(degrees, quantile):
    assert student_t_quantile(0.975, degrees) == pytest.approx(quantile, rel=0.002)


def test_paired_differences():
    difference = paired_difference([3.0, 5.0, None, 4.0], [1.0, 2.0, 7.0, 3.0])
    assert difference is not None
    assert (difference.mean, difference.n, difference.sign) == (2.0, 3, 0)
    assert difference.high == pytest.approx(2.0 + 4.3027 / math.sqrt(3), rel=1e-3)
    assert paired_difference([None], [1.0]) is None
    assert paired_difference([2.0], [1.0]).low is None


def test_shares_have_an_interval_even_at_nought():
    assert share_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert share_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-3)
    assert share_interval(0, 0) == (0.0, 1.0)
