"""Who writes what: the tick's own declaration, compared with what every phase does."""

import inspect

import numpy as np
import pytest
from worlds import crash_seed, crash_world, finished, off, small_world, under

import abm.tick
from abm.bench.watching import watching
from abm.channels import CHANNELS
from abm.economy import RECORDS, Economy
from abm.policy import POLICIES
from abm.records import INTENTS, PARTS, TERMS
from abm.tick import TICK, Phase

# Switching a channel or a policy and buying notes are things that happen too.
EVERYTHING = [
    {"kind": "buy_notes", "tick": 3, "per_day": 5.0, "days": 3},
    {"kind": "switch", "tick": 90, "channel": "margin_calls", "on": False},
    {"kind": "policy", "tick": 91, "policy": "circuit_breaker", "on": True},
    {"kind": "shock", "tick": 92, "market": "crypto", "total": 0.1, "days": 2},
    {"kind": "loss", "tick": 93, "of": "largest_banks", "place": 0, "capital": 0.1},
    {"kind": "loss", "tick": 93, "of": "largest_dealers", "place": 0, "capital": 0.1},
]
# Where notes fall and dealers do not hedge them, they look weak and fail without any customer's loss, and nobody
# else asks why notes fell.
UNHEDGED = {
    **{f"channels__{name}": False for name in ("margin_calls", "risk_limits", "redemptions")},
    "spark__total": 0,
    "dealers__capital": 60,
    "dealers__note_hedge": 0,
    "markets__notes__drift": -0.9,
}
# Where banks have little capital and lose nothing yet on builders or dealers, it is their notes that they lack it by.
THIN = UNHEDGED | {"banks__capital": 0.6, "channels__private_credit": False, "channels__dealer_runs": False}
# Where notes rally, short futures cost cash that dealers advance and repo on the gain renews.
RALLY = {"spark__total": 0.8, "markets__notes__drift": 0.95, "markets__notes__news_volatility": 0.02}
# Where nobody else asks why AI equity fell, those do who stop paying their banks.
SLUMP = {"spark__total": 0.5, "funds__leverage": 0.1, "channels__risk_limits": False, "channels__redemptions": False}
# Where more of them have more capital, sound ones take over the business of those that fail, short sales too.
MANY = {"dealers__capital": 60, "dealers__count": 4, "dealers__takeover_leverage": 300, "funds__count": 12}


def with_traders(seed: int) -> None:
    """A crash with a trader of one's own at every bank where investors have money: some of them fail."""
    economy = Economy(crash_world(actions=EVERYTHING), seed)
    for bank in np.unique(economy.investors["bank"][:-2]):  # the last two deal in crypto and coins
        economy.admit(lambda _: {"ai_equity": 0.1}, cash=1.0, bank=bank)
    economy.advance()


def contents(economy: Economy) -> dict[str, bytes]:
    """The bytes of each part of each table, by `table.part`."""
    return {
        f"{name}.{part}": b"".join(getattr(economy, name)[f.name].tobytes() for f in record.part(part))
        for name, record in RECORDS.items()
        for part in PARTS
    } | {"order_book.intents": economy.order_book[: economy.entries[0]].tobytes()}


@pytest.mark.slow
def test_every_phase_writes_what_it_declares_and_nothing_else() -> None:
    before: dict[str, bytes] = {}
    written: dict[str, set[str]] = {phase.name: set() for phase in TICK}

    def look(economy: Economy, phase: Phase, done: bool) -> None:
        now = contents(economy)
        if done:
            written[phase.name] |= {part for part, content in now.items() if content != before[part]}
        before.update(now)

    seed = crash_seed()
    with watching(look):
        worlds = (
            crash_world(actions=EVERYTHING),
            off(crash_world(), "fund_default_losses"),
            crash_world(**MANY),
            under(crash_world(policy__leverage_cap__most=3), *POLICIES),
            under(crash_world(), "lending"),
            small_world(**UNHEDGED),
            small_world(**THIN),
            small_world(**RALLY),
            small_world(**SLUMP),
        )
        for world in worlds:
            before.clear()
            finished(world, seed)
        before.clear()
        with_traders(seed)
    for phase in TICK:
        strange = written[phase.name] - set(phase.writes)
        assert not strange, f"{phase.name} writes {sorted(strange)} and does not say so"
        idle = set(phase.writes) - written[phase.name]
        assert not idle, f"{phase.name} says that it writes {sorted(idle)} and never does"
        assert not any(part.endswith(TERMS) for part in written[phase.name])


def test_nothing_changes_between_phases() -> None:
    last: dict[str, bytes] = {}

    def look(economy: Economy, phase: Phase, done: bool) -> None:
        now = contents(economy)
        assert done or not last or now == last, f"before {phase.name}"
        last.update(now)

    seed = crash_seed()  # found before anybody watches: finding it runs other worlds
    with watching(look):
        finished(crash_world(run__ticks=20), seed)


def test_intents_are_empty_at_nightfall() -> None:
    stated = set()

    def look(economy: Economy, phase: Phase, done: bool) -> None:
        intents = {
            f"{name}.{f.name}": getattr(economy, name)[f.name]
            for name, record in RECORDS.items()
            for f in record.part(INTENTS)
        }
        intents |= {"order_book": economy.entries}
        full = {name for name, values in intents.items() if values.any()}
        stated.update(full)
        assert not (done and phase.name == TICK[-1].name and full), f"still stated: {sorted(full)}"

    with watching(look):
        with_traders(crash_seed())
    declared = {f"{name}.{f.name}" for name, record in RECORDS.items() for f in record.part(INTENTS)}
    of_owners = {f"investors.{name}" for name in ("asked", "wanted", "takes", "gives")}
    declared.add("order_book")
    within_a_phase = {"dealers.due", "dealers.costs", "funds.lacking", "markets.paid_directly"} | of_owners
    assert declared - stated == within_a_phase, "an intent that nobody ever states"


def test_the_tick_is_one_short_tuple_of_named_phases() -> None:
    assert isinstance(TICK, tuple)
    assert 8 <= len(TICK) <= 14
    assert len({phase.name for phase in TICK}) == len(TICK)
    assert len(inspect.getsource(abm.tick).splitlines()) < 280
    known = (
        {f"{name}.{part}" for name in RECORDS for part in PARTS}
        | set(RECORDS)
        | {"scenario", "everything", "order_book.intents"}
    )
    for phase in TICK:
        assert set(phase.reads) <= known, phase.name
        assert set(phase.writes) <= known, phase.name
        assert phase.words


def test_every_channel_has_a_phase_and_every_phase_knows_its_channels() -> None:
    assert {channel for phase in TICK for channel in phase.channels} == set(CHANNELS)
