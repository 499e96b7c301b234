"""Bad scenario files and overrides: each is refused in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_files import CHILD, refusal, write

from abm.errors import InputError
from abm.scenario import load, parse_override
from abm.scenario.checks import COUNTS
from abm.scenario.reading import DECLARED


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test writes into a folder of its own."""
    monkeypatch.chdir(tmp_path)


BAD_VALUES = [  # (what the file says after format and extends, words that the sentence must hold)
    ("spark.days = -1", "spark.days = -1 is out of range; allowed is a whole number from 1 to 100000"),
    ("spark.days = 1.5", "spark.days = 1.5 is not a whole number"),
    ("spark.days = nan", "spark.days = nan is not a finite number"),
    ("spark.total = inf", "spark.total = inf is not a finite number"),
    ("spark.total = -inf", "spark.total = -inf is not a finite number"),
    ('spark.total = "nan log points"', "spark.total = nan is not a finite number"),
    ('spark.total = { value = nan, unit = "log points" }', "spark.total = nan is not a finite number"),
    ("spark.days = true", "spark.days = True is not a number"),
    ("spark.days = 2025-01-01", "spark.days = datetime.date(2025, 1, 1) is not a number"),
    ("spark.days = [1, 500]", "spark.days = [1, 500] is not a number"),
    ('spark.days = "500"', "spark.days = '500' is not a number and its unit"),
    ('spark.days = "many days"', "spark.days = 'many days' is not a number and its unit"),
    ('spark.days = ""', "spark.days = '' is not a number and its unit"),
    ('spark.days = "2 years"', "spark.days = '2 years' has the unit 'years'; allowed is"),
    ('spark.days = { value = 2, unit = "years" }', "has the unit 'years'; allowed is a whole number"),
    ("spark.days = { value = 2, unit = 7 }", "has the unit 7"),
    ("spark.days = { value = 2 }", "lacks its value or unit; allowed is { value, unit = "),
    ("spark.days = {}", "spark.days = {} lacks its value or unit"),
    ('spark.days = { value = 2, unit = "days", sauce = "x" }', "did you mean spark.days.source?"),
    ('spark.days = { value = 2, unit = "days", source = "" }', "spark.days.source = '' is empty"),
    ('spark.days = { value = "2", unit = "days" }', "spark.days = '2' is not a number"),
    ("spark.start = 750", "spark.start = 750 is after the end; allowed is less than run.ticks = 750"),
    ("markets.notes.news_correlation = 1.01", "allowed is a number from -1 to 1 in the unit 'share'"),
    (
        "funds.macro.ai_equity = 5000",
        "is too much; allowed is at most funds.macro.net_asset_value + funds.macro.prime_brokerage + ",
    ),
    ("banks.equity = 9000", "banks.deposits + banks.equity"),
    ("banks.count = 1", "is too much; allowed is at most banks.count = 1"),
    ("spark.dayz = 1", "spark.dayz = 1 is not known; did you mean spark.days?"),
    ("leverage = 2", "leverage = 2 is not known; did you mean funds.leverage?"),
    ("spark.qqq = 1", "spark.qqq = 1 is not known; allowed are spark."),
    ("zzz = 1", "zzz = 1 is not known; allowed are actions, banks"),
    (
        '"spark.days" = 5\nspark.total = 1',
        "mine.toml: spark.days = 5 is one key in quotes; allowed is the same without quotes",
    ),
    ('"a b\\n" = 1', "'a b\\n' = 1 is not known"),
    ("spark = 1", "spark = 1 is not a table; allowed is a section [spark]"),
    ("funds.leverage.value.deep = 2", "funds.leverage = {'value': {'deep': 2}} lacks its value or unit"),
    ("channels.margin_calls = 1", "channels.margin_calls = 1 is not true or false; allowed is true or false"),
    ('channels.margin_calls = "off"', "channels.margin_calls = 'off' is not true or false"),
    ("channels.margin_cals = false", "did you mean channels.margin_calls?"),
    ("name = 7", "name = 7 is not a text"),
    ('name = ""', "name = '' is empty"),
    ('name = "a\\nb"', "name = 'a\\nb' holds a control character"),
    ('title = "\\u001b[31m"', "title = '\\x1b[31m' holds a control character"),
    (f'name = "{"x" * 101}"', "has 101 characters; allowed is a text of 1 to 100 characters"),
    ("actions = 1", "actions = 1 is not a list of actions"),
    ("actions = [1]", "actions.0 = 1 is not a table"),
    (
        'actions = [{ kind = "bribe" }]',
        "actions.0.kind = 'bribe' is not known; allowed is one of spark, switch, buy_notes",
    ),
    ("actions = [{ tick = 1 }]", "actions.0.kind = None is not known"),
    (
        'actions = [{ kind = "spark", tick = 1, days = 1 }]',
        "actions.0.total is missing; allowed is a number from",
    ),
    (
        'actions = [{ kind = "spark", tick = 1, days = 1, total = 1, x = 1 }]',
        "actions.0.x = 1 is not known; allowed are",
    ),
    (
        'actions = [{ kind = "spark", tick = 750, days = 1, total = 1 }]',
        "actions.0.tick = 750 is after the end",
    ),
    (
        'actions = [{ kind = "switch", tick = 1, channel = "os.system", on = true }]',
        "is not one of ordinary_trading",
    ),
    ('actions = [{ kind = "buy_notes", tick = 1, per_day = "1 days", days = 1 }]', "has the unit 'days'"),
]


