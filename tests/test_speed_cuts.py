"""The cuts of speed are what the rule in docs/ makes of the measured falls, wherever they are written."""

import importlib
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from abm.outcome.falls import largest_fall
from abm.outcome.summary import Summary
from abm.outcome.verdict import Cuts, speed_label

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    """docs/speed_cuts.py; what it imports from its own folder is taken away again."""
    before = set(sys.modules)
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("speed_cuts")
    finally:
        sys.path.remove(str(DOCS))
        for name in set(sys.modules) - before:
            if Path(getattr(sys.modules[name], "__file__", None) or "").parent == DOCS:
                del sys.modules[name]


def test_the_cuts_are_what_the_rule_makes_of_the_measured_falls(script: ModuleType) -> None:
    values = script.shares(script.read_table())
    assert len(values) == 20
    assert script.cuts(values) == (Cuts().gradual_share, Cuts().sudden_share)
    assert script.rule(values)[:2] == (0.519457, 0.667428)  # the Dow of 1939-42 and of 1899-1900
    assert script.rule(values).antimode == pytest.approx(0.619, abs=1e-9)
    assert [speed_label(share) for share in values].count("mixed") == 0
    assert [speed_label(share) for share in values].count("sudden") == 4


def test_every_place_that_says_the_cuts_says_them_alike(script: ModuleType) -> None:
    targets = (DOCS / "targets.toml").read_text("utf-8")
    speed = tomllib.loads(targets)["speed"]
    assert (speed["gradual_at_most"], speed["sudden_at_least"]) == (Cuts().gradual_share, Cuts().sudden_share)
    falls = script.read_table()
    assert script.with_speed(targets, falls) == targets, "run docs/speed_cuts.py --write"
    assert script.table_of(falls) in (DOCS / "speed_cuts.md").read_text("utf-8"), "run docs/speed_cuts.py --write"
    gradual, sudden = f"{Cuts().gradual_share:g}", f"{Cuts().sudden_share:g}"
    assert f"(`gradual` to {gradual}, `sudden` from {sudden}:" in (ROOT / "README.md").read_text("utf-8")
    assert f"The speed cuts, {gradual} and {sudden} of" in (DOCS / "model.md").read_text("utf-8")
    (meaning,) = [meaning for key, _, meaning in Summary.describe() if key == "speed"]
    assert meaning.startswith(f"gradual to {gradual} ")
    assert meaning.endswith(f"sudden from {sudden}")


def test_writing_the_cuts_changes_no_other_line(script: ModuleType) -> None:
    falls = [fall for fall in script.read_table() if not fall.peak.startswith("1899")]
    before = (DOCS / "targets.toml").read_text("utf-8")
    after = script.with_speed(before, falls)
    changed = [new for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert [line.partition(" = ")[0] for line in changed] == ["sudden_at_least", "source"]
    with pytest.raises(SystemExit, match="no gradual_at_most"):
        script.with_speed(before.replace("gradual_at_most", "gradual"), falls)


def test_the_antimode_lies_between_the_two_highest_modes(script: ModuleType) -> None:
    slow, quick = [0.20, 0.24, 0.26, 0.29, 0.30, 0.32, 0.35, 0.40], [0.714, 0.76, 0.80, 0.85]
    values = np.array([*quick, *slow])
    found = script.rule(values)
    assert found[:2] == (0.40, 0.714)
    assert 0.40 < found.antimode < 0.714
    assert script.cuts(values) == (0.40, 0.71)  # into the gap: both keep their labels
    assert script.rule(np.array([*values, 0.5]))[:2] == (0.5, 0.714)  # one inside the gap becomes its bound


def test_with_one_mode_the_widest_gap_in_the_middle_counts(script: ModuleType) -> None:
    values = np.array([0.05, 0.30, 0.32, 0.34, 0.39, 0.41, 0.43, 0.75])
    found = script.rule(values, bandwidth=0.5)
    assert found == (0.34, 0.39, None, 0.5)
    assert script.rounded(found) == (0.34, 0.39)


def test_falls_do_not_overlap_and_are_those_of_the_measure(script: ModuleType) -> None:
    moves = np.random.default_rng(7).normal(0.0, 0.03, 4000)
    prices = np.exp(np.cumsum(moves))
    found = script.spans(prices, least=0.3, longest=200)
    assert len(found) > 3
    assert all(trough <= peak for (_, trough), (peak, _) in pairwise(found))
    for peak, trough in found:
        assert 0 < trough - peak <= 200
        fall = largest_fall(prices[peak : trough + 1])
        assert fall.drawdown == pytest.approx(1 - prices[trough] / prices[peak])
        assert fall.drawdown >= 0.3
    # Tried one by one: no pair of days within reach of each other has a deeper fall than the deepest found.
    lowest = min(prices[day : day + 201].min() / prices[day] for day in range(len(prices)))
    assert 1 - min(prices[trough] / prices[peak] for peak, trough in found) == pytest.approx(1 - lowest)


def test_a_fall_that_lasts_too_long_is_cut_at_the_longest(script: ModuleType) -> None:
    prices = np.exp(-0.001 * np.arange(1000))
    found = script.spans(prices, least=0.3, longest=500)
    assert max(trough - peak for peak, trough in found) == 500
    assert all(trough <= peak for (_, trough), (peak, _) in pairwise(found))


def test_the_real_series_still_give_the_stored_falls(script: ModuleType) -> None:
    assert script.episodes(script.load()) == script.read_table()
