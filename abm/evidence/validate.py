"""All checks together: what was expected, what came out, and whether it holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abm.errors import InputError
from abm.evidence.check import Check, Judged, Measured, Path, Picture, Runs
from abm.evidence.checks import CHECKS
from abm.evidence.kept import Kept
from abm.evidence.paths import run_all
from abm.evidence.targets import Target, targets_of
from abm.experiments.workers import Failure, reason_of
from abm.scenario import Scenario

PASSED, MISSED, REPORTED, FAILED, OPEN = "pass", "missed", "reported", "failed", "cannot tell"


@dataclass(frozen=True)
class Finding:
    """One line of the table: a target and what was measured for it, or the reason why nothing was."""

    check: Check
    target: Target
    measured: Measured | None = None
    reason: str = ""
    quick: bool = False

    @property
    def verdict(self) -> str:
        """Whether it holds; `reported` where nothing is asked, `failed` where there is no number.

        With all seeds the number itself is held against the limit. With the few of a quick validation a miss
        that lies within the interval of the number is chance as likely as not: it cannot tell.
        """
        found = self.measured
        if found is None or not math.isfinite(found.value):
            return FAILED
        holds = self.target.holds(found.value)
        if holds is None or holds:
            return REPORTED if holds is None else PASSED
        ends = [end for end in (found.low, found.high) if end is not None]
        near = any(self.target.holds(end) for end in ends) or _straddles(self.target, ends)
        return OPEN if self.quick and near else MISSED

    @property
    def is_sound(self) -> bool:
        """Whether nothing that is required is missing."""
        return not self.target.required or self.verdict in (PASSED, OPEN)

    def to_dict(self) -> dict[str, Any]:
        """The line, ready for JSON."""
        target, found = self.target, self.measured
        has = found is not None and math.isfinite(found.value)
        return {
            "group": self.check.group,
            "check": self.check.name,
            "name": target.name,
            "claim": target.what,
            "source": target.source,
            "unit": target.unit,
            "at_least": target.at_least,
            "at_most": target.at_most,
            "published": target.published,
            "required": target.required,
            "value": found.value if found and has else None,
            "low": found.low if found and has else None,
            "high": found.high if found and has else None,
            "seeds": found.seeds if found else 0,
            "verdict": self.verdict,
            "reason": self.reason,
        }


def _straddles(target: Target, ends: Sequence[float]) -> bool:
    """Whether all that is allowed lies inside an interval."""
    limits = [limit for limit in (target.at_least, target.at_most) if limit is not None]
    return len(ends) == 2 and any(ends[0] <= limit <= ends[1] for limit in limits)


@dataclass(frozen=True)
class Validation:
    """What a validation found: its lines in the order of the checks, and a picture for every check that was made."""

    findings: Sequence[Finding]
    pictures: Mapping[str, Picture]
    quick: bool

    @property
    def is_sound(self) -> bool:
        """Whether every required target is met."""
        return all(finding.is_sound for finding in self.findings)


def validate(
    quick: bool = False,
    checks: Sequence[Check] = CHECKS,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    change: Callable[[Scenario], Scenario] | None = None,
    kept: Kept | None = None,
) -> Validation:
    """Run every check on the same seeds each time; `quick` takes fewer of them.

    `change` makes of every scenario that a check wants the one that is run instead; what is `kept` is not run again.
    """
    wanted = [list(check.wants(seeds_of(check, quick))) for check in checks]
    worlds = dict.fromkeys(path.scenario for paths in wanted for path in paths)
    changed = {world: world if change is None else change(world) for world in worlds}
    there = {path: path._replace(scenario=changed[path.scenario]) for paths in wanted for path in paths}
    found = run_all(there.values(), workers, progress, kept)
    findings: list[Finding] = []
    pictures = {}
    for check, paths in zip(checks, wanted, strict=True):
        judged = judge(check, quick, {path: found[there[path]] for path in paths})
        findings += lines(check, judged, quick)
        if isinstance(judged, Judged):
            pictures[check.name] = judged.picture
    return Validation(findings, pictures, quick)


def seeds_of(check: Check, quick: bool) -> int:
    return check.quick_seeds if quick else check.seeds


def judge(check: Check, quick: bool, found: Mapping[Path, dict[str, Any] | Failure]) -> Judged | Failure:
    """What a check makes of its runs; a failure of one check is its own reason, never the end of the others."""
    own: dict[Path, dict[str, Any]] = {}
    for path, outcome in found.items():
        if isinstance(outcome, Failure):
            return Failure(f"seed {path.seed} of {path.scenario.name}: {outcome.reason}")
        own[path] = outcome
    try:
        return check.judge(Runs(own), seeds_of(check, quick))
    except Exception as error:  # noqa: BLE001  a check that crashes is a line with its reason
        return Failure(reason_of(error))


def lines(check: Check, judged: Judged | Failure, quick: bool) -> list[Finding]:
    """A line for each target of a check; every number that it measured must have one."""
    targets = targets_of(check.name)
    if isinstance(judged, Failure):
        return [Finding(check, target, reason=judged.reason, quick=quick) for target in targets]
    if strangers := judged.measured.keys() ^ {target.name for target in targets}:
        raise InputError(
            f"targets.toml: {check.name}.{min(strangers)} is measured without a target or has one without being "
            "measured; allowed is a target for every number"
        )
    return [Finding(check, target, judged.measured[target.name], quick=quick) for target in targets]
