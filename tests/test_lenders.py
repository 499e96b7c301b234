"""Who lends, who loses, who fails: dealers and banks in closed form through the same rules."""

import math

import numpy as np
import pytest
from worlds import default, finished, how_many, let_news_be, of_kind, one_fund_one_dealer, small_world

from abm.agents.bank import ECONOMY, bank_capital
from abm.agents.dealer import balance_sheet_room
from abm.agents.leveraged_fund import CLOSED, SEIZED
from abm.bench.watching import watching
from abm.contagion.fund_default_losses import RESOLVED
from abm.economy import Economy
from abm.ledger.chart import NOTES
from abm.tick import Phase

# Prices that only news moves: then falls are those of the news, and the algebra is exact.
DEEP = {"markets__depth": 100.0, "markets__ai_equity__impact_multiplier": 1e-9, "margin__close_out_cost": 0.0}
BOOK, LOAN = 400.0, 300.0  # $bn, of the only fund
EXACT = {"rel": 1e-6, "abs": 1e-5}


def fallen(fall: float, days: int, lines: float = 0.0, **overrides: float) -> Economy:
    """One fund at leverage four, a fall on the first day, and some days; the dealer owes its bank `lines` $bn."""
    economy = one_fund_one_dealer(4.0, 0.25, **(DEEP | overrides))
    dealer, bank, pool, debtor = economy.dealers[0], economy.banks[0], economy.pools[0], economy.debtors[ECONOMY]
    # A bank loan takes the place of repo, and the bank has the less lent to firms.
    dealer.bank_loan[0] += lines
    dealer.repo[0] -= lines
    pool.repo_lent -= lines
    bank.dealer_loans += lines
    bank.loans[ECONOMY] -= lines
    debtor.owed -= lines
    economy.opening = economy.balances()
    let_news_be(economy, -math.log(1.0 - fall))
    economy.advance(days)
    return economy


def missing_after(fall: float) -> float:
    """What the fund lacks of its debt, in $bn."""
    return LOAN - BOOK * (1.0 - fall)


def test_a_dealer_knows_its_loss_before_the_book_is_sold_and_counts_it_once() -> None:
    economy = fallen(0.4, days=2, margin__liquidation_days=4)
    opening, missing = economy.dealers[0].opening_capital, missing_after(0.4)
    assert economy.funds[0].status == SEIZED
    assert economy.dealers[0].margin_loans > missing, "nothing is written off yet"
    assert not economy.rows["dealer_losses"].any()
    seen = []
    for day in range(3, 9):
        seen.append(economy.dealers[0].capital)
        economy.advance(day)
    assert economy.funds[0].status == CLOSED
    assert economy.rows["dealer_losses"].sum() == pytest.approx(missing, **EXACT)
    assert seen == pytest.approx([opening - missing] * len(seen), **EXACT)


def test_a_dealer_fails_of_what_it_knows_that_it_will_lose() -> None:
    missing = missing_after(0.4)
    for capital, fails in ((missing + 1.0, False), (missing - 1.0, True)):
        economy = fallen(0.4, days=2, dealers__capital=capital, margin__liquidation_days=4)
        assert economy.funds[0].status == SEIZED
        assert len(of_kind(economy, "dealer_failed")) == fails
        economy.advance(12)
        assert economy.funds[0].status == CLOSED
        assert len(of_kind(economy, "dealer_failed")) == fails


