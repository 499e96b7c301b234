"""Builders in closed form: how many default, whose loans are refused, and whose loss it is."""

import math

import numpy as np
import pytest
from still import still
from worlds import default, of_kind

from abm.agents.builder import loan_to_value
from abm.contagion.builder_defaults import builders_default, default_intensity
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY
from abm.outcome.events import BANK, BUILDER, CREDIT_FUND, KINDS

EXACT = {"rel": 1e-9, "abs": 1e-12}
NEVER = 1e9  # no loan of a cohort falls due


def opened(price: float = 1.0, **overrides: object) -> Economy:
    """A world in which AI equity stands at a price, and lenders see it at once."""
    economy = still(**({"builders__attention_days": 1} | overrides))
    economy.markets["price"][AI_EQUITY] = price
    economy.builders["matures"] = NEVER
    return economy


def default_today(economy: Economy) -> None:
    e = economy
    builders_default(
        e.builders, e.credit_funds, e.banks, e.debtors, e.output, e.credit_market, e.markets, e.story, e.settings,
        e.switches, e.day, e.journal, e.tick, e.events, e.counter,
    )  # fmt: skip


def owed(economy: Economy) -> np.ndarray:
    return economy.builders["owed_to_fund"] + economy.builders["owed_to_bank"]


def test_intensity_rises_by_the_response_for_every_log_point() -> None:
    terms = still().settings[0].builders
    assert default_intensity(0.0, terms) == default_intensity(-0.5, terms) == terms.usual_intensity
    for fall in (0.2, 1.0):
        expected = terms.usual_intensity * math.exp(terms.default_response * fall)
        assert default_intensity(fall, terms) == pytest.approx(expected, **EXACT)


def test_a_fifth_defaults_in_a_year_when_ai_equity_is_down_by_three_fifths() -> None:
    """What defaults before its time, and what is not lent anew: together as calibrated, never one on top."""
    economy, terms = Economy(default(), 1), default().builders
    fall = -math.log(0.4)
    values = np.array([loan_to_value(builder, fall, terms.worth_response) for builder in economy.builders])
    refused = (values > terms.limit_to_value).mean()
    assert 0.5 < refused < 1.0
    total = terms.usual_intensity * math.exp(terms.default_response * fall) + refused / terms.term_years
    assert total == pytest.approx(0.20, abs=0.02)


def test_lenders_lose_what_defaults_beyond_the_usual() -> None:
    economy = opened(price=0.5)
    terms, banks, funds = economy.scenario.builders, economy.banks, economy.credit_funds
    before, at_banks, at_funds = owed(economy), banks["data_centre_loans"].copy(), funds["data_centre_loans"].copy()
    opening = economy.balances()
    default_today(economy)
    beyond = terms.usual_intensity * (2.0**terms.default_response - 1.0)
    share = terms.loss_given_default * beyond / economy.scenario.run.ticks_per_year
    assert owed(economy) == pytest.approx((1.0 - share) * before, **EXACT)
    assert banks["data_centre_loans"] == pytest.approx((1.0 - share) * at_banks, **EXACT)
    assert funds["data_centre_loans"] == pytest.approx((1.0 - share) * at_funds, **EXACT)
    assert economy.day["data_centre_loans_lost"][0] == pytest.approx(share * before.sum(), **EXACT)
    assert economy.day["loans_lost"][0] == pytest.approx(share * at_banks.sum(), **EXACT)
    economy._prove(opening, "produce")
    (event,) = of_kind(economy, "builder_defaults")
    assert event["amount"] == pytest.approx(share * before.sum(), **EXACT)
    assert KINDS[economy.events["kind"][event["caused_by"]]] == "price_move"
    default_today(economy)
    assert len(of_kind(economy, "builder_defaults")) == 1, "one spell, one event"


def test_no_more_than_all_defaults_however_deep_the_fall() -> None:
    economy = opened(price=1e-12)
    before, terms = owed(economy), economy.scenario.builders
    default_today(economy)
    assert owed(economy) == pytest.approx((1.0 - terms.loss_given_default) * before, **EXACT)


@pytest.mark.parametrize("price", [1.0, 1.3])
def test_on_its_trend_and_above_it_nobody_loses(price: float) -> None:
    economy = opened(price)
    before = owed(economy)
    default_today(economy)
    np.testing.assert_array_equal(owed(economy), before)
    assert not of_kind(economy, "builder_defaults").size


