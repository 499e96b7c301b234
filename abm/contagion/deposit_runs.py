"""Channel `deposit_runs`: uninsured depositors leave a bank when they see it weak."""

from __future__ import annotations

from abm.compiled import rule


@rule
def leave_weak_banks(banks, depositors, settings, switches, tick, days, journal, events, counter):
    """Move uninsured deposits from banks that look weak to the strongest."""
