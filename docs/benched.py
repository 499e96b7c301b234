"""What README and docs/performance.md say of speed: read off the numbers that `make bench FULL=1` keeps.

`docs/build.py --tables` writes it, and benchmarks/results.md beside these numbers, as `make bench` does at its end.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from abm.bench.bench import Bench
from abm.report import bench

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
PAGE = FOLDER / "results.md"
NOT_GROWN = "Not measured by the bench that was run last; `make bench FULL=1` does."


def found() -> Bench:
    """What the bench measured last."""
    return TypeAdapter(Bench).validate_json((FOLDER / "results.json").read_text("utf-8"))


def ratios() -> str:
    """The ratios against their targets, and those at default size."""
    kept = found()
    lines = "\n".join(f"- {line}" for line in bench.answer(kept).splitlines())
    default = ", ".join(f"{kept.default.ratios[name]}" for name in bench.TARGETS)
    large, small = (f"With {one.holders:,} crypto holders" for one in (kept.large, kept.default))
    return f"{large}:\n\n{lines}\n\n{small} the three are {default}."


def page() -> str:
    return bench.page(found())


def growth() -> str:
    curves = found().growth
    return bench.growth(curves, "../benchmarks/") if curves else NOT_GROWN


def layouts() -> str:
    kept = found()
    return bench.layouts(kept) if kept.layouts else NOT_GROWN


OF_BENCH = {
    "bench-machine": lambda: bench.table(("", ""), found().machine.items()),
    "bench-ratios": ratios,
    "bench-growth": growth,
    "bench-sweeps": lambda: bench.sweeps(found().sweeps),
    "bench-cold-start": lambda: bench.cold_start(found().cold_start),
    "bench-layouts": layouts,
    "bench-phases": lambda: bench.phases(found().phases),
    "bench-recording": lambda: bench.recording(found().overhead),
}
