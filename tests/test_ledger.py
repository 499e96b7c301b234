"""The books close: in drawn worlds too, and not if any one leg of any posting is missing."""

import json
import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import crash_seed, crash_world, default, finished, how_many, small_world, uncompiled, under

from abm.channels import CHANNELS
from abm.economy import Economy
from abm.ledger.chart import CRYPTO, INSTRUMENTS, SECTORS
from abm.policy import POLICIES
from abm.scenario.policy import DECREED


@pytest.mark.slow
def test_books_close_after_every_phase_of_the_default_crash() -> None:
    economy = Economy(default(), seed=1, check=True)
    economy.advance(70)
    assert how_many(economy)["margin_call"] > 0


@pytest.mark.slow
def test_books_close_after_every_phase_when_everything_happens() -> None:
    finished(crash_world(), crash_seed(), check=True)


DAYS = st.integers(0, 29)
ACTIONS = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("spark"), "tick": DAYS, "total": st.floats(-0.5, 2), "days": st.integers(1, 30)}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("switch"), "tick": DAYS, "channel": st.sampled_from(CHANNELS), "on": st.booleans()}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("policy"), "tick": DAYS, "policy": st.sampled_from(DECREED), "on": st.booleans()}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("buy_notes"), "tick": DAYS, "per_day": st.floats(0, 500), "days": st.integers(1, 9)}
    ),
)
WORLDS = st.fixed_dictionaries(
    {
        "run.ticks": st.just(30),
        "spark.start": st.integers(0, 10),
        "spark.total": st.floats(0, 2),
        "spark.days": st.integers(1, 20),
        "funds.leverage": st.floats(0, 3),
        "funds.crowding": st.floats(0, 2),
        "funds.count": st.integers(1, 9),
        "margin_accounts.count": st.integers(1, 4),
        "dealers.count": st.integers(1, 5),
        "dealers.lenders": st.just(1),
        "dealers.in_groups": st.integers(0, 5),
        "dealers.takeover_leverage": st.floats(10, 1000),
        "dealers.capital": st.floats(1, 400),
        "banks.count": st.integers(1, 6),
        "banks.capital": st.floats(0.3, 1.5),
        "buyers.count": st.integers(1, 3),
        "buyers.budget": st.floats(0, 3000),
        "chasers.count": st.integers(1, 3),
        "pools.count": st.integers(1, 5),
        "pools.lenders": st.integers(1, 4),
        "redemptions.quarter_days": st.integers(5, 30),
        "redemptions.notice_days": st.integers(1, 30),
        "markets.depth": st.floats(0.3, 3),
        "margin.grace_days": st.integers(0, 3),
        "actions": st.lists(ACTIONS, max_size=3),
    }
    | {f"channels.{name}": st.sampled_from((True, True, True, False)) for name in CHANNELS}
    | {f"policy.{name}.on": st.sampled_from((False, False, True)) for name in POLICIES}
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(world=WORLDS, seed=st.integers(0, 2**63 - 1))
def test_books_close_in_drawn_worlds(world: dict[str, Any], seed: int) -> None:
    economy = finished(small_world().replace(world), seed, check=True)
    for name in economy.rows.dtype.names or ():
        assert np.isfinite(economy.rows[name]).all(), name


@pytest.mark.slow
def test_a_missing_leg_of_any_posting_is_found_and_named() -> None:
    cases = json.loads(uncompiled("drop_a_leg.py", str(crash_seed())))
    for case in cases:
        said = re.fullmatch(r"tick \d+, phase \w+: .* (-?[\d.e+-]+) \$bn.*", case["said"])
        assert said, f"{case['leg']} ({case['instrument']}) was not missed: {case['said']!r}"
        assert f": {case['instrument']}" in case["said"], case
        assert abs(float(said[1])) > 1e-6, case
    for name in INSTRUMENTS:  # both sides of every claim are stored, and each can be lost
        assert sum(case["instrument"] == name and not case["journal"] for case in cases) >= 2, name


def test_flows_and_revaluations_explain_every_balance_sheet() -> None:
    economy = finished(under(crash_world(), "lending"), crash_seed())
    tables = economy.tables()
    moved = []
    for frame in (tables.flows, tables.revaluations):
        assert frame.columns == ["tick", "instrument", *SECTORS]
        assert frame.height == 120 * len(INSTRUMENTS)
        amounts = frame.select(SECTORS).to_numpy()
        turnover = np.abs(amounts).sum(axis=1)
        total = amounts.sum(axis=1)
        if frame is tables.revaluations:  # crypto is nobody's debt: what it gains nobody owes
            crypto = (frame["instrument"] == INSTRUMENTS[CRYPTO]).to_numpy()
            gained = np.diff(economy.rows["price"][:, CRYPTO], prepend=1.0) * economy.markets["units"][CRYPTO]
            np.testing.assert_allclose(total[crypto], gained, rtol=1e-9, atol=1e-6)
            total[crypto] = 0.0
        assert (np.abs(total) <= np.maximum(1e-9 * turnover, 1e-6)).all()
        moved.append(frame.group_by("instrument").agg(pl.col(SECTORS).sum()).sort("instrument"))
    ends = tables.balance_sheets.sort("instrument", maintain_order=True)
    opening, closing = (
        ends.filter(pl.col("tick") == tick).select(SECTORS).to_numpy() for tick in (ends["tick"].min(), 119)
    )
    explained = opening + sum(frame.select(SECTORS).to_numpy() for frame in moved)
    np.testing.assert_allclose(closing, explained, rtol=1e-9, atol=1e-5)
    change = np.abs(closing - opening).max(axis=1)
    names = ends.filter(pl.col("tick") == 119)["instrument"]
    still = {name for name, most in zip(names, change, strict=True) if most < 1e-6}
    # What banks and what crypto holders owe each other nets out within the sector, and the central bank has been
    # repaid: that is all.
    assert still == {"interbank_loans", "crypto_loans", "central_bank_loans"}
