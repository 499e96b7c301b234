"""Treasury bills: money that is not at a bank. They hardly move, and alone hurt nobody."""

from __future__ import annotations

from abm.markets.market import Market

MARKET = Market(name="bills", label="Treasury bills")
