"""A channel that is off does exactly nothing, and moves no draw of chance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from worlds import (
    ALL_OFF,
    crash_seed,
    crash_world,
    events,
    finished,
    how_many,
    of_kind,
    off,
    small_world,
)

from abm.agents.leveraged_fund import ACTIVE, CLOSED, SEIZED
from abm.bench.watching import watching
from abm.channels import (
    CHANNELS,
    CROSS_ASSET_SALES,
    MARGIN_CALLS,
    ORDINARY_TRADING,
    PRIVATE_CREDIT,
    REDEMPTIONS,
    RESERVE_DEPOSITS,
    RISK_LIMITS,
    STABLECOIN_RUNS,
)
from abm.economy import Economy
from abm.ledger.chart import (
    BANKS,
    CREDIT_LINES,
    CRYPTO,
    DATA_CENTRE_LOANS,
    DEALERS,
    FUND_BONDS,
    FUTURES,
    INSTRUMENTS,
    MARGIN_LOANS,
    N_TRADED,
    NOTES,
    PERFORMANCE_CHASERS,
    TRANSACTIONS,
)
from abm.outcome.events import BANK, ISSUER
from abm.scenario import Scenario
from abm.tick import Phase

# Variation margin is paid whatever is switched off.
NO_FUTURES = {f"funds__{style}__futures_short": 0 for style in ("multi_strategy", "relative_value")}
EACH = pytest.mark.parametrize("channel", CHANNELS)


@dataclass
class Seen:
    """A finished run and what its books do not keep.

    orders (tick, fund, market) in units as they were stated, and their channels; covered: units of shorts that
    dealers bought back for seized funds; income: $bn moved by everyday income; strictest: how far any margin
    stood from that of calm, likeness aside.
    """

    economy: Economy
    orders: np.ndarray
    channels: np.ndarray
    covered: float
    income: float
    strictest: float


def see(scenario: Scenario, seed: int = 1) -> Seen:
    orders: list[np.ndarray] = []
    channels: list[np.ndarray] = []
    seen = Seen(Economy(scenario, seed), np.zeros(0), np.zeros(0), 0.0, 0.0, 0.0)
    morning = [np.zeros(0)]

    def look(economy: Economy, phase: Phase, done: bool) -> None:
        funds = economy.funds
        if phase.name == "decide" and done:
            orders.append(funds["orders"].copy())
            channels.append(funds["channel"].copy())
            seen.covered += float(np.abs(funds["cover"][funds["status"] == SEIZED]).sum())
        if phase.name == "income":
            if done:
                seen.income += float(np.abs(economy.journal - morning[0]).sum())
            morning[0] = economy.journal.copy()
        if phase.name == "mark" and done:
            own = (funds["margin_factor"] / (1.0 + funds["likeness"]))[funds["status"] == ACTIVE]
            factors = np.concatenate([own, economy.markets["margin_factor"]])
            seen.strictest = max(seen.strictest, float(np.abs(factors - 1.0).max()))

    with watching(look):
        seen.economy.advance()
    seen.orders, seen.channels = np.stack(orders), np.stack(channels)
    return seen


def crash(*without: str) -> Seen:
    """The crash without purchases of notes, and without these channels."""
    return see(off(crash_world(actions=[]), *without), crash_seed())


def ordered(seen: Seen, channel: int) -> float:
    """What funds stated in orders of a channel, in units."""
    return float(np.abs(seen.orders[seen.channels == channel]).sum())


def test_with_every_channel_off_prices_are_the_news_and_nothing_else() -> None:
    for futures in ({}, NO_FUTURES):
        seen = see(crash_world(actions=[], **futures).replace(ALL_OFF), crash_seed())
        economy = seen.economy
        assert np.array_equal(economy.rows["price"], economy.rows["news"])
        assert not seen.orders.any()
        assert not economy.journals[:, TRANSACTIONS, : FUTURES + 1].any(), "nobody trades"
        counts = how_many(economy)
        assert counts["news"] > 0
        assert sum(counts.values()) == counts["news"]
        assert (events(economy)["caused_by"] == -1).all()
    assert not economy.journals[:, TRANSACTIONS].any(), "without futures no money moves either"


def ordinary(seen: Seen) -> float:
    """Trades that nobody was forced to, and everyday income: what no stress causes."""
    return ordered(seen, ORDINARY_TRADING) + seen.income


def narrative(seen: Seen) -> float:
    """Belief: what disbelief takes off prices, and how many believe; crypto hears of it by a channel of its own."""
    rows = seen.economy.rows
    return float(np.abs(np.delete(rows["belief"], CRYPTO, axis=1)).max() + np.ptp(rows["believers"]))


def margin(seen: Seen) -> float:
    """Calls, and what follows from them alone."""
    rows, happened = seen.economy.rows, how_many(seen.economy)
    kinds = ("margin_call", "call_met", "seizure", "shortfall")
    series = ("in_call", "calls", "failed", "forced_sales_liquidated")
    orders = ordered(seen, MARGIN_CALLS) + ordered(seen, CROSS_ASSET_SALES)
    return float(sum(happened[kind] for kind in kinds) + sum(rows[name].sum() for name in series)) + orders


def procyclical(seen: Seen) -> float:
    return seen.strictest


def own_limits(seen: Seen) -> float:
    """Cuts that no dealer asked for, and what is remembered of them."""
    remembered = sum(float(seen.economy.funds[name].sum()) for name in ("to_cut", "given_up"))
    return how_many(seen.economy)["risk_limit"] + ordered(seen, RISK_LIMITS) + remembered


def redeemed(seen: Seen) -> float:
    """Notices, and sales to pay them."""
    noticed = sum(float(seen.economy.funds[name].sum()) for name in ("noticed", "noticed_late"))
    return how_many(seen.economy)["redemption_notice"] + ordered(seen, REDEMPTIONS) + noticed


def cross_asset(seen: Seen) -> float:
    """Sales, for margin and by dealers, of anything but what a fund mainly trades; and shorts closed with them."""
    for_margin = (seen.channels == MARGIN_CALLS) | (seen.channels == CROSS_ASSET_SALES)
    away = np.arange(N_TRADED) != seen.economy.funds["home_market"][:, None]
    return float(np.abs(seen.orders[for_margin & away]).sum()) + ordered(seen, CROSS_ASSET_SALES) + seen.covered


def depth(seen: Seen) -> float:
    return float(np.abs(seen.economy.rows["depth"] - 1.0).max())


def buyers(seen: Seen) -> float:
    return float((1.0 - seen.economy.rows["fill_share"]).sum() + how_many(seen.economy)["sales_rationed"])


def chased(seen: Seen) -> float:
    """All that chasers of returns ever trade."""
    return float(np.abs(seen.economy.journals[:, TRANSACTIONS, :, PERFORMANCE_CHASERS]).sum())


def crowding(seen: Seen) -> float:
    """What failures revealed, and what it costs who holds alike."""
    return float(seen.economy.markets["revealed"].sum() + seen.economy.funds["likeness"].sum())


def defaults(seen: Seen) -> float:
    """Losses of lenders, and their failures."""
    rows, happened = seen.economy.rows, how_many(seen.economy)
    kinds = ("shortfall", "dealer_failed", "bank_loss", "bank_failed")
    names = ("dealer_losses", "bank_losses", "dealers_failed", "banks_failed")
    on_lines = np.count_nonzero(of_kind(seen.economy, "bank_loss")["channel"] == PRIVATE_CREDIT)
    return float(sum(happened[kind] for kind in kinds) - on_lines + sum(rows[name].sum() for name in names))


def runs(seen: Seen) -> float:
    """Funding that leaves, loans recalled, notes that dealers sell for it, business that moves."""
    happened, economy = how_many(seen.economy), seen.economy
    opened = Economy(economy.scenario, economy.seed)
    moved = float(np.abs(economy.funds["line_share"] - opened.funds["line_share"]).sum())
    notes_sold = float(np.abs(economy.journals[:, TRANSACTIONS, NOTES, DEALERS]).sum())
    strain = float(economy.dealers["strain"].sum())
    return happened["dealer_run"] + happened["loan_recalled"] + moved + notes_sold + strain


def tightened(seen: Seen) -> float:
    """Loans that banks did not renew, and what output lost with them."""
    rows, banks = seen.economy.rows, seen.economy.banks
    return float(banks["tightness"].sum() + rows["loans_not_renewed"].sum() - rows["output_from_credit"].sum())


def deposits_left(seen: Seen) -> float:
    """Deposits that left weak banks, and the bills that a part of them bought."""
    happened, economy = how_many(seen.economy), seen.economy
    bills = float(economy.depositors["units"].sum())
    return happened["deposit_run"] + float(economy.rows["deposits_withdrawn"].sum()) + bills


def banks_sold(seen: Seen) -> float:
    """Treasuries that left banks' books."""
    return float(np.abs(seen.economy.journals[:, TRANSACTIONS, :N_TRADED, BANKS]).sum())


