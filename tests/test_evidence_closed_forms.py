"""Closed forms: the public clearing function and its properties, the checks, and that each of them can fail."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import abm
from abm.economy import Economy
from abm.errors import InputError
from abm.evidence.check import Runs
from abm.evidence.closed_forms import clearing, leverage_targeting, margin_arithmetic, redemption, threshold_selling
from abm.evidence.closed_forms.worlds import one_fund, shocks, still
from abm.evidence.targets import targets_of

pytestmark = pytest.mark.slow

EXACT = {"rel": 1e-9, "abs": 1e-9}
RING = [[0, 10, 0], [0, 0, 10], [5, 0, 0]]


def judged(check: Any) -> dict[str, float]:
    """What a check measures, and that every target that it must meet is met."""
    measured = {name: found.value for name, found in check.judge(Runs({}), 1).measured.items()}
    for target in targets_of(check.name):
        assert target.holds(measured[target.name]) is not False, (target.name, measured[target.name])
    return measured


@st.composite
def networks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Debts (n, n) and outside assets (n,), to a thousandth: of few thousandths many come to the same."""
    n, most = draw(st.integers(1, 6)), draw(st.sampled_from([4, 100_000]))
    amount = st.integers(0, most).map(lambda thousandths: thousandths / 1000.0)
    debts = np.array(draw(st.lists(amount, min_size=n * n, max_size=n * n))).reshape(n, n)
    keep = np.array(draw(st.lists(st.booleans(), min_size=n * n, max_size=n * n))).reshape(n, n)
    debts[~keep] = 0.0
    np.fill_diagonal(debts, 0.0)
    return debts, np.array(draw(st.lists(amount, min_size=n, max_size=n))) * draw(st.sampled_from([0.0, 0.1, 1.0]))


rates = st.floats(0.0, 1.0)
many = settings(max_examples=80, deadline=None, derandomize=True)


def test_the_ring_of_the_source() -> None:
    payments, defaults = abm.clearing_payments(RING, [2, 1, 0])
    assert payments == pytest.approx([7, 8, 5], **EXACT)
    assert defaults.tolist() == [True, True, False]


# Debtor 5 gets to the last digit what he owes: whether he is in default is rounding, and with him all are in a ring.
ON_THE_EDGE = np.zeros((6, 6))
for debtor, creditor, owed in ((0, 4, 1), (0, 5, 199), (1, 3, 12), (3, 0, 12), (4, 1, 1), (5, 1, 11)):
    ON_THE_EDGE[debtor, creditor] = owed / 1000.0
INTO_A_RING = np.array([[0.0, 0.0, 10.0, 0.0], [142.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 169.0], [0.0, 0.0, 94.0, 0.0]])


@many
@example((ON_THE_EDGE, np.zeros(6)))
@example((INTO_A_RING, np.zeros(4)))
@given(networks())
def test_payments_are_those_of_the_linear_programme(network: tuple[np.ndarray, np.ndarray]) -> None:
    debts, assets = network
    owed = debts.sum(axis=1)
    shares = debts / np.where(owed > 0.0, owed, 1.0)[:, None]
    best = linprog(
        -np.ones(len(owed)), A_ub=np.eye(len(owed)) - shares.T, b_ub=assets, bounds=[(0.0, most) for most in owed]
    )
    assert best.status == 0
    np.testing.assert_allclose(abm.clearing_payments(debts, assets).payments, best.x, atol=1e-7)


@many
@given(networks(), rates, rates)
def test_payments_clear_within_limited_liability(
    network: tuple[np.ndarray, np.ndarray], of_assets: float, of_claims: float
) -> None:
    """Nobody pays more than he owes; who is not in default pays all of it, and who is pays all that is left to him."""
    debts, assets = network
    paid, fails = abm.clearing_payments(debts, assets, recovery_of_assets=of_assets, recovery_of_claims=of_claims)
    owed = debts.sum(axis=1)
    received = (debts * (paid / np.where(owed > 0.0, owed, 1.0))[:, None]).sum(axis=0)  # each his share
    assert (paid >= 0.0).all()
    assert (paid <= owed).all()
    assert paid[~fails].tolist() == owed[~fails].tolist()
    assert (assets + received)[~fails] == pytest.approx(np.maximum(owed, assets + received)[~fails], rel=1e-12)
    np.testing.assert_allclose(paid[fails], (of_assets * assets + of_claims * received)[fails], rtol=1e-12, atol=1e-12)


