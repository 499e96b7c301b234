"""Who leaves a weak dealer, how fast, where the business of a failed one goes, and nothing without the channel."""

import numpy as np
import pytest
from test_performance_chasing import world
from worlds import events, finished, of_kind

from abm.agents.cash_pool import put_cash_into_bills
from abm.agents.leveraged_fund import ACTIVE
from abm.channels import DEALER_RUNS
from abm.contagion.dealer_runs import find_other_dealers, leave_weak_dealers, sell_for_cash
from abm.contagion.fund_default_losses import RESOLVED, SOUND
from abm.economy import Economy
from abm.ledger.chart import BILLS, NOTES
from abm.ledger.postings import charge_dealers, debit_cash
from abm.ledger.settlement import borrow_on_lines
from abm.outcome.events import KINDS, NO_EVENT

EXACT = {"rel": 1e-9, "abs": 1e-9}
LOANS = ("margin_loan", "repo", "unsecured")
CRASH = {"dealers__capital": 20, "funds__leverage": 2.5, "spark__total": 1.2}


def opened(**overrides: object) -> Economy:
    economy = Economy(world(**overrides), 1)
    economy._make_room_for_events()
    return economy


def weaken(economy: Economy, row: int, left: float) -> None:
    """Let a dealer have so much left of its opening capital."""
    economy.dealers["capital"][row] = left * economy.dealers["opening_capital"][row]


def look_around(economy: Economy) -> None:
    e = economy
    leave_weak_dealers(
        e.dealers, e.pools, e.funds, e.banks, e.markets, e.story, e.settings, e.switches, e.tick, e.day, e.journal,
        e.events, e.counter,
    )  # fmt: skip
    find_other_dealers(
        e.funds, e.dealers, e.pools, e.banks, e.investors, e.markets, e.settings, e.switches, e.tick, e.day, e.journal,
        e.events, e.counter,
    )  # fmt: skip


def fail(economy: Economy, row: int, days: int) -> None:
    economy.dealers["failed"][row], economy.dealers["days_failed"][row] = RESOLVED, days


def with_dealer(economy: Economy, field: str, row: int) -> np.ndarray:
    """What each fund has with a dealer."""
    return (economy.funds[field] * (economy.funds["dealer"] == row)).sum(axis=1)


def test_repo_leaves_a_weak_dealer_at_the_stated_speed() -> None:
    economy = opened()
    terms, dealers = economy.scenario.dealers, economy.dealers
    before, opening = dealers["repo"].sum(axis=1), economy.balances()
    leaving = terms.run_speed * (1.0 - 0.2 / terms.weak_capital)
    borrow_on_lines(dealers[0], economy.banks, 1e6, economy.journal)  # cash enough for all who leave
    for day in range(1, 11):
        weaken(economy, 0, 0.2)
        look_around(economy)
        left = (1.0 - leaving) ** day
        assert dealers["repo"][0].sum() == pytest.approx(left * before[0], **EXACT)
        assert dealers["strain"][0] == pytest.approx(1.0 - left, **EXACT)
        assert dealers["unpaid"][0] == 0.0
    np.testing.assert_array_equal(dealers["repo"].sum(axis=1)[1:], before[1:])
    assert not dealers["strain"][1:].any()
    assert len(of_kind(economy, "dealer_run")) == 1
    economy._prove(opening, "run")


def test_nobody_is_paid_with_cash_that_a_weak_dealer_does_not_have() -> None:
    economy = opened()
    terms, dealer = economy.scenario.dealers, economy.dealers[0]
    repo, cash = dealer.repo.sum(), dealer.deposit
    weaken(economy, 0, 0.2)
    look_around(economy)
    wanted = terms.run_speed * (1.0 - 0.2 / terms.weak_capital) * repo
    assert wanted > cash > 0.0
    assert repo - dealer.repo.sum() == pytest.approx(cash, **EXACT)
    assert dealer.unpaid == pytest.approx(wanted - cash, **EXACT)


def test_a_run_is_forgotten_to_nought() -> None:
    economy = opened()
    weaken(economy, 0, 0.0)
    look_around(economy)
    weaken(economy, 0, 1.0)
    days = int(np.ceil(economy.scenario.dealers.run_speed * economy.scenario.dealers.strain_days))
    for _ in range(days):
        assert economy.dealers["strain"][0] > 0.0
        look_around(economy)
    assert economy.dealers["strain"][0] == pytest.approx(0.0, abs=1e-12)
    look_around(economy)
    assert economy.dealers["strain"][0] == 0.0


