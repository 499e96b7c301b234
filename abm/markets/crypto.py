"""Crypto: nobody's debt. Its long-term holders take the other side of what funds trade."""

from __future__ import annotations

from abm.markets.market import Market

MARKET = Market(name="crypto", label="Crypto")
