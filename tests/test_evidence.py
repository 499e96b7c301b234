"""Evidence: what a check wants, how its numbers are held against targets, and what the command says of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds import small_world

from abm.cli import main
from abm.errors import InputError
from abm.evidence import books, quiet_world, validate
from abm.evidence.check import BOOKS, Check, Curve, Judged, Measured, Picture, Runs, mean_of, several, share_of
from abm.evidence.checks import CHECKS
from abm.evidence.kept import Kept
from abm.evidence.paths import run_all
from abm.evidence.targets import Target, content, targets_of
from abm.experiments.workers import Failure
from abm.ledger import identities
from abm.report.evidence import evidence_files
from abm.scenario import Scenario, load

PICTURE = Picture("What is seen", "dial", "number", [Curve("ours", [1.0, 2.0], [1.0, 3.0])])


def day_of_end(scenario: Scenario, seed: int) -> dict[str, Any]:
    if seed == 3:
        raise ValueError("three is refused")
    return {"day": float(scenario.run.ticks), "seed": float(seed)}


def judge(runs: Runs, seeds: int) -> Judged:
    found = runs.sample(load("quiet"), day_of_end, seeds)
    return Judged({"largest_gap": mean_of(found["seed"])}, PICTURE)


def check(**changes: Any) -> Check:
    given = {"wants": lambda seeds: several(load("quiet"), day_of_end, seeds), "seeds": 3, "quick_seeds": 2, **changes}
    return Check("books", BOOKS, "Books", "nobody", given.pop("judge", judge), **given)


def line(value: float | None, low: float | None = None, high: float | None = None, **limits: Any) -> validate.Finding:
    quick = limits.pop("quick", False)
    target = Target("books", "gap", "a gap", "nobody", **limits)
    return validate.Finding(check(), target, None if value is None else Measured(value, low, high), quick=quick)


@pytest.mark.parametrize(
    ("finding", "verdict", "sound"),
    [
        (line(1.0, at_least=1.0, at_most=1.0, required=True), "pass", True),
        (line(1.1, at_most=1.0, required=True), "missed", False),
        (line(1.1, at_most=1.0), "missed", True),
        (line(0.9, at_least=1.0, required=True), "missed", False),
        (line(1.1), "reported", True),
        (line(float("nan"), at_most=1.0, required=True), "failed", False),
        (line(None, at_most=1.0, required=True), "failed", False),
        (line(1.1, 0.9, 1.3, at_most=1.0, required=True, quick=True), "cannot tell", True),
        (line(1.1, 0.9, 1.3, at_most=1.0, required=True), "missed", False),
        (line(1.1, 1.05, 1.3, at_most=1.0, required=True, quick=True), "missed", False),
        (line(3.0, 0.0, 6.0, at_least=1.0, at_most=2.0, quick=True), "cannot tell", True),
    ],
)
def test_a_number_is_held_against_its_limits(finding: validate.Finding, verdict: str, sound: bool) -> None:
    assert (finding.verdict, finding.is_sound) == (verdict, sound)


def test_every_number_has_a_target_and_every_target_a_check() -> None:
    named = {check.name for check in CHECKS}
    assert len(named) == len(CHECKS)
    assert {table["check"] for table in content()["evidence"]["targets"]} | {"quiet_world"} == named
    for one in CHECKS:
        assert 1 <= one.quick_seeds <= one.seeds
        targets = targets_of(one.name)
        assert targets
        assert len({target.name for target in targets}) == len(targets)
        for target in targets:
            assert target.source
            assert not target.required or target.at_least is not None or target.at_most is not None


def test_a_number_without_a_target_is_refused() -> None:
    stray = check(judge=lambda _runs, _seeds: Judged({"stray": Measured(1.0)}, PICTURE))
    with pytest.raises(InputError, match=r"targets\.toml: books\.\w+ is measured without a target"):
        validate.validate(quick=True, checks=[stray], workers=1)


def test_quick_takes_fewer_seeds_and_equal_paths_run_once() -> None:
    paths = several(load("quiet"), day_of_end, 2)
    totals: set[int] = set()
    assert len(run_all([*paths, *paths], workers=1, progress=lambda _done, total: totals.add(total))) == 2
    assert totals == {2}
    for quick, mean in ((True, 0.5), (False, 1.0)):
        found = validate.validate(quick=quick, checks=[check()], workers=1)
        assert [finding.measured.value for finding in found.findings if finding.measured] == [mean]


def test_what_was_read_off_runs_is_kept_to_the_bit_and_not_run_again(tmp_path: Path) -> None:
    values = {"gap": 0.1 + 0.2, "many": np.arange(6, dtype=np.float32).reshape(2, 3) / 3, "count": 3, "yes": True}
    (path,) = several(load("quiet"), day_of_end, 1)
    Kept(tmp_path).add(path, values)
    found = Kept(tmp_path).get(path)
    assert found is not None
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in values.items()}
    assert found["gap"] == values["gap"]
    assert np.array_equal(found["many"], values["many"])
    assert found["many"].dtype == np.float32
    assert run_all([path], 1, kept=Kept(tmp_path))[path]["gap"] == values["gap"]  # and not what the run would give
    assert Kept(tmp_path).get(path._replace(seed=1)) is None
    assert Kept(tmp_path).get(path._replace(scenario=load("quiet", **{"run.ticks": 50}))) is None


def test_a_torn_journal_costs_its_last_run_alone(tmp_path: Path) -> None:
    paths = several(load("quiet"), day_of_end, 4)
    run_all(paths[:2], 1, kept=Kept(tmp_path))
    (file,) = tmp_path.glob("*.journal")
    file.write_bytes(file.read_bytes()[:-5])
    ran: list[int] = []
    found = run_all(paths, 1, progress=lambda _done, total: ran.append(total), kept=Kept(tmp_path))
    assert ran == [3, 3, 3]
    assert [found[path] for path in paths[:3]] == [day_of_end(path.scenario, path.seed) for path in paths[:3]]
    assert isinstance(found[paths[3]], Failure)  # which is not kept: it is run again
    assert Kept(tmp_path).get(paths[3]) is None
    Kept(tmp_path).forget()
    assert not tmp_path.exists()


def test_a_run_that_fails_is_its_checks_reason_and_nobody_elses() -> None:
    found = validate.validate(checks=[check(seeds=4), check()], workers=1)
    assert [finding.verdict for finding in found.findings] == ["failed", "missed"]
    assert found.findings[0].reason == "seed 3 of quiet: ValueError: three is refused"
    assert not found.is_sound


def test_a_check_that_fails_is_a_line_with_its_reason() -> None:
    found = validate.judge(check(judge=lambda _runs, _seeds: 1 / 0), True, {})
    assert found == Failure("ZeroDivisionError: division by zero")


def test_spreads_are_those_of_their_kind() -> None:
    assert mean_of(np.array([1.0])).low is None
    of_mean = mean_of(np.array([1.0, 2.0, 3.0]))
    assert of_mean.low == pytest.approx(2.0 - 4.303 / 3**0.5, abs=2e-3)  # Student's t, two degrees
    assert share_of(np.array([True, True, False, False]))[:3] == pytest.approx((0.5, 0.150, 0.850), abs=1e-3)


@pytest.mark.slow
def test_books_are_looked_at_after_every_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(run__ticks=3, spark__start=1)
    assert books.measure(world, 0)["gap"] < 1e-6
    monkeypatch.setattr(identities, "unbalanced_claims", lambda *_: [("coins at banks:3", 0, 0.5)])
    with pytest.raises(RuntimeError, match=r"phase \w+: coins at banks:3: the two sides differ by 0\.5"):
        books.measure(world, 0)


def test_the_quiet_worlds_measures_find_what_they_are_for() -> None:
    assert quiet_world.worst_fall(np.array([1.0, 2.0, 1.0, 1.5])) == 0.5
    draws = np.random.default_rng(0).normal(size=(50, 600))
    assert quiet_world.variance_ratio(draws, 20) == pytest.approx(1.0, abs=0.05)
    assert quiet_world.variance_ratio(np.diff(draws, axis=1), 20) < 0.2


def test_a_report_says_what_is_missed_first_and_draws_every_check() -> None:
    found = validate.validate(checks=[check()], workers=1)
    files = evidence_files(found)
    page = files["report.html"].decode()
    assert page.index("What is missed") < page.index("books: Books")
    assert "MISSED (required)" in page
    assert "0 of 1 expectations are met" in page
    assert {"figures/books.svg", "figures/books.png", "validation.csv"} <= files.keys()
    summary = json.loads(files["validation.json"])
    assert (summary["sound"], summary["lines"][0]["value"], summary["lines"][0]["at_most"]) == (False, 1.0, 1e-6)


@pytest.mark.parametrize(("gap", "code"), [(1e-9, 0), (1.0, 1)])
def test_the_command_exits_with_one_when_something_required_is_missed(
    gap: float, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_gap = check(judge=lambda _runs, _seeds: Judged({"largest_gap": Measured(gap)}, PICTURE), wants=lambda _: [])
    monkeypatch.setattr(validate.validate, "__defaults__", (False, (of_gap,), None, None, None, None))
    assert main(["validate", "--out", str(tmp_path / "out"), "--json"]) == code
    assert json.loads(capsys.readouterr().out)["lines"][0]["value"] == gap
    assert (tmp_path / "out" / "report.html").exists()
    assert main(["validate", "--out", str(tmp_path / "out")]) == 2
    assert "has a report already" in capsys.readouterr().err
