"""The checks, in the order of the table."""

from __future__ import annotations

from abm.evidence import books, regularities
from abm.evidence.check import Check

CHECKS: tuple[Check, ...] = (books.CHECK, *regularities.CHECKS)
