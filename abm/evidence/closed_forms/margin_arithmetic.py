"""Margin arithmetic: one asset, leverage L, maintenance margin m.

    called at a fall of  1 - (1 - 1/L) / (1 - m)        own money gone at a fall of  1 / L

A fund of a run is hit by sparks of many sizes; the sizes from which on it is called, and seized with nothing left,
are found by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from abm.evidence.check import CLOSED_FORMS, Check, Curve, Judged, Picture, Runs, exact
from abm.evidence.closed_forms.edge import edge
from abm.evidence.closed_forms.worlds import one_fund, still

TERMS = ((1.5, 0.5), (2.0, 0.25), (3.0, 0.2), (4.0, 0.15), (6.0, 0.1))  # leverage, maintenance margin
NEAR = 0.05  # of a fall: half the bracket within which its edge is looked for


def call_at(leverage: float, maintenance: float) -> float:
    """The fall at which the requirement exceeds own money: m L (1 - f) = 1 - L f."""
    return 1.0 - (1.0 - 1.0 / leverage) / (1.0 - maintenance)


def gone_at(leverage: float) -> float:
    """The fall at which own money is gone: 1 - L f = 0."""
    return 1.0 / leverage


def judge(_runs: Runs, _seeds: int) -> Judged:
    calls = [fall_from_which(called, *terms, call_at(*terms)) for terms in TERMS]
    ends = [fall_from_which(ended, *terms, gone_at(terms[0])) for terms in TERMS]
    leverages = [leverage for leverage, _ in TERMS]
    picture = Picture(
        title="A fund is called, and gone, at the falls that algebra says",
        x="leverage, times",
        y="fall of the price, %",
        curves=[
            Curve("called", leverages, [100.0 * fall for fall in calls], joined=False),
            Curve("called, by algebra", leverages, [100.0 * call_at(*terms) for terms in TERMS], published=True),
            Curve("own money gone", leverages, [100.0 * fall for fall in ends], joined=False),
            Curve("gone, by algebra", leverages, [100.0 * gone_at(leverage) for leverage in leverages], published=True),
        ],
        words="Each leverage has its own maintenance margin: " + ", ".join(f"{m:.0%}" for _, m in TERMS) + ".",
    )
    errors = {
        "call": max(abs(fall - call_at(*terms)) for fall, terms in zip(calls, TERMS, strict=True)),
        "wipe_out": max(abs(fall - gone_at(terms[0])) for fall, terms in zip(ends, TERMS, strict=True)),
    }
    return Judged({name: exact(error) for name, error in errors.items()}, picture)


def fall_from_which(
    happens: Callable[[float, float, float], bool], leverage: float, maintenance: float, about: float
) -> float:
    """The fall of the price from which on it happens to a fund."""
    low, high = (-math.log1p(-max(0.0, about + step)) for step in (-NEAR, NEAR))
    return -math.expm1(-edge(lambda spark: happens(leverage, maintenance, spark), low, high))


def called(leverage: float, maintenance: float, spark: float) -> bool:
    """Whether a fund is called on the evening of a spark of so many log points."""
    return bool(after(leverage, maintenance, spark)["days_in_call"] > 0)


def ended(leverage: float, maintenance: float, spark: float) -> bool:
    """Whether it is seized that evening, before the day that it has to meet a call."""
    from abm.agents.leveraged_fund import SEIZED

    return bool(after(leverage, maintenance, spark)["status"] == SEIZED)


def after(leverage: float, maintenance: float, spark: float):
    """The fund on the evening of the spark."""
    from abm.economy import Economy

    economy = Economy(still(one_fund(leverage, maintenance) | {"spark.total": spark}), 0)
    economy.advance(1)
    return economy.funds[0]


CHECK = Check(
    "margin_arithmetic",
    CLOSED_FORMS,
    "A fund is called and gone at the falls of algebra",
    "accounting",
    judge,
    about="The smallest spark after which a fund of one asset is called, and after which it has nothing left.",
)
