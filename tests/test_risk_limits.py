"""Funds' own limits: what a stop and caution cut, when the book is rebuilt, and nothing without the channel."""

import numpy as np
import pytest
from still import still
from test_performance_chasing import world
from worlds import events, finished, of_kind

from abm.agents.leveraged_fund import MARGIN_ACCOUNT, SYSTEMATIC
from abm.channels import RISK_LIMITS
from abm.contagion.risk_limits import keep_own_limits, set_own_limits
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, NOTES
from abm.outcome.events import KINDS

EXACT = {"rel": 1e-9, "abs": 1e-12}
CAUTIOUS = 9  # the systematic fund: its whole book follows volatility and trend
STOPPED = 0  # a long-short fund
FALL = {"spark__total": 0.5, "spark__start": 5, "run__ticks": 100}


def look(economy: Economy) -> None:
    e = economy
    set_own_limits(e.funds, e.markets, e.story, e.authority, e.settings, e.switches, e.tick, e.events, e.counter)


def volatile(economy: Economy, times: float) -> None:
    """Let volatility be so many times what the cautious accept, in all markets."""
    accepted = economy.scenario.risk_limits.volatility_tolerance * economy.markets["normal_volatility"]
    economy.markets["variance"] = (times * accepted) ** 2


def trade(economy: Economy, row: int, tick: int = 0) -> bool:
    """Let one fund keep its limits, and fill its orders at once."""
    fund = economy.funds[row]
    any_trade = keep_own_limits(fund, economy.markets, economy.settings[0], tick)
    fund.units += fund.orders
    fund.futures += fund.futures_order
    fund.short *= 1.0 - fund.cover / max(fund.short.sum(), 1e-300)
    fund.orders[:], fund.futures_order, fund.cover = 0.0, 0.0, 0.0
    return any_trade


def test_a_stop_cuts_its_part_and_the_count_begins_anew() -> None:
    economy = still()
    funds = economy.funds
    stops = funds["style"] != MARGIN_ACCOUNT
    funds["share_value"][stops] = 1.0 - funds["stop_drawdown"][stops] + 1e-9
    look(economy)
    assert not funds["to_cut"].any()
    value = 1.0 - funds["stop_drawdown"] - 1e-9
    funds["share_value"] = value
    look(economy)
    assert funds["to_cut"] == pytest.approx(funds["stop_cut"], **EXACT)
    assert funds["given_up"] == pytest.approx(funds["stop_cut"], **EXACT)
    assert funds["best_value"][stops] == pytest.approx(value[stops], **EXACT)
    assert of_kind(economy, "risk_limit")["amount"] == pytest.approx(funds["stop_cut"][stops], **EXACT)
    look(economy)
    assert funds["to_cut"] == pytest.approx(funds["stop_cut"], **EXACT), "one loss is cut for once"
    funds["share_value"] *= 1.0 - funds["stop_drawdown"] - 1e-9
    look(economy)
    twice = 1.0 - (1.0 - funds["stop_cut"]) ** 2
    assert funds["to_cut"] == pytest.approx(twice, **EXACT)
    assert len(of_kind(economy, "risk_limit")) == stops.sum(), "what is still being cut is written down once"


def test_a_cut_is_sold_a_part_a_day_and_comes_to_what_was_to_be_cut() -> None:
    economy = still()
    fund, limits = economy.funds[STOPPED], economy.scenario.risk_limits
    opening, fund.to_cut = fund.units.copy(), 0.25
    kept = [1.0]
    while fund.to_cut > 0.0:
        assert trade(economy, STOPPED)
        assert set(fund.channel) == {RISK_LIMITS}
        np.testing.assert_allclose(fund.units / opening, fund.units[0] / opening[0], rtol=1e-12)
        kept.append(float(fund.units[0] / opening[0]))
        assert kept[-1] * (1.0 - fund.to_cut) == pytest.approx(0.75, **EXACT), "sold and still to sell are the cut"
    assert kept[1] == pytest.approx(1.0 - 0.25 / limits.cut_days, **EXACT)
    assert (np.diff(kept) < 0.0).all()
    assert kept[-1] == pytest.approx(0.75, **EXACT)
    assert limits.cut_days < len(kept) <= 3 * limits.cut_days
    assert not trade(economy, STOPPED, tick=1)


