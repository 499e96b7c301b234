"""`powderkeg story`: twenty sentences that say what the tables say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from runs import WORLDS, called, event, of_kind, run, written

import abm
from abm.experiments.files import MANIFEST
from abm.outcome import story
from abm.outcome.events import KINDS
from abm.outcome.wording import SENTENCES, bn, listed, share, told


@pytest.mark.parametrize("name", WORLDS)
def test_a_story_has_at_most_twenty_sentences_in_the_order_of_days(name: str) -> None:
    result = run(name)
    told_of = result.story()
    assert 5 <= len(told_of) <= 20
    days = [sentence.day for sentence in told_of]
    assert days == sorted(days)
    assert all(0 <= day < result.ticks.height for day in days)
    assert "finance:" in told_of[-1].words
    assert all(sentence.words and "\n" not in sentence.words for sentence in told_of)
    for sentence in told_of:
        if sentence.event is not None:
            assert event(result, sentence.event)["tick"] == sentence.day


def words(name: str) -> str:
    return "\n".join(sentence.words for sentence in run(name).story())


def test_a_crash_is_told_from_the_news_to_the_failures() -> None:
    result, said = run("crash"), words("crash")
    first = of_kind(result, "margin_call").filter(pl.col("tick") == pl.col("tick").min())
    calls = next(sentence for sentence in result.story() if "first margin calls" in sentence.words)
    assert calls.day == first["tick"][0]
    assert bn(first["amount"].sum()) in calls.words
    assert "disappointing news: AI equity is worth 45 % less" in said  # 0.6 log points
    for kind in ("dealer", "bank"):
        failed = of_kind(result, f"{kind}_failed")
        gone = next(sentence for sentence in result.story() if f"the first {kind}" in sentence.words)
        assert gone.day == failed["tick"][0]
        assert failed["actor"][0] in gone.words
    lowest = next(sentence for sentence in result.story() if "AI equity is at its lowest" in sentence.words)
    assert lowest.day == result.ticks["price_ai_equity"].arg_min()


def test_a_quiet_run_tells_a_quiet_story() -> None:
    said = words("quiet")
    assert said.startswith("no spark is lit")
    assert "no dealer and no bank has failed" in said
    for loud in ("goes", "run out", "leave", "disappointing", "seize ", "under duress"):
        assert loud not in said
    assert run("quiet").story()[0].day == 0


def test_a_kind_of_event_is_told_by_its_first_day_and_its_worst() -> None:
    log = pl.DataFrame({"event_id": [0, 1, 2, 3], "tick": [3, 3, 5, 5], "amount": [1.0, 2.0, 3.0, 4.0]})

    def said(day: pl.DataFrame) -> str:
        return f"{day.height} of {day['amount'].sum()}"

    both = list(story.first_and_worst(log, said, said))
    assert [(s.day, s.words, s.event) for s in both] == [(3, "2 of 3.0", 0), (5, "2 of 7.0", 2)]
    assert [s.day for s in story.first_and_worst(log.head(2), said, said)] == [3]


def test_the_story_of_a_run_does_not_change() -> None:
    result = run("crash")
    again = replace(result, tables=replace(result.tables, events=result.events.clone()))
    assert again.story() == result.story()


def test_every_kind_of_event_has_words_and_a_new_kind_is_told_by_its_name() -> None:
    without = {kind for kind in KINDS if kind not in SENTENCES and not kind.endswith("_failed")}
    assert without == {"news", "price_move", "shock"}, "give new kinds of events their words in abm/outcome/wording.py"
    unknown = event(run("crash"), 0) | {"kind": "house_burnt", "actor": "house:1", "amount": 3.0}
    assert told(unknown) == "house:1: house burnt, 3.0 $bn"
    log = pl.concat([run("crash").events, pl.DataFrame([unknown], schema=run("crash").events.schema)])
    other = replace(run("crash"), tables=replace(run("crash").tables, events=log))
    assert any("for the first time house:1: house burnt" in s.words for s in story.whatever_else(as_told(other)))


def as_told(result: abm.RunResult) -> story.Run:
    return story.Run(result.ticks, result.events, result.tables.agents, result.summary.to_dict())


def test_every_event_of_a_crash_is_told_in_words() -> None:
    for row in run("crash").events.unique("kind", keep="first", maintain_order=True).iter_rows(named=True):
        said = told(row)
        assert "{" not in said
        assert not re.search(r"\bnan\b|\binf\b|_", re.sub(r"\w+:\w+", "", said)), said


def test_amounts_and_lists_read_well() -> None:
    assert [bn(x) for x in (0.0, 0.0004, 0.25, 3.14159, 266.3, 12345.6)] == [
        *("0.000 $bn", "less than 0.001 $bn", "0.250 $bn", "3.1 $bn", "266 $bn", "12,346 $bn")
    ]
    assert [share(x) for x in (0.004, 0.0999, 0.393, 1.0)] == ["0.4 %", "10.0 %", "39 %", "100 %"]
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_the_command_prints_it_and_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = written("crash", tmp_path / "here")
    code, out, err = called(capsys, "story", folder)
    sentences = run("crash").story()
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == len(sentences)
    for line, sentence in zip(lines, sentences, strict=True):
        assert re.fullmatch(rf"day +{sentence.day}: {re.escape(sentence.words)}", line)
    code, out, _ = called(capsys, "story", folder, "--json")
    assert json.loads(out) == [sentence.to_dict() for sentence in sentences]


def other_columns(folder: Path) -> None:
    pl.DataFrame({"something": [1]}).write_parquet(folder / "events.parquet")


def empty_manifest(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    (folder / MANIFEST).write_text(json.dumps({key: manifest[key] for key in ("kind", "format")}), "utf-8")


DAMAGES = {
    "no such folder": (lambda folder: (folder / MANIFEST).unlink(), "manifest.json"),
    "a table is missing": (lambda folder: (folder / "events.parquet").unlink(), "is missing"),
    "a table is no table": (lambda folder: (folder / "ticks.parquet").write_bytes(b"nothing"), "cannot be read"),
    "a table of something else": (other_columns, "not those of a run"),
    "an empty manifest": (empty_manifest, "lacks"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", [("story",), ("why", "bank:0")], ids=["story", "why"])
def test_a_damaged_folder_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, damage: str, command: tuple[str, ...]
) -> None:
    folder = written("ordinary", tmp_path / "here")
    harm, said = DAMAGES[damage]
    harm(folder)
    code, out, err = called(capsys, command[0], folder, *command[1:])
    assert (code, out) == (2, "")
    assert said in err
    assert "allowed" in err
    assert err.count("\n") == 1


def test_a_run_cut_short_and_one_without_twins_are_told_too() -> None:
    scenario = abm.load("us_late_2025", **WORLDS["crash"])
    told_of = abm.run(scenario, seed=1, twins=False, until=1).story()
    assert {sentence.day for sentence in told_of} == {0}
    assert "without the spark" not in told_of[-1].words
