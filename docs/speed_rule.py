"""The rule behind the cuts of speed: which falls count, and where the gap between slow and quick ones lies.

Numbers in, numbers out, nothing but NumPy: `speed_cuts.py` brings the data and writes the page.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np

LEAST_FALL = 0.30  # share of the peak
LONGEST = 750  # trading days from peak to trough: the length of a run
DRAWS = 2000  # of every bootstrap
SEED = 1885
GRID = np.linspace(-0.5, 1.5, 2001)


class Rule(NamedTuple):
    """What the rule makes of the shares: the two neighbouring falls at the bounds, and how it found them.

    antimode is None where the density has one mode only.
    """

    low: float
    high: float
    antimode: float | None
    bandwidth: float


def deepest(logs: np.ndarray, longest: int) -> tuple[float, int, int]:
    """Return the largest fall of at most `longest` days: in log points, its peak and its trough."""
    best, highs = (0.0, 0, 0), deque[int]()
    for day, log in enumerate(logs.tolist()):
        while highs and logs[highs[-1]] <= log:
            highs.pop()
        highs.append(day)
        if highs[0] < day - longest:
            highs.popleft()
        best = max(best, (float(logs[highs[0]]) - log, highs[0], day), key=lambda fall: fall[0])
    return best


def spans(closes: np.ndarray, least: float = LEAST_FALL, longest: int = LONGEST) -> list[tuple[int, int]]:
    """Return (peak, trough) of all falls that do not overlap, in order of time.

    The largest fall of at most `longest` days is taken, and what lies before its peak and after its trough is
    searched in the same way, until no fall of `least` is left.
    """
    logs = np.log(closes)
    todo, found = [(0, len(logs) - 1)], []
    while todo:
        first, last = todo.pop()
        fall, peak, trough = deepest(logs[first : last + 1], longest)
        if -math.expm1(-fall) >= least:
            found.append((first + peak, first + trough))
            todo += [(first, first + peak), (first + trough, last)]
    return sorted(found)


def silverman(values: np.ndarray) -> float:
    """Silverman's rule of thumb: 0.9 times the smaller of spread and quartile range / 1.34, times n to the -1/5."""
    low, high = np.percentile(values, (25, 75))
    return 0.9 * min(float(values.std(ddof=1)), float(high - low) / 1.34) * len(values) ** -0.2


def normal_reference(values: np.ndarray) -> float:
    """The wider rule for a single normal bell: 1.06 times the spread times n to the -1/5."""
    return 1.06 * float(values.std(ddof=1)) * len(values) ** -0.2


def density(values: np.ndarray, bandwidth: float) -> np.ndarray:
    """Gaussian kernel density on GRID, without its constant."""
    return np.exp(-0.5 * ((GRID[:, None] - values) / bandwidth) ** 2).sum(axis=1)


def modes(heights: np.ndarray) -> np.ndarray:
    """Places on GRID of all maxima."""
    inner = heights[1:-1]
    return 1 + np.flatnonzero((inner > heights[:-2]) & (inner >= heights[2:]))


def main_modes(values: np.ndarray, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """The density, and the places of its two highest maxima from left to right (one, if it has no more)."""
    heights = density(values, bandwidth)
    tops = modes(heights)
    return heights, np.sort(tops[np.argsort(-heights[tops], kind="stable")[:2]])


def rule(values: np.ndarray, bandwidth: float | None = None) -> Rule:
    """Return the two neighbouring shares between which the antimode lies.

    The antimode is the lowest point of the kernel density (bandwidth: Silverman's rule of thumb) between its two
    highest modes. If it has one mode only, the widest gap between neighbours counts, the lowest and the highest
    share left aside.
    """
    ordered = np.sort(values)
    width = max(silverman(ordered) if bandwidth is None else bandwidth, float(GRID[1] - GRID[0]))
    heights, tops = main_modes(ordered, width)
    if len(tops) < 2:
        place = 1 + int(np.argmax(np.diff(ordered[1:-1])))
        return Rule(float(ordered[place]), float(ordered[place + 1]), None, width)
    antimode = float(GRID[tops[0] + int(np.argmin(heights[tops[0] : tops[1] + 1]))])
    place = int(np.clip(np.searchsorted(ordered, antimode), 1, len(ordered) - 1))
    return Rule(float(ordered[place - 1]), float(ordered[place]), antimode, width)


def widest_between_modes(values: np.ndarray, bandwidth: float) -> Rule:
    """The other reading of an emptiest interval: the widest gap between the two main modes, wherever the antimode."""
    ordered = np.sort(values)
    tops = main_modes(ordered, bandwidth)[1]
    if len(tops) < 2:
        return rule(values, bandwidth)
    inside = (ordered[1:] > GRID[tops[0]]) & (ordered[:-1] < GRID[tops[1]])
    place = int(np.argmax(np.where(inside, np.diff(ordered), -1.0)))
    return Rule(float(ordered[place]), float(ordered[place + 1]), rule(values, bandwidth).antimode, bandwidth)


def rounded(found: Rule) -> tuple[float, float]:
    """Return the cuts to two decimals, rounded into the gap: the falls at its bounds keep their labels."""
    low, high = math.ceil(round(found.low * 100, 6)) / 100, math.floor(round(found.high * 100, 6)) / 100
    return (low, high) if low < high else (found.low, found.high)


def cuts(values: np.ndarray) -> tuple[float, float]:
    """From shares to the two cuts: at most this is gradual, at least this is sudden."""
    return rounded(rule(values))


def unimodal_p(values: np.ndarray) -> tuple[float, float]:
    """Silverman's test of one mode: the smallest bandwidth with one mode, and how often a single bell needs more."""
    low, high = 1e-3, 1.0
    while high - low > 1e-5:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if len(modes(density(values, middle))) < 2 else (middle, high)
    generator = np.random.default_rng(SEED)
    shrink = 1.0 / math.sqrt(1.0 + high**2 / float(values.var()))
    more = 0
    for _ in range(DRAWS):
        drawn = generator.choice(values, len(values)) + high * generator.standard_normal(len(values))
        more += len(modes(density(values.mean() + shrink * (drawn - values.mean()), high))) > 1
    return high, more / DRAWS


def bootstrap(values: np.ndarray) -> list[Rule]:
    """The rule on episodes drawn with replacement."""
    generator = np.random.default_rng(SEED)
    return [rule(generator.choice(values, len(values))) for _ in range(DRAWS)]
