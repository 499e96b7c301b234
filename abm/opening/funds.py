"""How hedge funds of every style, and households' margin accounts, are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abm.agents.leveraged_fund import MARGIN_ACCOUNT, N_DEALERS, STYLES
from abm.draws import heavy_picks, lognormal, pareto_shares, spread, strata
from abm.ledger.chart import AI_EQUITY, BILLS, BROAD_EQUITY, CRYPTO, N_TRADED, NOTES
from abm.policy.first_books import calm_margins, most_assets
from abm.streams import OPENING_AI_SHARE, OPENING_DEALERS, OPENING_LENDERS, OPENING_LEVERAGE, OPENING_SIZES

if TYPE_CHECKING:
    from abm.scenario import Scenario

Columns = dict[str, np.ndarray]
FUND_COLUMNS = (
    "style",
    "net_asset_value",
    "prime_brokerage",
    "repo",
    "unsecured",
    "short_equity",
    "other_owed",
    "ai_equity",
    "broad_equity",
    "notes",
    "bills",
    "crypto",
    "other_securities",
    "cash",
    "futures_short",
)


def draw_funds(scenario: Scenario, seed: int) -> Columns:
    """Draw all hedge funds and margin accounts: a row each, in the order of STYLES.

    Sizes are Pareto within a style, leverage and AI shares log-normal. A style's size dial scales its books, the
    leverage dial what they borrow, the crowding dial how much of a book is AI equity; net asset value follows size
    alone. Totals hold in every seed unless margin limits bind. Amounts in $bn, (n,) each.
    """
    parts = []
    first = 0
    for style, count in enumerate(style_counts(scenario)):
        identities = first + np.arange(count)
        if count:
            parts.append(draw_style(scenario, seed, style, identities))
        first += count
    parts.append(draw_margin_accounts(scenario, seed, first + np.arange(scenario.margin_accounts.count)))
    return {name: np.concatenate([part[name] for part in parts]) for name in FUND_COLUMNS}


def style_counts(scenario: Scenario) -> list[int]:
    """Return how many funds each style has: by largest remainder, at least one of each while there are enough."""
    terms = [getattr(scenario.funds, name) for name in STYLES[:MARGIN_ACCOUNT]]
    weights = np.array([style.share_of_count for style in terms])
    if scenario.funds.count < len(terms) or weights.sum() <= 0.0:
        order = np.argsort([-style.net_asset_value for style in terms], kind="stable")
        return [int(place < scenario.funds.count) for place in np.argsort(order)]
    wanted = weights / weights.sum() * (scenario.funds.count - len(terms))
    counts = np.floor(wanted).astype(int)
    left = scenario.funds.count - len(terms) - counts.sum()
    counts[np.argsort(counts - wanted, kind="stable")[:left]] += 1
    return [int(count) + 1 for count in counts]


def draw_style(scenario: Scenario, seed: int, style: int, identities: np.ndarray) -> Columns:
    """Draw the funds of one style."""
    terms = getattr(scenario.funds, STYLES[style])
    sizes = pareto_shares(
        strata(seed, OPENING_SIZES, identities), scenario.funds.tail_exponent, scenario.funds.largest_share
    )
    sizes = terms.size * sizes
    own = sizes * terms.net_asset_value
    borrowed = terms.prime_brokerage + terms.repo + terms.unsecured
    held_in_all = terms.net_asset_value + borrowed + terms.short_equity + terms.other_owed - terms.cash
    held_in_all = max(held_in_all, 1e-300)
    fixed = {name: getattr(terms, name) / held_in_all for name in ("notes", "bills", "crypto")}
    ai = scenario.funds.crowding * terms.ai_equity / held_in_all
    rest = 1.0 - sum(fixed.values())
    broad_of_rest = terms.broad_equity / max(rest * held_in_all - terms.ai_equity, 1e-12)
    hedge = terms.futures_short / terms.notes if terms.notes > 0.0 else 0.0
    tastes = lognormal(strata(seed, OPENING_AI_SHARE, identities), scenario.funds.ai_share_dispersion)
    wish = own * lognormal(strata(seed, OPENING_LEVERAGE, identities), terms.leverage_dispersion)

    asked, use = calm_margins(scenario), scenario.margin.opening_use
    ai_shares = spread(own * tastes, min(ai, rest) * own.sum(), rest * own) / np.maximum(own, 1e-300)
    broad_shares = (rest - ai_shares) * broad_of_rest
    rate = ai_shares * asked["ai_equity"] + broad_shares * asked["broad_equity"]
    rate += (rest - ai_shares - broad_shares) * asked["other"]
    rate += fixed["notes"] * (asked["notes"] + hedge * asked["futures"])
    rate += fixed["bills"] * asked["bills"] + fixed["crypto"] * asked["crypto"]
    owed = sizes * (terms.short_equity + terms.other_owed)
    on_shorts = sizes * (terms.short_equity * asked["broad_equity"] + terms.other_owed * asked["other"])
    # Nobody opens nearer to a margin call than a requirement of `opening_use` times net asset value, or at a cap.
    most_held = np.maximum(0.0, use * own - on_shorts) / np.maximum(rate, 1e-12)
    most_held = np.minimum(most_held, most_assets(scenario) * np.maximum(own, 1e-300))
    cash = sizes * terms.cash
    most_debt = np.maximum(0.0, most_held - own - owed + cash)
    debt = spread(wish, terms.size * borrowed * scenario.funds.leverage, most_debt)

    held = np.maximum(own + debt + owed - cash, 0.0)
    ai_held = spread(held * tastes, min(ai, rest) * held.sum(), rest * held)
    broad_held = (rest * held - ai_held) * broad_of_rest
    per_debt = debt / borrowed if borrowed > 0.0 else np.zeros(len(own))
    return {
        "style": np.full(len(own), style),
        "net_asset_value": own,
        "prime_brokerage": terms.prime_brokerage * per_debt,
        "repo": terms.repo * per_debt,
        "unsecured": terms.unsecured * per_debt,
        "short_equity": sizes * terms.short_equity,
        "other_owed": sizes * terms.other_owed,
        "ai_equity": ai_held,
        "broad_equity": broad_held,
        **{name: share * held for name, share in fixed.items()},
        "other_securities": np.maximum(rest * held - ai_held - broad_held, 0.0),
        "cash": cash,
        "futures_short": hedge * fixed["notes"] * held,
    }


def draw_margin_accounts(scenario: Scenario, seed: int, identities: np.ndarray) -> Columns:
    """Draw the cohorts of margin accounts: equal in size, log-normal in leverage and in AI share.

    They owe to one dealer and have no shares: what they are worth belongs to the household itself. The
    funds' leverage dial scales their debt too.
    """
    terms = scenario.margin_accounts
    n = terms.count
    own = np.full(n, (terms.assets + terms.cash - terms.debt) / n)
    cash = np.full(n, terms.cash / n)
    wish = own * lognormal(strata(seed, OPENING_LEVERAGE, identities), terms.leverage_dispersion)
    tastes = lognormal(strata(seed, OPENING_AI_SHARE, identities), terms.ai_share_dispersion)
    most_debt = np.maximum(0.0, scenario.margin.opening_use * own / calm_margins(scenario)["account"] - own + cash)
    debt = spread(wish, terms.debt * scenario.funds.leverage, most_debt)
    held = own + debt - cash
    ai_held = spread(held * tastes, terms.ai_share * held.sum(), held)
    nothing = np.zeros(n)
    return dict.fromkeys(FUND_COLUMNS, nothing) | {
        "style": np.full(n, MARGIN_ACCOUNT),
        "net_asset_value": own,
        "prime_brokerage": debt,
        "ai_equity": ai_held,
        "broad_equity": held - ai_held,
        "cash": cash,
    }


def pick_dealers(scenario: Scenario, seed: int, funds: Columns, dealer_share: np.ndarray) -> np.ndarray:
    """Return each fund's dealers, (n, N_DEALERS): the largest funds have four, most have one.

    The first is drawn by stratified quantiles, so that dealers' business keeps its concentration; the others
    with chances in proportion to their business. Places not used repeat the first.
    """
    n, n_dealers = len(funds["style"]), len(dealer_share)
    identities = np.arange(n)
    first = np.minimum(
        np.searchsorted(np.cumsum(dealer_share), strata(seed, OPENING_LENDERS, identities)), n_dealers - 1
    )
    picked = np.repeat(first[:, None], N_DEALERS, axis=1)
    others = np.where(np.arange(n_dealers) == first[:, None], 0.0, dealer_share)
    places = np.arange(1, min(N_DEALERS, n_dealers))
    drawn = heavy_picks(seed, OPENING_DEALERS, identities, others, len(places))
    used = places < dealers_used(scenario, funds)[:, None]
    picked[:, places] = np.where(used, drawn, picked[:, places])
    return picked


def dealers_used(scenario: Scenario, funds: Columns) -> np.ndarray:
    """Return how many dealers each fund uses, by its rank in size; margin accounts use one."""
    terms = scenario.funds
    hedge_funds = np.flatnonzero(funds["style"] != MARGIN_ACCOUNT)
    rank = np.argsort(np.argsort(-funds["net_asset_value"][hedge_funds], kind="stable")) / max(len(hedge_funds), 1)
    steps = np.cumsum([terms.four_dealers, terms.three_dealers, terms.two_dealers])
    lines = np.ones(len(funds["style"]), int)
    lines[hedge_funds] = N_DEALERS - np.searchsorted(steps, rank, side="right")
    return lines


def traded(funds: Columns) -> np.ndarray:
    """Return units held by market, (n, N_TRADED), at opening prices of one."""
    units = np.zeros((len(funds["style"]), N_TRADED))
    for k, name in (
        (AI_EQUITY, "ai_equity"),
        (BROAD_EQUITY, "broad_equity"),
        (NOTES, "notes"),
        (BILLS, "bills"),
        (CRYPTO, "crypto"),
    ):
        units[:, k] = funds[name]
    return units
