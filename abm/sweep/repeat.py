"""One row of a sweep again, from what its folder says alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from abm.errors import InputError
from abm.sweep.folder import SweepResult, open_sweep
from abm.sweep.plan import Row
from abm.sweep.tables import summary_kinds

if TYPE_CHECKING:
    from abm.experiments.results import RunResult
    from abm.scenario import Scenario


class Repeat(NamedTuple):
    """A row that is to be repeated."""

    sweep: SweepResult
    row: Row
    scenario: Scenario

    def differences(self, again: RunResult) -> list[str]:
        """The outcomes that have other bits than in the sweep; raises InputError where the row is not finished."""
        found = self.sweep.runs.filter(self.sweep.runs["row"] == self.row.number)
        if found.is_empty():
            raise InputError(f"{self.sweep.folder}: row {self.row.number} is not finished; allowed is one that is")
        then, now = found.row(0, named=True), again.summary.to_dict()
        return [key for key in summary_kinds() if then[key] != now[key]]


def row_again(folder: Path, number: int) -> Repeat:
    """The scenario and seed of a row; raises InputError where the folder holds no sweep, or no such row."""
    sweep = open_sweep(folder)
    row = sweep.plan.row(number)
    return Repeat(sweep, row, sweep.plan.scenario_of(row.point))
