"""Directions that accounting forces: what more of a cause does to lenders' losses, in pairs of the same seed.

Two scenarios in which lenders lose in a fifth to four fifths of seeds: today's leverage, where dealers lose
on customers and no bank does, and leverage 2.1, where banks lose on dealers. A year each.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest
from worlds import default, finished

SEEDS = 50
TODAY, HIGH = 1.0, 2.1  # times today's leverage

pytestmark = pytest.mark.slow


@cache
def losses(leverage: float, change: tuple[str, float] | None = None) -> dict[str, np.ndarray]:
    """Losses in a year, (seeds,) in $bn: dealers' on customers, banks' on dealers."""
    world = default().replace({"run.ticks": 250, "funds.leverage": leverage} | dict([change] if change else []))
    rows = [finished(world, seed).rows for seed in range(SEEDS)]
    return {
        "dealers": np.array([row["dealer_losses"].sum() for row in rows]),
        "banks": np.array([row["bank_losses"].sum() for row in rows]),
    }


def in_standard_errors(who: Iterable[str], leverage: float, change: tuple[str, float]) -> float:
    """The mean paired difference that a change makes, in its standard errors."""
    difference = np.sum([losses(leverage, change)[one] - losses(leverage)[one] for one in who], axis=0)
    return float(difference.mean() / (difference.std(ddof=1) / np.sqrt(SEEDS)))


@pytest.mark.parametrize(("leverage", "who"), [(TODAY, "dealers"), (HIGH, "banks")])
def test_lenders_lose_in_some_seeds_and_not_in_all(leverage: float, who: str) -> None:
    assert 0.2 <= (losses(leverage)[who] > 0.0).mean() <= 0.8


@pytest.mark.parametrize(
    ("leverage", "who"),
    [(TODAY, ("dealers",)), (TODAY, ("dealers", "banks")), (HIGH, ("banks",)), (HIGH, ("dealers", "banks"))],
)
@pytest.mark.parametrize(("spark", "sign"), [(0.6, 1.0), (0.4, -1.0)])
def test_losses_rise_with_the_size_of_the_spark(
    leverage: float, who: tuple[str, ...], spark: float, sign: float
) -> None:
    assert default().spark.total == 0.5
    assert sign * in_standard_errors(who, leverage, ("spark.total", spark)) >= 3.0


def test_dealers_losses_rise_with_what_closing_out_costs() -> None:
    assert in_standard_errors(["dealers"], TODAY, ("margin.close_out_cost", 0.05)) >= 3.0


def test_banks_losses_rise_with_loss_given_default() -> None:
    assert default().dealers.loss_given_default == 0.4
    assert in_standard_errors(["banks"], HIGH, ("dealers.loss_given_default", 0.6)) >= 3.0


def test_banks_losses_fall_with_dealers_capital() -> None:
    assert default().dealers.capital == 250.0
    change = ("dealers.capital", 350.0)
    assert in_standard_errors(["banks"], HIGH, change) <= -3.0
    # Two fifths more capital spare more than the interest that it saves could: a third of losses and more.
    assert losses(HIGH, change)["banks"].mean() < losses(HIGH)["banks"].mean() * 2.0 / 3.0
