"""Redemption of stablecoins at par, first come, first served.

    reserves worth 1 - h of the coins are exhausted when a share 1 - h of the coins is redeemed
    with full liquid reserves a coin is below par only while somebody waits: after a run in one day by a part x of
    the coins, of which c is redeemed a day at most, for ln(1 - x) / ln(1 - c) days, rounded up

as coins in circulation shrink by the part c a day until those of the run are gone. Holders run because they see the
shortfall of reserves, or another issuer's; all may hand in directly, so that no arbitrageur's cash matters.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from abm.evidence.check import CLOSED_FORMS, Check, Curve, Judged, Picture, Runs, exact
from abm.evidence.closed_forms.worlds import still

ISSUERS = ("first", "second", "third")
RESERVES = ("deposits", "repo", "bills", "notes", "crypto", "other")
BELOW_PAR = 1e-9  # $: less is rounding
RUN: dict[str, Any] = {
    "channels.stablecoin_runs": True,
    "channels.reserve_deposits": True,
    "stablecoins.supply": 300.0,
    "stablecoins.largest_deposit": 1.0,
    "stablecoins.first.share_of_supply": 0.4,
    "stablecoins.second.share_of_supply": 0.3,
    "stablecoins.third.share_of_supply": 0.3,
    "stablecoins.direct_access": 1.0,
    "stablecoins.coverage_reach": 0.001,  # a shortfall of a thousandth makes all doubt
    "crypto.coins": 0.0,  # households and firms hold all coins
    "buyers.crypto_coins": 0.0,
}
# All may run, in a day or slowly, and all that reserves pay for is paid on the next day. What each issuer lacks, and
# where it has the rest; Treasuries are sold at the day's price.
SHORT = {"run.ticks": 80, "stablecoins.run_prone": 1.0, "stablecoins.daily_cap": 1.0}
LACKING = (
    ({"deposits": 0.95}, {"repo": 0.8}, {"bills": 0.5}),
    ({"deposits": 0.3, "repo": 0.3, "bills": 0.1}, {"deposits": 0.1, "bills": 0.8}, {"repo": 0.4, "bills": 0.59}),
)
SPEEDS = (1.0, 0.3)  # part of those who may run that does so in a day
# The third issuer lacks half; the others have all that they owe, and are run because of it.
FULL = {"run.ticks": 60, "stablecoins.run_speed": 1.0, "stablecoins.peer_contagion": 1.0}
COVERED = ({"deposits": 1.0}, {"deposits": 0.1, "repo": 0.5, "bills": 0.4}, {"deposits": 0.5})
RUNNERS, CAPS = (0.05, 0.25, 0.6), (1.0, 0.3, 0.1)


def reserves(mixes: tuple[dict[str, float], ...]) -> dict[str, float]:
    """The reserves of each issuer, for each coin."""
    return {
        f"stablecoins.{issuer}.{kind}": mix.get(kind, 0.0)
        for issuer, mix in zip(ISSUERS, mixes, strict=True)
        for kind in RESERVES
    }


def exhaustion(mixes: tuple[dict[str, float], ...], speed: float) -> tuple[np.ndarray, np.ndarray]:
    """The part of each issuer's coins that is redeemed before nothing is left, and what a coin brought, in $."""
    from abm.economy import Economy

    economy = Economy(still(RUN | SHORT | reserves(mixes) | {"stablecoins.run_speed": speed}), 0)
    issuers, holders = economy.stablecoins, economy.depositors
    supply, money = issuers["supply"].copy(), holders["deposit"].sum()
    economy.advance()
    redeemed = supply - issuers["supply"]
    return redeemed / supply, (holders["deposit"].sum() - money) / redeemed.sum()


def days_below(runners: float, cap: float) -> tuple[np.ndarray, np.ndarray]:
    """For both issuers with full reserves: days below par, and those of them on which nobody waits."""
    from abm.economy import Economy

    changed = {"stablecoins.run_prone": runners, "stablecoins.daily_cap": cap}
    economy = Economy(still(RUN | FULL | reserves(COVERED) | changed), 0)
    economy.advance()
    below = economy.rows["coin_price"][:, :2] < 1.0 - BELOW_PAR
    waiting = np.vstack([np.zeros(2), economy.rows["coin_queue"][:-1, :2]]) > BELOW_PAR
    return below.sum(axis=0), (below & ~waiting).sum(axis=0)


def delay(runners: float, cap: float) -> int:
    """Days until all who handed in on one day are paid."""
    return 1 if cap >= 1.0 else max(1, math.ceil(math.log1p(-runners) / math.log1p(-cap)))


def judge(_runs: Runs, _seeds: int) -> Judged:
    expected = [sum(mix.values()) for mixes in LACKING for _ in SPEEDS for mix in mixes]
    found = [exhaustion(mixes, speed) for mixes in LACKING for speed in SPEEDS]
    shares = np.concatenate([share for share, _ in found])
    runs = [(runners, cap, *days_below(runners, cap)) for runners in RUNNERS for cap in CAPS]
    errors = {
        "exhausted_after": float(np.abs(shares - expected).max()),
        "paid_at_par": float(max(np.abs(paid - 1.0).max() for _, paid in found)),
        "days_below_par": float(max(idle.max() for *_, idle in runs)),
        "delay": float(max(np.abs(days - delay(runners, cap)).max() for runners, cap, days, _ in runs)),
    }
    line = np.linspace(0.0, 1.0, 2)
    picture = Picture(
        title="Reserves are exhausted when as many coins are redeemed as they are worth",
        x="reserves at the start, per coin, $",
        y="coins redeemed, share",
        curves=[
            Curve("runs", expected, shares.tolist(), joined=False),
            Curve("redemption at par", line.tolist(), line.tolist(), published=True),
        ],
        words="Reserves at banks, on repo and in bills, run in a day or slowly; whoever comes later gets nothing.",
    )
    return Judged({name: exact(error) for name, error in errors.items()}, picture)


CHECK = Check(
    "redemption",
    CLOSED_FORMS,
    "Coins are redeemed at par, first come, first served",
    "accounting; Diamond and Dybvig (1983)",
    judge,
    about="When an issuer's reserves are exhausted, and how long a run breaks the peg of one whose are full.",
)