@pytest.mark.parametrize("times", [0.5, 1.0, 1.25, 2.0, 4.0])
def test_volatility_beyond_tolerance_is_cut_in_inverse_proportion(times: float) -> None:
    economy = still()
    volatile(economy, times)
    look(economy)
    funds, risky = economy.funds, max(0.0, 1.0 - 1.0 / times)
    assert economy.markets["too_risky"] == pytest.approx(risky, **EXACT)
    assert funds["to_cut"] == pytest.approx(funds["volatility_weight"] * risky, **EXACT)
    look(economy)
    assert funds["given_up"] == pytest.approx(funds["volatility_weight"] * risky, **EXACT), "not cut for twice"
    volatile(economy, 1000.0)
    look(economy)
    assert funds["given_up"] == pytest.approx(0.999 * funds["volatility_weight"], **EXACT), "more is cut, up to this"


@pytest.mark.parametrize("below", [-0.1, 0.0, 0.04, 0.1, 0.3])
def test_a_price_below_its_trend_is_cut_for_up_to_a_limit(below: float) -> None:
    economy = still()
    limits, market = economy.scenario.risk_limits, economy.markets[AI_EQUITY]
    market.variance = 0.0
    market.average_price = below
    look(economy)
    left = below * (1.0 - 1.0 / limits.trend_days)
    assert market.average_price == pytest.approx(left, **EXACT)
    far = limits.trend_reach * market.normal_volatility * limits.trend_days**0.5
    part = min(1.0, max(0.0, left / far))
    assert market.too_risky == pytest.approx(limits.trend_cut * part, **EXACT)


def test_volatility_and_trend_multiply_and_markets_weigh_by_what_is_held() -> None:
    economy = still()
    fund, limits, market = economy.funds[CAUTIOUS], economy.scenario.risk_limits, economy.markets[AI_EQUITY]
    market.variance = (2.0 * limits.volatility_tolerance * market.normal_volatility) ** 2
    market.average_price = 1.0
    look(economy)
    risky = 1.0 - 0.5 * (1.0 - limits.trend_cut)
    assert market.too_risky == pytest.approx(risky, **EXACT)
    assert fund.to_cut == pytest.approx(risky * fund.units[AI_EQUITY] / fund.units.sum(), **EXACT)


def test_a_cut_too_small_to_trade_is_left_be() -> None:
    economy = still()
    least = economy.scenario.risk_limits.least_cut
    volatile(economy, 1.0 / (1.0 - 0.99 * least))
    look(economy)
    assert not economy.funds["to_cut"].any()
    assert not len(of_kind(economy, "risk_limit"))
    volatile(economy, 1.0 / (1.0 - 1.01 * least))
    look(economy)
    assert (economy.funds["to_cut"] > 0.0).sum() == (economy.funds["style"] == SYSTEMATIC).sum() == 1


def test_a_book_is_rebuilt_slowly_and_only_in_calm() -> None:
    economy = still()
    fund, limits = economy.funds[CAUTIOUS], economy.scenario.risk_limits
    volatile(economy, 2.0)
    look(economy)
    fund.to_cut, fund.units[:] = 0.0, 0.5 * fund.units
    opening = 2.0 * fund.units
    assert not any(trade(economy, CAUTIOUS, tick) for tick in range(30)), "prices still move too much"
    volatile(economy, 1.0)
    given_up = 0.5
    for tick in range(100):
        look(economy)
        held = fund.units.copy()
        if trade(economy, CAUTIOUS, tick):
            assert (tick + fund.id) % limits.cut_days == 0
            given_up *= 1.0 - limits.cut_days / limits.rebuild_days
            assert (fund.units > held).all()
        assert fund.given_up == pytest.approx(given_up, **EXACT)
        assert fund.units == pytest.approx((1.0 - given_up) * opening, **EXACT)
    assert given_up == pytest.approx(0.5 * (1.0 - limits.cut_days / limits.rebuild_days) ** 10, **EXACT)


