"""Threshold deleveraging: Cont and Schaanning (2017).

    nothing is sold up to leverage l_max; above it the share
    G = min((all assets - 0.95 l_max * own money) / marketable assets, 1)

Here l_max is 1 / maintenance margin, and 0.95 the buffer to which a call is sold down. With leverage L before a fall
f of all assets, the critical fall is 1 - (1 - 1/L) / (1 - 1/l_max), at which the share jumps from nought to 1 - 0.95.
A fund that keeps its leverage sells (L - 1) f / (1 - f) after the smallest fall.

Their price falls by the share (1 - B/S)(1 - exp(-q/delta)), towards a floor B that all sales together do not break.
The saturating law of this program has that form for the log price, with a limit for each day's sales: no choice of
its parameters makes the two equal. With the same depth and limit they agree to first order, and at no sale and at
one without end; the check measures the rest. Depth follows volatility and volume in the paper; here it is a number
of the scenario. A seller of the paper loses half of the fall that it makes on what it sells; here all of it, as
every order of a day is filled at the day's one price.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from abm.evidence.check import CLOSED_FORMS, Check, Curve, Judged, Picture, Runs, exact
from abm.evidence.closed_forms.edge import edge
from abm.evidence.closed_forms.margin_arithmetic import call_at
from abm.evidence.closed_forms.worlds import one_fund, shocks, still

LEVERAGE, MAINTENANCE, BUFFER = 4.0, 0.2, 0.95
THRESHOLD = one_fund(LEVERAGE, MAINTENANCE) | {"margin.buffer": BUFFER}
TARGETER = one_fund(LEVERAGE, 1.0 / LEVERAGE) | {"margin.buffer": 1.0}
MIXED = one_fund(LEVERAGE, MAINTENANCE, ai_equity=0.5, broad_equity=0.3, notes=0.2) | {"margin.buffer": BUFFER}
# A quarter of the book is inert and cannot be sold in a market: the rest is sold for it.
INERT = one_fund(LEVERAGE, MAINTENANCE, ai_equity=0.75) | {"margin.buffer": BUFFER, "margin.pro_rata_share": 0.0}
FALLS = np.array([0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.0624, 0.0626, 0.07, 0.08, 0.1, 0.12, 0.15, 0.2])
WORLDS = ((THRESHOLD, 1.0), (MIXED, 0.5), (INERT, 0.75))  # and the part of the book that the shock hits
LIMIT = 0.1  # log points, of the saturating law in the runs
FLOOR = 0.5  # of the price, in the comparison of the laws


class Sale(NamedTuple):
    """The day of the sale: part of AI equity sold, what the formula says, prices before and after, loss there.

    `sold_at` is the loss on what was sold, as a part of the fall of the price (none without a sale).
    """

    sold: float
    expected: float
    before: float
    after: float
    flow: float
    sold_at: float


def sale(world: dict[str, Any], fall: float) -> Sale:
    """A fall of AI equity's price, and what the fund sells on the day after."""
    from abm.economy import Economy
    from abm.ledger.chart import AI_EQUITY

    law = {"markets.ai_equity.impact": "saturating", "markets.ai_equity.impact_limit": LIMIT}
    economy = Economy(still(world | law | shocks({"ai_equity": fall})), 0)
    fund, market = economy.funds[0], economy.markets[AI_EQUITY]
    economy.advance(1)
    before, own, held = float(market.price), float(fund.net_asset_value), fund.units.copy()
    marketable = float(held @ economy.markets["price"][: len(held)])
    most, buffer = 1.0 / float(fund.maintenance[AI_EQUITY]), economy.scenario.margin.buffer
    assets = marketable + float(fund.other_securities)
    expected = min((assets - buffer * most * own) / marketable, 1.0) if assets > most * own * (1.0 + 1e-12) else 0.0
    economy.advance(2)
    units = float(held[AI_EQUITY] - fund.units[AI_EQUITY])
    drop = before - float(market.price)
    # In a book of AI equity alone: what it lost beyond the fall of what it still holds.
    on_sold = own - float(fund.net_asset_value) - float(fund.units[AI_EQUITY]) * drop
    sold_at = on_sold / (units * drop) if units > 0.0 else math.nan
    return Sale(units / float(held[AI_EQUITY]), expected, before, float(market.price), units, sold_at)


