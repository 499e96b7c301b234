"""The page of the bench: figures with their spread, targets, and the machine that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from abm.bench.bench import TARGETS

if TYPE_CHECKING:
    from abm.bench.bench import Bench
    from abm.bench.contest import Contest
    from abm.bench.growth import Growth

NAMES = {
    "engine": "the engine",
    "plain_mesa": "plain Mesa agents",
    "numpy": "vectorised NumPy",
    "memory_floor": "the memory floor",
}
HEAD = """# What the bench measured

Made by `make bench` (`powderkeg bench`{full}); what is compared with what, and how, is in
[docs/performance.md](../docs/performance.md). Times are the processor's. A ratio is the median over turns, with the
middle half of them in brackets.
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
    yield "Sweeps", sweeps(found)
    if found.growth:
        yield "Growth", growth(found.growth)
    if found.layouts:
        yield "Layout of a record", layouts(found)


def answer(found: Bench) -> str:
    """Return the ratios against their targets, a line each."""
    lines = []
    for name, target in TARGETS.items():
        ratio, sign = found.large.ratios[name], "at most" if name == "memory_floor" else "at least"
        lines.append(f"{said(name)}: {ratio}, target {sign} {target:g}: {verdict(name, ratio.median)}")
    return "\n".join(lines)


def verdict(name: str, value: float) -> str:
    """Return whether a ratio keeps its target, as a word."""
    kept = value <= TARGETS[name] if name == "memory_floor" else value >= TARGETS[name]
    return "met" if kept else "missed"


def said(name: str) -> str:
    return "the engine over the memory floor" if name == "memory_floor" else f"{NAMES[name]} over the engine"


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


def sweeps(found: Bench) -> str:
    """Return the table of rates, and start-up and compiling apart."""
    rows = [
        (
            name,
            f"{rate.runs}",
            f"{rate.per_second:.3g}",
            f"{rate.start_seconds:.1f}",
            "" if rate.engine_share is None else f"{rate.engine_share:.2f}",
        )
        for name, rate in found.sweeps.items()
    ]
    head = ("runs of 750 days, workers", "runs", "runs a second", "start, s", "engine's share")
    start = found.compiling
    return (
        f"{table(head, rows)}\n\nA new process imports the engine in {start.importing:.1f} s. Its first day takes "
        f"{start.compiling:.1f} s when all rules must be compiled, {start.loading:.2f} s when they have been before."
    )


def growth(curves: Sequence[Growth]) -> str:
    """Return slopes and fixed costs, every size, and the figure."""
    rows = [
        (
            curve.dial,
            f"{curve.points[0].size:,} to {curve.points[-1].size:,}",
            f"{curve.seconds.slope:.2f}",
            micro(curve.seconds.fixed),
            f"{curve.megabytes.slope:.2f}",
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
    head = ("", "sizes", "slope of time", "fixed, µs a day", "slope of memory", "fixed, MB")
    each = ("", "size", "µs a day", "beyond the fixed cost, ns each", "MB")
    return (
        f"{table(head, rows)}\n\nSlopes on log axes beyond the fixed cost; the target is 1 within 0.1.\n\n"
        f"![Time and memory against numbers of agents](growth.png)\n\n{table(each, sizes)}"
    )


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
