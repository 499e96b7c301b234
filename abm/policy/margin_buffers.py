"""Policy `margin_buffers`: margins are higher in calm, and what is higher is used up before they rise.

times of calm = max(1 + buffer, what volatility, strain and likeness raise margins by)

The buffer of 25 % that European rules ask of central counterparties against procyclical margins (delegated
regulation 153/2013, Article 28), here asked of all who lend to funds: up to it, a rise calls nobody.
"""

from __future__ import annotations

from abm.compiled import rule


@rule
def tell_buffer(funds, buffer):
    """Tell the lenders of every fund and margin account what to ask for beyond their own margins in calm."""
    for row in range(funds.shape[0]):
        funds[row].margin_buffer = buffer
