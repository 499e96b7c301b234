"""One run: scenario and seed become the state of an economy, which is carried from tick to tick."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from abm.agents.bank import BANK
from abm.agents.builder import BUILDER
from abm.agents.cash_pool import CASH_POOL
from abm.agents.crypto_holder import CRYPTO_HOLDER, HOLDERS_ORDER
from abm.agents.dealer import DEALER
from abm.agents.leveraged_fund import LEVERAGED_FUND
from abm.agents.long_term_investor import LONG_TERM_INVESTOR
from abm.agents.performance_chaser import PERFORMANCE_CHASER
from abm.agents.private_credit_fund import CREDIT_FUND
from abm.agents.rest_of_system import CLEARING_HOUSE, DEBTOR, DEPOSITOR, ISSUER
from abm.agents.stablecoin_issuer import STABLECOIN_ISSUER
from abm.agents.trader import TRADER, Decide
from abm.channels import CHANNELS
from abm.contagion.builder_defaults import CREDIT_MARKET
from abm.contagion.narrative_feedback import STORY
from abm.contagion.real_economy import OUTPUT
from abm.errors import InputError, shown
from abm.ledger import identities
from abm.ledger.chart import CRYPTO, N_INSTRUMENTS, N_SECTORS, REVALUATIONS, TRANSACTIONS
from abm.markets import MARKETS
from abm.markets.impact import LAWS
from abm.markets.market import MARKET
from abm.markets.news import THE_STORY
from abm.opening import open_books
from abm.opening.traders import with_trader
from abm.outcome import tables
from abm.outcome.events import EVENT, NO_EVENT, events_frame
from abm.outcome.recorder import COLUMNS, DAY, ROW
from abm.outcome.tables import Tables
from abm.policy.authority import AUTHORITY, open_authority
from abm.records import Record, memory, term
from abm.scenario import Scenario
from abm.scenario.sections import Sections
from abm.tick import TICK

SWITCHES = Record("switches", tuple(memory(name, "on or off", name, kind="i8") for name in CHANNELS))
SPARK = Record(
    "spark",
    (
        term("start", "tick", "first day", kind="i8"),
        term("days", "days", "over how many", kind="i8"),
        term("total", "log points", "of AI equity's worth, or of the market's own"),
        term("market", "row of markets", "market that alone hears it; -1: all, as the story is about them", kind="i8"),
    ),
)
AGENTS: dict[str, Record] = {
    "funds": LEVERAGED_FUND,
    "dealers": DEALER,
    "banks": BANK,
    "investors": LONG_TERM_INVESTOR,
    "chasers": PERFORMANCE_CHASER,
    "pools": CASH_POOL,
    "holders": CRYPTO_HOLDER,
    "stablecoins": STABLECOIN_ISSUER,
    "credit_funds": CREDIT_FUND,
    "builders": BUILDER,
    "depositors": DEPOSITOR,
    "debtors": DEBTOR,
    "issuers": ISSUER,
    "house": CLEARING_HOUSE,
    "traders": TRADER,
}
RECORDS: dict[str, Record] = AGENTS | {
    "markets": MARKET,
    "story": STORY,
    "output": OUTPUT,
    "credit_market": CREDIT_MARKET,
    "switches": SWITCHES,
    "authority": AUTHORITY,
    "day": DAY,
}
WITH_FIELD: dict[str, tuple[str, ...]] = {
    name: tuple(table for table, record in AGENTS.items() if any(f.name == name for f in record.fields))
    for name in ("orders", "units")
}
STATE_VERSION = 4
EVENTS_PER_AGENT = 8  # no agent causes more in one tick


class Economy:
    """The state of one run. A run is a pure function of scenario and seed.

    Tables are arrays of records (`funds`, `dealers`, ...); `journal` holds today's transactions and
    revaluations, (2, N_INSTRUMENTS, N_SECTORS) in $bn; `rows` and `journals` have one entry per tick done.

    Parameters: seed from 0 to 2**63 - 1; check proves the books after every phase.
    """

    funds: np.ndarray
    dealers: np.ndarray
    banks: np.ndarray
    investors: np.ndarray
    chasers: np.ndarray
    pools: np.ndarray
    holders: np.ndarray
    stablecoins: np.ndarray
    credit_funds: np.ndarray
    builders: np.ndarray
    depositors: np.ndarray
    debtors: np.ndarray
    issuers: np.ndarray
    house: np.ndarray
    traders: np.ndarray
    markets: np.ndarray
    story: np.ndarray
    output: np.ndarray
    credit_market: np.ndarray
    switches: np.ndarray
    authority: np.ndarray
    day: np.ndarray

    def __init__(self, scenario: Scenario, seed: int, *, check: bool = False) -> None:
        self.seed = seed
        self.check = check
        self.tick = 0
        self.past: list[tuple[int, Scenario]] = []  # scenarios left behind, each with the day on which it ended
        tables = open_books(scenario, seed) | open_markets(scenario) | {"authority": open_authority(scenario)}
        for name, table in tables.items():
            setattr(self, name, table)
        self.order_book, self.entries = HOLDERS_ORDER.open(len(self.holders)), np.zeros(1, np.int64)
        self.journal = np.zeros((2, N_INSTRUMENTS, N_SECTORS))
        self.row_pages = np.zeros(0, ROW)
        self.journal_pages = np.zeros((0, *self.journal.shape))
        self.events = np.zeros(0, EVENT)
        self.counter = np.zeros(1, np.int64)
        self.opening = self.balances()
        self.deciders: dict[int, Decide] = {}  # what each trader of the researcher's own is asked, by its `id`
        self._read(scenario)

    def _read(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.settings = settings(scenario)
        self.sparks = sparks(scenario)
        eventful = self.n_agents - len(self.holders) + len(scenario.actions) + 1  # holders' events are the market's
        self.most_events_a_tick = EVENTS_PER_AGENT * eventful

    def follow(self, scenario: Scenario) -> None:
        """Let another scenario hold from today on; books and terms stay (`experiments/branch.py`: what is allowed)."""
        if scenario.digest != self.scenario.digest:
            self.past.append((self.tick, self.scenario))
        self._read(scenario)

    @property
    def agents(self) -> dict[str, np.ndarray]:
        """The tables of those who own and owe, by name."""
        return {name: getattr(self, name) for name in AGENTS}

    @property
    def n_agents(self) -> int:
        """How many institutions and cohorts there are, the issuer and the clearing house not counted."""
        return sum(len(table) for name, table in self.agents.items() if name not in ("issuers", "debtors", "house"))

    @property
    def rows(self) -> np.ndarray:
        """What was recorded so far, one row a tick."""
        return self.row_pages[: self.tick]

    @property
    def journals(self) -> np.ndarray:
        """Transactions and revaluations so far, (tick, 2, N_INSTRUMENTS, N_SECTORS) in $bn."""
        return self.journal_pages[: self.tick]

    def with_field(self, name: str) -> list[np.ndarray]:
        """Return the tables whose agents have a field of that name: who has `orders`, who holds `units`."""
        return [getattr(self, table) for table in WITH_FIELD[name]]

    def series(self, column: str) -> np.ndarray:
        """Return what was recorded so far of one column of `ticks`, read-only."""
        if column not in COLUMNS:
            raise InputError(f"column = {shown(column)} is not known; allowed are those of ticks, as price_ai_equity")
        name, place = COLUMNS[column]
        values = self.rows[name] if place is None else self.rows[name][:, place]
        values.flags.writeable = False
        return values

    def admit(
        self, decide: Decide, *, cash: float = 0.0, units: Mapping[str, float] | None = None, bank: int | None = None
    ) -> int:
        """Add a trader whose orders `decide` states every day, with `cash` [$bn] and `units`; return its number.

        Its first books come out of long-term investors', so that all others' are as they were. Raises InputError
        after the first day, and where investors have too little.
        """
        if self.tick > 0:
            raise InputError(f"trader: joins on day {self.tick}; allowed is before the first day")
        self.traders = with_trader(self.traders, self.investors, len(self.banks), cash, units or {}, bank)
        self.opening = self.balances()
        number = int(self.traders["id"][-1])
        self.deciders[number] = decide
        return number

    def balances(self) -> np.ndarray:
        """Return every sector's net position by instrument, (N_INSTRUMENTS, N_SECTORS) in $bn."""
        return identities.balances(self.agents, AGENTS, self.markets["price"])

    def advance(self, until: int | None = None) -> None:
        """Run on until so many ticks are done; the scenario's own number if none is given.

        Raises CheckFailed where `check` is on and the books do not close.
        """
        until = self.scenario.run.ticks if until is None else until
        self._make_room(until)
        while self.tick < until:
            self._make_room_for_events()
            before = self.balances() if self.check else None
            for phase in TICK:
                phase.step(self)
                if before is not None:
                    # The last phase turns the page: from there on the journal is empty and explains no change.
                    self._prove(self.balances() if phase is TICK[-1] else before, phase.name)
            self.tick += 1

    def _prove(self, before: np.ndarray, phase: str) -> None:
        identities.check(
            self.agents,
            AGENTS,
            self.markets["price"],
            self.markets["units"][CRYPTO],
            self.journal,
            before,
            f"tick {self.tick}, phase {phase}",
        )

    def _make_room(self, until: int) -> None:
        if until > len(self.row_pages):
            missing = max(until, self.scenario.run.ticks) - len(self.row_pages)
            self.row_pages = np.concatenate([self.row_pages, np.zeros(missing, ROW)])
            self.journal_pages = np.concatenate([self.journal_pages, np.zeros((missing, *self.journal.shape))])

    def _make_room_for_events(self) -> None:
        needed = int(self.counter[0]) + self.most_events_a_tick
        if needed > len(self.events):
            events = np.zeros(max(2**20, 4 * needed), EVENT)  # rarely, as all are copied; empty ones take no memory
            events[: len(self.events)] = self.events
            self.events = events

    def tables(self) -> Tables:
        """Return what the run has left behind so far, as tables."""
        ends = np.stack([self.opening, self.balances()])
        return Tables(
            ticks=tables.ticks_frame(self.rows),
            events=events_frame(self.events[: self.counter[0]]),
            agents=tables.agents_frame(self.agents),
            flows=tables.matrix_frame(self.journals[:, TRANSACTIONS], np.arange(self.tick)),
            revaluations=tables.matrix_frame(self.journals[:, REVALUATIONS], np.arange(self.tick)),
            balance_sheets=tables.matrix_frame(ends, np.array([-1, self.tick - 1])),
        )

    def save(self, path: str | Path) -> None:
        """Write the whole state to one file, which appears whole or not at all."""
        path = Path(path)
        if len(self.traders):
            raise InputError(
                f"{path}: a run with traders of your own cannot be saved, as what they remember is their own; "
                "allowed is a run without them"
            )
        head = {"version": STATE_VERSION, "scenario": self.scenario.to_dict(), "seed": self.seed, "tick": self.tick}
        if self.past:
            head["past"] = [[day, held.to_dict()] for day, held in self.past]
        arrays: dict[str, Any] = {name: getattr(self, name) for name in RECORDS}
        arrays |= {
            "rows": self.rows,
            "journals": self.journals,
            "events": self.events[: self.counter[0]],
            "opening": self.opening,
            "head": np.frombuffer(json.dumps(head).encode(), np.uint8),
        }
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            np.savez(file, **arrays)
        part.replace(path)

    @classmethod
    def load(cls, path: str | Path, *, check: bool = False) -> Economy:
        """Return the economy that `save` wrote; going on from it gives the same bits as never stopping.

        Raises InputError when the file is not a state of this version.
        """
        try:
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = dict(file)
            head = json.loads(arrays.pop("head").tobytes())
            if head["version"] != STATE_VERSION:
                raise InputError(f"{path}: version is {head['version']}; this program reads version {STATE_VERSION}")
            economy = cls(Scenario.from_dict(head["scenario"]), head["seed"], check=check)
            for name, record in RECORDS.items():
                table = getattr(economy, name)
                if arrays[name].dtype.descr != record.dtype.descr or arrays[name].shape != table.shape:
                    raise InputError(f"{path}: table {name} has other fields; this program reads its own states only")
                table[:] = arrays[name].view(record.dtype)
            economy.row_pages = arrays["rows"].view(ROW)
            economy.events = arrays["events"].view(EVENT)
            economy.journal_pages, economy.opening = arrays["journals"], arrays["opening"]
            economy.tick = head["tick"]
            economy.past = [(day, Scenario.from_dict(held)) for day, held in head.get("past", ())]
            if not economy.tick == len(economy.rows) == len(economy.journals):
                raise InputError(
                    f"{path}: its rows do not end at tick {economy.tick}; allowed is a state as it was saved"
                )
        except InputError as error:
            raise error if str(error).startswith(f"{path}: ") else InputError(f"{path}: {error}") from error
        except FileNotFoundError as error:
            raise InputError(f"{path}: there is no such file; allowed is a state written by --save") from error
        except Exception as error:  # whatever a broken archive raises, the user needs one sentence
            raise InputError(f"{path}: this is not a saved state; allowed is a state written by --save") from error
        economy.counter[0] = len(economy.events)
        return economy


