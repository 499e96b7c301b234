"""Channel `credit_tightening`: banks short of capital lend less."""

from __future__ import annotations

from abm.compiled import rule


@rule
def tighten_credit(banks, dealers, debtors, depositors, settings, switches, days, journal):
    """Let banks below their target renew fewer loans."""
