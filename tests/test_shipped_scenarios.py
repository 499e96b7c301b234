"""Every shipped scenario says why, opens books that hold its totals, closes them every day, and is documented."""

from pathlib import Path

import pytest
from worlds import finished

from abm.economy import Economy
from abm.experiments.one_run import ticks_of, twin_scenarios
from abm.opening.reconciliation import reconciliation
from abm.outcome.summary import summarise
from abm.scenario import load, names

PAGE = Path(__file__).parents[1] / "docs" / "scenarios.md"
WANTED = {
    *("us_late_2025", "powder_keg", "unlevered", "quiet", "boom_and_bust", "dotcom_2000", "crash_1987", "crash_1929"),
    *("dash_for_cash_2020", "tech_crypto_2022", "stablecoin_bank_2023", "crypto_october_2025"),
}
FEW = {"crypto.holders": 20, "run.ticks": 60}
SEEDS = 20


def test_the_shipped_scenarios_are_those_that_a_paper_can_cite() -> None:
    assert set(names()) == WANTED


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_scenario_says_why_and_opens_books_that_hold_its_totals(name: str) -> None:
    scenario = load(name)
    assert scenario.name == name
    assert len(scenario.why) > 60
    off = {t.name: t.difference for t in reconciliation(scenario, 1) if t.difference and abs(t.difference) > 2.0}
    assert not off


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WANTED))
def test_its_books_close_for_sixty_days(name: str) -> None:
    scenario = load(name)
    start = min(int(scenario.spark.start), 20)
    actions = [a | {"tick": start} for a in scenario.to_dict()["actions"]]
    economy = finished(scenario.replace(FEW | {"spark.start": start, "actions": actions}), check=True)
    assert economy.tick == 60
    assert (economy.rows["price"] > 0.0).all()


@pytest.mark.parametrize("name", ["quiet", "boom_and_bust", "stablecoin_bank_2023", "crypto_october_2025"])
def test_no_spark_means_none(name: str) -> None:
    scenario = load(name)
    assert scenario.spark.total == 0
    assert (name in ("quiet", "boom_and_bust")) == (not scenario.actions)


@pytest.mark.slow
def test_funds_of_a_style_that_there_is_not_hold_nothing_and_trade_nothing() -> None:
    styles = ("multi_strategy", "relative_value", "macro", "systematic")
    economy = finished(load("us_late_2025", **FEW, **{f"funds.{style}.size": 0 for style in styles}), check=True)
    gone = (economy.funds["style"] >= 1) & (economy.funds["style"] <= 4)
    assert gone.any()
    for name in ("units", "cash", "margin_loan", "repo", "short", "shares", "futures"):
        assert not economy.funds[name][gone].any(), name


@pytest.mark.slow
def test_a_market_that_there_is_not_has_no_price_to_move() -> None:
    economy = finished(load("dotcom_2000", **FEW), check=True)
    assert not economy.holders["crypto"].any()
    assert not economy.stablecoins["supply"].any()
    assert not economy.funds["units"][:, -1].any()
    assert economy.rows["coin_price"] == pytest.approx(1.0)


def test_nobody_owes_for_what_he_holds_where_no_debt_is_behind_it() -> None:
    economy = Economy(load("unlevered"), 1)
    for name in ("margin_loan", "repo", "unsecured"):
        assert not economy.funds[name].any()
    assert not economy.holders["loan"].any()
    assert not economy.builders["owed_to_fund"].any()
    assert not economy.builders["owed_to_bank"].any()


@pytest.mark.slow
def test_without_debt_the_same_bubble_ends_at_worst_in_a_recession() -> None:
    scenario = load("unlevered")
    for seed in range(SEEDS):
        ticks = ticks_of(scenario, seed)
        summary = summarise(ticks, no_news=ticks_of(twin_scenarios(scenario)["no_news"], seed), scenario=scenario)
        assert summary.verdict_financial == "calm", f"seed {seed}"


def test_every_scenario_has_its_section_in_the_documentation() -> None:
    text = PAGE.read_text("utf-8")
    for name in WANTED:
        assert f"## `{name}`" in text, name