@many
@given(networks(), rates, rates, st.floats(0.0, 1.0))
def test_more_money_never_lowers_a_payment_and_lower_recovery_never_raises_one(
    network: tuple[np.ndarray, np.ndarray], of_assets: float, of_claims: float, part: float
) -> None:
    debts, assets = network
    terms = {"recovery_of_assets": of_assets, "recovery_of_claims": of_claims}
    paid = abm.clearing_payments(debts, assets, **terms).payments
    slack = 1e-10
    assert (abm.clearing_payments(debts, assets + part, **terms).payments >= paid - slack).all()
    for name, value in terms.items():
        lower = abm.clearing_payments(debts, assets, **(terms | {name: part * value})).payments
        assert (lower <= paid + slack).all(), name


@many
@given(st.lists(st.floats(0.001, 100.0), min_size=1, max_size=6))
def test_debts_that_cancel_are_paid_in_full_out_of_nothing(amounts: list[float]) -> None:
    """Everybody owes what he is owed, in rings within rings: sums in another order round otherwise."""
    n = len(amounts) + 1
    debts = sum(amount * np.roll(np.eye(n), step, axis=1) for step, amount in enumerate(amounts, 1))
    for recovery in (1.0, 0.3):
        paid, fails = abm.clearing_payments(
            debts, np.zeros(n), recovery_of_assets=recovery, recovery_of_claims=recovery
        )
        np.testing.assert_allclose(paid, sum(amounts), rtol=1e-12)
        assert not fails.any()


def test_of_several_solutions_the_greatest_is_found() -> None:
    """Rogers and Veraart (2013): with costs of default both payment in full and 1 each clear."""
    both = [[0, 10], [10, 0]]
    paid, fails = abm.clearing_payments(both, [1, 1], recovery_of_assets=0.5, recovery_of_claims=0.5)
    assert paid.tolist() == [10, 10]
    assert not fails.any()


