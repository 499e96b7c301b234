"""How markets move together, in calm and in the weeks after a spark."""

from __future__ import annotations

import numpy as np

from abm.errors import InputError
from abm.evidence.check import Curve, Judged, Picture, Runs, median_of
from abm.evidence.stylised import facts, real_series
from abm.evidence.stylised.group import AI, BROAD, grey
from abm.evidence.stylised.real_series import CALM, STRESSED, Band
from abm.evidence.stylised.worlds import QUIET, STRESS, returns_after

BITCOIN = (0.35, 0.75)  # with equities in calm and in stress, as in docs/results.md; second-hand


def judge(runs: Runs, seeds: int) -> Judged:
    quiet, stress = returns_after(runs, seeds, QUIET), returns_after(runs, seeds, STRESS)
    first = {market: returns[:, : real_series.SHORT_DAYS] for market, returns in stress.items()}
    found = {
        f"{AI}_{other}_{name}": median_of(facts.correlation(returns[AI], returns[other]))
        for other in (BROAD, "crypto")
        for name, returns in ((QUIET, quiet), (STRESS, first))
    }
    values = list(found.values())
    own = Curve(
        "model, median seed and its 95 % interval",
        range(4),
        [one.value for one in values],
        [one.low if one.low is not None else one.value for one in values],
        [one.high if one.high is not None else one.value for one in values],
        joined=False,
    )
    picture = Picture(
        title="AI equity with broad equity and with crypto: correlation of daily log returns",
        x="pair of markets",
        y="correlation",
        names=["broad, no spark", "broad, after the spark", "crypto, no spark", "crypto, after the spark"],
        curves=[*real_correlations(), own],
        words=f"After the spark: its first {real_series.SHORT_DAYS} days. Grey: Nasdaq with Dow, calm windows and the "
        "roughest tenth of short ones; bitcoin with equities, second-hand.",
    )
    return Judged(found, picture)


def real_correlations() -> list[Curve]:
    bitcoin = Curve("bitcoin with equities", [2, 3], BITCOIN, joined=False, published=True)
    try:
        both = real_series.correlation_bands()
    except InputError:
        return [bitcoin]
    band = Band(*(np.concatenate(parts) for parts in zip(both[CALM], both[STRESSED], strict=True)))
    return [grey("Nasdaq with Dow", [0, 1], band, joined=False), bitcoin]
