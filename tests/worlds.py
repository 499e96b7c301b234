"""Worlds that read like the desk: small scenarios, and books edited so that claims still have two sides."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from abm.agents.bank import ECONOMY
from abm.agents.leveraged_fund import ACTIVE, CLOSED, LEVERAGED_FUND
from abm.agents.rest_of_system import FIRMS
from abm.channels import CHANNELS
from abm.economy import RECORDS, SPARK, Economy
from abm.ledger.chart import AI_EQUITY, CRYPTO, FUND_SHARES, FUNDS, N_TRADED, TRANSACTIONS
from abm.markets import MARKETS
from abm.markets.news import THE_STORY
from abm.outcome.events import KINDS, OF_THE_AUTHORITY, OF_THE_SCENARIO
from abm.records import BOOKS
from abm.scenario import Scenario, load

SMALL = {
    "run.ticks": 60,
    "spark.start": 5,
    "funds.count": 8,
    "margin_accounts.count": 4,
    "dealers.count": 3,
    "dealers.in_groups": 2,
    "dealers.lenders": 2,
    "banks.count": 4,
    "buyers.count": 2,
    "chasers.count": 2,
    "pools.count": 2,
    "pools.lenders": 2,
    "crypto.holders": 40,
    "private_credit.count": 4,
    "private_credit.lenders": 2,
    "builders.at_banks": 3,
}
# Twice the leverage, little capital, and half of AI's worth gone in four days: everything happens that can. Dealers
# have room for some of a failed one's business, and investors who leave are paid every month.
CRASH = {
    "run.ticks": 120,
    "spark.start": 2,
    "spark.total": 0.6,
    "spark.days": 4,
    "funds.leverage": 2,
    "funds.crowding": 1.6,
    "buyers.budget": 4000,
    "dealers.capital": 30,
    "dealers.takeover_leverage": 300,
    "banks.capital": 0.4,
    "banks.deposits": 22_400,
    "banks.recovery": 0.7,  # with so few bonds, depositors and other banks lose too
    "redemptions.quarter_days": 21,
    "redemptions.notice_days": 10,
    # Crypto halves, coins with much of it and with much at few banks are run faster than they can pay.
    "crypto.leveraged_count": 0.5,
    "crypto.newcomers_count": 0.1,
    "crypto.equity_owners": 1,
    "markets.crypto.news_volatility": 0.08,
    "stablecoins.supply": 3000,
    "stablecoins.first.crypto": 0.2,
    "stablecoins.first.bills": 0.51,
    "stablecoins.second.deposits": 0.57,
    "stablecoins.second.repo": 0,
    "stablecoins.daily_cap": 0.02,
    "banks.visible_withdrawal": 0.0001,
    # Private credit has little money of its own, and half of what it lends went to builders whose loans soon fall due.
    "private_credit.gearing": 6,
    "private_credit.warning_gearing": 7,
    "private_credit.ai_share": 0.5,
    "private_credit.drawn": 1100,
    "private_credit.bank_share_dispersion": 0,
    "private_credit.recovery": 0.7,
    "private_credit.loan_years": 50,
    "builders.term_years": 0.2,
    "builders.loss_given_default": 0.8,
    "actions": [{"kind": "buy_notes", "tick": 3, "per_day": 5.0, "days": 3}],
}
ALL_OFF = {f"channels.{name}": False for name in CHANNELS}
# What moves prices or books besides calls, forced sales and losses: off where algebra is to be exact.
QUIET_CHANNELS = (
    "ordinary_trading",
    "narrative_feedback",
    "common_story",
    "crypto_liquidations",
    "stablecoin_runs",
    "reserve_deposits",
    "reserve_treasuries",
    "margin_procyclicality",
    "risk_limits",
    "redemptions",
    "finite_buyers",
    "performance_chasing",
    "dealer_runs",
    "credit_tightening",
    "deposit_runs",
    "bank_asset_sales",
    "interbank",
    "real_economy",
    "private_credit",
)
BY_NO_CHANNEL = (*OF_THE_AUTHORITY, *OF_THE_SCENARIO)  # kinds of events that no channel causes


@cache
def default() -> Scenario:
    return load("us_late_2025")


def small_world(**overrides: Any) -> Scenario:
    """Few of everybody and sixty days; overrides are dotted paths with `__` for the dot."""
    return default().replace(SMALL | dotted(overrides))


def crash_world(**overrides: Any) -> Scenario:
    """A small world in which calls, seizures, shortfalls, a dealer's failure and banks' losses all occur."""
    return default().replace(SMALL | CRASH | dotted(overrides))


@cache
def crash_seed() -> int:
    """The first seed in which the crash world has all kinds of events and pays a fund out within 40 days."""
    for seed in range(300):
        economy = Economy(crash_world(), seed)
        economy.advance(40)
        paid_out = np.abs(economy.journals[:, TRANSACTIONS, FUND_SHARES, FUNDS]).max() > 1.0
        if paid_out and has_everything(economy):
            return seed
    raise AssertionError("no seed of the crash world sees everything: make CRASH harsher or milder")


def dotted(overrides: dict[str, Any]) -> dict[str, Any]:
    return {path.replace("__", "."): value for path, value in overrides.items()}


def under(scenario: Scenario, *policies: str) -> Scenario:
    """The same world with these policies in force."""
    return scenario.replace({f"policy.{name}.on": True for name in policies})


def off(scenario: Scenario, *channels: str) -> Scenario:
    """The same world with these channels off."""
    return scenario.replace({f"channels.{name}": False for name in channels})


def finished(scenario: Scenario, seed: int = 1, *, check: bool = False) -> Economy:
    economy = Economy(scenario, seed, check=check)
    economy.advance()
    return economy


def events(economy: Economy) -> np.ndarray:
    return economy.events[: economy.counter[0]]


def of_kind(economy: Economy, kind: str) -> np.ndarray:
    log = events(economy)
    return log[log["kind"] == KINDS.index(kind)]


def how_many(economy: Economy) -> dict[str, int]:
    """How often each kind of event occurred."""
    counts = np.bincount(events(economy)["kind"], minlength=len(KINDS))
    return dict(zip(KINDS, counts.tolist(), strict=True))


def has_everything(economy: Economy) -> bool:
    """Whether every kind of event occurred that some channel causes."""
    return all(count for kind, count in how_many(economy).items() if kind not in BY_NO_CHANNEL)


def digests(economy: Economy) -> dict[str, str]:
    """One number for each part of what a run leaves behind, to the bit."""
    parts = {
        "rows": economy.rows[: economy.tick],
        "journals": economy.journals[: economy.tick],
        "events": events(economy),
    } | {name: table for name in RECORDS if len(table := getattr(economy, name))}  # a table of nobody is no part
    return {name: hashlib.sha256(part.tobytes()).hexdigest()[:16] for name, part in parts.items()}


def digest(economy: Economy) -> str:
    """One number for all that a run leaves behind."""
    return hashlib.sha256(repr(digests(economy)).encode()).hexdigest()


def one_fund_one_dealer(leverage: float = 4.0, maintenance: float = 0.25, **overrides: Any) -> Economy:
    """One fund of 100 $bn, all of it AI equity on margin from the only dealer, in a market without noise.

    Nobody trades for other reasons. All other funds are closed and empty. What they held before, the long-term
    investors hold; every claim that moves does so on both sides, so that the books close as in a drawn world.
    """
    noise = {f"markets__{market.name}__{what}": 0 for market in MARKETS for what in ("news_volatility", "drift")}
    counts = ("funds", "margin_accounts", "dealers", "banks", "buyers", "chasers", "pools", "private_credit")
    quiet = {
        "spark__total": 0,
        **{f"channels__{channel}": False for channel in QUIET_CHANNELS},
        **noise,
        **{f"{table}__count": 1 for table in counts},
        "dealers__in_groups": 0,
        "dealers__lenders": 1,
        "pools__lenders": 1,
    }
    economy = Economy(small_world(**(quiet | overrides)), seed=1, check=True)
    own = 100.0
    for empty in economy.funds:
        close_out(economy, empty)
    fund, dealer, investor, pool = economy.funds[0], economy.dealers[0], economy.investors[0], economy.pools[0]
    fund.status = ACTIVE
    fund.units[AI_EQUITY] = leverage * own
    investor.units[AI_EQUITY] -= leverage * own
    fund.margin_loan[0] = (leverage - 1.0) * own
    dealer.margin_loans += fund.margin_loan[0]
    fund.shares = fund.net_asset_value = own
    investor.fund_shares += own
    fund.maintenance[:] = maintenance
    fund.target[:] = np.eye(N_TRADED)[AI_EQUITY]
    fund.home_market = AI_EQUITY
    fund.opening_assets, fund.usual_cash = leverage, 0.0
    for coins in economy.stablecoins:  # its securities instead of what it lent on repo
        economy.issuers[FIRMS].other_securities += coins.repo_lent.sum()
        coins.other_securities += coins.repo_lent.sum()
        coins.repo_lent[:] = 0.0
    economy.dealers["coin_repo"] = 0.0
    # The dealer starts again with notes, loans and its capital, funded on repo and by nobody else.
    bank, economys_debt, issuer = economy.banks[0], economy.debtors[ECONOMY], economy.issuers[FIRMS]
    dealer.bank_loan[:] = 0.0
    bank.loans[ECONOMY] += bank.dealer_loans
    economys_debt.owed += bank.dealer_loans
    bank.dealer_loans = 0.0
    issuer.other_securities -= dealer.other_securities
    dealer.other_securities = 0.0
    assets = dealer.units.sum() + dealer.deposit + dealer.margin_loans
    dealer.repo[:] = 0.0
    dealer.repo[0] = pool.repo_lent = assets - dealer.customer_cash - dealer.opening_capital
    economy.opening = economy.balances()
    return economy


def close_out(economy: Economy, fund: Any) -> None:
    """Close a fund and empty its books: its long-term owners hold what it held, and its dealers are square."""
    owner, investors = economy.investors[0], economy.investors
    owner.units[:CRYPTO] += fund.units[:CRYPTO]
    investors[-1].units[CRYPTO] += fund.units[CRYPTO]  # those who hold crypto
    owner.other_securities += fund.other_securities - fund.other_owed
    owner.futures += fund.futures
    owner.fund_shares -= fund.shares
    for line, row in enumerate(fund.dealer):
        dealer = economy.dealers[row]
        dealer.customer_cash -= fund.cash[line]
        dealer.margin_loans -= fund.margin_loan[line]
        dealer.unsecured_loans -= fund.unsecured[line]
        dealer.fund_repo -= fund.repo[line]
        dealer.lent_on -= fund.short[line]
        dealer.borrowed -= fund.short[line]
        investors[dealer.stock_lender].lent -= fund.short[line]
    for field in LEVERAGED_FUND.part(BOOKS):
        fund[field.name] = 0.0
    fund.net_asset_value = fund.requirement = 0.0
    fund.status = CLOSED


def let_news_be(economy: Economy, log_points: float) -> None:
    """Let tomorrow's only news be a fall of AI equity by so many log points."""
    spark = SPARK.open(1)
    spark["start"], spark["days"], spark["total"], spark["market"] = economy.tick, 1, log_points, THE_STORY
    economy.sparks = spark


def uncompiled(script: str, *arguments: str) -> str:
    """What a script beside this file prints when rules run as plain Python and every warning is an error."""
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent)])
    run = subprocess.run(
        [sys.executable, "-W", "error", str(here / script), *arguments],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert not run.stderr
    return run.stdout