@pytest.mark.parametrize("leak", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_ring_that_hardly_anything_leaves_is_solved_exactly(leak: float) -> None:
    assert clearing.ring_error(leak) < 1e-12


@pytest.mark.parametrize(
    ("liabilities", "assets", "terms", "words"),
    [
        ([[0, 1]], [1], {}, "square"),
        ([0, 1], [1, 1], {}, "square"),
        ([[0, 1], [1, 0]], [1], {}, "a number for each of 2 debtors"),
        ([[0, 1], [1, 0]], [[1], [1]], {}, "a number for each of 2 debtors"),
        ([[1, 1], [1, 0]], [1, 1], {}, "debtor 0 owes to himself"),
        ([[0, -1], [1, 0]], [1, 1], {}, "-1.0 is among them"),
        ([[0, np.nan], [1, 0]], [1, 1], {}, "nan is among them"),
        ([[0, 1], [1, 0]], [np.inf, 1], {}, "inf is among them"),
        ([[0, 1], [1, 0]], [-0.5, 1], {}, "-0.5 is among them"),
        ([[0, 1e308], [1e308, 0]], [1e308, 1], {}, "too large"),
        ([[0, "x"], [1, 0]], [1, 1], {}, "no table of numbers"),
        ([[0, 1], [1]], [1, 1], {}, "no table of numbers"),
        (RING, [2, 1, 0], {"recovery_of_assets": 1.5}, "from 0 to 1"),
        (RING, [2, 1, 0], {"recovery_of_claims": np.nan}, "from 0 to 1"),
        (RING, [2, 1, 0], {"recovery_of_claims": "1"}, "from 0 to 1"),
    ],
)
def test_what_is_no_network_is_refused_in_one_sentence(
    liabilities: Any, assets: Any, terms: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        abm.clearing_payments(liabilities, assets, **terms)


def test_arguments_are_left_as_they_were() -> None:
    debts, assets = np.array(RING, float), np.array([2.0, 1.0, 0.0])
    abm.clearing_payments(debts, assets)
    assert debts.tolist() == RING
    assert assets.tolist() == [2, 1, 0]


@pytest.mark.slow
def test_the_clearing_check_holds() -> None:
    judged(clearing.CHECK)


@pytest.mark.slow
def test_the_engine_clears_as_the_public_function_does() -> None:
    """Banks of drawn worlds, with and without many depositors: in rounds, and where these are slow exactly."""
    rng = np.random.default_rng(7)
    assert max(clearing.gap_to_engine(rng) for _ in range(30)) < 1e-9


def test_the_error_of_the_fire_sale_formula_falls_with_the_square_of_the_shock() -> None:
    assert judged(leverage_targeting.CHECK)["vulnerability"] == pytest.approx(2.0, abs=0.01)


def test_funds_of_that_world_have_the_leverage_that_they_target_and_differ_in_their_books() -> None:
    economy = Economy(still(leverage_targeting.world()), 0)
    units, own = economy.funds["units"], economy.funds["net_asset_value"]
    hedge = economy.funds["owner"] >= 0
    assert units.sum(axis=1)[hedge] / own[hedge] == pytest.approx(1.0 / leverage_targeting.MAINTENANCE, **EXACT)
    accounts = units.sum(axis=1)[~hedge] / own[~hedge]
    assert accounts == pytest.approx(1.0 / leverage_targeting.MAINTENANCE_ACCOUNT, **EXACT)
    assert len(np.unique(np.round(units[:, 0] / own, 6))) > 5


@pytest.mark.slow
def test_the_threshold_check_holds() -> None:
    found = judged(threshold_selling.CHECK)
    assert found["sold_at"] == pytest.approx(1.0, **EXACT)
    assert found["law_gap"] > 0.01, "the laws are not the same"


@pytest.mark.parametrize("fall", [0.05, 0.0624, 0.0626, 0.2, 0.24])
def test_sales_above_the_threshold_are_those_of_the_formula(fall: float) -> None:
    day = threshold_selling.sale(threshold_selling.THRESHOLD, fall)
    assert day.sold == pytest.approx(threshold_selling.threshold_share(fall), abs=1e-12)
    assert day.sold == pytest.approx(day.expected, abs=1e-12)
    if fall > 0.0625:
        assert day.sold > 1.0 - threshold_selling.BUFFER


def test_the_whole_book_is_sold_by_both_formulas_when_own_money_is_gone() -> None:
    gone = 1.0 / threshold_selling.LEVERAGE
    assert threshold_selling.threshold_share(gone) == pytest.approx(1.0)
    assert threshold_selling.targeter_share(gone) == pytest.approx(1.0)


@pytest.mark.slow
def test_the_margin_check_holds() -> None:
    judged(margin_arithmetic.CHECK)


def test_one_fund_has_the_books_that_its_world_says() -> None:
    fund = Economy(still(one_fund(5.0, 0.2, ai_equity=0.5, notes=0.3)), 0).funds[0]
    assert fund.units == pytest.approx([250.0, 0.0, 150.0, 0.0, 0.0])
    assert fund.other_securities == pytest.approx(100.0)
    assert fund.net_asset_value == pytest.approx(100.0)


def test_nothing_moves_but_what_is_shocked() -> None:
    economy = Economy(still(one_fund(2.0, 0.25) | shocks({"notes": 0.1})), 3)
    economy.advance()
    assert economy.markets["price"] == pytest.approx([1.0, 1.0, 0.9, 1.0, 1.0], **EXACT)
    assert (economy.markets["price"][[0, 1, 3, 4]] == 1.0).all()


def test_the_redemption_check_holds() -> None:
    judged(redemption.CHECK)


@pytest.mark.parametrize(("runners", "cap"), [(0.1, 0.05), (0.1, 0.15), (0.4, 0.05), (0.4, 0.15)])
def test_a_covered_coin_is_back_at_par_when_the_last_is_paid(runners: float, cap: float) -> None:
    days, idle = redemption.days_below(runners, cap)
    assert days.tolist() == [redemption.delay(runners, cap)] * 2
    assert not idle.any()
