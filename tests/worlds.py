"""Worlds that read like the desk: small scenarios, and books edited so that claims still have two sides."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import abm.economy
from abm.agents.leveraged_fund import CLOSED
from abm.channels import CHANNELS
from abm.economy import RECORDS, SPARK, Economy
from abm.ledger.chart import AI_EQUITY, FUND_SHARES, FUNDS, TRANSACTIONS
from abm.outcome.events import KINDS
from abm.scenario import Scenario, load
from abm.tick import TICK, Phase

SMALL = {
    "run.ticks": 60,
    "spark.start": 5,
    "funds.count": 8,
    "margin_accounts.count": 4,
    "dealers.count": 3,
    "dealers.lenders": 2,
    "banks.count": 4,
    "buyers.count": 2,
}
# Twice the leverage, little capital, and half of AI's worth gone in four days: everything happens that can.
CRASH = {
    "run.ticks": 120,
    "spark.start": 2,
    "spark.total": 0.6,
    "spark.days": 4,
    "funds.leverage": 2,
    "funds.crowding": 1.6,
    "buyers.budget": 1500,
    "dealers.capital": 10,
    "banks.capital": 0.4,
    "actions": [{"kind": "buy_notes", "tick": 3, "per_day": 5.0, "days": 3}],
}
ALL_OFF = {f"channels.{name}": False for name in CHANNELS}


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
        if paid_out and all(how_many(economy).values()):
            return seed
    raise AssertionError("no seed of the crash world sees everything: make CRASH harsher or milder")


def dotted(overrides: dict[str, Any]) -> dict[str, Any]:
    return {path.replace("__", "."): value for path, value in overrides.items()}


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


def digests(economy: Economy) -> dict[str, str]:
    """One number for each part of what a run leaves behind, to the bit."""
    parts = {
        "rows": economy.rows[: economy.tick],
        "journals": economy.journals[: economy.tick],
        "events": events(economy),
    } | {name: getattr(economy, name) for name in RECORDS}
    return {name: hashlib.sha256(part.tobytes()).hexdigest()[:16] for name, part in parts.items()}


def digest(economy: Economy) -> str:
    """One number for all that a run leaves behind."""
    return hashlib.sha256(repr(digests(economy)).encode()).hexdigest()


@contextmanager
def watching(look: Callable[[Economy, Phase, bool], None]) -> Iterator[None]:
    """Have `look(economy, phase, done)` called before (False) and after (True) every phase within."""

    def watched(phase: Phase) -> Phase:
        def step(economy: Economy) -> None:
            look(economy, phase, False)
            phase.step(economy)
            look(economy, phase, True)

        return replace(phase, step=step)

    with patch.object(abm.economy, "TICK", tuple(watched(phase) for phase in TICK)):
        yield


def one_fund_one_dealer(leverage: float = 4.0, maintenance: float = 0.25, **overrides: Any) -> Economy:
    """One fund of 100 $bn, all of it AI equity on margin from the only dealer, in a market without noise.

    Nobody trades for other reasons. What the fund held before, the long-term investors hold; the clearing
    of every claim that moves is done on both sides, so that the books close as they do in a drawn world.
    """
    quiet = {
        "spark__total": 0,
        "channels__ordinary_trading": False,
        "channels__narrative_feedback": False,
        "channels__finite_buyers": False,
        "markets__ai_equity__news_volatility": 0,
        "markets__broad_equity__news_volatility": 0,
        "markets__notes__news_volatility": 0,
        "markets__ai_equity__drift": 0,
        "markets__broad_equity__drift": 0,
        "margin_accounts__count": 1,
        "dealers__count": 1,
        "dealers__lenders": 1,
        "banks__count": 1,
        "buyers__count": 1,
        "funds__count": 1,
    }
    economy = Economy(small_world(**(quiet | overrides)), seed=1, check=True)
    own = 100.0
    fund, account = economy.funds
    dealer, investor, issuer = economy.dealers[0], economy.investors[0], economy.issuers[0]
    depositor, bank = economy.depositors[0], economy.banks[0]
    for empty in (fund, account):  # their old books go
        investor.units += empty.units
        empty.units[:] = 0.0
        dealer.customer_cash -= empty.cash
        dealer.margin_loans -= empty.margin_loan
        investor.fund_shares -= empty.shares
        empty.cash = empty.margin_loan = empty.shares = empty.net_asset_value = empty.requirement = 0.0
    account.status = CLOSED
    fund.units[AI_EQUITY] = leverage * own
    investor.units[AI_EQUITY] -= leverage * own
    fund.margin_loan = (leverage - 1.0) * own
    dealer.margin_loans += fund.margin_loan
    fund.shares = fund.net_asset_value = own
    investor.fund_shares += own
    fund.maintenance[:] = maintenance
    fund.target[:] = (1.0, 0.0, 0.0)
    # The dealer starts again with notes, loans and its capital, funded on repo and by nobody else.
    dealer.bank_loan[:] = 0.0
    bank.loans += bank.dealer_loans
    issuer.loans += bank.dealer_loans
    bank.dealer_loans = 0.0
    issuer.other_securities -= dealer.other_securities
    dealer.other_securities = 0.0
    assets = dealer.units.sum() + dealer.deposit + dealer.margin_loans
    dealer.repo = depositor.repo_lent = assets - dealer.customer_cash - dealer.opening_capital
    economy.opening = economy.balances()
    return economy


def let_news_be(economy: Economy, log_points: float) -> None:
    """Let tomorrow's only news be a fall of AI equity by so many log points."""
    spark = SPARK.open(1)
    spark["start"], spark["days"], spark["total"] = economy.tick, 1, log_points
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