@pytest.mark.parametrize(("says", "words"), BAD_VALUES)
def test_bad_value_is_refused_in_one_sentence(says, words):
    sentence = refusal(write(CHILD + says + "\n"))
    assert sentence.startswith("mine.toml: ")
    assert words in sentence


@pytest.mark.parametrize("path", [*COUNTS, "run.ticks"])
@pytest.mark.parametrize("number", ["10_000_000_000", "1" + "0" * 400])
def test_absurd_size_is_refused_with_the_estimate(path, number):
    sentence = refusal(write(f"{CHILD}{path} = {number}\n"))
    assert f"mine.toml: {path} = 1" in sentence
    assert "GB of memory" in sentence
    assert "allowed is at most 8 GB" in sentence


def test_large_but_possible_size_is_accepted():
    assert load(**{"funds.count": 100_000, "run.ticks": 7_500}).funds.count == 100_000


BAD_FILES = [  # (content, words that the sentence must hold)
    (b"", "mine.toml: is empty"),
    (b" \n\t\n", "mine.toml: is empty"),
    (b"# only a comment\n", "mine.toml: format is missing"),
    (b"\x7fELF\x02\x01\x00\xff\xfe", "mine.toml: is not UTF-8 text (byte 7)"),
    (b"abc\x00def", "mine.toml: is a binary file"),
    ("name = 'caf\xe9'".encode("latin-1"), "mine.toml: is not UTF-8 text"),
    (CHILD.encode("utf-16"), "mine.toml: is not UTF-8 text"),
    (b"spark.days == 5", "mine.toml: is not valid TOML ("),
    (b"[spark]\ndays = 1\ndays = 2\n", "mine.toml: is not valid TOML ("),
    (b"a = " + b"[" * 100_000, "mine.toml: is nested too deeply"),
    (b"a = " + b"1" * 5_000, "mine.toml: is not valid TOML ("),
    (b"#" * 10_000_001, "mine.toml: has 10000001 bytes"),
    (b"format = 2", "format = 2 is not a known version of the file format; allowed is 1"),
    (b"format = true", "format = True is not a known version"),
    (b'format = "1"', "format = '1' is not a known version"),
    (b"extends = 1", "extends = 1 is not a text"),
    (b'extends = "us_late_2052"', "extends = 'us_late_2052' does not exist; allowed is one of boom_and_bust, "),
    (b'extends = "other.toml"', "extends = 'other.toml' does not exist"),
    (b'extends = ""', "extends = '' does not exist"),
    (b'extends = "\\u0000"', "extends = '\\x00' does not exist"),
    (b'extends = "../base.toml"', "extends = '../base.toml' lies outside the scenario's folder"),
    (b'extends = "/etc/passwd"', "extends = '/etc/passwd' lies outside the scenario's folder"),
    (
        b'extends = "mine.toml"',
        "extends goes in a circle, mine.toml -> mine.toml; allowed is a chain that ends",
    ),
]


@pytest.mark.parametrize(("content", "words"), BAD_FILES)
def test_bad_file_is_refused_in_one_sentence(content, words):
    assert words in refusal(write(content))


