"""What recording costs: runs as they are against runs that write nothing down, in turn.

The other runs are those of a copy of the package in which no row, no event and no page of the journal is written,
no cause is looked for and no progress told. Its books end with the same bits, which is checked.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from abm.errors import CheckFailed
from abm.outcome.paired import Interval, paired_difference
from abm.scenario import DEFAULT, load

PACKAGE = Path(__file__).parents[1]
# What is left of these functions in the copy.
LEFT = {
    "outcome/events.py": {"log_event": "return NO_EVENT"},
    "outcome/causes.py": {"log_sale": "return", "cause_of_move": "return NO_EVENT"},
}
# Assignments to this array, and calls of functions whose names begin like this, are left out of it.
KEPT_JOURNAL = ("outcome/recorder.py", "journals")
RECORDERS = ("phases.py", "record_")
SERVE = "from abm.bench.overhead import serve; serve()"


@dataclass(frozen=True)
class Overhead:
    """Processor time of the days of one run in seconds, medians; and what recording takes of it, by pairs.

    days: with everything written down, `events` of them in the log; bare: without; tables: making tables of it at the
    end, if they are wanted; share: of `days`, what recording, events and progress take; with_tables: of days and
    tables, what they all take.
    """

    days: float
    bare: float
    tables: float
    share: Interval
    with_tables: Interval
    events: int


def overhead(
    changes: Mapping[str, Any] | None = None, pairs: int = 15, progress: Callable[[int, int], None] | None = None
) -> Overhead:
    """Time `pairs` of runs of the default scenario with `changes`, seed 0, in two processes that take turns.

    The copy's rules are compiled when they are first needed, which takes a minute, and kept like others. Raises
    CheckFailed when the two do not end with the same books.
    """
    scenario = load(DEFAULT, **(changes or {})).to_dict()
    with tempfile.TemporaryDirectory() as folder:
        copy_without_recording(Path(folder))
        with worker(PACKAGE.parent, scenario, True) as whole, worker(Path(folder), scenario, False) as bare:
            found = []
            for done in range(-1, pairs):  # the first of each loads machine code, and counts for nothing
                found.append((whole(), bare()))
                if progress is not None:
                    progress(done + 1, pairs)
    if len({one["books"] for pair in found for one in pair}) > 1:
        raise CheckFailed("recording: runs that write nothing down end with other books")
    days, tables = ([pair[0][name] for pair in found[1:]] for name in ("days", "tables"))
    bare_days = [pair[1]["days"] for pair in found[1:]]
    both = [a + b for a, b in zip(days, tables, strict=True)]
    return Overhead(
        *(median(days), median(bare_days), median(tables), taken(days, bare_days), taken(both, bare_days)),
        events=found[0][0]["events"],
    )


def taken(whole: list[float], bare: list[float]) -> Interval:
    """The share of `whole` that is not in `bare`, over pairs."""
    found = paired_difference([1.0] * len(whole), [b / w for w, b in zip(whole, bare, strict=True)])
    assert found is not None
    return found


def copy_without_recording(folder: Path) -> None:
    """Write a copy of the package into a folder, without all that only writes down."""
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in {*LEFT, KEPT_JOURNAL[0], RECORDERS[0]}:
        file = folder / PACKAGE.name / name
        cut = Cut(name)
        file.write_text(ast.unparse(ast.fix_missing_locations(cut.visit(ast.parse(file.read_text("utf-8"))))), "utf-8")
        assert cut.done, f"nothing was found to leave out of {name}"


class Cut(ast.NodeTransformer):
    """Leaves out of one file of the package what only writes down."""

    def __init__(self, name: str) -> None:
        self.name, self.done = name, 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        left = LEFT.get(self.name, {}).get(node.name)
        if left is None:
            return self.generic_visit(node)
        self.done += 1
        node.body = ast.parse(left).body
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        written = node.targets[0]
        return self._left_out(node, KEPT_JOURNAL, written.value if isinstance(written, ast.Subscript) else None)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return self._left_out(node, RECORDERS, node.value.func if isinstance(node.value, ast.Call) else None)

    def _left_out(self, node: ast.stmt, which: tuple[str, str], named: ast.AST | None) -> ast.AST | None:
        file, begin = which
        if self.name == file and isinstance(named, ast.Name) and named.id.startswith(begin):
            self.done += 1
            return None
        return node


@contextmanager
def worker(folder: Path, scenario: dict[str, Any], records: bool) -> Iterator[Callable[[], dict[str, Any]]]:
    """A process that imports the package from a folder; each call is one run in it, and returns what it took."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked, answered = process.stdin, process.stdout

    def run() -> dict[str, Any]:
        asked.write("run\n")
        asked.flush()
        return json.loads(answered.readline())

    try:
        asked.write(json.dumps({"scenario": scenario, "records": records}) + "\n")
        yield run
    finally:
        process.kill()
        process.communicate()


def serve() -> None:
    """Run the scenario of the first line once for every further line, and answer each with a line of JSON."""
    from abm.economy import Economy
    from abm.experiments.one_run import advance
    from abm.scenario import Scenario

    told = json.loads(sys.stdin.readline())
    scenario, records = Scenario.from_dict(told["scenario"]), told["records"]
    told_days: list[int] = []
    for _ in sys.stdin:
        start = process_time()
        economy = Economy(scenario, 0)
        if records:
            advance(economy, scenario.run.ticks, told_days.append)
        else:
            economy.advance()
        ran = process_time()
        if records:
            economy.tables()
        tabled = process_time()
        books = hashlib.sha256(economy.balances().tobytes() + economy.markets["price"].tobytes()).hexdigest()
        took = {"days": ran - start, "tables": tabled - ran}
        sys.stdout.write(json.dumps({**took, "books": books, "events": int(economy.counter[0])}) + "\n")
        sys.stdout.flush()
