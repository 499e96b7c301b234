"""A channel that is off does exactly nothing, and moves no draw of chance."""

from collections.abc import Callable

import numpy as np
import pytest
from worlds import (
    ALL_OFF,
    crash_seed,
    crash_world,
    events,
    finished,
    how_many,
    of_kind,
    off,
    small_world,
    watching,
)

from abm.agents.leveraged_fund import CLOSED
from abm.channels import CHANNELS, ORDINARY_TRADING
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, DEPOSITS, MARGIN_LOANS, TRANSACTIONS
from abm.scenario import Scenario
from abm.tick import Phase

EACH = pytest.mark.parametrize("channel", CHANNELS)


def crash(*without: str) -> Economy:
    """The crash without purchases of notes, and without these channels."""
    return finished(off(crash_world(actions=[]), *without), crash_seed())


def orders_and_channels(scenario: Scenario, seed: int = 1) -> tuple[Economy, np.ndarray, np.ndarray]:
    """A finished run, its orders as they were stated, (tick, fund, market) in units, and their channels."""
    orders: list[np.ndarray] = []
    channels: list[np.ndarray] = []

    def look(economy: Economy, phase: Phase, done: bool) -> None:
        if phase.name == "decide" and done:
            orders.append(economy.funds["orders"].copy())
            channels.append(economy.funds["channel"].copy())

    with watching(look):
        economy = finished(scenario, seed)
    return economy, np.stack(orders), np.stack(channels)


def test_with_every_channel_off_prices_are_the_news_and_nothing_else() -> None:
    economy, orders, _ = orders_and_channels(crash_world(actions=[]).replace(ALL_OFF), crash_seed())
    assert np.array_equal(economy.rows["price"], economy.rows["news"])
    assert not orders.any()
    assert not economy.journals[:, TRANSACTIONS].any()
    counts = how_many(economy)
    assert counts["news"] > 0
    assert sum(counts.values()) == counts["news"]
    assert (events(economy)["caused_by"] == -1).all()


def narrative(e: Economy) -> float:
    """Belief: what disbelief takes off prices, and how many believe."""
    return float(np.abs(e.rows["belief"]).max() + np.ptp(e.rows["believers"]))


def margin(e: Economy) -> float:
    """Calls, and what follows from them alone."""
    happened = how_many(e)
    kinds = ("margin_call", "call_met", "seizure", "forced_sale")
    return float(sum(happened[kind] for kind in kinds) + e.rows["forced_sales"].sum() + e.rows["in_call"].sum())


def cross_asset(e: Economy) -> float:
    """Forced sales of anything but AI equity."""
    return float(
        e.rows["forced_cross_asset_sales"].sum()
        + np.delete(e.rows["forced_sales"], AI_EQUITY, axis=1).sum()
        + (of_kind(e, "forced_sale")["instrument"] != AI_EQUITY).sum()
    )


def depth(e: Economy) -> float:
    return float(np.abs(e.rows["depth"] - 1.0).max())


def buyers(e: Economy) -> float:
    return float((1.0 - e.rows["fill_share"]).sum() + how_many(e)["sales_rationed"])


def defaults(e: Economy) -> float:
    """Losses of lenders, and their failures."""
    happened = how_many(e)
    kinds = ("shortfall", "dealer_failed", "bank_loss", "bank_failed")
    names = ("dealer_losses", "bank_losses", "dealers_failed", "banks_failed")
    return float(sum(happened[kind] for kind in kinds) + sum(e.rows[name].sum() for name in names))


def ordinary(e: Economy) -> float:
    """Trades that nobody was forced to, and everyday income: what no stress causes.

    A loan moves by the trades of its fund, by costs of closing out and by write-offs only.
    """
    unforced = float((e.rows["volume"] - e.rows["forced_sales"]).sum())
    quiet_days = e.rows["volume"].sum(axis=1) == 0.0
    resolved = e.rows["failed"].sum(axis=1) > 0
    moved = e.journals[quiet_days & ~resolved, TRANSACTIONS]
    return unforced + float(np.abs(moved[:, [MARGIN_LOANS, DEPOSITS]]).sum())