def banks_lost(seen: Seen) -> float:
    """Losses of banks on each other."""
    losses = of_kind(seen.economy, "bank_loss")
    return float((losses["actor_kind"] == BANK).sum())


def produced(seen: Seen) -> float:
    """Output away from where it began, and debtors who default."""
    return float(np.abs(seen.economy.rows["output"]).sum() + how_many(seen.economy)["loan_losses"])


def private_credit(seen: Seen) -> float:
    """What lenders lose on builders, what funds owe to banks, and how they fail."""
    economy, happened = seen.economy, how_many(seen.economy)
    kinds = ("builder_defaults", "refinancing_refused", "lines_drawn", "credit_fund_failed")
    names = ("data_centre_loans_lost", "lines_called", "lines_lost", "credit_funds_failed")
    journals = np.abs(economy.journals[:, :, [DATA_CENTRE_LOANS, CREDIT_LINES, FUND_BONDS]]).sum()
    cut = float(np.ptp(economy.rows["lines_undrawn"]) + np.ptp(economy.rows["credit_funds_worth"]))
    return sum(happened[kind] for kind in kinds) + float(journals) + sum(economy.rows[n].sum() for n in names) + cut


def shared_story(seen: Seen) -> float:
    """What crypto loses because others no longer believe."""
    return float(np.abs(seen.economy.rows["belief"][:, CRYPTO]).sum())


