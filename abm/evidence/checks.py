"""The checks, in the order of the table."""

from __future__ import annotations

from abm.evidence import books, closed_forms
from abm.evidence.check import Check

CHECKS: tuple[Check, ...] = (books.CHECK, *closed_forms.CHECKS)
