"""Through Mesa and without it: the same numbers, and Mesa's own tools work on them."""

from __future__ import annotations

import inspect
from typing import Any

import mesa
import numpy as np
import pytest
from worlds import CRASH, SMALL, crash_seed, digest

from abm.economy import AGENTS, Economy
from abm.errors import InputError
from abm.model import PowderKegModel, RecordView
from abm.scenario import load

TINY = {**SMALL, "run.ticks": 12}
BATCH = {"display_progress": False, "max_steps": 1000}
NEWER = "rng" in inspect.signature(mesa.batch_run).parameters  # Mesa 3.5


@pytest.fixture
def model() -> PowderKegModel:
    return PowderKegModel(seed=3, **SMALL)


@pytest.fixture(scope="module")
def crashed() -> PowderKegModel:
    """A world in which funds, dealers and banks have failed, run to its end."""
    model = PowderKegModel(seed=crash_seed(), **(SMALL | CRASH))
    while model.running:
        model.step()
    return model


def by_table(model: PowderKegModel, table: str) -> Any:
    return next(views for kind, views in model.agents_by_type.items() if getattr(kind, "table", "") == table)


def test_a_run_through_mesa_equals_a_run_without_it_to_the_bit(model: PowderKegModel) -> None:
    model.run_model()
    economy = Economy(load("us_late_2025").replace(SMALL), 3)
    economy.advance()
    assert digest(model.economy) == digest(economy)
    collected = model.datacollector.get_model_vars_dataframe()
    ticks = economy.tables().ticks.drop("tick")
    assert list(collected.columns) == ticks.columns
    assert np.array_equal(collected.to_numpy(), ticks.to_numpy())


def test_looking_shuffling_and_mesas_scheduler_change_no_number(model: PowderKegModel) -> None:
    while model.running:
        model.agents.shuffle_do("step")
        model.agents.get("unique_id")
        model.random.random()
        model.step()
    economy = Economy(load("us_late_2025").replace(SMALL), 3)
    economy.advance()
    assert digest(model.economy) == digest(economy)


def test_after_the_last_day_nothing_happens(model: PowderKegModel) -> None:
    model.run_model()
    before = digest(model.economy)
    model.step()
    assert not model.running
    assert digest(model.economy) == before
    assert len(model.datacollector.get_model_vars_dataframe()) == SMALL["run.ticks"]


def test_no_view_is_made_until_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    plain = RecordView.__init__
    monkeypatch.setattr(RecordView, "__init__", lambda view, *given: made.append(view) or plain(view, *given))
    model = PowderKegModel(seed=3, **TINY)
    model.run_model()
    assert not made
    assert len(model.agents) == len(made) == sum(len(getattr(model.economy, table)) for table in AGENTS)
    assert len(model.agents) == len(made)


def test_views_show_the_records_live_and_refuse_to_be_written(model: PowderKegModel) -> None:
    funds = by_table(model, "funds")
    assert len(funds) == SMALL["funds.count"] + SMALL["margin_accounts.count"]
    before = funds.get("net_asset_value")
    model.step()
    assert funds.get("net_asset_value") == model.economy.funds["net_asset_value"].tolist() != before
    fund = next(iter(funds))
    with pytest.raises(AttributeError):
        fund.cash = 1.0
    with pytest.raises(ValueError, match="read-only"):
        fund.units[0] = 1.0
    assert "step" not in vars(type(fund))


def test_views_have_every_field_of_their_declaration_and_hide_nothing_of_mesas(model: PowderKegModel) -> None:
    own = set(dir(RecordView)) | {"unique_id", "pos", "row"}
    own -= {"advance"}  # a hook of old schedulers that nobody calls, and what a dealer has advanced to a fund
    for table, record in AGENTS.items():
        names = {field.name for field in record.fields}
        assert not names & own, f"{table}: {names & own} would hide what Mesa or the view means by it"
        if table != "traders":
            view = next(iter(by_table(model, table)))
            assert names <= set(dir(view))


