"""Interventions: purchases of notes, loans against securities, a guarantee of deposits."""

import numpy as np
import pytest
from still import a_day, scratch, still
from worlds import crash_seed, crash_world, finished, how_many, of_kind, under

from abm.agents.rest_of_system import PUBLIC
from abm.economy import Economy
from abm.ledger.chart import DEALERS, DEPOSITS, NOTES, REVALUATIONS, TRANSACTIONS
from abm.ledger.postings import move_insured

# A market for notes that moves when they are bought.
THIN = {"markets__notes__impact_multiplier": 0.45, "channels__margin_calls": False}


# ------------------------------------------------------------------------------------ purchases of notes
def sell_off(on: bool, **overrides: object) -> Economy:
    """Notes lose 4 % on the second day, 58 basis points of yield, which takes depth away from the third on."""
    economy = still(policy__note_purchases__on=on, **(THIN | overrides))
    a_day(economy)
    a_day(economy, 9, notes=-0.04)
    return economy


def test_purchases_begin_the_morning_after_the_trigger_and_end_with_the_total() -> None:
    economy = sell_off(True, policy__note_purchases__total=200)
    assert economy.rows["depth"][1, NOTES] >= 0.3 > economy.rows["depth"][2, NOTES]
    assert economy.rows["notes_bought"][:4].tolist() == [0, 0, 0, pytest.approx(75.0, rel=0.01)]
    assert economy.rows["notes_bought"].sum() == pytest.approx(200.0, rel=0.01)
    public = economy.issuers[PUBLIC]
    bought = economy.rows["notes_bought"]
    assert public["units"][NOTES] == pytest.approx((bought / economy.rows["price"][:, NOTES]).sum())
    assert public["reserves"] - still(**THIN).issuers[PUBLIC]["reserves"] == pytest.approx(bought.sum())
    (begun,) = of_kind(economy, "note_purchases")
    assert begun["tick"] == 2
    assert begun["amount"] == pytest.approx(1e4 * -np.expm1(-0.04) / 7.0, rel=0.01)


def test_purchases_lower_the_yield() -> None:
    bought, not_bought = sell_off(True), sell_off(False)
    assert not not_bought.rows["notes_bought"].any()
    buying = np.flatnonzero(bought.rows["notes_bought"])
    gap = bought.rows["yield_notes"] - not_bought.rows["yield_notes"]
    assert (gap[buying] < 0.0).all()
    assert not gap[: buying[0]].any()


@pytest.mark.parametrize(
    "mild",
    [
        {"policy__note_purchases__yield_rise": 70},
        {"policy__note_purchases__depth": 0.2},
        {"policy__note_purchases__days": 1},
    ],
)
def test_no_purchases_without_their_trigger(mild: dict[str, object]) -> None:
    """The yield has not risen enough, the market still has depth, or the rise is older than the days that count."""
    assert not sell_off(True, **mild).rows["notes_bought"].any()


def test_purchases_stop_when_depth_is_back() -> None:
    economy = sell_off(True, markets__depth_recovery_days=1, markets__volatility_days=1)
    back = np.flatnonzero(economy.rows["depth"][:, NOTES] >= 0.6)
    bought = np.flatnonzero(economy.rows["notes_bought"])
    assert bought.size
    assert bought[-1] <= back[back > bought[0]][0], "the last order was given the night before depth was seen"


# --------------------------------------------------------------------------------------------- lending
def run_on_a_dealer(on: bool, days: int = 8, **overrides: object) -> Economy:
    """The first dealer looks weak, and cash pools leave it for three days."""
    economy = still(policy__lending__on=on, **overrides)
    dealer = economy.dealers[0]
    usual = float(dealer["opening_capital"])
    dealer["opening_capital"] = 2.0 * usual
    a_day(economy, min(3, days))
    dealer["opening_capital"] = usual
    if days > 3:
        a_day(economy, days - 3)
    return economy


def test_a_sound_dealer_that_is_run_on_fails_of_cash_unless_the_central_bank_lends() -> None:
    without, helped = (run_on_a_dealer(on, dealers__cash_days=0) for on in (False, True))
    assert without.dealers["failed"][0] > 0
    assert not helped.dealers["failed"].any()
    assert not without.rows["central_bank_loans"].any()
    sold = [float(-e.journals[:, TRANSACTIONS, NOTES, DEALERS].sum()) for e in (without, helped)]
    assert sold[0] > sold[1] == 0.0, "nor does it sell notes"


def test_what_is_lent_is_what_leaves_within_the_collateral() -> None:
    opened = still()
    dealer, terms = opened.dealers[0], opened.scenario.dealers
    weak = terms.run_speed * (1.0 - 1.0 / (2.0 * terms.weak_capital))
    leaves = weak * (dealer["repo"].sum() + dealer["customer_cash"])
    economy = run_on_a_dealer(True, days=1)
    assert economy.dealers["central_bank_loan"][0] == pytest.approx(leaves, rel=1e-9)
    assert economy.issuers["central_bank_loans"].sum() == pytest.approx(leaves, rel=1e-9)
    collateral = dealer["units"][NOTES] + dealer["fund_repo"]
    haircut = 1.0 - 0.5 * leaves / collateral
    bounded = run_on_a_dealer(True, days=1, policy__lending__haircut=haircut)
    assert bounded.dealers["central_bank_loan"][0] == pytest.approx(0.5 * leaves, rel=1e-9)
    (loan,) = of_kind(bounded, "central_bank_loan")
    assert loan["amount"] == pytest.approx(0.5 * leaves, rel=1e-9)


