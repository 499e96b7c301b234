"""The checks of stylised facts, each a group of numbers with the curve that they are read off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from abm.errors import InputError
from abm.evidence.check import STYLISED_FACTS, Check, Curve, Measured, Runs, median_of
from abm.evidence.stylised import correlations, facts, real_series
from abm.evidence.stylised.group import AI, BROAD, Group, Shown
from abm.evidence.stylised.worlds import QUIET, STRESS, daily_returns, returns_after, wants

CONT = "Cont (2001)"


def other_exponents(runs: Runs, seeds: int) -> dict[str, Measured]:
    quiet = returns_after(runs, seeds, QUIET)
    return {
        f"left_exponent_{market}_{QUIET}": median_of(facts.tail_exponent(quiet[market], facts.LEFT))
        for market in ("crypto", "notes")
    }


def other_kurtosis(runs: Runs, seeds: int) -> dict[str, Measured]:
    quiet, whole = returns_after(runs, seeds, QUIET), daily_returns(runs, seeds, STRESS)
    found = {f"kurtosis_1_{market}_{QUIET}": quiet[market] for market in ("crypto", "notes")}
    found[f"kurtosis_1_{AI}_with_spark"] = whole[AI]
    return {name: median_of(facts.excess_kurtosis(returns)) for name, returns in found.items()}


def clusters(returns: np.ndarray, lags: Sequence[int] = facts.LONG_LAGS) -> np.ndarray:
    return facts.autocorrelation(facts.absolute(returns), lags)


def decays(runs: Runs, seeds: int) -> dict[str, Measured]:
    """Of the middle curve, since single ones cross zero."""
    return {
        f"decay_{AI}_{world}": Measured(
            facts.decay_exponent(np.median(clusters(returns_after(runs, seeds, world)[AI]), axis=0)), seeds=seeds
        )
        for world in (QUIET, STRESS)
    }


def persistence(returns: np.ndarray) -> np.ndarray:
    return facts.autocorrelation(facts.realised_volatility(returns), facts.SHOWN_LAGS)


def of_the_vix() -> list[Curve]:
    """How long the volatility that options expect lasts, in windows as long as all others."""
    try:
        vix = real_series.windows(real_series.daily_closes()[real_series.VIX].closes)
    except InputError:
        return []
    middle = np.median(facts.autocorrelation(vix, facts.SHOWN_LAGS), axis=0)
    return [Curve("VIX, 2014-2018", facts.SHOWN_LAGS, middle.tolist(), published=True)]


TAILS = Group(
    both=("left_exponent", "right_exponent"),
    doubled=("left_exponent",),
    also=other_exponents,
    shown=Shown(
        title="The largest daily falls of AI equity in 750 days",
        market=AI,
        curve=facts.largest_falls,
        at=facts.RANKS,
        x="rank of the fall",
        y="standard deviations",
        words="The steeper a curve rises to the left, the fatter the tail.",
        log_x=True,
        log_y=True,
    ),
)
AGGREGATION = Group(
    both=("kurtosis_1", "kurtosis_20"),
    doubled=("kurtosis_1",),
    also=other_kurtosis,
    shown=Shown(
        title="Broad equity: excess kurtosis over longer and longer horizons",
        market=BROAD,
        curve=facts.kurtosis_by_horizon,
        at=facts.HORIZONS,
        x="horizon, days",
        y="excess kurtosis",
        words="Returns that are normal stand at 0; real ones come nearer to it with the horizon.",
        log_x=True,
    ),
)
RETURNS = Group(
    both=("returns_1", "returns_2_to_20"),
    shown=Shown(
        title="AI equity: autocorrelation of daily log returns",
        market=AI,
        curve=lambda returns: facts.autocorrelation(returns, facts.LAGS),
        at=facts.LAGS,
        x="lag, days",
        y="autocorrelation",
        words="Unrelated returns stand at 0.",
    ),
)
CLUSTERING = Group(
    both=("absolute_1", "absolute_20", "absolute_60"),
    doubled=("absolute_1", "absolute_20"),
    also=decays,
    shown=Shown(
        title="AI equity: autocorrelation of absolute daily log returns",
        market=AI,
        curve=partial(clusters, lags=facts.SHOWN_LAGS),
        at=facts.SHOWN_LAGS,
        x="lag, days",
        y="autocorrelation",
        words="Where volatility does not cluster a curve stands at 0.",
    ),
)
LEVERAGE_EFFECT = Group(
    both=("leverage_effect",),
    doubled=("leverage_effect",),
    shown=Shown(
        title="AI equity: correlation of a day's return with later squared returns",
        market=AI,
        curve=facts.leverage_effect,
        at=facts.LAGS,
        x="days later",
        y="correlation",
        words="Below 0: after a fall days are rougher.",
    ),
)
VOLATILITY = Group(
    both=("volatility_month", "volatility_quarter"),
    markets=(BROAD,),
    shown=Shown(
        title="Broad equity: autocorrelation of a month's realised volatility, beside the VIX",
        market=BROAD,
        curve=persistence,
        at=facts.SHOWN_LAGS,
        x="lag, days",
        y="autocorrelation",
        words="Up to 20 days months overlap; from 21 on a curve at 0 says that nothing lasts.",
        beside=of_the_vix,
    ),
)
_check = partial(Check, group=STYLISED_FACTS, wants=wants, seeds=100, quick_seeds=20)
CHECKS = (
    _check("stylised_tails", title="Both tails are fat", authors=CONT, judge=TAILS.judge),
    _check("stylised_aggregation", title="Fat tails thin out with the horizon", authors=CONT, judge=AGGREGATION.judge),
    _check("stylised_returns", title="Returns do not foretell returns", authors=CONT, judge=RETURNS.judge),
    _check("stylised_clustering", title="Rough days come in clusters", authors=CONT, judge=CLUSTERING.judge),
    _check(
        "stylised_leverage_effect",
        title="Volatility rises when prices fall",
        authors="Bouchaud, Matacz and Potters (2001)",
        judge=LEVERAGE_EFFECT.judge,
    ),
    _check("stylised_volatility", title="Volatility lasts", authors=CONT, judge=VOLATILITY.judge),
    _check(
        "stylised_correlations",
        title="Markets move together, more so in stress",
        authors=CONT,
        judge=correlations.judge,
    ),
)
