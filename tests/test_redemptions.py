"""Investors who leave: when and how much they ask, what the fund sells for it, who is paid, and nothing without it."""

import numpy as np
import pytest
from still import a_day, still, worth
from test_performance_chasing import world
from worlds import events, finished, of_kind

from abm.agents.leveraged_fund import ACTIVE, MARGIN_ACCOUNT
from abm.channels import REDEMPTIONS
from abm.contagion.redemptions import ask_for_redemptions, days_to_payment, pay_redemptions
from abm.economy import Economy
from abm.ledger.chart import FUND_SHARES, FUNDS, TRANSACTIONS
from abm.outcome.events import FUND, KINDS

EXACT = {"rel": 1e-9, "abs": 1e-9}
LEVERED = 3  # a multi-strategy fund: much debt, and cash only for what it has sold short
FALL = {"spark__total": 0.5, "spark__start": 5, "run__ticks": 140, "redemptions__sensitivity": 1}


def ask(economy: Economy, tick: int = 0) -> None:
    e = economy
    ask_for_redemptions(e.funds, e.markets, e.story, e.settings, e.switches, tick, e.events, e.counter)


def pay(economy: Economy, tick: int) -> None:
    e = economy
    pay_redemptions(e.funds, e.dealers, e.banks, e.investors, e.markets, e.settings, e.switches, tick, e.day, e.journal)


def with_loss(loss: float, **overrides: object) -> Economy:
    """Let every fund's share be worth so much less than its average of a year."""
    economy = still(**overrides)
    economy.funds["share_value"] = 1.0 - loss
    return economy


def test_a_loss_is_answered_by_its_part_a_day() -> None:
    economy = with_loss(0.2)
    ask(economy)
    funds, terms = economy.funds, economy.scenario.redemptions
    with_owner = funds["style"] != MARGIN_ACCOUNT
    per_day = terms.sensitivity / (economy.scenario.run.ticks_per_year / 12)
    assert funds["noticed"] == pytest.approx(per_day * 0.2 * funds["net_asset_value"] * with_owner, **EXACT)
    notices = of_kind(economy, "redemption_notice")
    assert len(notices) == with_owner.sum()
    assert notices["amount"] == pytest.approx(funds["noticed"][with_owner], **EXACT)
    ask(economy)
    assert len(of_kind(economy, "redemption_notice")) == len(notices), "only the first notice is written down"


@pytest.mark.parametrize("gain", [0.0, 0.1])
def test_nobody_leaves_a_fund_that_has_not_lost(gain: float) -> None:
    economy = with_loss(-gain)
    ask(economy)
    assert not economy.funds["noticed"].any()
    assert not len(of_kind(economy, "redemption_notice"))


@pytest.mark.parametrize("expectation", [0.0, 1.0, 3.0])
def test_others_who_fill_the_gate_hasten_the_wish_to_leave_up_to_a_full_gate(expectation: float) -> None:
    economy = with_loss(0.2, redemptions__expectation=expectation)
    terms, worth = economy.scenario.redemptions, economy.funds["net_asset_value"][0]
    alone = terms.sensitivity / 21.0 * 0.2 * worth
    for asked, fullness in ((0.0, 0.0), (0.1 * worth, 0.1 / terms.gate), (0.5 * worth, 1.0)):
        economy.funds["noticed"][0], economy.funds["noticed_late"][0] = 0.75 * asked, 0.25 * asked
        ask(economy)
        noticed = economy.funds["noticed"][0] - 0.75 * asked
        assert noticed == pytest.approx(alone * (1.0 + expectation * fullness), **EXACT)


def test_nobody_asks_for_more_than_there_is() -> None:
    economy = with_loss(0.5, redemptions__sensitivity=10)
    for _ in range(60):
        ask(economy)
    funds = economy.funds
    has_owner = funds["style"] != MARGIN_ACCOUNT
    assert funds["noticed"][has_owner] == pytest.approx(funds["net_asset_value"][has_owner], **EXACT)


