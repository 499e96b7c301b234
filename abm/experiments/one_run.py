"""One run of one scenario, with the twins that its summary is measured against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.experiments.branch import turn
from abm.experiments.files import file_digest
from abm.experiments.results import TWINS, RunResult
from abm.scenario import DEFAULT, Scenario, load

if TYPE_CHECKING:
    import polars as pl

    from abm.economy import Economy

Progress = Callable[[int, int], None]  # days simulated so far, and in all
Past = Sequence[tuple[int, Scenario]]  # what held before, each with the day on which it ended

SLICE = 50  # days between two reports of progress


def run(
    scenario: Scenario | str | Path | None = None,
    seed: int | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    twins: bool = True,
    check: bool = False,
    until: int | None = None,
    save: str | Path | None = None,
    from_state: str | Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Simulate a scenario and, on the same draws, its twins; what it needs is in the scenario and the seed.

    `scenario` is a Scenario, a shipped name or a path, with `changes` such as `{"spark.days": 500}`; the seed is
    0 when none is given. `until` [days] stops before the scenario's last day; `save` writes the whole state at the
    end, `from_state` goes on from one, with the seed that is in it and with its scenario, which may be changed as
    far as the change acts later (`branch.turn`). `check` proves the books after every phase. Raises InputError,
    and CheckFailed when books do not close.
    """
    from abm.economy import Economy

    origin = None
    if from_state is not None:
        economy = Economy.load(from_state, check=check)
        origin = {"digest": file_digest(from_state), "day": economy.tick}
        if seed not in (None, economy.seed):
            raise InputError(f"seed = {seed} is not the one in {from_state}; allowed is {economy.seed}, or none")
        turn(economy, changed(economy.scenario if scenario is None else loaded(scenario), changes), from_state)
    else:
        start = changed(loaded(DEFAULT if scenario is None else scenario), changes)
        economy = Economy(start, valid_seed(0 if seed is None else seed), check=check)
    last = _last_day(economy, until)
    total, done = last - economy.tick + last * len(TWINS) * twins, 0

    def report(days: int) -> None:
        nonlocal done
        done += days
        if progress is not None:
            progress(done, total)

    advance(economy, last, report)
    if save is not None:
        economy.save(save)
    return RunResult(
        scenario=economy.scenario,
        seed=economy.seed,
        n_agents=economy.n_agents,
        tables=economy.tables(),
        twins=twin_ticks(economy.scenario, economy.seed, last, report, economy.past) if twins else {},
        past=tuple(economy.past),
        origin=origin,
    )


def twin_scenarios(scenario: Scenario) -> dict[str, Scenario]:
    """The scenarios of the twins by name, all over the same days and meant for the same seed.

    all_off: the same news, and nothing else happens; no_news: no spark, the rest as it is; belief_only: the
    same news with the narrative alone, and no policy in either. A timed action that the twin's world lacks is left
    out: a shock to a market is news, a loss that a lender is dealt is not, and a world without a spark has neither.
    """
    actions = scenario.to_dict()["actions"]
    sparks = [action for action in actions if action["kind"] in ("spark", "shock")]
    others = [action for action in actions if action["kind"] not in ("spark", "shock", "loss")]
    off = {f"channels.{name}": False for name in type(scenario.channels).model_fields}
    off |= {f"policy.{name}.on": False for name in type(scenario.policy).model_fields}
    return {
        "all_off": scenario.replace({**off, "actions": sparks}),
        "no_news": scenario.replace({"spark.total": 0, "actions": others}),
        "belief_only": scenario.replace(
            {
                **off,
                "channels.narrative_feedback": scenario.channels.narrative_feedback,
                "actions": sparks,
            }
        ),
    }


def twin_ticks(
    scenario: Scenario,
    seed: int,
    last: int | None = None,
    report: Callable[[int], None] | None = None,
    past: Past = (),
    known: Mapping[str, pl.DataFrame] | None = None,
) -> dict[str, pl.DataFrame]:
    """The daily series of the twins by name; those that are `known` are taken.

    Where other scenarios held before (`past`), their twins hold before in the twins.
    """
    before = [(day, twin_scenarios(held)) for day, held in past]
    return {
        name: known[name]
        if known and name in known
        else ticks_of(twin, seed, last, report, [(day, twins[name]) for day, twins in before])
        for name, twin in twin_scenarios(scenario).items()
    }


def ticks_of(
    scenario: Scenario,
    seed: int,
    last: int | None = None,
    report: Callable[[int], None] | None = None,
    past: Past = (),
) -> pl.DataFrame:
    """The daily series of a run up to the day `last` (default: its end), and nothing else of it."""
    from abm.economy import Economy
    from abm.outcome.tables import ticks_frame

    stages = [*past, (scenario.run.ticks if last is None else last, scenario)]
    economy = Economy(stages[0][1], seed)
    for day, held in stages:
        if held is not economy.scenario:
            economy.follow(held)
        advance(economy, day, report)
    return ticks_frame(economy.rows[: economy.tick])


def advance(economy: Economy, last: int, report: Callable[[int], None] | None = None) -> None:
    """Simulate up to the day `last` in slices, telling after each how many days it had."""
    while economy.tick < last:
        days = min(SLICE, last - economy.tick)
        economy.advance(economy.tick + days)
        if report is not None:
            report(days)


def compile_once(scenario: Scenario) -> None:
    """Compile the rules in this process, where that has still to be done, and not in every worker at once."""
    if must_compile():
        load_rules(scenario)


def must_compile() -> bool:
    """Whether most of the rules of a day must still be compiled on this machine."""
    import abm.economy  # noqa: F401  the question is about the rules that are imported
    from abm.compiled import is_cold

    return is_cold()


def load_rules(scenario: Scenario) -> None:
    """Simulate a day for the machine code's sake; what is wrong with the scenario is said by its runs."""
    from abm.economy import Economy

    with suppress(InputError):
        Economy(scenario, 0).advance(1)


def valid_seed(seed: int) -> int:
    """The seed, if the generator can be keyed by it."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**63:
        raise InputError(f"seed = {seed!r} is not allowed; allowed is a whole number from 0 to 2**63 - 1")
    return int(seed)


def loaded(scenario: Scenario | str | Path) -> Scenario:
    return scenario if isinstance(scenario, Scenario) else load(scenario)


def changed(scenario: Scenario, changes: Mapping[str, Any] | None) -> Scenario:
    return scenario.replace(changes) if changes else scenario


def _last_day(economy: Economy, until: int | None) -> int:
    length = economy.scenario.run.ticks
    last = length if until is None else until
    if not max(1, economy.tick) <= last <= length:
        raise InputError(
            f"until = {last} is not allowed; allowed are {max(1, economy.tick)} to run.ticks = {length} days"
        )
    return last