def liquidated(seen: Seen) -> float:
    """Positions on credit that are sold, what that makes holders sell besides, and what their lenders lose."""
    rows = seen.economy.rows
    series = ("crypto_lender_losses", "forced_sales_crypto_holders")
    return how_many(seen.economy)["liquidation"] + float(sum(rows[name].sum() for name in series))


def coins_run(seen: Seen) -> float:
    """Doubt about issuers, and what it makes holders hand in."""
    economy = seen.economy
    return how_many(economy)["coin_run"] + float(economy.rows["moved"][:, STABLECOIN_RUNS].sum())


def deposits_used(seen: Seen) -> float:
    """What issuers take out of banks beyond what they brought, and who sees it."""
    economy = seen.economy
    return how_many(economy)["reserves_withdrawn"] + float(economy.rows["moved"][:, RESERVE_DEPOSITS].sum())


def reserves_sold(seen: Seen) -> float:
    """Treasuries that issuers offer in the market because they must pay."""
    economy = seen.economy
    sales = of_kind(economy, "forced_sale")
    return float((sales["actor_kind"] == ISSUER).sum()) + float(economy.rows["forced_sales_issuers"].sum())


EFFECTS: dict[str, Callable[[Seen], float]] = {
    "ordinary_trading": ordinary,
    "narrative_feedback": narrative,
    "margin_calls": margin,
    "margin_procyclicality": procyclical,
    "risk_limits": own_limits,
    "redemptions": redeemed,
    "cross_asset_sales": cross_asset,
    "depth_spiral": depth,
    "finite_buyers": buyers,
    "performance_chasing": chased,
    "crowding_revealed": crowding,
    "fund_default_losses": defaults,
    "dealer_runs": runs,
    "credit_tightening": tightened,
    "deposit_runs": deposits_left,
    "bank_asset_sales": banks_sold,
    "interbank": banks_lost,
    "real_economy": produced,
    "private_credit": private_credit,
    "common_story": shared_story,
    "crypto_liquidations": liquidated,
    "stablecoin_runs": coins_run,
    "reserve_deposits": deposits_used,
    "reserve_treasuries": reserves_sold,
}


def test_every_channel_has_an_effect_to_look_for() -> None:
    assert set(EFFECTS) == set(CHANNELS)


@pytest.mark.parametrize("channel", EFFECTS)
def test_a_channel_that_is_off_has_exactly_no_effect(channel: str) -> None:
    assert EFFECTS[channel](crash()) != 0.0, "the effect must be there to be taken away"
    without = crash(channel)
    assert EFFECTS[channel](without) == 0.0
    assert not (events(without.economy)["channel"] == CHANNELS.index(channel)).any()
    assert not without.economy.rows["moved"][:, CHANNELS.index(channel)].any()


