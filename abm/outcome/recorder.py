"""The recorder: one row a tick of what a run reports, written at nightfall and never read by the model."""

from __future__ import annotations

import math

import numpy as np

from abm.agents.bank import N_DEBTORS, bank_assets, bank_lending, weighted_assets
from abm.agents.builder import owed_by_builder
from abm.agents.dealer import N_LINES
from abm.agents.leveraged_fund import ACTIVE, CLOSED, fund_debt, securities_held, sold_short
from abm.agents.private_credit_fund import drawn_by
from abm.agents.stablecoin_issuer import ISSUERS, issuer_cash
from abm.channels import CHANNELS, N_CHANNELS
from abm.compiled import rule
from abm.contagion.margin_calls import missing_margin
from abm.ledger.chart import BILLS, BROAD_EQUITY, FUNDS, INSTRUMENTS, N_TRADED, NOTES
from abm.outcome.events import NO_EVENT
from abm.records import Record, memory

SELLERS = ("funds", "margin_accounts")

# What happened in the course of today, counted where it happens and emptied every morning.
DAY = Record(
    "day",
    (
        memory("volume", "$bn", "traded by all but long-term investors", size=N_TRADED),
        memory("net_flow", "$bn", "bought less sold by them", size=N_TRADED),
        memory("forced_sales", "$bn", "forced sales by market", size=N_TRADED),
        memory("moved", "$bn", "dollars that each channel moved", size=N_CHANNELS),
        memory("forced_by_funds", "$bn", "forced sales of funds to meet calls"),
        memory("forced_by_accounts", "$bn", "forced sales of margin accounts to meet calls"),
        memory("forced_by_redemptions", "$bn", "sales of funds whose investors leave"),
        memory("funding_withdrawn", "$bn", "repo and customers' cash that left weak dealers"),
        memory("forced_liquidated", "$bn", "seized books sold by dealers"),
        memory("fill_share", "share", "part of the net offers that found a taker"),
        memory("not_taken", "$bn", "net offers that found none"),
        memory("buyers_capacity", "share", "what is left of the buyers' budgets"),
        memory("dealer_losses", "$bn", "dealers' losses on customers"),
        memory("bank_losses", "$bn", "banks' losses on dealers and on each other"),
        memory("bank_recoveries", "$bn", "what banks got back of what they had written off on dealers"),
        memory("loans_lost", "$bn", "banks' losses on loans outside, defaults and receiverships"),
        memory("data_centre_loans_lost", "$bn", "loans to builders of data centres that lenders lost"),
        memory("lines_called", "$bn", "drawn by private-credit funds on their lines"),
        memory("lines_lost", "$bn", "banks' losses on lines to private-credit funds"),
        memory("public_cost", "$bn", "what the public will not get back"),
        memory("crypto_held", "units", "crypto of all crypto holders when markets cleared"),
        memory("crypto_lent", "$bn", "loans between them"),
        memory("equity_held", "units", "their AI equity"),
        memory("forced_by_crypto", "$bn", "crypto and shares sold to close positions on credit"),
        memory("forced_by_issuers", "$bn", "Treasuries sold by stablecoin issuers to pay redemptions"),
        memory("crypto_losses", "$bn", "what crypto holders who lent to others lost"),
        memory("forced_by_lenders", "$bn", "sales of dealers and banks that lack cash or capital"),
        memory("notes_bought", "$bn", "notes that the central bank bought"),
        memory("guarantee_cost", "$bn", "deposits lost at failed banks that the public bore"),
        memory("sold_under_cap", "$bn", "sales of funds that the leverage cap forced"),
        memory("halts", "count", "halts of trading, all levels"),
        memory("closings", "count", "share markets that closed early"),
    ),
)

