"""Morris's elementary effects: how much an outcome moves with each number, beside how much it moves by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from abm.attribution.explain import CANNOT_TELL, LOWERS, NOTHING_DONE, RAISES
from abm.evidence.assumed import Assumed
from abm.evidence.check import mean_of
from abm.influence.design import DELTA, LEVELS, of_trajectories

EITHER_WAY = "moves it, either way"
RESAMPLES = 1000
RESAMPLED_BY = 1  # SALib takes nought for no seed
ALLOWED = 0.01  # part of the numbers that do nothing of which it may be said that they do something
FEWEST = 2  # trajectories from which an interval comes


class Outcomes(NamedTuple):
    """An outcome along trajectories, (trajectories, worlds): its mean over seeds, and what chance makes of that.

    `chance` is a contrast of the seeds with the variance of their mean and without any effect in it: analysed like
    the mean it shows what would be read if no number did anything. None from a single seed. `left_out`: trajectories
    without a seed on which all their runs have the outcome, `kept` the others.
    """

    mean: np.ndarray
    chance: np.ndarray | None
    kept: np.ndarray
    left_out: int


def over_seeds(values: np.ndarray) -> Outcomes:
    """The outcomes of runs, (trajectories, worlds, seeds), nan where a run has none, over the seeds that are whole."""
    whole: np.ndarray = np.all(np.isfinite(values), axis=1)  # (trajectories, seeds)
    kept = np.flatnonzero(np.any(whole, axis=1))
    means = np.array([values[t][:, whole[t]].mean(axis=1) for t in kept])
    chance = None
    if len(kept) and whole[kept].sum(axis=1).min() > 1:
        chance = np.array([contrast(values[t][:, whole[t]]) for t in kept])
    return Outcomes(means, chance, kept, len(values) - len(kept))


def contrast(values: np.ndarray) -> np.ndarray:
    """Half of the seeds against the other half, over the last axis, with the variance of the mean of all.

    k (mean of a seeds - mean of b seeds) with k = sqrt(a b) / (a + b): where seeds have variance v it has that of
    their mean, v / (a + b), and what all seeds share is gone from it.
    """
    n = values.shape[-1]
    a = n // 2
    weight = np.sqrt(a * (n - a)) / n
    return weight * (values[..., :a].mean(axis=-1) - values[..., a:].mean(axis=-1))


def effects(worlds: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """The elementary effect of every number in every trajectory, (trajectories, numbers), in the outcome's unit.

    `worlds` (trajectories, numbers + 1, numbers), `outcome` (trajectories, numbers + 1). The change of the outcome
    when the number takes a step up: half of its range on a logarithmic scale, which is a doubling where the range
    is from half to double. (Morris 1991 divides by the step's part of the grid; here nothing is.)
    """
    moves = np.diff(worlds, axis=1)
    moved = np.abs(moves).argmax(axis=2)
    ways = np.sign(np.take_along_axis(moves, moved[:, :, None], axis=2)[:, :, 0])
    found = np.empty_like(moved, dtype=float)
    np.put_along_axis(found, moved, ways * np.diff(outcome, axis=1), axis=1)
    return found


def statistics(numbers: Sequence[Assumed], worlds: np.ndarray, outcome: np.ndarray) -> dict[str, np.ndarray]:
    """SALib's mu, mu_star, sigma and the half-width of mu_star's 95 % interval (bootstrap over trajectories).

    Per step, in the outcome's unit. Source: Morris (1991); Campolongo, Cariboni and Saltelli (2007).
    """
    from SALib.analyze import morris

    flat = worlds.reshape(-1, worlds.shape[-1])
    found = morris.analyze(
        of_trajectories(numbers),
        flat,
        np.ascontiguousarray(outcome.reshape(-1)),
        num_resamples=RESAMPLES,
        num_levels=LEVELS,
        seed=RESAMPLED_BY,
    )
    return {name: DELTA * np.asarray(found[name], float) for name in ("mu", "mu_star", "sigma", "mu_star_conf")}


def screened(numbers: Sequence[Assumed], worlds: np.ndarray, found: Outcomes, top: int) -> pl.DataFrame:
    """A row for each number, the most influential first.

    `mu_star`: mean size of the elementary effects, with its interval; `noise`: the same of what chance makes, and
    `p` that of `above_chance`; `in_top`: how often the number is among the first when trajectories are drawn again.
    A number whose effects are not surely larger than those of chance cannot be told from one that does nothing.
    """
    worlds = worlds[found.kept]
    own = statistics(numbers, worlds, found.mean)
    each = effects(worlds, found.mean)
    noise = None if found.chance is None else statistics(numbers, worlds, found.chance)
    p = None if found.chance is None else above_chance(np.abs(each), np.abs(effects(worlds, found.chance)))
    often = in_top(np.abs(each), top)
    rows: list[dict[str, Any]] = []
    for place, number in enumerate(numbers):
        mu_star, reach = own["mu_star"][place], own["mu_star_conf"][place]
        chance = None if noise is None else float(noise["mu_star"][place])
        highest = None if noise is None else float(noise["mu_star"][place] + noise["mu_star_conf"][place])
        rows.append(
            {
                "path": number.path,
                "unit": number.unit,
                "value": float(number.value),
                "low": float(number.low),
                "high": float(number.high),
                "mu_star": float(mu_star),
                "mu_star_low": max(0.0, float(mu_star - reach)),  # a mean of sizes
                "mu_star_high": float(mu_star + reach),
                "mu": float(own["mu"][place]),
                "sigma": float(own["sigma"][place]),
                "noise": chance,
                "noise_high": highest,
                "p": None if p is None else float(p[place]),
                "in_top": float(often[place]),
                "said": said(each[:, place], None if p is None else float(p[place])),
            }
        )
    kinds = {"noise": pl.Float64, "noise_high": pl.Float64, "p": pl.Float64}
    table = pl.DataFrame(rows, schema_overrides=kinds).sort("mu_star", descending=True, maintain_order=True)
    return table.select(pl.int_range(1, pl.len() + 1).alias("rank"), pl.all())


def above_chance(sizes: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """The p-value of each number's effects being no larger than those of chance, (numbers,).

    Wilcoxon's signed-rank test, one-sided, of sizes (units, numbers) against those that the contrast of the seeds has
    in the same worlds, which pairs away that chance is larger in some worlds; if a number does nothing both have the
    same law. From fewer than seven units no p-value is below 0.01.
    """
    from scipy.stats import wilcoxon

    differences = (sizes - by_chance).T
    return np.array([wilcoxon(own, alternative="greater")[1] if own.any() else 1.0 for own in differences])


def said(each: np.ndarray, p: float | None) -> str:
    """What a number does, as far as can be told."""
    if not each.any():
        return NOTHING_DONE
    if p is None or p > ALLOWED:
        return CANNOT_TELL
    mean = mean_of(each)
    if mean.low is not None and mean.low > 0.0:
        return RAISES
    return LOWERS if mean.high is not None and mean.high < 0.0 else EITHER_WAY


def in_top(sizes: np.ndarray, top: int) -> np.ndarray:
    """How often each number is among the first so many when trajectories are drawn again, (numbers,)."""
    chance = np.random.default_rng(RESAMPLED_BY)
    many, k = sizes.shape
    counts = np.zeros(k)
    for _ in range(RESAMPLES):
        means = sizes[chance.integers(many, size=many)].mean(axis=0)
        counts[first_of(means, top)] += 1.0
    return counts / RESAMPLES


def first_of(sizes: np.ndarray, top: int) -> np.ndarray:
    """The places of the largest, ties in the order of the file."""
    return np.argsort(-sizes, kind="stable")[:top]


def converged(sizes: np.ndarray, top: int) -> pl.DataFrame:
    """How the ranking settles: sizes of effects, (trajectories, numbers), of the first two, three ... trajectories.

    Against all of them: the part of the first `top` that is the same, and Spearman's correlation of the whole
    ranking. `halves`: the same part between the two halves of so many trajectories, which share no run.
    """
    rows = []
    last = sizes.mean(axis=0)
    for many in range(FEWEST, len(sizes) + 1):
        means, half = sizes[:many].mean(axis=0), many // 2
        rows.append(
            {
                "trajectories": many,
                "same_first": shared(means, last, top),
                "spearman": spearman(means, last),
                "halves": shared(sizes[:half].mean(axis=0), sizes[half : 2 * half].mean(axis=0), top),
            }
        )
    return pl.DataFrame(rows)


def shared(one: np.ndarray, other: np.ndarray, top: int) -> float:
    """The part of the first so many that two rankings have in common."""
    return len({*first_of(one, top).tolist()} & {*first_of(other, top).tolist()}) / top


def spearman(one: np.ndarray, other: np.ndarray) -> float | None:
    """The rank correlation of two rankings; None where one of them does not differ at all."""
    if np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return None
    return float(rank_correlations(np.column_stack([one, other]))[0, 1])


def rank_correlations(columns: np.ndarray) -> np.ndarray:
    """Spearman's correlation of every two columns, (columns, columns)."""
    from scipy.stats import rankdata

    return np.corrcoef(rankdata(columns, axis=0), rowvar=False)
