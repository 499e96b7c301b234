"""Clearing of debts: Eisenberg and Noe (2001), with the costs of default of Rogers and Veraart (2013).

    p_i = d_i if what i has covers its debts d_i, else alpha e_i + beta sum_j L_ji p_j / d_j

The public function is held against networks solved by hand, rings that converge slowly, SciPy's linear programme
(the most that can be paid) and, where default costs make several solutions possible, all sets of defaulters; the
engine's clearing of failed banks is held against the public function on the network of their books.
"""

from __future__ import annotations

import itertools

import numpy as np

from abm.clearing import clearing_payments
from abm.evidence.check import CLOSED_FORMS, Check, Curve, Judged, Picture, Runs, exact
from abm.evidence.closed_forms.worlds import still

Network = tuple[np.ndarray, np.ndarray]  # debts (n, n), debtors by creditors; outside assets (n,)

# liabilities, outside assets, recovery of assets and of claims, payments by hand
WORKED = (
    # The first two owe more than they have and get: 2 + 5 = 7, 1 + 7 = 8; the third gets 8 and owes 5.
    ([[0, 10, 0], [0, 0, 10], [5, 0, 0]], [2, 1, 0], 1.0, 1.0, [7, 8, 5]),
    # A ring of equal debts: nobody has anything, and all can pay.
    ([[0, 6, 0], [0, 0, 6], [6, 0, 0]], [0, 0, 0], 1.0, 1.0, [6, 6, 6]),
    # A chain passes on what it gets, the part for depositors (the last column) too.
    ([[0, 100, 0], [0, 0, 125], [0, 0, 0]], [60, 40, 0], 1.0, 1.0, [60, 100, 0]),
    # One default costs half of the outside assets and a fifth of the claims: 0.5 x 4 = 2, then 0.5 x 1 + 0.8 x 2 = 2.1.
    ([[0, 10, 0], [0, 0, 8], [0, 0, 0]], [4, 1, 0], 0.5, 0.8, [2, 2.1, 0]),
    # Two who owe each other 10 and have 1 each, with half of all lost in default: payment in full clears, and so does
    # p = 0.5 + 0.5 p = 1. The greatest counts.
    ([[0, 10], [10, 0]], [1, 1], 0.5, 0.5, [10, 10]),
    # They owe depositors 3 more each: 10 + 1 < 13. p = 0.5 + 0.5 x 10/13 p gives p = 13/16 each.
    ([[0, 10, 3], [10, 0, 3], [0, 0, 0]], [1, 1, 0], 0.5, 0.5, [13 / 16, 13 / 16, 0]),
)
LEAKS = (1e-3, 1e-5, 1e-7, 1e-9)  # part of each payment that leaves a ring
DRAWN = 60  # networks a seed
BANKS = {"banks.count": 8, "banks.interbank": 2500.0}  # ten times the loans between banks of the shipped world
SOLVER = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}  # HiGHS's least


def judge(_runs: Runs, seeds: int) -> Judged:
    rng = np.random.default_rng(1)
    networks = [draw(rng, int(rng.integers(2, 13))) for _ in range(DRAWN * seeds)]
    small = [draw(rng, int(rng.integers(2, 7))) for _ in range(DRAWN * seeds)]
    rates = rng.uniform(0.2, 1.0, (len(small), 2))
    gaps = {
        "worked_cases": [worked_error(*case) for case in WORKED],
        "slow_rings": [ring_error(leak) for leak in LEAKS],
        "linear_programme": [gap_to_linear_programme(*network) for network in networks],
        "greatest": [gap_to_greatest(*network, *rate) for network, rate in zip(small, rates, strict=True)],
        "engine": [gap_to_engine(rng) for _ in range(DRAWN * seeds)],
    }
    largest = {name: max(found) for name, found in gaps.items()}
    picture = Picture(
        title="What cannot be paid in full is shared as Eisenberg and Noe say, by the engine's own rule",
        x="case",
        y="largest error, $bn or share of the debt",
        names=[name.replace("_", " ") for name in largest],
        curves=[
            Curve("largest error", range(len(largest)), [max(gap, 1e-17) for gap in largest.values()], joined=False)
        ],
        allowed=(None, 1e-9),
        log_y=True,
        words="Rounding is about 1e-16; points at 1e-17 are exact.",
    )
    return Judged({name: exact(gap) for name, gap in largest.items()}, picture)


def worked_error(debts: list, assets: list, of_assets: float, of_claims: float, by_hand: list) -> float:
    paid = clearing_payments(debts, assets, recovery_of_assets=of_assets, recovery_of_claims=of_claims).payments
    return float(np.abs(paid - by_hand).max())


def ring_error(leak: float) -> float:
    """Two banks owe each other 1 - leak and depositors leak; each has outside assets of half of that: half is paid.

    p = leak / 2 + (1 - leak) p. Iteration from payment in full needs about 20 / leak rounds.
    """
    debts = np.array([[0.0, 1.0 - leak, leak], [1.0 - leak, 0.0, leak], [0.0, 0.0, 0.0]])
    paid = clearing_payments(debts, [leak / 2.0, leak / 2.0, 0.0]).payments
    return float(np.abs(paid[:2] - 0.5).max())


