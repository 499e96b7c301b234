"""The page of the bench: figures with their spread, targets, and the machine that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from abm.bench.bench import ENGINE_SHARE, RECORDING, SLOPE_OFF, TARGETS
from abm.bench.cold_start import FIRST, SECOND
from abm.bench.machine import UNKNOWN
from abm.bench.profile import BETWEEN

if TYPE_CHECKING:
    from abm.bench.bench import Bench
    from abm.bench.cold_start import Start
    from abm.bench.contest import Contest
    from abm.bench.growth import Growth
    from abm.bench.overhead import Overhead
    from abm.bench.sweeps import Rate
    from abm.outcome.paired import Interval

NAMES = {
    "engine": "the engine",
    "plain_mesa": "plain Mesa agents",
    "numpy": "vectorised NumPy",
    "memory_floor": "the memory floor",
}
HEAD = """# What the bench measured

Made by `make bench` (`powderkeg bench{full}`); what is compared with what, and how, is in
[docs/performance.md](../docs/performance.md). Times are the processor's where it does not say the clock's. A ratio is
the median over turns, with the middle half of them in brackets.
"""


def bench_files(found: Bench) -> dict[str, bytes]:
    """Return the page, the numbers as JSON and, if growth was measured, its figure, by file name."""
    files = {
        "results.md": page(found).encode(),
        "results.json": (json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n").encode(),
    }
    if found.growth:
        from abm.figures.growth import growth_figure
        from abm.figures.style import png

        files["growth.png"] = png(growth_figure(found.growth))
    return files


def page(found: Bench) -> str:
    """Return the page in Markdown."""
    parts = [HEAD.format(full=" --full" if found.growth else "")]
    parts += [f"## {head}\n\n{text}\n" for head, text in sections(found)]
    return "\n".join(parts)


def sections(found: Bench) -> Iterable[tuple[str, str]]:
    """Yield the page's sections: heading and text."""
    yield "Machine", table(("", ""), found.machine.items())
    yield "The same rules, written otherwise", contests(found.default, found.large)
    yield "Sweeps", sweeps(found.sweeps)
    yield "Cold start", cold_start(found.cold_start)
    yield "Recording", recording(found.overhead)
    yield "Phases of a day", phases(found.phases)
    if found.growth:
        yield "Growth", growth(found.growth)
    if found.layouts:
        yield "Layout of a record", layouts(found)


def answer(found: Bench) -> str:
    """Return the ratios against their targets, a line each."""
    lines = []
    for name, target in TARGETS.items():
        ratio, sign = found.large.ratios[name], "at most" if name == "memory_floor" else "at least"
        lines.append(f"{said(name, str(ratio))}; target {sign} {target:g}: {verdict(name, ratio.median)}")
    return "\n".join(lines)


def verdict(name: str, value: float) -> str:
    """Return whether a ratio keeps its target, as a word."""
    return met(value <= TARGETS[name] if name == "memory_floor" else value >= TARGETS[name])


def met(kept: bool) -> str:
    return "met" if kept else "missed"


def said(name: str, ratio: str) -> str:
    if name == "memory_floor":
        return f"the engine takes {ratio} times as long as the memory floor"
    return f"{NAMES[name]} {'takes' if name == 'numpy' else 'take'} {ratio} times as long as the engine"


def contests(default: Contest, large: Contest) -> str:
    """Return the contenders' table and what it means."""
    rows = []
    for found in (default, large):
        for name, label in NAMES.items():
            ratio = found.ratios.get(name)
            target = verdict(name, ratio.median) if ratio and found is large else ""
            whole = micro(found.whole_days[name]) if name in found.whole_days else ""
            of_days = str(found.whole_day_ratios.get(name, ""))
            cells = (f"{found.holders:,}", label, micro(found.rules[name]), str(ratio or ""), whole, of_days, target)
            rows.append(cells)
    head = ("crypto holders", "", "their rules, µs a day", "ratio", "whole day, µs", "ratio", "target at 100,000")
    turns = f"Turns: {default.turns} of {default.days} days, and {large.turns} of {large.days}."
    return (
        f"{table(head, rows)}\n\nOf Mesa and NumPy the ratio is theirs to the engine's; of the floor, the engine's"
        f" to it. Targets: at least {TARGETS['plain_mesa']:g}, at least {TARGETS['numpy']:g}, at most "
        f"{TARGETS['memory_floor']:g}. {turns}"
    )


def sweeps(found: Mapping[str, Rate]) -> str:
    """Return the table of rates, with start-up apart."""
    rows = [
        (
            name,
            f"{rate.runs}",
            f"{rate.per_second:.3g}",
            f"{rate.start_seconds:.1f}",
            "" if rate.engine_share is None else f"{rate.engine_share:.2f}: {met(rate.engine_share >= ENGINE_SHARE)}",
        )
        for name, rate in found.items()
    ]
    head = ("runs of 750 days, workers", "runs", "runs a second", "start, s", f"engine's share, target {ENGINE_SHARE}")
    return table(head, rows)


