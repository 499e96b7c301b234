"""The markets, in the order of the chart of accounts: one file each and one line here."""

from __future__ import annotations

from abm.markets import ai_equity, bills, broad_equity, crypto, notes

MARKETS = (ai_equity.MARKET, broad_equity.MARKET, notes.MARKET, bills.MARKET, crypto.MARKET)
