"""One check for each episode: what the model gives for what history did, beside a twin that has the news alone."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from abm.evidence.check import (
    EPISODES,
    Check,
    Curve,
    Judged,
    Measured,
    Path,
    Picture,
    Runs,
    Sample,
    exact,
    middle_of,
    several,
)
from abm.evidence.episodes.crps import crps, resampled_skill, skill
from abm.evidence.episodes.history import Episode, Observed, episodes, eve_of, model_of, observed_in, twin_of
from abm.evidence.episodes.measures import quiet_variance, read_off
from abm.evidence.targets import content
from abm.experiments.one_run import ticks_of
from abm.scenario import Scenario

TOGETHER = "episodes"
SEEDS, QUICK_SEEDS = 200, 40
INTERVAL = (0.025, 0.975)
QUANTILES = (0.05, 0.5, 0.95)  # the median and its band
YES_OR_NO = "yes or no"  # a unit


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """What one run of an episode, or of its twin, gives for each target, and its variance before the news."""
    ticks = ticks_of(scenario, seed)
    eve = eve_of(scenario.name)
    quiet = {f"variance_{market}": quiet_variance(ticks, eve, market) for market in volatilities()}
    return read_off(ticks, scenario, eve, observed_in(scenario.name)) | quiet


def volatilities() -> dict[str, float]:
    """The daily volatility of the twins, by market."""
    return content()["episodes"]["twin"]["volatility"]


class Scored(NamedTuple):
    """A target, what model and twin give for it seed by seed, the skill, and the skills of resampled seeds."""

    target: Observed
    model: np.ndarray
    twin: np.ndarray
    skill: float
    resampled: np.ndarray


def wants(episode: str, seeds: int) -> list[Path]:
    worlds = (model_of(episode), twin_of(episode))
    return [path for world in worlds for path in several(world, measure, seeds)]


def scored(runs: Runs, episode: str, seeds: int) -> list[Scored]:
    """Every target of an episode with its scores."""
    model, twin = (runs.sample(world, measure, seeds) for world in (model_of(episode), twin_of(episode)))
    found = []
    for target in observed_in(episode):
        both = model[target.name], twin[target.name]
        gain = float(skill(*(crps(members, target.observed) for members in both)))
        found.append(Scored(target, *both, gain, resampled_skill(*both, target.observed)))
    return found


def judge(episode: Episode, runs: Runs, seeds: int) -> Judged:
    """The skill of each target, with an interval from seeds drawn anew; of an illustration the numbers themselves."""
    found = scored(runs, episode.name, seeds)
    if episode.scored:
        measured = {one.target.name: with_interval(one.skill, one.resampled, seeds) for one in found}
    else:
        measured = {one.target.name: middle_of(one.model) for one in found}
    return Judged(measured, picture(episode, found))


def with_interval(value: float, resampled: np.ndarray, seeds: int) -> Measured:
    low, high = np.quantile(resampled, INTERVAL)
    return Measured(value, float(low), float(high), seeds)


# The picture of an episode


def picture(episode: Episode, found: list[Scored]) -> Picture:
    """Median and middle nine tenths of model and twin around history, each target on the scale of its farthest mark."""
    names = [label(one) for one in found]
    curves = [Curve("history", range(len(found)), [0.0] * len(found), joined=False, published=True)]
    for name in ("model", "news-only twin"):
        marks = [marks_of(one, one.model if name == "model" else one.twin) for one in found]
        low, middle, high = (list(column) for column in zip(*marks, strict=True))
        curves.append(Curve(name, range(len(found)), middle, low, high, joined=False))
    return Picture(
        title=f"{title_of(episode)}: {inside(found)} of {len(found)} numbers of history lie inside the model's band",
        x="",
        y="distance from history, scaled",
        names=names,
        curves=curves,
        words="History, then the model's median and band of 90 %; scaled by its farthest mark.",
    )


def marks_of(one: Scored, members: np.ndarray) -> tuple[float, float, float]:
    """Low, middle and high end of a band, as distances from history on the target's own scale."""
    distances = [np.quantile(of, QUANTILES) - one.target.observed for of in (one.model, one.twin)]
    farthest = max(float(np.abs(of).max()) for of in distances)
    low, middle, high = np.quantile(members, QUANTILES) - one.target.observed
    scale = farthest if farthest > 0.0 else 1.0
    return float(low / scale), float(middle / scale), float(high / scale)


def inside(found: list[Scored], *, twin: bool = False) -> int:
    """How often history lies inside the middle nine tenths."""
    return sum(is_inside(one, one.twin if twin else one.model) for one in found)


def is_inside(one: Scored, members: np.ndarray) -> bool:
    low, _, high = np.quantile(members, QUANTILES)
    return bool(low <= one.target.observed <= high)


