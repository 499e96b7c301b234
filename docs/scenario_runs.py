"""Measures every shipped scenario over many seeds and writes the tables of docs/scenarios.md.

`python docs/scenario_runs.py --seeds 100` takes about half an hour on two cores: some 3,500 paths. Like all that
is measured here it goes through `abm.load` and the runs of `abm.experiments`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from build import OF_SCENARIOS, filled, stamped
from digest import source_digest
from results import number, percent, share, table

import abm
from abm.economy import Economy
from abm.experiments.members import AFTERMATH, last_news
from abm.experiments.one_run import ticks_of, twin_scenarios
from abm.experiments.workers import Failure, each
from abm.ledger.chart import AI_EQUITY, FUNDS
from abm.outcome.summary import summarise
from abm.scenario import names

PAGE = Path(__file__).with_name("scenarios.md")
SUDDEN, GRADUAL = 1, 500  # days of news beside the scenario's own
FIRST_DAYS = 60  # of a burst, in which a sudden one is over
BUST = 0.3  # share: a fall of AI equity that counts as one
SAMPLED = 10  # days between two looks at the books of the boom


class Task(NamedTuple):
    """One scenario and seed: the scenario as JSON, and the days of news beside its own."""

    content: str
    seed: int


def members(scenario: abm.Scenario) -> dict[str, abm.Scenario]:
    """The scenario as it is, sudden, gradual and without news, all of the same length."""
    if scenario.spark.total == 0:
        return {"as it is": scenario, "no news": twin_scenarios(scenario)["no_news"]}
    days = sorted({SUDDEN, GRADUAL, int(scenario.spark.days)})
    ticks = max(scenario.run.ticks, *(last_news(scenario, d) + 1 + AFTERMATH for d in days))
    of = {d: scenario.replace({"spark.days": d, "run.ticks": ticks}) for d in days}
    found = {label(d, scenario): member for d, member in of.items()}
    return found | {"no news": twin_scenarios(of[days[0]])["no_news"]}


def label(days: int, scenario: abm.Scenario) -> str:
    """What a member is called: its days of news, with a star where they are the scenario's own."""
    return f"{days} day{'s' * (days != 1)}{' *' if days == scenario.spark.days else ''}"


def measure(task: Task) -> dict[str, dict[str, Any]]:
    """Every member of a scenario on one seed, judged against the twin without news; equal members run once."""
    scenario = abm.Scenario.from_dict(json.loads(task.content))
    worlds = members(scenario)
    paths: dict[str, Any] = {}
    for world in worlds.values():
        if world.digest not in paths:
            paths[world.digest] = ticks_of(world, task.seed)
    calm = paths[worlds["no news"].digest]
    measured = {}
    for name, world in worlds.items():
        ticks = paths[world.digest]
        summary = summarise(ticks, no_news=calm, scenario=world)
        crypto = ticks["price_crypto"].to_numpy()
        measured[name] = {
            "real": summary.verdict_real,
            "financial": summary.verdict_financial,
            "fall": summary.drawdown or 0.0,
            "broad": summary.broad_drawdown or 0.0,
            "worst_20": summary.worst_20_day_share or 0.0,
            "lender_losses": summary.lender_losses_bn or 0.0,
            "owner_losses": (summary.dealer_losses_bn or 0.0) + (summary.bank_losses_bn or 0.0),
            "banks_failed": float(ticks["banks_failed"][-1]),
            "dealers_failed": float(ticks["dealers_failed"][-1]),
            "fall_60": fall_within(ticks["price_ai_equity"].to_numpy(), scenario),
            "broad_60": fall_within(ticks["price_broad_equity"].to_numpy(), scenario),
            "crypto_60": fall_within(crypto, scenario),
            "crypto": float(1.0 - (crypto / np.maximum.accumulate(crypto)).min()),
            "note_yield": float(summary.note_yield_gap_max or 0.0),
            "peg": float(min(ticks[name].min() for name in ticks.columns if name.startswith("coin_price"))),
        }
    return measured


def fall_within(prices: np.ndarray, scenario: abm.Scenario) -> float:
    """The fall from the day before it begins to the lowest of the days that follow; a price that rises has none."""
    starts = [int(action.tick) for action in scenario.actions]
    start = min([int(scenario.spark.start), *starts])
    return float(max(0.0, 1.0 - prices[start : start + FIRST_DAYS].min() / prices[start - 1]))


