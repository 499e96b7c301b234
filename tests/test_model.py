"""Through Mesa and without it: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from abm.economy import Economy
from abm.scenario import load

SMALL = {"funds.count": 20, "margin_accounts.count": 5, "banks.count": 5, "run.ticks": 30, "spark.start": 10}


@pytest.fixture
def model():
    from abm.model import PowderKegModel

    return PowderKegModel(seed=3, **SMALL)


def test_a_run_through_mesa_equals_a_run_without_it_to_the_bit(model):
    while model.running:
        model.step()
    economy = Economy(load("us_late_2025").replace(SMALL), 3)
    economy.advance()
    collected = model.datacollector.get_model_vars_dataframe()
    ticks = economy.tables().ticks.drop("tick")
    assert list(collected.columns) == ticks.columns
    assert np.array_equal(collected.to_numpy(), ticks.to_numpy())


def test_views_show_the_records_live_and_refuse_to_be_written(model):
    funds = next(views for kind, views in model.agents_by_type.items() if kind.table == "funds")
    assert len(funds) == 25
    before = funds.get("net_asset_value")
    model.step()
    assert funds.get("net_asset_value") == model.economy.funds["net_asset_value"].tolist() != before
    with pytest.raises(AttributeError):
        next(iter(funds)).cash = 1.0


def test_a_seed_is_drawn_and_reported_where_none_is_given():
    from abm.model import PowderKegModel

    first = PowderKegModel(**SMALL)
    first.step()
    second = PowderKegModel(rng=first.seed, **SMALL)
    second.step()
    assert first.economy.rows.tobytes() == second.economy.rows.tobytes()
