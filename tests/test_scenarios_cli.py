"""`powderkeg scenarios`: what each command prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from abm.cli.scenarios import app
from abm.errors import InputError
from abm.scenario import DEFAULT, assumed, load, names, parameters


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every command runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def run(*words: str, code: int = 0):
    """What a command prints; it must end with the given exit code."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    return result


def refusal(*words: str) -> str:
    """The sentence of the error that a command hands to the command line."""
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, InputError), result.output
    assert result.stdout == ""
    return str(result.exception)


def test_list_names_every_shipped_scenario():
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *names()]


def test_show_gives_every_number_and_counts_the_assumed_ones():
    shown = run("show").stdout
    scenario = load()
    rows = {line.split()[0] for line in shown.splitlines() if line}
    assert "hedge funds: net asset value" in shown
    assert scenario.quantities.keys() < rows
    assert scenario.digest in shown
    assert f"{len(assumed(scenario))} of {len(scenario.quantities)} numbers are assumed, 0 have no source." in shown


def test_show_prints_markup_as_it_is():
    Path("mine.toml").write_text('extends = "us_late_2025"\nname = "[red]x[/red]<script>"\n', encoding="utf-8")
    assert "[red]x[/red]<script>" in run("show", "mine.toml").stdout


def test_show_lists_actions():
    action = 'actions=[{kind="switch",tick=100,channel="margin_calls",on=false}]'
    lines = run("show", "--set", action).stdout.splitlines()
    assert ["actions.0.channel", "margin_calls"] in [line.split() for line in lines]


def test_show_toml_prints_a_file_that_loads_to_the_same_digest():
    text = run("show", "--toml", "--set", "spark.days=500").stdout
    Path("resolved.toml").write_text(text, encoding="utf-8")
    assert load("resolved.toml") == load(**{"spark.days": 500})


def test_params_lists_everything_that_can_be_set():
    header, *lines = run("params").stdout.splitlines()
    assert header.split() == ["path", "meaning", "unit", "default", "range", "source"]
    assert [line.split()[0] for line in lines] == [parameter.path for parameter in parameters()]


def test_check_names_the_good_and_the_bad():
    Path("bad.toml").write_text("", encoding="utf-8")
    result = run("check", DEFAULT, "bad.toml", "missing.toml", code=2)
    assert result.stdout == f"{DEFAULT}: good, digest {load().digest}\n"
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["bad.toml", "missing.toml"]


def test_check_without_names_checks_the_shipped_ones():
    assert len(run("check").stdout.splitlines()) == len(names())


def test_diff_lists_only_what_differs():
    Path("mine.toml").write_text('extends = "us_late_2025"\n[spark]\ndays = 500\n', encoding="utf-8")
    header, *lines = run("diff", DEFAULT, "mine.toml").stdout.splitlines()
    assert header.split() == ["path", DEFAULT, "mine.toml"]
    assert [line.split() for line in lines] == [["name", DEFAULT, "mine"], ["spark.days", "1", "500"]]


def test_diff_of_equals_prints_no_data():
    result = run("diff", DEFAULT, DEFAULT)
    assert result.stdout == ""
    assert result.stderr == "The two scenarios hold the same values.\n"


def test_new_writes_a_starter_whose_comments_work():
    assert run("new", "mine").stdout == "mine.toml\n"
    scenario = load("mine.toml")
    assert (scenario.name, scenario.digest) == ("mine", load().digest)
    text = Path("mine.toml").read_text(encoding="utf-8")
    opened = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
    Path("mine.toml").write_text(opened, encoding="utf-8")
    assert load("mine.toml").digest == scenario.digest
    assert load("mine.toml").quantity("funds.leverage").source == "assumed"


def test_new_from_a_file_in_the_folder():
    run("new", "base")
    run("new", "top", "--from", "base.toml")
    assert 'extends = "base.toml"' in Path("top.toml").read_text(encoding="utf-8")
    assert load("top.toml").name == "top"


def test_new_refuses_what_would_not_work(tmp_path):
    run("new", "mine")
    assert refusal("new", "mine") == "mine.toml: exists; allowed is a new file, or --force to replace one"
    assert "NAME = '../x' cannot be used" in refusal("new", "../x")
    assert "cannot be used" in refusal("new", DEFAULT)
    outside = tmp_path.parent / "outside.toml"
    outside.write_text('extends = "us_late_2025"\n', encoding="utf-8")
    assert "lies outside this folder" in refusal("new", "other", "--from", "../outside.toml")
    assert "is not known" in refusal("new", "other", "--from", "nobody")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
    run("new", "mine", "--force")


def test_export_writes_the_scenario_with_its_tables():
    run("new", "mine")
    names_written = ("mine.toml", "funds.csv", "dealers.csv", "banks.csv", "exposures.csv")
    written = [Path("out/deep") / name for name in names_written]
    assert run("export", "mine.toml", "out/deep", "--set", "spark.days=7").stdout.split() == [str(f) for f in written]
    assert load("out/deep/mine.toml").spark.days == 7
    assert "extends" not in Path("out/deep/mine.toml").read_text(encoding="utf-8")
    assert "exists" in refusal("export", "mine.toml", "out/deep")
    run("export", "mine.toml", "out/deep", "--force")
    assert sorted(Path("out/deep").iterdir()) == sorted(written)
    assert "mine.toml: is a file" in refusal("export", DEFAULT, "mine.toml")


def test_schema_is_printed_or_written():
    printed = json.loads(run("schema").stdout)
    assert printed["properties"]["spark"]["properties"]["days"]["anyOf"]
    run("schema", "--out", "schema.json")
    assert json.loads(Path("schema.json").read_text(encoding="utf-8")) == printed


@pytest.mark.parametrize("command", ["show", "export", "diff"])
def test_bad_input_reaches_the_command_line_as_one_sentence(command):
    more = {"show": [], "export": ["out"], "diff": [DEFAULT]}[command]
    assert refusal(command, "nobody", *more).startswith("scenario 'nobody' is not known; allowed are ")
    assert not Path("out").exists()


def test_bad_override_is_refused():
    assert refusal("show", "--set", "spark.days=-1").startswith("override: spark.days = -1 is out of range")
    assert refusal("show", "--set", "spark.days").startswith("--set: 'spark.days' is not an override")
