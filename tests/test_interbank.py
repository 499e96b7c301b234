"""Banks that fail together are cleared together: worked cases, a linear programme, and who bears what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from test_performance_chasing import world
from worlds import of_kind

from abm.agents.bank import BANK, N_BANK_LENDERS, bank_capital
from abm.channels import INTERBANK
from abm.contagion.fund_default_losses import FAILED, RESOLVED
from abm.contagion.interbank import clear_failed_banks, owed_by, resolve_banks
from abm.economy import Economy
from abm.markets.market import MARKET

EXACT = {"rel": 1e-9, "abs": 1e-9}


def network(outside: list[float], owed: list[float], debts: dict[tuple[int, int], float]) -> np.ndarray:
    """Banks that have all failed: reserves, deposits, and what (debtor, creditor) owes."""
    banks = BANK.open(len(outside))
    banks["reserves"], banks["deposits"], banks["failed"] = outside, owed, FAILED
    lines = np.zeros(len(outside), int)
    for (debtor, creditor), amount in debts.items():
        banks["interbank_lender"][debtor, lines[debtor]] = creditor
        banks["interbank"][debtor, lines[debtor]] = amount
        banks["interbank_lent"][creditor] += amount
        lines[debtor] += 1
    return banks


def cleared(banks: np.ndarray, recovery: float = 1.0, switch: bool = True) -> np.ndarray:
    markets = MARKET.open(5)
    markets["price"] = 1.0
    clear_failed_banks(banks, markets, recovery, switch)
    return banks["payout"]


def test_a_chain_passes_on_what_it_gets() -> None:
    banks = network([60.0, 40.0, 10.0], [0.0, 0.0, 95.0], {(0, 1): 100.0, (1, 2): 125.0})
    assert cleared(banks) == pytest.approx([0.6, 0.8, 1.0], **EXACT)


def test_a_ring_that_owes_itself_more_than_it_has_still_pays_all_it_can() -> None:
    """Two banks owe each other 100 and depositors 100; one has 100 outside, the other 30.

    p1 200 = 100 + 100 p2 and p2 200 = 30 + 100 p1 give p1 = 230 / 300, p2 = 160 / 300.
    """
    banks = network([100.0, 30.0], [100.0, 100.0], {(0, 1): 100.0, (1, 0): 100.0})
    assert cleared(banks) == pytest.approx([230.0 / 300.0, 160.0 / 300.0], **EXACT)


def test_the_greatest_of_several_solutions_is_found() -> None:
    """Two banks that owe each other alike and have nothing else can pay all, or nothing: they pay all."""
    assert cleared(network([0.0, 0.0], [0.0, 0.0], {(0, 1): 50.0, (1, 0): 50.0})) == pytest.approx([1.0, 1.0])


def test_what_a_receiver_loses_on_loans_lowers_what_is_paid() -> None:
    banks = network([20.0], [100.0], {})
    banks["loans"][0] = 40.0, 50.0
    assert cleared(banks, recovery=0.8) == pytest.approx([0.92], **EXACT)


def test_without_the_channel_claims_on_failed_banks_count_in_full() -> None:
    debts = {(0, 1): 100.0, (1, 2): 125.0}
    assert cleared(network([60.0, 25.0, 10.0], [0.0, 0.0, 95.0], debts), switch=False) == pytest.approx([0.6, 1.0, 1.0])


@st.composite
def networks(draw: st.DrawFn) -> np.ndarray:
    n = draw(st.integers(2, 6))
    amount = st.floats(0.0, 100.0, allow_subnormal=False).map(lambda x: round(x, 3))
    debts = {}
    for debtor in range(n):
        others = [bank for bank in range(n) if bank != debtor]
        for creditor in draw(st.lists(st.sampled_from(others), max_size=N_BANK_LENDERS, unique=True)):
            debts[debtor, creditor] = draw(amount)
    outside, owed = (draw(st.lists(amount, min_size=n, max_size=n)) for _ in range(2))
    return network(outside, owed, debts)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(networks())
def test_payments_are_those_of_the_linear_programme(banks: np.ndarray) -> None:
    """Eisenberg and Noe (2001), lemma 4: the clearing vector maximises what is paid within what everybody has."""
    n = len(banks)
    owed = np.array([owed_by(bank) for bank in banks])
    shares = np.zeros((n, n))  # of what a debtor pays, the part that a creditor gets
    for debtor in range(n):
        for line in range(N_BANK_LENDERS):
            if owed[debtor] > 0.0:
                shares[debtor, banks["interbank_lender"][debtor, line]] += (
                    banks["interbank"][debtor, line] / owed[debtor]
                )
    best = linprog(
        -np.ones(n), A_ub=np.eye(n) - shares.T, b_ub=banks["reserves"], bounds=[(0.0, most) for most in owed]
    )
    assert best.status == 0
    np.testing.assert_allclose(cleared(banks) * owed, best.x, atol=1e-5)


def failed(economy: Economy, *rows: int) -> None:
    """Put these banks into receivership."""
    e = economy
    e._make_room_for_events()
    e.banks["failed"][list(rows)] = FAILED
    resolve_banks(
        e.banks, e.depositors, e.investors, e.dealers, e.pools, e.chasers, e.holders, e.stablecoins, e.traders,
        e.credit_funds, e.debtors, e.issuers, e.markets, e.settings, e.switches, e.day, e.journal, e.tick, e.events,
        e.counter,
    )  # fmt: skip


def hollow(economy: Economy, row: int, missing: float) -> None:
    """Take so much of a bank's bonds' and capital's cushion away: other securities that were worth nothing."""
    bank = economy.banks[row]
    lost = bank.debt + bank_capital(bank, economy.markets) + missing
    bank.other_securities -= lost
    economy.issuers["other_securities"][0] -= lost
    bank.capital = bank_capital(bank, economy.markets)