def test_customers_move_free_cash_to_their_sound_dealers_if_they_have_one() -> None:
    economy = opened()
    funds, terms, opening = economy.funds, economy.scenario.dealers, economy.balances()
    before, in_all = with_dealer(economy, "cash", 0), funds["cash"].sum(axis=1)
    several = (funds["line_share"] > 0.0).sum(axis=1) > 1
    repo, cash = economy.dealers["repo"][0].sum(), economy.dealers["deposit"][0]
    weaken(economy, 0, 0.0)
    look_around(economy)
    kept = np.where(several, 1.0 - terms.run_speed, 1.0)
    assert with_dealer(economy, "cash", 0) == pytest.approx(kept * before, **EXACT)
    assert (before[several] > 1.0).any()
    assert (before[~several] > 1.0).any()
    assert funds["cash"].sum(axis=1) == pytest.approx(in_all, **EXACT)
    moved = (before - with_dealer(economy, "cash", 0)).sum() + min(terms.run_speed * repo, cash)
    assert economy.day["moved"][0, DEALER_RUNS] == pytest.approx(moved, **EXACT)
    economy._prove(opening, "run")


def test_cash_at_one_dealer_pays_for_what_another_charges() -> None:
    economy = opened()
    funds = economy.funds
    fund = funds[np.argmax((funds["line_share"] > 0.0).sum(axis=1) * funds["cash"].sum(axis=1))]
    for _ in range(40):
        weaken(economy, fund.dealer[0], 0.0)
        look_around(economy)
    assert fund.cash[0] < 0.01 * fund.cash[1]
    loans, cash = fund.margin_loan.copy(), fund.cash.sum()
    assert debit_cash(economy.journal, economy.dealers, fund, 0.9 * cash) == 0.0
    charge_dealers(economy.dealers, fund, 0.9 * cash)
    assert fund.margin_loan == pytest.approx(loans)
    assert fund.cash.sum() == pytest.approx(0.1 * cash)
    assert economy.dealers["due"].sum() == pytest.approx(0.9 * cash)


def test_business_is_frozen_and_then_moves_to_sound_dealers() -> None:
    economy = opened(dealers__takeover_leverage=1000)
    funds, opening, terms = economy.funds, economy.balances(), economy.scenario.dealers
    before = {name: funds[name].sum(axis=1) for name in (*LOANS, "cash", "short")}
    fail(economy, 0, terms.freeze_days - 1)
    shares, frozen = funds["line_share"].copy(), with_dealer(economy, "cash", 0)
    look_around(economy)
    np.testing.assert_array_equal(funds["line_share"], shares)
    assert with_dealer(economy, "cash", 0) == pytest.approx(frozen)
    fail(economy, 0, terms.freeze_days)
    had = with_dealer(economy, "line_share", 0)
    assert (had[funds["status"] == ACTIVE] == 1.0).any(), "somebody had no other dealer"
    look_around(economy)
    for name, amount in before.items():
        assert with_dealer(economy, name, 0) == pytest.approx(0.0, abs=1e-9), name
        assert funds[name].sum(axis=1) == pytest.approx(amount, **EXACT), name
    assert with_dealer(economy, "line_share", 0) == pytest.approx(0.0, abs=1e-12)
    assert funds["line_share"].sum(axis=1) == pytest.approx(1.0)
    assert not funds["recalled"].any()
    economy._prove(opening, "run")


def test_sound_dealers_take_over_no_more_than_their_room_and_the_rest_is_recalled() -> None:
    leverage = 22.0
    economy = opened(dealers__takeover_leverage=leverage)
    dealers, funds, terms = economy.dealers, economy.funds, economy.scenario.dealers
    opening = economy.balances()

    def lent() -> np.ndarray:
        return dealers["margin_loans"] + dealers["fund_repo"] + dealers["unsecured_loans"]

    before = lent()
    assert (leverage * dealers["capital"] - before)[1:].clip(0.0).sum() < before[0], "not all fits"
    fail(economy, 0, terms.freeze_days + terms.move_days)
    look_around(economy)
    assert (lent()[1:] <= np.maximum(leverage * dealers["capital"], before)[1:] + 1e-6).all()
    assert 1.0 < lent()[0] < before[0] - 1.0
    assert lent().sum() == pytest.approx(before.sum())
    owed = sum(with_dealer(economy, name, 0) for name in LOANS) - with_dealer(economy, "cash", 0)
    expected = np.maximum(owed, 0.0) / economy.scenario.margin.liquidation_days
    assert funds["recalled"] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    recalls = of_kind(economy, "loan_recalled")
    assert len(recalls) == (expected > 1e-6).sum() > 0
    dealers["capital"][1:] *= 10.0
    look_around(economy)
    assert lent()[0] == pytest.approx(0.0, abs=1e-6), "others have room now"
    assert funds["recalled"] == pytest.approx(0.0, abs=1e-6), "and nobody recalls what they took over"
    economy._prove(opening, "run")