def test_notice_given_too_late_for_a_quarters_end_waits_for_the_next() -> None:
    economy = with_loss(0.1)
    funds, terms = economy.funds, economy.scenario.redemptions
    last = terms.quarter_days - 1 - terms.notice_days
    assert days_to_payment(last, economy.settings[0].redemptions) == terms.notice_days
    assert days_to_payment(terms.quarter_days - 1, economy.settings[0].redemptions) == 0
    ask(economy, tick=last)
    in_time = funds["noticed"].copy()
    assert in_time[0] > 0.0
    assert not funds["noticed_late"].any()
    ask(economy, tick=last + 1)
    late = funds["noticed_late"].copy()
    assert late[0] > 0.0
    np.testing.assert_array_equal(funds["noticed"], in_time)
    for tick in (terms.quarter_days - 2, terms.quarter_days):
        pay(economy, tick)
        assert not funds["paid_out"].any(), "no day but the last of a quarter"
    pay(economy, terms.quarter_days - 1)
    assert funds["paid_out"] == pytest.approx(in_time, **EXACT)
    assert funds["noticed"] == pytest.approx(late, **EXACT)
    assert not funds["noticed_late"].any()
    pay(economy, 2 * terms.quarter_days - 1)
    assert funds["paid_out"] == pytest.approx(late, **EXACT)
    assert funds["noticed"] == pytest.approx(0.0, abs=1e-9)


def test_no_more_than_the_gate_is_paid_and_the_rest_stays_asked_for() -> None:
    economy = still()
    fund, gate = economy.funds[0], economy.scenario.redemptions.gate
    fund.noticed = 0.9 * fund.net_asset_value
    pay(economy, 62)
    assert fund.paid_out == pytest.approx(gate * fund.net_asset_value, **EXACT)
    assert fund.noticed == pytest.approx((0.9 - gate) * fund.net_asset_value, **EXACT)
    assert economy.day["moved"][0, REDEMPTIONS] == pytest.approx(fund.paid_out, **EXACT)


def test_a_payment_reaches_the_owners_bank_and_cancels_shares() -> None:
    economy = still()
    fund = economy.funds[0]
    owner, dealers = economy.investors[fund.owner], economy.dealers
    before, due = economy.balances(), 0.05 * fund.net_asset_value
    deposit, at_bank, shares = owner.deposit, economy.banks["deposits"][owner.bank], owner.fund_shares
    cash, loans, deposits = fund.cash.copy(), fund.margin_loan.copy(), dealers["deposit"].copy()
    fund.noticed = due
    pay(economy, 62)
    assert owner.deposit - deposit == pytest.approx(due, **EXACT)
    assert fund.shares == pytest.approx(fund.net_asset_value - due, **EXACT)
    assert shares - owner.fund_shares == pytest.approx(due, **EXACT)
    part = due * fund.line_share
    assert cash - fund.cash == pytest.approx(part, **EXACT)
    np.testing.assert_array_equal(fund.margin_loan, loans)
    paid = np.bincount(fund.dealer, weights=part, minlength=len(dealers))
    assert deposits - dealers["deposit"] == pytest.approx(paid, **EXACT)
    same_bank = dealers["deposit"][dealers["bank"] == owner.bank].sum()
    same_bank -= deposits[dealers["bank"] == owner.bank].sum()
    assert economy.banks["deposits"][owner.bank] - at_bank == pytest.approx(due + same_bank, **EXACT)
    assert economy.journal[TRANSACTIONS, FUND_SHARES, FUNDS] == pytest.approx(due, **EXACT)
    economy._prove(before, "settle")


def test_dealers_lend_what_cash_lacks() -> None:
    economy = still()
    fund = economy.funds[10]  # four dealers, and little cash
    before, cash, loans = economy.balances(), fund.cash.copy(), fund.margin_loan.copy()
    due = economy.scenario.redemptions.gate * fund.net_asset_value
    assert due > cash.sum()
    fund.noticed = due
    pay(economy, 62)
    assert not fund.cash.any()
    assert fund.margin_loan - loans == pytest.approx(due / 4 - cash, **EXACT)
    economy._prove(before, "settle")


