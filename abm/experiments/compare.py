"""Several worlds on the same draws, or several futures of one saved state: many seeds, on all cores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from abm.errors import InputError
from abm.experiments.branch import turn
from abm.experiments.files import file_digest
from abm.experiments.members import Changes, members_of
from abm.experiments.one_run import compile_once, loaded, run, twin_ticks, valid_seed
from abm.experiments.results import ComparisonResult
from abm.experiments.workers import Failure, cores, each, guarded
from abm.outcome.reduce import reduce_run
from abm.report.data import MemberRun, comparison_data
from abm.scenario import DEFAULT, Scenario

SEEDS, MOST_SEEDS = 100, 100_000
World = Scenario | str | Path


class Task(NamedTuple):
    """Members on one seed: by label their scenarios as dictionaries, and which share the world without the spark.

    With `state` they go on from that file.
    """

    members: dict[str, tuple[dict[str, Any], str]]
    seed: int
    state: Path | None = None


def compare(
    scenario: World | Sequence[World] | None = None,
    days: Sequence[int] | None = None,
    seeds: int | None = None,
    *,
    changes: Changes = (),
    first_seed: int = 0,
    from_state: str | Path | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ComparisonResult:
    """Run two or more worlds on the same seeds and the same horizon.

    Compared are one or more scenarios, each also with every one of `changes`, such as `{"funds.leverage": 3}`, and
    each with its spark spread over every one of `days`; where nothing else is compared, days are 1 and 500. Every
    run, whatever `run.ticks` says, ends 500 days after the last news of the slowest. `seeds` is their number, 100 by
    default. With `from_state` all go on from a saved state, with the seed in it, and where none is named with the
    scenario in it; `abm.experiments.branch.turn` says what may be changed then. `workers` is the number of processes
    (default: all cores); the result does not depend on it. `progress` is told (seeds done, seeds in all), or futures.
    A run that fails is in `result.failures`, with its reason. Raises InputError.
    """
    state = None if from_state is None else Path(from_state).absolute()
    origin, day = None, 0
    if state is not None:
        if seeds not in (None, 1):
            raise InputError(f"seeds = {seeds} is not allowed; allowed is 1, that of the state in {from_state}")
        from abm.economy import Economy

        saved = Economy.load(state)
        origin, day = {"digest": file_digest(state), "day": saved.tick}, saved.tick
        if first_seed not in (0, saved.seed):
            raise InputError(f"seed = {first_seed} is not the one in {from_state}; allowed is {saved.seed}, or none")
        worlds = [saved.scenario] if scenario is None else several(scenario)
        seeds, first_seed = 1, saved.seed
    else:
        worlds = several(DEFAULT if scenario is None else scenario)
    members, reference = members_of(worlds, days, changes, day)
    if state is not None:
        from abm.economy import Economy

        for member in members:
            turn(Economy.load(state), member.scenario, str(from_state))
    seeds = SEEDS if seeds is None else seeds
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError(f"seeds = {seeds} is not allowed; allowed is a number from 1 to {MOST_SEEDS}")
    if workers is not None and workers < 1:
        raise InputError(f"workers = {workers} is not allowed; allowed is 1 or more")
    numbers = range(valid_seed(first_seed), valid_seed(first_seed + seeds - 1) + 1)
    content = {member.label: (member.scenario.to_dict(), member.quiet) for member in members}
    if state is None:
        tasks = [Task(content, seed) for seed in numbers]
    else:
        tasks = [Task({label: own}, first_seed, state) for label, own in content.items()]

    compile_once(worlds[0])
    runs: list[MemberRun] = []
    failures: list[tuple[str, int, str]] = []
    for done, (position, outcome) in enumerate(each(simulate, tasks, workers or cores()), 1):
        task = tasks[position]
        of_members = dict.fromkeys(task.members, outcome) if isinstance(outcome, Failure) else outcome
        for label, result in of_members.items():
            if isinstance(result, Failure):
                failures.append((label, task.seed, result.reason))
            else:
                runs.append(result)
        if progress is not None:
            progress(done, len(tasks))
    horizon = members[0].scenario.run.ticks
    how: dict[str, Any] = {"reference": reference, "seeds": numbers, "horizon": horizon, "origin": origin}
    data = comparison_data(worlds[0], runs, members=members, failed=failures, **how)
    return ComparisonResult(scenario=worlds[0], data=data)


def several(scenario: World | Sequence[World]) -> list[Scenario]:
    """One scenario or several, loaded."""
    return [loaded(one) for one in ([scenario] if isinstance(scenario, World) else scenario)]


def simulate(task: Task) -> dict[str, MemberRun | Failure]:
    """All members of one seed, in little; those that share the world without the spark share its run."""
    quiet_runs: dict[str, Any] = {}

    def member_run(label: str) -> MemberRun:
        content, quiet = task.members[label]
        scenario = Scenario.from_dict(content)
        seed = task.seed if task.state is None else None
        result = run(scenario, seed, twins=False, from_state=task.state)
        known = {"no_news": quiet_runs[quiet]} if quiet in quiet_runs else {}
        twins = twin_ticks(scenario, task.seed, past=result.past, known=known)
        quiet_runs[quiet] = twins["no_news"]
        result = dataclasses.replace(result, twins=twins)
        return MemberRun(label, task.seed, result.summary, reduce_run(result.tables, scenario))

    return {label: guarded(member_run, label) for label in task.members}
