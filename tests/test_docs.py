"""README and docs/ are those of the code: no table, number or picture is older than what it was made from."""

import ast
import fnmatch
import importlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from worlds import small_world

import abm
from abm.channels import CHANNELS
from abm.economy import Economy
from abm.scenario import parameters

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


@pytest.fixture(scope="module")
def build() -> Iterator[ModuleType]:
    """The script that `make numbers` runs; what it imports from its own folder is taken away again."""
    before = set(sys.modules)
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("build")
    finally:
        sys.path.remove(str(DOCS))
        for name in set(sys.modules) - before:
            if Path(getattr(sys.modules[name], "__file__", None) or "").parent == DOCS:
                del sys.modules[name]


def test_nothing_is_stale(build: ModuleType) -> None:
    sentence = build.stale()
    if sentence is not None:
        pytest.fail(sentence, pytrace=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/answers.md", "docs/results.md", "docs/scenarios.md", "docs/sweeps.md", "docs/validation.md"],
)
def test_a_number_changed_by_hand_is_noticed(build: ModuleType, tmp_path: Path, page: str, monkeypatch) -> None:
    for name in {name for made in build.MADE for name in made.documents}:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(build, "ROOT", tmp_path)
    assert build.stale() is None
    text = (tmp_path / page).read_text("utf-8")
    measured = next(found for found in build.REGION.finditer(text) if found[2] not in (*build.STATIC, *build.STAMPS))
    place = next(place for place in range(measured.start(), measured.end()) if text[place].isdigit())
    changed = text[:place] + str(9 - int(text[place])) + text[place + 1 :]
    (tmp_path / page).write_text(changed, "utf-8")
    assert "a measured number was changed after it was written" in build.stale()