@pytest.mark.parametrize("on", [True, False])
def test_lenders_of_a_failed_bank_lose_their_part_or_the_public_pays(on: bool) -> None:
    economy = Economy(world(channels__interbank=on, banks__recovery=1), 1)
    row = int(np.argmax(economy.banks["interbank"].sum(axis=1)))
    hollow(economy, row, 50.0)
    opening = economy.balances()
    bank, owed = economy.banks[row], owed_by(economy.banks[row])
    capital = np.array([bank_capital(b, economy.markets) for b in economy.banks])
    lines, lenders = bank.interbank.copy(), bank.interbank_lender.copy()
    failed(economy, row)
    assert bank.payout == pytest.approx(1.0 - 50.0 / owed, **EXACT)
    lost = (1.0 - bank.payout) * lines
    change = np.array([bank_capital(b, economy.markets) for b in economy.banks]) - capital
    expected = np.zeros(len(change))
    if on:
        np.add.at(expected, lenders, -lost)
    others = np.arange(len(change)) != row
    assert change[others] == pytest.approx(expected[others], rel=1e-6, abs=1e-7)
    assert bank_capital(bank, economy.markets) == pytest.approx(0.0, abs=1e-6), "all it has is paid out"
    assert bank.debt == pytest.approx(0.0, abs=1e-9), "bondholders came last"
    assert economy.day["moved"][0, INTERBANK] == pytest.approx(lost.sum() if on else 0.0, **EXACT)
    assert len(of_kind(economy, "bank_loss")) == on * (lost > 0).sum()
    assert economy.day["public_cost"][0] > lost.sum() * (not on)
    economy._prove(opening, "resolve")


def test_losses_on_each_other_make_banks_fail_together_and_books_close() -> None:
    economy = Economy(world(), 1)
    rows = np.argsort(-economy.banks["interbank"].sum(axis=1))[:3]
    for row in rows:
        hollow(economy, int(row), 30.0)
    opening = economy.balances()
    failed(economy, *map(int, rows))
    assert (economy.banks["payout"][rows] < 1.0).all()
    assert (economy.banks["failed"][rows] == RESOLVED).all()
    others = np.setdiff1d(np.arange(len(economy.banks)), rows)
    assert (economy.banks["payout"][others] == 1.0).all()
    economy._prove(opening, "resolve")
