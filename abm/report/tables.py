"""The report's tables, as rows of text made from a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abm.figures.style import words
from abm.outcome.paired import share_interval
from abm.outcome.reduce import MARKETS, SECTOR_ORDER, SELLERS
from abm.outcome.verdict import FINANCIAL, REAL, SPEEDS
from abm.report.words import NOTHING, interval, mean, median, number, pair, share_of, share_without_spark

if TYPE_CHECKING:
    import polars as pl

    from abm.report.data import ComparisonData

# (key, unit, what the reader calls it); the same rows in the table of medians and of differences.
SPEED_KEYS = (
    ("drawdown", "share", "largest fall of AI equity"),
    ("days_to_half", "days", "days from the peak to half of the fall"),
    ("worst_20_day_share", "share", "speed: part of the fall in its worst 20 days"),
    ("worst_day", "log points", "worst day, log return"),
    ("acceleration", "share", "acceleration: speed less that of the news alone"),
    ("amplification", "log points", "amplification: log fall less that of the news alone"),
    ("amplification_belief", "log points", "of which by belief"),
    ("amplification_balance_sheet", "log points", "of which by balance sheets"),
    ("broad_drawdown", "share", "largest fall of broad equity"),
)
OUTCOME_KEYS = (
    ("forced_sales_bn", "$bn", "forced sales, $bn"),
    ("funds_failed_share", "share", "funds that failed owing a lender"),
    ("margin_accounts_failed_share", "share", "margin accounts that failed owing a lender"),
    ("lender_losses_bn", "$bn", "losses of dealers and banks, $bn"),
    ("dealer_losses_bn", "$bn", "of which dealers' on customers"),
    ("bank_losses_bn", "$bn", "of which banks' on dealers and on each other"),
    ("loan_losses_bn", "$bn", "of which banks' on loans outside"),
    ("data_centre_loans_lost_bn", "$bn", "loans to builders lost by banks and private credit, $bn"),
    ("lines_called_bn", "$bn", "drawn by private credit at banks, $bn"),
    ("lines_lost_bn", "$bn", "of such lines lost by banks, $bn"),
    ("redemptions_bn", "$bn", "paid to investors who left funds, $bn"),
    ("funding_withdrawn_bn", "$bn", "repo and cash that left weak dealers, $bn"),
    ("deposits_withdrawn_bn", "$bn", "uninsured deposits that left weak banks, $bn"),
    ("bank_lending_change", "share", "change of banks' lending"),
    ("output_shortfall", "log points", "largest fall of output below that without the spark"),
    ("public_cost_bn", "$bn", "cost to the public, $bn"),
    ("credit_funds_failed", "count", "private-credit funds failed"),
    ("dealers_failed", "count", "dealers failed"),
    ("banks_failed", "count", "banks failed"),
    ("banks_failed_asset_share", "share", "bank assets at failed banks"),
    ("bank_capital_change", "share", "change of banks' capital, retained earnings included"),
    ("bank_capital_change_vs_no_news", "share", "that change less the one without the spark"),
    ("bank_equity_value_change", "share", "change of what banks' shares are worth"),
    ("amplification_bank_capital_bn", "$bn", "bank capital that the channels cost, $bn"),
    ("note_discount_max", "share", "largest discount of Treasury notes"),
    ("crypto_drawdown", "share", "largest fall of crypto"),
    ("crypto_liquidated_bn", "$bn", "sold to close positions in crypto on credit, $bn"),
    ("crypto_lender_losses_bn", "$bn", "lost by those who lend against crypto, $bn"),
    ("stablecoin_peg_min", "$", "lowest price of a stablecoin, $"),
    ("stablecoin_days_below_99", "days", "days with a stablecoin under 0.99 $"),
    ("stablecoin_supply_change", "share", "change of stablecoins in circulation"),
    ("stablecoin_withdrawn_from_banks_bn", "$bn", "largest fall of stablecoin issuers' deposits at banks, $bn"),
    ("stablecoin_treasuries_sold_bn", "$bn", "Treasuries sold by them to pay redemptions, $bn"),
    ("after_250_lender_losses_bn", "$bn", "losses of dealers and banks 250 days after the last news, $bn"),
    ("after_250_bank_capital_change", "share", "change of banks' capital 250 days after the last news"),
)
_LIQUIDITY_HEADER = (
    "who",
    "for what",
    "needed, $bn",
    "expected from",
    "obtained, $bn",
    *(f"{words(m)} sold, $bn (days of normal volume)" for m in MARKETS),
)


@dataclass(frozen=True)
class Table:
    """A table in words: header and rows of equal length; `text_columns` of text, then numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    text_columns: int = 1


def differences(data: ComparisonData, keys: Sequence[tuple[str, str, str]], centre: str = "median") -> Table:
    """Return each member's median (or mean) of every key, and its paired difference to the reference."""
    name = {label: member.header for label, member in data.members.items()}
    header = ["", *(f"{name[label]}, {centre}" for label in data.members)]
    for label in data.others:
        header += [f"{name[label]} less {name[data.reference]}, mean", "95 % interval"]
    of = median if centre == "median" else mean
    rows = []
    for key, unit, what in keys:
        row = [what, *(number(of(data, label, key), unit) for label in data.members)]
        for label in data.others:
            row += interval(pair(data, label, data.reference, key), unit)
        rows.append(row)
    return Table(header, rows)


