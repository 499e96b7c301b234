"""Scenario files: what they may say, and that nothing is lost on the way."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scenario_files import ALL_ACTIONS, CHILD, refusal, write

from abm.errors import InputError
from abm.scenario import Scenario, assumed, json_schema, load, names, parameters, parse_override
from abm.scenario.declare import Declaration
from abm.scenario.reading import DECLARED, Reader
from abm.scenario.sections import ACTIONS, Channels


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test writes into a folder of its own."""
    monkeypatch.chdir(tmp_path)


# The shipped files


@pytest.mark.parametrize("name", names())
def test_shipped_scenario_gives_every_number_a_unit_and_a_source(name):
    scenario = load(name)
    assert scenario.name == name
    assert all(quantity.unit and quantity.source for quantity in scenario.quantities.values())
    assert all(scenario.quantity(path).unit == d.unit for path, d in DECLARED.items() if d.kind in (int, float))


def test_values_are_plain_and_typed():
    scenario = load("us_late_2025")
    assert type(scenario.funds.leverage) is float
    assert type(scenario.funds.count) is int
    assert scenario.channels.margin_calls is True
    assert scenario.actions == ()
    for path, quantity in scenario.quantities.items():
        value = scenario
        for part in path.split("."):
            value = getattr(value, part)
        assert value == quantity.value
        assert type(value) is DECLARED[path].kind


def test_assumed_numbers_are_counted():
    scenario = load()
    before = len(assumed(scenario))
    assert 0 < before < len(scenario.quantities)
    assert "run.ticks" in assumed(scenario)
    assert len(assumed(scenario.replace({"run.ticks": 500}))) == before - 1


def test_parameters_describe_everything_that_can_be_set():
    listed = {parameter.path: parameter for parameter in parameters()}
    assert listed.keys() == DECLARED.keys()
    assert all(p.meaning and p.unit for p in listed.values())
    assert all(p.default in p.choices if p.choices else p.low <= p.default <= p.high for p in listed.values())
    assert listed["spark.days"].unit == "days"
    assert listed["channels.margin_calls"].default is True


def test_loading_imports_no_engine():
    code = (
        "import sys, abm.scenario; abm.scenario.load();"
        "heavy = {'numba', 'numpy', 'polars', 'mesa', 'matplotlib', 'rich', 'typer'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What a user's file may say


@pytest.mark.parametrize(
    "written",
    [
        "500",
        '"500 days"',
        '"500  days (Galbraith 1955)"',
        '{ value = 500, unit = "days" }',
        '{ value = 500, unit = "days", source = "Galbraith 1955" }',
        "500.0",
        '"5e2 days"',
    ],
)
def test_every_form_of_a_number_means_the_same(written):
    scenario = load(write(f"{CHILD}[spark]\ndays = {written}\n"))
    assert scenario.spark.days == 500
    assert type(scenario.spark.days) is int
    source = "Galbraith 1955" if "Galbraith" in written else "not given"
    assert scenario.quantity("spark.days") == (500, "days", source)
    assert scenario.digest == load(**{"spark.days": 500}).digest


@pytest.mark.parametrize(
    ("written", "problem"),
    [("1", "bare value"), ('"1 days"', "no source"), ('{ value = 1, unit = "days" }', "no source")],
)
def test_shipped_files_must_give_units_and_sources(monkeypatch, tmp_path, written, problem):
    write(re.sub(r"(?m)^days = .*", f"days = {written}", load().to_toml()), "us.toml")
    monkeypatch.setattr("abm.scenario.files.shipped_folder", lambda: tmp_path)
    sentence = refusal("us")
    assert sentence.startswith("us.toml: spark.days = ")
    assert problem in sentence


def test_short_form_with_a_source_is_good_enough_for_shipped_files():
    declared = DECLARED["spark.days"]
    assert Reader("x", None).leaf(declared, "spark.days", "1 days (assumed)") == (1, "days", "assumed")


def test_extends_keeps_what_is_not_said():
    write(f"{CHILD}[funds]\nleverage = 1.5\n", "inner/base.toml")
    write(
        'extends = "base.toml"\ntitle = "T"\n[spark]\ndays = 500\n[channels]\nmargin_calls = false\n',
        "inner/top.toml",
    )
    scenario = load("inner/top.toml")
    assert (scenario.name, scenario.title, scenario.why) == ("top", "T", load().why)
    assert (scenario.funds.leverage, scenario.spark.days, scenario.funds.crowding) == (1.5, 500, 1.0)
    assert not scenario.channels.margin_calls
    assert load(Path("inner/top.toml")) == scenario


def test_a_name_that_needs_escaping_is_kept():
    scenario = load(write(f'{CHILD}name = "<script>alert(1)</script>"\n'))
    assert scenario.name == "<script>alert(1)</script>"


def test_actions_are_read_by_kind():
    text = "\n".join(
        "[[actions]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in action.items())
        for action in ALL_ACTIONS
    )
    scenario = load(write(CHILD + text.replace("tick = 100", 'tick = "100 days (assumed)"')))
    assert [action.kind for action in scenario.actions] == list(ACTIONS)
    assert scenario.actions[1].channel == "margin_calls"
    assert scenario.quantity("actions.0.tick") == (100, "days", "assumed")
    assert scenario == Scenario.from_dict(json.loads(json.dumps(scenario.to_dict())))


# Overrides


def test_overrides_are_dotted_or_nested():
    dotted = load(**{"spark.days": 500, "markets.notes.drift": 0.01, "channels.margin_calls": False, "name": "n"})
    nested = load(
        spark={"days": "500 days"},
        markets={"notes": {"drift": 0.01}},
        channels={"margin_calls": False},
        name="n",
    )
    assert dotted.digest == nested.digest
    assert (dotted.name, dotted.spark.days, dotted.markets.notes.drift) == ("n", 500, 0.01)
    assert dotted.quantity("spark.days").source == "override"


def test_overrides_leave_the_callers_dictionaries_alone():
    spark = {"days": 500}
    load(**{"spark": spark, "spark.total": 0.2})
    assert spark == {"days": 500}


def test_replace_reads_nothing_but_what_is_replaced(monkeypatch):
    scenario, leaf, seen = load(), Reader.leaf, []

    def note(reader, declared, path, raw):
        seen.append(path)
        return leaf(reader, declared, path, raw)

    monkeypatch.setattr(Reader, "leaf", note)
    changed = scenario.replace({"spark.days": 500, "channels.margin_calls": False})
    assert seen == ["spark.days", "channels.margin_calls"]
    assert Scenario.from_dict(changed.to_dict()) == changed


def test_replace_checks_again_and_leaves_the_original_alone():
    scenario = load()
    changed = scenario.replace({"spark.days": 500, "actions": ALL_ACTIONS})
    assert (scenario.spark.days, changed.spark.days, len(changed.actions)) == (1, 500, len(ALL_ACTIONS))
    with pytest.raises(InputError, match=r"^override: spark\.start = 750 is after the end"):
        scenario.replace({"spark.start": 750})


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("funds.leverage=1.5", "funds.leverage", 1.5),
        (" spark.days = 500 ", "spark.days", 500),
        ("spark.days=500 days", "spark.days", "500 days"),
        ('spark.days={value=500,unit="days"}', "spark.days", {"value": 500, "unit": "days"}),
        ("channels.margin_calls=false", "channels.margin_calls", False),
        ("name=a = b", "name", "a = b"),
        ("name=1\nx = 2", "name", "1\nx = 2"),
        ("name=<script>", "name", "<script>"),
        ("name=" + "[" * 100_000, "name", "[" * 100_000),
    ],
)
def test_parse_override(text, path, value):
    assert parse_override(text) == {path: value}


