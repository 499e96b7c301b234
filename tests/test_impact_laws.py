"""Three laws of price impact in closed form, of the day's net flow alone, and each in a world of its own."""

import numpy as np
import pytest
from still import still
from test_performance_chasing import world
from worlds import finished

from abm import phases
from abm.agents.leveraged_fund import ACTIVE
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BILLS, N_TRADED, NOTES
from abm.markets import MARKETS
from abm.markets.impact import LAWS, LINEAR, SATURATING, SQUARE_ROOT, impact

EXACT = {"rel": 1e-12, "abs": 1e-15}
FLOWS = (-3000.0, -40.0, -0.01, 0.02, 500.0)
DEPTHS = pytest.mark.parametrize("depth", [0.2, 1.0, 3.0])
LAW = pytest.mark.parametrize("law", LAWS)


def market(k: int = AI_EQUITY, **law: float) -> np.record:
    """A market with these numbers instead of its own."""
    economy = Economy(world(), 1)
    for name, value in law.items():
        economy.markets[name][k] = value
    return economy.markets[k]


def under(law: str, limit: float = 0.05, **overrides: object) -> Economy:
    """A still world in which all markets have one law and their flow moves them."""
    laws = {f"markets__{m.name}__impact": law for m in MARKETS} | {
        f"markets__{m.name}__impact_limit": limit for m in MARKETS
    }
    return still(**laws, **{f"markets__{m.name}__impact_multiplier": 2.0 for m in MARKETS}, **overrides)


def cleared(economy: Economy, orders: dict[int, float], k: int = AI_EQUITY) -> float:
    """Clear orders of some funds in one market, and return the move of its price in log points."""
    for row, units in orders.items():
        economy.funds["orders"][row, k] = units
    phases.clear(economy)
    return float(np.log(economy.markets["price"][k]))


@DEPTHS
def test_linear_impact_is_in_proportion_to_the_share_of_units_traded(depth: float) -> None:
    record = market(impact_law=LINEAR, impact_multiplier=3.0, units=1000.0)
    for flow in FLOWS:
        assert impact(record, flow, depth) == pytest.approx(3.0 * flow / (1000.0 * depth), **EXACT)


@DEPTHS
@pytest.mark.parametrize("price", [0.5, 1.0, 2.0])
def test_square_root_impact_is_volatility_times_the_root_of_the_days_volumes(depth: float, price: float) -> None:
    numbers = {"impact_multiplier": 1.5, "normal_volatility": 0.02, "daily_volume": 250.0, "price": price}
    record = market(impact_law=SQUARE_ROOT, **numbers)
    for flow in FLOWS:
        expected = 1.5 * 0.02 * np.sign(flow) * np.sqrt(abs(flow) * price / (250.0 * depth))
        assert impact(record, flow, depth) == pytest.approx(expected, **EXACT)
    assert impact(record, 4.0, depth) == pytest.approx(2.0 * impact(record, 1.0, depth), **EXACT)


@DEPTHS
def test_saturating_impact_is_linear_at_first_and_never_beyond_its_limit(depth: float) -> None:
    record = market(impact_law=SATURATING, impact_multiplier=3.0, units=1000.0, impact_limit=0.04)
    for flow in FLOWS:
        linear = 3.0 * flow / (1000.0 * depth)
        expected = np.sign(flow) * 0.04 * -np.expm1(-abs(linear) / 0.04)
        assert impact(record, flow, depth) == pytest.approx(expected, rel=1e-9)
        assert abs(impact(record, flow, depth)) < min(abs(linear), 0.04 + 1e-15)
    assert impact(record, 1e-6, depth) == pytest.approx(3e-9 / depth, rel=1e-6)
    assert impact(record, -1e9, depth) == pytest.approx(-0.04, **EXACT)


