"""The runs behind the numbers of the documentation: every path is a scenario's overrides and a seed.

Nothing here is part of the model: it goes through `abm.load` and `abm.run` like any user.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import abm
from abm.channels import CHANNELS
from abm.economy import Economy
from abm.evidence import quiet_world
from abm.evidence.quiet_world import MARKETS
from abm.experiments.one_run import ticks_of
from abm.experiments.workers import Failure, each
from abm.ledger.chart import BILLS, NOTES
from abm.outcome.events import COIN_RUN
from abm.outcome.summary import summarise

if TYPE_CHECKING:
    import polars as pl

SCENARIO = "us_late_2025"
TRADED = (*MARKETS, "bills", "crypto")
STRESS = 60  # days after the spark over which AI equity and crypto are correlated
ALL_OFF = {f"channels.{name}": False for name in CHANNELS}

Overrides = Mapping[str, Any]
Sample = dict[str, np.ndarray]  # a measure and its values, one per seed


class Task(NamedTuple):
    """One path: the whole scenario as JSON, read once at the start; the seed; the name of what is measured."""

    content: str
    seed: int
    kind: str


@cache
def default() -> abm.Scenario:
    return abm.load(SCENARIO)


@cache
def scenario(content: str) -> abm.Scenario:
    return abm.Scenario.from_dict(json.loads(content))


def simulate(task: Task) -> dict[str, Any]:
    """Run one path, without twins, and measure it."""
    return MEASURES[task.kind](scenario(task.content), task.seed)


def measure_fall(world: abm.Scenario, seed: int) -> dict[str, float]:
    """How far, how fast, and who lost; read from the daily series alone, which is quicker."""
    ticks = ticks_of(world, seed)
    summary = summarise(ticks, scenario=world)
    dealers, banks = summary.dealer_losses_bn or 0.0, summary.bank_losses_bn or 0.0
    economy = float(ticks["loans_lost"].sum())
    return {
        **{f"moved_{name}": float(ticks[f"moved_{name}"].sum()) for name in CHANNELS},
        **{f"beyond_news_{m}": worst_beyond_news(ticks, m) for m in MARKETS},
        "note_flow_basis_points": largest_note_flow(ticks, world),
        "loans_lost": economy,
        "output": float(ticks["output"].min()),
        "lending_change": float(ticks["bank_lending"][-1] / ticks["bank_lending"][0] - 1),
        "drawdown": summary.drawdown or 0.0,
        "log_fall": -math.log1p(-(summary.drawdown or 0.0)),
        "worst_20_day_share": summary.worst_20_day_share or 0.0,
        "worst_day": summary.worst_day or 0.0,
        "broad_drawdown": summary.broad_drawdown or 0.0,
        "funds_failed_share": summary.funds_failed_share or 0.0,
        "dealers_failed": float(ticks["dealers_failed"][-1]),
        "banks_failed": float(ticks["banks_failed"][-1]),
        "dealer_losses": dealers,
        "bank_losses": banks,
        "lender_losses": dealers + banks + economy,
        "on_owners": dealers + banks,
        "banking_crisis": float(summary.verdict_financial == "banking_crisis"),
        "forced_sales": float(sum(ticks[f"forced_sales_{m}"].sum() for m in TRADED)),
        "bank_capital_change": float(ticks["bank_capital"][-1] / ticks["bank_capital"][0] - 1),
        "note_discount_max": summary.note_discount_max or 0.0,
        "lines_called": summary.lines_called_bn or 0.0,
        "lines_lost": summary.lines_lost_bn or 0.0,
        "data_centre_loans_lost": summary.data_centre_loans_lost_bn or 0.0,
        "crypto_drawdown": summary.crypto_drawdown or 0.0,
        "crypto_liquidated": summary.crypto_liquidated_bn or 0.0,
        "crypto_lender_losses": summary.crypto_lender_losses_bn or 0.0,
        **correlations(ticks, world.spark.start, world.spark.start + STRESS),
    }


def measure_named(world: abm.Scenario, seed: int) -> dict[str, Any]:
    """What stablecoin issuers did to the banks that hold their deposits, and to bills and notes.

    Read off the books of those banks every evening; yields and prices are daily, the rest one number a seed.
    """
    economy = Economy(world, seed)
    held = at_banks(economy)
    named = np.flatnonzero(held > 0.0)
    rows = economy.banks["customers"][named]
    opening = {
        "deposits": float(economy.banks["deposits"][named].sum()),
        "uninsured": float(economy.depositors["deposit"][rows].sum() + held.sum()),
    }
    treasuries = economy.banks["units"][named].sum(axis=0)  # theirs at the opening, which they keep when all is well
    reserves = economy.banks["reserves"][named].sum()
    days, lowest, uninsured_left = [held[named]], reserves, 0.0
    while economy.tick < world.run.ticks:
        economy.advance(economy.tick + 1)
        days.append(at_banks(economy)[named])
        lowest = min(lowest, economy.banks["reserves"][named].sum())
        uninsured_left += float(economy.banks["withdrawn"][named].sum())
    by_bank = np.stack(days)
    falls = (np.maximum.accumulate(by_bank) - by_bank).max(axis=0)
    ticks = economy.rows
    return {
        "named_banks": float(len(named)),
        "issuers_had": float(held.sum()),
        "issuers_drew": float(falls.sum()),
        **{f"drew_of_{name}": float(falls.sum()) / amount for name, amount in opening.items()},
        "reserves_lost": float(1.0 - lowest / reserves),
        "uninsured_left": uninsured_left,
        "named_failed": float((economy.banks["failed"][named] != 0).sum()),
        "coin_runs": float(runs_on_coins(economy)),
        "handed_in": float(ticks["moved"][:, CHANNELS.index("stablecoin_runs")].sum()),
        "coins_left": float(ticks["coin_supply"][-1].sum() / ticks["coin_supply"][0].sum()),
        "peg": float(ticks["coin_price"].min()),
        "issuers_sold": float(ticks["forced_sales_issuers"].sum()),
        "named_bills": float(treasuries[BILLS]),
        "named_notes": float(treasuries[NOTES]),
        "yield_bills": ticks["yield_bills"].copy(),
        "yield_notes": ticks["yield_notes"].copy(),
        "price_bills": ticks["price"][:, BILLS].copy(),
        "price_notes": ticks["price"][:, NOTES].copy(),
    }


def at_banks(economy: Economy) -> np.ndarray:
    """Return what stablecoin issuers have at each bank, (banks,) in $bn."""
    held = np.zeros(len(economy.banks))
    np.add.at(held, economy.stablecoins["bank"].ravel(), economy.stablecoins["deposit"].ravel())
    return held


def runs_on_coins(economy: Economy) -> int:
    kinds = economy.events["kind"][: economy.counter[0]]
    return int((kinds == COIN_RUN).sum())


def correlations(ticks: pl.DataFrame, first: int, last: int) -> dict[str, float]:
    """How log returns of AI equity and crypto go together from the night of day `first` to that of day `last`."""
    logs = np.log(ticks.select("price_ai_equity", "price_crypto").to_numpy()[first : last + 1])
    over = {"correlation_daily": 1, "correlation_weekly": 5}
    return {name: float(np.corrcoef((logs[days:] - logs[:-days]).T)[0, 1]) for name, days in over.items()}


def worst_beyond_news(ticks: pl.DataFrame, market: str) -> float:
    """Return the largest one-day fall that is not the day's news, in log points."""
    moves = np.diff(np.log(ticks[f"price_{market}"].to_numpy())) - np.diff(np.log(ticks[f"news_{market}"].to_numpy()))
    return float(-moves.min())


