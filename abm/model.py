"""The Mesa model: what users of Mesa meet. The only file of the package that knows Mesa.

A `PowderKegModel` drives an `Economy` and shows it: its agents are live, read-only views of the records,
made when first asked for. Mesa's scheduler and its random numbers decide nothing, so a run through Mesa
equals a run without it to the bit. Agents of the user's own trade in it once `add_trader` has given them an
account.
"""

from __future__ import annotations

import operator
import secrets
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, cast

import mesa
import numpy as np

from abm.agents.trader import Decide
from abm.economy import AGENTS, Economy
from abm.errors import InputError, shown
from abm.experiments.one_run import valid_seed
from abm.ledger.identities import balance_sheet
from abm.outcome.recorder import COLUMNS
from abm.records import Record
from abm.scenario import DEFAULT, Scenario, load


class RecordView(mesa.Agent):
    """One agent of the economy as Mesa sees it; its attributes are the fields of its record, now.

    A row of numbers is shown as a read-only array. Who fails or is closed keeps its view.
    """

    model: Any
    table: str
    record: Record

    def __init__(self, model: PowderKegModel, row: int) -> None:
        self.row = row
        super().__init__(model)

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @property
    def name(self) -> str:
        """Its name, `bank:7`, as the event log has it."""
        names = self.record.dtype.names or ()
        return f"{self.record.name}:{self._value('id') if 'id' in names else self.row}"

    def balance_sheet(self) -> dict[str, float]:
        """What it owns (+) and owes (-) by instrument, in $bn at today's prices."""
        economy = self.model.economy
        own = getattr(economy, self.table)[self.row : self.row + 1]
        return balance_sheet(own, self.record, economy.markets["price"])

    def _value(self, field: str) -> Any:
        value = getattr(self.model.economy, self.table)[field][self.row]
        if isinstance(value, np.ndarray):  # it is the record's own memory
            value.flags.writeable = False
        return value


@cache
def view_class(table: str, record: Record) -> type[RecordView]:
    """Return the view class of a record: one read-only property per field of its declaration."""

    def shown_as(field: str) -> property:
        return property(lambda view: view._value(field))

    fields = {f.name: shown_as(f.name) for f in record.fields}
    name = "".join(part.capitalize() for part in record.name.split("_"))
    about = {"__doc__": f"A {record.name.replace('_', ' ')}, read-only.", "table": table, "record": record}
    return type(name, (RecordView,), about | fields)


class PowderKegModel(mesa.Model):
    """A run as a Mesa model: `step()`, `running`, `agents`, `agents_by_type`, `datacollector`.

    Parameters: scenario, a name, a file or a loaded scenario; seed (`rng` is a synonym), a fresh one is
    drawn and kept in `seed` where none is given; dials, dotted names and values, as
    `PowderKegModel(seed=7, **{"funds.leverage": 1.5})`.
    """

    def __init__(self, scenario: str | Scenario = DEFAULT, *, rng: int | None = None, **dials: Any) -> None:
        # `seed` is no parameter by name: the batch runner of Mesa 3.5 overwrites one that it finds here.
        self.seed = _one_seed(dials.pop("seed", None), rng)
        super().__init__(rng=self.seed)
        loaded = scenario if isinstance(scenario, Scenario) else load(scenario)
        self.economy = Economy(loaded.replace(dials) if dials else loaded, self.seed)
        self._all_shown = False
        self._accounts: dict[mesa.Agent, RecordView] = {}
        self.datacollector = mesa.DataCollector(
            model_reporters={column: partial(_last_value, column) for column in COLUMNS}
        )

    def step(self) -> None:
        """Run one trading day and collect its row; after the last one nothing happens."""
        last = self.economy.scenario.run.ticks
        if self.economy.tick < last:
            self.economy.advance(self.economy.tick + 1)
            self.datacollector.collect(self)
        self.running = self.economy.tick < last

    def add_trader(
        self,
        agent: mesa.Agent,
        *,
        cash: float = 0.0,
        units: Mapping[str, float] | None = None,
        bank: int | None = None,
    ) -> RecordView:
        """Open an account for an agent of the user's own, and return a view of it: `units`, `deposit`, `orders`.

        Its `decide(seen)` is then called every day and returns orders in units by market, `{"ai_equity": -2.5}`, or
        nothing; what it sees is `abm.agents.trader.Seen`. The first books, `cash` [$bn] at a named bank and `units`
        [$bn at the prices of the first day, which are 1], come out of long-term investors'. Sales beyond holdings
        and purchases beyond cash are cut. An agent that is removed from the model keeps its account and rests.

        Raises InputError after the first day, and where investors have too little.
        """
        decide = getattr(agent, "decide", None)
        if not callable(decide):
            raise InputError(f"trader: {shown(agent)} cannot decide; allowed is an agent with a method decide(seen)")
        if agent in self._accounts:
            raise InputError(f"trader: {shown(agent)} has an account; allowed is one for each")
        row = self.economy.admit(cast(Decide, decide), cash=cash, units=units, bank=bank)
        self._accounts[agent] = view_class("traders", AGENTS["traders"])(self, row)
        return self._accounts[agent]

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Forget an agent; one with an account states no more orders."""
        super().deregister_agent(agent)
        if agent in self._accounts:
            self.economy.deciders.pop(self._accounts[agent].row, None)

    def close(self) -> None:
        """Let go of a run that nobody looks at any more.

        Mesa 3.3 counts the agents of every model that ever had one, and keeps the model with the count.
        """
        getattr(mesa.Agent, "_ids", {}).pop(self, None)

    @property
    def agents(self) -> Any:
        """All institutions and cohorts as views, made when first asked for, and the user's own agents."""
        self._show_all()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """The same by class."""
        self._show_all()
        return super().agents_by_type

    @property
    def agent_types(self) -> Any:
        """Their classes."""
        self._show_all()
        return super().agent_types

    def _show_all(self) -> None:
        # Mesa registers every agent with the model as it is made, so nothing else is to be done here.
        if getattr(self, "_all_shown", True):  # while Mesa's own part is made there is nothing to show
            return
        self._all_shown = True
        for table, record in AGENTS.items():
            if table != "traders":  # their views came with their accounts
                for row in range(len(getattr(self.economy, table))):
                    view_class(table, record)(self, row)


def _one_seed(seed: Any, rng: Any) -> int:
    """Return the seed that is given by either name, or a fresh one."""
    if None not in (seed, rng) and seed != rng:
        raise InputError(f"seed = {shown(seed)} and rng = {shown(rng)} differ; allowed is one of the two")
    given: Any = rng if seed is None else seed
    if given is None:
        return secrets.randbits(32)
    return valid_seed(operator.index(given) if isinstance(given, np.integer) else given)


def _last_value(column: str, model: PowderKegModel) -> float:
    return float(model.economy.series(column)[-1])
