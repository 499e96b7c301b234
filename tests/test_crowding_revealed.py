"""What a seizure shows to other funds' dealers: likeness in closed form, how it fades, and nothing without it."""

import numpy as np
import pytest
from still import a_day, still
from test_performance_chasing import world
from worlds import finished, of_kind

from abm import phases
from abm.agents.leveraged_fund import ACTIVE, MARGIN_ACCOUNT, SEIZED
from abm.channels import CROWDING_REVEALED
from abm.contagion.crowding_revealed import look_for_likeness
from abm.contagion.margin_procyclicality import set_margins
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, NOTES

EXACT = {"rel": 1e-9, "abs": 1e-12}
ACCOUNT, LONG_SHORT, RELATIVE_VALUE = 12, 0, 5
FALL = {"spark__total": 0.6, "spark__start": 5, "run__ticks": 60, "funds__leverage": 1.5}


def look(economy: Economy) -> None:
    e = economy
    set_margins(e.markets, e.funds, e.dealers, e.authority, e.settings, e.switches, e.day)
    look_for_likeness(e.markets, e.funds, e.settings, e.switches, e.day)


def seize(economy: Economy, row: int) -> None:
    """Let nothing be left of a fund when its dealers call."""
    economy.funds["net_asset_value"][row] = -1.0
    phases.call(economy)
    assert economy.funds["status"][row] == SEIZED


def cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)


def test_a_seizure_shows_the_book() -> None:
    economy = still()
    economy.markets["price"] = 0.5, 2.0, 1.0, 1.0, 3.0
    assert not economy.markets["revealed"].any()
    seize(economy, LONG_SHORT)
    value = economy.funds["units"] * economy.markets["price"]
    assert economy.markets["revealed"] == pytest.approx(value[LONG_SHORT], **EXACT)
    seize(economy, RELATIVE_VALUE)
    assert economy.markets["revealed"] == pytest.approx(value[LONG_SHORT] + value[RELATIVE_VALUE], **EXACT)
    phases.call(economy)
    assert economy.markets["revealed"] == pytest.approx(value[LONG_SHORT] + value[RELATIVE_VALUE], **EXACT), "only once"


def test_a_households_account_reveals_nothing() -> None:
    economy = still()
    seize(economy, ACCOUNT)
    assert not economy.markets["revealed"].any()


def test_margins_rise_by_the_cosine_of_the_books() -> None:
    economy = still()
    margin = economy.scenario.margin
    economy.markets["price"][AI_EQUITY] = 0.8
    held = economy.funds["units"] * economy.markets["price"]
    seize(economy, LONG_SHORT)
    look(economy)
    others = economy.funds["status"] == ACTIVE
    likeness = cosine(held, held[LONG_SHORT])
    assert held[LONG_SHORT].sum() > margin.likeness_scale
    expected = 1.0 + margin.likeness_response * likeness
    assert economy.funds["margin_factor"][others] == pytest.approx(expected[others], **EXACT)
    accounts = others & (economy.funds["style"] == MARGIN_ACCOUNT)
    assert likeness[accounts].min() > 0.8, "who holds shares is like it"
    assert economy.funds["margin_factor"][RELATIVE_VALUE] < 1.1, "who holds notes alone is hardly"
    assert economy.funds["margin_factor"][LONG_SHORT] == 1.0, "the seized one is past it"


@pytest.mark.parametrize("part", [0.1, 0.5, 1.0, 7.0])
def test_a_small_failure_is_heard_less(part: float) -> None:
    economy = still()
    margin = economy.scenario.margin
    economy.markets["revealed"][NOTES] = part * margin.likeness_scale
    look(economy)
    expected = 1.0 + margin.likeness_response * min(1.0, part)
    assert economy.funds["margin_factor"][RELATIVE_VALUE] == pytest.approx(expected, **EXACT)