def largest_note_flow(ticks: pl.DataFrame, world: abm.Scenario) -> float:
    """Return the largest rise of the note yield that is neither news nor belief, in basis points."""
    flow = np.log(ticks["price_notes"].to_numpy() / ticks["news_notes"].to_numpy()) - ticks["belief_notes"].to_numpy()
    return float(-flow.min() / world.markets.notes.duration * 10_000)


def measure_quiet(world: abm.Scenario, seed: int) -> dict[str, Any]:
    """What the quiet world is held to, and what lenders lose in it all the same."""
    result = abm.run(world, seed, twins=False)
    ticks = result.ticks
    return {
        **quiet_world.read_off(result),
        **correlations(ticks, 0, world.run.ticks - 1),
        "dealer_losses": float(ticks["dealer_losses"].sum()),
        "bank_losses": float((ticks["bank_losses"] - ticks["bank_recoveries"]).sum()),
        "loans_lost": float(ticks["loans_lost"].sum()),
        "banking_crisis": float(summarise(ticks, scenario=world).verdict_financial == "banking_crisis"),
        "forced_sales": float(sum(ticks[f"forced_sales_{m}"].sum() for m in TRADED)),
    }


Measure = Callable[[abm.Scenario, int], dict[str, Any]]
MEASURES: dict[str, Measure] = {"fall": measure_fall, "quiet": measure_quiet, "named": measure_named}


class Laboratory:
    """Asks for samples first, runs all paths at once on two processes, and then hands the samples out."""

    def __init__(self, seeds: int) -> None:
        self.seeds = seeds
        self._wanted: dict[Task, None] = {}
        self._done: dict[Task, dict[str, Any]] = {}

    def want(self, overrides: Overrides, kind: str = "fall", seeds: int | None = None) -> None:
        for seed in range(seeds or self.seeds):
            self._wanted[Task(key(overrides), seed, kind)] = None

    def run(self, workers: int) -> None:
        tasks = [task for task in self._wanted if task not in self._done]
        if not self._done and tasks:  # the first path compiles; the workers then find it done
            first = tasks.pop(0)
            self._done[first] = simulate(first)
        for finished, (position, outcome) in enumerate(each(simulate, tasks, workers), 1):
            if isinstance(outcome, Failure):
                raise SystemExit(f"seed {tasks[position].seed}: {outcome.reason}")
            self._done[tasks[position]] = outcome
            if finished % 100 == 0:
                print(f"{finished} of {len(tasks)} paths", file=sys.stderr)

    def sample(self, overrides: Overrides, kind: str = "fall", seeds: int | None = None) -> Sample:
        rows = [self._done[Task(key(overrides), seed, kind)] for seed in range(seeds or self.seeds)]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def key(overrides: Overrides) -> str:
    """The scenario as text; what it says anyway is left out of the overrides, so that equal paths are run once."""
    return resolved(json.dumps({k: v for k, v in overrides.items() if v != value_of(k)}, sort_keys=True))


@cache
def resolved(overrides: str) -> str:
    return json.dumps(default().replace(json.loads(overrides)).to_dict())


@cache
def value_of(path: str) -> Any:
    """The default scenario's own value."""
    value: Any = default()
    for part in path.split("."):
        value = getattr(value, part)
    return value


def paired(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Return the mean of the paired differences and its standard error."""
    difference = high - low
    return float(difference.mean()), float(difference.std(ddof=1) / math.sqrt(len(difference)))
