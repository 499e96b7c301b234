"""Shapley values and interactions of a game whose worth is known for coalitions, seed by seed.

A coalition of n players is a bit mask: bit i is set where player i is in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from abm.outcome.paired import Interval

NOUGHT = 1e-12  # as a share: what rounding may leave of nothing
MOST_EXACT = 12  # players: 4 096 coalitions


def shapley_values(worth: np.ndarray) -> np.ndarray:
    """Return what each player adds, averaged over all orders in which players may arrive.

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S)).

    Parameters: worth (..., 2**n), in the unit of the outcome, by mask. Returns (..., n), which sum to
    worth[..., -1] - worth[..., 0]; a player who never changes anything gets exactly nought.
    Source: Shapley (1953), A value for n-person games.
    """
    n = players(worth)
    masks = np.arange(2**n)
    sizes = np.bitwise_count(masks)
    weights = np.array([math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in range(n)])
    found = np.empty((*worth.shape[:-1], n))
    for i in range(n):
        without = masks[(masks >> i) & 1 == 0]
        found[..., i] = (worth[..., without | (1 << i)] - worth[..., without]) @ weights[sizes[without]]
    return found


def interactions(worth: np.ndarray) -> np.ndarray:
    """Return what each two players do together beyond what they do apart; nought on the diagonal.

    I_ij = sum over S without i and j of |S|! (n - |S| - 2)! / (n - 1)! (v(S + ij) - v(S + i) - v(S + j) + v(S)).

    Parameters: worth (..., 2**n), by mask. Returns (..., n, n), symmetric: above nought where each makes the other
    do more, below where one does what the other would have done.
    Source: Grabisch and Roubens (1999), An axiomatic approach to the concept of interaction.
    """
    n = players(worth)
    masks = np.arange(2**n)
    sizes = np.bitwise_count(masks)
    weights = np.array([math.factorial(s) * math.factorial(n - s - 2) / math.factorial(n - 1) for s in range(n - 1)])
    found = np.zeros((*worth.shape[:-1], n, n))
    for i in range(n):
        for j in range(i):
            first, second = 1 << i, 1 << j
            apart = masks[masks & (first | second) == 0]
            together = worth[..., apart | first | second] - worth[..., apart | first]
            together -= worth[..., apart | second] - worth[..., apart]
            found[..., i, j] = found[..., j, i] = together @ weights[sizes[apart]]
    return found


def players(worth: np.ndarray) -> int:
    """Return the number of players of a whole game."""
    n = worth.shape[-1].bit_length() - 1
    if worth.shape[-1] != 2**n or n < 1:
        raise ValueError(f"a game has 2**n coalitions of n >= 1 players, not {worth.shape[-1]}")
    return n


def orders(n: int, pairs: int, seed: int) -> np.ndarray:
    """Return orders of n players (2 * pairs, n): random ones, each followed by its reverse.

    Source: Mitchell, Cooper, Frank and Holmes (2022), Sampling permutations for Shapley value estimation, section 4.1.
    """
    random = np.random.default_rng(seed)
    forward = np.array([random.permutation(n) for _ in range(pairs)])
    return np.stack((forward, forward[:, ::-1]), axis=1).reshape(2 * pairs, n)


def on_the_way(sampled: np.ndarray) -> np.ndarray:
    """Return the coalitions through which each order passes, as masks (orders, n + 1), the empty one first."""
    start = np.zeros((len(sampled), 1), dtype=np.int64)
    return np.concatenate((start, np.cumsum(np.int64(1) << sampled, axis=1)), axis=1)


def contributions(worth: np.ndarray, masks: np.ndarray, sampled: np.ndarray) -> np.ndarray:
    """Return what each player adds in every pair of an order and its reverse.

    Parameters: worth (seeds, coalitions) of the coalitions `masks` (coalitions,), ascending; sampled (orders, n).
    Returns (seeds, pairs, n); the mean over pairs is without bias for the Shapley value.
    Source: Castro, Gómez and Tejada (2009), Polynomial calculation of the Shapley value based on sampling.
    """
    steps = np.diff(worth[:, np.searchsorted(masks, on_the_way(sampled))], axis=2)
    added = np.empty_like(steps)
    for place, order in enumerate(sampled):
        added[:, place, order] = steps[:, place]
    return 0.5 * (added[:, ::2] + added[:, 1::2])


def over_seeds_and_orders(added: np.ndarray) -> Interval:
    """Return the mean of what one player adds (seeds, pairs), with its 95 % interval over both.

    var = s_seeds^2 / seeds + s_pairs^2 / pairs, of the means over the other one: each holds the joint variance too, so
    that the interval is a little wide. Degrees of freedom: Satterthwaite (1946). No interval with one of either.
    """
    from scipy.stats import t

    mean, seeds, pairs = float(added.mean()), *added.shape
    if min(seeds, pairs) < 2:
        return Interval(mean, None, None, None, seeds)
    parts = [float(added.mean(axis=1 - k).var(ddof=1)) / added.shape[k] for k in (0, 1)]
    variance = sum(parts)
    if variance == 0.0:
        return Interval(mean, mean, mean, 0.0, seeds)
    freedom = variance**2 / sum(part**2 / (many - 1) for part, many in zip(parts, (seeds, pairs), strict=True))
    reach = float(t.ppf(0.975, freedom)) * math.sqrt(variance)
    return Interval(mean, mean - reach, mean + reach, math.sqrt(variance), seeds)


def over_seeds(values: Sequence[float], is_share: bool) -> Interval:
    """Return a mean over seeds with Student's t interval.

    Of shares that are the same on all n seeds the interval would have no width: then it is as wide as the part of other
    seeds that may be unlike these by Wilson's interval, unless nothing happened on any of them.
    """
    from abm.outcome.paired import paired_difference, share_interval

    found = paired_difference(list(values), [0.0] * len(values))
    if found is None:
        raise ValueError("no seed")
    if is_share and found.standard_error is not None and found.standard_error < NOUGHT < abs(found.mean):
        reach = 1.0 - share_interval(found.n, found.n)[0]
        low, high = max(-1.0, found.mean - reach), min(1.0, found.mean + reach)
        return Interval(found.mean, min(low, found.mean), max(high, found.mean), 0.0, found.n)
    return found
