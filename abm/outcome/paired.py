"""Paired comparisons: the mean difference on common random numbers, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A mean, its 95 % interval and standard error, and the number of pairs; None for a single pair."""

    mean: float
    low: float | None
    high: float | None
    standard_error: float | None
    n: int

    @property
    def sign(self) -> int:
        """1 or -1 when the whole interval lies on one side of nought, else 0."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0.0) - int(self.high < 0.0)


def paired_difference(first: Sequence[float | None], second: Sequence[float | None]) -> Interval | None:
    """Return mean(first - second) over pairs without a gap, with Student's t interval; None without pairs.

    The two sequences hold the same seeds in the same order.
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if not pairs:
        return None
    differences = np.array([a - b for a, b in pairs], dtype=np.float64)
    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return Interval(mean, None, None, None, n)
    error = float(differences.std(ddof=1)) / math.sqrt(n)
    reach = student_t_quantile(0.975, n - 1) * error
    return Interval(mean, mean - reach, mean + reach, error, n)


def share_interval(count: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson (1927); n of nought knows nothing: (0, 1)."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.975)
    share = count / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def student_t_quantile(p: float, degrees: int) -> float:
    """Return the quantile of Student's t: exact for 1 and 2 degrees of freedom, else to 0.5 % at p = 0.975.

    Expansion in 1 / degrees (Abramowitz and Stegun 1964, 26.7.5).
    """
    if degrees == 1:
        return math.tan(math.pi * (p - 0.5))
    if degrees == 2:
        return (2.0 * p - 1.0) * math.sqrt(2.0 / (4.0 * p * (1.0 - p)))
    x = NormalDist().inv_cdf(p)
    x3, x5, x7 = x * x * x, x**5, x**7
    terms = (
        (x3 + x) / 4,
        (5 * x5 + 16 * x3 + 3 * x) / 96,
        (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384,
        (79 * x**9 + 776 * x7 + 1482 * x5 - 1920 * x3 - 945 * x) / 92160,
    )
    return x + sum(term / degrees ** (k + 1) for k, term in enumerate(terms))
