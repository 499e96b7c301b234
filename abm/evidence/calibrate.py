"""Calibration: assumed numbers fitted to chosen targets by the method of simulated moments.

loss = sum over targets of gap², gap = (value - aim) / scale

A target with two limits has their middle as its aim and half of their distance as its scale; one with a single limit
has no gap where it holds, and else the distance to the limit against the limit. The search is Optuna's
tree-structured Parzen estimator on the same seeds at every trial. Source: McFadden (1989); Bergstra et al. (2011).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import InputError, shown
from abm.evidence.assumed import Assumed, assumed
from abm.evidence.check import Check
from abm.evidence.checks import CHECKS
from abm.evidence.kept import Kept
from abm.evidence.targets import Target, targets_of
from abm.evidence.validate import Validation, validate
from abm.scenario import DEFAULT, Scenario, load
from abm.sweep.plan import Value

if TYPE_CHECKING:
    import optuna

WORST = 1e6  # the loss of a trial whose runs or checks fail
SEED = 11  # of the search

Numbers = Mapping[str, Value]  # values by path
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Calibration:
    """What was fitted: the numbers, the loss before and after, and every target before and after."""

    numbers: Sequence[Assumed]
    fitted: Numbers
    loss_before: float
    loss_after: float
    used: frozenset[tuple[str, str]]
    before: Validation
    after: Validation
    trials: int


def chosen_numbers(paths: Sequence[str]) -> list[Assumed]:
    """The assumed numbers of the default scenario at these paths; raises InputError for any other."""
    known = {number.path: number for number in assumed(load(DEFAULT))}
    if len(paths) == 0:
        raise InputError("--fit: nothing is named; allowed is at least one assumed number, as narrative.contagion")
    for place, path in enumerate(paths):
        if path not in known:
            raise InputError(
                f"--fit: {shown(path)} is no number that is assumed; allowed is one of the {len(known)} whose source "
                "begins with 'assumed' in 'powderkeg scenarios params'"
            )
        if path in paths[:place]:
            raise InputError(f"--fit: {path} is given twice; allowed is once")
    return [known[path] for path in paths]


def chosen_targets(names: Sequence[str], checks: Sequence[Check] = CHECKS) -> dict[tuple[str, str], Target]:
    """The targets with these names, `check.name`, that have a limit; raises InputError for any other."""
    known = {(check.name, target.name): target for check in checks for target in targets_of(check.name)}
    limited = {key: t for key, t in known.items() if t.at_least is not None or t.at_most is not None}
    if len(names) == 0:
        raise InputError("--to: there is no target; allowed is at least one, as quiet_world.volatility_ai_equity")
    found = {}
    for name in names:
        check, _, target = name.partition(".")
        if (check, target) not in limited:
            listed = ", ".join(sorted({check for check, _ in limited}))
            raise InputError(
                f"--to: {shown(name)} is no target with a limit; allowed is check.name of docs/targets.toml, "
                f"where check is one of {listed}"
            )
        found[check, target] = limited[check, target]
    return found


def gap(target: Target, value: float) -> float:
    """How far a value is from what a target asks, in units of what the target allows."""
    low, high = target.at_least, target.at_most
    if low is not None and high is not None and high > low:
        return (value - 0.5 * (low + high)) / (0.5 * (high - low))
    if target.holds(value):
        return 0.0
    limit = low if low is not None and not value >= low else high
    assert limit is not None
    return (value - limit) / max(abs(limit), 1e-12)


def moved(scenario: Scenario, fitted: Numbers) -> Scenario:
    """A scenario with fitted numbers, except where it has a number of its own."""
    base = load(DEFAULT)
    own = {path: value for path, value in fitted.items() if scenario.quantity(path) == base.quantity(path)}
    return scenario.replace(own)


def loss_of(found: Validation, used: Mapping[tuple[str, str], Target]) -> float:
    """The sum of squared gaps; what could not be measured is as bad as can be."""
    total = 0.0
    for finding in found.findings:
        target = used.get((finding.check.name, finding.target.name))
        if target is None:
            continue
        if finding.measured is None or not math.isfinite(finding.measured.value):
            return WORST
        total += gap(target, finding.measured.value) ** 2
    return total


def calibrate(
    fit: Sequence[str],
    to: Sequence[str],
    folder: str | Path,
    *,
    trials: int = 40,
    checks: Sequence[Check] = CHECKS,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Fit assumed numbers of the default scenario, within half and double, to targets, at the seeds of a quick check.

    Every trial is kept in `folder` as it ends: killed at any moment, the same call goes on, and ends where it would
    have ended. The first trial is today's numbers, so that the result is never worse. All targets of all checks are
    measured before and after; those that were not used are held out. Raises InputError.
    """
    numbers, used = chosen_numbers(fit), chosen_targets(to, checks)
    needed = [check for check in checks if check.name in {name for name, _ in used}]
    study = opened(Path(folder), numbers, used)
    kept = Kept(Path(folder) / "runs")
    while (done := len(finished(study))) < trials:
        if progress is not None:
            progress(done, trials)
        trial = suggested(study, numbers, done)
        study.tell(trial, loss_of(at(whole(trial.params, numbers), needed, workers, kept), used))
    fitted = whole(study.best_params, numbers)
    return Calibration(
        numbers=numbers,
        fitted=fitted,
        loss_before=finished(study)[0].values[0],
        loss_after=study.best_value,
        used=frozenset(used),
        before=at({}, checks, workers, kept),
        after=at(fitted, checks, workers, kept),
        trials=trials,
    )


def at(fitted: Numbers, checks: Sequence[Check], workers: int | None, kept: Kept) -> Validation:
    """Some checks, quickly, in the world that has these numbers."""
    return validate(quick=True, checks=checks, workers=workers, change=lambda world: moved(world, fitted), kept=kept)


def opened(folder: Path, numbers: Sequence[Assumed], used: Mapping[tuple[str, str], Target]) -> optuna.Study:
    """The study in a folder, new or as an earlier call left it; refuses one that fits other things."""
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ModuleNotFoundError:
        raise InputError(
            "calibrate: the package optuna is missing; allowed is pip install 'powderkeg[analysis]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(folder / "trials.log")))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); allowed is a writable folder") from None
    study = optuna.create_study(study_name="calibration", storage=storage, load_if_exists=True)
    asked = {"fit": [number.path for number in numbers], "to": sorted(".".join(key) for key in used)}
    before = study.user_attrs.get("asked", asked)
    if before != asked:
        raise InputError(
            f"{folder}: fits {', '.join(before['fit'])} to {', '.join(before['to'])}; allowed is another folder, or "
            "the same again"
        )
    study.set_user_attr("asked", asked)
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):  # in hand when it was killed
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that have a loss."""
    from optuna.trial import TrialState

    return study.get_trials(states=(TrialState.COMPLETE,))


def suggested(study: optuna.Study, numbers: Sequence[Assumed], done: int) -> optuna.Trial:
    """The next trial: today's numbers first, then what those that are finished suggest.

    The sampler is keyed by how many there are, so that a search that was stopped goes the same way.
    """
    from optuna.samplers import TPESampler

    if done == 0:
        study.enqueue_trial({number.path: number.value for number in numbers})
    study.sampler = TPESampler(seed=SEED + done)
    trial = study.ask()
    for number in numbers:
        low, high = sorted((number.low, number.high))
        trial.suggest_float(number.path, low, high, log=low > 0.0)
    return trial


def whole(values: Mapping[str, Any], numbers: Sequence[Assumed]) -> dict[str, Value]:
    """What the search suggests, as a scenario takes it."""
    return {number.path: number.at(values[number.path]) for number in numbers}