def test_nothing_is_rebuilt_while_margin_is_near() -> None:
    economy = still()
    fund, buffer = economy.funds[CAUTIOUS], economy.scenario.margin.buffer
    fund.given_up = fund.to_rebuild = 0.5
    day = 10 - int(fund.id) % 10
    fund.requirement = buffer * fund.net_asset_value
    assert not trade(economy, CAUTIOUS, day)
    assert fund.given_up == 0.5
    fund.requirement *= 1.0 - 1e-9
    assert trade(economy, CAUTIOUS, day)
    assert fund.given_up < 0.5


def test_a_hedge_is_cut_and_rebuilt_with_its_notes() -> None:
    economy = still()
    fund = economy.funds[5]
    hedged = fund.futures / fund.units[NOTES]
    fund.to_cut = 0.25
    while fund.to_cut > 0.0:
        trade(economy, 5)
    assert fund.futures / fund.units[NOTES] == pytest.approx(hedged, **EXACT)
    cut = fund.futures
    fund.given_up = fund.to_rebuild = 0.25
    assert trade(economy, 5, tick=5)
    assert fund.futures < cut
    assert fund.futures / fund.units[NOTES] == pytest.approx(hedged, **EXACT)


def test_a_stop_waits_with_rebuilding_until_nothing_held_is_too_risky() -> None:
    economy = still()
    fund, least = economy.funds[0], economy.scenario.risk_limits.least_cut
    fund.given_up, fund.volatility_weight = 0.4, 0.0
    volatile(economy, 1.0 / (1.0 - 1.5 * least))
    look(economy)
    assert fund.to_rebuild == 0.0
    volatile(economy, 1.0 / (1.0 - 0.5 * least))
    look(economy)
    assert fund.to_rebuild == pytest.approx(0.4, **EXACT)


def test_shorts_are_rebuilt_with_the_book_and_only_as_far_as_margin_allows() -> None:
    economy = still()
    fund, buffer = economy.funds[0], economy.scenario.margin.buffer
    sold = fund.short.sum()
    assert sold > 1.0
    fund.given_up = fund.to_rebuild = 0.5
    fund.requirement = buffer * fund.net_asset_value / 1.01
    assert trade(economy, 0, tick=10 - int(fund.id) % 10)
    assert fund.short.sum() == pytest.approx(1.01 * sold, **EXACT)


def test_nothing_is_rebuilt_while_investors_who_leave_wait_for_cash() -> None:
    economy = still()
    fund, day = economy.funds[CAUTIOUS], 10 - int(economy.funds[CAUTIOUS].id) % 10
    fund.given_up = fund.to_rebuild = 0.5
    fund.requirement, fund.noticed = 0.1 * fund.net_asset_value, fund.net_asset_value
    fund.cash[:] = 0.0
    assert not trade(economy, CAUTIOUS, day)
    fund.noticed = 0.0
    assert trade(economy, CAUTIOUS, day)


@pytest.mark.slow
def test_a_fall_makes_funds_cut_with_causes_and_the_books_close() -> None:
    economy = finished(world(**FALL), check=True)
    log, cuts = events(economy), of_kind(economy, "risk_limit")
    assert (cuts["tick"] >= 5).sum() > 5
    assert set(log[cuts["caused_by"]]["kind"]) == {KINDS.index("price_move")}
    sales = of_kind(economy, "limit_sale")
    assert len(sales) > 0
    assert (sales["channel"] == RISK_LIMITS).all()
    assert set(log[sales["caused_by"]]["kind"]) == {KINDS.index("risk_limit")}
    assert economy.rows["moved"][:, RISK_LIMITS].sum() > 10.0


def test_selling_into_a_fall_deepens_it() -> None:
    on, off = (finished(world(channels__risk_limits=on, **FALL)) for on in (True, False))
    assert on.rows["price"][:, AI_EQUITY].min() < off.rows["price"][:, AI_EQUITY].min() - 1e-4


def test_off_nobody_cuts() -> None:
    economy = finished(world(channels__risk_limits=False, **FALL))
    assert (economy.funds["share_value"] < 1.0 - economy.funds["stop_drawdown"]).any()
    for name in ("to_cut", "given_up", "to_rebuild"):
        assert not economy.funds[name].any(), name
    assert not economy.rows["moved"][:, RISK_LIMITS].any()
    assert not len(of_kind(economy, "risk_limit"))
