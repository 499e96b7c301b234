"""Published regularities as worlds of this program, each held against what its paper found."""

from __future__ import annotations

from abm.evidence.check import Check
from abm.evidence.regularities import (
    bubbles,
    cascades,
    channels_together,
    leverage_cycle,
    margin_spirals,
    reaction,
    tails_over_leverage,
)

CHECKS: tuple[Check, ...] = (
    tails_over_leverage.CHECK,
    cascades.CHECK,
    channels_together.CHECK,
    reaction.CHECK,
    margin_spirals.CHECK,
    leverage_cycle.CHECK,
    bubbles.CHECK,
)
