"""Drawing first books: stratified quantiles, so that the totals hold in every seed."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from abm.compiled import rule_with_arrays
from abm.streams import uniforms


@rule_with_arrays
def first_uniforms(seed, stream, identities):
    """Return one uniform number in (0, 1) per identity."""
    draws = np.empty(identities.shape[0])
    for row in range(identities.shape[0]):
        draws[row] = uniforms(seed, stream, identities[row], 0)[0]
    return draws


@rule_with_arrays
def several_uniforms(seed, stream, identities, count):
    """Return `count` uniform numbers in (0, 1) per identity, (n, count)."""
    draws = np.empty((identities.shape[0], count))
    for row in range(identities.shape[0]):
        for place in range(count):
            draws[row, place] = uniforms(seed, stream, identities[row], 1 + place)[0]
    return draws


def strata(seed: int, stream: int, identities: np.ndarray) -> np.ndarray:
    """Return one number in (0, 1) per agent: evenly spread quantiles in an order drawn by chance.

    Shape: (n,). Every seed has the same set of quantiles; who gets which is what differs.
    """
    draws = first_uniforms(seed, stream, np.asarray(identities))
    return (np.argsort(np.argsort(draws)) + 0.5) / len(identities)


def pareto_shares(quantiles: np.ndarray, tail_exponent: float, largest_share: float = 1.0) -> np.ndarray:
    """Return shares that sum to one, Pareto distributed, none above `largest_share` (if that can be).

    The quantile function is (1 - u)^(-1 / tail_exponent).
    """
    sizes = (1.0 - quantiles) ** (-1.0 / tail_exponent)
    return spread(sizes, 1.0, np.full(len(sizes), max(largest_share, 1.0 / len(sizes))))


def lognormal(quantiles: np.ndarray, dispersion: float) -> np.ndarray:
    """Return log-normal multiples with median one; dispersion is the standard deviation in log points."""
    normal = NormalDist()
    return np.exp(dispersion * np.array([normal.inv_cdf(float(u)) for u in quantiles]))


def spread(weights: np.ndarray, total: float, most: np.ndarray) -> np.ndarray:
    """Share out a total in proportion to weights, nobody above his most; what he cannot take goes to the others.

    If all are full the result sums to less than the total: the caller reports what was realised.
    """
    amounts = np.zeros(len(weights))
    free = weights > 0
    left = total
    while left > 0 and free.any():
        wanted = left * weights / weights[free].sum()
        full = free & (wanted >= most)
        if not full.any():
            amounts[free] = wanted[free]
            break
        amounts[full] = most[full]
        left = total - amounts[~free | full].sum()
        free &= ~full
    return amounts


def heavy_picks(seed: int, stream: int, identities: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Return `count` different choices per identity, (n, count), drawn with chances in proportion to weights.

    Weights are those of all, (choices,), or of each, (n, choices).
    Source: Efraimidis and Spirakis (2006), weighted sampling by the largest u^(1/w).
    """
    draws = several_uniforms(seed, stream, identities, weights.shape[-1])
    weights, keys = np.broadcast_to(weights, draws.shape), np.full(draws.shape, -np.inf)
    possible = weights > 0
    keys[possible] = np.log(draws[possible]) / weights[possible]
    return np.argsort(keys)[:, ::-1][:, :count]
