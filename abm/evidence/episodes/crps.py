"""How good an ensemble is as a forecast of one number, and how much better than another ensemble."""

from __future__ import annotations

import numpy as np

RESAMPLES = 1000
ROUNDING = 1e-12  # a score below it is nought


def crps(members: np.ndarray, observed: float, *, resampled: bool = False) -> np.ndarray:
    """Score ensembles (…, m) against what was observed: (…,) in its unit, 0 for an ensemble that is certain and right.

    CRPS = E|X − y| − ½ E|X − X'|, the continuous ranked probability score (Gneiting and Raftery 2007, equation 21).
    The second mean is over the m (m − 1) pairs of different members, so that an ensemble of any size has the
    expected score of the distribution that it was drawn from (the fair score, Ferro 2014; it may fall below nought
    by chance). A single member has its absolute error. With members in order
    Σ_{i<j} (x_j − x_i) = Σ_i (2i − m − 1) x_i.

    In an ensemble `resampled` from another of the same size with replacement, members meet themselves, on average
    in one pair of m; (m − 1)² pairs instead make up for it.
    """
    away = np.sort(np.asarray(members, dtype=np.float64) - observed, axis=-1)
    m = away.shape[-1]
    error = np.abs(away).mean(axis=-1)
    if m == 1:
        return error
    weights = 2.0 * np.arange(1, m + 1) - m - 1.0
    return error - away @ weights / ((m - 1) ** 2 if resampled else m * (m - 1))


def skill(model: np.ndarray, twin: np.ndarray) -> np.ndarray:
    """How much better a score is than the twin's, of the same shape, from −1 to 1.

    1 − model/twin where the model is the better one, as usual; twin/model − 1 where it is the worse. The usual form
    knows no bottom: where nothing happened and the twin, in which nothing can, is right for nothing, one wrong seed
    would weigh more than all other targets together. The sign is the same. 0 where both are right.
    """
    worse = np.maximum(model, twin)
    known = worse > ROUNDING
    gain = np.divide(twin - model, worse, out=np.zeros(np.shape(worse)), where=known)
    return np.clip(gain, -1.0, 1.0)


def resampled_skill(model: np.ndarray, twin: np.ndarray, observed: float) -> np.ndarray:
    """The skill (RESAMPLES,) of ensembles drawn anew from the paired seeds of both, (seeds,) each.

    All targets with as many seeds are drawn alike: their skills may be averaged draw by draw.
    """
    seeds = len(model)
    chosen = np.random.default_rng(2014).integers(seeds, size=(RESAMPLES, seeds))
    scores = (crps(members[chosen], observed, resampled=True) for members in (model, twin))
    return skill(*scores)
