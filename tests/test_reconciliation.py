"""The first books hold the totals that the scenario states, and those are what the sources publish."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from abm.cli.scenarios import app
from abm.opening import open_books
from abm.opening.reconciliation import Total, reconciliation
from abm.scenario import load

SEEDS = (0, 1, 2, 13)
OF_DEPOSITORS = ("depositors", "investors", "dealers", "pools", "chasers", "holders", "stablecoins", "credit_funds")
# What was published for late 2025, in $bn, with the page docs/calibration.md: (lowest, highest) accepted.
PUBLISHED = {
    "hedge funds: net asset value": (4_950, 5_150),
    "hedge funds: prime brokerage": (2_500, 2_900),
    "hedge funds: repo": (2_850, 2_950),
    "hedge funds: unsecured": (500, 700),
    "hedge funds: broad equity sold short": (1_100, 1_170),
    "hedge funds: assets": (12_465, 13_712),
    "hedge funds: Treasury notes": (2_350, 2_450),
    "hedge funds: of which hedged by futures": (1_100, 1_900),
    "hedge funds: share of the largest 10": (12, 20),
    "margin accounts: debt": (400, 1_200),
    "dealers: loans from banks": (495, 510),
    "dealers: assets, borrowed shares aside": (6_843, 7_500),
    "banks: loans to non-banks": (1_650, 1_750),
    "banks: loans to other non-banks": (880, 920),
    "private credit: assets": (1_323, 1_377),
    "private credit: drawn at banks": (294, 306),
    "private credit: promised by banks, not drawn": (333, 347),
    "private credit: owed against own money": (0.98, 1.02),
    "private credit: lent to builders": (107, 113),
    "banks: deposits": (18_300, 18_500),
    "banks: deposits not insured": (0.433 * 18_400, 0.447 * 18_400),
    "banks: reserves": (2_900, 3_100),
    "banks: equity": (2_250, 2_290),
    "notes: all holders": (23_200, 23_400),
    "bills: all holders": (6_300, 6_500),
    "stablecoins: in circulation": (305, 312),
    "stablecoins, first issuer: bills": (112, 135),
    "stablecoins, first issuer: crypto": (9.8, 11),  # 9.9 bn in September, 185 instead of 174 bn of coins in December
    "stablecoins, second issuer: deposits": (0.11 * 75, 0.15 * 75),
    "crypto holders: borrowed from each other": (250, 294),
    "crypto: all holders": (2_900, 3_100),
}


@pytest.fixture(scope="module", params=SEEDS)
def totals(request: pytest.FixtureRequest) -> dict[str, Total]:
    return {total.name: total for total in reconciliation(load(), request.param)}


def test_the_books_hold_what_the_scenario_wants(totals: dict[str, Total]) -> None:
    stated = {name: total.difference for name, total in totals.items() if total.wanted is not None}
    assert len(stated) > 40
    assert {name: difference for name, difference in stated.items() if abs(difference) > 0.01} == {}


def test_the_books_hold_what_was_published(totals: dict[str, Total]) -> None:
    found = {name: totals[name].held for name in PUBLISHED}
    assert {name: held for name, held in found.items() if not PUBLISHED[name][0] <= held <= PUBLISHED[name][1]} == {}


def test_residuals_are_nobodys_debt(totals: dict[str, Total]) -> None:
    residuals = {name: total.held for name, total in totals.items() if total.wanted is None}
    assert min(residuals.values()) > 0.0
    assert totals["dealers: repo from cash pools"].held == pytest.approx(
        totals["cash pools: repo lent"].held, rel=1e-12
    )


@pytest.mark.parametrize("seed", range(12))
def test_uninsured_deposits_hold_in_every_seed(seed: int) -> None:
    scenario = load()
    books = open_books(scenario, seed)
    uninsured = sum(books[name]["deposit"].sum() for name in OF_DEPOSITORS)
    assert uninsured / books["banks"]["deposits"].sum() == pytest.approx(scenario.banks.uninsured_share, rel=0.02)
    cohorts = books["depositors"]
    assert cohorts["deposit"].min() >= 0.0
    assert (cohorts["insured"] >= 0.04 * (cohorts["insured"] + cohorts["deposit"])).all()


def test_the_reconciliation_sees_a_book_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def robbed(scenario, seed):
        books = open_books(scenario, seed)
        books["banks"]["reserves"] *= 0.9
        return books

    monkeypatch.setattr("abm.opening.reconciliation.open_books", robbed)
    off = {total.name for total in reconciliation(load()) if total.difference and abs(total.difference) > 1.0}
    assert off == {"banks: reserves", "banks: assets"} or off == {"banks: reserves"}


def test_dials_scale_what_is_wanted() -> None:
    scenario = load(**{"funds.leverage": 0.7, "funds.crowding": 1.1, "banks.capital": 0.5})
    wanted = {total.name: total for total in reconciliation(scenario)}
    assert wanted["hedge funds: repo"].wanted == pytest.approx(0.7 * 2_900)
    assert wanted["banks: equity"].wanted == pytest.approx(0.5 * 2_270)
    assert np.abs([total.difference for total in wanted.values() if total.difference]).max(initial=0.0) < 0.01


def test_show_prints_every_total_with_its_source() -> None:
    shown = CliRunner().invoke(app, ["show", "us_late_2025"]).stdout
    for total in reconciliation(load()):
        line = next(line for line in shown.splitlines() if line.startswith(total.name + "  "))
        assert total.source in line
    assert re.search(r"hedge funds: net asset value +5 000.0 +5 000.0 +0.00 % +HFR", shown)


def test_the_page_has_the_table() -> None:
    page = (Path(__file__).parents[1] / "docs" / "calibration.md").read_text("utf-8")
    assert {total.name for total in reconciliation(load()) if f"| {total.name} |" not in page} == set()
