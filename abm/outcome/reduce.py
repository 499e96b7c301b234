"""What a comparison keeps of one run: daily paths in single precision and three small tables.

A worker hands these back instead of the run itself; `abm/report/data.py` pools them over seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.agents.stablecoin_issuer import ISSUERS

if TYPE_CHECKING:
    import polars as pl

    from abm.outcome.tables import Tables

MARKETS = ("ai_equity", "broad_equity", "notes", "bills", "crypto")
BORROWERS = ("funds", "margin_accounts")
SECTOR_ORDER = ("margin_accounts", "funds", "credit_funds", "dealers", "banks")
# Seized books are sold by the dealer, whoever owned them.
SELLERS = ("funds", "margin_accounts", "dealers", "banks", "crypto_holders", "stablecoin_issuers")
CALLS = ("margin_calls", "cross_asset_sales")  # the channels of sales that meet calls or close seized books
# A fund fails when its dealer seizes it; the shortfall, if any, comes when its book has been sold.
FAILURES = ("seizure", "shortfall", "credit_fund_failed", "dealer_failed", "bank_failed")
PATHS = (
    *(f"{name}_{m}" for name in ("price", "news", "belief", "discount", "depth", "forced_sales") for m in MARKETS),
    *(
        "believers",
        "buyers_capacity",
        "forced_sales_liquidated",
        "yield_notes",
        "dealer_capital",
        "bank_capital",
        "output",
    ),
    *("failed_funds", "failed_margin_accounts", "dealers_failed", "banks_failed"),
    *("cash_obtained_funds", "cash_obtained_margin_accounts"),
)

TOTAL = "forced_sales"  # a path more: forced sales of all markets, $bn a day

# Schemas of the three tables, types by their polars names; a comparison puts `days` and `seed` in front.
FIRST_FAILURES = {
    "by": "String",  # "sector": the first failure in each sector; "institution": the first of all, by name
    "order": "Int32",  # 1 = first
    "sector": "String",
    "actor": "String",
    "tick": "Int32",
    "amount": "Float64",  # $bn: debt seized, shortfall, or capital missing
}
SALES = {
    "seller": "String",
    "instrument": "String",
    "channel": "String",
    "amount": "Float64",  # $bn sold over the run
}
LIQUIDITY = {
    "sector": "String",
    "need": "String",  # "calls", "redemptions", "seized loans", "liquidations", "draws" or "withdrawals"
    "expected_from": "String",
    "needed": "Float64",  # $bn over the run
    "obtained": "Float64",  # $bn over the run
    **{f"sold_{m}": "Float64" for m in MARKETS},  # $bn
    **{f"normal_volume_{m}": "Float64" for m in MARKETS},  # $bn a day before the first bad news
}


@dataclass(frozen=True)
class Reduced:
    """One run in little: `paths` holds a (ticks,) float32 array per name in PATHS, and TOTAL."""

    paths: dict[str, np.ndarray]
    first_failures: pl.DataFrame
    liquidity: pl.DataFrame
    sales: pl.DataFrame


def reduce_run(tables: Tables, scenario: Any) -> Reduced:
    """Reduce a run's tables to what a comparison reports; `funds.count` tells funds from margin accounts."""
    ticks, n_funds = tables.ticks, int(scenario.funds.count)
    by_day = _forced_sales(ticks, tables.events, n_funds)
    return Reduced(
        paths=_paths(ticks),
        first_failures=first_failures(tables.events, n_funds),
        liquidity=_liquidity(ticks, by_day),
        sales=_sum_sales(by_day),
    )


def _paths(ticks: pl.DataFrame) -> dict[str, np.ndarray]:
    paths = {name: ticks[name].to_numpy().astype(np.float32) for name in PATHS}
    return paths | {TOTAL: np.sum([paths[f"{TOTAL}_{m}"] for m in MARKETS], axis=0)}


