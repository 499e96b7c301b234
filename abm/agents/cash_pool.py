"""Cash pools: money-market funds and treasurers who lend repo, hold bills and keep uninsured deposits.

They never buy equity or notes, and step back from dealers who look weak (`contagion/dealer_runs.py`).
"""

from __future__ import annotations

from abm.compiled import rule
from abm.ledger.chart import AI_EQUITY, BILLS, DEPOSITS, N_TRADED, OTHER_SECURITIES, REPO
from abm.records import Record, asset, intent, pointer, term

CASH_POOL = Record(
    "pool",
    (
        term("id", "identity", "the pool's own number", kind="i8"),
        term("sector", "column", "its sector in the chart of accounts", kind="i8"),
        pointer("bank", "banks"),
        term("opening_deposit", "$bn", "cash that it means to keep"),
        asset("units", AI_EQUITY, "Treasury bills held", size=N_TRADED),
        asset("other_securities", OTHER_SECURITIES, "other paper, taken when there are no bills"),
        asset("repo_lent", REPO, "lent to dealers against securities"),
        asset("deposit", DEPOSITS, "cash at its bank", at="bank"),
        intent("orders", "units", "bills to buy (+) or sell (-)", size=N_TRADED),
    ),
)


@rule
def put_cash_into_bills(pools, markets, settings, switches):
    """State orders that bring cash slowly to what pools mean to keep; what they owe comes out of bills at once.

    order = (deposit - opening deposit) / days, at most the deposit itself, at least minus the bills held

    That is everyday trading, and off with it.
    """
    if not switches[0].ordinary_trading:
        return
    price = markets[BILLS].price
    for row in range(pools.shape[0]):
        pool = pools[row]
        spare = (pool.deposit - pool.opening_deposit) / settings[0].pools.bill_days
        pool.orders[BILLS] = max(min(spare, pool.deposit) / price, -pool.units[BILLS])
