"""Sobol indices of the first numbers: the part of an outcome's variance that each makes alone, and in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from abm.attribution.explain import CANNOT_TELL, NOTHING_DONE
from abm.evidence.assumed import Assumed
from abm.influence.design import problem
from abm.influence.effects import ALLOWED, RESAMPLED_BY, above_chance, contrast, rank_correlations

RESAMPLES = 500
WIDE = 1.96  # standard errors
MATTERS = "matters"
FEWEST = 2  # blocks from which an interval comes


class Spread(NamedTuple):
    """The variance of an outcome over all drawn worlds and seeds: the part that seeds make, with its interval."""

    of_numbers: float
    of_seeds: float
    part_of_seeds: float | None
    low: float | None
    high: float | None


def indices(first: Sequence[Assumed], values: np.ndarray) -> pl.DataFrame:
    """First-order and total indices of the mean over seeds, (blocks, numbers + 2, seeds), a row for each number.

    SALib's estimators (Saltelli et al. 2010), on blocks of A, A with one number after the other from B, and B. The
    intervals draw blocks and seeds again, both at once (Owen 2007). `noise`: the total index that chance alone
    gives a number, by the contrast of the seeds, and `p` that of `above_chance`; None from one seed.
    """
    from SALib.analyze import sobol

    mean = values.mean(axis=2)
    at = {"first": np.zeros(len(first)), "total": np.zeros(len(first))}
    resamples = np.zeros((3, RESAMPLES, len(first)))
    if np.ptp(mean[:, [0, -1]]) > 0.0:
        settings: dict[str, Any] = {"calc_second_order": False, "num_resamples": 2, "seed": RESAMPLED_BY}
        found = sobol.analyze(problem(first), mean.reshape(-1), **settings)
        at = {"first": found["S1"], "total": found["ST"]}
        resamples = drawn_again(values / float(np.std(mean[:, [0, -1]])))
    alone, total, chance = resamples
    noise, p = by_chance(values)
    rows = []
    for place, number in enumerate(first):
        ends = {"first": reach(alone[:, place]), "total": reach(total[:, place])}
        highest = None if noise is None else float(noise[place] + reach(chance[:, place]))
        rows.append(
            {
                "path": number.path,
                **{
                    f"{name}{end}": float(at[name][place] + sign * ends[name])
                    for name in ("first", "total")
                    for end, sign in (("", 0.0), ("_low", -1.0), ("_high", 1.0))
                },
                "noise": None if noise is None else float(noise[place]),
                "noise_high": highest,
                "p": None if p is None else float(p[place]),
                "said": said(float(at["total"][place]), None if p is None else float(p[place])),
            }
        )
    kinds = {"noise": pl.Float64, "noise_high": pl.Float64, "p": pl.Float64}
    table = pl.DataFrame(rows, schema_overrides=kinds)
    return table.with_columns(pl.col("total_low").clip(lower_bound=0.0))  # a mean of squares


def said(total: float, p: float | None) -> str:
    """Whether the total index is surely more than chance gives."""
    if total == 0.0:
        return NOTHING_DONE
    return CANNOT_TELL if p is None or p > ALLOWED else MATTERS


def reach(resamples: np.ndarray) -> float:
    """Half of a 95 % interval."""
    return WIDE * float(np.std(resamples, ddof=1))


def drawn_again(values: np.ndarray) -> np.ndarray:
    """First-order, total and chance's total indices, (3, resamples, numbers), with blocks and seeds drawn again."""
    from SALib.analyze.sobol import first_order, total_order

    blocks, size, seeds = values.shape
    generator = np.random.default_rng(RESAMPLED_BY)
    rows = generator.integers(blocks, size=(RESAMPLES, blocks))
    picks = generator.integers(seeds, size=(RESAMPLES, seeds))
    mean = np.array([values[row][:, :, pick].mean(axis=2) for row, pick in zip(rows, picks, strict=True)])
    mean -= mean[:, :, [0, -1]].mean(axis=(1, 2), keepdims=True)  # as SALib centres them
    a, b = mean[:, :, 0].T, mean[:, :, -1].T  # (blocks, resamples)
    each = [mean[:, :, place].T for place in range(1, size - 1)]
    alone = np.array([first_order(a, mixed, b) for mixed in each]).T
    total = np.array([total_order(a, mixed, b) for mixed in each]).T
    if seeds == 1:
        return np.array([alone, total, np.zeros_like(total)])
    squares = (chances := contrast(values))[:, :1] - chances[:, 1:-1]
    variance = np.var(np.concatenate([a, b]), axis=0)
    by_rows = 0.5 * (squares[rows] ** 2).mean(axis=1)
    chance = np.divide(by_rows, variance[:, None], out=np.zeros_like(by_rows), where=variance[:, None] > 0.0)
    return np.array([alone, total, chance])


def by_chance(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """The total index that chance gives each number, and the p-value of its changes, both (numbers,).

    The index is half the mean square of the contrasts' changes over the variance of the mean.
    """
    mean = values.mean(axis=2)
    variance = float(np.var(mean[:, [0, -1]]))
    if values.shape[2] < 2 or variance <= 0.0:
        return None, None
    chance = contrast(values)
    own, theirs = (np.abs(one[:, :1] - one[:, 1:-1]) for one in (mean, chance))
    return 0.5 * np.mean(theirs**2, axis=0) / variance, above_chance(own, theirs)


def converged(first: Sequence[Assumed], values: np.ndarray) -> pl.DataFrame:
    """The indices from a quarter, a half and all of the blocks, `samples` says from how many."""
    sizes = sorted({max(FEWEST, len(values) // part) for part in (4, 2, 1)})
    return pl.concat([indices(first, values[:n]).with_columns(pl.lit(n).alias("samples")) for n in sizes])


def spread(values: np.ndarray) -> Spread:
    """The variance over the points A and B and their seeds, split by one-way random effects.

    seeds = mean variance within a world; numbers = variance of worlds' means - seeds / n, not below nought. The
    interval of the seeds' part draws worlds again. Source: Searle, Casella and McCulloch (1992).
    """
    worlds = values[:, [0, -1]].reshape(-1, values.shape[2])
    if worlds.shape[1] < 2:
        return Spread(float(np.var(worlds, ddof=1)), 0.0, None, None, None)
    numbers, seeds = split(worlds)
    if numbers + seeds == 0.0:
        return Spread(0.0, 0.0, None, None, None)
    generator = np.random.default_rng(RESAMPLED_BY)
    again = [split(worlds[generator.integers(len(worlds), size=len(worlds))]) for _ in range(RESAMPLES)]
    low, high = np.quantile([own / max(both + own, 1e-300) for both, own in again], (0.025, 0.975))
    return Spread(numbers, seeds, seeds / (numbers + seeds), float(low), float(high))


def split(worlds: np.ndarray) -> tuple[float, float]:
    seeds = float(np.mean(np.var(worlds, axis=1, ddof=1)))
    between = float(np.var(worlds.mean(axis=1), ddof=1))
    return max(0.0, between - seeds / worlds.shape[1]), seeds


def dependence(places: np.ndarray) -> float:
    """The largest rank correlation of two numbers over the points A and B that were kept, (blocks, size, numbers).

    Nought but for chance where no block is refused; the estimators suppose it.
    """
    ranks = rank_correlations(places[:, [0, -1]].reshape(-1, places.shape[2]))
    return float(np.abs(ranks - np.eye(len(ranks))).max())
