"""What is measured in an episode: one number for each question, from the daily series and the eve of the news."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.stablecoin_issuer import ISSUERS
from abm.evidence.episodes.history import Observed
from abm.outcome.counts import LOW_PEG
from abm.outcome.falls import Fall, largest_fall
from abm.outcome.verdict import Cuts, evidence_of, financial_label, longest_spell
from abm.scenario import Scenario

if TYPE_CHECKING:
    import polars as pl

RISE_DAYS = 7  # 9 to 18 March 2020, trading days
SUPPLY_DAYS = 26  # 11 May to 17 June 2022, trading days


@dataclass(frozen=True)
class Window:
    """The days of an episode: the eve of its news, a row of the daily series, and so many days after it."""

    ticks: pl.DataFrame
    scenario: Scenario
    eve: int
    days: int

    @property
    def until_the_end(self) -> pl.DataFrame:
        """The daily series from the first day of the run to the last of the window."""
        return self.ticks.head(self.eve + self.days + 1)

    def series(self, name: str) -> np.ndarray:
        """A daily series (days + 1,), the eve first."""
        return self.ticks[name].to_numpy()[self.eve : self.eve + self.days + 1]

    def total(self, name: str) -> float:
        """The sum over the days after the eve."""
        return float(self.series(name)[1:].sum())

    def price(self, of: str) -> np.ndarray:
        """A price; that of all `shares` is an index by value, every price being 1 at the start."""
        if of != "shares":
            return self.series(f"price_{of}")
        ai, broad = (getattr(self.scenario.markets, name).capitalisation for name in ("ai_equity", "broad_equity"))
        return (ai * self.price("ai_equity") + broad * self.price("broad_equity")) / (ai + broad)

    def fall(self, of: str) -> Fall:
        return largest_fall(self.price(of))


def number(value: float | None) -> float:
    """A number; nan where a price never fell."""
    return math.nan if value is None else float(value)


def change(series: np.ndarray) -> float:
    """The last day against the eve, as a share."""
    return float(series[-1] / series[0] - 1.0)


def lowest(prices: np.ndarray) -> float:
    """The lowest day against the eve, as a share."""
    return float(prices[1:].min() / prices[0] - 1.0)


def largest_rise(series: np.ndarray, days: int) -> float:
    """The largest rise from one day to another at most so many days later; 0 where it never rises."""
    rises = (series[lag:] - series[:-lag] for lag in range(1, min(days, len(series) - 1) + 1))
    return max(0.0, *(float(rise.max()) for rise in rises))


def other_banks_failed(window: Window) -> float:
    """Share of bank assets at failed banks on the last day, less that on the evening of the first failure."""
    failed = window.series("bank_assets_failed_share")[1:]
    hit = np.flatnonzero(failed)
    return max(0.0, float(failed[-1] - failed[hit[0]])) if len(hit) else 0.0


def banking_crisis(window: Window) -> float:
    """Whether it is one by the model's own cuts, from the first day of the run to the last of the window."""
    evidence = evidence_of(window.until_the_end, None, None, 0.0)
    return float(financial_label(evidence) == "banking_crisis")


def recession(window: Window) -> float:
    """Whether output is so far below its trend for so long.

    The model's verdict takes the twin without news for the trend; history has no such twin.
    """
    cuts = Cuts()
    low = -window.series("output")[1:] >= cuts.output_gap
    return float(longest_spell(low) >= math.ceil(cuts.output_days))


def supply_lost(window: Window, issuer: str) -> float:
    """The largest part of its supply that an issuer lost within SUPPLY_DAYS."""
    return -math.expm1(-largest_rise(-np.log(window.series(f"coin_supply_{issuer}")), SUPPLY_DAYS))


MEASURES: dict[str, Callable[[Window], float]] = {
    "fall_of_ai": lambda w: w.fall("ai_equity").drawdown,
    "fall_of_shares": lambda w: w.fall("shares").drawdown,
    "fall_of_crypto": lambda w: w.fall("crypto").drawdown,
    "half_of_ai": lambda w: number(w.fall("ai_equity").days_to_half),
    "worst_20_of_ai": lambda w: number(w.fall("ai_equity").worst_20_day_share),
    "worst_20_of_shares": lambda w: number(w.fall("shares").worst_20_day_share),
    "worst_day_of_ai": lambda w: number(w.fall("ai_equity").worst_day),
    "worst_day_of_shares": lambda w: number(w.fall("shares").worst_day),
    "change_of_shares": lambda w: change(w.price("shares")),
    "lowest_of_ai": lambda w: lowest(w.price("ai_equity")),
    "lowest_of_crypto": lambda w: lowest(w.price("crypto")),
    "rise_of_note_yield": lambda w: 100.0 * largest_rise(w.series("yield_notes"), RISE_DAYS),
    "notes_bought": lambda w: w.total("notes_bought") / w.scenario.markets.notes.capitalisation,
    "notes_sold_by_force": lambda w: w.total("forced_sales_notes") / w.scenario.markets.notes.capitalisation,
    "banking_crisis": banking_crisis,
    "dealers_failed": lambda w: float(w.series("dealers_failed")[-1]),
    "other_banks_failed": other_banks_failed,
    "deposits_withdrawn": lambda w: w.total("deposits_withdrawn") / float(w.series("deposits")[0]),
    "central_bank_lent": lambda w: float(w.series("central_bank_loans").max()),
    "recession": recession,
    "supply_lost_by_first": lambda w: supply_lost(w, ISSUERS[0]),
    "change_of_first": lambda w: change(w.series(f"coin_supply_{ISSUERS[0]}")),
    "change_of_second": lambda w: change(w.series(f"coin_supply_{ISSUERS[1]}")),
    "lowest_of_first": lambda w: float(w.series(f"coin_price_{ISSUERS[0]}").min()),
    "lowest_of_second": lambda w: float(w.series(f"coin_price_{ISSUERS[1]}").min()),
    "lowest_of_coins": lambda w: float(min(w.series(f"coin_price_{issuer}").min() for issuer in ISSUERS)),
    "days_of_second_below_99": lambda w: float((w.series(f"coin_price_{ISSUERS[1]}") < LOW_PEG).sum()),
    "liquidated": lambda w: w.total("forced_sales_crypto_holders"),
    "change_of_crypto_credit": lambda w: change(w.series("crypto_loans")),
    "change_of_margin_debt": lambda w: change(w.series("debt_margin_accounts")),
}


def quiet_variance(ticks: pl.DataFrame, eve: int, market: str) -> float:
    """Variance of daily log returns up to the eve of the news, about nought, which is where a day's mean is."""
    prices = np.concatenate(([1.0], ticks[f"price_{market}"].to_numpy()[: eve + 1]))
    return float(np.mean(np.diff(np.log(prices)) ** 2))


def read_off(ticks: pl.DataFrame, scenario: Scenario, eve: int, wanted: Iterable[Observed]) -> dict[str, float]:
    """Every wanted number of an episode by the name of its target."""
    return {target.name: MEASURES[target.measure](Window(ticks, scenario, eve, target.days)) for target in wanted}
