"""A contender is timed only if it gives the engine's numbers: every one of a small and stormy world, day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from abm.bench.seat import Contender
from abm.channels import CRYPTO_LIQUIDATIONS, STABLECOIN_RUNS
from abm.economy import RECORDS, Economy
from abm.errors import CheckFailed
from abm.ledger.chart import DUST
from abm.scenario import Scenario, load

DAYS = 40
SEED = 3
RELATIVE = 1e-9
# Few holders, so many on credit that they share lenders, an early spark, an issuer short of reserves and others that
# nobody doubts, so that some wait for their money who neither act nor run.
SMALL_WORLD = {
    "crypto.holders": 300,
    "crypto.leveraged_count": 0.5,
    "spark.start": 12,
    "stablecoins.second.bills": 0.2,
    "stablecoins.peer_contagion": 0.0,
}


def small_world() -> Scenario:
    """Return the default scenario, small and stormy."""
    return load().replace(SMALL_WORLD)


def storms(economy: Economy) -> dict[str, int]:
    """Return on how many days so far each thing happened that a contender must get right."""
    rows = economy.rows
    happened = {
        "positions liquidated": rows["moved"][:, CRYPTO_LIQUIDATIONS],
        "lenders' losses": rows["crypto_lender_losses"],
        "shares sold for margin": rows["forced_sales_crypto_holders"] - rows["moved"][:, CRYPTO_LIQUIDATIONS],
        "runs on coins": rows["moved"][:, STABLECOIN_RUNS],
        "coins waiting to be paid": rows["coin_queue"].sum(axis=1),
        "offers not all taken": 1.0 - rows["fill_share"],
        "funds in call": rows["in_call"].sum(axis=1),
    }
    return {name: int((values > DUST).sum()) for name, values in happened.items()}


def refuse_unless_same(make: Callable[[Economy], Contender]) -> None:
    """Run a contender and the engine through the small world; raise CheckFailed at the first number that differs."""
    scenario = small_world()
    engine, contender = Economy(scenario, SEED), make(Economy(scenario, SEED))
    for day in range(DAYS):
        engine.advance(day + 1)
        contender.advance(day + 1)
        for name, ours, theirs in numbers(engine, contender):
            same = np.isclose(theirs, ours, rtol=RELATIVE, atol=DUST)
            if not same.all():
                place = np.unravel_index(int(np.argmin(same)), same.shape)
                raise CheckFailed(
                    f"{contender.name}: {name} {', '.join(map(str, place))} on day {day} is {theirs[place]:.12g} "
                    f"and not {ours[place]:.12g}, so that nothing is timed"
                )


def numbers(engine: Economy, contender: Contender) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield all numbers of a day by name, the engine's and the contender's: holders, everybody else, the day's row."""
    other, today = contender.economy, engine.tick - 1
    theirs = {name: getattr(other, name) for name in RECORDS} | {"holders": contender.table()}
    for table in sorted(RECORDS, key=lambda name: name != "holders"):  # what differs there first is why others do
        for field in RECORDS[table].dtype.names or ():
            yield f"{table}.{field}", getattr(engine, table)[field], theirs[table][field]
    for field in engine.rows.dtype.names or ():
        yield f"ticks.{field}", engine.rows[field][today : today + 1], other.rows[field][today : today + 1]
    yield "journal", engine.journals[today], other.journals[today]
