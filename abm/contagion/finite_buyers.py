"""Channel `finite_buyers`: those who buy bargains have so much cash and courage, and then no more.

Cash in the market (Allen and Gale 1994): as the buyers' budget runs down, discounts heal more slowly and
offers find no taker. Without the channel the other side of the market is bottomless.
"""

from __future__ import annotations

from abm.compiled import rule


@rule
def buyers_capacity(investors, k):
    """Return what is left of the budgets of all who buy in market k, as a share of normal, between 0 and 1."""
    left = 0.0
    normal = 0.0
    for row in range(investors.shape[0]):
        if investors[row].share[k] > 0.0:
            left += investors[row].budget
            normal += investors[row].normal_budget
    return min(1.0, max(0.0, left / normal)) if normal > 0.0 else 0.0


@rule
def share_of_offers_taken(offered, investors, k, daily_share, switch):
    """Return the part of a day's net offers, in $bn, that buyers of market k can take: so much of their budget."""
    if not switch or offered <= 0.0:
        return 1.0
    left = 0.0
    for row in range(investors.shape[0]):
        if investors[row].share[k] > 0.0:
            left += max(investors[row].budget, 0.0)
    return min(1.0, daily_share * left / offered)


@rule
def healing(discount, capacity, settings, switch):
    """Return the part of a discount that heals in a day: more for a bargain, less when buyers run out.

    rho = (1 / days) * (1 + |discount| / bargain) * capacity for a discount, at most 1.
    """
    speed = (1.0 + abs(discount) / settings.bargain_discount) / settings.discount_days
    if switch and discount < 0.0:
        speed *= capacity
    return min(1.0, speed)


@rule
def rebuild_budgets(investors, settings):
    """Let budgets return to normal slowly, as savings come in; what was bought today is already gone."""
    days = settings[0].buyers.recovery_days
    for row in range(investors.shape[0]):
        investor = investors[row]
        investor.budget += (investor.normal_budget - investor.budget) / days
