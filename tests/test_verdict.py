"""The labels: where each begins, what it takes, and what moving the cuts does."""

import numpy as np
import pytest
from synthetic import sizes, ticks_of

from abm.outcome.summary import summarise
from abm.outcome.verdict import (
    Cuts,
    Evidence,
    financial_label,
    longest_spell,
    real_label,
    sensitivity,
    shifted,
    speed_label,
)


def evidence(**changes):
    calm = {
        "worst_20_day_share": 0.5,
        "broad_drawdown": 0.05,
        "dealers_failed": 0.0,
        "banks_failed_asset_share": 0.0,
        "note_yield_gap": np.zeros(20),
        "note_depth": np.ones(20),
        "output_gap": np.zeros(200),
        "capital_missing": np.zeros(20),
        "lending_fall": np.zeros(20),
    }
    return Evidence(**(calm | changes))


@pytest.mark.parametrize(
    ("share", "label"),
    [
        (None, None),
        (0.2, "gradual"),
        (Cuts().gradual_share, "gradual"),
        (Cuts().gradual_share + 0.001, "mixed"),
        (Cuts().sudden_share - 0.001, "mixed"),
        (Cuts().sudden_share, "sudden"),
        (1, "sudden"),
    ],
)
def test_speed(share, label):
    assert speed_label(share) == label


def test_a_fifth_off_broad_equity_is_a_correction():
    assert real_label(evidence(broad_drawdown=0.199)) == "contained"
    assert real_label(evidence(broad_drawdown=0.2)) == "correction"


@pytest.mark.parametrize(
    ("days", "gap", "label"),
    [(126, 0.015, "recession"), (125, 0.015, "contained"), (126, 0.0149, "contained"), (150, 0.05, "recession")],
)
def test_output_well_below_the_twins_for_half_a_year_is_a_recession(days, gap, label):
    gaps = np.zeros(200)
    gaps[20 : 20 + days] = gap
    gaps[190:] = gap  # more days, but not on end
    assert real_label(evidence(output_gap=gaps)) == label
    assert real_label(evidence(output_gap=gaps, broad_drawdown=0.3)) == label.replace("contained", "correction")


def test_without_the_twin_no_recession_is_seen():
    assert real_label(evidence(output_gap=None)) == "contained"


@pytest.mark.parametrize(
    ("missing", "fall", "same_day", "label"),
    [
        (0.15, 0.05, True, "banking_crisis"),
        (0.15, 0.05, False, "calm"),
        (0.149, 0.05, True, "calm"),
        (0.15, 0.049, True, "calm"),
    ],
)
def test_banks_short_of_capital_that_lend_less_are_a_banking_crisis(missing, fall, same_day, label):
    missings, falls = np.zeros(20), np.zeros(20)
    missings[5], falls[5 if same_day else 6] = missing, fall
    assert financial_label(evidence(capital_missing=missings, lending_fall=falls)) == label


def test_the_gap_of_output_is_measured_against_the_no_news_twin():
    fallen, twin = ticks_of(np.zeros(300), output=-0.03), ticks_of(np.zeros(300), output=-0.01)
    row = summarise(fallen, no_news=twin, scenario=sizes())
    assert row.output_shortfall == pytest.approx(0.02)
    assert row.verdict_real == "recession"
    assert row.no_news_verdict_real == "contained"
    assert summarise(fallen, scenario=sizes()).verdict_real == "contained"


def test_capital_that_is_missing_is_measured_against_the_opening():
    short = ticks_of(np.zeros(10), capital_missing=np.r_[np.zeros(5), np.full(5, 400.0)], bank_lending=12_000.0)
    row = summarise(short, scenario=sizes())
    assert row.bank_capital_missing_share == pytest.approx(0.2)
    assert row.verdict_financial == "calm", "lending stands where it began"


def test_two_dealers_break_the_market_and_a_tenth_of_bank_assets_is_a_crisis():
    assert financial_label(evidence(dealers_failed=1.0)) == "calm"
    assert financial_label(evidence(dealers_failed=2.0)) == "market_breakdown"
    assert financial_label(evidence(dealers_failed=9.0, banks_failed_asset_share=0.1)) == "banking_crisis"


@pytest.mark.parametrize(
    ("days", "gap", "depth", "label"),
    [
        (5, 51.0, 0.29, "market_breakdown"),
        (4, 51.0, 0.29, "calm"),
        (5, 50.0, 0.29, "calm"),
        (5, 51.0, 0.30, "calm"),
    ],
)
def test_notes_break_down_only_when_dear_thin_and_long_enough(days, gap, depth, label):
    gaps, depths = np.zeros(20), np.ones(20)
    gaps[3 : 3 + days], depths[3 : 3 + days] = gap, depth
    gaps[15], depths[15] = 90.0, 0.1  # one day more, but not in a row
    assert financial_label(evidence(note_yield_gap=gaps, note_depth=depths)) == label


def test_without_the_twin_notes_are_not_judged():
    assert financial_label(evidence(note_yield_gap=None, note_depth=np.full(20, 0.1))) == "calm"


def test_the_gap_is_measured_against_the_no_news_twin_in_basis_points():
    broken = ticks_of(np.zeros(20), yield_notes=0.9, depth_notes=0.25)
    twin = ticks_of(np.zeros(20), yield_notes=0.3)
    row = summarise(broken, no_news=twin, scenario=sizes())
    assert row.note_yield_gap_max == pytest.approx(60.0)
    assert row.verdict_financial == "market_breakdown"
    assert summarise(broken, no_news=broken, scenario=sizes()).verdict_financial == "calm"


def test_a_spell_is_of_consecutive_days():
    assert longest_spell(np.array([1, 1, 0, 1, 1, 1, 0], dtype=bool)) == 3
    assert longest_spell(np.zeros(3, dtype=bool)) == 0


def test_easier_cuts_let_more_in_and_stricter_ones_less():
    easier, stricter = shifted(0.75), shifted(1.25)
    assert (easier.broad_drawdown, stricter.broad_drawdown) == pytest.approx((0.15, 0.25))
    assert easier.note_depth > Cuts().note_depth > stricter.note_depth
    near = evidence(broad_drawdown=0.18)
    assert [real_label(near, cuts) for cuts in (easier, Cuts(), stricter)] == [
        "correction",
        "contained",
        "contained",
    ]


def test_the_cuts_that_a_label_hangs_on_are_named():
    mixed = 0.5 * (Cuts().gradual_share + Cuts().sudden_share)
    changes = sensitivity(evidence(broad_drawdown=0.18, dealers_failed=2.0, worst_20_day_share=mixed))
    assert {(cut, axis, label) for cut, _, axis, label in changes} == {
        ("broad_drawdown", "real", "correction"),
        ("dealers_failed", "financial", "calm"),
        ("gradual_share", "speed", "gradual"),
        ("sudden_share", "speed", "sudden"),
    }
    assert sensitivity(evidence(worst_20_day_share=0.2)) == []


def test_the_summary_says_what_moves():
    row = summarise(ticks_of(np.zeros(30), dealers_failed=2.0), scenario=sizes())
    assert row.verdict_financial == "market_breakdown"
    assert row.verdict_financial_if_stricter == "calm"
    assert row.verdict_moves == "dealers_failed 2.5: calm"