def test_every_name_in_the_event_log_has_its_view_also_when_it_has_failed(crashed: PowderKegModel) -> None:
    views = {view.name: view for view in crashed.agents}
    events = crashed.economy.tables().events
    actors = {name for name in events["actor"].unique() if ":" in name and not name.startswith("market:")}
    assert actors
    assert actors <= views.keys()
    dead = events.filter(events["kind"].is_in(["dealer_failed", "bank_failed"]))["actor"].unique()
    assert {name.split(":")[0] for name in dead} == {"dealer", "bank"}
    for name in dead:
        assert views[name].failed
    assert len({view.unique_id for view in crashed.agents}) == len(crashed.agents)


def test_balance_sheets_of_all_views_add_up_to_those_of_their_sectors(crashed: PowderKegModel) -> None:
    economy = crashed.economy
    total = sum(sum(view.balance_sheet().values()) for view in crashed.agents)
    assert total == pytest.approx(economy.balances().sum(), abs=1e-6)
    bank = next(view for view in crashed.agents if view.name == "bank:0")
    sheet = bank.balance_sheet()
    assert sheet["deposits"] == -economy.banks["deposits"][0]
    assert sheet["notes"] == economy.banks["units"][0, 2] * economy.markets["price"][2]


def test_mesas_agent_sets_work(model: PowderKegModel) -> None:
    model.step()
    funds = by_table(model, "funds")
    worth = model.economy.funds["net_asset_value"]
    assert funds.agg("net_asset_value", sum) == pytest.approx(worth.sum())
    assert len(funds.select(lambda fund: fund.net_asset_value > np.median(worth))) == len(worth) // 2
    assert funds.groupby("sector").count() == {0: SMALL["funds.count"], 1: SMALL["margin_accounts.count"]}


@pytest.mark.parametrize("ask", ["agents", "agents_by_type", "agent_types"])
def test_whoever_asks_for_agents_first_gets_them_all(model: PowderKegModel, ask: str) -> None:
    assert len(getattr(model, ask)) > 0
    assert {kind.__name__ for kind in model.agent_types} >= {"Fund", "Dealer", "Bank", "Investor", "ClearingHouse"}


def test_a_seed_is_drawn_and_reported_where_none_is_given() -> None:
    first = PowderKegModel(**TINY)
    first.step()
    second = PowderKegModel(rng=first.seed, **TINY)
    second.step()
    assert first.economy.rows.tobytes() == second.economy.rows.tobytes()
    assert PowderKegModel(**TINY).seed != first.seed


@pytest.mark.parametrize(
    "given", [{"seed": -1}, {"rng": 1.5}, {"seed": 1, "rng": 2}, {"rng": np.random.default_rng(1)}]
)
def test_a_seed_that_is_none_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="allowed is"):
        PowderKegModel(**given, **TINY)


def test_a_dial_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="no_such_dial"):
        PowderKegModel(seed=1, no_such_dial=3)


def test_mesas_batch_runner_runs_dials_and_seeds_to_the_end() -> None:
    fixed = {name: [value] for name, value in TINY.items()}
    parameters = fixed | {"funds.leverage": [1, 2], "seed": np.arange(2)}
    found = mesa.batch_run(PowderKegModel, parameters=parameters, **BATCH)
    assert len(found) == 4
    for run in found:
        economy = Economy(
            load("us_late_2025").replace(TINY | {"funds.leverage": run["funds.leverage"]}), int(run["seed"])
        )
        economy.advance()
        assert run["price_ai_equity"] == economy.series("price_ai_equity")[-1]
        assert run["debt_funds"] == economy.series("debt_funds")[-1]
    assert len({run["price_ai_equity"] for run in found}) == 4
    daily = mesa.batch_run(PowderKegModel, parameters=fixed | {"seed": [1]}, data_collection_period=1, **BATCH)
    assert len(daily) == TINY["run.ticks"]


def test_mesas_batch_runner_draws_seeds_of_its_own() -> None:
    fixed = {name: [value] for name, value in TINY.items()}
    if NEWER:
        found = mesa.batch_run(PowderKegModel, parameters=fixed, rng=[5, 6], **BATCH)
        again = mesa.batch_run(PowderKegModel, parameters=fixed, rng=[5, 6], **BATCH)
        assert [run["price_ai_equity"] for run in found] == [run["price_ai_equity"] for run in again]
    else:
        found = mesa.batch_run(PowderKegModel, parameters=fixed, iterations=2, **BATCH)
    assert len({run["price_ai_equity"] for run in found}) == 2