def verdicts(data: ComparisonData) -> Table:
    """Return the share of runs with each label, its interval, under cuts moved by a quarter; and without the spark."""
    share = "share (95 % interval)"
    header = [
        "",
        *(f"{one.header}: {part}" for one in data.members.values() for part in (share, "cuts ± 25 %")),
        *(f"{world}: {share}" for world in data.quiet_worlds()),
    ]
    rows = []
    for key, verdicts_of in (("speed", SPEEDS), ("verdict_real", REAL), ("verdict_financial", FINANCIAL)):
        for verdict in verdicts_of:
            row = [f"{key.replace('verdict_', '')}: {words(verdict)}"]
            for label in data.members:
                row.append(_share(*share_of(data, label, key, verdict)))
                moved = [share_of(data, label, f"{key}_if_{how}", verdict) for how in ("stricter", "easier")]
                row.append(" to ".join(f"{c / m:.0%}" if m else NOTHING for c, m in moved))
            row += [_share(*share_without_spark(data, label, key, verdict)) for label in data.quiet_worlds().values()]
            rows.append(row)
    return Table(header, rows)


def firsts_by_sector(data: ComparisonData) -> Table:
    """Return which kind of institution failed first, second and third, and when."""
    import polars as pl

    header = ["", *(f"{one.header}: {part}" for one in data.members.values() for part in ("in runs", "median day"))]
    rows = []
    own = data.first_failures.filter(pl.col("by") == "sector")
    for order, name in ((1, "first"), (2, "second"), (3, "third")):
        for sector in SECTOR_ORDER:
            row, anywhere = [f"{name}: {words(sector)}"], False
            for label in data.members:
                of_sector = (pl.col("order") == order) & (pl.col("sector") == sector)
                hit = own.filter((pl.col("member") == label) & of_sector)
                anywhere = anywhere or hit.height > 0
                row += [f"{hit.height} of {data.of(label).height}", _day(hit["tick"].to_list())]
            if anywhere:
                rows.append(row)
    return Table(header, rows)


def firsts_by_name(data: ComparisonData) -> Table:
    """Return the first three institutions of the first seed by name, as an example."""
    import polars as pl

    header = ["", *(one.header for one in data.members.values())]
    own = data.first_failures.filter(pl.col("by") == "institution")
    seed = data.seeds[0] if data.seeds else 0
    rows = []
    for order, name in ((1, "first"), (2, "second"), (3, "third")):
        row = [name]
        for label in data.members:
            hit = own.filter((pl.col("member") == label) & (pl.col("order") == order) & (pl.col("seed") == seed))
            said = [
                f"{words(one['sector']).removesuffix('s')} {one['actor'].split(':')[-1]}, day {one['tick']}"
                for one in hit.iter_rows(named=True)
            ]
            row.append(said[0] if said else "nobody")
        rows.append(row)
    return Table(header, rows, f"In the run with seed {seed}, by name.", text_columns=99)


def sales(data: ComparisonData) -> Table:
    """Return mean forced sales by seller, instrument and member in $bn."""
    import polars as pl

    header = ["who sold", "what", *(f"{one.header}, $bn" for one in data.members.values())]
    n_runs = {label: data.of(label).height for label in data.members}
    rows = []
    for seller in SELLERS:
        for market in MARKETS:
            own = data.sales.filter((pl.col("seller") == seller) & (pl.col("instrument") == market))
            amounts = [
                number(float(own.filter(pl.col("member") == label)["amount"].sum()) / max(1, runs), "$bn")
                for label, runs in n_runs.items()
            ]
            name = "dealers, seized books and their own" if seller == "dealers" else words(seller)
            rows.append([name, words(market), *amounts])
    return Table(header, rows, text_columns=2)


def liquidity(data: ComparisonData) -> list[Table]:
    """Return the liquidity table of each member, means over its runs."""
    import polars as pl

    return [
        liquidity_of(data.liquidity.filter(pl.col("member") == label), f"{member.caption}: mean over runs")
        for label, member in data.members.items()
    ]


def liquidity_of(frame: pl.DataFrame, caption: str) -> Table:
    """Return one liquidity table, averaged over the runs in `frame`."""
    import polars as pl

    keys = ["sector", "need", "expected_from"]
    averaged = frame.group_by(keys, maintain_order=True).agg(pl.col(pl.Float64).mean())
    rows = []
    for one in averaged.iter_rows(named=True):
        row = [words(one["sector"]), words(one["need"])]
        row += [number(one["needed"], "$bn"), one["expected_from"], number(one["obtained"], "$bn")]
        for market in MARKETS:
            sold, normal = one[f"sold_{market}"], one[f"normal_volume_{market}"]
            days = f" ({sold / normal:.1f})" if normal else ""
            row.append(f"{number(sold, '$bn')}{days}")
        rows.append(row)
    return Table(_LIQUIDITY_HEADER, rows, caption, text_columns=99)


def _share(count: int, n: int) -> str:
    low, high = share_interval(count, n)
    return f"{count / n:.0%} ({low:.0%} to {high:.0%})" if n else NOTHING


def _day(ticks: list[int]) -> str:
    if not ticks:
        return NOTHING
    return number(float(np.median(ticks)), "days")
