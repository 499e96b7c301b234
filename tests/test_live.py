"""A live session: repeated to the bit, checked whatever a page has let through, in frames that join."""

from __future__ import annotations

import copy
import dataclasses
import gc
import json
import shlex
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_server import SMALL

import abm
from abm.agents.leveraged_fund import ACTIVE
from abm.channels import CHANNELS
from abm.cli.options import chosen_scenario
from abm.economy import AGENTS, Economy
from abm.errors import InputError
from abm.experiments.one_run import ticks_of, twin_scenarios
from abm.ledger.chart import INSTRUMENTS
from abm.live.messages import DIALS, Start, action_of, read, start_of
from abm.live.session import Session, beginning
from abm.live.who import about
from abm.scenario import Scenario, names
from abm.scenario.policy import DECREED

pytestmark = pytest.mark.slow  # whole sessions


def small(**changes: Any) -> Scenario:
    return abm.load("us_late_2025", **SMALL, **changes)


def start(scenario: Scenario, **changes: Any) -> Start:
    return dataclasses.replace(beginning(scenario), **changes)


def play(session: Session, days: int) -> None:
    for _ in range(days):
        session.step()


def act(session: Session, **action: Any) -> None:
    session.act(action_of({"action": action}, session.tick))


def same_bits(one: Economy, other: Economy) -> bool:
    mine, its = one.tables(), other.tables()
    return all(getattr(mine, name).equals(getattr(its, name)) for name in vars(mine))


def repeated(line: str, folder: Path) -> Economy:
    """The run of a command as the page shows it; scenario files are in a folder."""
    words = shlex.split(line)
    assert words[:2] == ["powderkeg", "run"]
    options: dict[str, list[str]] = {}
    for name, value in zip(words[3::2], words[4::2], strict=True):
        options.setdefault(name, []).append(value)
    assert set(options) <= {"--seed", "--set", "--until"}
    name = str(folder / words[2]) if words[2].endswith(".toml") else words[2]
    economy = Economy(chosen_scenario(name, options.get("--set")), int(options["--seed"][0]))
    economy.advance(int(options["--until"][0]) if "--until" in options else None)
    return economy


def press_everything(session: Session) -> None:
    play(session, 4)
    act(session, kind="spark", total=0.8, days=1)
    act(session, kind="policy", policy="note_purchases", on=True)
    play(session, 3)
    act(session, kind="switch", channel="margin_calls", on=False)
    act(session, kind="loss", of="largest_banks", place=0, capital=0.9)
    play(session, 2)
    act(session, kind="policy", policy="leverage_cap", on=True)
    act(session, kind="buy_notes", per_day=10.0, days=3)
    act(session, kind="shock", market="crypto", total=0.4, days=2)
    play(session, 9)


@pytest.mark.parametrize("side_by_side", [False, True])
def test_the_command_on_the_page_repeats_a_session_to_the_bit(side_by_side: bool, tmp_path: Path) -> None:
    session = Session(abm.load())
    dials = {"funds.leverage": 2.5, "stablecoins.supply": 500.0}
    session.begin(start(abm.load(), seed=5, dials=dials, side_by_side=side_by_side, slow_days=7))
    press_everything(session)
    commands = session.commands()
    assert [found["world"] for found in commands] == (["sudden", "gradual"] if side_by_side else ["sudden"])
    for world, found in zip(session.worlds, commands, strict=True):
        assert not found["needs_file"]
        again = repeated(found["command"], tmp_path)
        assert again.tick == session.tick == 18
        assert again.scenario.digest == world.economy.scenario.digest
        assert same_bits(world.economy, again)


def test_a_session_with_a_scenario_of_ones_own_is_repeated_by_its_file(tmp_path: Path) -> None:
    session = Session(small())
    session.begin(start(small(), own_spark=True, side_by_side=True, slow_days=20))
    press_everything(session)
    play(session, 60)
    for k, (world, found) in enumerate(zip(session.worlds, session.commands(), strict=True)):
        assert found["needs_file"]
        (tmp_path / session.file_name(k)).write_text(session.scenario_file(k), "utf-8")
        again = repeated(found["command"], tmp_path)
        assert again.tick == 60
        assert same_bits(world.economy, again)