@pytest.mark.slow
def test_cash_is_raised_before_the_payment_and_leverage_is_kept() -> None:
    economy = still()
    fund, terms = economy.funds[LEVERED], economy.scenario.redemptions
    held, value, debt = fund.units.copy(), fund.net_asset_value, fund.margin_loan.sum() + fund.repo.sum()
    leverage, due = held.sum() / value, terms.gate * fund.net_asset_value
    assert due > fund.cash.sum() - fund.short.sum(), "not all is there"
    fund.noticed = due
    quiet = terms.quarter_days - terms.notice_days
    a_day(economy, quiet)
    np.testing.assert_array_equal(fund.units, held)  # notice may still be given: nothing is sold so far
    a_day(economy, terms.notice_days - 1)
    sales = of_kind(economy, "forced_sale")
    sales = sales[sales["actor_kind"] == FUND]
    assert set(sales["tick"]) == set(range(quiet, terms.quarter_days - 1))
    assert set(sales["channel"]) == {REDEMPTIONS}
    assert set(sales["actor"]) == {LEVERED}
    sold = -np.diff(economy.rows["assets"][quiet - 1 : economy.tick, 0])
    assert sold == pytest.approx(terms.gate * held.sum() / terms.notice_days, rel=1e-6), "the same every day"
    assert fund.shares == pytest.approx(value, **EXACT)
    a_day(economy)
    assert fund.units == pytest.approx((1.0 - terms.gate) * held, rel=1e-6)
    assert fund.net_asset_value == pytest.approx(value - due, rel=1e-6)
    assert fund.units.sum() / fund.net_asset_value == pytest.approx(leverage, rel=1e-6)
    assert fund.margin_loan.sum() + fund.repo.sum() < debt - due, "what it sold beyond the payment repaid debt"
    assert fund.share_value == pytest.approx(1.0, rel=1e-6), "who stays is neither richer nor poorer"
    assert worth(economy)[LEVERED] == pytest.approx(fund.net_asset_value, **EXACT)


@pytest.mark.slow
def test_what_free_cash_covers_needs_no_sale() -> None:
    economy = still()
    fund = economy.funds[0]
    spare = fund.cash.sum() - fund.short.sum()
    held = fund.units.copy()
    fund.noticed = 0.99 * spare
    a_day(economy, 63)
    np.testing.assert_array_equal(fund.units, held)
    assert fund.shares == pytest.approx(500.0 - 0.99 * spare, **EXACT)
    assert not len(of_kind(economy, "forced_sale"))


def test_a_seized_fund_pays_nobody_out() -> None:
    economy = still()
    economy.funds["noticed"][:2] = 20.0
    economy.funds["status"][0] = ACTIVE + 1
    pay(economy, 62)
    assert economy.funds["paid_out"][:2] == pytest.approx([0.0, 20.0])


@pytest.mark.slow
def test_losses_are_followed_by_notice_sales_and_payments_with_causes_and_the_books_close() -> None:
    economy = finished(world(**FALL), check=True)
    log, notices = events(economy), of_kind(economy, "redemption_notice")
    assert len(notices) > 3
    calm = finished(world(**FALL | {"spark__total": 0}))
    flows = [run.rows["moved"][:, REDEMPTIONS].sum() for run in (economy, calm)]
    assert flows[0] > 2.0 * flows[1]
    assert set(log[notices["caused_by"]]["kind"]) == {KINDS.index("price_move")}
    sales = of_kind(economy, "forced_sale")
    sales = sales[sales["channel"] == REDEMPTIONS]
    assert len(sales) > 0
    assert set(log[sales["caused_by"]]["kind"]) == {KINDS.index("redemption_notice")}
    quarter = economy.scenario.redemptions.quarter_days
    out = economy.journals[:, TRANSACTIONS, FUND_SHARES, FUNDS]
    assert (out[[quarter - 1, 2 * quarter - 1]] > 1.0).all()


def test_off_nobody_leaves() -> None:
    economy = finished(world(channels__redemptions=False, **FALL))
    assert (economy.funds["share_value"] < 0.95).any()
    for name in ("noticed", "noticed_late", "paid_out"):
        assert not economy.funds[name].any(), name
    assert not economy.rows["moved"][:, REDEMPTIONS].any()
    assert not len(of_kind(economy, "redemption_notice"))
    untouched = economy.funds["status"] == ACTIVE
    worth = np.maximum(economy.funds["net_asset_value"], 0.0)
    has_owner = economy.funds["owner"] >= 0
    assert economy.funds["shares"][untouched & has_owner] == pytest.approx(worth[untouched & has_owner], **EXACT)
