"""The same bubble bursting at different speeds, on the same draws: many seeds, on all cores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import InputError
from abm.experiments.one_run import loaded, run, ticks_of, twin_scenarios, valid_seed
from abm.experiments.results import ComparisonResult
from abm.experiments.workers import Failure, cores, each, guarded
from abm.outcome.reduce import reduce_run
from abm.report.data import MemberRun, comparison_data
from abm.scenario import DEFAULT, Scenario
from abm.scenario.actions import ShockAction
from abm.scenario.sections import SparkAction

AFTERMATH = 500  # ticks simulated after the last news of the slowest member
MOST_SEEDS = 100_000


class Task(NamedTuple):
    """One seed of a comparison: the members' scenarios as dictionaries, by days of news."""

    members: dict[int, dict[str, Any]]
    seed: int


def compare(
    scenario: Scenario | str | Path = DEFAULT,
    days: Sequence[int] = (1, 500),
    seeds: int = 100,
    *,
    first_seed: int = 0,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ComparisonResult:
    """Run a scenario with its spark spread over each of `days`, on the same seeds and the same horizon.

    Every run, whatever `run.ticks` says, ends 500 days after the last news of the slowest. `workers` is the
    number of processes (default: all cores); the result does not depend on it. `progress` is told (seeds
    done, seeds in all). A run that fails is in `result.failures`, with its reason. Raises InputError.
    """
    base = loaded(scenario)
    members = members_of(base, days)
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError(f"seeds = {seeds} is not allowed; allowed is a number from 1 to {MOST_SEEDS}")
    if workers is not None and workers < 1:
        raise InputError(f"workers = {workers} is not allowed; allowed is 1 or more")
    numbers = range(valid_seed(first_seed), valid_seed(first_seed + seeds - 1) + 1)
    as_dicts = {d: member.to_dict() for d, member in members.items()}
    tasks = [Task(as_dicts, seed) for seed in numbers]

    runs: list[MemberRun] = []
    failures: list[tuple[int, int, str]] = []
    for done, (position, outcome) in enumerate(_on_all_cores(tasks, workers or cores()), 1):
        seed = tasks[position].seed
        of_members = dict.fromkeys(members, outcome) if isinstance(outcome, Failure) else outcome
        for d, result in of_members.items():
            if isinstance(result, Failure):
                failures.append((d, seed, result.reason))
            else:
                runs.append(result)
        if progress is not None:
            progress(done, len(tasks))
    horizon = next(iter(members.values())).run.ticks
    data = comparison_data(base, runs, days=members, seeds=numbers, horizon=horizon, failed=failures)
    return ComparisonResult(scenario=base, data=data)


def members_of(scenario: Scenario, days: Sequence[int]) -> dict[int, Scenario]:
    """The scenarios of a comparison by days of news, quickest first, all of the same length."""
    different = sorted(set(days))
    if len(different) < 2 or len(different) < len(days):
        given = ", ".join(map(str, days)) or "none"
        raise InputError(f"days = {given} makes no comparison; allowed are two or more different numbers")
    horizon = max(last_news(scenario, d) for d in different) + 1 + AFTERMATH
    return {d: scenario.replace({"spark.days": d, "run.ticks": horizon}) for d in different}


def last_news(scenario: Scenario, days: int) -> int:
    """The tick of the last disappointment, those among the timed actions included."""
    ends = [scenario.spark.start + days]
    ends += [action.tick + action.days for action in scenario.actions if isinstance(action, SparkAction | ShockAction)]
    return max(ends) - 1


def simulate(task: Task) -> dict[int, MemberRun | Failure]:
    """All members of one seed, in little; the twin without news is the same for all of them."""
    members = {d: Scenario.from_dict(content) for d, content in task.members.items()}
    quiet = next(iter(members.values()))
    no_news = guarded(lambda scenario: ticks_of(twin_scenarios(scenario)["no_news"], task.seed), quiet)
    if isinstance(no_news, Failure):
        return dict.fromkeys(members, no_news)

    def member_run(days: int) -> MemberRun:
        member = members[days]
        twins = {
            name: no_news if name == "no_news" else ticks_of(twin, task.seed)
            for name, twin in twin_scenarios(member).items()
        }
        result = dataclasses.replace(run(member, task.seed, twins=False), twins=twins)
        return MemberRun(days, task.seed, result.summary, reduce_run(result.tables, member))

    return {d: guarded(member_run, d) for d in members}


def _on_all_cores(tasks: list[Task], workers: int) -> Iterator[tuple[int, Any]]:
    """The outcomes of all tasks; where nothing is compiled yet, the first task does it alone."""
    import abm.economy  # noqa: F401  the question is about the rules that are imported
    from abm.compiled import is_cold

    alone = 1 if is_cold() else 0
    yield from each(simulate, tasks[:alone], 1)
    for position, outcome in each(simulate, tasks[alone:], workers):
        yield position + alone, outcome