def test_file_without_a_section_is_refused_unless_it_extends():
    text = load().to_toml()
    start, end = text.index("[margin]"), text.index("[dealers]")
    sentence = refusal(write(text[:start] + text[end:]))
    assert sentence.startswith("mine.toml: the section [margin] is missing; ")
    assert 'extends = "us_late_2025"' in sentence
    assert load(write('extends = "us_late_2025"\n' + text[:start] + text[end:])) == load()


def test_file_without_a_key_is_refused():
    text = load().to_toml().replace("grace_days", "# grace_days")
    assert "mine.toml: margin.grace_days is missing; allowed is a whole number" in refusal(write(text))


def test_circle_of_three_files_is_refused():
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        write(f'extends = "{base}.toml"\n', f"{name}.toml")
    assert "a.toml: extends goes in a circle, a.toml -> b.toml -> c.toml -> a.toml" in refusal("a.toml")


def test_link_that_leads_out_of_the_folder_is_refused():
    write(CHILD, "secret.toml")
    write('extends = "link.toml"\n', "inner/top.toml")
    Path("inner/link.toml").symlink_to(Path("secret.toml").resolve())
    assert "lies outside the scenario's folder" in refusal("inner/top.toml")


def test_error_in_a_base_names_the_base():
    write(CHILD + "[spark]\ndays = -1\n", "base.toml")
    assert refusal(write('extends = "base.toml"\n')).startswith("base.toml: spark.days = -1")


def test_what_is_not_a_file_is_refused(tmp_path):
    write("", "folder/x")
    os.mkfifo(tmp_path / "pipe.toml")
    assert refusal("folder").startswith("folder: is a directory")
    assert refusal("pipe.toml").startswith("pipe.toml: is not a regular file")
    assert refusal("missing.toml").startswith("missing.toml: does not exist; allowed is")
    assert refusal("a/b/missing").startswith("a/b/missing: does not exist")
    assert refusal("nul\0.toml").startswith("nul\\x00.toml: cannot be read")
    assert refusal("x" * 300 + ".toml").endswith("allowed is a scenario file in TOML")


def test_unknown_name_lists_the_known_ones():
    write("", "other")
    sentence = refusal("us_late_2026")
    assert sentence.startswith("scenario 'us_late_2026' is not known; did you mean us_late_2025? allowed are ")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"spark.days": -1}, "override: spark.days = -1 is out of range"),
        ({"spark.days": float("nan")}, "override: spark.days = nan is not a finite number"),
        ({"spark.days": None}, "override: spark.days = None is not a number"),
        ({"spark.days": "1 weeks"}, "override: spark.days = '1 weeks' has the unit 'weeks'"),
        (
            {"spark": 1, "spark.days": 2},
            "override: spark.days is not known; spark is given a value as a whole",
        ),
        ({"spark.dayz": 1}, "override: spark.dayz = 1 is not known; did you mean spark.days?"),
        ({"extends": "us_late_2025"}, "override: extends = 'us_late_2025' is not known"),
        ({"spark.start": 800}, "override of us_late_2025.toml: spark.start = 800 is after the end"),
        ({"": 1}, "override: '' = 1 is not known"),
    ],
)
def test_bad_override_is_refused(overrides, words):
    assert words in refusal("us_late_2025", **overrides)


@pytest.mark.parametrize("text", ["", "=", "spark.days", "spark.days=", "=5"])
def test_what_is_no_override_is_refused(text):
    with pytest.raises(InputError, match=r"^--set: .*allowed is path=value, such as"):
        parse_override(text)


def test_unknown_quantity_is_refused_with_a_hint():
    with pytest.raises(InputError, match=r"did you mean funds\.leverage\?"):
        load().quantity("funds.levrage")


KEYS = st.sampled_from([*DECLARED, "spark", "markets.notes", "actions", "name", "format", "x", "spark.days.value"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["value", "kind"]), inner),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(changes=st.dictionaries(KEYS, JUNK, max_size=3))
def test_whatever_is_given_is_accepted_or_refused_in_one_line(changes):
    try:
        load("us_late_2025", **changes)
    except InputError as error:
        sentence = str(error)
    else:
        sentence = ""
    assert sentence.isprintable()


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_whatever_a_file_holds_is_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "junk.toml"
    path.write_bytes(content)
    assert refusal(path)
