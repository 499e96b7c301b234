"""One economy that is watched: the Mesa model, what is seen of it between two days, and what it was told to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.agents.leveraged_fund import ACTIVE
from abm.economy import EVENTS_PER_AGENT, Economy, sparks
from abm.errors import InputError
from abm.live.log import Log
from abm.model import PowderKegModel

if TYPE_CHECKING:
    import polars as pl

NEWS_ACTIONS = ("spark", "shock", "loss")  # what the world without news never hears of
MOST_USE = 9.99  # times: margin use beyond it, or of a fund with nothing left, is shown as this
# What the page draws day by day, as the recorder names it; the rest is there for those who keep the run.
DRAWN = (
    *("price", "news", "depth", "believers", "disappointment", "coin_price", "coin_supply", "coin_coverage"),
    *("yield_notes", "output", "dealer_capital", "bank_capital", "deposits_withdrawn", "buyers_capacity"),
)
JUDGED = (
    *("price_ai_equity", "price_broad_equity", "yield_notes", "depth_notes", "output", "dealers_failed"),
    *("bank_assets_failed_share", "bank_capital", "bank_lending", "capital_missing"),
)
SELLERS = ("funds", "margin_accounts", "dealers", "banks", "crypto_holders", "stablecoin_issuers")


class World:
    """A run in the hands of a class.

    Parameters: name, as the page calls it; model, on its first morning. Of its scenario and seed, with all that was
    done since, the world is a function.
    """

    def __init__(self, name: str, model: PowderKegModel) -> None:
        self.name = name
        self.model = model
        self.log = Log()
        e = self.economy
        days = e.scenario.run.ticks
        self.there = e.funds["status"] == ACTIVE
        self.opening = {"dealers": funding(e.dealers), "banks": np.maximum(e.banks["deposits"], 1e-12)}
        self.fund_size, self.fund_use = held(e), margin_use(e.funds)
        self.past = {
            "funds": np.zeros((2, days, len(e.funds)), np.float32),  # own money, and margin use
            "dealers": np.zeros((2, days, len(e.dealers)), np.float32),  # capital, and funding
            "banks": np.zeros((2, days, len(e.banks)), np.float32),  # capital, and deposits
            "stablecoins": np.zeros((2, days, len(e.stablecoins)), np.float32),  # coins, and their price
        }

    @property
    def economy(self) -> Economy:
        return self.model.economy

    @property
    def tick(self) -> int:
        return self.economy.tick

    def step(self) -> None:
        """Run one day."""
        self.model.step()
        self.remember()

    def remember(self) -> None:
        """Remember of the day that has ended what the page may be asked about later."""
        e, day, there = self.economy, self.economy.tick - 1, self.there
        use = margin_use(e.funds)
        self.fund_size[there], self.fund_use[there] = held(e)[there], use[there]  # who has failed stays where it was
        self.there = e.funds["status"] == ACTIVE
        for table, values in {
            "funds": (e.funds["net_asset_value"], use),
            "dealers": (e.dealers["capital"], funding(e.dealers)),
            "banks": (e.banks["capital"], e.banks["deposits"]),
            "stablecoins": (e.stablecoins["supply"], e.stablecoins["price"]),
        }.items():
            self.past[table][:, day] = values
        self.log.read(e)

    def close(self) -> None:
        """Give its memory back."""
        self.model.close()

    def act(self, action: Mapping[str, Any]) -> None:
        """Put down a timed action for the coming day, as if the scenario had always had it."""
        put_down(self.economy, action)

    def fixed(self) -> dict[str, Any]:
        """What the page is told once: who is there, and what never changes."""
        e = self.economy
        return {
            "name": self.name,
            "ticks": e.scenario.run.ticks,
            "styles": e.funds["style"].tolist(),
            "dealers": e.dealers["id"].tolist(),
            "banks": e.banks["id"].tolist(),
            "bank_order": np.argsort(-e.banks["deposits"], kind="stable").tolist(),
            "dealer_order": np.argsort(-e.dealers["opening_capital"], kind="stable").tolist(),
        }

    def days(self, since: int) -> dict[str, Any]:
        """The daily series since a day, by name: a list of numbers, or one for each market or issuer."""
        rows = self.economy.rows[since:]
        drawn = {name: plain(rows[name]) for name in DRAWN}
        drawn["sales"] = plain(by_seller(rows))
        return drawn

    def now(self) -> dict[str, Any]:
        """How everybody stands tonight."""
        e = self.economy
        return {
            "use": plain(self.fund_use, 3),
            "size": plain(self.fund_size, 3),
            "failed_funds": np.flatnonzero(e.funds["status"] != ACTIVE).tolist(),
            "in_call": np.flatnonzero((e.funds["status"] == ACTIVE) & (e.funds["days_in_call"] > 0)).tolist(),
            "dealers": self._left("dealers", "opening_capital", funding(e.dealers)),
            "banks": self._left("banks", "opening_capital", e.banks["deposits"]),
        }

    def _left(self, table: str, opening: str, funds: np.ndarray) -> dict[str, list[Any]]:
        records = getattr(self.economy, table)
        return {
            "capital": plain(records["capital"] / np.maximum(records[opening], 1e-12), 3),
            "funding": plain(funds / self.opening[table], 3),
            "failed": np.flatnonzero(records["failed"]).tolist(),
        }

    def verdict(self, no_news: Economy) -> dict[str, Any]:
        """The verdict on the days so far, against the same days of the world without the spark."""
        from abm.outcome.falls import fall_of
        from abm.outcome.verdict import evidence_of, financial_label, real_label, speed_label

        if self.tick == 0:
            return {}
        e = self.economy
        ticks, calm = judged(e), judged(no_news)
        ai, broad = fall_of(ticks, "ai_equity"), fall_of(ticks, "broad_equity")
        evidence = evidence_of(ticks, calm, ai.worst_20_day_share, broad.drawdown)
        last = e.rows[-1]
        return {
            "fall": round(ai.drawdown, 4),
            "speed": speed_label(ai.worst_20_day_share),
            "real": real_label(evidence),
            "financial": financial_label(evidence),
            "funds_failed": int((e.funds["status"] != ACTIVE).sum()),
            "funds": len(e.funds),
            "dealers_failed": int(last["dealers_failed"]),
            "dealers": len(e.dealers),
            "banks_failed": int(last["banks_failed"]),
            "banks": len(e.banks),
            "output": round(float(last["output"]), 5),
            "calm_fall": round(fall_of(calm, "ai_equity").drawdown, 4),
        }


def put_down(economy: Economy, action: Mapping[str, Any]) -> None:
    """Add a timed action to a running economy. Raises InputError where its scenario could not have it.

    The past knows nothing of it, as an action does nothing before its day.
    """
    if action["tick"] < economy.tick:
        raise InputError(f"actions: day {action['tick']} is over; allowed is day {economy.tick} or later")
    before = economy.scenario.to_dict()["actions"]
    economy.scenario = economy.scenario.replace({"actions": [*before, dict(action)]})
    economy.sparks = sparks(economy.scenario)
    economy.most_events_a_tick += EVENTS_PER_AGENT


def judged(economy: Economy) -> pl.DataFrame:
    """The daily series that a verdict is read from."""
    import polars as pl

    return pl.DataFrame({column: np.ascontiguousarray(economy.series(column)) for column in JUDGED})


def held(e: Economy) -> np.ndarray:
    """Return the securities of every fund at market prices, in $bn."""
    return e.funds["units"] @ e.markets["price"]


def funding(dealers: np.ndarray) -> np.ndarray:
    """Return what cash pools, issuers and customers have with every dealer, in $bn."""
    return np.maximum(dealers["repo"].sum(axis=1) + dealers["coin_repo"] + dealers["customer_cash"], 1e-12)


def margin_use(funds: np.ndarray) -> np.ndarray:
    """Return the margin that dealers require of every fund against its own money, in times; 1 is the call."""
    own, required = funds["net_asset_value"], funds["requirement"]
    use = np.divide(required, own, out=np.full(len(funds), MOST_USE), where=own > 0.0)
    return np.where(required > 0.0, np.minimum(use, MOST_USE), 0.0)


def by_seller(rows: np.ndarray) -> np.ndarray:
    """Return forced sales by seller, (day, seller) in $bn: those of `SELLERS`."""
    obtained = rows["cash_obtained"]
    return np.stack(
        [
            obtained[:, 0] + rows["forced_sales_redemptions"],
            obtained[:, 1],
            rows["forced_sales_liquidated"],
            rows["forced_sales_lenders"],
            rows["forced_sales_crypto_holders"],
            rows["forced_sales_issuers"],
        ],
        axis=1,
    )


def plain(values: np.ndarray, digits: int = 4) -> list[Any]:
    """Return numbers ready for JSON: rounded, finite, and of a table its columns."""
    return np.nan_to_num(np.round(values.T, digits), posinf=0.0, neginf=0.0).tolist()
