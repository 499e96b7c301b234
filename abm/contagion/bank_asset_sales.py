"""Channel `bank_asset_sales`: banks short of capital or of cash sell securities."""

from __future__ import annotations

from abm.compiled import rule


@rule
def sell_securities(banks, markets, settings, switches, tick, days, events, counter):
    """State banks' sales of notes and bills."""