@EACH
def test_a_channel_moves_no_draw_of_the_news(channel: str) -> None:
    with_all, without = crash().economy, crash(channel).economy
    for series in ("news", "disappointment"):
        assert np.array_equal(with_all.rows[series], without.rows[series])


def calm_world(**overrides: Any) -> Scenario:
    """No spark and little debt: nobody is called, and whoever trades does so of his own will."""
    unworried = {"risk_limits__volatility_tolerance": 10, "risk_limits__trend_cut": 0, "redemptions__notice_days": 1}
    no_credit = {"funds__leverage": 0.2, "crypto__loans": 0, "crypto__ai_equity": 0}
    return small_world(**({"spark__total": 0, "run__ticks": 40} | no_credit | unworried | overrides))


@EACH
def test_a_channel_moves_no_draw_of_everyday_trades(channel: str) -> None:
    with_all, without = see(calm_world()), see(off(calm_world(), channel))
    orders, fewer = with_all.orders, without.orders
    for kind in ("margin_call", "risk_limit", "forced_sale"):
        assert not how_many(with_all.economy)[kind]
    if channel == "ordinary_trading":
        assert not fewer.any()
        assert np.array_equal(without.economy.rows["news"], with_all.economy.rows["news"])
        return
    assert orders.any()
    assert np.array_equal(orders != 0.0, fewer != 0.0), "the same funds trade on the same days"
    if channel in ("margin_calls", "risk_limits", "cross_asset_sales", "crowding_revealed", "fund_default_losses"):
        assert np.array_equal(orders, fewer)
        assert np.array_equal(with_all.economy.rows, without.economy.rows)


@pytest.mark.parametrize(
    "channel", ["ordinary_trading", "margin_calls", "risk_limits", "redemptions", "cross_asset_sales"]
)
def test_no_order_carries_a_channel_that_is_off(channel: str) -> None:
    seen = crash(channel)
    assert seen.orders.any()
    assert ordered(seen, CHANNELS.index(channel)) == 0.0


@pytest.mark.parametrize("free_of_margin", ["bills", "broad_equity", "crypto"])
def test_no_forced_sale_is_everyday(free_of_margin: str) -> None:
    """What needs no margin is sold with the rest of a book, and for the same reason."""
    free = {f"margin__maintenance_{free_of_margin}": 0}
    sales = of_kind(see(crash_world(actions=[], **free), crash_seed()).economy, "forced_sale")
    assert (sales["instrument"] == INSTRUMENTS.index(free_of_margin)).any()
    assert not (sales["channel"] == ORDINARY_TRADING).any()


def test_without_everyday_trading_no_interest_is_charged() -> None:
    """Where nobody holds futures or chases returns, nothing is paid at all."""
    still = calm_world(channels__performance_chasing=False, **NO_FUTURES)
    calm = finished(off(still, "ordinary_trading"))
    assert not calm.journals[:, TRANSACTIONS].any()
    lively = finished(still)
    assert lively.journals[:, TRANSACTIONS, MARGIN_LOANS].any()


def test_bottomless_buyers_need_no_cash() -> None:
    rich, poor = (
        finished(off(crash_world(actions=[], buyers__budget=budget), "finite_buyers"), crash_seed())
        for budget in (1e6, 1.0)
    )
    assert np.array_equal(rich.rows["price"], poor.rows["price"])


def test_without_losses_on_defaults_no_lender_fails_however_thin() -> None:
    thin = small_world(
        dealers__capital=0.01, dealers__note_hedge=0, banks__capital=0.2, markets__notes__news_volatility=0.02
    )
    failed = how_many(finished(thin, seed=0))
    assert failed["dealer_failed"] > 0
    assert failed["bank_failed"] > 0
    assert defaults(see(off(thin, "fund_default_losses"), seed=0)) == 0.0


def test_without_losses_on_defaults_lenders_are_paid_by_the_funds_owners() -> None:
    economy = crash("fund_default_losses").economy
    closed = economy.funds["status"] == CLOSED
    assert (economy.funds["shortfall"][closed] > 0.0).any()
    for debt in ("margin_loan", "repo", "unsecured"):
        assert np.abs(economy.funds[debt][closed]).max() < 1e-9


def test_ordinary_trading_is_the_channel_of_every_everyday_order() -> None:
    seen = see(calm_world())
    assert (seen.channels[seen.orders != 0.0] == ORDINARY_TRADING).all()
