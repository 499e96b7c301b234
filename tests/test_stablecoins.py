"""Stablecoins: the peg in closed form, who runs and how far, what pays redemptions, and which banks see it."""

import numpy as np
import pytest
from still import a_day, scratch, still
from worlds import of_kind

from abm.agents.stablecoin_issuer import N_ISSUERS
from abm.channels import RESERVE_DEPOSITS
from abm.contagion.stablecoin_runs import doubt_issuers
from abm.economy import Economy
from abm.ledger.chart import BILLS, CRYPTO, NOTES
from abm.ledger.postings import transfer_other
from abm.markets.stablecoin_peg import peg
from abm.outcome.events import RESERVES_WITHDRAWN
from abm.scenario import load

EXACT = {"rel": 1e-9, "abs": 1e-9}
QUIET = {"channels__crypto_liquidations": False, "channels__common_story": False}


def look(economy: Economy) -> np.ndarray:
    """Let holders form their view of issuers; returns their doubt."""
    e = economy
    e._make_room_for_events()
    doubt_issuers(e.stablecoins, e.banks, e.markets, e.story, e.settings, e.switches, e.tick, e.events, e.counter)
    return e.stablecoins["doubt"].copy()


def lose_reserves(economy: Economy, row: int, amount: float) -> None:
    """Let an issuer give away other things that it holds: firms owe so much less to it and more to an investor."""
    issuer = economy.stablecoins[row]
    transfer_other(scratch(economy), issuer, economy.investors[0], amount)
    economy.opening = economy.balances()


def test_the_peg_in_closed_form() -> None:
    terms = still().settings[0].stablecoins
    assert peg(1.02, 0.0, 0.0, terms) == 1.0
    assert peg(0.92, 0.0, 0.0, terms) == pytest.approx(1.0 - 0.08 * terms.shortfall_weight)
    assert peg(1.0, 3.0, 0.0, terms) == pytest.approx(1.0 - 3.0 * terms.waiting_cost)
    assert peg(1.0, 0.0, 0.5, terms) == pytest.approx(1.0 - 0.5 * terms.haste)
    assert peg(-9.0, 0.0, 0.0, terms) == 0.0


def test_nobody_doubts_what_is_covered_and_a_shortfall_is_doubted_in_proportion() -> None:
    economy = still(**QUIET)
    terms, issuers = economy.scenario.stablecoins, economy.stablecoins
    assert not look(economy).any()
    short = 0.02
    lose_reserves(economy, 0, (issuers["coverage"][0] - 1.0 + short) * issuers["supply"][0])
    doubt = look(economy)
    assert issuers["coverage"][0] == pytest.approx(1.0 - short)
    assert doubt[0] == pytest.approx(short / terms.coverage_reach)
    np.testing.assert_allclose(doubt[1:], terms.peer_contagion * doubt[0])


@pytest.mark.slow
def test_crypto_that_an_issuer_holds_can_begin_the_run() -> None:
    economy = still(**QUIET)
    held, cushion = economy.stablecoins["units"][0, CRYPTO], economy.stablecoins["coverage"][0] - 1.0
    fall = 1.1 * cushion * economy.stablecoins["supply"][0] / held
    assert fall < 1.0
    a_day(economy, 1, crypto=np.log(1.0 - fall))
    assert economy.stablecoins["doubt"][0] > 0.0
    assert not economy.stablecoins["own_doubt"][1:].any()
    (first, *_) = of_kind(economy, "coin_run")
    assert economy.events[first["caused_by"]]["instrument"] == CRYPTO


def test_a_weak_bank_makes_its_issuers_holders_doubt() -> None:
    economy = still(**QUIET)
    issuer = economy.stablecoins[1]
    bank = economy.banks[int(issuer["bank"][0])]
    bank["ratio"] = economy.scenario.banks.minimum_ratio
    places = issuer["bank"] == issuer["bank"][0]
    part = issuer["deposit"][places].sum() / issuer["supply"]
    assert look(economy)[1] == pytest.approx(min(1.0, part / economy.scenario.stablecoins.bank_reach))