ACTIONS = st.one_of(
    st.builds(dict, kind=st.just("spark"), total=st.floats(-1, 2), days=st.integers(1, 30)),
    st.builds(dict, kind=st.just("policy"), policy=st.sampled_from(DECREED), on=st.booleans()),
    st.builds(dict, kind=st.just("switch"), channel=st.sampled_from(CHANNELS), on=st.booleans()),
    st.builds(dict, kind=st.just("buy_notes"), per_day=st.floats(0, 100), days=st.integers(1, 9)),
    st.builds(dict, kind=st.just("loss"), of=st.just("dealer"), place=st.integers(0, 9), capital=st.floats(0, 2)),
)


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(pressed=st.lists(st.tuples(st.integers(0, 8), ACTIONS), max_size=6), seed=st.integers(0, 2**53))
def test_whatever_is_pressed_is_repeated_to_the_bit(pressed: list[tuple[int, dict[str, Any]]], seed: int) -> None:
    session = Session(small())
    session.begin(start(small(), seed=seed))
    for days, action in pressed:
        play(session, days)
        act(session, **action)
    play(session, 3)
    world = session.worlds[0].economy
    again = Economy(Scenario.from_dict(world.scenario.to_dict()), seed)
    again.advance(world.tick)
    assert same_bits(world, again)


def test_the_verdict_is_that_of_the_repeated_run() -> None:
    scenario = abm.load()
    session = Session(scenario)
    session.begin(start(scenario, seed=3, dials={"funds.leverage": 3.0}))
    play(session, 10)
    act(session, kind="spark", total=0.5, days=1)
    act(session, kind="policy", policy="circuit_breaker", on=True)
    act(session, kind="switch", channel="ordinary_trading", on=False)
    play(session, 60)
    (world,) = session.worlds
    twin = Economy(twin_scenarios(world.economy.scenario)["no_news"], 3)
    twin.advance(70)
    assert same_bits(session.no_news, twin)
    verdict = world.verdict(session.no_news)
    summary = abm.run(world.economy.scenario, 3, until=70).summary
    assert verdict["real"] == summary.verdict_real
    assert verdict["financial"] == summary.verdict_financial == "banking_crisis"
    assert verdict["speed"] == summary.speed
    assert verdict["fall"] == pytest.approx(summary.drawdown, abs=1e-4)
    assert verdict["calm_fall"] == pytest.approx(summary.no_news_drawdown, abs=1e-4)


def test_the_thin_lines_are_the_prices_of_the_twin_that_only_hears_the_news() -> None:
    session = Session(small())
    session.begin(start(small(), own_spark=True, seed=4))
    play(session, 30)
    drawn = session.frame()["worlds"][0]["days"]["news"]
    twin = ticks_of(twin_scenarios(session.worlds[0].economy.scenario)["all_off"], 4, 30)
    for k, market in enumerate(("ai_equity", "broad_equity", "notes", "bills", "crypto")):
        assert drawn[k] == pytest.approx(twin[f"price_{market}"].to_list(), abs=1e-4), market


def test_frames_join_to_the_whole_and_are_never_changed_later() -> None:
    session = Session(small())
    session.begin(start(small(), side_by_side=True))
    frames, told = [], [0, 0]
    for days in (0, 1, 7, 12):
        play(session, days)
        since = frames[-1]["tick"] if frames else 0
        frames.append(session.frame(since, told))
        told = [n + len(world["log"]) for n, world in zip(told, frames[-1]["worlds"], strict=True)]
    kept = copy.deepcopy(frames)
    act(session, kind="spark", total=1.0, days=1)
    whole = session.frame()
    play(session, 20)
    assert frames == kept
    for k in range(2):
        joined = [price for frame in frames for price in frame["worlds"][k]["days"]["price"][0]]
        assert joined == whole["worlds"][k]["days"]["price"][0]
        entries = [entry for frame in frames for entry in frame["worlds"][k]["log"]]
        assert [*entries, whole["worlds"][k]["log"][-1]] == whole["worlds"][k]["log"]
    json.dumps(whole, allow_nan=False)


