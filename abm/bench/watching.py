"""Looking on at every phase of every run, without a number that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import abm.economy
from abm.economy import Economy
from abm.tick import TICK, Phase

Look = Callable[[Economy, Phase, bool], None]


@contextmanager
def watching(look: Look, order: Sequence[Phase] = TICK) -> Iterator[None]:
    """Have `look(economy, phase, done)` called before (False) and after (True) every phase within."""

    def watched(phase: Phase) -> Phase:
        def step(economy: Economy) -> None:
            look(economy, phase, False)
            phase.step(economy)
            look(economy, phase, True)

        return replace(phase, step=step)

    with patch.object(abm.economy, "TICK", tuple(watched(phase) for phase in order)):
        yield
