"""How a price fell: how far, how fast, and how much of it in its worst month, from closing prices alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

WINDOW = 20  # trading days, about a month


@dataclass(frozen=True)
class Fall:
    """The largest fall of a price from a peak to a later trough.

    drawdown: share of the peak lost; log_fall: the same in log points; days_to_half: trading days from the
    peak until half of the log fall is done; worst_20_day_share: share of the log fall in its worst stretch
    of 20 consecutive trading days; worst_day: most negative daily log return of the fall. All but the first
    two are None where the price never fell.
    """

    drawdown: float
    log_fall: float
    days_to_half: int | None
    worst_20_day_share: float | None
    worst_day: float | None


def largest_fall(prices: np.ndarray) -> Fall:
    """Measure the largest fall in prices (days,), the opening price included.

    The worst 20 days are consecutive: that definition, and not the sum of the 20 worst single days,
    reproduces the measured falls of 1929, 1987, 2000, 2007 and 2020 (a fall of less than 20 days has 1).
    """
    logs = np.log(np.asarray(prices, dtype=np.float64))
    highs = np.maximum.accumulate(logs)
    trough = int(np.argmax(highs - logs))
    log_fall = float(highs[trough] - logs[trough])
    if log_fall <= 0.0:
        return Fall(0.0, 0.0, None, None, None)
    # The last day at the high: the fall starts when the price leaves it.
    peak = int(np.flatnonzero(logs[: trough + 1] == highs[trough])[-1])
    path = logs[peak : trough + 1]
    days = min(WINDOW, len(path) - 1)
    return Fall(
        drawdown=float(-np.expm1(-log_fall)),
        log_fall=log_fall,
        days_to_half=int(np.argmax(path <= path[0] - 0.5 * log_fall)),
        worst_20_day_share=float((path[:-days] - path[days:]).max() / log_fall),
        worst_day=float(np.diff(path).min()),
    )


def fall_of(ticks: pl.DataFrame, market: str) -> Fall:
    """Return the largest fall of a market's price; every price opens at 1."""
    return largest_fall(np.concatenate(([1.0], ticks[f"price_{market}"].to_numpy())))