@pytest.mark.slow
def test_those_who_run_are_a_part_and_the_rest_stays() -> None:
    economy = still(**QUIET, stablecoins__daily_cap=1, buyers__arbitrage_cash=1000)
    issuers, terms = economy.stablecoins, economy.scenario.stablecoins
    opening = issuers["supply"][0]
    lose_reserves(economy, 0, 0.15 * opening)
    a_day(economy, 90)
    left = economy.depositors["coins"][:, 0].sum() / economy.depositors["opening_coins"][:, 0].sum()
    assert left == pytest.approx(1.0 - terms.run_prone, abs=1e-3)
    assert issuers["supply"][0] > 0.74 * opening
    assert economy.rows["coin_price"][1:, 0].max() < 1.0


def test_a_redemption_moves_a_deposit_and_destroys_coins() -> None:
    economy = still(**QUIET)
    opening, money = (
        economy.stablecoins["supply"].sum(),
        (economy.banks["deposits"] - economy.banks["dealer_loans"]).sum(),
    )
    lose_reserves(economy, 0, 0.1 * economy.stablecoins["supply"][0])
    a_day(economy, 4)
    handed_in = opening - economy.stablecoins["supply"].sum()
    assert handed_in > 1.0
    assert economy.rows["coin_queue"][:, 0].max() > 0.0
    # The system has lost no deposit: it only has those that banks made for dealers whose repo was withdrawn.
    assert (economy.banks["deposits"] - economy.banks["dealer_loans"]).sum() == pytest.approx(money)


@pytest.mark.parametrize("on", [True, False])
def test_deposits_pay_first_and_without_the_channel_they_stay(on: bool) -> None:
    economy = still(**QUIET, channels__reserve_deposits=on, stablecoins__supply=3000)
    issuer = economy.stablecoins[1]
    opening = float(issuer["deposit"].sum())
    lose_reserves(economy, 1, 0.01)
    economy.stablecoins["other_securities"][1] -= 0.08 * issuer["supply"]
    economy.issuers["other_securities"][0] -= 0.08 * issuer["supply"]
    economy.opening = economy.balances()
    a_day(economy, 4)
    lowest = economy.rows["coin_deposits"][:, 1].min()
    assert (lowest < 0.9 * opening) if on else (lowest > opening - 1e-6)
    assert bool(economy.rows["moved"][:, RESERVE_DEPOSITS].any()) == on


@pytest.mark.parametrize("on", [True, False])
def test_treasuries_are_sold_in_the_market_or_taken_over_outside_it(on: bool) -> None:
    without_repo = {"stablecoins__first__repo": 0, "stablecoins__first__bills": 0.783, "buyers__arbitrage_cash": 1000}
    economy = still(**QUIET, **without_repo, channels__reserve_treasuries=on, stablecoins__supply=3000)
    issuers = economy.stablecoins
    opening = issuers["units"][0, BILLS]
    economy.stablecoins["other_securities"][0] -= 0.15 * issuers["supply"][0]
    economy.issuers["other_securities"][0] -= 0.15 * issuers["supply"][0]
    economy.opening = economy.balances()
    a_day(economy, 8)
    assert issuers["units"][0, BILLS] < opening - 1.0
    assert bool((economy.rows["forced_sales"][:, BILLS] > 0.0).any()) == on
    assert bool((of_kind(economy, "forced_sale")["actor"] == 0).any()) == on
    assert not issuers["units"][:, NOTES].any()


