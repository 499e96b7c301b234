"""The model behind Mesa's page: what charts read is published once a day, and stays.

SolaraViz steps the model in one thread and draws in another. Its charts therefore read the last evening, never the
model; and no day begins while they are being drawn.
"""

from __future__ import annotations

import time
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from abm.live.world import World
from abm.model import PowderKegModel

PATIENCE = 2.0  # seconds that a day waits for charts


class WatchedModel(PowderKegModel):
    """The model that publishes every evening what there is to see, as `seen`; `dials_of` makes its parameters."""

    drawing: Any = None  # locked while charts are drawn

    def __init__(self, **kwargs: Any) -> None:  # by this name Mesa knows that all may be given
        kwargs.pop("scenario", None)  # Mesa 3.5 puts one of its own kind here
        session, name, seed = (kwargs.pop(key) for key in ("session", "world", "seed"))
        # a dial that nobody has moved stands where the chosen scenario has it
        first = session.chosen(session.scenarios()[0])
        moved = {path: value for path, value in kwargs.items() if value != attrgetter(path)(first)}
        super().__init__(session.chosen(name), seed=seed, **moved)
        self.world = World(name, self)
        self.publish()

    def step(self) -> None:
        """Run a day as soon as the last one is drawn, and publish it."""
        end = time.monotonic() + PATIENCE
        while self.drawing and self.drawing.locked() and time.monotonic() < end:
            time.sleep(0.002)
        super().step()
        self.world.remember()
        self.publish()

    def publish(self) -> None:
        """Show this evening, in one assignment: plain values that no later day changes."""
        self.seen = MappingProxyType({**self.world.fixed(), **self.world.days(0), **self.world.now()})