def test_it_is_repaid_first_when_cash_is_back() -> None:
    economy = run_on_a_dealer(True, days=3)
    owed, dealer = float(economy.dealers["central_bank_loan"][0]), economy.dealers[0]
    assert owed > 0.0
    repo = dealer["repo"].sum()
    spare = float(dealer["deposit"] - dealer["opening_deposit"])
    a_day(economy)
    assert owed - dealer["central_bank_loan"] == pytest.approx(min(owed, max(0.0, spare)), abs=1e-9)
    assert spare > 0.0
    assert dealer["repo"].sum() == pytest.approx(repo)


def test_a_bank_short_of_reserves_borrows_instead_of_selling() -> None:
    """Insured depositors have left it with four fifths of its reserves, and no bank trusts another."""

    quiet = {"channels__stablecoin_runs": False}  # nor do holders of coins doubt them

    def short_bank(on: bool) -> Economy:
        economy = still(policy__lending__on=on, banks__run_ratio=0.25, channels__deposit_runs=False, **quiet)
        moved = 0.8 * float(economy.banks["reserves"][0])
        move_insured(scratch(economy), economy.banks, economy.depositors[0], economy.depositors[1], moved)
        a_day(economy, 2)
        return economy

    helped, alone = short_bank(True), short_bank(False)
    bank, floor = helped.banks[0], helped.scenario.banks.liquidity_floor
    assert bank["reserves"] == pytest.approx(floor * bank["opening_reserves"])
    sold = helped.rows["forced_sales_lenders"][0]  # in the morning, before it could ask
    assert bank["central_bank_loan"] == pytest.approx((floor - 0.2) * bank["opening_reserves"] - sold)
    assert helped.rows["forced_sales_lenders"][1] == 0.0 < alone.rows["forced_sales_lenders"][1]
    move_insured(scratch(helped), helped.banks, helped.depositors[1], helped.depositors[0], bank["opening_reserves"])
    a_day(helped)
    assert helped.banks["central_bank_loan"][0] == pytest.approx(0.0, abs=1e-9)
    assert helped.issuers["central_bank_loans"].sum() == pytest.approx(0.0, abs=1e-9)


# ---------------------------------------------------------------------------------- deposit guarantee
RUN = {"banks__run_ratio": 0.25, "banks__interbank": 0}


def test_a_run_stops_two_days_after_the_guarantee() -> None:
    ran, stopped = still(**RUN), still(policy__deposit_guarantee__on=True, **RUN)
    for economy in (ran, stopped):
        a_day(economy, 6)
    assert (ran.rows["deposits_withdrawn"] > 0.0).all()
    assert (stopped.rows["deposits_withdrawn"] > 0.0).tolist() == [True, True, True, False, False, False]
    (given,) = of_kind(stopped, "deposits_guaranteed")
    assert given["tick"] == 0
    assert stopped.rows["guarantee_cost"].sum() == 0.0


def test_a_small_run_triggers_nothing() -> None:
    economy = still(policy__deposit_guarantee__on=True, policy__deposit_guarantee__withdrawn=0.5, **RUN)
    a_day(economy, 6)
    assert not of_kind(economy, "deposits_guaranteed").size
    assert (economy.rows["deposits_withdrawn"] > 0.0).all()


@pytest.mark.slow
def test_depositors_of_failed_banks_lose_nothing_and_the_public_bears_it() -> None:
    decree = [{"kind": "policy", "tick": 0, "policy": "deposit_guarantee", "on": True}]
    poor = {"banks__recovery": 0.6}
    without = finished(crash_world(actions=[], **poor), crash_seed())
    backed = finished(crash_world(actions=decree, **poor), crash_seed(), check=True)
    assert how_many(without)["bank_failed"] > 0
    assert how_many(backed)["bank_failed"] > 0
    lost = [-float(e.journals[:, REVALUATIONS, DEPOSITS].clip(max=0.0).sum()) for e in (without, backed)]
    assert lost[0] > 1.0
    assert lost[1] == pytest.approx(0.0, abs=1e-9)
    assert backed.rows["guarantee_cost"].sum() > 1.0
    assert (backed.rows["public_cost"] >= backed.rows["guarantee_cost"]).all()
    frozen = backed.depositors["frozen"][backed.banks["days_failed"] > 2]
    assert frozen.size
    assert frozen == pytest.approx(np.zeros(len(frozen)), abs=1e-9)


def test_a_bank_failure_triggers_it_from_the_next_day_on() -> None:
    economy = finished(under(crash_world(actions=[], channels__deposit_runs=False), "deposit_guarantee"), crash_seed())
    failed, given = of_kind(economy, "bank_failed"), of_kind(economy, "deposits_guaranteed")
    assert len(given) == 1
    assert given["tick"][0] == failed["tick"].min()
    assert (economy.banks["guarantee_days"] == economy.tick - 1 - given["tick"][0]).all()