@pytest.mark.slow
def test_figures_of_speed_are_those_that_the_bench_left(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benched = importlib.import_module("benched")
    kept = json.loads((benched.FOLDER / "results.json").read_text("utf-8"))
    assert json.loads(json.dumps(benched.found().to_dict())) == kept
    assert set(benched.OF_BENCH) <= set(build.regions((DOCS / "performance.md").read_text("utf-8")))

    def left(**changed: object) -> None:
        (tmp_path / "results.json").write_text(json.dumps({**kept, **changed}), "utf-8")

    monkeypatch.setattr(benched, "FOLDER", tmp_path)
    ratios = kept["large"]["ratios"]
    quicker = {"numpy": {"median": 3.5, "low": 3.25, "high": 3.75, "turns": 30}}
    left(large=kept["large"] | {"ratios": ratios | quicker})
    assert build.stale().startswith("README.md: what is read off the code or the bench is out of date")
    assert (
        "- vectorised NumPy takes 3.5 (3.25 to 3.75) times as long as the engine; target at least 3: met"
        in benched.ratios()
    )
    left(cold_start=[start | {"seconds": 9.0 + place} for place, start in enumerate(kept["cold_start"])])
    assert build.stale().startswith("docs/performance.md: ")
    left(default=kept["default"] | {"whole_days": dict.fromkeys(kept["default"]["whole_days"], 1.0)})
    assert build.stale().startswith("results.md: it is not that of the numbers beside it")
    left(growth=[])
    assert benched.OF_BENCH["bench-growth"]() == benched.NOT_GROWN


def test_every_generated_region_is_filled_and_no_other_is_asked_for(build: ModuleType) -> None:
    for name in {name for made in build.MADE for name in made.documents}:
        text = (ROOT / name).read_text("utf-8")
        assert text.count("<!-- generated: ") == len(build.regions(text)), name
        for found in build.REGION.finditer(text):
            assert found[0].count("\n") > 1, f"{name}: {found[2]} is empty; run 'make numbers'"


@pytest.mark.usefixtures("build")
def test_the_digest_sees_a_number_and_not_a_comment() -> None:
    digest = importlib.import_module("digest")

    def meaning(source: str) -> list[str]:
        return list(digest.meaning(ast.parse(source)))

    code = 'def f(x):\n    """One."""\n    return x + 1  # why\n'
    assert meaning(code) == meaning('def f(x):\n    """Two."""\n\n    return (x + 1)\n')
    assert meaning(code) != meaning(code.replace("+ 1", "+ 2"))
    assert meaning('f("a")') != meaning('f("b")')
    names = {path.relative_to(ROOT).as_posix() for path in digest.sources()}
    assert {"abm/tick.py", "abm/markets/linear_impact.py", "scenarios/us_late_2025.toml"} <= names
    assert not [name for name in names if name.startswith(("abm/cli/", "abm/figures/", "tests/"))]


@pytest.mark.usefixtures("build")
def test_every_channel_has_a_file_and_a_word_on_what_off_means() -> None:
    tables = importlib.import_module("tables")
    assert set(tables.OFF_MEANS) == set(CHANNELS)
    for name in CHANNELS:
        assert (ROOT / "abm" / "contagion" / f"{name}.py").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
    for name in re.findall(r"`((?:abm|scenarios|tests|docs)/[\w/.]+\.(?:py|toml|md))`", text):
        assert (ROOT / name).exists(), f"{page.name} names {name}"


def test_targets_can_be_read() -> None:
    targets = tomllib.loads((DOCS / "targets.toml").read_text("utf-8"))
    limits = [*targets["quiet_world"]["targets"]]
    assert len({target["name"] for target in limits}) == len(limits)
    for target in limits:
        assert {"at_least", "at_most"} & set(target)
        assert target["source"]
        assert isinstance(target["required"], bool)
    scenario = abm.load(targets["quiet_world"]["scenario"])
    for case in targets["directions"]["required"]:
        scenario.replace(dict.fromkeys(case["dials"], 1))  # every dial is one
    for case in targets["directions"]["reported"]:
        for value in case["values"]:
            scenario.replace({case["dial"]: value})
    assert not targets["speed"]["provisional"]


def test_a_scenario_costs_one_file(tmp_path: Path) -> None:
    file = tmp_path / "twice.toml"
    head = 'format = 1\nextends = "us_late_2025"\nname = "twice"\ntitle = "Twice"\nwhy = "A dial."\n'
    file.write_text(head + "[funds]\nleverage = 2\n", "utf-8")
    assert abm.load(file).funds.leverage == 2


@pytest.mark.usefixtures("build")
def test_every_claim_has_a_mechanism_a_dial_a_test_and_a_measured_effect() -> None:
    mission, tables = importlib.import_module("mission"), importlib.import_module("tables")
    assert [claim["row"] for claim in mission.CLAIMS] == [f"M{row}" for row in range(1, 23)]
    assert [claim["effect"] for claim in mission.CLAIMS] == list(mission.EFFECTS)
    known = {parameter.path for parameter in parameters()}
    for claim in mission.CLAIMS:
        for name in claim["mechanism"]:
            assert (ROOT / "abm" / name).is_file(), claim["row"]
        for dial in claim["dials"]:
            assert fnmatch.filter(known, dial), claim["row"]
        for word in claim["tests"]:
            assert tables.test_of(word) != "–", claim["row"]


@pytest.mark.usefixtures("build")
def test_an_effect_is_what_is_there_with_the_mechanism_and_not_without() -> None:
    mission = importlib.import_module("mission")
    without = np.array([1.0, 2.0, 4.0])
    assert mission.added(without + 3, without) == "+3 (+3 to +3)"
    assert mission.added(without, without + 0.03, 100) == "−3 (−3 to −3)"
    assert mission.level(np.array([2.0, 2.0])) == "2 (2 to 2)"


@pytest.mark.usefixtures("build")
def test_what_issuers_have_at_named_banks_is_all_that_they_have_at_banks() -> None:
    mission, measure = importlib.import_module("mission"), importlib.import_module("measure")
    economy = Economy(small_world(**{path.replace(".", "__"): value for path, value in mission.COINS.items()}), 1)
    economy.advance(30)
    assert measure.at_banks(economy).sum() == pytest.approx(economy.rows["coin_deposits"][-1].sum())
    found = measure.measure_named(economy.scenario, 1)
    assert found["issuers_had"] > 100
    assert 0 < found["drew_of_deposits"] < found["drew_of_uninsured"] < 1