@functools.cache
def layout(section: type[BaseModel]) -> np.dtype:
    """Return the record layout of a scenario's section: its numbers, and its sections as records within.

    One and the same object at every call: Numba recognises a layout it knows by identity, and fast.
    """
    fields: list[Any] = []
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields.append((name, layout(kind)))
        elif kind in (int, float, bool):
            fields.append((name, "f8" if kind is float else "i8"))
    return np.dtype((np.record, fields))


def settings(scenario: Scenario) -> np.ndarray:
    """Return the scenario's numbers as one record for the rules: `settings[0].margin.buffer`."""

    def values(section: BaseModel) -> tuple[Any, ...]:
        names = layout(type(section)).names or ()
        parts = [getattr(section, name) for name in names]
        return tuple(values(part) if isinstance(part, BaseModel) else part for part in parts)

    return np.array([tuple(values(getattr(scenario, name)) for name in layout(Sections).names or ())], layout(Sections))


def sparks(scenario: Scenario) -> np.ndarray:
    """Return all bad news of a scenario: its own spark, and those and the shocks that timed actions bring."""
    lit = [(scenario.spark.start, scenario.spark.days, scenario.spark.total, THE_STORY)]
    places = {market.name: k for k, market in enumerate(MARKETS)}
    for action in scenario.actions:
        if action.kind == "spark":
            lit.append((action.tick, action.days, action.total, THE_STORY))
        elif action.kind == "shock":
            lit.append((action.tick, action.days, action.total, places[action.market]))
    table = SPARK.open(len(lit))
    table[:] = lit
    return table


