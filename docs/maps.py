"""Runs the sweep `leverage_by_speed` and writes its map, as table and figure, into docs/sweeps.md.

Runs are kept below `outputs/` by the digest of the sources, so that it goes on where it was stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from build import FIGURES, MAP, OF_MAP, ROOT, stamped, write
from cells import table
from digest import source_digest

from abm.figures.map import map_figure
from abm.figures.style import png
from abm.sweep.maps import SweepMap, sweep_map
from abm.sweep.outcomes import parse_outcome
from abm.sweep.reading import read_plan
from abm.sweep.sweep import sweep

NAME = "leverage_by_speed"
OUTCOME = "dealers_failed>=2"


def map_table(found: SweepMap) -> str:
    """The share in every cell, the highest level first."""
    rows = [
        (f"× {name}", *(f"{100 * value:.0f} %" for value in values))
        for name, values in zip(found.y.names, found.grid("value"), strict=True)
    ]
    days = (f"{name} {'day' if name == '1' else 'days'}" for name in found.x.names)
    return table(("leverage", *days), rows[::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes")
    chosen = parser.parse_args()
    digest = source_digest()
    plan = replace(read_plan(NAME), twins=False)  # which the number of dealers that failed needs none of
    runs = sweep(plan, ROOT / "outputs" / f"numbers-{digest}" / NAME, workers=chosen.workers).runs
    found = sweep_map(plan, runs, "spark.days", "funds.leverage", parse_outcome(OUTCOME))
    (FIGURES / f"{NAME}.png").write_bytes(png(map_figure(found)))
    words = f"{found.outcome.title}, {plan.replications} paired seeds a cell."
    write({"map": lambda: f"{words}\n\n{map_table(found)}"}, (MAP,))
    write({"map-stamp": lambda: stamped(OF_MAP, digest, plan.n_runs)}, (MAP,))


if __name__ == "__main__":
    main()