@LAW
@DEPTHS
def test_buying_and_selling_move_alike_and_more_moves_more_and_nothing_moves_nothing(law: str, depth: float) -> None:
    record = market(impact_law=LAWS.index(law))
    assert impact(record, 0.0, depth) == 0.0
    moves = [impact(record, flow, depth) for flow in (-50.0, -5.0, 5.0, 50.0)]
    assert (np.diff(moves) > 0.0).all()
    assert moves[:2] == pytest.approx([-moves[3], -moves[2]], **EXACT)
    assert impact(record, 5.0, 0.5 * depth) > moves[2], "thin markets move more"


@pytest.mark.parametrize("k", [AI_EQUITY, NOTES])
def test_clearing_uses_the_markets_own_law_and_keeps_the_lasting_part_apart_from_depth(k: int) -> None:
    for law in LAWS:
        economy = under(law)
        economy.markets["depth"][k] = 0.25
        record, multiple = economy.markets[k], economy.scenario.markets.depth
        lasting, passing = impact(record, -80.0, multiple), impact(record, -80.0, 0.25 * multiple)
        assert abs(passing) > abs(lasting) > 0.0
        cleared(economy, {0: -80.0}, k)
        assert record.lasting == pytest.approx(record.lasting_share * lasting, rel=1e-9)
        assert record.discount == pytest.approx((1.0 - record.lasting_share) * passing, rel=1e-9)


@LAW
def test_the_price_is_that_of_the_net_flow_whoever_trades(law: str) -> None:
    alone = cleared(under(law), {0: -60.0})
    assert alone < -1e-3
    for orders in (
        {0: -50.0, 1: -10.0},
        dict.fromkeys(range(10), -6.0),
        {0: -100.0, 1: 40.0},
        {0: 40.0, 1: -100.0},
        {3: 25.0, 9: -75.0, 2: -10.0},
    ):
        assert cleared(under(law), orders) == pytest.approx(alone, rel=1e-9), orders
    assert cleared(under(law), {0: -60.0, 5: 60.0}) == pytest.approx(0.0, abs=1e-12)


@LAW
def test_the_order_of_agents_does_not_matter(law: str) -> None:
    economy, turned = under(law), under(law)
    generator = np.random.default_rng(1)
    orders = generator.normal(scale=3.0, size=(len(economy.funds), N_TRADED))
    economy.funds["orders"] = orders
    turned.funds = turned.funds[::-1].copy()
    turned.funds["orders"] = orders[::-1]
    for e in (economy, turned):
        phases.clear(e)
        phases.settle(e)
    assert np.abs(np.log(economy.markets["price"])).min() > 1e-12
    assert turned.markets["price"] == pytest.approx(economy.markets["price"], rel=1e-12)
    assert turned.funds["units"][::-1] == pytest.approx(economy.funds["units"], **EXACT)
    assert turned.dealers["deposit"] == pytest.approx(economy.dealers["deposit"], rel=1e-9)


@pytest.mark.parametrize("depth", [0.1, 1.0])
def test_one_day_of_saturating_flow_moves_no_further_than_the_limit(depth: float) -> None:
    moves = []
    for units in (-10.0, -500.0, -20000.0):
        economy = under("saturating", limit=0.01)
        economy.markets["depth"] = depth
        moves.append(cleared(economy, {0: units}))
    assert (np.diff(moves) < 0.0).all()
    assert moves[-1] == pytest.approx(-0.01, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("law", ["square_root", "saturating"])
def test_a_world_whose_notes_have_another_law_runs_and_its_books_close(law: str) -> None:
    overrides = {"spark__total": 0.5, "spark__start": 5, "run__ticks": 60}
    other = finished(world(markets__notes__impact=law, markets__notes__impact_limit=0.001, **overrides), check=True)
    linear = finished(world(**overrides), check=True)
    assert other.markets["impact_law"][NOTES] == LAWS.index(law)
    assert other.markets["impact_law"][BILLS] == SATURATING
    np.testing.assert_array_equal(other.rows["news"], linear.rows["news"])
    assert np.abs(other.rows["price"][:, NOTES] - linear.rows["price"][:, NOTES]).max() > 1e-5
    assert np.isfinite(other.rows["price"]).all()
    assert (other.funds["status"] == ACTIVE).any()