def open_markets(scenario: Scenario) -> dict[str, np.ndarray]:
    """Open the markets at a price of one, the story with its first doubters, and the switches of all channels."""
    markets, story, switches, day = MARKET.open(len(MARKETS)), STORY.open(1), SWITCHES.open(1), DAY.open(1)
    for k, market in enumerate(MARKETS):
        numbers = getattr(scenario.markets, market.name)
        for name in ("news_volatility", "news_correlation", "normal_volatility", "impact_multiplier"):
            markets[name][k] = getattr(numbers, name)
        for name in ("lasting_share", "depth_floor", "discount_days", "daily_volume", "impact_limit"):
            markets[name][k] = getattr(numbers, name)
        markets["units"][k] = numbers.capitalisation
        markets["drift"][k] = numbers.drift / scenario.run.ticks_per_year
        markets["variance"][k] = numbers.news_volatility**2
        markets["impact_law"][k] = LAWS.index(numbers.impact)
        markets["duration"][k] = getattr(numbers, "duration", 0.0)
        markets["spark_share"][k] = market.spark_share(scenario)
        markets["belief_per_doubter"][k] = market.belief_per_doubter(scenario)
    markets["easiest_to_sell"] = np.argsort(-markets["daily_volume"], kind="stable")
    markets["price"] = markets["last_price"] = markets["depth"] = markets["margin_factor"] = 1.0
    markets["futures_price"] = markets["last_futures_price"] = markets["open_share"] = 1.0
    markets["futures_basis"] = scenario.markets.futures_basis
    for name in ("move_event", "sale_event", "call_event", "halt_event", "shock_event"):
        markets[name] = NO_EVENT
    story["doubters"] = 1.0 - scenario.narrative.believers
    story["bad_news_event"] = NO_EVENT
    for name in CHANNELS:
        switches[name] = getattr(scenario.channels, name)
    output, credit_market = OUTPUT.open(1), CREDIT_MARKET.open(1)
    output["loss_event"] = credit_market["loss_event"] = NO_EVENT
    return {
        "markets": markets,
        "story": story,
        "output": output,
        "credit_market": credit_market,
        "switches": switches,
        "day": day,
    }
