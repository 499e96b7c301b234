"""The state of a run: saved and gone on from, shorter and longer, and moved by timed actions."""

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
