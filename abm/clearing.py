"""Clearing: what debtors pay each other when some cannot pay in full (Eisenberg and Noe 2001; Rogers and Veraart 2013).

One rule, for failed banks in a run (`contagion/interbank.py`) and for any network of debts (`clearing_payments`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from abm.compiled import rule, rule_with_arrays
from abm.errors import InputError, shown

ON_THE_EDGE = 1e-13  # relative: whoever lacks less than this lacks rounding, and is not in default


class Clearing(NamedTuple):
    """What everybody pays, (n,), in the unit of the debts; and who cannot pay in full, (n,)."""

    payments: np.ndarray
    defaults: np.ndarray


def clearing_payments(
    liabilities: ArrayLike,
    outside_assets: ArrayLike,
    *,
    recovery_of_assets: float = 1.0,
    recovery_of_claims: float = 1.0,
) -> Clearing:
    """Find the payments that clear a network of debts: of all that do, the greatest for everybody.

    p_i = d_i if e_i + sum_j L_ji p_j / d_j >= d_i, and else, in default, alpha e_i + beta sum_j L_ji p_j / d_j;
    d_i = sum_j L_ij

    Creditors are paid in proportion, nobody pays more than he owes, and what is left to a debtor comes last. Those
    to whom money is owed from outside the network (depositors) are a row that owes nothing.

    Parameters: liabilities L, what debtor i (row) owes to creditor j (column), (n, n), not negative, with zeros on the
    diagonal; outside_assets e, what everybody has besides claims on each other, (n,), in the same unit, not negative;
    recovery_of_assets alpha, part of a defaulter's outside assets that reaches creditors, 0 to 1; recovery_of_claims
    beta, part of its claims on others that does, 0 to 1. Returns a Clearing, `payments` p and `defaults`, (n,) each.

    Raises InputError where an argument is none of that.

    References: Eisenberg and Noe (2001), Systemic risk in financial systems, Management Science 47; Rogers and
    Veraart (2013), Failure and rescue in an interbank network, Management Science 59.

    >>> clearing_payments([[0, 10, 0], [0, 0, 10], [5, 0, 0]], [2, 1, 0]).payments.round(9).tolist()
    [7.0, 8.0, 5.0]
    """
    debts = amounts(liabilities, "liabilities")
    assets = amounts(outside_assets, "outside_assets")
    if debts.ndim != 2 or debts.shape[0] != debts.shape[1]:
        raise InputError(f"liabilities: has shape {debts.shape}; allowed is a square table, debtors by creditors")
    if assets.shape != debts.shape[:1]:
        raise InputError(
            f"outside_assets: has shape {assets.shape}; allowed is a number for each of {len(debts)} debtors"
        )
    if debts.diagonal().any():
        debtor = int(np.flatnonzero(debts.diagonal())[0])
        raise InputError(f"liabilities: debtor {debtor} owes to himself; allowed are zeros on the diagonal")
    with np.errstate(over="ignore"):
        total = debts.sum() + assets.sum()
    if not np.isfinite(total):
        raise InputError("liabilities, outside_assets: their sum is too large; allowed are sums below 1e308")
    for name, part in (("recovery_of_assets", recovery_of_assets), ("recovery_of_claims", recovery_of_claims)):
        if isinstance(part, bool) or not isinstance(part, float | int | np.number) or not 0.0 <= part <= 1.0:
            raise InputError(f"{name} = {shown(part)} is not possible; allowed is a number from 0 to 1")
    return Clearing(
        *greatest_payments(debts, np.zeros(len(debts)), assets, float(recovery_of_assets), float(recovery_of_claims))
    )


def amounts(values: ArrayLike, name: str) -> np.ndarray:
    """Amounts of money as numbers that can be counted with."""
    try:
        table = np.array(values, dtype=float, order="C")
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name}: is no table of numbers; allowed are amounts of money") from error
    if not np.isfinite(table).all() or (table < 0.0).any():
        wrong = table[~np.isfinite(table) | (table < 0.0)].ravel()[0]
        raise InputError(f"{name}: {shown(float(wrong))} is among them; allowed are finite amounts, none below nought")
    return table


@rule_with_arrays
def greatest_payments(liabilities, owed_outside, assets, of_assets, of_claims):
    """Return what everybody pays, and who is in default: the greatest payments that clear.

    From payment in full on, whoever then lacks money joins those in default, and what these pay is solved for
    exactly, until nobody joins (fictitious default: Eisenberg and Noe 2001, section 3.1; Rogers and Veraart 2013,
    section 3). Each round takes at least one debtor, so that there are at most as many rounds as debtors.

    Parameters: liabilities (n, n) and owed_outside (n,), owed to those who are no debtors; assets (n,), not negative;
    of_assets, of_claims: recovery rates.
    """
    n = assets.shape[0]
    owed = owed_outside.copy()
    for debtor in range(n):
        for creditor in range(n):
            owed[debtor] += liabilities[debtor, creditor]
    paid = owed.copy()
    defaults = np.zeros(n, np.bool_)
    # Without costs of default it matters to nobody else on which side of the edge rounding puts a debtor; with them
    # it does, and rounding must not make a default.
    edge = ON_THE_EDGE if of_assets < 1.0 or of_claims < 1.0 else 0.0
    joined = True
    while joined:
        joined = False
        for row in range(n):
            if not defaults[row]:
                has = assets[row]
                for debtor in range(n):
                    if liabilities[debtor, row] > 0.0:
                        has += liabilities[debtor, row] * (paid[debtor] / owed[debtor])
                if has < (1.0 - edge) * owed[row]:
                    defaults[row] = True
                    joined = True
        if joined:
            pay_what_comes_in(liabilities, owed_outside, assets, of_assets, of_claims, owed, defaults, paid)
    for row in range(n):
        if defaults[row] and paid[row] >= (1.0 - ON_THE_EDGE) * owed[row]:
            defaults[row] = False
            paid[row] = owed[row]
    return paid, defaults


@rule_with_arrays
def pay_what_comes_in(liabilities, owed_outside, assets, of_assets, of_claims, owed, defaults, paid):
    """Let everybody in default pay all that comes in: alpha e + beta (what solvent and defaulted debtors pay).

    p_i = come_i + sum_j p_j passed_ji, with j in default. Debtors are taken out one after the other: what comes in
    to one goes on, in proportion, to the others and out of the circle. Nothing is subtracted, so that payments are
    right to rounding even in rings that hardly anything leaves (Grassmann, Taksar and Heyman 1985).
    """
    n = assets.shape[0]
    passed = np.zeros((n, n))  # part of what the row pays that reaches the column
    lost = np.zeros(n)  # part that leaves the circle of those in default
    come = np.zeros(n)  # what comes in from outside it
    going = np.zeros(n)  # part that does not come back to the payer through those who were taken out before
    for row in range(n):
        if not defaults[row]:
            continue
        lost[row] = owed_outside[row] / owed[row]
        come[row] = of_assets * assets[row]
        for other in range(n):
            part = liabilities[row, other] / owed[row]
            if defaults[other]:
                passed[row, other] = of_claims * part
                lost[row] += (1.0 - of_claims) * part
            else:
                lost[row] += part
                come[row] += of_claims * liabilities[other, row]
    for out in range(n - 1, -1, -1):
        if not defaults[out]:
            continue
        going[out] = lost[out]
        for row in range(out):
            going[out] += passed[out, row]
        if going[out] <= 0.0:  # the first member of a ring that nothing leaves: what others pay into it does not return
            for row in range(out):
                lost[row] += passed[row, out]
            continue
        for row in range(out):
            part = passed[row, out] / going[out]
            lost[row] += part * lost[out]
            for other in range(out):
                passed[row, other] += part * passed[out, other]
            come[row] += come[out] * (passed[out, row] / going[out])
    ring = np.full(n, -1)  # of whoever is in a ring that nothing leaves, its first member
    for row in range(n):
        if not defaults[row]:
            continue
        total = come[row]
        for other in range(row):
            if defaults[other]:
                total += paid[other] * passed[other, row]
                if passed[other, row] > 0.0 and ring[other] >= 0:
                    ring[row] = ring[other]
        if going[row] <= 0.0:
            ring[row] = row
            paid[row] = owed[row]
        elif ring[row] >= 0:
            paid[row] = total / going[row]
        else:
            paid[row] = min(owed[row], total / going[row])
    for first in range(n):
        if ring[first] == first:
            pay_in_a_ring(ring, first, owed, paid)


@rule
def pay_in_a_ring(ring, first, owed, paid):
    """Let a ring that nothing leaves pay as much as it can: all in proportion, until one of them pays in full.

    What goes round can be anything up to that; one member at least lacks no more than rounding.
    """
    part = 1.0
    for row in range(ring.shape[0]):
        if ring[row] == first and paid[row] > owed[row]:
            part = min(part, owed[row] / paid[row])
    for row in range(ring.shape[0]):
        if ring[row] == first:
            paid[row] = min(owed[row], part * paid[row])
