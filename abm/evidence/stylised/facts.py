"""The statistics of daily returns that markets have in common, each over a matrix of series.

All take daily log returns (series, days) and give one value, or one curve, per series. Series of the same length
are compared with each other and the middle of them is taken: in 750 days kurtosis is too low, autocorrelations are
too low by about 1/days, and those of slowly changing volatility by much more. All of it cancels where both sides
are as long; pooled days would not do, since quiet and stormy runs together are fat-tailed even if none of them is.

Source of the facts: Cont (2001), "Empirical properties of asset returns: stylized facts and statistical issues".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

LEFT, RIGHT = -1.0, 1.0  # the side of falls, and that of rises
TAIL = 0.2  # share of the days, on one side, over which Hill's estimate is carried to no days
THINNEST = 50.0  # exponents beyond are no tail at all
MONTH, QUARTER = 21, 63
LAGS = range(1, 21)  # of returns, and of the leverage effect
LONG_LAGS = range(1, 101)  # of what volatility does
HORIZONS = (1, 5, 20, 60)
SHOWN_LAGS = (1, 2, 3, 5, 10, 15, *range(21, 100, 10))  # in pictures
RANKS = (1, 2, 3, 5, 8, 12, 20, 30, 45, 75)  # of the largest falls in pictures: to a tenth of 750 days


def excess_kurtosis(returns: np.ndarray) -> np.ndarray:
    """Return how much fatter than a normal's the tails are: m4 / m2^2 - 3 of each series, (series,)."""
    centred = returns - returns.mean(axis=1, keepdims=True)
    squares = centred * centred
    return (squares * squares).mean(axis=1) / squares.mean(axis=1) ** 2 - 3.0


def summed(returns: np.ndarray, days: int) -> np.ndarray:
    """Return the returns over so many days, one ending on every day that has them: (series, all days - days + 1)."""
    total = np.cumsum(np.pad(returns, ((0, 0), (1, 0))), axis=1)
    return total[:, days:] - total[:, :-days]


def kurtosis_by_horizon(returns: np.ndarray) -> np.ndarray:
    """Return the excess kurtosis of returns over one day, a week, a month and a quarter: (series, 4)."""
    return np.stack([excess_kurtosis(summed(returns, days)) for days in HORIZONS], axis=1)


def tail_exponent(returns: np.ndarray, side: float) -> np.ndarray:
    """Return the exponent a of P(move > x) ~ x^-a on one side, (series,); no number where a side has too few days.

    Hill's estimate from the k largest of n moves off the median, gamma(k) = mean of log(x_i / x_k+1), is biased by
    an amount that grows with k, and noisy where k is small. So no k is picked: with k = 1 .. n/5 a line
    gamma(k) = b0 + b1 k is fitted, weighted by k as the variance falls with it, and a = 1 / b0. On 750 days of
    Student's t with 3 (4) degrees of freedom the middle estimate is 3.0 (3.7), where k = n/20 alone gives 2.5 (2.9);
    of a normal 8, which stands for no tail. Source: Hill (1975); Huisman, Koedijk, Kool and Palm (2001).
    """
    moves = side * (returns - np.median(returns, axis=1, keepdims=True))
    n = int(TAIL * moves.shape[1])
    largest = -np.sort(-moves, axis=1)[:, : n + 1]
    enough = largest[:, -1] > 0.0
    logs = np.log(np.where(enough[:, None], largest, 1.0))
    k = np.arange(1.0, n + 1)
    gamma = np.cumsum(logs[:, :-1], axis=1) / k - logs[:, 1:]
    middle = np.average(k, weights=k)
    slope = (gamma * k * (k - middle)).sum(axis=1) / (k * (k - middle) ** 2).sum()
    at_none = np.average(gamma, axis=1, weights=k) - slope * middle
    return np.where(enough, 1.0 / np.maximum(at_none, 1.0 / THINNEST), np.nan)


