"""Published closed forms, one a file, through the agents, markets and clearing of every run."""

from __future__ import annotations

from abm.evidence.check import Check
from abm.evidence.closed_forms import clearing, leverage_targeting, margin_arithmetic, redemption, threshold_selling

CHECKS: tuple[Check, ...] = (
    clearing.CHECK,
    leverage_targeting.CHECK,
    threshold_selling.CHECK,
    margin_arithmetic.CHECK,
    redemption.CHECK,
)
