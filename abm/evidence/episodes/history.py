"""What history did in each episode: read from docs/targets.toml, where it was written before any was scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from abm.evidence.targets import content
from abm.experiments.one_run import twin_scenarios
from abm.scenario import Scenario, load


@dataclass(frozen=True)
class Episode:
    """An episode: the scenario of its name, whether it became a financial crisis, the date of its eve."""

    name: str
    crisis: bool
    scored: bool
    authors: str
    eve: str
    why: str


@dataclass(frozen=True)
class Observed:
    """One number of an episode: what is measured on how many days, and what history gave.

    known: measured on a series that anyone can load, read in a source, or remembered. used_in_calibration: whether
    some constant of the model or the scenario was taken from it, or from what implies it; `taken` says how.
    """

    episode: str
    name: str
    measure: str
    days: int
    what: str
    unit: str
    observed: float
    source: str
    known: str
    used_in_calibration: bool
    taken: str = ""


def episodes() -> tuple[Episode, ...]:
    """All episodes, in the order of the file."""
    return tuple(Episode(**table) for table in content()["episodes"]["worlds"])


def observed_in(episode: str) -> tuple[Observed, ...]:
    """What is compared in an episode, in the order of the file."""
    tables = content()["episodes"]["targets"]
    return tuple(Observed(**table) for table in tables if table["episode"] == episode)


@cache
def eve_of(episode: str) -> int:
    """The last day before the first news or other blow that the scenario deals: its row in the daily series."""
    scenario = load(episode)
    starts = [action.tick for action in scenario.actions]
    if scenario.spark.total != 0:
        starts.append(scenario.spark.start)
    return min(starts) - 1


@cache
def model_of(episode: str) -> Scenario:
    """The episode's scenario as it is, up to the last day on which something is compared."""
    days = max(target.days for target in observed_in(episode))
    return load(episode, **{"run.ticks": eve_of(episode) + days + 1})


@cache
def twin_of(episode: str) -> Scenario:
    """The same news, and nothing else happens: every channel off, no policy.

    What channels add to the daily volatility of quiet days is put into the news, so that a fall as large as chance
    makes is as likely as in the model. The volatility is that of the whole model on the days before the news, not
    the scenario's `normal_volatility`: that of the data is larger than the model's for AI equity, and a twin with it
    would be wider than the model for a reason that is none of the episode's, hence easier to beat.
    """
    volatility = content()["episodes"]["twin"]["volatility"]
    return twin_scenarios(model_of(episode))["all_off"].replace(
        {f"markets.{market}.news_volatility": value for market, value in volatility.items()}
    )