def first_failures(events: pl.DataFrame, n_funds: int, named: int = 3) -> pl.DataFrame:
    """Return who failed first: the first of each sector in order, and the first few institutions by name.

    Ties within a day keep the order of the log.
    """
    import polars as pl

    failed = _with_sector(events.filter(pl.col("kind").is_in(FAILURES)), n_funds).sort("event_id")
    failed = failed.unique("actor", keep="first", maintain_order=True)
    sectors = failed.unique("sector", keep="first", maintain_order=True)
    parts = [
        frame.select(
            pl.lit(by).alias("by"),
            pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("order"),
            "sector",
            "actor",
            "tick",
            "amount",
        )
        for by, frame in (("sector", sectors), ("institution", failed.head(named)))
    ]
    return pl.concat(parts).cast(schema(FIRST_FAILURES))


def liquidity_table(ticks: pl.DataFrame, events: pl.DataFrame, n_funds: int) -> pl.DataFrame:
    """Return who needed cash, from whom it was expected, what came and what was sold for it (LIQUIDITY)."""
    return _liquidity(ticks, _forced_sales(ticks, events, n_funds))


def new_cash_needs(ticks: pl.DataFrame, sector: str) -> float:
    """Return the $bn of cash that calls made a sector look for over the run.

    `cash_needed` is what is still to be raised tonight. What arises in a day is tonight's need, less last
    night's, plus what was raised in between; days on which needs vanish (prices recover, a book is seized)
    count as nought.
    """
    needed = ticks[f"cash_needed_{sector}"].to_numpy()
    raised = ticks[f"cash_obtained_{sector}"].to_numpy()
    return float(np.maximum(np.diff(needed, prepend=0.0) + raised, 0.0).sum())


def redeemed(ticks: pl.DataFrame) -> float:
    """Return the $bn of coins that issuers took back over the run, less what each of them issued on the same day."""
    supply = np.stack([ticks[f"coin_supply_{issuer}"].to_numpy() for issuer in ISSUERS])
    return float(np.maximum(-np.diff(supply, axis=1), 0.0).sum())


def normal_volume(ticks: pl.DataFrame, market: str, fewest: int = 20) -> float:
    """Return the mean daily volume in $bn before the first disappointment (of all days, if those are few)."""
    volume = ticks[f"volume_{market}"].to_numpy()
    bad = np.flatnonzero(ticks["disappointment"].to_numpy())
    calm = volume[: bad[0]] if len(bad) and bad[0] >= fewest else volume
    return float(calm.mean()) if len(calm) else 0.0


def schema(names: dict[str, str]) -> Any:
    """Return a polars schema from type names, so that declaring one needs no polars."""
    import polars as pl

    return pl.Schema({name: getattr(pl, kind)() for name, kind in names.items()})


def _with_sector(events: pl.DataFrame, n_funds: int) -> pl.DataFrame:
    """Margin accounts follow the funds in one numbering: `fund:N` with N >= n_funds is one of them.

    What crypto holders are forced to sell on a day is one offer of the market that presses them.
    """
    import polars as pl

    kind = pl.col("actor").str.split(":").list.first()
    number = pl.col("actor").str.split(":").list.last().cast(pl.Int64, strict=False)
    account = (kind == "margin_account") | ((kind == "fund") & (number >= n_funds))
    sector = (kind + "s").replace("markets", "crypto_holders")
    return events.with_columns(pl.when(account).then(pl.lit("margin_accounts")).otherwise(sector).alias("sector"))


