"""Worlds as places in the unit cube, one side for each assumed number, and which of them can be opened at all."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from abm.errors import InputError
from abm.evidence.assumed import Assumed
from abm.experiments.files import source_digest
from abm.figures.style import write_whole
from abm.scenario import Scenario
from abm.sweep.plan import Value

TRIES = 40  # candidates for each set of worlds that is wanted
STRIDE = 16  # every so many worlds of a set are opened first: one in four contradicts itself, and it is soon found


def values_at(numbers: Sequence[Assumed], places: np.ndarray) -> list[Value]:
    """The numbers at places between nought and one, (numbers,): even steps of the logarithm from low to high."""
    ends = np.log(np.abs([[number.low, number.high] for number in numbers]))
    sizes = np.exp(ends[:, 0] + places * (ends[:, 1] - ends[:, 0]))
    return [number.at(float(np.sign(number.value) * size)) for number, size in zip(numbers, sizes, strict=True)]


def refusal(scenario: Scenario, values: dict[str, Value], seeds: Sequence[int]) -> str | None:
    """Why a world's books cannot be opened on one of the seeds; None where they can."""
    from abm.economy import Economy

    try:
        world = scenario.replace(values)
        for seed in seeds:
            Economy(world, seed)
    except InputError as error:
        return str(error)
    return None


def first_refusal(base: Scenario, numbers: Sequence[Assumed], worlds: np.ndarray, seeds: Sequence[int]) -> str | None:
    """Why a set of worlds, (worlds, numbers), cannot be had; None where every one of them can be opened."""
    order = sorted(range(len(worlds)), key=lambda place: (place % STRIDE != 0, place))
    paths = [number.path for number in numbers]
    for place in order:
        values = dict(zip(paths, values_at(numbers, worlds[place]), strict=True))
        reason = refusal(base, values, seeds)
        if reason is not None:
            return reason
    return None


class Openings:
    """What has been found out about sets of worlds, kept in a file, so that nothing is opened twice.

    `key` says what the sets are drawn from; the program's own version is part of it.
    """

    def __init__(self, folder: Path, key: str) -> None:
        digest = hashlib.sha256(f"{key}\0{source_digest()}".encode()).hexdigest()[:12]
        self._path = folder / f"openings-{digest}.json"
        self._known: list[str | None] = []
        if self._path.exists():
            self._known = json.loads(self._path.read_text("utf-8"))

    def of(self, place: int, ask: Callable[[], str | None]) -> str | None:
        """Why the set at a place cannot be had, asked once."""
        if place == len(self._known):
            self._known.append(ask())
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, (json.dumps(self._known, indent=1) + "\n").encode())
        return self._known[place]


def first_that_open(
    candidates: Iterator[np.ndarray],
    many: int,
    openings: Openings,
    ask: Callable[[int, np.ndarray], str | None],
    report: Callable[[int, int], None],
) -> tuple[list[np.ndarray], list[str]]:
    """The first so many sets all of whose worlds can be opened, and why those before them that lack one are refused.

    `ask(kept, candidate)`: why a candidate cannot be had as the set after those kept. A set is taken or refused
    whole, so that no step of it is ever left out unseen. Raises InputError where hardly any can be opened.
    """
    kept: list[np.ndarray] = []
    refused: list[str] = []
    for place, candidate in enumerate(islice(candidates, TRIES * many)):
        report(len(kept), many)
        reason = openings.of(place, partial(ask, len(kept), candidate))
        if reason is not None:
            refused.append(reason)
            continue
        kept.append(candidate)
        if len(kept) == many:
            return kept, refused
    raise InputError(
        f"sensitivity: only {len(kept)} of {len(kept) + len(refused)} sets of worlds can be opened ({refused[0]}); "
        "allowed are ranges that contradict themselves less often, or fewer numbers by --among"
    )


def reasons(refused: Sequence[str]) -> list[tuple[str, int]]:
    """What sets were refused for, numbers left out, with how often; the commonest first."""
    return Counter(
        re.sub(r"\b\d(?:[\d,.]*\d)?\b", "…", reason.partition(" than ")[0]) for reason in refused
    ).most_common()