def test_lenders_follow_the_fall_with_a_lag() -> None:
    economy = opened(price=0.5, builders__attention_days=20)
    for _ in range(30):
        default_today(economy)
    seen = (1.0 - (1.0 - 1.0 / 20.0) ** 30) * math.log(2.0)
    assert economy.credit_market["ai_fall"][0] == pytest.approx(seen, **EXACT)


def due(economy: Economy, value: float, *, at_bank: bool) -> int:
    """Let one cohort's loans fall due, owing this part of what its data centres are worth today; return its row."""
    builders, terms = economy.builders, economy.scenario.builders
    row = int(np.flatnonzero((builders["bank"] >= 0) == at_bank)[0])
    builders["matures"][row] = 0.0
    worth = owed(economy)[row] / value
    builders["opening_worth"][row] = worth * economy.markets["price"][AI_EQUITY] ** -terms.worth_response
    return row


@pytest.mark.parametrize("at_bank", [False, True])
def test_a_loan_that_falls_due_is_lent_anew_within_the_limit_and_else_defaults(at_bank: bool) -> None:
    for value, refused in ((0.79, False), (0.81, True)):
        economy = opened(price=0.7)
        terms = economy.scenario.builders
        row, before, opening = due(economy, value, at_bank=at_bank), owed(economy), economy.balances()
        default_today(economy)
        lost = (before - owed(economy)) / before
        hazard = np.delete(lost, row)
        assert np.ptp(hazard) < 1e-12
        assert lost[row] == pytest.approx(terms.loss_given_default if refused else hazard[0], **EXACT)
        assert economy.builders["matures"][row] == terms.term_years * economy.scenario.run.ticks_per_year
        economy._prove(opening, "produce")
        found = of_kind(economy, "refinancing_refused")
        assert len(found) == refused
        for event in found:
            builder = economy.builders[row]
            lender = economy.banks[builder.bank] if at_bank else economy.credit_funds[builder.fund]
            assert (event["actor_kind"], event["actor"]) == (BANK if at_bank else CREDIT_FUND, lender.id)
            assert (event["counterparty_kind"], event["counterparty"]) == (BUILDER, builder.id)
            assert event["amount"] == pytest.approx(before[row], **EXACT)
            assert lender.loss_event == np.flatnonzero(economy.events == event)[0]


@pytest.mark.parametrize("trouble", ["gearing", "fund failed", "tightness", "bank failed"])
def test_a_lender_in_trouble_lends_nothing_anew(trouble: str) -> None:
    at_bank = trouble in ("tightness", "bank failed")
    economy = opened(price=0.99)
    row = due(economy, 0.5, at_bank=at_bank)
    lender = economy.banks[economy.builders["bank"][row]] if at_bank else economy.credit_funds[0]
    if "failed" in trouble:
        lender.failed = 1
    else:
        lender[trouble] = 0.01 if at_bank else economy.scenario.private_credit.warning_gearing + 0.01
    default_today(economy)
    (event,) = of_kind(economy, "refinancing_refused")
    assert event["counterparty"] == economy.builders["id"][row]


def test_firms_that_owe_to_funds_default_as_those_who_owe_to_banks() -> None:
    economy = opened()
    terms, loans = economy.scenario.output, economy.credit_funds["loans"].copy()
    economy.output["from_wealth"] = -0.02
    opening = economy.balances()
    default_today(economy)
    lost = terms.loss_given_default * terms.loan_losses * 0.02 / economy.scenario.run.ticks_per_year
    assert economy.credit_funds["loans"] == pytest.approx((1.0 - lost) * loans, **EXACT)
    economy._prove(opening, "produce")


def test_builders_open_as_stated() -> None:
    economy, terms = Economy(default(), 3), default().builders
    builders, funds = economy.builders, economy.credit_funds
    of_funds = builders["fund"] >= 0
    assert ((builders["bank"] >= 0) == ~of_funds).all(), "each owes to one lender"
    assert np.bincount(builders["fund"][of_funds]).tolist() == [terms.per_fund] * len(funds)
    assert builders["owed_to_bank"].sum() == pytest.approx(terms.bank_loans)
    assert economy.banks["data_centre_loans"].sum() == pytest.approx(terms.bank_loans)
    value = owed(economy) / builders["opening_worth"]
    assert np.median(value) == pytest.approx(terms.loan_to_value, rel=0.01)
    assert value.max() < terms.limit_to_value, "while nothing falls nobody is refused"
    term = terms.term_years * default().run.ticks_per_year
    spread = np.sort(builders["matures"]) / term
    assert spread == pytest.approx((np.arange(len(spread)) + 0.5) / len(spread))
