"""How much of the headline is left in other worlds: other laws, sizes, draws, and other values of what is assumed.

The headline is the map of breakdowns (two dealers or more fail) over the speed of the news and leverage. Four
claims are read off it, each a difference on paired seeds; where its whole 95 % interval lies above nought it holds.
All runs are sweeps in folders of their own, so that whatever is finished stays so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from abm.evidence.assumed import assumed
from abm.evidence.robustness.claims import OUTCOME, by_world, in_draws, judged, points_of, ranked, split
from abm.evidence.robustness.plans import MOST, drawn, of_number, screened, variants, without_one_market
from abm.scenario import Scenario, load
from abm.sweep.outcomes import evaluate
from abm.sweep.plan import Plan
from abm.sweep.sweep import Progress, sweep


@dataclass(frozen=True)
class Robustness:
    """All that was found.

    `maps`: the share of breakdowns of each variant at each point, with its interval and count; `claims`: each claim in
    each variant, as mean, interval and whether it holds; `screen`: what each assumed number does near the edge, the
    most first; `worlds`: the share of breakdowns in each drawn world at each corner; `split`: the variance at each
    corner that comes from the numbers, and from the seeds.
    """

    maps: pl.DataFrame
    claims: pl.DataFrame
    screen: pl.DataFrame
    worlds: pl.DataFrame
    split: pl.DataFrame


Report = Callable[[str, Progress], None]  # which sweep, and where it stands


def robustness(
    folder: str | Path,
    scenario: Scenario | None = None,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    report: Report | None = None,
) -> Robustness:
    """Run all of it in sweeps below a folder, or what is left of it, and judge the claims in every world."""
    base = load() if scenario is None else scenario
    numbers = assumed(base)

    def run(plan: Plan) -> pl.DataFrame:
        def tell(now: Progress) -> None:
            if report is not None:
                report(plan.name, now)

        runs = sweep(plan, Path(folder, plan.name), workers=workers, cluster=cluster, progress=tell).runs
        return runs.with_columns(evaluate(runs, OUTCOME).alias("broken"))

    screen = ranked(run(screened(base, numbers)), numbers)
    first = [next(n for n in numbers if n.path == path) for path in screen["path"].head(MOST)]
    of_first = [variant for number in first for variant in of_number(base, number)]
    worlds = [*variants(base), *without_one_market(base), *of_first]
    found = [(variant, run(variant.plan)) for variant in worlds]
    of_draws = by_world(run(drawn(base, numbers)))
    claims = [row for variant, runs in found for row in judged(variant.name, runs)]
    return Robustness(
        maps=pl.concat([points_of(variant, runs) for variant, runs in found]),
        claims=pl.DataFrame([*claims, *in_draws(of_draws)]),
        screen=screen,
        worlds=of_draws,
        split=split(of_draws),
    )