def largest_falls(returns: np.ndarray, ranks: Sequence[int] = RANKS) -> np.ndarray:
    """Return how deep the largest fall in a day is, the second, ..., in standard deviations: (series, ranks).

    Over the rank, on logarithmic axes, a tail of exponent a is a line of slope -1/a.
    """
    centred = returns - returns.mean(axis=1, keepdims=True)
    ordered = np.sort(centred / centred.std(axis=1, keepdims=True), axis=1)
    return -ordered[:, np.asarray(ranks) - 1]


def autocorrelation(values: np.ndarray, lags: Sequence[int]) -> np.ndarray:
    """Return sum(v_t v_t+k) / sum(v_t^2) around the mean of each series, for each lag k in days: (series, lags).

    Of unrelated values it is -1/days on average and not 0, since the mean is their own.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    variance = (centred * centred).sum(axis=1)
    products = [(centred[:, :-lag] * centred[:, lag:]).sum(axis=1) for lag in lags]
    return np.stack(products, axis=1) / variance[:, None]


def absolute(returns: np.ndarray) -> np.ndarray:
    """Return how far each day is off the mean day, up or down: (series, days)."""
    return np.abs(returns - returns.mean(axis=1, keepdims=True))


def decay_exponent(curve: np.ndarray) -> float:
    """Return the exponent b of the law c k^-b nearest, by squares, to autocorrelations at the lags k = 1, 2, ..."""
    from scipy.optimize import curve_fit

    lags = np.arange(1.0, len(curve) + 1)
    fitted, _ = curve_fit(lambda k, c, b: c * k**-b, lags, curve, p0=(max(curve[0], 0.01), 0.3), bounds=(0, 5))
    return float(fitted[1])


def leverage_effect(returns: np.ndarray, lags: Sequence[int] = LAGS) -> np.ndarray:
    """Return how today's return goes with the squared return k days later, as a correlation: (series, lags).

    Below zero where a fall is followed by rougher days. Source: Cont (2001); Bouchaud, Matacz and Potters (2001).
    """
    centred = returns - returns.mean(axis=1, keepdims=True)
    return np.stack([correlation(centred[:, :-lag], centred[:, lag:] ** 2) for lag in lags], axis=1)


def correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of two matrices, row by row: (series,)."""
    a, b = (values - values.mean(axis=1, keepdims=True) for values in (first, second))
    return (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))


def realised_volatility(returns: np.ndarray, days: int = MONTH) -> np.ndarray:
    """Return the root of the mean squared return of the last month, per day: (series, all days - days + 1)."""
    centred = returns - returns.mean(axis=1, keepdims=True)
    return np.sqrt(np.maximum(summed(centred * centred, days), 0.0) / days)


# Every fact that is one number, by the name that it has in docs/targets.toml.
FACTS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "left_exponent": lambda returns: tail_exponent(returns, LEFT),
    "right_exponent": lambda returns: tail_exponent(returns, RIGHT),
    "kurtosis_1": excess_kurtosis,
    "kurtosis_20": lambda returns: excess_kurtosis(summed(returns, 20)),
    "returns_1": lambda returns: autocorrelation(returns, (1,))[:, 0],
    "returns_2_to_20": lambda returns: autocorrelation(returns, LAGS[1:]).mean(axis=1),
    "absolute_1": lambda returns: autocorrelation(absolute(returns), (1,))[:, 0],
    "absolute_20": lambda returns: autocorrelation(absolute(returns), (20,))[:, 0],
    "absolute_60": lambda returns: autocorrelation(absolute(returns), (60,))[:, 0],
    "leverage_effect": lambda returns: leverage_effect(returns).mean(axis=1),
    "volatility_month": lambda returns: autocorrelation(realised_volatility(returns), (MONTH,))[:, 0],
    "volatility_quarter": lambda returns: autocorrelation(realised_volatility(returns), (QUARTER,))[:, 0],
}
