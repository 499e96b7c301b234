"""All measurements of `powderkeg bench`, one after the other in one session."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from abm.bench.agreement import DAYS, refuse_unless_same
from abm.bench.cold_start import Start, cold_start
from abm.bench.contest import PEERS, Contest, contest
from abm.bench.growth import SIZES, Growth, growth
from abm.bench.layout import books_in_32_bits, layouts
from abm.bench.machine import machine
from abm.bench.overhead import Overhead, overhead
from abm.bench.profile import quickest
from abm.bench.sweeps import Rate, by_mesa, has_dask, swept
from abm.scenario import DEFAULT, load

LARGE = 100_000  # holders
TARGETS = {"plain_mesa": 100.0, "numpy": 3.0, "memory_floor": 4.0}
ENGINE_SHARE = 0.9  # of a sweep's workers' time, at least
SLOPE_OFF = 0.1  # by how much a slope may differ from 1
RECORDING = 0.1  # of the days of a run, less than that
WORLDS: dict[str, dict[str, Any]] = {  # in which recording and phases are measured: a calm one and a crash
    DEFAULT: {},
    "funds.leverage = 3": {"funds.leverage": 3},
}
SWEPT, BY_MESA = 24, 1  # runs per worker


@dataclass(frozen=True)
class Effort:
    """How much is measured: turns and days of a turn at default size and at 100,000 holders, most seconds of those.

    pairs: of runs with and without recording, in each of the worlds; profiled: runs of which the quickest tells what
    phases take there.
    """

    turns: int = 60
    days: int = 11
    large_turns: int = 30
    large_days: int = 3
    large_seconds: float = 120.0
    pairs: int = 40
    profiled: int = 8


@dataclass(frozen=True)
class Bench:
    """All that was measured; phases: microseconds a day by world and phase."""

    machine: dict[str, str]
    default: Contest
    large: Contest
    sweeps: dict[str, Rate]
    cold_start: tuple[Start, ...]
    overhead: dict[str, Overhead]
    phases: dict[str, dict[str, float]]
    growth: tuple[Growth, ...] = ()
    layouts: dict[str, dict[str, float]] | None = None
    books_in_32_bits: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON; `ratios` are those of the rules over 100,000 crypto holders."""
        ratios = {name: self.large.ratios[name].median for name in TARGETS}
        return {"ratios": ratios, "targets": TARGETS, **asdict(self)}


class Steps:
    """Tells how many steps of all are done and what the next one is, as (done, all, what)."""

    def __init__(self, all_: int, progress: Callable[[int, int, str], None]) -> None:
        self.done, self.all, self.progress = 0, all_, progress

    def __call__(self, what: str) -> None:
        self.progress(self.done, self.all, what)
        self.done += 1


def bench(
    full: bool = False,
    effort: Effort | None = None,
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Bench:
    """Measure; raises CheckFailed before anything is timed where a contender's numbers are not the engine's.

    progress: called before each step with how many are done, how many there are, and what comes.
    """
    effort, grown = effort or Effort(), sum(len(sizes) for sizes in SIZES.values()) + 1
    say = Steps(8 + has_dask() + 2 * len(WORLDS) + full * grown, progress)
    about, begin = machine(), time.monotonic()
    say(f"do the contenders give the engine's numbers on a small world of {DAYS} days?")
    for peer in PEERS:
        refuse_unless_same(peer)
    scenario = load()
    say("the default run, contenders in turn")
    default = contest(scenario, effort.turns, effort.days)
    say(f"{LARGE:,} crypto holders, contenders in turn")
    end = time.monotonic() + effort.large_seconds
    crowd = scenario.replace({"crypto.holders": LARGE})
    large = contest(crowd, effort.large_turns, effort.large_days, until=lambda: time.monotonic() > end)
    sweeps = {}
    for workers in (1, 2):
        say(f"a sweep of default runs on {workers} worker(s)")
        sweeps[f"sweep, {workers}"] = swept(scenario, SWEPT * workers, workers)
    if has_dask():
        say("the same sweep on a local Dask cluster of 2 workers")
        sweeps["Dask, 2"] = swept(scenario, SWEPT * 2, 2, cluster="local")
    for workers in (1, 2):
        say(f"the plain version by Mesa's batch runner on {workers} process(es)")
        sweeps[f"batch_run of plain Mesa, {workers}"] = by_mesa(scenario, BY_MESA * workers, workers)
    say("help, the first command on a machine, and the second")
    started = tuple(cold_start())
    recorded, phases = {}, {}
    for world, changes in WORLDS.items():
        say(f"{world}: runs with and without recording in turn")
        recorded[world] = overhead(changes, effort.pairs)
        say(f"{world}: what each phase of a day takes")
        phases[world] = quickest(changes, effort.profiled)
    about |= {"time the bench took, without growth and layouts": f"{(time.monotonic() - begin) / 60:.1f} min"}
    found = Bench(about, default, large, sweeps, started, recorded, phases)
    return with_growth(found, say) if full else found


def with_growth(found: Bench, say: Steps) -> Bench:
    """Add growth curves and layouts."""
    curves = tuple(growth(dial, progress=say) for dial in SIZES)
    say("six layouts of a holder")
    scenario = load()
    sizes = (scenario.crypto.holders, LARGE)
    six = {f"{size}": layouts(scenario.replace({"crypto.holders": size}), days=100) for size in sizes}
    return replace(found, growth=curves, layouts=six, books_in_32_bits=books_in_32_bits(scenario))
