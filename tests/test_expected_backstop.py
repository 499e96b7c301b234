"""A backstop that is expected: what is reckoned with, that it takes one that stands ready, and what it does in calm."""

import numpy as np
import pytest
from worlds import digests, finished, small_world

from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, N_TRADED, NOTES
from abm.policy.expected_backstop import reckoned_volatility
from abm.scenario import Scenario

CALM = {"spark__total": 0, "margin__calm_factor": 0.7, "risk_limits__reach_up": 1.5}


def calm(**overrides: object) -> Scenario:
    """A small world without news in which calm lowers margins and lets cautious books grow."""
    return small_world(**CALM, **{f"policy__{path}": value for path, value in overrides.items()})


def reckoned(**overrides: object) -> list[float]:
    """What is reckoned with in each market, against its volatility."""
    e = Economy(calm(**overrides), 1)
    known = np.sqrt(e.markets["variance"])
    found = [reckoned_volatility(e.markets[k], k, e.authority[0], e.settings[0].policy) for k in range(N_TRADED)]
    return (np.array(found) / known).tolist()


def test_lending_is_counted_on_in_all_markets_and_purchases_in_that_of_notes() -> None:
    assert reckoned(lending__on=True, lending__expected=0.3) == pytest.approx([0.7] * N_TRADED)
    bought = reckoned(note_purchases__on=True, note_purchases__expected=0.4)
    assert bought == pytest.approx([0.6 if k == NOTES else 1.0 for k in range(N_TRADED)])
    both = reckoned(lending__on=True, lending__expected=0.3, note_purchases__on=True, note_purchases__expected=0.4)
    assert (both[NOTES], both[AI_EQUITY]) == (pytest.approx(0.6), pytest.approx(0.7))  # the larger, not both


def test_nothing_is_counted_on_that_does_not_stand_ready() -> None:
    assert reckoned(lending__expected=0.3, note_purchases__expected=0.4) == [1.0] * N_TRADED
    one, other = (finished(calm(**how)) for how in ({}, {"lending__expected": 0.9, "note_purchases__expected": 0.9}))
    assert digests(one) == digests(other)


def test_it_is_over_on_the_day_on_which_the_backstop_ends() -> None:
    ended = calm(lending__on=True, lending__expected=0.5).replace(
        {"actions": [{"kind": "policy", "tick": 3, "policy": "lending", "on": False}]}
    )
    e = Economy(ended, 1)
    e.advance(5)
    found = reckoned_volatility(e.markets[AI_EQUITY], AI_EQUITY, e.authority[0], e.settings[0].policy)
    assert found == np.sqrt(e.markets["variance"][AI_EQUITY])


@pytest.mark.slow
def test_who_counts_on_lending_is_asked_for_less_margin_and_owes_more() -> None:
    idle, expected = (finished(calm(lending__on=True, lending__expected=part), check=True) for part in (0.0, 0.5))
    assert (expected.markets["margin_factor"] < idle.markets["margin_factor"]).all()
    assert expected.rows["debt"][-1].sum() > idle.rows["debt"][-1].sum()


def test_where_calm_may_not_lower_margins_or_grow_books_expectation_does_neither() -> None:
    usual = small_world(spark__total=0, policy__lending__on=True, policy__lending__expected=0.5)
    e = finished(usual)
    assert (e.funds["given_up"] >= 0.0).all()
    assert e.settings[0].margin.calm_factor == 1.0  # below which `raised` does not go
