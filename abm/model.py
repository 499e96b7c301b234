"""The Mesa model: what users of Mesa meet. The only file of the package that knows Mesa.

A `PowderKegModel` drives an `Economy` and shows it: its agents are live, read-only views of the records,
made when first asked for. Mesa's scheduler and its random numbers decide nothing, so a run through Mesa
equals a run without it to the bit.
"""

from __future__ import annotations

import secrets
from functools import cache, partial
from typing import Any

import mesa

from abm.agents.stablecoin_issuer import ISSUERS
from abm.channels import CHANNELS
from abm.economy import AGENTS, Economy
from abm.ledger.chart import INSTRUMENTS, N_TRADED
from abm.outcome.recorder import ONE, PER_CHANNEL, PER_ISSUER, PER_MARKET, PER_SELLER, SELLERS, SERIES
from abm.records import Record
from abm.scenario import Scenario, load


class RecordView(mesa.Agent):
    """One agent of the economy as Mesa sees it; its attributes are the fields of its record, now."""

    table: str

    def __init__(self, model: PowderKegModel, row: int) -> None:
        self.row = row
        super().__init__(model)


@cache
def view_class(table: str, record: Record) -> type[RecordView]:
    """Return the view class of a record: one read-only property per field of its declaration."""

    def field(name: str) -> property:
        return property(lambda view: getattr(view.model.economy, table)[name][view.row])

    fields = {f.name: field(f.name) for f in record.fields}
    name = "".join(part.capitalize() for part in record.name.split("_"))
    return type(name, (RecordView,), {"__doc__": f"A {record.name}, read-only.", "table": table} | fields)


class PowderKegModel(mesa.Model):
    """A run as a Mesa model: `step()`, `running`, `agents`, `agents_by_type`, `datacollector`.

    Parameters: scenario, a name, a file or a loaded scenario; seed (`rng` is a synonym), a fresh one is
    drawn and kept in `seed` where none is given; dials, dotted names and values, as
    `PowderKegModel(**{"funds.leverage": 1.5})`.
    """

    def __init__(
        self,
        scenario: str | Scenario = "us_late_2025",
        seed: int | None = None,
        *,
        rng: int | None = None,
        **dials: Any,
    ) -> None:
        given = rng if seed is None else seed
        self.seed = secrets.randbits(32) if given is None else int(given)
        super().__init__(rng=self.seed)
        loaded = scenario if isinstance(scenario, Scenario) else load(scenario)
        self.economy = Economy(loaded.replace(dials) if dials else loaded, self.seed)
        self._shown = False
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_last, *place) for name, place in _columns().items()}
        )

    def step(self) -> None:
        """Run one trading day and collect its row."""
        self.economy.advance(self.economy.tick + 1)
        self.datacollector.collect(self)
        self.running = self.economy.tick < self.economy.scenario.run.ticks

    @property
    def agents(self) -> Any:
        """All institutions and cohorts as views, made when first asked for."""
        self._show()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """The views by class."""
        self._show()
        return super().agents_by_type

    def _show(self) -> None:
        # Mesa registers every agent with the model as it is made, so nothing else is to be done here.
        if getattr(self, "_shown", True):
            return
        self._shown = True
        for table, record in AGENTS.items():
            for row in range(len(getattr(self.economy, table))):
                view_class(table, record)(self, row)


@cache
def _columns() -> dict[str, tuple[str, int | None]]:
    """Return the columns of `ticks` with their places in a recorded row."""
    names = {PER_MARKET: INSTRUMENTS[:N_TRADED], PER_SELLER: SELLERS, PER_ISSUER: ISSUERS, PER_CHANNEL: CHANNELS}
    places: dict[str, tuple[str, int | None]] = {}
    for name, per, _, _ in SERIES:
        if per == ONE:
            places[name] = (name, None)
        else:
            for k, of in enumerate(names[per]):
                places[f"{name}_{of}"] = (name, k)
    return places


def _last(name: str, place: int | None, model: PowderKegModel) -> float:
    row = model.economy.rows[model.economy.tick - 1]
    return float(row[name] if place is None else row[name][place])