def measured_scenarios(seeds: int, workers: int, chosen: list[str]) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Every measure by scenario and member, one value per seed."""
    tasks = [Task(json.dumps(abm.load(name).to_dict()), seed) for name in chosen for seed in range(seeds)]
    done: list[Any] = [None] * len(tasks)
    for position, outcome in each(measure, tasks, workers):
        if isinstance(outcome, Failure):
            raise SystemExit(f"{chosen[position // seeds]}, seed {tasks[position].seed}: {outcome.reason}")
        done[position] = outcome
    found = {}
    for place, name in enumerate(chosen):
        rows = done[place * seeds : (place + 1) * seeds]
        found[name] = {
            member: {key: np.array([row[member][key] for row in rows]) for key in rows[0][member]} for member in rows[0]
        }
    return found


def runs_table(found: dict[str, dict[str, dict[str, np.ndarray]]]) -> str:
    """Shares of verdicts and medians, a row for each scenario and speed of its news."""
    rows = []
    for name, of in found.items():
        there = abm.load(name).markets.crypto.capitalisation > 0.0
        for place, (member, m) in enumerate(of.items()):
            rows.append((
                f"`{name}`" if place == 0 else "",
                member,
                *(share(m["real"] == verdict) for verdict in ("correction", "recession")),
                *(share(m["financial"] == verdict) for verdict in ("market_breakdown", "banking_crisis")),
                percent(m["fall"]),
                percent(m["broad"]),
                percent(m["fall_60"]),
                percent(m["broad_60"]),
                f"{np.median(m['worst_20']):.2f}",
                number(float(np.median(m["lender_losses"]))),
                number(float(m["owner_losses"].mean())),
                number(float(m["banks_failed"].mean())),
                *(percent(m[key]) if there else "–" for key in ("crypto", "crypto_60")),
                f"{np.median(m['note_yield']):.0f}",
                f"{np.median(m['peg']):.3f}" if there else "–",
            ))  # fmt: skip
    head = ("scenario", "news over", "correction", "recession", "market breakdown", "banking crisis")
    medians = (
        "AI equity falls",
        "broad equity falls",
        "AI equity in 60 days",
        "broad in 60 days",
        "worst-20 share",
        "lenders lose, $bn",
    )
    more = ("of it on owners and lenders, mean", "banks failed, mean", "crypto falls", "crypto in 60 days")
    more += ("note yield above the twin, bp", "least peg")
    return table((*head, *medians, *more), rows)


# -- the boom and its turn ------------------------------------------------------------------------------


def books_of(economy: Economy) -> dict[str, float]:
    """Leverage, margins and crowding of hedge funds as they are today.

    leverage: borrowed over own money; margin: factor on AI equity; AI share of traded securities; cosine of
    two funds' books, mean over all pairs, weighted by own money.
    """
    funds = economy.funds[(economy.funds["sector"] == FUNDS) & (economy.funds["net_asset_value"] > 0.0)]
    own = funds["net_asset_value"]
    held = funds["units"] * economy.markets["price"]
    length = np.sqrt((held * held).sum(axis=1, keepdims=True))
    mean = ((held / np.maximum(length, 1e-300)) * own[:, None]).sum(axis=0) / own.sum()
    debts = sum(funds[name].sum() for name in ("margin_loan", "repo", "unsecured"))
    return {
        "leverage": float(debts / own.sum()),
        "margin": float(economy.markets["margin_factor"][AI_EQUITY]),
        "ai_share": float(held[:, AI_EQUITY].sum() / held.sum()),
        "cosine": float((mean * mean).sum()),
        "believers": float(1.0 - economy.story["doubters"][0]),
        "price": float(economy.markets["price"][AI_EQUITY]),
    }


def turn_of(task: Task) -> dict[str, float]:
    """Books at the top of AI equity before its largest fall; with a spark, on the day before it."""
    scenario = abm.Scenario.from_dict(json.loads(task.content))
    economy = Economy(scenario, task.seed)
    looks = [(0, books_of(economy))]
    while economy.tick < scenario.run.ticks:
        economy.advance(min(economy.tick + SAMPLED, scenario.run.ticks))
        looks.append((economy.tick, books_of(economy)))
    prices = economy.rows["price"][:, AI_EQUITY]
    fall = prices / np.maximum.accumulate(prices)
    top = int(prices[: int(fall.argmin()) + 1].argmax()) if scenario.spark.total == 0 else scenario.spark.start - 1
    before = max((look for look in looks if look[0] <= top), key=lambda look: look[0])[1]
    return before | {"day": float(top), "fall": float(1.0 - fall.min())}


def turn_table(seeds: int, workers: int) -> str:
    """Medians at the turn, and how many seeds have a bust; `quiet` says what chance alone does in so many years."""
    rows = []
    length = {"run.ticks": abm.load("boom_and_bust").run.ticks}
    worlds = {
        "`us_late_2025`": abm.load("us_late_2025", **length),
        "`quiet`": abm.load("quiet", **length),
        "`boom_and_bust`": abm.load("boom_and_bust"),
        "the same, `narrative.contagion` = 2": abm.load("boom_and_bust", **{"narrative.contagion": 2}),
    }
    for name, scenario in worlds.items():
        tasks = [Task(json.dumps(scenario.to_dict()), seed) for seed in range(seeds)]
        looks = [outcome for _, outcome in each(turn_of, tasks, workers)]
        middle = {key: float(np.median([look[key] for look in looks])) for key in looks[0]}
        bust = share(np.array([look["fall"] >= BUST for look in looks]))
        keys = ("day", "price", "believers", "leverage", "margin", "ai_share", "cosine", "fall")
        rows.append((name, bust, *(number(middle[key]) for key in keys)))
    head = ("scenario", "seeds with a fall of 30 %", "day of the turn", "AI price", "believers", "debt to own money")
    return table((*head, "margin factor", "AI share of books", "cosine of two books", "fall"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100, help="seeds of each scenario")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--only", nargs="*", default=None, help="some scenarios; prints instead of writing")
    chosen = parser.parse_args()
    if chosen.only is not None:
        print(runs_table(measured_scenarios(chosen.seeds, chosen.workers, chosen.only)))
        return
    sources = source_digest()
    runs = runs_table(measured_scenarios(chosen.seeds, chosen.workers, names()))
    turn = turn_table(chosen.seeds, chosen.workers)
    write({"scenario-runs": lambda: runs, "boom-turn": lambda: turn})
    command = f"{OF_SCENARIOS.command} --seeds {chosen.seeds}"
    write({"scenario-stamp": lambda: stamped(OF_SCENARIOS, sources, chosen.seeds, command)})


def write(content: dict[str, Callable[[], str]]) -> None:
    PAGE.write_text(filled(PAGE.read_text("utf-8"), content), "utf-8")


if __name__ == "__main__":
    main()
