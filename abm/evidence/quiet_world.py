"""The quiet world: without a spark there is no crisis, and yet everybody is alive.

The limits are those of `[quiet_world]` in docs/targets.toml. The twin has the same draws and everyday trading as
its only channel: what the channels of stress add to it should be next to nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.agents.stablecoin_issuer import ISSUERS
from abm.channels import CHANNELS
from abm.evidence.check import (
    QUIET_WORLD,
    Check,
    Curve,
    Judged,
    Measured,
    Path,
    Picture,
    Runs,
    Sample,
    exact,
    mean_of,
    several,
    share_of,
)
from abm.evidence.targets import content, targets_of
from abm.experiments.one_run import run
from abm.outcome.counts import LOW_PEG
from abm.outcome.verdict import longest_spell
from abm.scenario import Scenario, load

if TYPE_CHECKING:
    import polars as pl

    from abm.experiments.results import RunResult

NAME = "quiet_world"
MARKETS = ("ai_equity", "broad_equity", "notes")  # those whose falls are reported
SECTORS = ("funds", "margin_accounts", "performance_chasers")
QUARTER = 63  # days
HORIZON = 60  # days, of the variance ratio
ONLY_ORDINARY = {f"channels.{name}": name == "ordinary_trading" for name in CHANNELS}


# What is read off one run


def measure(world: Scenario, seed: int) -> dict[str, Any]:
    """What the quiet world is held to, in one run."""
    return read_off(run(world, seed, twins=False))


def read_off(result: RunResult) -> dict[str, Any]:
    """One number for each seed by name, and daily log returns, (days - 1, markets)."""
    world, ticks = result.scenario, result.ticks
    prices = np.stack([ticks[f"price_{market}"].to_numpy() for market in MARKETS], axis=1)
    # Bought and sold both count in the volume, while long-term investors, who take the difference, do not:
    # what changes hands is the larger of the two.
    changed_hands = (0.5 * (ticks["volume_ai_equity"] + ticks["net_flow_ai_equity"].abs())).to_numpy()
    turnover = changed_hands / (world.markets.ai_equity.capitalisation * prices[:, 0])
    years = world.run.ticks / world.run.ticks_per_year
    kinds = result.events["kind"]
    quarters = world.run.ticks // QUARTER
    return {
        "returns": np.diff(np.log(prices), axis=0).astype(np.float32),
        "crypto_returns": np.diff(np.log(ticks["price_crypto"].to_numpy())).astype(np.float32),
        **{f"drawdown_{market}": worst_fall(p) for market, p in zip(MARKETS, prices.T, strict=True)},
        "bank_failed": float(ticks["banks_failed"][-1] > 0),
        "dealers_failed": float(ticks["dealers_failed"][-1]),
        "shortfalls": float(ticks["failed_with_shortfall_funds"][-1]) / world.funds.count / years,
        "seizures": float(ticks["failed_funds"][-1]) / world.funds.count / years,
        "small_discount": float((ticks["discount_notes"].abs() <= 0.01).to_numpy().mean()),
        "turnover": float(turnover.mean()) * 21,
        "calls": float((kinds == "margin_call").sum()),
        "calls_met": float((kinds == "call_met").sum()),
        "quarters_alive": quarters_alive(result.tables.flows, quarters),
        "coins_at_par": float(coins_at_par(ticks, world)),
        "builders_lost": most_lost_by_builders(ticks, int(world.run.ticks_per_year)),
        "crypto_loans_left": float(ticks["crypto_loans"][-1] / ticks["crypto_loans"][0]),
        "quarters_with_liquidations": quarters_with_liquidations(ticks, quarters),
    }


def coins_at_par(ticks: pl.DataFrame, world: Scenario, most_days: float = 3.0) -> bool:
    """Say whether no coin stands under 0.99 for longer, and no queue is longer than an issuer may pay in that time."""
    for issuer in ISSUERS:
        payable = world.stablecoins.daily_cap * ticks[f"coin_supply_{issuer}"]
        if longest_spell((ticks[f"coin_price_{issuer}"] < LOW_PEG).to_numpy()) > most_days:
            return False
        if (ticks[f"coin_queue_{issuer}"] > most_days * payable).any():
            return False
    return True


def most_lost_by_builders(ticks: pl.DataFrame, days: int) -> float:
    """Return the largest part of builders' loans that lenders lost in so many days, of what was owed before them."""
    lost = np.cumsum(np.pad(ticks["data_centre_loans_lost"].to_numpy(), (1, 0)))
    owed = ticks["data_centre_loans"].to_numpy() + ticks["data_centre_loans_lost"].to_numpy()
    days = min(days, len(owed))
    return float(((lost[days:] - lost[:-days]) / owed[: len(owed) - days + 1]).max())


def quarters_with_liquidations(ticks: pl.DataFrame, quarters: int) -> float:
    """Return the share of whole quarters in which a position in crypto on credit is liquidated."""
    sold = ticks["forced_sales_crypto_holders"].to_numpy()[: quarters * QUARTER]
    return float((sold.reshape(quarters, QUARTER) > 0.0).any(axis=1).mean())


