"""Crypto holders: what each kind does in closed form, when positions on credit are sold, and who bears what lacks."""

import math

import numpy as np
import pytest
from still import a_day, scratch, still
from test_performance_chasing import world
from worlds import of_kind

from abm import phases
from abm.agents.crypto_holder import BELIEVER, CRYPTO_HOLDER, LEVERAGED, NEWCOMER, TREND_FOLLOWER
from abm.contagion.crypto_liquidations import is_liquidated
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, CRYPTO, CRYPTO_HOLDERS, TRANSACTIONS
from abm.ledger.coin_postings import mint
from abm.scenario import load

EXACT = {"rel": 1e-9, "abs": 1e-9}
# Nobody trades without need, so that what is looked at is all that moves.
NO_NEED = {"crypto__trading_size": 0, "crypto__payout": 0, "crypto__cash_out": 0, "crypto__ai_equity": 0}


def decide(economy: Economy, tick: int) -> np.ndarray:
    """State the orders of a day on which holders with the right number act; returns them in units."""
    economy._make_room_for_events()
    economy.tick = tick
    phases.decide(economy)
    book, orders = economy.order_book[: economy.entries[0]], np.zeros(len(economy.holders))
    orders[book["holder"]] = book["crypto"]
    return orders


def every_day(economy: Economy) -> np.ndarray:
    """What each holder orders on the day on which it acts."""
    days = economy.scenario.crypto.decision_days
    return np.sum([decide(economy, tick) for tick in range(days)], axis=0)


def of(economy: Economy, kind: int) -> np.ndarray:
    return economy.holders["kind"] == kind


def test_totals_hold_and_nobody_lends_who_owes() -> None:
    economy, terms = Economy(load(), 3), load().crypto
    holders = economy.holders
    assert holders["crypto"].sum() == pytest.approx(terms.held)
    assert holders["loan"].sum() == pytest.approx(terms.loans)
    assert holders["coins_lent"].sum() == pytest.approx(terms.loans)
    on_credit = holders["loan"] > 0.0
    assert not holders["coins_lent"][on_credit].any()
    assert (holders["kind"][holders["lender"][on_credit]] == BELIEVER).all()
    worth = holders["crypto"] - holders["loan"]
    np.testing.assert_allclose(holders["crypto"][on_credit] / worth[on_credit], holders["leverage"][on_credit])
    assert np.median(holders["leverage"][on_credit]) == pytest.approx(terms.leverage, rel=0.02)
    assert (holders["leverage"] >= 20).mean() == pytest.approx(0.1 * terms.leveraged_count, rel=0.1)
    assert np.sort(holders["crypto"])[-50:].sum() > 0.2 * terms.held, "the largest hundredth has a good part of it"
    assert not is_any_liquidated(economy)


def is_any_liquidated(economy: Economy) -> bool:
    maintenance, price = economy.scenario.crypto.maintenance, float(economy.markets["price"][CRYPTO])
    return any(is_liquidated(holder, price, maintenance) for holder in economy.holders)


@pytest.mark.parametrize("leverage", [2.0, 5.0, 20.0])
def test_a_position_is_liquidated_at_the_fall_that_leaves_the_maintenance_margin(leverage: float) -> None:
    holder, maintenance = CRYPTO_HOLDER.open(1)[0], 0.01
    holder.crypto, holder.loan = leverage, leverage - 1.0
    fall = 1.0 - (1.0 - 1.0 / leverage) / (1.0 - maintenance)
    assert not is_liquidated(holder, 1.0 - fall + 1e-9, maintenance)
    assert is_liquidated(holder, 1.0 - fall - 1e-9, maintenance)


def test_believers_sell_their_payout_and_newcomers_buy_as_much_in_calm() -> None:
    economy = Economy(world(**NO_NEED | {"crypto__payout": 0.1, "crypto__loans": 0, "markets__crypto__drift": 0}), 1)
    orders, holders = every_day(economy), economy.holders
    for_each = 0.1 / 252 * economy.scenario.crypto.decision_days
    np.testing.assert_allclose(orders[of(economy, BELIEVER)], -for_each * holders["crypto"][of(economy, BELIEVER)])
    assert orders[of(economy, NEWCOMER)].sum() == pytest.approx(-orders[of(economy, BELIEVER)].sum())
    assert not orders[of(economy, TREND_FOLLOWER)].any()


def test_newcomers_stop_when_gains_stop_and_without_the_channel_they_do_not() -> None:
    for on in (True, False):
        drawn = NO_NEED | {"crypto__payout": 0.1, "crypto__loans": 0, "channels__performance_chasing": on}
        economy = Economy(world(**drawn), 1)
        calm = every_day(economy)[of(economy, NEWCOMER)].sum()
        economy.markets["average_price"][CRYPTO] = 1.0 / economy.scenario.crypto.inflow_response
        fallen = every_day(economy)[of(economy, NEWCOMER)].sum()
        assert calm > 0.0
        assert fallen == pytest.approx(0.0 if on else calm, abs=0.02 * calm)  # beside the drift


def test_trend_followers_sell_what_has_fallen_in_closed_form() -> None:
    economy = Economy(world(**NO_NEED | {"crypto__loans": 0, "markets__crypto__drift": 0}), 1)
    economy.markets["average_price"][CRYPTO] = 0.2
    followers, terms = of(economy, TREND_FOLLOWER), economy.scenario.crypto
    since = terms.decision_days / economy.scenario.risk_limits.trend_days
    wanted = terms.trend_response * -0.2 * since * economy.holders["crypto"][followers]
    np.testing.assert_allclose(every_day(economy)[followers], wanted)