def test_side_by_side_differs_in_the_speed_of_the_spark_alone() -> None:
    session = Session(small())
    session.begin(start(small(), side_by_side=True, slow_days=25))
    play(session, 5)
    act(session, kind="spark", total=0.6, days=2)
    play(session, 20)
    sudden, gradual = (world.economy for world in session.worlds)
    assert sudden.seed == gradual.seed
    assert sudden.tick == gradual.tick == session.no_news.tick
    assert [action.days for action in (*sudden.scenario.actions, *gradual.scenario.actions)] == [2, 25]
    assert (sudden.scenario.spark.days, gradual.scenario.spark.days) == (1, 25)
    slow = gradual.scenario.replace({"spark.days": sudden.scenario.spark.days, "actions": []})
    assert slow.digest == sudden.scenario.replace({"actions": []}).digest
    assert sudden.rows["disappointment"][5:8].tolist() == [0.3, 0.3, 0.0]
    assert gradual.rows["disappointment"][5] == pytest.approx(0.6 / 25)


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("", "JSON"),
        ("[1]", "do"),
        ('{"do": 1}', "do"),
        ("[" * 5000, "JSON"),
        (json.dumps({"do": "x" * 20_000}), "characters"),
    ],
)
def test_what_is_no_message_is_one_sentence(message: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        read(message)


GOOD: dict[str, Any] = {
    "scenario": "quiet",
    "seed": 1,
    "dials": {},
    "own_spark": False,
    "total": 0.5,
    "days": 1,
    "side_by_side": False,
    "slow_days": 100,
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"scenario": "../../etc/passwd"}, "scenario"),
        ({"scenario": "scenarios/quiet.toml"}, "scenario"),
        ({"scenario": None}, "scenario"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"dials": {"funds.count": 50}}, "funds.count"),
        ({"dials": {"funds.leverage": 11}}, "funds.leverage"),
        ({"dials": {"funds.leverage": "2; rm"}}, "funds.leverage"),
        ({"dials": {"banks.capital": float("nan")}}, "banks.capital"),
        ({"dials": []}, "dials"),
        ({"own_spark": 1}, "own_spark"),
        ({"total": float("inf")}, "total"),
        ({"days": 0}, "days"),
        ({"slow_days": 10**9}, "slow_days"),
    ],
)
def test_a_beginning_that_cannot_be_is_one_sentence_and_changes_nothing(change: dict[str, Any], word: str) -> None:
    session = Session(small())
    play(session, 3)
    worlds = session.worlds
    with pytest.raises(InputError, match=word) as refused:
        session.begin(start_of({**GOOD, **change}))
    assert "\n" not in str(refused.value)
    assert session.worlds is worlds
    session.begin(start_of(GOOD))
    assert session.tick == 0


@pytest.mark.parametrize(
    ("action", "word"),
    [
        (None, "kind"),
        ({}, "kind"),
        ({"kind": "sell"}, "kind"),
        ({"kind": ["spark"]}, "kind"),
        ({"kind": "spark"}, "total"),
        ({"kind": "spark", "total": 9, "days": 1}, "total"),
        ({"kind": "spark", "total": 1, "days": 1, "file": "x"}, "file"),
        ({"kind": "policy", "policy": "firewall", "on": True}, "policy"),
        ({"kind": "switch", "channel": "margin_calls", "on": "no"}, "on"),
        ({"kind": "loss", "of": "bank", "place": 2000, "capital": 1}, "place"),
    ],
)
def test_an_action_that_cannot_be_is_one_sentence_and_changes_nothing(action: Any, word: str) -> None:
    session = Session(small())
    play(session, 2)
    with pytest.raises(InputError, match=word):
        session.act(action_of({"action": action}, session.tick))
    assert session.worlds[0].economy.scenario.actions == ()
    assert session.worlds[0].log.entries == [] or "you" not in session.worlds[0].log.entries[-1]["words"]


def test_after_the_last_day_nothing_happens() -> None:
    session = Session(small())
    play(session, 70)
    assert session.tick == 60
    assert session.frame(59)["over"]
    with pytest.raises(InputError, match="the last day is over"):
        act(session, kind="spark", total=1.0, days=1)


def test_all_dials_can_be_put_to_both_ends_of_their_sliders() -> None:
    session = Session(abm.load())
    for path, (low, high, _) in DIALS.items():
        for value in (low, high):
            session.begin(start(abm.load(), dials={path: value}))
            session.step()
            assert session.worlds[0].economy.scenario.quantity(path).value == value


def test_worlds_are_let_go_on_reset_and_at_the_end_though_mesa_has_seen_their_agents() -> None:
    session = Session(small())
    reset = weakref.ref(session.worlds[0].model)
    assert len(session.worlds[0].model.agents) > 100
    session.begin(session.start)
    gc.collect()
    assert reset() is None
    ended = weakref.ref(session.worlds[0].model)
    assert len(session.worlds[0].model.agents) > 100
    session.close()
    del session
    gc.collect()
    assert ended() is None


def test_a_switch_shows_at_once_and_stays() -> None:
    session = Session(small())
    assert session.frame()["policies"]["lending"] is False
    act(session, kind="policy", policy="lending", on=True)
    act(session, kind="switch", channel="interbank", on=False)
    for _ in range(3):
        frame = session.frame()
        assert frame["policies"]["lending"] is True
        assert frame["channels"]["interbank"] is False
        session.step()


