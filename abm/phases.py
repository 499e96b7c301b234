"""What happens in each phase of a tick: compiled rules called on the tables that they read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.agents.cash_pool import put_cash_into_bills
from abm.agents.trader import ask_traders
from abm.coin_settlement import (
    deliver_to_holders,
    deliver_to_stablecoins,
    earn_and_spend,
    pay_who_handed_in,
    square_coins,
    take_in_depositors_coins,
)
from abm.contagion.bank_asset_sales import sell_treasuries
from abm.contagion.builder_defaults import builders_default
from abm.contagion.common_story import share_the_story
from abm.contagion.credit_tightening import tighten_credit
from abm.contagion.crowding_revealed import look_for_likeness
from abm.contagion.crypto_liquidations import call_crypto
from abm.contagion.dealer_runs import find_other_dealers, leave_weak_dealers, sell_for_cash
from abm.contagion.deposit_runs import leave_weak_banks, put_flight_money_into_bills
from abm.contagion.depth_spiral import remember_volatility, thin_out
from abm.contagion.finite_buyers import rebuild_budgets
from abm.contagion.fund_default_losses import close_seized_funds, mark_insolvent, resolve_dealers
from abm.contagion.interbank import resolve_banks
from abm.contagion.margin_calls import call_margin, mark_funds
from abm.contagion.margin_procyclicality import set_margins
from abm.contagion.narrative_feedback import spread_disbelief
from abm.contagion.ordinary_trading import everyday_income
from abm.contagion.performance_chasing import chase_returns
from abm.contagion.private_credit import find_cash, resolve_credit_funds
from abm.contagion.real_economy import move_output
from abm.contagion.redemptions import ask_for_redemptions, pay_redemptions
from abm.contagion.reserve_deposits import show_withdrawals
from abm.contagion.reserve_treasuries import keep_reserves
from abm.contagion.risk_limits import set_own_limits
from abm.contagion.stablecoin_runs import depositors_run, doubt_issuers
from abm.decisions import funds_decide, holders_decide
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
    collect_holders,
    collect_orders,
    find_prices,
    revalue_holders,
    revalue_holdings,
    revalue_issued,
    revalue_short,
    set_pegs,
)
from abm.markets.news import hear_news
from abm.outcome.recorder import (
    record_crypto,
    record_funds,
    record_lenders,
    record_markets,
    record_private_credit,
    turn_the_page,
)
from abm.policy.circuit_breaker import watch_halts
from abm.policy.decisions import govern, watch
from abm.policy.lending import lend_to_banks, lend_to_dealers
from abm.policy.leverage_cap import watch_leverage
from abm.policy.own_losses import suffer_losses
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
    share_the_story(e.story, e.markets, e.settings, e.switches)
    spread_disbelief(e.story, e.markets, e.settings, e.switches)


def decide(e: Economy) -> None:
    funds_decide(e.funds, e.markets, e.settings, e.switches, e.seed, e.tick, e.events, e.counter)
    holders_decide(
        e.holders,
        e.order_book,
        e.entries,
        e.stablecoins,
        e.markets,
        e.settings,
        e.switches,
        e.seed,
        e.tick,
        e.events,
        e.counter,
    )
    depositors_run(e.depositors, e.stablecoins, e.settings)
    keep_reserves(e.stablecoins, e.banks, e.markets, e.settings, e.switches, e.tick, e.events, e.counter)
    chase_returns(e.chasers, e.markets, e.settings, e.switches, e.day)
    sell_for_cash(e.dealers, e.markets, e.settings, e.switches, e.tick, e.events, e.counter)
    put_cash_into_bills(e.pools, e.markets, e.settings, e.switches)
    put_flight_money_into_bills(e.depositors, e.banks, e.markets, e.settings)
    sell_treasuries(e.banks, e.markets, e.settings, e.switches, e.tick, e.events, e.counter)
    ask_traders(e)


def quote_depth(e: Economy) -> None:
    remember_volatility(e.markets, e.settings)
    thin_out(e.markets, e.dealers, e.settings, e.switches)


def clear(e: Economy) -> None:
    for traders in e.with_field("orders"):
        collect_orders(traders, e.markets)
    collect_cover(e.funds, e.markets)
    access = e.scenario.stablecoins.direct_access
    collect_holders(e.holders, e.order_book, e.entries, e.stablecoins, e.depositors, e.markets, e.day, access)
    find_prices(e.markets, e.investors, e.settings, e.switches, e.day, e.tick, e.events, e.counter)
    if e.authority["circuit_breaker"][0]:
        watch_halts(e.markets, e.story, e.settings, e.day, e.tick, e.events, e.counter)
    for holders in e.with_field("units"):
        revalue_holdings(holders, e.markets, e.journal)
    revalue_holders(e.day, e.markets, e.journal)
    set_pegs(e.stablecoins, e.investors, e.settings)
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
    deliver_to_stablecoins(
        e.stablecoins,
        e.dealers,
        e.banks,
        e.investors,
        e.house,
        e.markets,
        e.settings,
        e.switches,
        e.day,
        e.journal,
        e.tick,
        e.events,
        e.counter,
    )
    for owners in (e.investors, e.depositors):
        pay_who_handed_in(owners, e.stablecoins, e.banks, e.journal)
    deliver_to_holders(
        e.holders, e.order_book, e.entries, e.stablecoins, e.investors, e.banks, e.house, e.markets, e.day, e.journal
    )
    take_in_depositors_coins(e.depositors, e.stablecoins, e.investors, e.banks, e.settings, e.day, e.journal)
    take_other_paper(e.pools, e.investors, e.banks, e.markets, e.journal)
    for savers in (e.chasers, e.traders, e.pools, e.depositors):
        deliver_to_savers(savers, e.banks, e.house, e.markets, e.day, e.journal)
    deliver_to_investors(e.investors, e.banks, e.house, e.markets, e.journal)
    square_coins(e.investors, e.stablecoins, e.banks, e.settings, e.journal)
    pay_redemptions(
        e.funds, e.dealers, e.banks, e.investors, e.markets, e.settings, e.switches, e.tick, e.day, e.journal
    )
    settle_dealers(e.dealers, e.banks, e.pools, e.issuers, e.house, e.settings, e.journal)
    rebuild_budgets(e.investors, e.settings)


def earn_and_pay(e: Economy) -> None:
    earn_and_spend(e.holders, e.depositors, e.banks, e.settings, e.switches, e.journal, e.tick)
    everyday_income(e.funds, e.dealers, e.banks, e.depositors, e.markets, e.settings, e.switches, e.journal)


def mark_to_market(e: Economy) -> None:
    set_margins(e.markets, e.funds, e.dealers, e.authority, e.settings, e.switches, e.day)
    look_for_likeness(e.markets, e.funds, e.settings, e.switches, e.day)
    mark_funds(e.funds, e.dealers, e.investors, e.markets, e.settings, e.switches, e.journal)


def call(e: Economy) -> None:
    call_margin(e.funds, e.dealers, e.markets, e.story, e.settings, e.switches, e.tick, e.events, e.counter)
    call_crypto(e.holders, e.markets, e.story, e.settings, e.switches, e.tick, e.events, e.counter)
    set_own_limits(e.funds, e.markets, e.story, e.authority, e.settings, e.switches, e.tick, e.events, e.counter)
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
    show_withdrawals(
        e.stablecoins, e.banks, e.markets, e.story, e.settings, e.switches, e.tick, e.day, e.events, e.counter
    )
    leave_weak_banks(
        e.banks, e.depositors, e.markets, e.story, e.settings, e.switches, e.tick, e.day, e.journal, e.events, e.counter
    )
    doubt_issuers(e.stablecoins, e.banks, e.markets, e.story, e.settings, e.switches, e.tick, e.events, e.counter)
    tighten_credit(e.banks, e.dealers, e.debtors, e.depositors, e.settings, e.switches, e.day, e.journal)
    find_cash(
        e.credit_funds, e.banks, e.investors, e.debtors, e.depositors, e.credit_market, e.markets, e.story,
        e.settings, e.switches, e.day, e.journal, e.tick, e.events, e.counter
    )  # fmt: skip


def resolve(e: Economy) -> None:
    suffer_losses(e)
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
        e.dealers, e.banks, e.markets, e.story, e.settings, e.switches, e.journal, e.tick, e.events, e.counter
    )
    resolve_dealers(
        e.dealers, e.banks, e.depositors, e.markets, e.story, e.settings, e.day, e.journal, e.tick, e.events, e.counter
    )
    resolve_credit_funds(
        e.credit_funds, e.builders, e.banks, e.investors, e.debtors, e.credit_market, e.markets, e.story, e.settings,
        e.switches, e.day, e.journal, e.tick, e.events, e.counter
    )  # fmt: skip
    run_receiverships(e.banks, e.depositors, e.issuers, e.settings, e.day, e.journal)
    resolve_banks(
        e.banks,
        e.depositors,
        e.investors,
        e.dealers,
        e.pools,
        e.chasers,
        e.holders,
        e.stablecoins,
        e.traders,
        e.credit_funds,
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
        e.credit_funds,
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
    builders_default(
        e.builders, e.credit_funds, e.banks, e.debtors, e.output, e.credit_market, e.markets, e.story, e.settings,
        e.switches, e.day, e.journal, e.tick, e.events, e.counter
    )  # fmt: skip


def record(e: Economy) -> None:
    record_markets(e.row_pages, e.tick, e.markets, e.story, e.day)
    record_funds(e.row_pages, e.tick, e.funds, e.markets, e.settings)
    record_crypto(e.row_pages, e.tick, e.stablecoins, e.day)
    record_lenders(e.row_pages, e.tick, e.dealers, e.banks, e.output, e.markets, e.settings, e.day)
    record_private_credit(e.row_pages, e.tick, e.credit_funds, e.builders, e.day)
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
