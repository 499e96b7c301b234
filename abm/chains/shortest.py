"""The shortest chain of pushes from the news to each failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from abm.chains.graph import SOURCES
from abm.errors import InputError
from abm.outcome.wording import NO_MONEY

FALLS = ("price_move", "news", "shock")  # whose amounts are log points, negative for a fall
NEVER = np.iinfo(np.int64).max


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


class Moves:
    """The steps that a chain may take, and the shortest chains made of them.

    A chain is a sequence of pushes in which each pushes whoever makes the next, and comes before it: a path that
    respects time, over events that happened (Kempe, Kleinberg and Kumar 2002; Wu et al. 2014). Its last push is the one
    that the log has on record for the failure: what he failed of. How the news came to whoever gave it may be any
    way, and the shortest passes through the fewest actors:

        reached(v, 0) = 0 for a source, else never
        reached(v, n) = min over pushes e on v with time(e) > reached(source of e, n - 1) of time(e)

    and a failure of which u gave the last push, at time t, is n + 1 steps away, for the least n with
    reached(u, n) < t. Of equally short chains it goes back, from each of its events, the way that the log has on
    record where that is one of them; else by the largest push in dollars, and of pushes without dollars by the
    deepest fall, then the earliest. Only what the scenario's news reaches by no chain begins with everyday news, and
    only what that does not reach either with an event for which no cause was logged.

    It is not the chain of record, which `why` tells. That names for each event the one cause that weighed most on
    its day; this one may, from the last push on, use any earlier push on an actor, so it is never longer than a chain
    of record from the same kind of source. It says how near a failure is to the news, not what weighed most.
    """

    def __init__(self, pushed: pl.DataFrame) -> None:
        names = pl.concat([pushed["source"], pushed["target"], pushed["prompted_by"].drop_nulls()]).unique().sort()
        self.names: list[str] = names.to_list()
        self.codes = {name: code for code, name in enumerate(self.names)}
        source, target, prompt = (
            pushed[name]
            .replace_strict(self.names, range(len(self.names)), default=-1, return_dtype=pl.Int64)
            .to_numpy()
            for name in ("source", "target", "prompted_by")
        )
        self.source_of, self.target_of, self.prompt_of = source, target, prompt
        events = np.arange(pushed.height)
        falls, no_money = (pushed["kind"].is_in(kinds).to_numpy() for kinds in (FALLS, NO_MONEY))
        amount = pushed.select(pl.coalesce("dollars_bn", "amount")).to_series().to_numpy()
        weight = np.where(no_money, -1.0 / (1.0 + np.maximum(np.where(falls, -amount, 0.0), 0.0)), amount)
        # A prompt comes just before the push that it prompts: times are 2 e and 2 e + 1.
        push, prompted = source != target, prompt >= 0
        order = np.concatenate([2 * events[push] + 1, 2 * events[prompted]])
        rank = np.argsort(order, kind="stable")
        self.time = order[rank]
        self.start = np.concatenate([source[push], prompt[prompted]])[rank]
        self.end = np.concatenate([target[push], source[prompted]])[rank]
        self.weight = np.concatenate([weight[push], np.full(prompted.sum(), -1.0)])[rank]
        self.caused_by: list[int | None] = pushed["caused_by"].to_list()
        self._best: dict[tuple[int, int, int], tuple[np.ndarray, np.ndarray]] = {}

    @cached_property
    def reached(self) -> tuple[tuple[np.ndarray, ...], ...]:
        """By rank of source and number of steps, when each actor is first reached, in the time of `self.time`."""
        return tuple(self._reached_from(names) for names in SOURCES)

    def _reached_from(self, names: tuple[str, ...]) -> tuple[np.ndarray, ...]:
        first = np.full(len(self.names), NEVER)
        first[[self.codes[name] for name in names if name in self.codes]] = -1
        steps = [first]
        while True:
            open_ = self.time > steps[-1][self.start]
            after = steps[-1].copy()
            np.minimum.at(after, self.end[open_], self.time[open_])
            if np.array_equal(after, steps[-1]):
                return tuple(steps)
            steps.append(after)

    def shortest(self, failure: int) -> Path:
        """Return the shortest chain to an event of the log."""
        last = self._push_before(failure)
        giver = self.source_of[last // 2]
        for rank, steps in enumerate(self.reached):
            for n, reached in enumerate(steps):
                if reached[giver] < last:
                    return self._walked_back(rank, n, failure, last)
        raise InputError(f"events: event {failure} goes back to no root; allowed is a log as powderkeg wrote it")

    def _walked_back(self, rank: int, n: int, failure: int, recorded: int) -> Path:
        actors, chosen, until = [int(self.target_of[failure])], [failure], 2 * failure + 1
        for left in range(n + 1, 0, -1):
            move = int(np.searchsorted(self.time, recorded))
            if left <= n:
                moves, best = self._best_on(rank, left, actors[-1])
                place = int(np.searchsorted(moves, move))
                if place == len(moves) or moves[place] != move:  # the way on record is longer
                    move = int(best[np.searchsorted(self.time[moves], until, side="right") - 1])
            event, is_push = divmod(int(self.time[move]), 2)
            until = int(self.time[move]) - 1
            recorded = until if is_push and self.prompt_of[event] >= 0 else self._push_before(self.caused_by[event])
            actors.append(int(self.start[move]))
            chosen.append(event)
        root = self.caused_by[chosen[-1]]
        chosen.append(chosen[-1] if root is None else root)
        names = tuple(self.names[actor] for actor in reversed(actors))
        return Path(names, tuple(sorted({*chosen, *self._within(chosen)})))

    def _push_before(self, event: int | None) -> int:
        """Return the time of the push that the chain of record to an event has last, this event included."""
        while event is not None and self.source_of[event] == self.target_of[event]:
            event = self.caused_by[event]
        return -1 if event is None else 2 * event + 1

    def _within(self, chosen: list[int]) -> Iterator[int]:
        """Yield what went on within an actor between two pushes of a chain and led to the second, as his seizure."""
        for event, before in pairwise(chosen):
            cause = self.caused_by[event]
            if cause is not None and cause > before and self.source_of[cause] == self.target_of[cause]:
                yield cause

    def _best_on(self, rank: int, n: int, at: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the moves that reach an actor in n steps, and up to each of them the one that weighs most."""
        key = (rank, n, at)
        if key not in self._best:
            onto = np.flatnonzero(self.end == at)
            moves = onto[self.time[onto] > self.reached[rank][n - 1][self.start[onto]]]
            weight = self.weight[moves]
            highest = np.maximum.accumulate(weight)
            new = np.concatenate([[True], highest[1:] > highest[:-1]])
            self._best[key] = moves, moves[np.maximum.accumulate(np.where(new, np.arange(len(moves)), 0))]
        return self._best[key]

    def of_record(self, event: int) -> tuple[int, str]:
        """Return the steps from one actor to another in the chain of record to an event, and its source."""
        steps, last = 0, event
        number: int | None = event
        while number is not None:
            last = number
            steps += int(self.source_of[number] != self.target_of[number]) + int(self.prompt_of[number] >= 0)
            number = self.caused_by[number]
        first = self.prompt_of[last] if self.prompt_of[last] >= 0 else self.source_of[last]
        return steps, self.names[first]
