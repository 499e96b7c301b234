"""The shortest chain of pushes from the news to each failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from abm.chains.graph import SOURCES
from abm.outcome.wording import NO_MONEY

FALLS = ("news", "price_move", "shock")  # kinds whose amounts are log points, negative for a fall
LONGER_THAN_ANY = 1_000_000_000  # steps: between sources of one rank and the next


@dataclass(frozen=True)
class Path:
    """A chain: its actors from the source to the failed, and its events, the root first and the failure last.

    Between the pushes stands what went on within an actor and led to the next one.
    """

    actors: tuple[str, ...]
    events: tuple[int, ...]

    @property
    def steps(self) -> int:
        """The number of steps from one actor to the next."""
        return len(self.actors) - 1


class Shortest:
    """The shortest chains through a log of pushes.

    A chain is a sequence of pushes in which each pushes whoever makes the next, and comes before it: a path that
    respects time, over events that happened (Kempe, Kleinberg and Kumar 2002). What an actor does, the log explains:
    of what a fund was called, or a bank failed. But a price is moved by all who sell and by all news, and the log
    names only what moved it most on its day. So a chain goes back from a failure along the log's own causes, and
    where it comes to a market it may go on with any earlier sale or fall there. Of all such ways the shortest passes
    through the fewest actors:

        steps(e) = 1 + steps(what the log has behind e)                          if no market stands between
        steps(e) = 1 + min over earlier sales and falls q in the market steps(q)  if a market made the push e

    with one step more where whoever made it was prompted. Of equally short ways it takes the log's own where that is
    one of them, else the largest push in dollars, then the deepest fall, then the earliest. Only what the scenario's
    news reaches by no chain begins with everyday news, and only what that does not reach either with an event for
    which no cause was logged.

    It is not the chain of record, which `why` tells: that goes on, at each market, with what moved the price most on
    the day. This one says how near a failure is to the news, and is never longer from the same kind of source.
    """

    def __init__(self, pushed: pl.DataFrame) -> None:
        self.caused_by: list[int | None] = pushed["caused_by"].to_list()
        self.source: list[str] = pushed["source"].to_list()
        self.target: list[str] = pushed["target"].to_list()
        self.prompted_by: list[str | None] = pushed["prompted_by"].to_list()
        self.behind: list[int] = []  # by event, the last push in the chain of record to it; -1: none
        self.before: dict[int, int] = {}  # by push, the one before it in the shortest chain; -1: it is the first
        self._walk(pushed.select(weight()).to_series().to_list())

    def _walk(self, weights: list[float | None]) -> None:
        """Go through the log once: what came before an event is known when it is reached."""
        ranks = {name: rank for rank, names in enumerate(SOURCES) for name in names}
        costs: dict[int, int] = {-1: 0}
        best: dict[str, tuple[int, float, int]] = {}  # by market: cost, less the weight, and number of a push on it
        for event, (source, target, prompt, cause) in enumerate(
            zip(self.source, self.target, self.prompted_by, self.caused_by, strict=True)
        ):
            recorded = -1 if cause is None else self.behind[cause]
            if source == target:
                self.behind.append(recorded)
                continue
            self.behind.append(event)
            by = prompt or source
            if by in best and best[by][0] < costs[recorded]:
                recorded = best[by][2]
            self.before[event] = recorded
            cost = costs[recorded] + ranks.get(by, 0) * LONGER_THAN_ANY + (1 if prompt is None else 2)
            costs[event] = cost
            weighs = weights[event]
            if target.startswith("market:") and weighs is not None:
                own = (cost, -weighs, event)
                best[target] = min(best.get(target, own), own)

    def to(self, failure: int) -> Path:
        """Return the shortest chain to an event of the log."""
        actors, chosen = [self.target[failure]], [failure]
        push = self.behind[failure]
        while push >= 0:
            by = self.prompted_by[push]
            actors += [self.source[push]] if by is None else [self.source[push], by]
            chosen.append(push)
            push = self.before[push]
        root = self.caused_by[chosen[-1]]
        chosen.append(chosen[-1] if root is None else root)
        return Path(tuple(reversed(actors)), tuple(sorted({*chosen, *self._within(chosen)})))

    def _within(self, chosen: list[int]) -> Iterator[int]:
        """Yield what went on within an actor between two pushes of a chain and led to the second, as his seizure."""
        for event, before in pairwise(chosen):
            cause = self.caused_by[event]
            if cause is not None and cause > before and self.source[cause] == self.target[cause]:
                yield cause

    def of_record(self, event: int) -> tuple[int, str]:
        """Return the steps from one actor to another in the chain of record to an event, and its source."""
        steps, push, by = 0, self.behind[event], ""
        while push >= 0:
            by = self.prompted_by[push] or self.source[push]
            steps += 1 if self.prompted_by[push] is None else 2
            cause = self.caused_by[push]
            push = -1 if cause is None else self.behind[cause]
        return steps, by


def weight() -> pl.Expr:
    """Return how much a push on a market weighs among equally short ways: dollars first, then the deeper fall.

    Null for what is neither a sale nor a fall, as good news or a halt, which is no way by which others fail.
    """
    kind, size = pl.col("kind"), pl.coalesce("dollars_bn", "amount")
    falls = kind.is_in(FALLS) & (size < 0.0)
    return pl.when(falls).then(-1.0 / (1.0 - size)).when(~kind.is_in(NO_MONEY)).then(size.clip(0.0))