@pytest.mark.parametrize("loss_given_default", [0.02, 0.4, 1.0])
def test_a_failure_leaves_no_capital_and_depositors_get_what_lenders_lose_beyond_the_hole(
    loss_given_default: float,
) -> None:
    around: list[tuple[float, ...]] = []

    def look(economy: Economy, phase: Phase, _: bool) -> None:
        if phase.name == "resolve" and economy.tick == 1:
            dealer, bank = economy.dealers[0], economy.banks[0]
            around.append((dealer.bank_loan[0], bank.dealer_loans, economy.depositors[0].deposit, dealer.deposit))

    hole = 20.0
    with watching(look):
        economy = fallen(
            0.4,
            days=2,
            lines=200.0,
            dealers__capital=missing_after(0.4) - hole,
            dealers__loss_given_default=loss_given_default,
        )
    dealer, bank = economy.dealers[0], economy.banks[0]
    assert dealer.failed == RESOLVED
    before, after = around
    owed = before[0]
    loss = max(hole, loss_given_default * owed)
    change = np.subtract(after, before)
    assert change == pytest.approx([-loss, -loss, loss - hole, hole - loss], **EXACT)
    assert economy.rows["bank_losses"].sum() == pytest.approx(loss, **EXACT)
    assert bank_capital(bank, economy.markets) == pytest.approx(bank.opening_capital - loss, **EXACT)
    assert dealer.capital == pytest.approx(0.0, abs=1e-5)
    economy.advance(12)  # the book is sold as it was provided for: nothing more is lost or won
    assert dealer.capital == pytest.approx(0.0, abs=1e-4)
    assert economy.rows["bank_losses"].sum() == pytest.approx(loss, **EXACT)
    assert len(of_kind(economy, "dealer_failed")) == 1


def test_a_later_hole_in_receivership_reaches_lenders_and_no_more_than_it() -> None:
    economy = fallen(0.4, days=2, lines=200.0, dealers__capital=30.0)
    assert economy.dealers[0].failed == RESOLVED
    units = float(economy.funds[0].units[0])
    first = economy.rows["bank_losses"].sum()
    price = float(economy.markets["price"][0])
    let_news_be(economy, 0.1)
    economy.advance(3)
    again = units * price * (1.0 - math.exp(-0.1))
    assert again > 1.0
    assert economy.rows["bank_losses"].sum() - first == pytest.approx(again, **EXACT)
    assert economy.dealers[0].capital == pytest.approx(0.0, abs=1e-5)
    assert len(of_kind(economy, "dealer_failed")) == 1
    assert len(of_kind(economy, "bank_loss")) == 2


def test_a_failed_dealer_adds_no_room_for_notes() -> None:
    dealers = Economy(default(), 1).dealers
    capacity = default().dealers.note_capacity
    assert balance_sheet_room(dealers, capacity) == pytest.approx(1.0)
    dealers["failed"][:3] = RESOLVED
    alive = dealers["capital"][3:].sum() / dealers["opening_capital"].sum()
    inventory = dealers["units"][:, NOTES].sum()
    expected = max(0.0, (capacity * alive - inventory) / (capacity - inventory))
    for capital in (0.0, 20.0, 500.0):
        dealers["capital"][:3] = capital
        assert balance_sheet_room(dealers, capacity) == pytest.approx(expected)
    dealers["units"][:, NOTES] *= 0.5  # so that some room is left
    expected = (capacity * alive - inventory / 2) / (capacity - inventory / 2)
    assert 0.0 < expected < 1.0
    assert balance_sheet_room(dealers, capacity) == pytest.approx(expected)


@pytest.mark.parametrize(("hedge", "exposed"), [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)])
def test_hedged_notes_leave_dealers_capital_alone_whatever_notes_cost(hedge: float, exposed: float) -> None:
    economy = finished(
        small_world(
            spark__total=0,
            funds__leverage=0.2,
            banks__loan_rate=0,
            dealers__loan_spread=0,
            markets__notes__news_volatility=0.02,
            dealers__note_hedge=hedge,
        )
    )
    assert not how_many(economy)["shortfall"]
    assert np.ptp(economy.rows["price"][:, NOTES]) > 0.05
    gain = default().dealers.notes * (economy.rows["price"][:, NOTES] - 1.0)
    changed = economy.rows["dealer_capital"] - economy.dealers["opening_capital"].sum()
    np.testing.assert_allclose(changed, exposed * gain, atol=1e-6)


@pytest.mark.parametrize("in_groups", [0, 3])
def test_what_dealers_pay_for_funding_is_no_gain_of_banks(in_groups: int) -> None:
    """Retained earnings already are the net of all a bank's business: interest on top would count twice.

    What the dealers in its group gain is the bank's, and no more than it.
    """
    capital = []
    for rate in (0.0, 0.1):
        world = small_world(
            spark__total=0,
            funds__leverage=0.2,
            channels__depth_spiral=False,
            banks__loan_rate=rate,
            channels__real_economy=False,
            channels__private_credit=False,
            dealers__in_groups=in_groups,
        )
        economy = finished(world)
        capital.append(economy.rows["bank_capital"])
        securities = (economy.rows["price"] - 1.0) @ economy.banks["units"].sum(axis=0)
        dealers = economy.rows["dealer_capital"] - economy.dealers["opening_capital"].sum()
        capital[-1] -= dealers if in_groups else 0.0
        days = np.arange(1, world.run.ticks + 1)
        earned = world.banks.retained_earnings / world.run.ticks_per_year * days
        np.testing.assert_allclose(capital[-1] - economy.banks["opening_capital"].sum(), earned + securities, atol=1e-5)
    np.testing.assert_allclose(capital[0], capital[1], atol=1e-5)