def _forced_sales(ticks: pl.DataFrame, events: pl.DataFrame, n_funds: int) -> pl.DataFrame:
    """Forced sales as they were filled: `tick, seller, instrument, channel, amount`.

    Events hold offers at yesterday's price; all offers in a market on a day are filled in the same part,
    so that the day's filled total gives each its own.
    """
    import polars as pl

    offers = _with_sector(events.filter(pl.col("kind") == "forced_sale"), n_funds)
    seized = events.filter(pl.col("kind") == "seizure").group_by("actor").agg(pl.col("tick").min().alias("seized"))
    offers = offers.join(seized, on="actor", how="left").with_columns(
        pl.when(pl.col("tick") > pl.col("seized")).then(pl.lit("dealers")).otherwise(pl.col("sector")).alias("seller")
    )
    filled = ticks.select("tick", *(pl.col(f"forced_sales_{m}").alias(m) for m in MARKETS)).unpivot(
        index="tick", variable_name="instrument", value_name="filled"
    )
    offered = pl.col("amount").sum().over("tick", "instrument")
    return (
        offers.with_columns((pl.col("amount") / offered).alias("part"))
        .join(filled, on=["tick", "instrument"], how="inner")
        .select("tick", "seller", "instrument", "channel", (pl.col("part") * pl.col("filled")).alias("amount"))
        .fill_nan(0.0)
    )


def _sum_sales(by_day: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    keys = ["seller", "instrument", "channel"]
    return by_day.group_by(keys).agg(pl.col("amount").sum()).sort(keys).cast(schema(SALES))


def _liquidity(ticks: pl.DataFrame, by_day: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    sales = _sum_sales(by_day)
    volumes = {f"normal_volume_{m}": normal_volume(ticks, m) for m in MARKETS}

    def sold_by(seller: str, *channels: str) -> dict[str, float]:
        own = sales.filter((pl.col("seller") == seller) & pl.col("channel").is_in(channels))
        return {m: float(own.filter(pl.col("instrument") == m)["amount"].sum()) for m in MARKETS}

    def total(name: str) -> float:
        return float(ticks[name].sum())

    def row(
        sector: str, need: str, expected_from: str, needed: float, obtained: float, sold: dict[str, float]
    ) -> dict[str, Any]:
        names = {"sector": sector, "need": need, "expected_from": expected_from}
        amounts = {f"sold_{m}": amount for m, amount in sold.items()}
        return names | {"needed": needed, "obtained": obtained} | amounts | volumes

    rows = []
    for s in BORROWERS:
        needed, obtained = new_cash_needs(ticks, s), total(f"cash_obtained_{s}")
        rows.append(row(s, "calls", "sales of their own holdings", needed, obtained, sold_by(s, *CALLS)))
    paid = total("moved_redemptions")
    sold = sold_by("funds", "redemptions")
    rows.append(row("funds", "redemptions", "own cash, then sales", paid, paid, sold))
    # Seized debt is repaid out of the book; what the book does not bring is the dealer's loss.
    sold = sold_by("dealers", *CALLS)
    seized = sum(sold.values())
    rows.append(row("dealers", "seized loans", "sales of seized books", seized + total("dealer_losses"), seized, sold))
    sold = sold_by("dealers", "dealer_runs")
    left = total("funding_withdrawn")
    rows.append(row("dealers", "withdrawals", "banks' spare lines, then notes", left, sum(sold.values()), sold))
    sold = sold_by("banks", "bank_asset_sales")
    left = total("deposits_withdrawn")
    rows.append(row("banks", "withdrawals", "reserves, then Treasuries", left, sum(sold.values()), sold))
    drawn = total("lines_called")
    nothing_sold: dict[str, float] = dict.fromkeys(MARKETS, 0.0)
    rows.append(row("banks", "draws", "new deposits, then reserves", drawn, drawn, nothing_sold))
    sold = sold_by("crypto_holders", "crypto_liquidations", "cross_asset_sales")
    liquidated = sum(sold.values())
    needed = liquidated + total("crypto_lender_losses")
    rows.append(row("crypto_holders", "liquidations", "sales of crypto, then shares", needed, liquidated, sold))
    paid = redeemed(ticks)
    waiting = float(sum(ticks[f"coin_queue_{issuer}"][-1] for issuer in ISSUERS))
    sold = sold_by("stablecoin_issuers", "reserve_treasuries")
    source = "deposits, then repo and bills"
    rows.append(row("stablecoin_issuers", "redemptions", source, paid + waiting, paid, sold))
    return pl.DataFrame(rows, schema=schema(LIQUIDITY))
