"""The tables that are read off the code, the scenario and what the bench left: no run is needed for them."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from benched import OF_BENCH
from cells import number, table
from measure import SCENARIO, default
from results import NAMES

from abm.agents.crypto_holder import HOLDERS_ORDER
from abm.channels import CHANNELS
from abm.economy import AGENTS, RECORDS
from abm.ledger.chart import INSTRUMENTS, N_TRADED, SECTORS
from abm.markets import MARKETS
from abm.opening.reconciliation import reconciliation
from abm.outcome.recorder import SERIES
from abm.records import ASSET, BOOKS, LIABILITY
from abm.scenario import parameters
from abm.scenario.tables import COLUMNS
from abm.tick import TICK

ROOT = Path(__file__).resolve().parents[1]

# What a run lacks when a channel is off; a test keeps the names those of abm/channels.py.
OFF_MEANS = {
    "ordinary_trading": "nobody trades, earns or pays interest unless he must; with all off prices are the news",
    "narrative_feedback": "nobody turns doubter; prices lose what the news says and no more",
    "margin_calls": "no call, no forced sale, no seizure: losses stay on paper",
    "margin_procyclicality": "margins stay as they are in calm, and a dealer's own strain does not raise them",
    "risk_limits": "funds set themselves no limits: no stop after losses, no cut when markets move much",
    "redemptions": "nobody leaves a fund",
    "cross_asset_sales": "calls are met out of a fund's main market; investors take the rest of a seized book",
    "depth_spiral": "depth stays at its normal level whatever happens",
    "finite_buyers": "every offer finds a taker, and discounts heal as fast as in normal times",
    "performance_chasing": "savers leave their money where it is",
    "crowding_revealed": "a failure teaches nobody what others hold",
    "fund_default_losses": "owners make every lender whole, and no dealer or bank fails",
    "dealer_runs": "cash pools and customers stay with dealers however weak",
    "credit_tightening": "banks short of capital lend as before",
    "common_story": "crypto hears nothing of the story of AI, nor the story of crypto's losses",
    "crypto_liquidations": "crypto on credit is kept whatever it falls to, and nobody borrows anew to hold more",
    "stablecoin_runs": "nobody doubts a coin",
    "reserve_deposits": "issuers leave the deposits with which they began where they are",
    "reserve_treasuries": "long-term investors take what issuers sell, at the day's price",
    "deposit_runs": "uninsured depositors stay with banks however weak",
    "bank_asset_sales": "banks hold their securities whatever they lack",
    "interbank": "what a failed bank owes to other banks is paid in full, at public cost",
    "real_economy": "output stays on its trend, and no debtor outside the market defaults",
    "private_credit": "no builder defaults, no fund draws its lines or fails, and what is promised to them stays",
}


def tick_table() -> str:
    rows = []
    for place, phase in enumerate(TICK, 1):
        parts = code(phase.reads), code(phase.writes), code(phase.channels) or "–"
        rows.append((str(place), f"`{phase.name}`", phase.words, *parts))
    return table(("", "phase", "what happens", "reads", "writes", "channels"), rows)


def short_tick_table() -> str:
    rows = [(str(place), f"`{p.name}`", p.words, code(p.channels) or "–") for place, p in enumerate(TICK, 1)]
    return table(("", "phase", "what happens", "channels"), rows)


def channels_table() -> str:
    rows = []
    for name in CHANNELS:
        file = f"`abm/contagion/{name}.py`"
        rows.append((f"`{name}`", file, f"`channels.{name}`", OFF_MEANS[name], test_of(name)))
    return table(("channel", "file", "switch", "what a run lacks without it", "test"), rows)


def test_of(channel: str) -> str:
    """The test file that is about a channel, or about all of them; else the first that names it."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    naming = [path for path in found if channel in path.stem or names(path, channel)]
    naming.sort(key=lambda path: (channel not in path.stem, "channel" not in path.stem))
    return f"`{naming[0].relative_to(ROOT).as_posix()}`" if naming else "–"


def names(path: Path, word: str) -> bool:
    return any(word in text for text in texts(path))