@pytest.mark.parametrize("limit", [0.2, 0.15])
def test_lines_stay_within_large_exposures_where_those_reach(limit: float) -> None:
    reached = full = 0
    for seed in range(6):
        economy = Economy(default().replace({"banks.large_exposure": limit}), seed)
        for dealer in economy.dealers:
            most = limit * economy.banks["opening_capital"][dealer["lender"]]
            lines = dealer["bank_loan"]
            at_limit = np.isclose(lines, most)
            if most.sum() < lines.sum():  # today's total is known: all lend in proportion to what they may
                np.testing.assert_allclose(lines / most, lines.sum() / most.sum())
                continue
            reached += 1
            full += at_limit.sum()
            assert (lines[~at_limit] < most[~at_limit]).all()
            per_size = (lines / economy.banks["deposits"][dealer["lender"]])[~at_limit]
            np.testing.assert_allclose(per_size, per_size[0])
    assert reached > 40
    assert full > 0, "a limit binds somewhere"


@pytest.mark.parametrize("largest", [0.15, 0.08])
def test_no_bank_is_larger_than_the_largest(largest: float) -> None:
    for seed in (0, 1, 2**63 - 1):
        banks = Economy(default().replace({"banks.largest_share": largest}), seed).banks
        for name in ("deposits", "reserves"):
            shares = banks[name] / banks[name].sum()
            assert shares.max() == pytest.approx(largest, rel=1e-9), "and the tail is heavy enough to get there"


def test_closing_a_book_out_costs_its_dealer_what_others_are_paid() -> None:
    fall, share = 0.4, 0.05
    cost = share * BOOK * (1.0 - fall)
    free, dear = (fallen(fall, days=12, margin__close_out_cost=part) for part in (0.0, share))

    def gained(what: str) -> float:
        def wealth(economy: Economy) -> float:
            if what == "dealer":
                return float(economy.dealers[0].capital)
            if what == "bank":
                return float(economy.banks[0].capital)
            if what == "pools":
                return float(economy.pools[0].deposit + economy.pools[0].repo_lent)
            return float(economy.depositors[0].deposit + economy.depositors[0].insured)

        return wealth(dear) - wealth(free)

    assert dear.funds[0].status == free.funds[0].status == CLOSED
    assert dear.funds[0].shortfall - free.funds[0].shortfall == pytest.approx(cost, **EXACT)
    assert gained("dealer") == pytest.approx(-cost, **EXACT)
    assert gained("depositors") == pytest.approx(cost, **EXACT)
    assert gained("bank") == pytest.approx(0.0, abs=1e-5)
    assert gained("pools") == pytest.approx(0.0, abs=1e-5)


def test_without_losses_on_defaults_owners_pay_and_no_lender_loses() -> None:
    paid = {}
    for channel in (True, False):
        economy = one_fund_one_dealer(4.0, 0.25, **DEEP, channels__fund_default_losses=channel)
        cash = float(economy.investors[0].deposit)
        let_news_be(economy, -math.log(0.6))
        economy.advance(12)
        assert economy.funds[0].status == CLOSED
        assert economy.funds[0].shortfall == pytest.approx(missing_after(0.4), **EXACT)
        paid[channel] = cash - float(economy.investors[0].deposit)
        if not channel:
            rows = economy.rows
            np.testing.assert_allclose(rows["dealer_capital"], economy.dealers[0].opening_capital, atol=1e-5)
            np.testing.assert_allclose(rows["bank_capital"], economy.banks[0].opening_capital, atol=1e-5)
    assert paid[False] - paid[True] == pytest.approx(missing_after(0.4), **EXACT)