def cold_start(found: Sequence[Start]) -> str:
    """Return what each command takes, and what of the first run is compiling, which a user pays once."""
    took = {start.name: (start.seconds, start.processor_seconds) for start in found}
    (clock, processors), (later_clock, later_processors) = took[FIRST], took[SECOND]
    took["compiling: the first run less the second"] = clock - later_clock, processors - later_processors
    rows = [(name, *(f"{value:.2f} s" if value else UNKNOWN for value in values)) for name, values in took.items()]
    return table(("command", "on the clock", "of all processors"), rows)


def recording(found: Mapping[str, Overhead]) -> str:
    """Return what recording takes of the days of a run, world by world, against its target."""
    rows = [
        (
            f"`{world}`",
            f"{cost.events:,}",
            f"{cost.days:.3f} s",
            f"{cost.bare:.3f} s",
            f"{percent(cost.share)}: {less(cost.share, RECORDING)}",
            percent(cost.with_tables),
        )
        for world, cost in found.items()
    ]
    first = next(iter(found.values())).share
    part = "recording, events, progress"
    head = ("world", "events", "days", "without recording", part, "and all tables in the end")
    return (
        f"{table(head, rows)}\n\nShares of what the days take, {first.n} pairs of runs, with 95 % intervals. "
        f"Target for {part}: less than {100 * RECORDING:.0f} %."
    )


def phases(found: Mapping[str, Mapping[str, float]]) -> str:
    """Return what each phase takes of the days of a run, and microseconds, world by world."""
    first, days = next(iter(found.values())), {world: sum(taken.values()) for world, taken in found.items()}
    rows = [
        (
            f"`{phase}`" if phase != BETWEEN else phase,
            *(
                cell
                for world, taken in found.items()
                for cell in (f"{100 * taken[phase] / days[world]:.1f} %", f"{taken[phase]:.1f}")
            ),
        )
        for phase in first
    ]
    rows.append(("all", *(cell for whole in days.values() for cell in ("100 %", f"{whole:.0f}"))))
    return table(("phase", *(cell for world in found for cell in (f"`{world}`", "µs a day"))), rows)


def percent(share: Interval) -> str:
    ends = "" if share.low is None or share.high is None else f" ({100 * share.low:.1f} to {100 * share.high:.1f})"
    return f"{100 * share.mean:.1f} %{ends}"


def less(share: Interval, target: float) -> str:
    """Return whether a share is below its target, if its interval tells."""
    if share.low is None or share.high is None or share.low < target <= share.high:
        return "cannot tell"
    return met(share.high < target)


def growth(curves: Sequence[Growth], folder: str = "") -> str:
    """Return slopes and fixed costs, every size, and the figure, which lies in a folder."""
    rows = [
        (
            curve.dial,
            f"{curve.points[0].size:,} to {curve.points[-1].size:,}",
            sloping(curve.seconds.slope),
            f"{sloping(curve.in_cache.slope)}, up to {curve.cached:,}" if curve.in_cache else UNKNOWN,
            micro(curve.seconds.fixed),
            sloping(curve.megabytes.slope),
            f"{curve.megabytes.fixed:.1f}",
        )
        for curve in curves
    ]
    sizes = [
        (
            curve.dial,
            f"{point.size:,}",
            micro(point.seconds),
            f"{(point.seconds - curve.seconds.fixed) / point.size * 1e9:.0f}",
            f"{point.megabytes:.1f}",
        )
        for curve in curves
        for point in curve.points
    ]
    in_cache = "slope while the table fills half of the last cache at most"
    head = ("", "sizes", "slope of time", in_cache, "fixed, µs a day", "slope of memory", "fixed, MB")
    each = ("", "size", "µs a day", "beyond the fixed cost, ns each", "MB")
    return (
        f"{table(head, rows)}\n\nSlopes on log axes beyond the fixed cost; the target is 1 within {SLOPE_OFF}.\n\n"
        f"![Time and memory against numbers of agents]({folder}growth.png)\n\n{table(each, sizes)}"
    )


def sloping(slope: float) -> str:
    return f"{slope:.2f}: {met(abs(slope - 1.0) <= SLOPE_OFF)}"


def layouts(found: Bench) -> str:
    """Return nanoseconds by layout, and what 32 bits do to the books."""
    assert found.layouts is not None
    sizes = list(found.layouts)
    rows = [
        (name, *(f"{found.layouts[size][name]:.1f}" for size in sizes)) for name in next(iter(found.layouts.values()))
    ]
    head = ("one loop, ns per holder and day", *(f"{int(size):,} holders" for size in sizes))
    return f"{table(head, rows)}\n\nBooks in 32 bits, as `--check` reads them: {found.books_in_32_bits}."


def micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
