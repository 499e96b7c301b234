"""The first books of stablecoin issuers and of crypto holders."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.crypto_holder import BELIEVER, CRYPTO_HOLDER, LEVERAGED, NEWCOMER, TREND_FOLLOWER
from abm.agents.stablecoin_issuer import ISSUERS, N_PLACES, STABLECOIN_ISSUER
from abm.draws import heavy_picks, lognormal, pareto_shares, spread, strata
from abm.ledger.chart import BILLS, CRYPTO, CRYPTO_HOLDERS, NOTES, STABLECOIN_ISSUERS
from abm.opening.funds import Columns
from abm.outcome.events import NO_EVENT
from abm.policy.stablecoin_reserves import reserves_of
from abm.streams import (
    OPENING_HOLDER_COINS,
    OPENING_HOLDER_EQUITY,
    OPENING_HOLDER_KINDS,
    OPENING_HOLDER_LEVERAGE,
    OPENING_HOLDERS,
    OPENING_ISSUERS,
)

if TYPE_CHECKING:
    from abm.scenario import Scenario

FIRST_HOLDER = 10_000_000  # identities of draws
LEAST_LEVERAGE = 1.1  # times: less is no position on credit


def open_stablecoins(scenario: Scenario, seed: int, banks: Columns, dealers: Columns) -> np.ndarray:
    """Open the issuers' books: coins in circulation, and the reserves that each means to hold."""
    terms = scenario.stablecoins
    issuers = STABLECOIN_ISSUER.open(len(ISSUERS))
    issuers["sector"] = STABLECOIN_ISSUERS
    # Banks of issuers are no money centres: chances grow less than in proportion to size.
    chances = banks["deposits"] ** terms.bank_size_exponent
    who, lines = np.arange(len(ISSUERS)), min(N_PLACES, len(dealers["share"]))
    at_banks = heavy_picks(seed, OPENING_ISSUERS, who, chances, N_PLACES)
    at_dealers = heavy_picks(seed, OPENING_ISSUERS, len(ISSUERS) + who, dealers["share"], lines)
    for row, name in enumerate(ISSUERS):
        own = getattr(terms, name)
        mix, supply = reserves_of(scenario, own), terms.supply * own.share_of_supply
        places = min(own.banks, N_PLACES, len(chances))
        chosen = at_banks[row, :places]
        amounts = spread(np.ones(places), mix["deposits"] * supply, terms.largest_deposit * banks["deposits"][chosen])
        if (missing := mix["deposits"] * supply - amounts.sum()) > 0.0:
            amounts += missing / places  # the total is known; the limit on one bank is only a habit
        issuers["bank"][row] = np.resize(chosen, N_PLACES)
        issuers["deposit"][row, :places] = amounts
        issuers["part"][row, :places] = amounts / amounts.sum() if amounts.sum() > 0.0 else 1.0 / places
        issuers["dealer"][row] = np.resize(at_dealers[row], N_PLACES)
        issuers["repo_lent"][row, :lines] = mix["repo"] * supply / lines
        for k, share in ((BILLS, mix["bills"]), (NOTES, mix["notes"]), (CRYPTO, mix["crypto"])):
            issuers["units"][row, k] = share * supply
        issuers["other_securities"][row] = mix["other"] * supply
        issuers["supply"][row] = supply
        issuers["deposit_share"][row], issuers["repo_share"][row] = mix["deposits"], mix["repo"]
        issuers["coverage"][row] = sum(mix.values())
    issuers["opening_cash"] = issuers["deposit"].sum(axis=1)
    issuers["pays_from"] = issuers["part"]
    issuers["deposit_before"] = issuers["deposit"]
    issuers["price"] = 1.0
    issuers["run_event"] = NO_EVENT
    return issuers


