"""The state of a run: saved and gone on from, shorter and longer, and moved by timed actions."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds import crash_seed, crash_world, digest, events, finished, of_kind, off, small_world

from abm.agents.rest_of_system import PUBLIC
from abm.channels import CHANNELS
from abm.economy import RECORDS, Economy
from abm.errors import InputError
from abm.experiments.files import write_manifest
from abm.experiments.one_run import run
from abm.experiments.results import RunResult
from abm.ledger.chart import NOTES, TRANSACTIONS
from abm.scenario import Scenario


@pytest.mark.parametrize("tick", [0, 1, 40, 119, 120])
def test_saving_and_going_on_gives_the_same_bits(tmp_path: Path, tick: int) -> None:
    never_stopped = finished(crash_world(), crash_seed())
    stopped = Economy(crash_world(), crash_seed())
    stopped.advance(tick)
    stopped.save(tmp_path / "state")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]
    gone_on = Economy.load(tmp_path / "state")
    assert (gone_on.tick, gone_on.seed, gone_on.scenario.digest) == (
        tick,
        stopped.seed,
        stopped.scenario.digest,
    )
    gone_on.advance()
    assert digest(gone_on) == digest(never_stopped)
    for name, frame in vars(never_stopped.tables()).items():
        assert frame.equals(getattr(gone_on.tables(), name)), name


def test_going_on_leaves_the_file_alone_and_may_be_done_twice(tmp_path: Path) -> None:
    stopped = Economy(crash_world(), crash_seed())
    stopped.advance(40)
    stopped.save(tmp_path / "state")
    before = (tmp_path / "state").read_bytes()
    twice = []
    for _ in range(2):
        economy = Economy.load(tmp_path / "state", check=True)
        economy.advance(50)
        twice.append(digest(economy))
    assert twice[0] == twice[1]
    assert (tmp_path / "state").read_bytes() == before


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    long, short = finished(crash_world(), crash_seed()), finished(crash_world(run__ticks=50), crash_seed())
    assert np.array_equal(short.rows, long.rows[:50])
    assert np.array_equal(short.journals, long.journals[:50])
    assert np.array_equal(events(short), events(long)[: len(events(short))])
    in_steps = Economy(crash_world(), crash_seed())
    for until in (1, 2, 30, 30, 120):
        in_steps.advance(until)
        assert in_steps.tick == until
    assert digest(in_steps) == digest(long)


def test_going_back_does_nothing() -> None:
    economy = Economy(small_world(), 1)
    economy.advance(10)
    before = digest(economy)
    economy.advance(3)
    assert (economy.tick, digest(economy)) == (10, before)


def with_head(path: Path, **changed: Any) -> None:
    """Write a saved state anew with another head."""
    with np.load(path) as file:
        arrays = dict(file)
    head = json.loads(arrays["head"].tobytes()) | changed
    with path.open("wb") as out:
        np.savez(out, **(arrays | {"head": np.frombuffer(json.dumps(head).encode(), np.uint8)}))


def cut_a_table(path: Path) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    with path.open("wb") as out:
        np.savez(out, **(arrays | {"funds": arrays["funds"][:-1]}))


def foreign_archive(path: Path) -> None:
    with path.open("wb") as out:
        np.savez(out, something=np.arange(3))


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("ticks = 3\n"),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a byte changed": flip_a_byte,
    "another archive": foreign_archive,
    "another version": lambda path: with_head(path, version=999),
    "another scenario": lambda path: with_head(path, scenario={"name": "nothing"}),
    "a tick that was not reached": lambda path: with_head(path, tick=41),
    "a fund is missing": cut_a_table,
    "not there": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_foreign_file_is_refused_in_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state"
    economy = Economy(small_world(), 1)
    economy.advance(10)
    economy.save(path)
    DAMAGES[damage](path)
    with pytest.raises(InputError, match=r"allowed|version|own states") as error:
        Economy.load(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def with_action(scenario: Scenario, **action: Any) -> Scenario:
    return scenario.replace({"actions": [action]})


def test_a_spark_by_action_is_the_scenarios_spark() -> None:
    world = crash_world(actions=[])
    planned = finished(world, crash_seed())
    silent = world.replace({"spark.total": 0})
    spark = {"tick": world.spark.start, "total": world.spark.total, "days": world.spark.days}
    lit = finished(with_action(silent, kind="spark", **spark), crash_seed())
    assert np.array_equal(planned.rows, lit.rows)
    assert np.array_equal(planned.journals, lit.journals)
    (action,) = of_kind(lit, "timed_action")
    assert (action["tick"], action["amount"], action["caused_by"]) == (
        world.spark.start,
        world.spark.total,
        -1,
    )


def test_good_news_is_a_spark_of_negative_size() -> None:
    silent = small_world(spark__total=0)
    silence = finished(silent)
    cheer = finished(with_action(silent, kind="spark", tick=10, total=-0.2, days=2))
    heard = np.log(cheer.rows["news"][:, 0] / silence.rows["news"][:, 0])
    np.testing.assert_allclose(heard[[9, 10, 11, 59]], [0.0, 0.1, 0.2, 0.2], atol=1e-12)
    assert (cheer.rows["price"][11:, 0] > silence.rows["price"][11:, 0]).all()
    assert cheer.rows["believers"][12] >= silence.rows["believers"][12]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_can_be_switched_on_a_given_day(channel: str) -> None:
    world = crash_world(actions=[])
    always, never = finished(world, crash_seed()), finished(off(world, channel), crash_seed())
    out = finished(with_action(world, kind="switch", tick=4, channel=channel, on=False), crash_seed())
    into = finished(with_action(off(world, channel), kind="switch", tick=4, channel=channel, on=True), crash_seed())
    assert np.array_equal(out.rows[:4], always.rows[:4])
    assert np.array_equal(into.rows[:4], never.rows[:4])
    assert not np.array_equal(out.rows, always.rows)
    assert not np.array_equal(into.rows, never.rows)
    from_the_start = finished(with_action(world, kind="switch", tick=0, channel=channel, on=False), crash_seed())
    assert np.array_equal(from_the_start.rows, never.rows)


def test_after_the_switch_no_margin_is_called() -> None:
    world = crash_world(actions=[{"kind": "switch", "tick": 5, "channel": "margin_calls", "on": False}])
    calls = of_kind(finished(world, crash_seed()), "margin_call")
    assert len(calls) > 0
    assert calls["tick"].max() < 5


def test_purchases_of_notes_are_paid_with_new_reserves() -> None:
    world = small_world(spark__total=0)
    untouched = finished(world)
    bought = finished(with_action(world, kind="buy_notes", tick=10, per_day=20.0, days=3))
    assert np.array_equal(bought.rows[:10], untouched.rows[:10])
    paid = bought.journals[:, TRANSACTIONS, NOTES, -1] - untouched.journals[:, TRANSACTIONS, NOTES, -1]
    prices, last_prices = bought.rows["price"][10:13, NOTES], bought.rows["price"][9:12, NOTES]
    np.testing.assert_allclose(paid[10:13], 20.0 * prices / last_prices, rtol=1e-9)
    assert bought.issuers["units"][PUBLIC, NOTES] == pytest.approx((20.0 / last_prices).sum())
    issued = bought.issuers["reserves"][PUBLIC] - untouched.issuers["reserves"][PUBLIC]
    assert issued == pytest.approx(paid[10:13].sum())
    assert (prices > untouched.rows["price"][10:13, NOTES]).all()
    assert len(of_kind(bought, "timed_action")) == 1


def test_every_table_is_saved(tmp_path: Path) -> None:
    economy = finished(crash_world(), crash_seed())
    economy.save(tmp_path / "state")
    with np.load(tmp_path / "state", allow_pickle=False) as file:
        assert set(RECORDS) <= set(file.files)


SAVED = 40  # day
LATER = {
    "nothing": {},
    "a spark": {"spark.total": 0.6, "spark.start": 60, "spark.days": 4},
    "a spark tomorrow": {"spark.total": 0.6, "spark.start": SAVED, "spark.days": 1},
    "a policy": {"actions": [{"kind": "policy", "tick": 45, "policy": "note_purchases", "on": True}]},
    "a shock and a loss": {
        "actions": [
            {"kind": "shock", "tick": 50, "market": "crypto", "total": 0.3, "days": 2},
            {"kind": "loss", "tick": 55, "of": "largest_banks", "place": 0, "capital": 0.5},
        ]
    },
    "more days": {"run.ticks": 150},
}


@pytest.fixture(scope="module")
def calm() -> Scenario:
    """The crash world before its spark: nothing has begun."""
    return crash_world(actions=[], spark__total=0)


@pytest.fixture
def state(tmp_path: Path, calm: Scenario) -> Path:
    """Forty days of it in a file."""
    economy = Economy(calm, crash_seed())
    economy.advance(SAVED)
    economy.save(tmp_path / "state")
    return tmp_path / "state"


def same(one: RunResult, other: RunResult) -> bool:
    """Whether two runs have left the same, twins included."""
    mine, theirs = ({**vars(result.tables), **result.twins} for result in (one, other))
    return one.summary == other.summary and all(mine[name].equals(theirs[name]) for name in mine)


@pytest.mark.parametrize("change", LATER)
def test_a_future_that_begins_later_has_the_bits_of_running_through(state: Path, calm: Scenario, change: str) -> None:
    branch = run(from_state=state, changes=LATER[change])
    through = run(calm, crash_seed(), changes=LATER[change])
    assert same(branch, through)
    if change != "nothing":
        assert not branch.ticks.equals(run(calm, crash_seed(), twins=False).ticks)
    assert (through.origin, through.past) == (None, ())
    assert branch.origin == {"digest": hashlib.sha256(state.read_bytes()).hexdigest(), "day": SAVED}
    assert [day for day, _ in branch.past] == ([] if change == "nothing" else [SAVED])


@pytest.mark.slow
def test_futures_of_one_state_leave_it_and_each_other_alone(state: Path) -> None:
    before = state.read_bytes()
    there = [run(from_state=state, changes=LATER[change]) for change in LATER]
    back = [run(from_state=state, changes=LATER[change]) for change in reversed(LATER)]
    assert all(same(one, other) for one, other in zip(there, reversed(back), strict=True))
    assert state.read_bytes() == before


def test_what_is_read_every_day_holds_from_the_saved_day_on_in_the_twins_too(state: Path, calm: Scenario) -> None:
    shallow = {"markets.depth": 0.5}
    branch = run(from_state=state, changes=shallow)
    before = run(calm, crash_seed(), twins=False).ticks
    through = run(calm, crash_seed(), changes=shallow, twins=False).ticks
    assert branch.ticks.head(SAVED).equals(before.head(SAVED))
    assert not branch.ticks.head(SAVED).equals(through.head(SAVED))
    assert not branch.ticks.equals(before)
    assert branch.twins["no_news"].equals(branch.ticks)  # without a spark they are one


def test_a_future_can_be_saved_and_gone_on_from(state: Path, tmp_path: Path) -> None:
    shallow = {"markets.depth": 0.5}
    whole = run(from_state=state, changes=shallow)
    run(from_state=state, changes=shallow, until=70, save=tmp_path / "later")
    rest = run(from_state=tmp_path / "later")
    assert same(rest, whole)
    assert rest.origin is not None
    assert rest.origin["day"] == 70
    assert [(day, held.digest) for day, held in rest.past] == [(day, held.digest) for day, held in whole.past]


def test_the_manifest_says_from_which_state_and_day_a_future_came(state: Path, tmp_path: Path) -> None:
    branch = run(from_state=state, changes=LATER["a spark"], twins=False)
    write_manifest(tmp_path, "run", branch.scenario, **branch.how())
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert manifest["from_state"] == {"digest": hashlib.sha256(state.read_bytes()).hexdigest(), "day": SAVED}
    assert [held["until"] for held in manifest["past"]] == [SAVED]
    assert Scenario.from_dict(manifest["past"][0]["scenario"]).digest == branch.past[0][1].digest


REFUSED = {
    "funds.leverage = 3": {"funds.leverage": 3},
    "funds.count = 9": {"markets.depth": 0.5, "funds.count": 9},
    "channels.margin_calls = False": {"channels.margin_calls": False},
    "policy.note_purchases.on = True": {"policy.note_purchases.on": True},
    "spark.broad_share = 0.1": {"spark.broad_share": 0.1},
    "run.ticks = 39 ": {"run.ticks": SAVED - 1},
    "spark.start = 39 ": {"spark.total": 0.1, "spark.start": SAVED - 1},
    "actions = ": {"actions": [{"kind": "buy_notes", "tick": SAVED - 1, "per_day": 5.0, "days": 3}]},
}


@pytest.mark.parametrize("named", REFUSED)
def test_what_should_have_acted_before_is_refused_by_name(state: Path, named: str) -> None:
    with pytest.raises(InputError, match="; allowed ") as error:
        run(from_state=state, changes=REFUSED[named], twins=False)
    assert str(error.value).startswith(f"{state}: {named}")


def test_news_and_actions_that_have_begun_stay_as_they_are(tmp_path: Path) -> None:
    world, later = crash_world(), {"kind": "buy_notes", "tick": 90, "per_day": 5.0, "days": 3}
    economy = Economy(world, crash_seed())
    economy.advance(SAVED)
    economy.save(tmp_path / "state")
    (begun,) = world.to_dict()["actions"]
    branch = run(from_state=tmp_path / "state", changes={"actions": [begun, later]})
    assert same(branch, run(world, crash_seed(), changes={"actions": [begun, later]}))
    for late in ({"actions": [later]}, {"spark.days": 5}, {"spark.start": 90}, {"spark.total": 0.0}):
        with pytest.raises(InputError, match="before day 40"):
            run(from_state=tmp_path / "state", changes=late, twins=False)