@cache
def texts(path: Path) -> tuple[str, ...]:
    """All texts in a file of code."""
    try:
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    except SyntaxError:
        return ()
    return tuple(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def chart_table() -> str:
    """Who holds and who owes each instrument, as the records declare it, and where the other side is named."""
    rows = []
    for k, name in enumerate(INSTRUMENTS):
        holders, debtors = [], []
        for record in AGENTS:
            for field in AGENTS[record].part(BOOKS):
                traded = field.size > 1 and field.instrument is not None and field.instrument < N_TRADED
                if field.instrument == k or (traded and k < N_TRADED):
                    side = holders if field.side == ASSET else debtors
                    named = f" (at its `{field.at}`)" if field.at else ""
                    side.append(f"{record}.{field.name}{named}")
        rows.append((f"`{name}`", "; ".join(holders) or "–", "; ".join(debtors) or "–"))
    assert LIABILITY == -ASSET
    return table(("instrument", "holds (asset)", "owes (liability)"), rows)


def sectors_line() -> str:
    return "Sectors, the columns of `flows` and `revaluations`: " + code(SECTORS) + "."


def records_table() -> str:
    """Every field of every record, with its part and its unit."""
    rows = []
    for name, record in (RECORDS | {"order_book": HOLDERS_ORDER}).items():
        for place, field in enumerate(f for f in record.fields if f.name not in ("id", "sector")):
            size = f" × {field.size}" if field.size > 1 else ""
            rows.append(
                (
                    f"`{name}`" if place == 0 else "",
                    f"`{field.name}`{size}",
                    field.part,
                    field.unit,
                    field.meaning,
                )
            )
    return table(("table", "field", "part", "unit", "meaning"), rows)


def series_table() -> str:
    rows = [(f"`{name}`" + (f" per {per}" if per else ""), unit, meaning) for name, per, unit, meaning in SERIES]
    return table(("column of `ticks`", "unit", "meaning"), rows)


def markets_table() -> str:
    terms = list(type(default().markets.notes).model_fields)
    values = default().markets
    rows = [(f"`{t}`", *(shown(getattr(getattr(values, m.name), t, "–")) for m in MARKETS)) for t in terms]
    return table(("term of the market", *(NAMES.get(m.name, m.label) for m in MARKETS)), rows)


def shown(value: object) -> str:
    return number(float(value)) if isinstance(value, int | float) else str(value)


def grade(source: str) -> str:
    """Say how far a number can be trusted, by the words in its source."""
    if source == "assumed":
        return "assumed"
    if source.startswith(("the dial", "definition")):
        return "by definition"
    if "assumed" in source:
        return "partly assumed"
    return "remembered" if "remembered" in source else "published"


GRADES = ("published", "remembered", "partly assumed", "assumed", "by definition")


def parameters_table() -> str:
    rows = []
    for p in parameters():
        if not isinstance(p.default, bool | str):
            allowed = f"from {number(p.low)}" if p.high == math.inf else f"{number(p.low)} to {number(p.high)}"
            rows.append((f"`{p.path}`", p.meaning, number(p.default), p.unit, allowed, p.source, grade(p.source)))
    return table(("parameter", "meaning", "value", "unit", "allowed", "source", "grade"), rows)


def grades_line() -> str:
    counts = count(grade(p.source) for p in parameters() if not isinstance(p.default, bool | str))
    parts = ", ".join(f"{counts[g]} {g}" for g in GRADES if counts.get(g))
    return f"The scenario `{SCENARIO}` has {sum(counts.values())} numbers: {parts}."


def count(items: Iterable[str]) -> dict[str, int]:
    result: dict[str, int] = {}
    for item in items:
        result[item] = result.get(item, 0) + 1
    return result


def cast_line() -> str:
    s = default()
    names = ", ".join(m.label if m.label == "AI equity" else m.label[0].lower() + m.label[1:] for m in MARKETS)
    return (
        f"On stage in `{s.name}`: {s.funds.count} hedge funds of six styles (long/short, multi-strategy, Treasury "
        f"relative value, macro, systematic, unlevered), {s.margin_accounts.count} cohorts of margin accounts, "
        f"{s.dealers.count} dealers, {s.banks.count} banks with deposits at named banks, {s.pools.count} cash pools, "
        f"{s.chasers.count} savers who chase returns, {s.buyers.count} long-term investors, "
        f"{s.private_credit.count} private-credit funds and the builders of data centres that they and banks lend to, "
        f"{s.crypto.holders} crypto holders of four kinds, three stablecoin issuers; "
        f"{names}, futures on notes; {len(CHANNELS)} channels."
    )


def reconciliation_table() -> str:
    def shown_amount(amount: float | None) -> str:
        return "–" if amount is None else f"{amount:,.0f}".replace(",", " ") if abs(amount) >= 100 else f"{amount:.1f}"

    rows = [
        (t.name, shown_amount(t.wanted), shown_amount(t.held), t.unit,
         "–" if t.difference is None else f"{t.difference + 0.0:.2f} %".replace("-0.00", "0.00"), t.source)
        for t in reconciliation(default())
    ]  # fmt: skip
    return table(("total", "wanted", "in the books", "unit", "difference", "source"), rows)


def own_data_table() -> str:
    """Every column of every own table, as `abm/scenario/tables.py` declares it."""
    rows = []
    for name, columns in COLUMNS.items():
        for place, c in enumerate(columns):
            file = f"`{name}.file`" if place == 0 else ""
            allowed = c.allowed().replace(f" in the unit {c.unit!r}", "").replace("1e+09", "a billion")
            rows.append((file, f"`{c.name}`", c.meaning, c.unit, allowed))
    return table(("table", "column", "meaning", "unit", "allowed"), rows)


def code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


STATIC = {
    "tick-table": short_tick_table,
    "tick-full": tick_table,
    "channels": channels_table,
    "chart": chart_table,
    "sectors": sectors_line,
    "records": records_table,
    "series": series_table,
    "markets": markets_table,
    "parameters": parameters_table,
    "grades": grades_line,
    "cast": cast_line,
    "reconciliation": reconciliation_table,
    "own-data": own_data_table,
    **OF_BENCH,
}
