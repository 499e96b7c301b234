"""Books close: after every phase of every day every dollar and unit has an owner, and every debt a debtor."""

from __future__ import annotations

from typing import Any

from abm.evidence.check import BOOKS, Check, Curve, Judged, Path, Picture, Runs, exact
from abm.ledger.chart import CRYPTO
from abm.ledger.identities import unbalanced_claims
from abm.scenario import Scenario, load, names

DAYS = 120  # of which the spark of a sudden burst takes the fortieth
HARD = {"funds.leverage": 3.0, "spark.total": 1.0, "spark.days": 1, "spark.start": 5}  # dealers and banks fail


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """The largest sum by which the two sides of any claim differ on any evening, in $bn.

    Raises CheckFailed, naming phase, instrument and amount, where a phase leaves books open.
    """
    from abm.economy import AGENTS, Economy

    economy = Economy(scenario, seed, check=True)
    gap = 0.0
    while economy.tick < scenario.run.ticks:
        economy.advance(economy.tick + 1)
        claims = unbalanced_claims(economy.agents, AGENTS, economy.markets["units"][CRYPTO])
        gap = max(gap, *(abs(difference) for _, _, difference in claims))
    return {"gap": gap}


def worlds() -> dict[str, Scenario]:
    """Every shipped scenario, hit hard and early."""
    return {name: load(name, **HARD, **{"run.ticks": DAYS}) for name in names()}


def wants(seeds: int) -> list[Path]:
    return [Path(world, seed, measure) for world in worlds().values() for seed in range(seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    gaps = {name: float(runs.sample(world, measure, seeds)["gap"].max()) for name, world in worlds().items()}
    picture = Picture(
        title="The two sides of every claim agree to rounding",
        x="scenario",
        y="largest difference, $bn",
        names=list(gaps),
        curves=[Curve("after every phase of every day", range(len(gaps)), list(gaps.values()), joined=False)],
        allowed=(None, 1e-6),
        log_y=True,
        words="One cent is 1e-11 of these billions.",
    )
    return Judged({"largest_gap": exact(max(gaps.values()))}, picture)


CHECK = Check("books", BOOKS, "Books close", "accounting", judge, wants, seeds=3, quick_seeds=1)
