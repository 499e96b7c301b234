"""What the chains of a run say: the graph of contagion, and for each failure the shortest chain from the news."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from abm.chains.graph import (
    BUILDERS,
    EVERYDAY,
    FIRMS,
    HOLDERS,
    NEWS,
    SCENARIO,
    SOURCES,
    UNLOGGED,
    as_network,
    edges,
    nodes,
    pushes,
    sectors,
)
from abm.chains.shortest import Shortest
from abm.errors import InputError, shown
from abm.outcome.why import FAILURE
from abm.outcome.wording import count, in_words, listed, told

if TYPE_CHECKING:
    import networkx

IN_WORDS: Mapping[str, str] = {
    NEWS: "the news",
    EVERYDAY: "everyday news",
    SCENARIO: "the scenario",
    UNLOGGED: "no cause logged",
    HOLDERS: "crypto holders",
    BUILDERS: "builders",
    FIRMS: "firms",
}
BEGINS = {**IN_WORDS, SCENARIO: "a loss or a measure that the scenario brings"}
FAILURES = {
    "event": pl.Int64,
    "day": pl.Int64,
    "failed": pl.String,
    "kind": pl.String,
    "source": pl.String,
    "source_day": pl.Int64,
    "steps": pl.Int64,
    "shape": pl.String,
    "actors": pl.List(pl.String),
    "events": pl.List(pl.Int64),
    "words": pl.List(pl.String),
    "record_source": pl.String,
    "record_steps": pl.Int64,
}


@dataclass(frozen=True)
class Chains:
    """The graph of contagion of a run, and the shortest chain from the news to each failure.

    `failures` has a row a failure, in the order of the log: `event` (its number), `day`, `failed` (who), `kind` (what
    he is), `source` (where the chain begins: `news`, `scenario`, `everyday_news`, `unlogged`), `source_day`, `steps`,
    `shape` (the chain by kinds of actors), `actors`, `events` (numbers of those that the chain is made of, the root
    first and the failure last), `words` (the same told), and of the chain of record, which `why` tells,
    `record_source` and `record_steps`. `edges` and `nodes` are as `abm.chains.graph` has them; `cast` counts all of a
    kind who are in the run.
    """

    failures: pl.DataFrame
    edges: pl.DataFrame
    nodes: pl.DataFrame
    cast: Mapping[str, int]

    @property
    def sentence(self) -> str:
        """Who failed, and how far from the news, in a sentence."""
        if self.edges.is_empty():
            return "The event log of this run is empty, so there is no chain in it."
        if self.failures.is_empty():
            return "Nobody fails in this run, so there is no chain from the news to a failure."
        few, many = self.failures.select(low=pl.min("steps"), high=pl.max("steps")).row(0)
        steps = count(few, "step") if few == many else f"{few} to {many} steps"
        begins = dict(self.failures.group_by("source").len().rows())
        sources = [name for names in SOURCES for name in names if name in begins]
        said = f"{who_failed(self.failures)} failed, {steps} from"
        if len(sources) == 1:
            return f"{said} {BEGINS[sources[0]]}."
        parts = [f"{begins[name]:,} with {BEGINS[name]}" for name in sources]
        return f"{said} where chains begin: {listed(parts, most=9)}."

    def graph(self) -> networkx.MultiDiGraph:
        """The graph for NetworkX, each actor a node, with parallel edges for channels and kinds of event."""
        return as_network(self.nodes, self.edges)

    def to(self, whom: str) -> dict[str, Any]:
        """The row of somebody's first failure; raises InputError for who did not fail."""
        own = self.failures.filter(pl.col("failed") == whom)
        if own.is_empty():
            failed = self.failures["failed"].unique(maintain_order=True).to_list()
            did = listed(failed, most=12) if failed else "but nobody did"
            raise InputError(f"{shown(whom)} did not fail in this run; allowed is who did, {did}")
        return own.row(0, named=True)

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON."""
        return {"sentence": self.sentence, "failures": self.failures.to_dicts()}


def chains(events: pl.DataFrame, agents: pl.DataFrame, ticks: pl.DataFrame) -> Chains:
    """Return the graph of contagion and all shortest chains of a run, from its tables.

    Raises InputError for a log that is out of order.
    """
    pushed = pushes(events, ticks)
    linked = edges(pushed)
    kinds = sectors(agents)
    cast = dict(agents.group_by("type").len().rows()) | {
        kind: list(kinds.values()).count(kind) for kind in kinds.values()
    }
    return Chains(
        pl.DataFrame(list(each_failure(events, pushed, kinds)), schema=FAILURES, orient="row"),
        linked,
        nodes(events, agents, linked),
        cast,
    )


def each_failure(events: pl.DataFrame, pushed: pl.DataFrame, kinds: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of `Chains.failures`."""
    failed = events.filter(pl.col("kind").str.contains(FAILURE))
    if failed.is_empty():
        return
    shortest = Shortest(pushed)
    for number, day, name in failed.select("event_id", "tick", "actor").rows():
        path = shortest.to(number)
        rows = [events.row(event, named=True) for event in path.events]
        steps, source = shortest.of_record(number)
        yield (
            *(number, day, name, kind_of(name, kinds), path.actors[0], rows[0]["tick"], path.steps),
            " → ".join(kind_of(actor, kinds) for actor in path.actors),
            *(path.actors, path.events, [f"day {row['tick']}: {told(row)}" for row in rows]),
            *(source, steps),
        )


def kind_of(name: str, kinds: Mapping[str, str]) -> str:
    """Return what an actor is, as a reader calls it; a market by its name."""
    if name in IN_WORDS:
        return IN_WORDS[name]
    kind, _, which = name.partition(":")
    return in_words(which) if kind == "market" else kinds.get(name, kind.replace("_", " "))


def who_failed(failures: pl.DataFrame) -> str:
    """Return how many of each kind failed: lenders first, in the order of the log."""
    numbers = failures.unique("failed", maintain_order=True).group_by("kind", maintain_order=True).len().rows()
    ordered = sorted(numbers, key=lambda pair: pair[0] in ("hedge fund", "margin account"))
    return listed([count(number, kind) for kind, number in ordered], most=9)


def shapes(failures: pl.DataFrame) -> pl.DataFrame:
    """Return failures by the shape of their chains, those of most first.

    Columns: `kind`, `shape`, `number`, `first_day`, `last_day`, and `event`, that of the first of them.
    """
    return (
        failures.group_by("kind", "shape", maintain_order=True)
        .agg(number=pl.len(), first_day=pl.min("day"), last_day=pl.max("day"), event=pl.first("event"))
        .sort("number", descending=True, maintain_order=True)
    )