def test_who_owns_shares_sells_crypto_when_shares_fall_and_without_the_channel_does_not() -> None:
    for on in (True, False):
        drawn = NO_NEED | {"crypto__ai_equity": 400, "crypto__loans": 0, "channels__cross_asset_sales": on}
        economy = Economy(world(**drawn, channels__performance_chasing=False), 1)
        economy.markets["average_price"][AI_EQUITY] = 0.5
        orders = every_day(economy)
        owners = (economy.holders["ai_equity"] > 0.0) & (economy.holders["crypto"] > 0.0)
        assert (orders[owners] < 0.0).all() == on
        assert not orders[~owners].any()


def test_a_fall_sells_whom_it_leaves_too_little_and_the_lender_bears_what_lacks() -> None:
    economy = still(crypto__equity_owners=0, crypto__deposits=0, channels__performance_chasing=False)
    holders = economy.holders
    lent, money = holders["coins_lent"].sum(), holders["coins"].sum() + holders["deposit"].sum()
    weak = holders["leverage"] > 4.0
    owed, held = holders["loan"][weak].sum(), holders["crypto"][weak].sum()
    assert weak.any()
    a_day(economy, 1, crypto=math.log(0.7))
    (called,) = of_kind(economy, "liquidation")
    assert called["amount"] == pytest.approx(0.7 * held)
    a_day(economy)
    assert economy.rows["forced_sales_crypto_holders"][1] == pytest.approx(0.7 * held)
    assert not holders["crypto"][weak].any()
    assert not holders["loan"][weak].any()
    lost = owed - 0.7 * held
    assert economy.rows["crypto_lender_losses"].sum() == pytest.approx(lost)
    assert holders["coins_lent"].sum() == pytest.approx(lent - owed)
    # What the other side had no coins for it paid in money, and so did they their lenders.
    assert holders["coins"].sum() + holders["deposit"].sum() - money == pytest.approx(0.7 * held)
    sales = of_kind(economy, "forced_sale")
    assert economy.events[sales["caused_by"][0]]["kind"] == called["kind"], "the call is the cause of the sale"


def test_who_sells_is_paid_in_the_coins_that_there_are_and_the_rest_in_money() -> None:
    slow = {"stablecoins__mix_days": 1000}  # so that hardly any coins are bought anew
    economy = still(crypto__equity_owners=0, channels__performance_chasing=False, **slow)
    maker, issuers = economy.investors[-1], economy.stablecoins
    stock, money, supply = maker["coins"].copy(), float(maker["deposit"]), issuers["supply"].sum()
    a_day(economy, 2, crypto=math.log(0.7))
    sold = economy.rows["forced_sales_crypto_holders"].sum()
    assert sold > stock.sum(), "more than there are coins for"
    in_coins = np.minimum(stock, economy.rows["price"][1, CRYPTO] * issuers["sales"]).sum()
    assert stock.sum() - maker["coins"].sum() == pytest.approx(in_coins, rel=2e-3)
    assert money - maker["deposit"] == pytest.approx(sold - in_coins, rel=2e-3)
    assert issuers["supply"].sum() == pytest.approx(supply, rel=1e-3), "a cascade makes no coins"


def test_without_the_channel_nothing_is_liquidated() -> None:
    economy = still(channels__crypto_liquidations=False)
    before = economy.holders["loan"].copy()
    a_day(economy, 12, crypto=math.log(0.3))
    assert np.array_equal(economy.holders["loan"], before)
    assert not economy.rows["forced_sales_crypto_holders"].any()
    assert not len(of_kind(economy, "liquidation"))


def test_a_trader_on_credit_returns_to_its_leverage_and_borrows_from_its_lender() -> None:
    economy = Economy(world(**NO_NEED | {"channels__performance_chasing": False}), 1)
    holders, terms = economy.holders, economy.scenario.crypto
    economy.markets["price"][CRYPTO] = 1.1
    value = 1.1 * holders["crypto"]
    wish = terms.adjustment * (holders["leverage"] * (value - holders["loan"]) - value)
    orders = 1.1 * every_day(economy)
    on_credit = of(economy, LEVERAGED)
    borrowers = np.maximum(1, holders["borrowers"][holders["lender"]])
    room = 0.5 * holders["coins"][holders["lender"]] / borrowers
    np.testing.assert_allclose(orders[on_credit], np.minimum(wish, room)[on_credit])


def test_no_order_depends_on_coins_that_two_want_to_spend() -> None:
    economy = Economy(load(), 1)
    economy.advance(120)
    assert economy.holders["coins"].min() > -1e-9
    assert (economy.holders["coins"] - economy.holders["redeeming"]).min() > -1e-9


def test_what_is_minted_is_a_deposit_of_the_issuer() -> None:
    economy = still()
    holder, issuer = economy.holders[0], economy.stablecoins[int(economy.holders["issuer"][0])]
    before = (holder["deposit"], issuer["supply"], issuer["deposit"].sum(), economy.banks["deposits"].sum())
    mint(scratch(economy), economy.banks, issuer, holder, 0.01)
    after = (holder["deposit"], issuer["supply"], issuer["deposit"].sum(), economy.banks["deposits"].sum())
    np.testing.assert_allclose(np.subtract(after, before), [-0.01, 0.01, 0.01, 0.0], atol=1e-12)


def test_each_further_holder_costs_few_bytes_and_many_open() -> None:
    assert CRYPTO_HOLDER.dtype.itemsize <= 300
    economy = Economy(load(**{"crypto.holders": 100_000}), 1)
    assert len(economy.holders) == 100_000
    assert economy.holders["crypto"].sum() == pytest.approx(load().crypto.held)
    economy.advance(2)
    moved = economy.journals[:, TRANSACTIONS, CRYPTO, CRYPTO_HOLDERS]
    assert moved.any()