def test_who_owes_what_to_whom() -> None:
    session = Session(abm.load())
    session.begin(start(abm.load(), dials={"funds.leverage": 2.0}))
    play(session, 5)
    world = session.worlds[0]
    e = world.economy
    for table in ("funds", "dealers", "banks", "stablecoins"):
        agents = getattr(e, table)
        for row in range(0, len(agents), 7):
            found = about(world, table, row)
            owed = sum(amount for *_, amount in found["owes"])
            named = [f for f in AGENTS[table].part("books") if f.at and f.side < 0]
            price = {f.name: e.markets["price"][1] if "lent" in INSTRUMENTS[f.instrument] else 1.0
                     for f in named}  # fmt: skip
            assert owed == pytest.approx(sum(agents[f.name][row].sum() * price[f.name] for f in named), abs=0.02)
            assert [len(history["values"]) for history in found["history"]] == [5, 5]
    row = int(np.argmax(e.funds["margin_loan"].sum(axis=1)))
    found = about(world, "funds", row)
    dealer = e.dealers["id"][e.funds["dealer"][row][0]]
    assert [f"dealer:{dealer}", "margin loans"] in [row[:2] for row in found["owes"]]
    assert found["history"][0]["values"][-1] == pytest.approx(e.funds["net_asset_value"][row], abs=1e-3)
    own = sum(amount for _, amount in found["sheet"]) + dict(found["sheet"]).get("fund shares", 0.0) * -1
    assert own == pytest.approx(e.funds["net_asset_value"][row], abs=0.05)


def test_an_account_that_is_overdrawn_is_owed() -> None:
    session = Session(small())
    e = session.worlds[0].economy
    e.stablecoins["deposit"][0][0] = -2.5
    found = about(session.worlds[0], "stablecoins", 0)
    bank = e.banks["id"][e.stablecoins["bank"][0][0]]
    assert [f"bank:{bank}", "deposits", 2.5] in found["owes"]
    assert min(amount for *_, amount in found["has"]) > 0


@pytest.mark.parametrize("where", [(0, "funds", -1), (0, "funds", 10**6), (0, "scenario", 0), (1, "funds", 0)])
def test_nobody_can_be_looked_at_who_is_not_there(where: tuple[int, str, int]) -> None:
    with pytest.raises(InputError, match="look: "):
        Session(small()).look(*where)


def test_who_has_failed_stays_where_it_was() -> None:
    session = Session(abm.load())
    session.begin(start(abm.load(), dials={"funds.leverage": 3.0}, own_spark=True))
    play(session, 50)
    world = session.worlds[0]
    now = world.now()
    assert len(now["failed_funds"]) > 50
    play(session, 20)
    later = world.now()
    for row in now["failed_funds"]:
        assert world.economy.funds["status"][row] != ACTIVE
        assert (later["use"][row], later["size"][row]) == (now["use"][row], now["size"][row])
    assert min(now["use"][row] for row in now["failed_funds"]) > 0.9


def test_hundreds_of_events_of_a_day_are_few_sentences() -> None:
    session = Session(abm.load())
    session.begin(start(abm.load(), dials={"funds.leverage": 3.0}, own_spark=True))
    play(session, 80)
    entries = session.worlds[0].log.entries
    assert 20 < len(entries) < 150
    assert [entry["day"] for entry in entries] == sorted(entry["day"] for entry in entries)
    said = " ".join(entry["words"] for entry in entries)
    assert "disappointing news: AI equity is worth 39 % less than was thought" in said
    assert "dealers seize the books of" in said
    assert any(entry["grave"] == 2 and "fail" in entry["words"] for entry in entries)
    assert "{" not in said


def test_the_run_can_be_kept_as_parquet(tmp_path: Path) -> None:
    import polars as pl

    session = Session(small())
    play(session, 12)
    file = tmp_path / "run.parquet"
    file.write_bytes(session.parquet(0))
    assert pl.read_parquet(file).equals(session.worlds[0].economy.tables().ticks)


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_can_be_watched_and_handled(name: str, tmp_path: Path) -> None:
    scenario = abm.load(name)
    session = Session(scenario)
    assert session.start.own_spark == (scenario.spark.total != 0 and scenario.spark.days > 1)
    session.begin(start(scenario, own_spark=True, total=scenario.spark.total, days=scenario.spark.days))
    assert session.worlds[0].economy.scenario.digest == scenario.digest
    play(session, 3)
    act(session, kind="spark", total=0.9, days=2)
    play(session, 9)
    for table in ("funds", "dealers", "banks", "stablecoins"):
        session.look(0, table, 0)
        json.dumps([session.frame(), session.seen()], allow_nan=False)
    (found,) = session.commands()
    assert same_bits(session.worlds[0].economy, repeated(found["command"], tmp_path))
