"""Leverage makes fat tails (Thurner, Farmer and Geanakoplos 2012): how the tail of daily losses depends on it.

In the paper funds buy what is below its worth, the more so the cheaper it is, up to a limit of leverage, and are most
of the market. Here nobody trades on mispricing: news is permanent and Gaussian, ordinary trades return books to their
mix, and who is called, cautious or left sells: what makes crashes is there, what holds prices in calm is not.
The nearest world has no spark, funds and margin accounts who hold a quarter of all shares, and the dial of leverage.
Leverage is (own money + debt) / own money, the mean over holders of AI equity, weighted by what they hold of it.

Measured: a threshold and no slope. Up to 1.5 times today's leverage the tail is that of the news; from 1.75 on some
seeds collapse without any spark, and the exponent lies below the paper's. At twice today's it is 6.7 again without
`margin_calls`, 3.5 without `depth_spiral`, 2.8 without `finite_buyers`: books open at a distance from a call, nobody
borrows more in calm, and ordinary days reach calls only where the dial leaves no distance. Without debt the exponent
differs from that of a normal distribution by what the news does on these seeds, by chance (6.9; 7.6 over 400 seeds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import integrate, stats

from abm.evidence.check import REGULARITIES, Check, Curve, Judged, Measured, Path, Picture, Runs, exact, several
from abm.evidence.regularities.outcomes import WHERE_FUNDS_ARE_LARGE
from abm.outcome.paired import student_t_quantile
from abm.scenario import Scenario, load

DIAL = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)  # times today's leverage
TAIL = 0.01  # share of all days that counts as the tail
PUBLISHED_LEVERAGE, PUBLISHED_EXPONENT = 7.5, 3.0

Returns = Sequence[np.ndarray]  # of each seed


def worlds(overrides: dict[str, Any]) -> list[Scenario]:
    """The world without a spark, by leverage."""
    return [load("quiet", **overrides, **{"funds.leverage": leverage}) for leverage in DIAL]


def measure(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Daily log returns of AI equity, (ticks - 1,), and the leverage with which it is held at the opening."""
    from abm.economy import Economy
    from abm.ledger.chart import AI_EQUITY

    economy = Economy(scenario, seed)
    funds = economy.funds
    debt = sum(funds[name].sum(axis=1) for name in ("margin_loan", "repo", "unsecured"))
    leverage = 1.0 + debt / funds["net_asset_value"]
    weighted = float(np.average(leverage, weights=funds["units"][:, AI_EQUITY]))
    economy.advance()
    return {"returns": np.diff(np.log(economy.rows["price"][:, AI_EQUITY])), "leverage": weighted}


def hill_exponent(losses: np.ndarray, share: float = TAIL) -> float:
    """The exponent of the tail by Hill (1975): 1 / mean of log(loss / threshold) over the largest losses.

    The threshold is the largest loss that is not among that share of all observations.
    """
    ordered = np.sort(losses)
    beyond = int(share * len(ordered))
    return float(1.0 / np.mean(np.log(ordered[-beyond:] / ordered[-beyond - 1])))


def exponent_of_losses(returns: Returns) -> float:
    """The exponent of the worst days, over all seeds together."""
    return hill_exponent(-np.concatenate(returns))


def exponent_of_a_normal(share: float = TAIL) -> float:
    """What Hill's estimator tends to on a normal distribution: P(Z > u) / integral from u of P(Z > x) / x dx."""
    threshold = stats.norm.isf(share)
    area, _ = integrate.quad(lambda x: stats.norm.sf(x) / x, threshold, np.inf)
    return float(share / area)


def excess_kurtosis(returns: Returns) -> float:
    """Of all seeds together."""
    return float(stats.kurtosis(np.concatenate(returns)))


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's: the correlation of the ranks."""
    return float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])


def over_seeds(statistic: Callable[..., float], *samples: Returns) -> Measured:
    """A statistic of all seeds of some samples, with the interval that leaving out one seed at a time gives."""
    seeds = len(samples[0])
    value = statistic(*samples)
    if seeds < 2:
        return Measured(value, seeds=seeds)
    left = [statistic(*([*of[:out], *of[out + 1 :]] for of in samples)) for out in range(seeds)]
    error = float(np.sqrt((seeds - 1) * np.var(left)))
    reach = student_t_quantile(0.975, seeds - 1) * error
    return Measured(value, value - reach, value + reach, seeds)


def wants(seeds: int) -> list[Path]:
    return [path for world in worlds({}) + worlds(WHERE_FUNDS_ARE_LARGE) for path in several(world, measure, seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    curves = []
    found: dict[str, list[Measured]] = {}
    returns: list[Returns] = []
    names = {"as today": {}, "funds hold a quarter of shares": WHERE_FUNDS_ARE_LARGE}
    for name, overrides in names.items():
        samples = [runs.sample(world, measure, seeds) for world in worlds(overrides)]
        returns = [list(sample["returns"]) for sample in samples]
        leverage = [float(sample["leverage"].mean()) for sample in samples]
        found[name] = [over_seeds(exponent_of_losses, of) for of in returns]
        curves.append(
            Curve(
                name,
                leverage,
                [each.value for each in found[name]],
                [each.value if each.low is None else each.low for each in found[name]],
                [each.value if each.high is None else each.high for each in found[name]],
            )
        )
    today, large = found.values()
    normal = exponent_of_a_normal()
    picture = Picture(
        title="Losses have the tail of the news up to a threshold of leverage, and a fat one beyond",
        x="leverage of holders: assets over own money",
        y="tail exponent of daily losses (Hill)",
        curves=[
            *curves,
            Curve("a normal distribution", [1.0, PUBLISHED_LEVERAGE], [normal, normal]),
            Curve("published", [PUBLISHED_LEVERAGE], [PUBLISHED_EXPONENT], joined=False, published=True),
        ],
        words="Low is fat. The published leverage is the most that lenders allow; ours is what is used.",
    )
    ratio = over_seeds(lambda of: exponent_of_losses(of) / normal, returns[0])
    fall = over_seeds(lambda no, most: exponent_of_losses(no) - exponent_of_losses(most), returns[0], returns[-1])
    return Judged(
        {
            "gaussian_without_leverage": ratio,
            "kurtosis_without_leverage": over_seeds(excess_kurtosis, returns[0]),
            "exponent_falls_steadily": exact(rank_correlation(DIAL, [each.value for each in large])),
            "fall_of_exponent": fall,
            "exponent_at_highest_leverage": large[-1],
            "exponent_at_todays_sizes": today[-1],
        },
        picture,
    )


CHECK = Check(
    "tails_over_leverage",
    REGULARITIES,
    "Leverage makes fat tails",
    "Thurner, Farmer and Geanakoplos (2012)",
    judge,
    wants,
    seeds=40,
    quick_seeds=6,
)
