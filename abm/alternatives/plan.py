"""Which worlds are compared: no policy, each alone and each pair, with the news and without it, on the same seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from abm.alternatives.measures import EVERY, SERIES
from abm.attribution.plan import world
from abm.errors import InputError, shown
from abm.experiments.one_run import twin_scenarios
from abm.policy import POLICIES
from abm.report.data import value_in_words
from abm.scenario import Scenario, load, names
from abm.scenario.reading import DECLARED, hint
from abm.sweep.plan import Keep, Parameter, Plan, Value, listed_plan

NONE = "none"
Alternative = tuple[str, ...]  # the policies that are in force; none, one or two


@dataclass(frozen=True)
class Design:
    """All that is settled before the first run: a point per alternative, the same points and seeds in both sweeps."""

    scenario: Scenario
    policies: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    news: Plan
    quiet: Plan

    @property
    def seeds(self) -> int:
        return self.news.replications


def designed(scenario: Scenario, policies: Sequence[str], seeds: int) -> Design:
    """Return the design over some policies; raises InputError where there is no news to avoid anything of."""
    bare = without_policies(scenario)
    calm = twin_scenarios(bare)["no_news"]
    if calm.digest == bare.digest:
        raise InputError(
            f"scenario {scenario.name}: has no news, so that nothing is to be avoided; "
            "allowed is a scenario with a spark, a shock or a loss"
        )
    chosen = [name for name in POLICIES if name in policies]
    alternatives: list[Alternative] = [(), *((name,) for name in chosen), *combinations(chosen, 2)]
    parameters = [Parameter(f"policy.{name}.on", "", (False, True)) for name in chosen]
    points: list[tuple[Value, ...]] = [tuple(name in one for name in chosen) for one in alternatives]
    title = f"{bare.title}: no policy, each alone and in pairs"
    news = listed_plan("with_the_news", bare, parameters, points, seeds, title=title)
    quiet = listed_plan("without_the_news", calm, parameters, points, seeds, title=title)
    return Design(
        scenario,
        tuple(chosen),
        tuple(alternatives),
        news,
        replace(quiet, keep=Keep(every=EVERY, series=SERIES)),
    )


def without_policies(scenario: Scenario) -> Scenario:
    """The scenario with all policies off, and no more days than 500 after its last news.

    Raises InputError where the scenario decrees a policy itself.
    """
    for action in scenario.actions:
        if action.kind == "policy":
            raise InputError(
                f"scenario {scenario.name}: switches {action.policy} on day {action.tick}; "
                "allowed is a scenario without timed switches of policies"
            )
    return world(scenario).replace({f"policy.{name}.on": False for name in POLICIES})


def parse_policies(text: str | None) -> list[str]:
    """Return the policies that `--policies` names, all ten by default; raises InputError."""
    if text is None:
        return list(POLICIES)
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in POLICIES:
            raise InputError(f"--policies: {shown(name)} is no policy; {hint(name, POLICIES)}")
        if names.count(name) > 1:
            raise InputError(f"--policies: {name} is given twice; allowed is once")
    return names


def name_of(alternative: Alternative) -> str:
    """An alternative as tables name it."""
    return " + ".join(alternative) or NONE


def label_of(scenario: Scenario) -> str:
    """A scenario's name, with what differs from the shipped one of that name, its length and its policies apart."""
    if scenario.name not in names():
        return scenario.name
    shipped = load(scenario.name)
    changed = [
        f"{path} = {value_in_words(scenario.quantity(path).value)}"
        for path, declared in DECLARED.items()
        if declared.kind in (int, float)
        and not path.startswith(("run.", "policy."))
        and scenario.quantity(path).value != shipped.quantity(path).value
    ]
    return f"{scenario.name} with {', '.join(changed)}" if changed else scenario.name
