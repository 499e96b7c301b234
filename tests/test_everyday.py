"""Everyday trading: it swaps assets, leans on nobody's fall, and neither borrows nor repays."""

from collections.abc import Iterator

import numpy as np
import pytest
from worlds import default, dotted, finished, how_many, small_world

from abm import phases
from abm.bench.watching import watching
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BILLS, BROAD_EQUITY, CRYPTO, N_TRADED, NOTES
from abm.markets import MARKETS
from abm.tick import Phase

# Nobody cuts, pays out or is called: what is left is everyday.
EVERYDAY = {"spark__total": 0, "channels__risk_limits": False, "channels__redemptions": False}
STILL = EVERYDAY | {"funds__leverage": 0.1, "channels__narrative_feedback": False}
for market in MARKETS:
    STILL |= {f"markets__{market.name}__{what}": 0 for what in ("news_volatility", "drift")}
    STILL[f"markets__{market.name}__impact_multiplier"] = 1e-12


def wishes(economy: Economy, days: int) -> Iterator[np.ndarray]:
    """Every fund's orders on each of some days if it trades every day and nothing is ever filled."""
    economy.funds["trading_probability"] = 1.0
    for tick in range(days):
        economy.funds["orders"] = 0.0
        economy.tick = tick
        phases.decide(economy)
        yield economy.funds["orders"].copy()


def test_everyday_orders_are_self_financing_at_the_last_prices() -> None:
    stated = [0]

    def look(economy: Economy, phase: Phase, done: bool) -> None:
        if phase.name != "decide" or not done:
            return
        funds, price = economy.funds, economy.markets["price"]
        cost = funds["orders"] @ price
        assert np.abs(cost / (funds["units"] @ price)).max() < 1e-12
        stated[0] += np.count_nonzero(funds["orders"].any(axis=1))

    with watching(look):
        calm = finished(small_world(**EVERYDAY, funds__leverage=0.2))
    assert not how_many(calm)["margin_call"]
    assert stated[0] > 100


@pytest.mark.parametrize("price", [1.0, 0.5, 2.0])
def test_on_average_everyday_wishes_are_the_usual_mix_whatever_prices_did(price: float) -> None:
    economy = Economy(default(), 1)
    economy.markets["price"][AI_EQUITY] = price
    held = economy.funds["units"].copy()
    held[held == 0.0] = np.inf  # margin accounts have no notes, some styles no shares
    parts = np.concatenate([orders / held for orders in wishes(economy, 60)])
    parts = parts.reshape(60, -1, N_TRADED).mean(axis=1)  # a day's mean part of what is held, by market
    assert not parts[:, BILLS].any(), "bills are not speculated in"
    for k in (AI_EQUITY, BROAD_EQUITY, NOTES, CRYPTO):
        assert np.abs(parts[:, k]).max() > 0.0
        assert abs(parts[:, k].mean()) < 4.0 * parts[:, k].std(ddof=1) / np.sqrt(len(parts)), k
        assert abs(parts[:, k].mean()) < 0.002, k


def test_everyday_trades_close_the_distance_to_the_usual_mix() -> None:
    """Who holds too much AI equity sells some of it, by `trading_size` of the distance on average."""
    economy = Economy(default(), 1)
    funds = economy.funds
    moved = 0.1 * funds["units"][:, BROAD_EQUITY]
    funds["units"][:, BROAD_EQUITY] -= moved
    funds["units"][:, AI_EQUITY] += moved
    mean = np.mean(list(wishes(economy, 200)), axis=0).sum(axis=0)
    expected = (funds["trading_size"] * moved).sum()
    assert mean[AI_EQUITY] == pytest.approx(-expected, rel=0.1)
    assert mean[BROAD_EQUITY] == pytest.approx(expected, rel=0.1)


def loans(economy: Economy) -> np.ndarray:
    """What each fund owes on which interest is charged, as far as it finances equity and crypto, (fund,)."""
    return (economy.funds["margin_loan"] + economy.funds["unsecured"]).sum(axis=1)


def net_repo(economy: Economy) -> np.ndarray:
    """Repo less free cash, (fund,): what a fund borrows on repo it has in cash."""
    return (economy.funds["repo"] - economy.funds["cash"]).sum(axis=1)


def interest_on(economy: Economy, opened: Economy, rate: float) -> float:
    """What free cash earned, at the mean of its first and last amount, in $bn."""
    mean = 0.5 * (economy.funds["cash"].sum() + opened.funds["cash"].sum())
    return float(mean * rate * economy.tick)


def test_without_calls_debt_moves_by_interest_alone() -> None:
    world = small_world(**STILL)
    opened, economy = Economy(world, 1), finished(world)
    assert economy.rows["volume"].sum() > 1.0
    assert not how_many(economy)["margin_call"]
    rate = (world.banks.loan_rate + world.dealers.loan_spread) / world.run.ticks_per_year
    risky = economy.funds["units"] @ ~np.isin(np.arange(N_TRADED), (NOTES, BILLS))
    assert (risky[risky > 0.0] > loans(economy)[risky > 0.0]).all(), "who has any has more than its loans"
    bears = risky > 0.0
    assert bears.any()
    assert not bears.all()
    grown = np.where(bears, (1.0 + rate) ** world.run.ticks, 1.0)
    np.testing.assert_allclose(loans(economy), loans(opened) * grown, rtol=1e-8)
    # Interest is lent on margin, by each dealer on what it has lent.
    on_margin = opened.funds["margin_loan"] + opened.funds["unsecured"]
    on_margin = on_margin * grown[:, None] - opened.funds["unsecured"]
    np.testing.assert_allclose(economy.funds["margin_loan"], on_margin, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(economy.funds["unsecured"], opened.funds["unsecured"], rtol=1e-8)
    # Free cash earns what the dealer's other funding costs; all that repo brings or cash repays nets out.
    cash = opened.funds["cash"].sum(axis=1)
    earned = net_repo(opened) - net_repo(economy)
    funding = world.banks.loan_rate / world.run.ticks_per_year
    np.testing.assert_allclose(earned[bears | (cash > 0.0)].sum(), interest_on(economy, opened, funding), rtol=0.02)


def test_over_a_quiet_quarter_funds_neither_borrow_nor_repay_for_everyday_trades() -> None:
    """Fills are at the day's new price: what that leaves on accounts is noise of no direction and small.

    What futures gain is theirs, and interest is charged on what finances equity and crypto.
    """
    world = default().replace(dotted(EVERYDAY) | {"run.ticks": 63, "funds.leverage": 0.5})
    opened, economy = Economy(world, 1), finished(world)
    assert not how_many(economy)["margin_call"]
    rate = (world.banks.loan_rate + world.dealers.loan_spread) / world.run.ticks_per_year
    risky = opened.funds["units"] @ ~np.isin(np.arange(N_TRADED), (NOTES, BILLS))
    bearing = np.minimum(loans(opened), risky).sum()
    gained = opened.funds["futures"].sum() * (economy.rows["futures_price"][-1] - 1.0)
    assert abs(gained) > 1.0
    on_cash = interest_on(economy, opened, world.banks.loan_rate / world.run.ticks_per_year)
    expected = (loans(opened) + net_repo(opened)).sum() + bearing * ((1.0 + rate) ** 63 - 1.0) - gained - on_cash
    assert abs((loans(economy) + net_repo(economy)).sum() - expected) < 0.005 * opened.funds["units"].sum()