# The columns of `ticks`: name, unit, and whether there is one per market, one per kind of seller, or one.
PER_MARKET, PER_SELLER, PER_ISSUER, PER_CHANNEL, ONE = "market", "seller", "issuer", "channel", ""
SERIES: tuple[tuple[str, str, str, str], ...] = (
    ("price", PER_MARKET, "$", "price, 1 at the start"),
    ("news", PER_MARKET, "$", "price if there were nothing but news"),
    ("belief", PER_MARKET, "log points", "the story's part of the log price"),
    ("discount", PER_MARKET, "log points", "liquidity discount, negative when cheap"),
    ("depth", PER_MARKET, "share", "depth, 1 in normal times"),
    ("volume", PER_MARKET, "$bn", "traded by all but long-term investors"),
    ("net_flow", PER_MARKET, "$bn", "bought less sold by them"),
    ("forced_sales", PER_MARKET, "$bn", "forced sales"),
    ("moved", PER_CHANNEL, "$bn", "dollars that the channel moved"),
    ("net_asset_value", PER_SELLER, "$bn", "net asset value"),
    ("debt", PER_SELLER, "$bn", "borrowed from dealers: prime brokerage, repo, unsecured"),
    ("assets", PER_SELLER, "$bn", "traded securities held"),
    ("short", PER_SELLER, "$bn", "broad equity sold short"),
    ("in_call", PER_SELLER, "count", "with an open margin call"),
    ("calls", PER_SELLER, "$bn", "margin missing in open calls"),
    ("cash_needed", PER_SELLER, "$bn", "sales that would bring all in call back to the buffer"),
    ("cash_obtained", PER_SELLER, "$bn", "forced sales done by themselves to meet calls"),
    ("failed", PER_SELLER, "count", "seized so far"),
    ("failed_with_shortfall", PER_SELLER, "count", "closed so far with a shortfall to the lender"),
    ("coin_price", PER_ISSUER, "$", "price of a stablecoin on the secondary market"),
    ("coin_supply", PER_ISSUER, "$bn", "stablecoins in circulation"),
    ("coin_coverage", PER_ISSUER, "share", "expected worth of reserves for each coin"),
    ("coin_queue", PER_ISSUER, "$bn", "coins handed in and not yet paid"),
    ("coin_deposits", PER_ISSUER, "$bn", "the issuer's deposits at banks"),
    ("crypto_loans", ONE, "$bn", "borrowed against crypto when markets cleared"),
    ("crypto_lender_losses", ONE, "$bn", "lost today by those who lend against crypto"),
    ("forced_sales_crypto_holders", ONE, "$bn", "crypto and shares sold to close positions on credit"),
    ("forced_sales_issuers", ONE, "$bn", "Treasuries sold by stablecoin issuers to pay redemptions"),
    ("yield_notes", ONE, "percent", "change of the note yield since the start"),
    ("yield_bills", ONE, "percent", "change of the bill yield since the start"),
    ("futures_price", ONE, "$", "price of a contract on a note"),
    ("believers", ONE, "share", "share of money that believes"),
    ("disappointment", ONE, "log points", "today's disappointment"),
    ("buyers_capacity", ONE, "share", "what is left of the buyers' budgets"),
    ("fill_share", ONE, "share", "part of the net offers that found a taker"),
    ("forced_sales_redemptions", ONE, "$bn", "sales of funds whose investors leave"),
    ("forced_sales_liquidated", ONE, "$bn", "seized books sold by dealers"),
    ("forced_sales_lenders", ONE, "$bn", "sales of dealers and banks that lack cash or capital"),
    ("dealer_capital", ONE, "$bn", "capital of all dealers"),
    ("dealer_losses", ONE, "$bn", "dealers' losses on customers today"),
    ("dealer_provisions", ONE, "$bn", "what seized books that are not sold yet lack"),
    ("funding_withdrawn", ONE, "$bn", "repo and customers' cash that left weak dealers today"),
    ("dealers_failed", ONE, "count", "dealers failed so far"),
    ("bank_capital", ONE, "$bn", "capital of all banks"),
    ("bank_losses", ONE, "$bn", "banks' losses on dealers and on each other today"),
    ("bank_recoveries", ONE, "$bn", "what banks got back today of what they had written off on dealers"),
    ("banks_failed", ONE, "count", "banks failed so far"),
    ("bank_assets_failed_share", ONE, "share", "share of bank assets at failed banks"),
    ("bank_lending", ONE, "$bn", "loans of all banks"),
    ("deposits", ONE, "$bn", "deposits at all banks"),
    ("reserves_least", ONE, "share", "reserves of the bank that has least left, against opening"),
    ("capital_missing", ONE, "$bn", "what banks below it lack to their target ratio"),
    ("output", ONE, "log points", "output against its trend"),
    ("output_from_wealth", ONE, "log points", "of it through share wealth"),
    ("output_from_investment", ONE, "log points", "of it through investment in AI"),
    ("output_from_credit", ONE, "log points", "of it through bank credit"),
    ("loans_lost", ONE, "$bn", "loans outside lost today, by default and in receiverships"),
    ("data_centre_loans", ONE, "$bn", "owed by builders of data centres"),
    ("data_centre_loans_lost", ONE, "$bn", "of it lost today by funds and banks"),
    ("credit_funds_worth", ONE, "$bn", "own money of private-credit funds"),
    ("credit_funds_failed", ONE, "count", "private-credit funds failed so far"),
    ("lines_drawn", ONE, "$bn", "drawn by private-credit funds on lines of banks"),
    ("lines_undrawn", ONE, "$bn", "granted to them and not drawn"),
    ("lines_called", ONE, "$bn", "drawn by them today"),
    ("lines_lost", ONE, "$bn", "of lines lost by banks today; part of loans_lost"),
    ("loans_not_renewed", ONE, "$bn", "loans that banks and private credit have not renewed and not lent again since"),
    ("deposits_withdrawn", ONE, "$bn", "uninsured deposits that left weak banks today"),
    ("public_support", ONE, "$bn", "lent by the public to banks in receivership"),
    ("public_cost", ONE, "$bn", "of it what the public will not get back, of today"),
    ("notes_bought", ONE, "$bn", "notes that the central bank bought today"),
    ("central_bank_loans", ONE, "$bn", "lent by the central bank against securities"),
    ("guarantee_cost", ONE, "$bn", "deposits lost at failed banks that the public bore today"),
    ("sold_under_cap", ONE, "$bn", "sales of funds that the leverage cap forced today"),
    ("halts", ONE, "count", "halts of trading today, all levels"),
    ("closings", ONE, "count", "share markets that closed early today"),
    (
        "bank_equity_value",
        ONE,
        "$bn",
        "capital of sound banks times the price of broad equity: their shares",
    ),
)
_EACH = {PER_MARKET: INSTRUMENTS[:N_TRADED], PER_SELLER: SELLERS, PER_ISSUER: ISSUERS, PER_CHANNEL: CHANNELS}
_SIZES = {ONE: ()} | {per: (len(each),) for per, each in _EACH.items()}