EFFECTS: dict[str, Callable[[Economy], float]] = {
    "ordinary_trading": ordinary,
    "narrative_feedback": narrative,
    "margin_calls": margin,
    "cross_asset_sales": cross_asset,
    "depth_spiral": depth,
    "finite_buyers": buyers,
    "fund_default_losses": defaults,
}


@EACH
def test_a_channel_that_is_off_has_exactly_no_effect(channel: str) -> None:
    assert EFFECTS[channel](crash()) != 0.0, "the effect must be there to be taken away"
    without = crash(channel)
    assert EFFECTS[channel](without) == 0.0
    assert not (events(without)["channel"] == CHANNELS.index(channel)).any()


@EACH
def test_a_channel_moves_no_draw_of_the_news(channel: str) -> None:
    with_all, without = crash(), crash(channel)
    for series in ("news", "disappointment"):
        assert np.array_equal(with_all.rows[series], without.rows[series])


def calm_world() -> Scenario:
    """No spark and little debt: nobody is called, and whoever trades does so of his own will."""
    return small_world(spark__total=0, funds__leverage=0.2, run__ticks=40)


@EACH
def test_a_channel_moves_no_draw_of_everyday_trades(channel: str) -> None:
    with_all, orders, _ = orders_and_channels(calm_world())
    without, fewer, _ = orders_and_channels(off(calm_world(), channel))
    assert not how_many(with_all)["margin_call"]
    if channel == "ordinary_trading":
        assert not fewer.any()
        assert np.array_equal(without.rows["news"], with_all.rows["news"])
        return
    assert orders.any()
    assert np.array_equal(orders != 0.0, fewer != 0.0), "the same funds trade on the same days"
    if channel in ("margin_calls", "cross_asset_sales", "fund_default_losses"):
        assert np.array_equal(orders, fewer)
        assert np.array_equal(with_all.rows, without.rows)


@pytest.mark.parametrize("channel", ["ordinary_trading", "margin_calls", "cross_asset_sales"])
def test_no_order_carries_a_channel_that_is_off(channel: str) -> None:
    _, orders, channels = orders_and_channels(off(crash_world(actions=[]), channel), crash_seed())
    assert orders.any()
    assert not (orders[channels == CHANNELS.index(channel)]).any()


def test_without_everyday_trading_no_interest_is_charged() -> None:
    calm = finished(off(calm_world(), "ordinary_trading"))
    assert not calm.journals[:, TRANSACTIONS].any()
    lively = finished(calm_world())
    assert lively.journals[:, TRANSACTIONS, MARGIN_LOANS].any()


def test_bottomless_buyers_need_no_cash() -> None:
    rich, poor = (
        finished(off(crash_world(actions=[], buyers__budget=budget), "finite_buyers"), crash_seed())
        for budget in (1e6, 1.0)
    )
    assert np.array_equal(rich.rows["price"], poor.rows["price"])


def test_without_losses_on_defaults_no_lender_fails_however_thin() -> None:
    thin = small_world(dealers__capital=0.01, banks__capital=0.2, markets__notes__news_volatility=0.02)
    failed = how_many(finished(thin, seed=0))
    assert failed["dealer_failed"] > 0
    assert failed["bank_failed"] > 0
    assert defaults(finished(off(thin, "fund_default_losses"), seed=0)) == 0.0


def test_without_losses_on_defaults_lenders_are_paid_by_the_funds_owners() -> None:
    economy = crash("fund_default_losses")
    closed = economy.funds["status"] == CLOSED
    assert (economy.funds["shortfall"][closed] > 0.0).any()
    assert np.abs(economy.funds["margin_loan"][closed]).max() < 1e-9


def test_ordinary_trading_is_the_channel_of_every_everyday_order() -> None:
    _, orders, channels = orders_and_channels(calm_world())
    assert (channels[orders != 0.0] == ORDINARY_TRADING).all()