def label(one: Scored) -> str:
    """A target with what history gave and the model gives, for an axis."""
    target, members = one.target, one.model
    name = target.name.replace("_", " ")
    if target.unit == YES_OR_NO:
        return f"{name}: {'yes' if target.observed else 'no'}, model in {100.0 * members.mean():.3g} % of seeds"
    factor, unit = (100.0, " %") if target.unit == "share" else (1.0, f" {target.unit}".replace(" count", ""))
    history, (low, middle, high) = factor * target.observed, factor * np.quantile(members, QUANTILES)
    return f"{name}: {history:.3g}{unit}, model {middle:.3g} ({low:.3g} to {high:.3g})"


def title_of(episode: Episode) -> str:
    return episode.name.replace("_", " ")


# All episodes together


def wants_all(seeds: int) -> list[Path]:
    return [path for episode in episodes() if episode.scored for path in wants(episode.name, seeds)]


def judge_all(runs: Runs, seeds: int) -> Judged:
    """Mean skills, how often history lies inside the band, and how equal the twins' volatility is."""
    of = {episode: scored(runs, episode.name, seeds) for episode in episodes() if episode.scored}
    every = [one for found in of.values() for one in found]
    measured = {
        "mean_skill": mean_skill(list(of.values()), seeds),
        "mean_skill_without_crisis": mean_skill([found for episode, found in of.items() if not episode.crisis], seeds),
        "mean_skill_of_crises": mean_skill([found for episode, found in of.items() if episode.crisis], seeds),
    }
    for name, used in (("used", True), ("not_used", False)):
        groups = [[one for one in found if one.target.used_in_calibration == used] for found in of.values()]
        measured[f"mean_skill_{name}"] = mean_skill([group for group in groups if group], seeds)
    measured["inside_band"] = exact(inside(every) / len(every))
    measured["inside_band_of_twin"] = exact(inside(every, twin=True) / len(every))
    measured["as_if_nothing"] = exact(sum(says_nothing(one) for one in every) / len(every))
    measured["twin_volatility"] = exact(
        max(
            unlike(*(runs.sample(world, measure, seeds) for world in (model_of(episode.name), twin_of(episode.name))))
            for episode in of
        )
    )
    return Judged(measured, picture_of_all(of, seeds))


def says_nothing(one: Scored) -> bool:
    """Whether the model gives in every seed what the twin gives, and history did something else."""
    return np.array_equal(one.model, one.twin) and bool((one.twin != one.target.observed).any())


def mean_skill(groups: list[list[Scored]], seeds: int) -> Measured:
    """Mean over episodes of the mean over their targets; the interval draws seeds anew, and episodes as well.

    With so few episodes it is their choice that is uncertain, not what the seeds say.
    """
    means = np.array([np.mean([one.resampled for one in group], axis=0) for group in groups])  # (episodes, resamples)
    chosen = np.random.default_rng(2007).integers(len(groups), size=means.shape)
    resampled = np.take_along_axis(means, chosen, axis=0).mean(axis=0)
    return with_interval(float(np.mean([np.mean([one.skill for one in group]) for group in groups])), resampled, seeds)


def unlike(model: Sample, twin: Sample) -> float:
    """The largest relative difference of daily volatility before the news; markets that do not exist are left out."""
    ratios = []
    for market in volatilities():
        own, other = (np.sqrt(of[f"variance_{market}"].mean()) for of in (model, twin))
        ratios.append(abs(own / other - 1.0))
    return float(max(ratios))


def picture_of_all(of: dict[Episode, list[Scored]], seeds: int) -> Picture:
    """The skill of every target, an episode after the other."""
    names = [title_of(episode) for episode in of]
    curves = []
    for name, used in (("no constant was taken from it", False), ("a constant was taken from it", True)):
        at, skills, low, high = [], [], [], []
        for row, found in enumerate(of.values()):
            for place, one in enumerate(found):
                if one.target.used_in_calibration == used:
                    at.append(row + (place + 0.5) / len(found) * 0.6 - 0.3)
                    value = with_interval(one.skill, one.resampled, seeds)
                    skills.append(value.value)
                    low.append(value.low)
                    high.append(value.high)
        curves.append(Curve(name, at, skills, low, high, joined=False))
    return Picture(
        title="Where the model tells more of history than news alone does",
        x="",
        y="skill against the twin",
        names=names,
        curves=curves,
        allowed=(0.0, None),
        words="A mark for each target, with the 95 % interval over seeds: 1 is certain and right, at nought model and "
        "news-only twin are as good as each other, as where no crisis came and neither has one, or where one came "
        "and neither has it.",
    )


CHECKS = tuple(
    Check(
        episode.name,
        EPISODES,
        f"{title_of(episode)}, from {episode.eve}",
        episode.authors,
        partial(judge, episode),
        partial(wants, episode.name),
        seeds=SEEDS,
        quick_seeds=QUICK_SEEDS,
        about=episode.why,
    )
    for episode in episodes()
)
CHECK = Check(
    TOGETHER,
    EPISODES,
    "Episodes taken together",
    "Gneiting and Raftery (2007), Ferro (2014)",
    judge_all,
    wants_all,
    seeds=SEEDS,
    quick_seeds=QUICK_SEEDS,
)