def threshold_share(fall: float) -> float:
    """G of a fund of one asset, from its terms alone."""
    if fall <= call_at(LEVERAGE, MAINTENANCE):
        return 0.0
    return min(1.0, 1.0 - BUFFER / MAINTENANCE * (1.0 - LEVERAGE * fall) / (LEVERAGE * (1.0 - fall)))


def targeter_share(fall: float) -> float:
    """What a fund of one asset sells that keeps its leverage: all assets less leverage times own money."""
    return (LEVERAGE - 1.0) * fall / (1.0 - fall)


def critical_fall(world: dict[str, Any]) -> float:
    """The fall of AI equity from which on the fund of a world sells."""
    return edge(lambda fall: sale(world, fall).sold > 0.0, 0.05, 0.15)


def own_law(before: float, units: float) -> float:
    """The price after a sale, by the saturating law of this program, in $."""
    terms = still(THRESHOLD).markets.ai_equity
    linear = terms.impact_multiplier * units / terms.capitalisation
    return before * math.exp(-LIMIT * (1.0 - math.exp(-linear / LIMIT)))


def laws(linear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Falls of the log price by the published law and by this program's, for sales that linearly make `linear` ones.

    Both have the depth of the linear law and the limit FLOOR of the price.
    """
    from abm.markets.market import MARKET
    from abm.markets.saturating_impact import saturating_impact

    market = MARKET.open(1)[0]
    market.units, market.impact_multiplier, market.impact_limit = 1.0, 1.0, -math.log(FLOOR)
    here = np.array([-saturating_impact(market, -units, 1.0) for units in linear])
    return -np.log1p(-(1.0 - FLOOR) * -np.expm1(-linear / (1.0 - FLOOR))), here


def judge(_runs: Runs, _seeds: int) -> Judged:
    threshold = [sale(THRESHOLD, float(fall)) for fall in FALLS]
    targeters = [sale(TARGETER, float(fall)) for fall in FALLS]
    mixed = [sale(world, float(fall)) for world, _ in WORLDS[1:] for fall in FALLS]
    critical = call_at(LEVERAGE, MAINTENANCE)
    curve = np.array([threshold_share(float(fall)) for fall in FALLS])
    sold = np.array([day.sold for day in threshold])
    small = 0.02 / 2.0 ** np.arange(6)
    gaps = np.abs(np.subtract(*laws(small)))
    errors = {
        "sold_share": max(np.abs(sold - curve).max(), *(abs(day.sold - day.expected) for day in mixed)),
        "critical_shock": max(abs(critical_fall(world) * part - critical) for world, part in WORLDS),
        "sold_below": float(sold[critical > FALLS].max()),
        "targeters": max(
            abs(day.sold - targeter_share(float(fall))) for day, fall in zip(targeters, FALLS, strict=True)
        ),
        "price": max(abs(day.after - own_law(day.before, day.flow)) for day in (*threshold, *targeters)),
        "law_gap_power": float(np.polyfit(np.log(small), np.log(gaps), 1)[0]),
        "law_gap": float(np.abs(np.subtract(*laws(np.linspace(0.01, 10.0, 1000)))).max()),
        "sold_at": float(np.nanmean([day.sold_at for day in threshold])),
    }
    falls = (100.0 * FALLS).tolist()
    fine = np.linspace(0.0, FALLS[-1], 401)
    picture = Picture(
        title="Threshold sellers sell nothing up to a critical shock, and then at once; leverage targeters always",
        x="fall of the price, %",
        y="part of the book that is sold, %",
        curves=[
            Curve("threshold seller", falls, (100.0 * sold).tolist(), joined=False),
            Curve("leverage targeter", falls, [100.0 * day.sold for day in targeters], joined=False),
            *(
                Curve(name, (100.0 * fine).tolist(), [100.0 * share(float(f)) for f in fine], published=True)
                for name, share in (("formula, threshold", threshold_share), ("formula, targeter", targeter_share))
            ),
        ],
        words=f"Leverage {LEVERAGE:g}; the threshold seller may go up to {1.0 / MAINTENANCE:g} and sells down to "
        f"{BUFFER:g} of that.",
    )
    return Judged({name: exact(error) for name, error in errors.items()}, picture)


CHECK = Check(
    "threshold_selling",
    CLOSED_FORMS,
    "Threshold sellers jump at a critical shock",
    "Cont and Schaanning (2017)",
    judge,
    about="What funds sell after a fall: those who sell above a largest leverage, and those who keep theirs.",
)
