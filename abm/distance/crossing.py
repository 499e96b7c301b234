"""Where a difference that is measured with noise passes a level: the first crossing, its interval, and a second.

All here is of one side of today's value. Places grow with the distance from it, and start at it with nought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats
from scipy.optimize import isotonic_regression

CONFIDENCE = 0.95
TAIL = (1.0 - CONFIDENCE) / 2.0
FINEST = 0.01  # part of the range, on its scale, that is never cut further
OF_INTERVAL = 0.1  # part of the interval of the crossing that is not worth cutting further
MOST_NEW = 8  # points of a round: two on each side of the crossing, two at each end of its interval


@dataclass(frozen=True)
class Band:
    """A mean over seeds at every point, (points,), with its 95 % interval and the number of seeds."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray

    def mirrored(self) -> Band:
        """The same below nought, so that what falls below a level rises above its mirror image."""
        return Band(-self.value, -self.high, -self.low, self.n)

    def at(self, places: np.ndarray | slice) -> Band:
        """Some of the points."""
        return Band(self.value[places], self.low[places], self.high[places], self.n[places])


@dataclass(frozen=True)
class Crossing:
    """What one side shows.

    `value`: the first crossing; `low` and `high`: the last place before it that is surely under the level and the
    first that is surely over it, None where there is none; `second`: where the difference surely falls back.
    `never`: surely under the level at every point. `doubtful`: it may fall back, but noise may show that too.
    """

    value: float | None
    low: float | None
    high: float | None
    never: bool = False
    second: float | None = None
    doubtful: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether both ends of the interval were found."""
        return self.value is not None and self.low is not None and self.high is not None


def of_shares(differences: np.ndarray) -> Band:
    """The mean of differences of -1, 0 and 1, (points, seeds), nan where a run has no outcome.

    The interval is Clopper and Pearson's, which is never too narrow; where some differences are -1 the seeds
    count fewer by the factor by which the variance exceeds that of a share, as Korn and Graubard (1998) have it.
    """
    n, mean = counted(differences)
    spread = np.nanmean(np.where(n[:, None] > 0, differences, 0.0) ** 2, axis=1) - mean**2
    alone = mean * (1.0 - mean)
    factor = np.where(alone > 0.0, np.maximum(1.0, spread / np.where(alone > 0.0, alone, 1.0)), 1.0)
    worth = np.maximum(n, 1) / factor
    count = np.clip(mean, 0.0, 1.0) * worth
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0.0, stats.beta.ppf(TAIL, count, worth - count + 1.0), 0.0)
        high = np.where(count < worth, stats.beta.ppf(1.0 - TAIL, count + 1.0, worth - count), 1.0)
    low = np.where(mean < 0.0, np.maximum(-1.0, of_means(differences).low), low)
    return Band(mean, np.where(n > 0, low, -1.0), np.where(n > 0, high, 1.0), n)


def of_means(differences: np.ndarray) -> Band:
    """The mean of differences of any kind, (points, seeds), with Student's t interval; endless for one seed."""
    n, mean = counted(differences)
    many = np.maximum(n, 2)
    squares = np.nansum((differences - mean[:, None]) ** 2, axis=1)
    reach = stats.t.ppf(1.0 - TAIL, many - 1) * np.sqrt(squares / (many - 1) / many)
    reach = np.where(n > 1, reach, np.inf)
    return Band(mean, mean - reach, mean + reach, n)


def counted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many seeds have a value at every point, and their mean; nought where there are none."""
    n = np.sum(~np.isnan(values), axis=1)
    return n, np.nansum(values, axis=1) / np.maximum(n, 1)


def first_crossing(places: np.ndarray, band: Band, level: float) -> Crossing:
    """Where the mean first rises over the level.

    The interval holds all places at which the level cannot be told from the mean, between the last point that is
    surely under it and the first surely over it: a test turned round, which wants no law of the noise and no slope.
    The value is that of a rising regression (pool adjacent violators; Barlow et al. 1972) between these two, in the
    middle of where it equals the level.
    """
    under, over = band.high < level, band.low > level
    if under.all():
        return Crossing(None, None, None, never=True)
    if not over.any():
        passed = np.flatnonzero(band.value > level)
        last = int(passed[0]) if len(passed) else len(places) - 1
        before = np.flatnonzero(under[: last + 1])
        value = rising(places[: last + 1], band.at(slice(0, last + 1)), level) if len(passed) else None
        return Crossing(value, float(places[before[-1]]) if len(before) else None, None)
    sure = int(np.argmax(over))
    before = np.flatnonzero(under[:sure])
    start = int(before[-1]) if len(before) else 0
    between = slice(start, sure + 1)
    back, doubtful = falling_back(places, band, level, sure)
    return Crossing(
        rising(places[between], band.at(between), level),
        float(places[start]) if len(before) else None,
        float(places[sure]),
        second=back,
        doubtful=doubtful,
    )


def falling_back(places: np.ndarray, band: Band, level: float, sure: int) -> tuple[float | None, bool]:
    """Where the mean surely falls under the level again beyond a point, and whether it may, if not surely."""
    later = np.flatnonzero(band.high[sure:] < level) + sure
    if not len(later):
        return None, bool((band.value[sure:] < level).any())
    last = int(np.flatnonzero(band.low[: later[0]] > level)[-1])
    between = slice(last, int(later[0]) + 1)
    return rising(places[between], band.at(between).mirrored(), -level), False


def rising(places: np.ndarray, band: Band, level: float) -> float:
    """Where a rising regression through some points equals the level: the middle of that stretch."""
    fit = isotonic_regression(band.value, weights=np.maximum(band.n, 1)).x
    reached, exceeded = np.flatnonzero(fit >= level), np.flatnonzero(fit > level)
    first = int(reached[0]) if len(reached) else len(fit) - 1
    past = int(exceeded[0]) if len(exceeded) else len(fit) - 1
    return 0.5 * (met(places, fit, level, first) + met(places, fit, level, past))


def met(places: np.ndarray, fit: np.ndarray, level: float, at: int) -> float:
    """Where the straight line to a point from the one before it has the level."""
    if at == 0 or fit[at] <= fit[at - 1]:
        return float(places[at])
    part = np.clip((level - fit[at - 1]) / (fit[at] - fit[at - 1]), 0.0, 1.0)
    return float(places[at - 1] + part * (places[at] - places[at - 1]))


def worth_asking(places: np.ndarray, found: Crossing) -> list[float]:
    """New places that would narrow the crossing and both ends of its interval; none where noise is what is left."""
    if found.value is None:
        return []
    span = float(places[-1] - places[0])
    width = (found.high - (found.low or 0.0)) if found.high is not None else span
    enough = max(FINEST * span, OF_INTERVAL * width)
    gaps = list(pairwise(places.tolist()))
    wanted = [gap for gap in gaps if gap[0] <= found.value <= gap[1]]
    wanted += [gap for gap in gaps if gap[0] == found.low or gap[1] == found.high]
    wide = sorted({gap for gap in wanted if gap[1] - gap[0] > enough})
    return [place for gap in wide for place in evenly(gap, 3 if len(wide) == 1 else 2)]


def evenly(gap: Sequence[float], many: int) -> list[float]:
    """So many places inside a gap."""
    return np.linspace(gap[0], gap[1], many + 2)[1:-1].tolist()
