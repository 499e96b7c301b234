"""What happens in each phase of a tick: compiled rules called on the tables that they read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.agents.cash_pool import put_cash_into_bills
from abm.agents.leveraged_fund import CLOSED, SEIZED
from abm.compiled import rule
from abm.contagion.bank_asset_sales import sell_treasuries
from abm.contagion.credit_tightening import tighten_credit
from abm.contagion.cross_asset_sales import sell_book
from abm.contagion.crowding_revealed import look_for_likeness
from abm.contagion.dealer_runs import find_other_dealers, leave_weak_dealers, sell_for_cash
from abm.contagion.deposit_runs import leave_weak_banks, put_flight_money_into_bills
from abm.contagion.depth_spiral import remember_volatility, thin_out
from abm.contagion.finite_buyers import rebuild_budgets
from abm.contagion.fund_default_losses import DUST, close_seized_funds, mark_insolvent, resolve_dealers
from abm.contagion.interbank import resolve_banks
from abm.contagion.margin_calls import call_margin, mark_funds, sell_to_meet_call
from abm.contagion.margin_procyclicality import set_margins
from abm.contagion.narrative_feedback import spread_disbelief
from abm.contagion.ordinary_trading import everyday_income, trade_as_usual
from abm.contagion.performance_chasing import chase_returns
from abm.contagion.real_economy import move_output
from abm.contagion.redemptions import ask_for_redemptions, pay_redemptions, raise_cash_for_redemptions
from abm.contagion.risk_limits import keep_own_limits, set_own_limits
from abm.ledger.chart import N_TRADED
from abm.ledger.receivership import run_receiverships
from abm.ledger.reserves import lend_reserves
from abm.ledger.settlement import (
    deliver_to_funds,
    deliver_to_investors,
    deliver_to_issuers,
    deliver_to_lenders,
    deliver_to_savers,
    pay_variation_margin,
    settle_dealers,
    take_other_paper,
)
from abm.markets.clearing import (
    collect_cover,
    collect_orders,
    find_prices,
    revalue_holdings,
    revalue_issued,
    revalue_short,
)
from abm.markets.news import hear_news
from abm.outcome.events import FORCED_SALE, FUND, LIMIT_SALE, SCENARIO, log_event
from abm.outcome.recorder import record_funds, record_lenders, record_markets, turn_the_page
from abm.policy.circuit_breaker import watch_halts
from abm.policy.decisions import govern, watch
from abm.policy.lending import lend_to_banks, lend_to_dealers
from abm.policy.leverage_cap import come_under_cap, watch_leverage
from abm.policy.timed_actions import take_timed_actions

if TYPE_CHECKING:
    from abm.economy import Economy


def decide_policy(e: Economy) -> None:
    take_timed_actions(e)
    if e.authority["awake"][0]:
        govern(e.authority, e.funds, e.banks, e.markets, e.issuers, e.settings)


def hear_the_news(e: Economy) -> None:
    hear_news(e.markets, e.story, e.sparks, e.seed, e.tick, e.events, e.counter)


def believe(e: Economy) -> None:
    spread_disbelief(e.story, e.markets, e.settings, e.switches)


def decide(e: Economy) -> None:
    funds_decide(e.funds, e.markets, e.settings, e.switches, e.seed, e.tick, e.events, e.counter)
    chase_returns(e.chasers, e.markets, e.settings, e.switches, e.day)
    sell_for_cash(e.dealers, e.markets, e.settings, e.switches, e.tick, e.events, e.counter)
    put_cash_into_bills(e.pools, e.markets, e.settings, e.switches)
    put_flight_money_into_bills(e.depositors, e.banks, e.markets, e.settings)
    sell_treasuries(e.banks, e.markets, e.settings, e.switches, e.tick, e.events, e.counter)


@rule
def funds_decide(funds, markets, settings, switches, seed, tick, events, counter):
    """Let every fund state its orders from yesterday's prices and its own books.

    Dealers sell a seized book; a fund in call sells what it must; others keep their own limits, raise cash for
    investors who leave, and if neither presses trade as usual.
    """
    margin = settings[0].margin
    switch = switches[0]
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status == CLOSED:
            continue
        cause, kind = fund.cause, FORCED_SALE
        if fund.status == SEIZED:
            sell_book(fund, margin, switch.cross_asset_sales)
        elif fund.days_in_call > 0 and switch.margin_calls:
            sell_to_meet_call(fund, markets, margin, switch.cross_asset_sales)
        elif switch.risk_limits and keep_own_limits(fund, markets, settings[0], tick):
            cause, kind = fund.own_cause, LIMIT_SALE
        elif switch.redemptions and raise_cash_for_redemptions(fund, markets, settings[0], tick):
            cause = fund.notice_cause
        elif fund.leverage_cap > 0.0 and come_under_cap(fund, markets, settings[0]):
            cause, kind = fund.cap_cause, LIMIT_SALE
        else:
            if switch.ordinary_trading:
                trade_as_usual(fund, markets, seed, tick)
            continue
        for k in range(N_TRADED):
            market = markets[k]
            value = -fund.orders[k] * market.price
            if value > DUST:
                sale = log_event(
                    events,
                    counter,
                    kind,
                    tick,
                    FUND,
                    fund.id,
                    SCENARIO,
                    0,
                    fund.channel[k],
                    k,
                    value,
                    cause,
                )
                if value > market.largest_sale:
                    market.largest_sale = value
                    market.sale_event = sale


def quote_depth(e: Economy) -> None:
    remember_volatility(e.markets, e.settings)
    thin_out(e.markets, e.dealers, e.settings, e.switches)


def clear(e: Economy) -> None:
    for traders in e.with_field("orders"):
        collect_orders(traders, e.markets)
    collect_cover(e.funds, e.markets)
    find_prices(e.markets, e.investors, e.settings, e.switches, e.day, e.tick, e.events, e.counter)
    if e.authority["circuit_breaker"][0]:
        watch_halts(e.markets, e.story, e.settings, e.day, e.tick, e.events, e.counter)
    for holders in e.with_field("units"):
        revalue_holdings(holders, e.markets, e.journal)
    revalue_short(e.funds, e.dealers, e.investors, e.markets, e.journal)
    revalue_issued(e.issuers, e.markets, e.journal)


def settle(e: Economy) -> None:
    pay_variation_margin(e.funds, e.dealers, e.investors, e.banks, e.house, e.markets, e.journal)
    deliver_to_funds(
        e.funds,
        e.dealers,
        e.banks,
        e.depositors,
        e.investors,
        e.house,
        e.markets,
        e.settings,
        e.switches,
        e.day,
        e.journal,
    )
    deliver_to_issuers(e.issuers, e.house, e.markets, e.day, e.journal)
    deliver_to_lenders(e.banks, e.dealers, e.house, e.markets, e.day, e.journal)
    take_other_paper(e.pools, e.investors, e.banks, e.markets, e.journal)
    for savers in (e.chasers, e.pools, e.depositors):
        deliver_to_savers(savers, e.banks, e.house, e.markets, e.day, e.journal)
    deliver_to_investors(e.investors, e.banks, e.house, e.markets, e.journal)
    pay_redemptions(
        e.funds,
        e.dealers,
        e.banks,
        e.investors,
        e.markets,
        e.settings,
        e.switches,
        e.tick,
        e.day,
        e.journal,
    )
    settle_dealers(e.dealers, e.banks, e.pools, e.issuers, e.house, e.settings, e.journal)
    rebuild_budgets(e.investors, e.settings)


def earn_and_pay(e: Economy) -> None:
    everyday_income(e.funds, e.dealers, e.banks, e.depositors, e.markets, e.settings, e.switches, e.journal)


def mark_to_market(e: Economy) -> None:
    set_margins(e.markets, e.funds, e.dealers, e.settings, e.switches, e.day)
    look_for_likeness(e.markets, e.funds, e.settings, e.switches, e.day)
    mark_funds(e.funds, e.dealers, e.investors, e.markets, e.settings, e.switches, e.journal)


def call(e: Economy) -> None:
    call_margin(e.funds, e.dealers, e.markets, e.story, e.settings, e.switches, e.tick, e.events, e.counter)
    set_own_limits(e.funds, e.markets, e.story, e.settings, e.switches, e.tick, e.events, e.counter)
    ask_for_redemptions(e.funds, e.markets, e.story, e.settings, e.switches, e.tick, e.events, e.counter)
    if e.authority["leverage_cap"][0]:
        watch_leverage(e.funds, e.markets, e.story, e.tick, e.events, e.counter)


def look_around(e: Economy) -> None:
    if e.authority["lending"][0]:
        lend_to_dealers(
            e.dealers,
            e.banks,
            e.issuers,
            e.markets,
            e.story,
            e.settings,
            e.switches,
            e.tick,
            e.journal,
            e.events,
            e.counter,
        )
    leave_weak_dealers(
        e.dealers,
        e.pools,
        e.funds,
        e.banks,
        e.markets,
        e.story,
        e.settings,
        e.switches,
        e.tick,
        e.day,
        e.journal,
        e.events,
        e.counter,
    )
    find_other_dealers(
        e.funds,
        e.dealers,
        e.pools,
        e.banks,
        e.investors,
        e.markets,
        e.settings,
        e.switches,
        e.tick,
        e.day,
        e.journal,
        e.events,
        e.counter,
    )
    lend_reserves(e.banks, e.settings, e.journal)
    on = e.authority["lending"][0]
    if on or e.issuers["central_bank_loans"].any():
        lend_to_banks(e.banks, e.issuers, e.markets, e.story, e.settings, on, e.tick, e.journal, e.events, e.counter)
    leave_weak_banks(
        e.banks,
        e.depositors,
        e.markets,
        e.story,
        e.settings,
        e.switches,
        e.tick,
        e.day,
        e.journal,
        e.events,
        e.counter,
    )
    tighten_credit(e.banks, e.dealers, e.debtors, e.depositors, e.settings, e.switches, e.day, e.journal)


def resolve(e: Economy) -> None:
    close_seized_funds(
        e.funds,
        e.dealers,
        e.banks,
        e.investors,
        e.depositors,
        e.markets,
        e.switches,
        e.day,
        e.journal,
        e.tick,
        e.events,
        e.counter,
    )
    mark_insolvent(
        e.dealers,
        e.banks,
        e.markets,
        e.story,
        e.settings,
        e.switches,
        e.journal,
        e.tick,
        e.events,
        e.counter,
    )
    resolve_dealers(
        e.dealers,
        e.banks,
        e.depositors,
        e.markets,
        e.story,
        e.settings,
        e.day,
        e.journal,
        e.tick,
        e.events,
        e.counter,
    )
    run_receiverships(e.banks, e.depositors, e.issuers, e.settings, e.day, e.journal)
    resolve_banks(
        e.banks,
        e.depositors,
        e.investors,
        e.dealers,
        e.pools,
        e.chasers,
        e.debtors,
        e.issuers,
        e.markets,
        e.settings,
        e.switches,
        e.day,
        e.journal,
        e.tick,
        e.events,
        e.counter,
    )


def produce(e: Economy) -> None:
    move_output(
        e.output,
        e.markets,
        e.banks,
        e.debtors,
        e.story,
        e.settings,
        e.switches,
        e.day,
        e.journal,
        e.tick,
        e.events,
        e.counter,
    )


def record(e: Economy) -> None:
    record_markets(e.row_pages, e.tick, e.markets, e.story, e.day)
    record_funds(e.row_pages, e.tick, e.funds, e.markets, e.settings)
    record_lenders(e.row_pages, e.tick, e.dealers, e.banks, e.output, e.markets, e.settings, e.day)
    if e.authority["awake"][0]:
        watch(
            e.authority,
            e.banks,
            e.depositors,
            e.markets,
            e.story,
            e.settings,
            e.day,
            e.tick,
            e.events,
            e.counter,
        )
    turn_the_page(e.markets, e.day, e.journal, e.journal_pages, e.tick)
