"""Savers who chase returns: closed form, sign, bounds, and nothing without the channel."""

import numpy as np
import pytest
from worlds import default

from abm.channels import PERFORMANCE_CHASING
from abm.contagion.performance_chasing import chase_returns
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BILLS, BROAD_EQUITY, CRYPTO, NOTES
from abm.scenario import Scenario

FEW = {
    "crypto.holders": 40,
    "funds.count": 12,
    "margin_accounts.count": 5,
    "banks.count": 8,
    "dealers.count": 4,
    "buyers.count": 4,
    "chasers.count": 3,
    "pools.count": 3,
}


def world(**overrides: object) -> Scenario:
    return default().replace(FEW | {path.replace("__", "."): value for path, value in overrides.items()})


def chase(economy: Economy, price: float) -> None:
    """Let chasers decide on a price of AI equity, as they would tomorrow."""
    economy.markets["price"][AI_EQUITY] = price
    economy.chasers["orders"] = 0.0
    chase_returns(economy.chasers, economy.markets, economy.settings, economy.switches, economy.day)


def test_a_step_is_chased_in_closed_form() -> None:
    economy = Economy(world(markets__ai_equity__drift=0.0, markets__broad_equity__drift=0.0), 1)
    terms, days = economy.scenario.chasers, 40
    held = economy.chasers["units"][0, AI_EQUITY]
    sold = []
    for _ in range(days):
        chase(economy, 0.9)
        sold.append(-economy.chasers["orders"][0, AI_EQUITY])
        assert not economy.chasers["orders"][:, [BROAD_EQUITY, NOTES, BILLS, CRYPTO]].any()
    remembered = (1.0 - 1.0 / terms.lookback_days) ** np.arange(days)
    share = terms.sensitivity / economy.scenario.run.ticks_per_year * -np.log(0.9)
    assert sold == pytest.approx(share * held * remembered, rel=1e-9)
    everybody = len(economy.chasers) * 0.9 * sum(sold)
    assert economy.day["moved"][0, PERFORMANCE_CHASING] == pytest.approx(everybody, rel=1e-9)


def test_nothing_flows_while_prices_follow_their_trend() -> None:
    economy = Economy(world(markets__ai_equity__drift=0.2), 1)
    for day in range(300):
        chase(economy, float(np.exp(economy.markets["drift"][AI_EQUITY] * day)))
        assert np.abs(economy.chasers["orders"][:, AI_EQUITY]).max() < 1e-9


def test_sales_stay_within_a_day_and_purchases_within_the_deposit() -> None:
    economy = Economy(world(chasers__sensitivity=100.0), 1)
    terms, chasers = economy.scenario.chasers, economy.chasers
    chase(economy, 0.5)
    assert chasers["orders"][:, AI_EQUITY] == pytest.approx(-terms.daily_share * chasers["units"][:, AI_EQUITY])
    economy = Economy(world(chasers__sensitivity=100.0), 1)
    chasers = economy.chasers
    economy.markets["price"][BROAD_EQUITY] = 1.5
    chase(economy, 2.0)
    spent = (chasers["orders"] * economy.markets["price"]).sum(axis=1)
    assert spent == pytest.approx(chasers["deposit"] / terms.lookback_days)
    chasers["deposit"] = -1.0
    chase(economy, 2.0)
    assert (chasers["orders"] <= 0.0).all(), "nobody buys with money that he owes"


@pytest.mark.slow
@pytest.mark.parametrize(("spark", "sign"), [(0.5, -1.0), (-0.5, 1.0)])
def test_they_follow_prices_and_pay_with_their_own_money(spark: float, sign: float) -> None:
    action = {"kind": "spark", "tick": 5, "total": spark, "days": 1}
    economy = Economy(world(spark__total=0, actions=[action]), 1, check=True)
    before, money = economy.chasers["units"].sum(axis=0), economy.chasers["deposit"].sum()
    economy.advance(60)
    bought = economy.chasers["units"].sum(axis=0) - before
    assert sign * bought[AI_EQUITY] > 1.0
    assert not bought[[NOTES, BILLS, CRYPTO]].any()
    assert sign * (money - economy.chasers["deposit"].sum()) > 1.0
    assert (economy.chasers["deposit"] >= 0.0).all()
    assert economy.rows["moved"][:, PERFORMANCE_CHASING].sum() >= abs(bought[AI_EQUITY]) * 0.3


def test_selling_into_a_fall_deepens_it_and_off_means_nothing() -> None:
    on, off = (Economy(world(channels__performance_chasing=on), 1) for on in (True, False))
    on.advance(400)
    off.advance(400)
    untouched = Economy(off.scenario, 1)
    assert off.rows["price"][:, AI_EQUITY].min() - on.rows["price"][:, AI_EQUITY].min() > 0.002
    assert not off.rows["moved"][:, PERFORMANCE_CHASING].any()
    for field in ("units", "deposit"):
        np.testing.assert_array_equal(off.chasers[field], untouched.chasers[field])
