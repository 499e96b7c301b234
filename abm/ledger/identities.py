"""Books close: what must hold after every phase of every tick, and the sentence when it does not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from abm.errors import CheckFailed
from abm.ledger.chart import (
    BROAD_EQUITY,
    CRYPTO,
    INSTRUMENTS,
    N_INSTRUMENTS,
    N_SECTORS,
    N_TRADED,
    REVALUATIONS,
    SECTORS,
    SECURITIES_LENT,
    TRANSACTIONS,
)
from abm.records import BOOKS, Field, Record

RELATIVE_TOLERANCE = 1e-9  # of the row's turnover
ABSOLUTE_TOLERANCE = 1e-6  # $bn

Tables = Mapping[str, np.ndarray]
Records = Mapping[str, Record]


def balances(tables: Tables, records: Records, prices: np.ndarray) -> np.ndarray:
    """Return every sector's net position by instrument, read from the books themselves.

    Shapes: prices (N_TRADED,) in $bn a unit; result (N_INSTRUMENTS, N_SECTORS) in $bn, assets +.
    """
    result = np.zeros((N_INSTRUMENTS, N_SECTORS))
    for name, table in tables.items():
        for field in records[name].part(BOOKS):
            assert field.instrument is not None
            amounts = table[field.name].reshape(len(table), field.size) * field.side
            if field.instrument < N_TRADED:
                for place, k in enumerate(_traded(field)):
                    result[k] += by_row(table["sector"], amounts[:, place] * prices[k], N_SECTORS)
            else:
                each = prices[BROAD_EQUITY] if field.instrument == SECURITIES_LENT else 1.0
                result[field.instrument] += by_row(table["sector"], amounts.sum(axis=1) * each, N_SECTORS)
    return result


def balance_sheet(agent: np.ndarray, record: Record, prices: np.ndarray) -> dict[str, float]:
    """Return what one agent owns (+) and owes (-) by instrument, in $bn; what is nought is left out.

    `agent` is a table of one row. What it owes of an instrument is taken off what it owns of it.
    """
    amounts = balances({record.name: agent}, {record.name: record}, prices).sum(axis=1)
    return {name: float(amount) for name, amount in zip(INSTRUMENTS, amounts, strict=True) if amount != 0.0}


def _traded(field: Field) -> list[int]:
    """Return the traded instruments of a field: a row of all of them, or one alone."""
    assert field.instrument is not None
    return [field.instrument] if field.size == 1 else list(range(N_TRADED))


def by_row(rows: np.ndarray, amounts: np.ndarray, count: int) -> np.ndarray:
    """Return the sum of amounts for each row from 0 to count - 1."""
    return np.bincount(rows, weights=amounts, minlength=count)


def unbalanced_claims(tables: Tables, records: Records, crypto: float) -> list[tuple[str, int, float]]:
    """Return (claim, instrument, debit minus credit) for every instrument, and for every named other side.

    Units are compared with the number issued, loans and deposits with what each named dealer, bank or
    owner has in its own books: neither side is ever worked out from the other. Crypto is nobody's debt: its
    `crypto` units are all there are.
    """
    totals = np.zeros(N_INSTRUMENTS)
    totals[CRYPTO] = -crypto
    for name, table in tables.items():
        for field in records[name].part(BOOKS):
            assert field.instrument is not None
            amounts = table[field.name].reshape(len(table), field.size) * field.side
            if field.instrument < N_TRADED:
                totals[_traded(field)] += amounts.sum(axis=0)
            else:
                totals[field.instrument] += amounts.sum()
    found = [(INSTRUMENTS[k], k, float(totals[k])) for k in range(N_INSTRUMENTS)]
    return found + _named_claims(tables, records)


def _named_claims(tables: Tables, records: Records) -> list[tuple[str, int, float]]:
    """Compare each named creditor's or debtor's own book with the sum over those who name it."""
    sums: dict[tuple[str, int], np.ndarray] = {}
    for name, table in tables.items():
        for field in records[name].part(BOOKS):
            if field.at is None or field.instrument is None:
                continue
            other = next(f.unit for f in records[name].fields if f.name == field.at).removeprefix("row of ")
            rows = table[field.at].ravel()
            amounts = table[field.name].ravel()
            known = rows >= 0
            total = sums.setdefault((other, field.instrument), np.zeros(len(tables[other])))
            total += by_row(rows[known], amounts[known], len(total))
    found = []
    for (other, instrument), total in sums.items():
        own = next(f.name for f in records[other].part(BOOKS) if f.instrument == instrument and f.at is None)
        gaps = tables[other][own] - total
        worst = int(np.argmax(np.abs(gaps)))
        found.append((f"{INSTRUMENTS[instrument]} at {other}:{worst}", instrument, float(gaps[worst])))
    return found


def check(
    tables: Tables,
    records: Records,
    prices: np.ndarray,
    crypto: float,
    journal: np.ndarray,
    opening: np.ndarray,
    place: str,
) -> None:
    """Raise unless every identity holds.

    Three kinds: both sides of every claim are equal; every row of the journal sums to zero; and the
    journal explains the change of every sector's balance sheet since the tick began. Each holds to
    within the larger of 1e-9 of the row's turnover and 1e-6 $bn.

    Shapes: prices (N_TRADED,); crypto, units there are; journal (2, N_INSTRUMENTS, N_SECTORS); opening balances
    at the start of the tick (N_INSTRUMENTS, N_SECTORS); place names tick and phase.
    Raises CheckFailed, naming phase, instrument and amount.
    """
    turnover = np.abs(journal).sum(axis=(0, 2))
    limits = np.maximum(RELATIVE_TOLERANCE * turnover, ABSOLUTE_TOLERANCE)
    # `not <=` rather than `>`: a NaN must fail too.
    for claim, k, gap in unbalanced_claims(tables, records, crypto):
        if not abs(gap) <= limits[k]:
            raise CheckFailed(f"{place}: {claim}: the two sides differ by {gap:.9g} $bn")
    for page, label in ((TRANSACTIONS, "transactions"), (REVALUATIONS, "revaluations")):
        for k, total in enumerate(journal[page].sum(axis=1)):
            nobodys_debt = k == CRYPTO and page == REVALUATIONS
            if not abs(total) <= limits[k] and not nobodys_debt:
                raise CheckFailed(f"{place}: {INSTRUMENTS[k]}: {label} sum to {total:.9g} $bn instead of zero")
    gaps = balances(tables, records, prices) - opening - journal.sum(axis=0)
    if not (np.abs(gaps) <= limits[:, None]).all():
        k, sector = np.unravel_index(np.argmax(np.abs(gaps) / limits[:, None]), gaps.shape)
        raise CheckFailed(
            f"{place}: {INSTRUMENTS[k]}: the journal leaves {gaps[k, sector]:.9g} $bn of {SECTORS[sector]} unexplained"
        )
