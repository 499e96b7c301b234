"""Channel `real_economy`: lost wealth, investment and credit lower output, and debtors default."""

from __future__ import annotations

from abm.compiled import rule
from abm.records import Record, memory

OUTPUT = Record(
    "output",
    (
        memory("from_wealth", "log points", "output lost with share wealth"),
        memory("from_investment", "log points", "output lost with investment in AI"),
        memory("from_credit", "log points", "output lost with bank credit"),
        memory("defaults", "$bn", "loans lost today"),
    ),
)


@rule
def move_output(outputs, markets, banks, debtors, settings, switches, days, journal):
    """Let output follow wealth, investment and credit, and debtors default on banks."""
