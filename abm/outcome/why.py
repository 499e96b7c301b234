"""Why did this happen? From an effect in the event log back along `caused_by` to its roots.

A pure function of the event log. Every event names one cause; somebody who lost several times may have several
roots, and his losses are added up by root.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from abm.errors import InputError, shown
from abm.outcome.events import ACTORS
from abm.outcome.wording import NO_MONEY, bn, listed, told

FAILURE = "_failed$|^seizure$"  # kinds of events by which somebody ends
LOSS = "_loss$|^shortfall$"  # kinds by which the other side loses the amount
FOR_ALL = ("loan_losses",)  # logged once for all banks, under one that stands for them
TABLES = {f"{kind}s": kind for kind in ACTORS} | {"stablecoins": "stablecoin_issuer"}  # by table, its name in the log
NO_SUMS = (*NO_MONEY, "sales_rationed", "dealer_run", "deposit_run", "coin_run", "refinancing_refused", "lines_drawn")


@dataclass(frozen=True)
class Step:
    """One event: when, in words, and its number in the log."""

    event: int
    day: int
    words: str


@dataclass(frozen=True)
class Root:
    """The part of somebody's losses that goes back to one root."""

    event: int
    day: int
    words: str
    losses_bn: float
    share: float


@dataclass(frozen=True)
class Answer:
    """Why it happened, in a sentence; the chain from the effect to its root; losses by debtor and by root.

    `happened` is filled for who did not fail: what did happen, a line for each kind of event.
    """

    about: str
    sentence: str
    chain: tuple[Step, ...] = ()
    happened: tuple[Step, ...] = ()
    losses_bn: float = 0.0
    lost_on: tuple[tuple[str, float], ...] = ()
    roots: tuple[Root, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON."""
        return asdict(self)


def why(events: pl.DataFrame, agents: pl.DataFrame, about: str) -> Answer:
    """Return what the log says of an actor's failure, as `bank:7`, or of the event of a number, as `1234`.

    Of a market it tells the worst day. Raises InputError for what is not in this run.
    """
    if about.isdecimal() and int(about) < events.height:
        return Answer(about, f"Event {int(about)} and what led to it:", chain_of(events, int(about)))
    named = (pl.col("actor") == about) | (pl.col("counterparty") == about) & ~pl.col("kind").is_in(FOR_ALL)
    own = events.filter(named)
    if own.is_empty() and about not in names(agents):
        raise InputError(f"{shown(about)} is not in this run; allowed are {allowed(events, agents)}")
    if about.startswith("market:"):
        return of_market(events, own, about)
    losses = own.filter((pl.col("counterparty") == about) & pl.col("kind").str.contains(LOSS))
    lost: dict[str, Any] = {"losses_bn": float(losses["amount"].sum())}
    if lost["losses_bn"] > 0.0:
        lost |= {"lost_on": tuple(by_debtor(losses)), "roots": tuple(by_root(events, losses, lost["losses_bn"]))}
    failures = own.filter((pl.col("actor") == about) & pl.col("kind").str.contains(FAILURE))
    if failures.is_empty():
        if own.is_empty():
            return Answer(about, f"{about} did not fail, and the log has nothing else of it.")
        said = f"{about} did not fail. What did happen:" if ":" in about else f"What the log has of {about}:"
        return Answer(about, said, happened=tuple(happened(own, about)), **lost)
    failure = failures.row(0, named=True)
    return Answer(about, f"{about} failed on day {failure['tick']}:", chain_of(events, failure["event_id"]), **lost)


def of_market(events: pl.DataFrame, own: pl.DataFrame, about: str) -> Answer:
    """Return what stands behind the worst of a market's days that the log knows: those that caused something."""
    falls = own.filter((pl.col("kind") == "price_move") & (pl.col("amount") < 0.0)).sort("amount", "event_id")
    if falls.is_empty():
        return Answer(about, f"A market cannot fail, and no fall of {about} caused anything in this run.")
    worst = falls.row(0, named=True)
    said = f"A market cannot fail. The worst day of {about} that caused anything was day {worst['tick']}:"
    return Answer(about, said, chain_of(events, worst["event_id"]))


def chain_of(events: pl.DataFrame, number: int) -> tuple[Step, ...]:
    """Return an event and what stands behind it, from the effect back to the root."""
    chain: list[Step] = []
    cause: int | None = number
    while cause is not None:
        event = events.row(cause, named=True)
        if event["event_id"] != cause or (chain and cause >= chain[-1].event):
            raise InputError(f"events: event {cause} is out of order; allowed is a log as powderkeg wrote it")
        chain.append(Step(cause, event["tick"], told(event)))
        cause = event["caused_by"]
    return tuple(chain)


def happened(own: pl.DataFrame, about: str) -> Iterator[Step]:
    """Return a line for each kind of event: how often, how much, and the first of them, whose number it has."""
    sides = own.with_columns(own_doing=pl.col("actor") == about)
    for part in sides.partition_by("kind", "own_doing", maintain_order=True):
        first, last = part.row(0, named=True), part.row(-1, named=True)
        words = told(first)
        if part.height > 1:
            total = "" if first["kind"] in NO_SUMS else f", {bn(float(part['amount'].sum()))} in all"
            words += f" (the first of {part.height:,} times until day {last['tick']}{total})"
        yield Step(first["event_id"], first["tick"], words)


def by_debtor(losses: pl.DataFrame) -> list[tuple[str, float]]:
    """Return on whom somebody lost how much, in $bn, most first."""
    sums = losses.group_by("actor").agg(pl.col("amount").sum())
    return sums.sort("amount", "actor", descending=[True, False]).rows()


def by_root(events: pl.DataFrame, losses: pl.DataFrame, total: float) -> Iterator[Root]:
    """Return the roots of somebody's losses with their parts, largest first."""
    parts: dict[Step, float] = {}
    for event, amount in losses.group_by("caused_by", maintain_order=True).agg(pl.col("amount").sum()).rows():
        root = chain_of(events, event)[-1] if event is not None else Step(-1, 0, "no cause was logged")
        parts[root] = parts.get(root, 0.0) + amount
    for root, amount in sorted(parts.items(), key=lambda part: (-part[1], part[0].event)):
        yield Root(root.event, root.day, root.words, amount, amount / total)


def names(agents: pl.DataFrame) -> set[str]:
    """Return the names of all who have an account, as the log writes them."""
    known = agents.filter(pl.col("id").is_not_null()).select("type", "id")
    return {f"{TABLES.get(table, table.removesuffix('s'))}:{number}" for table, number in known.rows()}


def allowed(events: pl.DataFrame, agents: pl.DataFrame) -> str:
    """Return in words what may be asked for."""
    counts = dict(agents.group_by("type").len().rows())
    kinds = [f"{kind}:0 to {kind}:{counts[table] - 1}" for table, kind in sorted(TABLES.items()) if table in counts]
    markets = sorted(name for name in events["actor"].unique() if name.startswith("market:"))
    return f"{listed([*kinds, *markets], most=99)}, or the number of an event from 0 to {events.height - 1}"
