"""Channel `margin_procyclicality`: margins rise with volatility and with the strain of the dealer who asks them.

Brunnermeier and Pedersen (2009): who finances positions asks for more when prices have moved much and when his
own funding leaves, which is when his customers can least pay.
"""

from __future__ import annotations

from abm.agents.leveraged_fund import ACTIVE, N_DEALERS, margin_requirement
from abm.channels import MARGIN_PROCYCLICALITY
from abm.compiled import rule
from abm.policy.expected_backstop import reckoned_volatility


@rule
def set_margins(markets, funds, dealers, authorities, settings, switches, days):
    """Set each market's margin factor, and each fund's by the strain of its dealers.

    goal of a market = 1 + volatility_response * max(0, volatility / (tolerance * normal volatility) - 1)
                       in markets calmer than normal 1 + volatility_response * (volatility / normal volatility - 1),
                       at least `calm_factor`
    factor of a fund = 1 + strain_response * strain of its dealers, weighted by its business with each

    Volatility is that reckoned with (`policy/expected_backstop.py`). A market's factor is reached by
    1 / factor_days of the distance a day; strain is slow in itself. Likeness comes on top; whatever comes together,
    no margin rises by more than `largest_factor`. Without the channel all factors are one. What moves is the day's
    rise of all funds' requirements together.
    """
    if not switches[0].margin_procyclicality:
        for k in range(markets.shape[0]):
            markets[k].margin_factor = 1.0
        for row in range(funds.shape[0]):
            funds[row].margin_factor = 1.0
        return
    margin, tolerance = settings[0].margin, settings[0].markets.volatility_tolerance
    before = 0.0
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status == ACTIVE:
            fund.margin_factor /= 1.0 + fund.likeness  # which is looked for anew after this
            before += margin_requirement(fund, markets, margin)
    for k in range(markets.shape[0]):
        market = markets[k]
        volatility = reckoned_volatility(market, k, authorities[0], settings[0].policy)
        excess = volatility / (tolerance * market.normal_volatility) - 1.0
        goal = min(1.0 + margin.volatility_response * max(0.0, excess), margin.largest_factor)
        calmer = 1.0 - volatility / market.normal_volatility
        if calmer > 0.0:
            goal = min(goal, max(margin.calm_factor, 1.0 - margin.volatility_response * calmer))
        market.margin_factor += (goal - market.margin_factor) / margin.factor_days
    after = 0.0
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status == ACTIVE:
            strain = 0.0
            for line in range(N_DEALERS):
                strain += fund.line_share[line] * dealers[fund.dealer[line]].strain
            fund.margin_factor = min(1.0 + margin.strain_response * strain, margin.largest_factor)
            after += margin_requirement(fund, markets, margin)
    days[0].moved[MARGIN_PROCYCLICALITY] += max(0.0, after - before)