def test_notes_are_sold_when_bills_do_not_pay_all_that_is_handed_in() -> None:
    mix = {"repo": 0, "deposits": 0, "bills": 0.02, "notes": 0.763}
    economy = still(**{f"stablecoins__first__{kind}": part for kind, part in mix.items()}, stablecoins__daily_cap=1)
    issuer, prices = economy.stablecoins[0], economy.markets["price"]
    bills, notes = (issuer.units[k] * prices[k] for k in (BILLS, NOTES))
    handed_in = bills + 0.1 * notes
    issuer.queue = handed_in
    economy.depositors["redeeming"][0, 0] = handed_in
    a_day(economy, 1)
    assert issuer.units[BILLS] == pytest.approx(0.0, abs=1e-9)
    assert notes - issuer.units[NOTES] * prices[NOTES] == pytest.approx(0.1 * notes, rel=1e-3)
    assert economy.rows["forced_sales_issuers"][-1] == pytest.approx(handed_in, rel=1e-3)


@pytest.mark.slow
def test_a_mild_bust_empties_nobody() -> None:
    for seed in range(8):
        economy = Economy(load("us_late_2025"), seed)
        economy.advance()
        supply, prices = economy.rows["coin_supply"], economy.rows["coin_price"]
        assert (supply.min(axis=0) > 0.7 * supply[0]).all(), seed
        assert prices.min() > 0.99, seed


def test_depositors_of_the_issuers_bank_follow_what_they_see() -> None:
    def run(seen: bool) -> Economy:
        world = {"stablecoins__supply": 3000, "banks__visible_withdrawal": 1e-6, "banks__run_ratio": 0.05}
        economy = still(**QUIET, **world, channels__reserve_deposits=seen, channels__real_economy=False)
        economy.stablecoins["other_securities"][1] -= 0.08 * economy.stablecoins["supply"][1]
        economy.issuers["other_securities"][0] -= 0.08 * economy.stablecoins["supply"][1]
        economy.opening = economy.balances()
        a_day(economy, 4)
        return economy

    seen, unseen = run(True), run(False)
    assert seen.rows["deposits_withdrawn"].sum() > 0.0
    assert not unseen.rows["deposits_withdrawn"].any()
    left = {int(run["actor"]) for run in of_kind(seen, "deposit_run")}
    assert left
    assert left <= set(seen.stablecoins["bank"].ravel().tolist()), "only banks that issuers have left"
    causes = seen.events[of_kind(seen, "deposit_run")["caused_by"]]["kind"]
    assert (causes == RESERVES_WITHDRAWN).all()


def test_a_failed_bank_takes_the_issuers_deposit() -> None:
    economy = still(**QUIET, banks__recovery=0.5, channels__stablecoin_runs=False)
    row = int(economy.stablecoins["bank"][1, 0])
    bank = economy.banks[row]
    held = economy.stablecoins["deposit"][economy.stablecoins["bank"] == row].sum()
    debt = float(bank["debt"])
    bank["debt"] -= debt  # nobody ranks behind depositors
    economy.issuers["bank_debt"][0] -= debt
    gone = float(bank["capital"]) + debt + 0.2 * float(bank["deposits"])
    bank["other_securities"] -= gone
    economy.issuers["other_securities"][0] -= gone
    economy.opening = economy.balances()
    a_day(economy, 1)
    assert bank["failed"]
    left = economy.stablecoins["deposit"][economy.stablecoins["bank"] == row].sum()
    assert bank["payout"] < 1.0
    assert left == pytest.approx(bank["payout"] * held)


def test_supply_goes_from_todays_to_three_trillion() -> None:
    for supply in (310.0, 3000.0):
        economy = Economy(load(**{"stablecoins.supply": supply}), 1, check=True)
        assert economy.stablecoins["supply"].sum() == pytest.approx(supply)
        assert (economy.stablecoins["coverage"] > 1.0).all()
        holders = economy.depositors["coins"].sum() + economy.investors["coins"].sum() + economy.holders["coins"].sum()
        assert holders == pytest.approx(supply)
        economy.advance(3)
    assert N_ISSUERS == 3