def _places(name: str, per: str) -> dict[str, tuple[str, int | None]]:
    """Return the columns of a series, each with its place in a row: the field, and which of its numbers."""
    return {name: (name, None)} if per == ONE else {f"{name}_{of}": (name, k) for k, of in enumerate(_EACH[per])}


# The columns of `ticks`, in their order.
COLUMNS = {column: place for name, per, _, _ in SERIES for column, place in _places(name, per).items()}
ROW = np.dtype((np.record, [(name, "f8", _SIZES[per]) for name, per, _, _ in SERIES]))


@rule
def yield_change(market):
    """Return the change of a yield since the start, in percent: price lost, over duration."""
    return -100.0 * (market.price - 1.0) / market.duration


@rule
def record_markets(rows, tick, markets, stories, days):
    """Write the markets' part of the day's row."""
    row, story, day = rows[tick], stories[0], days[0]
    for k in range(N_TRADED):
        market = markets[k]
        row.price[k] = market.price
        row.news[k] = math.exp(market.news)
        row.belief[k] = market.belief
        row.discount[k] = market.discount + market.overhang
        row.depth[k] = market.depth
        row.volume[k] = day.volume[k]
        row.net_flow[k] = day.net_flow[k]
        row.forced_sales[k] = day.forced_sales[k]
    row.yield_notes = yield_change(markets[NOTES])
    row.yield_bills = yield_change(markets[BILLS])
    row.futures_price = markets[NOTES].futures_price
    row.believers = 1.0 - story.doubters
    row.disappointment = story.disappointment
    row.buyers_capacity = day.buyers_capacity
    row.fill_share = day.fill_share
    row.forced_sales_redemptions = day.forced_by_redemptions
    row.forced_sales_liquidated = day.forced_liquidated
    row.forced_sales_lenders = day.forced_by_lenders
    for channel in range(N_CHANNELS):
        row.moved[channel] = day.moved[channel]
    row.cash_obtained[0] = day.forced_by_funds
    row.cash_obtained[1] = day.forced_by_accounts


