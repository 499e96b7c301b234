"""The checks, in the order of the table."""

from __future__ import annotations

from abm.evidence import books, closed_forms, quiet_world, regularities
from abm.evidence.check import Check
from abm.evidence.episodes import checks as episodes
from abm.evidence.stylised import checks as stylised

CHECKS: tuple[Check, ...] = (
    books.CHECK,
    *closed_forms.CHECKS,
    quiet_world.CHECK,
    *regularities.CHECKS,
    *stylised.CHECKS,
    *episodes.CHECKS,
    episodes.CHECK,
)
