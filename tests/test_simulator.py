"""The model as one function: its numbers are those of a run, whoever calls it and however long."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import CRASH, SMALL, crash_seed

import abm
from abm.errors import InputError
from abm.experiments.simulator import DIALS, SERIES, Simulator

DAYS = 60
PARAMETERS = ("funds.leverage", "spark.days", "dealers.capital")
COLUMNS = ("price_crypto", "dealers_failed", "price_ai_equity")
THETA = (2.5, 6, 20.0)


@pytest.fixture(scope="module")
def simulate() -> Simulator:
    return abm.simulator(abm.load("us_late_2025", **(SMALL | CRASH)), PARAMETERS, COLUMNS)


@pytest.fixture(scope="module")
def found(simulate: Simulator) -> np.ndarray:
    return simulate(THETA, DAYS, crash_seed())


def by_hand(scenario: abm.Scenario, overrides: dict[str, float], columns: tuple[str, ...], days: int) -> np.ndarray:
    result = abm.run(scenario.replace(overrides), seed=crash_seed(), twins=False, until=days)
    return result.ticks.select(columns).to_numpy()


def test_the_array_is_that_of_a_run_with_these_overrides(simulate: Simulator, found: np.ndarray) -> None:
    assert (found.shape, found.dtype) == ((DAYS, 3), np.float64)
    overrides = dict(zip(PARAMETERS, THETA, strict=True))
    assert found.tobytes() == by_hand(simulate.scenario, overrides, COLUMNS, DAYS).tobytes()
    assert found[-1, 1] > 0  # a column of counts
    assert simulate(THETA, DAYS, crash_seed()).tobytes() == found.tobytes()
    assert simulate(THETA, DAYS, crash_seed() + 1).tobytes() != found.tobytes()


def test_theta_and_columns_follow_the_order_of_the_names(simulate: Simulator, found: np.ndarray) -> None:
    turned = abm.simulator(simulate.scenario, PARAMETERS[::-1], COLUMNS[::-1])
    assert np.array_equal(turned(THETA[::-1], DAYS, crash_seed()), found[:, ::-1])


@pytest.mark.slow
@settings(deadline=None, max_examples=12, derandomize=True)
@given(days=st.integers(1, 300))
def test_a_day_does_not_depend_on_how_many_follow(simulate: Simulator, days: int) -> None:
    assert simulate.scenario.run.ticks == 120  # some of these are longer
    longest = simulate(THETA, 300, crash_seed())
    assert np.array_equal(simulate(THETA, days, crash_seed()), longest[:days])


def test_what_is_returned_is_the_callers_own(simulate: Simulator, found: np.ndarray) -> None:
    again = simulate(THETA, DAYS, crash_seed())
    again[:] = 0.0
    assert np.array_equal(simulate(THETA, DAYS, crash_seed()), found)


def test_numbers_are_taken_as_calibrators_hand_them_over(simulate: Simulator, found: np.ndarray) -> None:
    """By position: a row of an array, a number of days, and a seed drawn by NumPy."""
    rows = np.array([THETA, THETA])
    for days, seed in ((DAYS, np.int64(crash_seed())), (np.int32(DAYS), np.uint32(crash_seed()))):
        assert np.array_equal(simulate(rows[1], days, seed), found)
    assert np.array_equal(simulate(theta=(x for x in THETA), n_ticks=DAYS, seed=crash_seed()), found)
    assert simulate.__name__ == "simulate_us_late_2025"


@pytest.mark.parametrize("days", [6.0, 6.0 + 9e-10, 6.0 - 9e-10, np.float64(6.0)])
def test_a_whole_number_may_come_as_a_float(simulate: Simulator, found: np.ndarray, days: float) -> None:
    assert np.array_equal(simulate((2.5, days, 20), DAYS, crash_seed()), found)


def test_it_says_what_it_was_made_of(simulate: Simulator) -> None:
    assert (simulate.parameters, simulate.series) == (PARAMETERS, COLUMNS)
    assert simulate.bounds == ((0, 10), (1, 100_000), (0.001, 1e9))
    assert simulate.start == (2, 4, 30)
    assert "price_crypto" in repr(simulate)
    assert len(repr(simulate)) < 300


def test_it_survives_pickling(simulate: Simulator, found: np.ndarray) -> None:
    back = pickle.loads(pickle.dumps(simulate))
    assert (back.parameters, back.series, back.bounds) == (PARAMETERS, COLUMNS, simulate.bounds)
    assert back.scenario.to_dict() == simulate.scenario.to_dict()
    assert np.array_equal(back(THETA, DAYS, crash_seed()), found)


def test_threads_may_share_it(simulate: Simulator) -> None:
    seeds = range(6)
    alone = [simulate(THETA, DAYS, seed) for seed in seeds]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: simulate(THETA, DAYS, seed), seeds))
    assert np.array_equal(together, alone)


@pytest.mark.slow
def test_processes_give_the_same_bits(simulate: Simulator) -> None:
    thetas = [(leverage, 6, 20.0) for leverage in (0.5, 1.0, 2.5, 3.0)]
    alone = [simulate(theta, DAYS, 3) for theta in thetas]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        together = list(pool.map(simulate, thetas, [DAYS] * 4, [3] * 4))
    assert np.array_equal(together, alone)


def test_the_default_has_ten_dials_and_says_them() -> None:
    assert abm.simulate.parameters == DIALS
    assert len(DIALS) == 10
    assert abm.simulate.series == SERIES
    assert abm.simulate.scenario == abm.load()
    today = abm.simulate(abm.simulate.start, 250, crash_seed())
    assert today.tobytes() == by_hand(abm.load(), {}, SERIES, 250).tobytes()


@pytest.mark.slow
def test_each_of_the_ten_dials_moves_something() -> None:
    today = abm.simulate(abm.simulate.start, 250, 0)
    for k, (dial, value) in enumerate(zip(DIALS, (0.3, 20, 2, 2, 1, 1, 0.5, 0.5, 900, 0.2), strict=True)):
        theta = list(abm.simulate.start)
        assert theta[k] != value
        theta[k] = value
        assert not np.array_equal(abm.simulate(theta, 250, 0), today), dial


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"theta": THETA[:2]}, "theta: its length is 2; allowed is 3, a number for each of funds.leverage, spark.days"),
        ({"theta": (*THETA, 1)}, "theta: its length is 4"),
        ({"theta": 1.0}, "theta: its length is 1"),
        ({"theta": (2.5, 6.4, 20)}, "spark.days = 6.4 is not a whole number; allowed is a whole number from 1"),
        ({"theta": (2.5, 6 + 2e-9, 20)}, "spark.days = 6.000000002 is not a whole number"),
        ({"theta": (10.5, 6, 20)}, "funds.leverage = 10.5 is out of range; allowed is a number from 0 to 10"),
        ({"theta": np.array([-1.0, 6, 20])}, "funds.leverage = -1.0 is out of range"),
        ({"theta": (10**400, 6, 20)}, "is out of range"),
        ({"theta": (float("nan"), 6, 20)}, "funds.leverage = nan is not a finite number"),
        ({"theta": (2.5, float("nan"), 20)}, "spark.days = nan is not a finite number"),
        ({"theta": (2.5, float("inf"), 20)}, "spark.days = inf is not a finite number"),
        ({"theta": ("2.5", 6, 20)}, "theta: funds.leverage = '2.5' is not a number; allowed is a number from 0"),
        ({"theta": (True, 6, 20)}, "theta: funds.leverage = True is not a number"),
        ({"theta": np.array([THETA] * 3)}, "is not a number"),
        ({"n_ticks": 0}, "n_ticks = 0 is not allowed; allowed is a whole number of days of at least 1"),
        ({"n_ticks": 60.0}, "n_ticks = 60.0 is not allowed"),
        ({"n_ticks": True}, "n_ticks = True is not allowed"),
        ({"n_ticks": 10**9}, "makes the run too large"),
        ({"seed": -1}, "seed = -1 is not allowed; allowed is a whole number from 0"),
        ({"seed": 1.0}, "seed = 1.0 is not allowed"),
        ({"seed": None}, "seed = None is not allowed"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(simulate: Simulator, changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        simulate(**({"theta": THETA, "n_ticks": DAYS, "seed": 1} | changed))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_numbers_that_contradict_each_other_are_refused() -> None:
    simulate = abm.simulator(parameters=["dealers.lenders", "banks.count"])
    with pytest.raises(InputError, match=r"dealers\.lenders = 4 is too much; allowed is at most banks\.count = 3"):
        simulate((4, 3), DAYS, 1)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"parameters": ["funds.levrage"]}, "'funds.levrage' is not known; did you mean funds.leverage? allowed are"),
        ({"parameters": ["supply"]}, "'supply' is not known; did you mean stablecoins.supply?"),
        ({"parameters": ["funds"]}, "parameters = 'funds' is not known"),
        ({"parameters": ["run.ticks"]}, "run.ticks is not one of them"),
        ({"parameters": ["channels.margin_calls"]}, "parameters = 'channels.margin_calls' is not known"),
        ({"parameters": ["markets.notes.impact"]}, "parameters = 'markets.notes.impact' is not known"),
        ({"parameters": ["spark.days", "spark.days"]}, "is not a list of different names"),
        ({"parameters": "spark"}, "parameters = 'spark' is not a list of different names"),
        ({"parameters": []}, "parameters = [] is not a list of different names"),
        ({"parameters": [["spark.days"]]}, "parameters = ['spark.days'] is not known"),
        ({"parameters": None}, "parameters = None is not a list of different names"),
        ({"series": ["price_ai_equty"]}, "'price_ai_equty' is not known; did you mean price_ai_equity? allowed are"),
        ({"series": ["tick"]}, "series = 'tick' is not known"),
        ({"series": []}, "series = [] is not a list of different names"),
        ({"scenario": "no_such"}, "scenario 'no_such' is not known"),
    ],
)
def test_a_function_of_unknown_things_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        abm.simulator(**given)
    assert sentence in str(error.value)