@rule
def record_funds(rows, tick, funds, markets, settings):
    """Write the funds' and margin accounts' part of the day's row."""
    row, buffer = rows[tick], settings[0].margin.buffer
    for i in range(funds.shape[0]):
        fund = funds[i]
        s = 0 if fund.sector == FUNDS else 1
        if fund.status != ACTIVE:
            row.failed[s] += 1.0
        if fund.shortfall > 0.0:
            row.failed_with_shortfall[s] += 1.0
        if fund.status == CLOSED:
            continue
        assets = securities_held(fund, markets)
        row.net_asset_value[s] += fund.net_asset_value
        row.debt[s] += fund_debt(fund)
        row.short[s] += sold_short(fund) * markets[BROAD_EQUITY].price
        row.assets[s] += assets
        if fund.status == ACTIVE and fund.days_in_call > 0:
            row.in_call[s] += 1.0
            row.calls[s] += missing_margin(fund)
            excess = max(0.0, fund.requirement - buffer * max(fund.net_asset_value, 0.0))
            needed = excess * assets / fund.requirement if fund.requirement > 0.0 else 0.0
            row.cash_needed[s] += max(needed, fund.advance + fund.recalled)


@rule
def record_crypto(rows, tick, issuers, days):
    """Write the part of crypto holders and stablecoin issuers of the day's row."""
    row, day = rows[tick], days[0]
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        row.coin_price[issuer.id] = issuer.price
        row.coin_supply[issuer.id] = issuer.supply
        row.coin_coverage[issuer.id] = issuer.coverage
        row.coin_queue[issuer.id] = issuer.queue
        row.coin_deposits[issuer.id] = issuer_cash(issuer)
    row.crypto_loans = day.crypto_lent
    row.crypto_lender_losses = day.crypto_losses
    row.forced_sales_crypto_holders = day.forced_by_crypto
    row.forced_sales_issuers = day.forced_by_issuers