def draw(rng: np.random.Generator, n: int) -> Network:
    """A network in which some can pay and some cannot: debts log-normal, half of them absent."""
    debts = rng.lognormal(0.0, 1.0, (n, n)) * (rng.random((n, n)) < 0.5)
    np.fill_diagonal(debts, 0.0)
    net = debts.sum(axis=1) - debts.sum(axis=0)
    return debts, np.maximum(0.0, net) * rng.uniform(0.0, 1.2, n) + rng.uniform(0.0, 0.1, n)


def gap_to_linear_programme(debts: np.ndarray, assets: np.ndarray) -> float:
    """max sum p with p_i <= e_i + sum_j L_ji p_j / d_j and 0 <= p_i <= d_i."""
    from scipy.optimize import linprog

    owed = debts.sum(axis=1)
    shares = debts / np.where(owed > 0.0, owed, 1.0)[:, None]
    best = linprog(
        -np.ones(len(owed)),
        A_ub=np.eye(len(owed)) - shares.T,
        b_ub=assets,
        bounds=[(0.0, most) for most in owed],
        options=SOLVER,
    )
    return float(np.abs(clearing_payments(debts, assets).payments - best.x).max() / max(owed.max(), 1e-300))


def gap_to_greatest(debts: np.ndarray, assets: np.ndarray, of_assets: float, of_claims: float) -> float:
    """Try every set of defaulters, keep those that are their own, and take the greatest payments among them."""
    found = clearing_payments(debts, assets, recovery_of_assets=of_assets, recovery_of_claims=of_claims).payments
    n, owed = len(assets), debts.sum(axis=1)
    shares = (debts / np.where(owed > 0.0, owed, 1.0)[:, None]).T  # of what the column pays, that the row gets
    greatest = np.zeros(n)
    for chosen in itertools.product((False, True), repeat=n):
        fails = np.array(chosen)
        paid = np.where(fails, 0.0, owed)
        inside = np.ix_(fails, fails)
        come = of_assets * assets[fails] + of_claims * shares[np.ix_(fails, ~fails)] @ owed[~fails]
        try:
            paid[fails] = np.linalg.solve(np.eye(int(fails.sum())) - of_claims * shares[inside], come)
        except np.linalg.LinAlgError:
            continue
        if np.array_equal(assets + shares @ paid < owed, fails):
            greatest = np.maximum(greatest, paid)
    return float(np.abs(found - greatest).max() / max(owed.max(), 1e-300))


def gap_to_engine(rng: np.random.Generator) -> float:
    """Banks of a drawn world fail together, some of them hollow, and are cleared as in a run: what is paid on a dollar.

    In half of the worlds all of them fail, owe each other in a ring, and have hardly any depositors: then rounds from
    payment in full would take for ever.
    """
    from abm.agents.bank import N_BANK_LENDERS
    from abm.contagion.fund_default_losses import FAILED
    from abm.contagion.interbank import clear_failed_banks, owed_by, value_to_receiver
    from abm.economy import Economy

    economy = Economy(still(BANKS), int(rng.integers(1000)))
    banks, markets, recovery = economy.banks, economy.markets, economy.scenario.banks.recovery
    failed = rng.permutation(len(banks))
    if rng.random() < 0.5:
        banks["deposits"] *= 10.0 ** rng.uniform(-6.0, -1.0)  # a millionth: what books round to is then 1e-11 of it
        banks["interbank_lender"][failed] = np.roll(failed, 1)[:, None]
        banks["interbank"] = rng.uniform(50.0, 100.0)
    else:
        failed = failed[: rng.integers(2, len(banks) + 1)]
    banks["failed"][failed] = FAILED
    m = len(failed)
    place = np.full(len(banks), m)  # all who did not fail, and depositors, are one creditor more
    place[failed] = np.arange(m)
    debts = np.zeros((m + 1, m + 1))
    for row in failed:
        debts[place[row], m] += banks["deposits"][row] + banks["support"][row]
        for line in range(N_BANK_LENDERS):
            debts[place[row], place[banks["interbank_lender"][row, line]]] += banks["interbank"][row, line]
    owed, claims = debts.sum(axis=1), debts.sum(axis=0)
    assets = np.zeros(m + 1)
    for row in failed:
        i = place[row]
        assets[i] = rng.uniform(0.0, 1.1) * max(0.0, owed[i] - claims[i])
        banks["other_securities"][row] += assets[i] + claims[i] - value_to_receiver(banks[row], markets, recovery, 0.0)
    clear_failed_banks(banks, markets, recovery, True)
    expected = clearing_payments(debts, assets).payments[:m] / [owed_by(banks[row]) for row in failed]
    return float(np.abs(banks["payout"][failed] - expected).max())


CHECK = Check(
    "clearing",
    CLOSED_FORMS,
    "Mutual debts are cleared",
    "Eisenberg and Noe (2001); Rogers and Veraart (2013)",
    judge,
    seeds=3,
    quick_seeds=1,
    about="Payments of networks whose debtors cannot all pay, by the public function and by the engine.",
)
