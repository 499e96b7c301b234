"""Traders of a researcher's own: their orders move markets, their books close, and without them nothing changes."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest
from worlds import crash_seed, crash_world, digest, finished, small_world

from abm.agents.trader import Seen
from abm.economy import Economy
from abm.errors import InputError
from abm.ledger.chart import AI_EQUITY, BILLS, NOTES
from abm.model import PowderKegModel

EXAMPLE = Path(__file__).parents[1] / "examples" / "own_trader.py"


def with_trader(decide: Callable[[Seen], Any], scenario: Any = None, **books: Any) -> Economy:
    economy = Economy(scenario or small_world(run__ticks=12), 1, check=True)
    economy.admit(decide, **({"cash": 50.0} | books))
    return economy


def always(**orders: float) -> Callable[[Seen], dict[str, float]]:
    return lambda _: orders


def trader_in(economy: Economy) -> Any:
    return economy.traders[0]


def test_first_books_come_out_of_long_term_investors_and_nobody_else_notices() -> None:
    alone = Economy(small_world(), 1)
    joined = with_trader(always(), small_world(), cash=50.0, units={"notes": 20.0, "crypto": 3.0})
    trader = trader_in(joined)
    assert (trader.deposit, trader.units[NOTES], trader.units[4]) == (50.0, 20.0, 3.0)
    for field in ("deposit", "units"):
        before, after = alone.investors[field].sum(axis=0), joined.investors[field].sum(axis=0)
        np.testing.assert_allclose(before - after, trader[field])
    for table in ("banks", "dealers", "depositors", "funds", "chasers", "issuers"):
        assert getattr(joined, table).tobytes() == getattr(alone, table).tobytes()
    joined.advance(1)  # with `check`: the books close from the first phase on


def test_a_trader_that_does_nothing_changes_no_price() -> None:
    alone, joined = finished(crash_world(), crash_seed()), Economy(crash_world(), crash_seed())
    joined.admit(lambda _: None)
    joined.advance()
    assert digest_of_series(joined) == digest_of_series(alone)
    named = Economy(small_world(run__ticks=12), 1)
    named.admit(always(), bank=2)
    assert trader_in(named).bank == 2


def digest_of_series(economy: Economy) -> bytes:
    return economy.rows.tobytes()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_orders_are_filled_move_the_price_and_are_paid(sign: float) -> None:
    alone = finished(small_world(run__ticks=12))
    joined = with_trader(lambda seen: {"ai_equity": sign * 10.0} if seen.tick == 5 else None, units={"ai_equity": 10.0})
    joined.advance()
    price, without = joined.series("price_ai_equity"), alone.series("price_ai_equity")
    assert np.array_equal(price[:5], without[:5])
    assert sign * (price[5] - without[5]) > 0.0
    trader = trader_in(joined)
    assert trader.units[AI_EQUITY] == pytest.approx(10.0 + sign * 10.0)
    assert trader.deposit == pytest.approx(50.0 - sign * 10.0 * price[5])
    flow = joined.series("net_flow_ai_equity") - alone.series("net_flow_ai_equity")
    assert flow[5] == pytest.approx(sign * 10.0 * price[5], rel=1e-2)  # others' trades are worth more or less too
    assert not trader.orders.any()


def test_a_trader_sees_yesterday_and_its_own_books() -> None:
    seen: list[Seen] = []
    joined = with_trader(lambda view: seen.append(view) or {"bills": 1.0})
    joined.advance()
    price, believers = joined.series("price_ai_equity"), joined.series("believers")
    assert [view.tick for view in seen] == list(range(12))
    assert seen[0].price["ai_equity"] == 1.0
    assert len(seen[0].history("price_ai_equity")) == 12  # the run's own, as it has become
    for day in range(1, 12):
        assert seen[day].price["ai_equity"] == price[day - 1]
        assert seen[day].believers == believers[day - 1]
        assert seen[day].units["bills"] == pytest.approx(day)
    assert seen[3].worth == pytest.approx(50.0, abs=0.1)
    with pytest.raises(TypeError):
        seen[0].price["ai_equity"] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        seen[0].history("price_ai_equity")[0] = 2.0
    with pytest.raises(InputError, match="no_such"):
        seen[0].history("no_such")


def test_history_ends_last_night() -> None:
    lengths = []
    with_trader(lambda seen: lengths.append(len(seen.history("believers"))) or None).advance()
    assert lengths == list(range(12))


def test_orders_beyond_cash_and_holdings_are_cut() -> None:
    joined = with_trader(always(bills=1e6, notes=1e6, ai_equity=-7.0), units={"ai_equity": 4.0})
    joined.advance(1)
    trader = trader_in(joined)
    assert trader.units[AI_EQUITY] == 0.0
    assert trader.units[BILLS] == pytest.approx(25.0)
    assert trader.units[NOTES] == pytest.approx(25.0)
    assert trader.deposit == pytest.approx(4.0, rel=0.2)  # what AI equity brought, spent on the next day
    joined.advance(2)
    assert abs(trader_in(joined).deposit) < 0.1


BAD = {
    "not finite": ({"ai_equity": float("nan")}, "finite number"),
    "infinite": ({"ai_equity": float("inf")}, "finite number"),
    "words": ({"ai_equity": "much"}, "finite number"),
    "unknown market": ({"gold": 1.0}, "'gold'"),
    "no mapping": ([1.0, 2.0], "mapping"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_order_is_refused_in_one_sentence(case: str) -> None:
    answer, said = BAD[case]
    with pytest.raises(InputError, match=said) as error:
        with_trader(lambda _: answer).advance()
    assert "trader:0 on day 0" in str(error.value)
    assert "allowed" in str(error.value)


@pytest.mark.parametrize(
    "books",
    [{"cash": -1.0}, {"cash": 1e9}, {"cash": float("nan")}, {"units": {"gold": 1.0}}, {"units": {"notes": 1e9}},
     {"units": {"notes": -1.0}}, {"bank": 99}, {"bank": 1.5}],
)  # fmt: skip
def test_first_books_that_investors_cannot_give_are_refused(books: dict[str, Any]) -> None:
    economy = Economy(small_world(), 1)
    before = digest(economy)
    with pytest.raises(InputError, match="allowed"):
        economy.admit(always(), **books)
    assert digest(economy) == before


def test_nobody_joins_later_and_such_a_run_is_not_saved(tmp_path: Path) -> None:
    joined = with_trader(always())
    joined.advance(1)
    with pytest.raises(InputError, match="before the first day"):
        joined.admit(always())
    with pytest.raises(InputError, match="cannot be saved"):
        joined.save(tmp_path / "state")
    assert not list(tmp_path.iterdir())


def test_the_order_of_traders_does_not_matter() -> None:
    def run(swapped: bool) -> Economy:
        economy = with_trader(always(ai_equity=0.5), cash=20.0)
        economy.admit(always(ai_equity=-0.1, notes=0.2), cash=30.0, units={"ai_equity": 5.0})
        if swapped:
            economy.traders = economy.traders[::-1].copy()
        economy.advance()
        return economy

    one, other = run(False), run(True)
    for name in one.rows.dtype.names or ():
        np.testing.assert_allclose(other.rows[name], one.rows[name], rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.slow
def test_a_trader_loses_with_its_bank() -> None:
    world = crash_world()
    failed = int(np.flatnonzero(finished(world, crash_seed()).banks["failed"])[0])
    economy = Economy(world, crash_seed(), check=True)
    at_bank = economy.investors["bank"] == failed
    cash = min(5.0, economy.investors["deposit"][at_bank].sum()) if at_bank.any() else 0.0
    assert cash > 0.0, "choose another crash seed: no investor banks where a bank fails"
    economy.admit(always(), cash=cash, bank=failed)
    economy.advance()
    assert trader_in(economy).deposit < cash


class Follower(mesa.Agent):
    """Buys what rose yesterday."""

    def __init__(self, model: PowderKegModel, cash: float) -> None:
        super().__init__(model)
        self.account = model.add_trader(self, cash=cash)
        self.days = 0

    def decide(self, seen: Seen) -> dict[str, float]:
        self.days += 1
        past = seen.history("price_ai_equity")
        return {"ai_equity": 1.0} if len(past) > 1 and past[-1] > past[-2] else {}


class WithFollower(PowderKegModel):
    """For the batch runner: the model and its trader in one."""

    def __init__(self, cash: float = 10.0, **given: Any) -> None:
        super().__init__(**given)
        self.follower = Follower(self, cash)


TINY = {"run.ticks": 12, "spark.start": 5, "funds.count": 8, "margin_accounts.count": 4}


def test_an_ordinary_mesa_agent_trades_and_can_be_removed() -> None:
    model = PowderKegModel(seed=1, **TINY)
    follower = Follower(model, 10.0)
    model.step()
    model.step()
    assert follower.days == 2
    assert follower in model.agents_by_type[Follower]
    assert follower.account in model.agents
    assert follower.account.name == "trader:0"
    assert sum(follower.account.balance_sheet().values()) == pytest.approx(10.0)
    with pytest.raises(InputError, match="has an account"):
        model.add_trader(follower)
    follower.remove()
    model.step()
    assert follower.days == 2
    assert follower not in model.agents


def test_an_agent_that_cannot_decide_is_refused() -> None:
    model = PowderKegModel(seed=1, **TINY)
    with pytest.raises(InputError, match="decide"):
        model.add_trader(mesa.Agent(model))


def test_the_batch_runner_varies_a_traders_own_parameters() -> None:
    fixed = {name: [value] for name, value in TINY.items()}
    parameters = fixed | {"cash": [0.0, 20.0], "seed": [3]}
    found = mesa.batch_run(WithFollower, parameters=parameters, display_progress=False)
    none, some = (run["price_ai_equity"] for run in found)
    model = PowderKegModel(seed=3, **TINY)
    model.run_model()
    assert none == model.economy.series("price_ai_equity")[-1]
    assert some != none


def test_the_example_runs_and_helps_the_price(capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(EXAMPLE))["main"]
    profit, lowest, without = main(**{"run.ticks": 120})
    said = capsys.readouterr().out
    assert f"{profit:+,.1f}" in said
    assert lowest > without
    assert profit != 0.0
