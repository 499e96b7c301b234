"""Depth: thin at once when prices jump, slowly back, and for notes with the room on dealers' balance sheets."""

import numpy as np
import pytest
from still import still

from abm.contagion.depth_spiral import thin_out
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, NOTES

FLOOR = 0.25  # of notes: April 2025, with full dealers in it


def with_volatility(times: float) -> Economy:
    """Every market has so many times its normal volatility, and the channel is on."""
    economy = still(channels__depth_spiral=True)
    economy.markets["variance"] = (times * economy.markets["normal_volatility"]) ** 2
    return economy


def set_depth(economy: Economy) -> None:
    thin_out(economy.markets, economy.dealers, economy.settings, economy.switches)


@pytest.mark.parametrize("times", [0.5, 1.5, 3.0, 50.0])
def test_depth_falls_at_once_to_what_volatility_allows(times: float) -> None:
    economy = with_volatility(times)
    set_depth(economy)
    allowed = min(1.0, (economy.scenario.markets.volatility_tolerance / times) ** 2)
    assert economy.markets["depth"][AI_EQUITY] == pytest.approx(max(allowed, economy.markets["depth_floor"][AI_EQUITY]))


def test_depth_comes_back_slowly() -> None:
    economy = with_volatility(0.5)
    economy.markets["depth"][:] = 0.4
    for _ in range(3):
        set_depth(economy)
    left = (1.0 - 1.0 / economy.scenario.markets.depth_recovery_days) ** 3
    assert economy.markets["depth"][AI_EQUITY] == pytest.approx(1.0 - 0.6 * left)


def test_full_dealers_thin_notes_alone_and_not_below_the_floor_that_holds_them() -> None:
    economy = with_volatility(0.5)
    assert economy.markets["depth_floor"][NOTES] == FLOOR
    for capital, room in ((0.9, None), (0.0, FLOOR)):
        economy.dealers["capital"] = capital * economy.dealers["opening_capital"]
        set_depth(economy)
        depth = economy.markets["depth"][NOTES]
        assert FLOOR <= depth < 1.0
        assert room is None or depth == pytest.approx(room)
    economy.markets["variance"][NOTES] *= 1e6
    set_depth(economy)
    assert economy.markets["depth"][NOTES] == pytest.approx(FLOOR), "counted once, not twice"
    assert (economy.markets["depth"][np.arange(len(economy.markets)) != NOTES] == 1.0).all()


def test_off_depth_is_normal_whatever_happens() -> None:
    economy = with_volatility(50.0)
    economy.switches["depth_spiral"] = False
    economy.dealers["capital"] = 0.0
    set_depth(economy)
    assert (economy.markets["depth"] == 1.0).all()
