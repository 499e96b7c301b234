"""Channel `finite_buyers`: those who buy bargains have so much cash and courage, and then no more.

Cash in the market (Allen and Gale 1994): as the buyers' budget runs down, discounts heal more slowly and
offers find no taker. Notes have a budget of their own; nobody pays with money that he does not have. Without the
channel the other side of the market is bottomless.
"""

from __future__ import annotations

from abm.agents.long_term_investor import N_BUDGETS, budget_for
from abm.agents.stablecoin_issuer import N_ISSUERS
from abm.compiled import rule


@rule
def buyers_capacity(investors, k):
    """Return what is left of the budgets of all who buy in market k, as a share of normal, between 0 and 1."""
    left = 0.0
    normal = 0.0
    kind = budget_for(k)
    for row in range(investors.shape[0]):
        if investors[row].share[k] > 0.0:
            left += investors[row].budget[kind]
            normal += investors[row].normal_budget[kind]
    return min(1.0, max(0.0, left / normal)) if normal > 0.0 else 0.0


@rule
def share_of_offers_taken(offered, investors, k, daily_share, switch):
    """Return the part of a day's net offers, in $bn, that buyers of market k can take: so much of their budget."""
    if not switch or offered <= 0.0:
        return 1.0
    left = 0.0
    for row in range(investors.shape[0]):
        if investors[row].share[k] > 0.0:
            left += max(investors[row].budget[budget_for(k)], 0.0)
    return min(1.0, daily_share * left / offered)


@rule
def share_that_cash_pays(taken, investors, k, switch):
    """Return the part of what buyers of market k would take today, in $bn, that they have the cash for."""
    if not switch or taken <= 0.0:
        return 1.0
    cash = 0.0
    for row in range(investors.shape[0]):
        if investors[row].share[k] > 0.0:
            cash += max(investors[row].deposit, 0.0)
            for place in range(N_ISSUERS):  # crypto is paid in coins too
                cash += max(investors[row].coins[place], 0.0)
    return min(1.0, cash / taken)


@rule
def healing(market, capacity, settings, switch):
    """Return the part of a discount that heals in a day: more for a bargain, less when buyers run out.

    rho = (1 / days) * (1 + |discount| / bargain) * capacity for a discount, at most 1. Bills use up nobody's budget.
    """
    discount = market.discount
    speed = (1.0 + abs(discount) / settings.bargain_discount) / market.discount_days
    if switch and discount < 0.0:
        speed *= capacity
    return min(1.0, speed)


@rule
def rebuild_budgets(investors, settings):
    """Let budgets return to normal slowly, as savings come in; what was bought today is already gone."""
    days = settings[0].buyers.recovery_days
    for row in range(investors.shape[0]):
        investor = investors[row]
        for kind in range(N_BUDGETS):
            investor.budget[kind] += (investor.normal_budget[kind] - investor.budget[kind]) / days