def quarters_alive(flows: pl.DataFrame, quarters: int) -> float:
    """Return the share of whole quarters in which every trading sector trades, by the transaction-flow matrix."""
    traded = flows.filter(flows["instrument"].is_in(list(MARKETS)))
    quarter = traded["tick"].to_numpy() // QUARTER
    alive = [all((traded[s].to_numpy()[quarter == q] != 0).any() for s in SECTORS) for q in range(quarters)]
    return float(np.mean(alive))


def worst_fall(prices: np.ndarray) -> float:
    """Return the largest fall from a peak, as a share of it."""
    return float(1 - (prices / np.maximum.accumulate(prices)).min())


def variance_ratio(returns: np.ndarray, days: int = HORIZON) -> float:
    """Return the variance of sums over `days`, over `days` times that of one day; returns: (seeds, ticks).

    Source: Lo and MacKinlay (1988), pooled over the seeds around one mean.
    """
    centred = returns.astype(np.float64) - returns.mean(dtype=np.float64)
    total = np.cumsum(np.pad(centred, ((0, 0), (1, 0))), axis=1)
    sums = total[:, days:] - total[:, :-days]
    return float((sums * sums).mean() / (days * (centred * centred).mean()))


# What is made of all seeds


def judged(full: Sample, twin: Sample, world: Scenario) -> dict[str, Measured]:
    """Every target by its name, from the quiet world's seeds and its twin's."""
    returns = full["returns"]
    found: dict[str, Measured] = {}
    for k, market in enumerate(MARKETS):
        normal = getattr(world.markets, market).normal_volatility
        found[f"volatility_{market}"] = mean_of(returns[:, :, k].std(axis=1) / normal)
        found[f"variance_ratio_60_{market}"] = exact(variance_ratio(returns[:, :, k]))
        fall = f"drawdown_{market}"
        found[f"added_{fall}"] = exact(np.median(full[fall]) - np.median(twin[fall]))
    return found | {
        "variance_ratio_60_crypto": exact(variance_ratio(full["crypto_returns"])),
        "seeds_without_bank_failure": share_of(full["bank_failed"] == 0.0),
        "defaults_with_shortfall_per_year": exact(np.median(full["shortfalls"])),
        "days_with_small_note_discount": mean_of(full["small_discount"]),
        "turnover_ai_equity_per_month": mean_of(full["turnover"]),
        "quarters_with_trades_of_every_style": mean_of(full["quarters_alive"]),
        "margin_calls_per_seed": mean_of(full["calls"]),
        "calls_met_per_seed": mean_of(full["calls_met"]),
        "seeds_with_coins_at_par": share_of(full["coins_at_par"] == 1.0),
        "seeds_without_cascade_of_builders": share_of(full["builders_lost"] <= limits()["most_lost_by_builders"]),
        "crypto_loans_left": exact(np.median(full["crypto_loans_left"])),
        "quarters_with_liquidations": mean_of(full["quarters_with_liquidations"]),
    }


def limits() -> dict[str, Any]:
    return content()[NAME]


@cache
def worlds() -> tuple[Scenario, Scenario]:
    """The quiet world and its twin."""
    said = limits()
    quiet = load(said["scenario"], **said["set"], **{"run.ticks": said["ticks"]})
    return quiet, quiet.replace(ONLY_ORDINARY)


def wants(seeds: int) -> list[Path]:
    return [path for world in worlds() for path in several(world, measure, seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    quiet, twin = worlds()
    found = judged(runs.sample(quiet, measure, seeds), runs.sample(twin, measure, seeds), quiet)
    found = {name: value._replace(seeds=seeds) for name, value in found.items()}
    return Judged(found, picture(found))


def picture(found: dict[str, Measured]) -> Picture:
    """How near every number is to its limit: 0 at the one that it is nearest to, 1 where nothing could be better."""
    rooms = {}
    for target in targets_of(NAME):
        low, high = target.at_least, target.at_most
        value = found[target.name].value
        if low is not None and high is not None:
            rooms[target.name] = min(value - low, high - value) / (0.5 * (high - low))
        elif high is not None:
            rooms[target.name] = (high - value) / abs(high)
        elif low is not None:
            rooms[target.name] = min(1.0, (value - low) / low)
    return Picture(
        title="The quiet world: how far every number is from its limit",
        x="",
        y="room left, share of what the limit allows (below 0: missed)",
        names=[name.replace("_", " ") for name in rooms],
        curves=[Curve("room left", range(len(rooms)), [max(-1.0, room) for room in rooms.values()], joined=False)],
        allowed=(0.0, None),
        words="A dot at 0 stands on its limit; shares that must be all stand there when they are.",
    )


CHECK = Check(NAME, QUIET_WORLD, "Without a spark no crisis, and everybody alive", "ours", judge, wants, 200, 40)
