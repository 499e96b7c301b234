"""Where a sweep looks: all combinations, or points that fill the space between the ends of its ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

from abm.errors import InputError
from abm.scenario.reading import DECLARED
from abm.sweep.plan import MOST_POINTS, MOST_VALUES, Parameter, Value

Points = tuple[tuple[Value, ...], ...]


def grid(parameters: Sequence[Parameter]) -> Points:
    """All combinations of the listed values; the last parameter varies fastest."""
    return tuple(product(*(parameter.values for parameter in parameters)))


def drawn(design: str, parameters: Sequence[Parameter], n_points: int, seed: int) -> Points:
    """The points of a Latin hypercube or of a scrambled Sobol sequence.

    In the first every parameter has one point in each of `n_points` equal parts of its range (McKay, Beckman
    and Conover 1979); the second, for powers of two, spreads evenly over several parameters together as well
    (Owen 1998).
    """
    import numpy as np
    from scipy.stats import qmc

    sampler = {"latin_hypercube": qmc.LatinHypercube, "sobol": qmc.Sobol}[design]
    places = sampler(len(parameters), rng=np.random.default_rng(seed)).random(n_points)
    columns = zip(parameters, places.T.tolist(), strict=True)
    return tuple(zip(*([value_at(p, place) for place in column] for p, column in columns), strict=True))


def value_at(parameter: Parameter, place: float) -> Value:
    """The value at a place from 0 to 1 of the parameter's range; listed values and whole numbers have equal parts."""
    if parameter.values:
        return parameter.values[min(int(place * len(parameter.values)), len(parameter.values) - 1)]
    low, high = parameter.low, parameter.high
    assert low is not None
    assert high is not None
    whole = DECLARED[parameter.path].kind is int
    end = high + 1 if whole else high
    if parameter.scale == "log":
        value = math.exp(math.log(low) + place * (math.log(end) - math.log(low)))
    else:
        value = low + place * (end - low)
    return min(max(math.floor(value) if whole else value, low), high)


def refuse_many(label: str, n_points: int, n_parameters: int) -> None:
    if n_points > MOST_POINTS:
        raise InputError(f"{label}: the design has {n_points} points; allowed are at most {MOST_POINTS}")
    if n_points * n_parameters > MOST_VALUES:
        raise InputError(
            f"{label}: the design has {n_points} points of {n_parameters} parameters; "
            f"allowed are at most {MOST_VALUES} values in all"
        )