@rule
def record_lenders(rows, tick, dealers, banks, outputs, markets, settings, days):
    """Write the dealers' and banks' part of the day's row."""
    row, day = rows[tick], days[0]
    for i in range(dealers.shape[0]):
        row.dealer_capital += dealers[i].capital
        row.dealer_provisions += dealers[i].provision
        row.central_bank_loans += dealers[i].central_bank_loan
        if dealers[i].failed:
            row.dealers_failed += 1.0
    row.funding_withdrawn = day.funding_withdrawn
    row.dealer_losses = day.dealer_losses
    row.bank_losses = day.bank_losses
    row.bank_recoveries = day.bank_recoveries
    total = 0.0
    failed = 0.0
    row.reserves_least = 1.0
    for i in range(banks.shape[0]):
        bank = banks[i]
        assets = bank_assets(bank, markets)
        total += assets
        row.bank_capital += bank.capital
        row.bank_lending += bank_lending(bank)
        row.deposits += bank.deposits
        row.public_support += bank.support
        row.central_bank_loans += bank.central_bank_loan
        if bank.opening_reserves > 0.0:
            row.reserves_least = min(row.reserves_least, bank.reserves / bank.opening_reserves)
        weighted = weighted_assets(bank, assets, markets, settings[0].banks.risk_weight)
        row.capital_missing += max(0.0, settings[0].banks.target_ratio * weighted - bank.capital)
        row.deposits_withdrawn += bank.withdrawn
        for place in range(N_DEBTORS):
            row.loans_not_renewed += bank.not_renewed[place]
        if bank.failed:
            row.banks_failed += 1.0
            failed += assets
        else:
            row.bank_equity_value += max(0.0, bank.capital) * markets[BROAD_EQUITY].price
    row.bank_assets_failed_share = failed / total if total > 0.0 else 0.0
    output = outputs[0]
    row.output_from_wealth = output.from_wealth
    row.output_from_investment = output.from_investment
    row.output_from_credit = output.from_credit
    row.output = output.from_wealth + output.from_investment + output.from_credit
    row.loans_lost = day.loans_lost
    row.public_cost = day.public_cost
    row.notes_bought = day.notes_bought
    row.guarantee_cost = day.guarantee_cost
    row.sold_under_cap = day.sold_under_cap
    row.halts = day.halts
    row.closings = day.closings


@rule
def record_private_credit(rows, tick, credit_funds, builders, days):
    """Write the part of private credit and of its builders in the day's row."""
    row, day = rows[tick], days[0]
    for i in range(credit_funds.shape[0]):
        fund = credit_funds[i]
        row.credit_funds_worth += fund.shares
        row.lines_drawn += drawn_by(fund)
        for line in range(N_LINES):
            row.lines_undrawn += fund.undrawn[line]
        if fund.failed:
            row.credit_funds_failed += 1.0
        row.loans_not_renewed += fund.not_renewed
    for i in range(builders.shape[0]):
        row.data_centre_loans += owed_by_builder(builders[i])
    row.data_centre_loans_lost = day.data_centre_loans_lost
    row.lines_called = day.lines_called
    row.lines_lost = day.lines_lost


@rule
def turn_the_page(markets, days, journal, journals, tick):
    """Keep the day's journal and empty what belongs to one day only."""
    for page in range(journal.shape[0]):
        for instrument in range(journal.shape[1]):
            for sector in range(journal.shape[2]):
                journals[tick, page, instrument, sector] = journal[page, instrument, sector]
                journal[page, instrument, sector] = 0.0
    for k in range(N_TRADED):
        market = markets[k]
        market.move_event = NO_EVENT
        market.sale_event = NO_EVENT
        market.largest_sale = 0.0
        market.belief_today = 0.0
        days[0].volume[k] = 0.0
        days[0].net_flow[k] = 0.0
        days[0].forced_sales[k] = 0.0
    day = days[0]
    for channel in range(N_CHANNELS):
        day.moved[channel] = 0.0
    day.forced_by_funds = 0.0
    day.forced_by_accounts = 0.0
    day.forced_by_redemptions = 0.0
    day.forced_liquidated = 0.0
    day.funding_withdrawn = 0.0
    day.forced_by_lenders = 0.0
    day.forced_by_crypto = 0.0
    day.forced_by_issuers = 0.0
    day.crypto_losses = 0.0
    day.dealer_losses = 0.0
    day.bank_losses = 0.0
    day.bank_recoveries = 0.0
    day.loans_lost = 0.0
    day.data_centre_loans_lost = 0.0
    day.lines_called = 0.0
    day.lines_lost = 0.0
    day.public_cost = 0.0
    day.notes_bought = 0.0
    day.guarantee_cost = 0.0
    day.sold_under_cap = 0.0
    day.halts = 0.0
    day.closings = 0.0