def test_a_dealer_without_funding_sells_notes() -> None:
    economy = opened()
    e, dealers = economy, economy.dealers
    dealers["missing_cash"][:2] = 1.0, 1e6
    sell_for_cash(dealers, e.markets, e.settings, e.switches, e.tick, e.events, e.counter)
    most = economy.scenario.margin.daily_sale_share * dealers["units"][1, NOTES]
    assert dealers["orders"][:, NOTES] == pytest.approx([-1.0, -most, 0.0, 0.0])


@pytest.mark.parametrize("on", [True, False])
def test_a_dealer_can_fail_of_cash_while_it_still_has_capital(on: bool) -> None:
    economy = Economy(world(spark__total=0, dealers__spare_lines=0, channels__dealer_runs=on), 1, check=True)
    dealer = economy.dealers[0]
    dealer.opening_capital *= 4.0  # it once had more
    economy.advance(15)
    assert dealer.failed == (RESOLVED if on else SOUND)
    assert (economy.dealers["failed"][1:] == SOUND).all()
    assert len(of_kind(economy, "dealer_failed")) == on
    if on:
        failure = of_kind(economy, "dealer_failed")[0]
        assert failure["amount"] == 0.0, "no capital was missing"
        run = economy.events[failure["caused_by"]]
        assert run == of_kind(economy, "dealer_run")[0]
        assert run["caused_by"] != NO_EVENT
    assert bool(economy.rows["moved"][:, DEALER_RUNS].any()) == on


@pytest.mark.slow
def test_pools_put_cash_into_bills_and_take_it_out_again() -> None:
    economy = opened()
    pools, keeps = economy.pools, economy.pools["opening_deposit"][0]
    pools["deposit"] = keeps + 5.0, -5.0, -1e9
    put_cash_into_bills(pools, economy.markets, economy.settings, economy.switches)
    slowly, all_that_it_has = 5.0 / economy.scenario.pools.bill_days, pools["units"][2, BILLS]
    at_once = max(5.0, (5.0 + keeps) / economy.scenario.pools.bill_days)
    assert pools["orders"][:, BILLS] == pytest.approx([slowly, -at_once, -all_that_it_has])
    run = finished(world(run__ticks=200, **CRASH), check=True)
    assert np.abs(run.pools["deposit"] - run.pools["opening_deposit"]).max() < 0.5 * run.pools["units"][:, BILLS].max()


@pytest.mark.slow
def test_books_close_when_all_dealers_fail_and_recalls_have_a_cause() -> None:
    economy = finished(world(run__ticks=200, **CRASH), check=True)
    recalls, log = of_kind(economy, "loan_recalled"), events(economy)
    assert len(recalls) > 0
    assert set(log[recalls["caused_by"]]["kind"]) == {KINDS.index("dealer_failed")}
    calls = of_kind(economy, "margin_call")
    assert (log[calls["caused_by"]]["kind"] == KINDS.index("loan_recalled")).any()
    assert (economy.funds["line_share"] >= -1e-12).all()
    assert (economy.funds["cash"] >= -1e-6).all()
    assert (economy.dealers["repo"] >= -1e-6).all()
    assert economy.pools["repo_lent"].sum() < 0.5 * Economy(economy.scenario, 1).pools["repo_lent"].sum()


def test_off_nobody_leaves() -> None:
    economy = finished(world(run__ticks=200, channels__dealer_runs=False, **CRASH))
    assert economy.rows["dealers_failed"][-1] > 0
    assert not economy.rows["moved"][:, DEALER_RUNS].any()
    assert not economy.dealers["strain"].any()
    assert not economy.funds["recalled"].any()
    assert not len(of_kind(economy, "dealer_run"))
