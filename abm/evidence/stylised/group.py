"""What the checks of stylised facts have in common: the model's middle seed beside the middle of real windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from abm.errors import InputError
from abm.evidence.check import Curve, Judged, Measured, Picture, Runs, median_of
from abm.evidence.stylised import facts, real_series
from abm.evidence.stylised.real_series import CALM, STRESSED, Band
from abm.evidence.stylised.worlds import QUIET, STRESS, TWICE, returns_after

Curves = Callable[[np.ndarray], np.ndarray]  # returns (series, days) → (series, points)
AI, BROAD = "ai", "broad"
WORDS = {
    QUIET: "model, no spark",
    STRESS: "model, after the spark",
    TWICE: "model, after the spark, twice the leverage",
    CALM: "calm half",
    STRESSED: "stressed half",
}
IN_GREY = "Grey: middle of real windows of 750 days, with the bootstrap's 95 % band; colours: middle seed."


@dataclass(frozen=True)
class Shown:
    """The picture of a check: a curve per series, of which the middle is drawn, for one market and its real indices."""

    title: str
    market: str
    curve: Curves
    at: Sequence[float]
    x: str
    y: str
    words: str
    log_x: bool = False
    log_y: bool = False
    beside: Callable[[], list[Curve]] = list  # more real curves


@dataclass(frozen=True)
class Group:
    """Facts that one picture shows: `both` markets without and after a spark, `doubled` at twice the leverage too."""

    both: Sequence[str]
    shown: Shown
    doubled: Sequence[str] = ()
    markets: Sequence[str] = (AI, BROAD)
    also: Callable[[Runs, int], dict[str, Measured]] = lambda _runs, _seeds: {}  # measured beside

    def judge(self, runs: Runs, seeds: int) -> Judged:
        worlds = {world: returns_after(runs, seeds, world) for world in (QUIET, STRESS, TWICE)}
        found = {
            f"{fact}_{market}_{world}": median_of(facts.FACTS[fact](worlds[world][market]))
            for fact in self.both
            for market in self.markets
            for world in (QUIET, STRESS)
        }
        found |= {f"{fact}_{AI}_{TWICE}": median_of(facts.FACTS[fact](worlds[TWICE][AI])) for fact in self.doubled}
        drawn = (QUIET, STRESS, TWICE) if self.doubled else (QUIET, STRESS)
        returns = {world: worlds[world][self.shown.market] for world in drawn}
        return Judged(found | self.also(runs, seeds), picture(self.shown, returns))


def picture(shown: Shown, returns: Mapping[str, np.ndarray]) -> Picture:
    """The middle curve of the model's worlds, and those of real indices where their packages are there."""
    own = [
        Curve(WORDS[world], shown.at, np.median(shown.curve(values), axis=0).tolist())
        for world, values in returns.items()
    ]
    return Picture(
        title=shown.title,
        x=shown.x,
        y=shown.y,
        curves=[*real_curves(shown), *shown.beside(), *own],
        log_x=shown.log_x,
        log_y=shown.log_y,
        words=f"{shown.words} {IN_GREY}",
    )


def real_curves(shown: Shown) -> list[Curve]:
    try:
        found = {
            f"{name}, {WORDS[half]}": band
            for name in real_series.STANDS_FOR[shown.market]
            for half, band in real_series.bands(name, shown.curve).items()
        }
    except InputError:
        return []  # without the extra the targets are numbers all the same
    return [grey(name, shown.at, band) for name, band in found.items()]


def grey(name: str, at: Sequence[float], band: Band, joined: bool = True) -> Curve:
    low, middle, high = (part.tolist() for part in band)
    return Curve(name, at, middle, low, high, joined, published=True)