# Nothing is lost on the way


def test_scenario_is_frozen():
    scenario = load()
    with pytest.raises(ValidationError):
        scenario.spark.days = 2
    with pytest.raises(ValidationError):
        scenario.name = "other"
    scenario.quantities.clear()
    assert scenario.quantity("spark.days").value == 1


def test_digest_follows_what_decides_a_run_and_nothing_else():
    scenario = load()
    assert scenario.replace({"name": "other", "title": "other", "why": "other\nlines"}).digest == scenario.digest
    assert scenario.replace({"spark.days": {"value": 1, "unit": "days", "source": "x"}}).digest == scenario.digest
    assert scenario.replace({"markets.notes.drift": -0.0}).digest == scenario.digest
    changes = [{"spark.days": 2}, {"channels.margin_calls": False}, {"actions": ALL_ACTIONS[:1]}]
    assert len({scenario.replace(change).digest for change in changes} | {scenario.digest}) == 4


def any_value(declared: Declaration) -> st.SearchStrategy:
    """A value in the middle of a declared range, where no other number forbids it."""
    if declared.kind is bool:
        return st.booleans()
    low, high = declared.low, min(declared.high, 10_000)
    return st.integers(low, high) if declared.kind is int else st.floats(low, high)


FREE = {  # parameters that no other one limits
    path: declared
    for path, declared in DECLARED.items()
    if path.split(".")[0] in ("spark", "narrative", "margin", "channels") and path != "spark.start"
}
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=80)
CHANGES = st.fixed_dictionaries({}, optional={path: any_value(declared) for path, declared in FREE.items()})


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    changes=CHANGES,
    title=TEXT.filter(str.strip),
    source=TEXT.filter(str.strip),
    actions=st.sampled_from([0, 1, 4]),
)
def test_round_trips_keep_every_bit(tmp_path_factory, changes, title, source, actions):
    quantity = {"value": 0.1, "unit": "log points", "source": source}
    changes = changes | {"title": title, "why": title + "\n" + title, "spark.total": quantity}
    scenario = load(**changes, actions=ALL_ACTIONS[:actions])
    path = tmp_path_factory.mktemp("round") / "file.toml"
    path.write_text(scenario.to_toml(), encoding="utf-8", newline="\n")
    for other in (
        load(path),
        pickle.loads(pickle.dumps(scenario)),
        Scenario.from_dict(json.loads(json.dumps(scenario.to_dict()))),
        scenario.replace({}),
    ):
        assert other == scenario
        assert other.digest == scenario.digest
        assert other.quantities == scenario.quantities
        assert hash(other) == hash(scenario)


# The schema for editors


def test_json_schema_covers_every_key():
    schema = json_schema()
    for path, declared in DECLARED.items():
        place = schema
        for part in path.split("."):
            assert place["additionalProperties"] is False
            place = place["properties"][part]
        assert declared.meaning in place["description"]
    kinds = [entry["properties"]["kind"]["enum"] for entry in schema["properties"]["actions"]["items"]["oneOf"]]
    assert kinds == [[kind] for kind in ACTIONS]
    channels = schema["properties"]["actions"]["items"]["oneOf"][1]["properties"]["channel"]["enum"]
    assert channels == list(Channels.model_fields)
    json.dumps(schema, allow_nan=False)