def open_holders(scenario: Scenario, seed: int, issuers: np.ndarray, deposits: np.ndarray) -> np.ndarray:
    """Open the crypto holders' books: heavy-tailed in size, each of one kind, those on credit with a lender each."""
    terms = scenario.crypto
    holders = CRYPTO_HOLDER.open(terms.holders)
    holders["sector"] = CRYPTO_HOLDERS
    holders["acts_on"] = holders["id"] % terms.decision_days
    identities = FIRST_HOLDER + holders["id"]
    size = pareto_shares(strata(seed, OPENING_HOLDERS, identities), terms.tail_exponent, terms.largest_share)
    holders["kind"] = kinds_of(terms, strata(seed, OPENING_HOLDER_KINDS, identities))
    holders["lender"] = -1
    holders["leverage"] = 1.0
    place = strata(seed, OPENING_HOLDER_COINS, identities)
    holders["issuer"] = np.searchsorted(np.cumsum(issuers["supply"])[:-1] / max(issuers["supply"].sum(), 1e-300), place)
    # Banks by the same draw, spread anew within each issuer's users.
    holders["bank"] = np.searchsorted(np.cumsum(deposits)[:-1] / deposits.sum(), (place * len(issuers) * 7.0) % 1.0)
    on_credit = holders["kind"] == LEVERAGED
    borrow(scenario, seed, holders, size)
    left = max(0.0, terms.held - holders["crypto"].sum())
    share = {TREND_FOLLOWER: terms.trend_followers, NEWCOMER: terms.newcomers}
    share[BELIEVER] = 1.0 - sum(share.values())
    for kind, part in share.items():
        of_kind = holders["kind"] == kind
        share_out(holders["crypto"], of_kind, size, part * left)
    share_out(holders["coins"], ~on_credit, size, terms.coins)  # those on credit have put all into their position
    holders["usual_coins"] = holders["coins"]
    newcomers = holders["kind"] == NEWCOMER
    share_out(holders["deposit"], newcomers, size, terms.newcomers_deposits)
    share_out(holders["deposit"], ~newcomers, size, terms.deposits)
    owners = strata(seed, OPENING_HOLDER_EQUITY, identities) < terms.equity_owners
    share_out(holders["ai_equity"], owners, size, terms.ai_equity)
    sold_a_day = terms.payout / scenario.run.ticks_per_year * holders["crypto"][holders["kind"] == BELIEVER].sum()
    money = holders["deposit"][newcomers].sum()
    holders["inflow"] = np.where(newcomers & (money > 0.0), sold_a_day / max(money, 1e-300), 0.0)
    holders["usual_deposit"] = holders["deposit"]
    holders["verified"] = np.argsort(np.argsort(-size, kind="stable")) < terms.verified * len(holders)
    holders["stake"] = np.where(on_credit, holders["crypto"] - holders["loan"], 0.0)
    return holders


def kinds_of(terms, quantiles: np.ndarray) -> np.ndarray:
    """Return everybody's kind: so many of each, as the shares of count say."""
    reach = np.cumsum([terms.leveraged_count, terms.trend_followers_count, terms.newcomers_count])
    return np.array([LEVERAGED, TREND_FOLLOWER, NEWCOMER, BELIEVER])[np.searchsorted(reach, quantiles, side="right")]


def share_out(amounts: np.ndarray, of: np.ndarray, size: np.ndarray, total: float) -> None:
    """Add a total to the amounts of some, in proportion to size."""
    if of.any():
        amounts[of] += total * size[of] / size[of].sum()


def borrow(scenario: Scenario, seed: int, holders: np.ndarray, size: np.ndarray) -> None:
    """Open positions on credit: leverage is log-normal, and each borrows from one believer who can lend so much.

    The largest loan goes to whoever has most left to lend; a lender's coins are the borrower's too.
    """
    terms = scenario.crypto
    rows = np.flatnonzero(holders["kind"] == LEVERAGED)
    lenders = np.flatnonzero(holders["kind"] == BELIEVER)
    if not len(rows) or not len(lenders) or terms.loans <= 0.0:
        return
    quantiles = strata(seed, OPENING_HOLDER_LEVERAGE, FIRST_HOLDER + holders["id"][rows])
    drawn = lognormal(quantiles, terms.leverage_dispersion)
    leverage = np.clip(terms.leverage * drawn, LEAST_LEVERAGE, terms.largest_leverage)
    own = size[rows] / ((leverage - 1.0) * size[rows]).sum() * terms.loans
    loans = own * (leverage - 1.0)
    holders["leverage"][rows], holders["loan"][rows] = leverage, loans
    holders["crypto"][rows] = own * leverage
    left = list(zip((-size[lenders]).tolist(), lenders.tolist(), strict=True))
    scale = terms.loans / size[lenders].sum()
    heapq.heapify(left)
    largest_first = np.argsort(-loans, kind="stable")
    found = []
    for loan in loans[largest_first].tolist():
        room, lender = left[0]
        heapq.heapreplace(left, (room + loan / scale, lender))
        found.append(lender)
    holders["lender"][rows[largest_first]] = found
    holders["issuer"][rows] = holders["issuer"][holders["lender"][rows]]
    np.add.at(holders["coins_lent"], found, loans[largest_first])
    np.add.at(holders["borrowers"], found, 1)