def test_what_was_shown_is_slowly_forgotten_and_margins_fade_with_it() -> None:
    economy = still()
    margin, revealed = economy.scenario.margin, 2.0 * economy.scenario.margin.likeness_scale
    economy.markets["revealed"][NOTES] = revealed
    factors = []
    for day in range(100):
        look(economy)
        left = revealed * (1.0 - 1.0 / margin.likeness_days) ** day
        heard = margin.likeness_response * min(1.0, left / margin.likeness_scale)
        factors.append(float(economy.funds["margin_factor"][RELATIVE_VALUE]))
        assert factors[-1] == pytest.approx(1.0 + heard, **EXACT)
    assert max(factors) == factors[0] == pytest.approx(1.0 + margin.likeness_response)
    assert factors[-1] < 1.01


def test_only_the_rise_of_requirements_is_counted() -> None:
    economy = still()
    calm = economy.funds["requirement"].copy()
    economy.markets["revealed"][NOTES] = economy.scenario.margin.likeness_scale
    held = economy.funds["units"]
    likeness = held[:, NOTES] / np.linalg.norm(held, axis=1)
    look(economy)
    moved = economy.day["moved"][0, CROWDING_REVEALED]
    assert moved == pytest.approx((economy.scenario.margin.likeness_response * likeness * calm).sum(), rel=1e-9)
    before = economy.funds["likeness"].sum()
    look(economy)
    assert economy.funds["likeness"].sum() < 0.99 * before
    assert economy.day["moved"][0, CROWDING_REVEALED] == moved, "fading moves nothing"


def test_other_dealers_hear_of_it_the_day_after_and_the_books_close() -> None:
    economy = still(margin__grace_days=0, channels__cross_asset_sales=False)
    seized, funds = economy.funds[LONG_SHORT], economy.funds
    seized.maintenance[:] = 9.0  # its dealers lose patience
    others = np.flatnonzero(funds["style"] == MARGIN_ACCOUNT)
    calm = funds["requirement"][others].copy()
    a_day(economy)
    assert seized.status == SEIZED
    shown = seized.units / np.linalg.norm(seized.units)
    assert funds["requirement"][others] == pytest.approx(calm, rel=1e-6)
    a_day(economy)
    like = cosine(funds["units"][others], shown)
    expected = calm * (1.0 + economy.scenario.margin.likeness_response * like)
    assert funds["requirement"][others] == pytest.approx(expected, rel=1e-6)
    moved = economy.rows["moved"][:, CROWDING_REVEALED]
    assert moved[0] == 0.0
    assert moved[1] >= (expected - calm).sum()


@pytest.mark.slow
def test_calls_are_larger_after_a_seizure_and_not_before_and_the_books_close() -> None:
    deep = FALL | {"spark__total": 1.0, "funds__leverage": 2.5}
    on, off = (finished(world(channels__crowding_revealed=on, **deep), check=True) for on in (True, False))
    assert len(of_kind(on, "seizure")) > 0
    assert on.rows["moved"][:, CROWDING_REVEALED].sum() > 10.0
    first = of_kind(on, "seizure")["tick"].min()
    np.testing.assert_array_equal(on.rows["price"][: first + 1], off.rows["price"][: first + 1])
    assert not on.rows["moved"][: first + 1, CROWDING_REVEALED].any()
    assert on.rows["calls"].sum() > off.rows["calls"].sum()


def test_off_nothing_is_learned() -> None:
    economy = finished(world(channels__crowding_revealed=False, **FALL))
    assert len(of_kind(economy, "seizure")) > 0
    assert not economy.markets["revealed"].any()
    assert not economy.funds["likeness"].any()
    assert not economy.rows["moved"][:, CROWDING_REVEALED].any()


def test_a_switch_turned_off_forgets_at_once() -> None:
    economy = still()
    seize(economy, LONG_SHORT)
    look(economy)
    assert economy.funds["likeness"].any()
    economy.switches["crowding_revealed"] = 0
    look(economy)
    assert not economy.markets["revealed"].any()
    assert not economy.funds["likeness"].any()
    np.testing.assert_array_equal(economy.funds["margin_factor"], 1.0)
    seize(economy, RELATIVE_VALUE)
    assert not economy.markets["revealed"].any()
