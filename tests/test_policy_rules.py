"""Standing rules: caps, floors, buffers, the firewall and circuit breakers, in closed form."""

import math

import numpy as np
import pytest
from still import a_day, scratch, still
from worlds import default, finished, of_kind, small_world, under

from abm.agents.leveraged_fund import MARGIN_ACCOUNT
from abm.contagion.margin_calls import mark_funds
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, BILLS, BROAD_EQUITY, CRYPTO, FUNDS, NOTES, TRANSACTIONS
from abm.markets.clearing import find_prices
from abm.opening import open_books
from abm.policy.decisions import govern


def decreed(policy: str, tick: int = 0, **overrides: object) -> Economy:
    """A still world in which a rule is decreed, so that the first books do not know it."""
    return still(actions=[{"kind": "policy", "tick": tick, "policy": policy, "on": True}], **overrides)


def times_own_money(funds: np.ndarray) -> np.ndarray:
    """Securities against net asset value of hedge funds, at opening prices."""
    held = funds["units"].sum(axis=1) + funds["other_securities"]
    return (held / funds["net_asset_value"])[funds["style"] != MARGIN_ACCOUNT]


# ---------------------------------------------------------------------------------------- leverage cap
def test_nobody_opens_above_the_part_of_the_cap_that_is_for_openings() -> None:
    free = default().replace({"funds.leverage": 2})
    assert times_own_money(open_books(free, 1)["funds"]).max() > 12.0
    capped = times_own_money(open_books(under(free, "leverage_cap"), 1)["funds"])
    assert capped.max() == pytest.approx(0.9 * 10.0, rel=1e-9)


def test_what_exceeds_the_cap_is_sold_in_equal_parts_of_what_is_left() -> None:
    most, days = 3.0, 10
    economy = decreed("leverage_cap", policy__leverage_cap__most=most, policy__leverage_cap__reduction_days=days)
    first = times_own_money(economy.funds)
    over = first > most
    assert over.any()
    a_day(economy)  # the rule is told, and at nightfall it is seen who exceeds it
    assert times_own_money(economy.funds)[over] == pytest.approx(first[over], rel=1e-9)
    for day in range(1, 6):
        a_day(economy)
        excess = (first[over] - most) * (1.0 - 1.0 / days) ** day
        assert times_own_money(economy.funds)[over] - most == pytest.approx(excess, rel=1e-6)
    assert times_own_money(economy.funds)[~over] == pytest.approx(first[~over], rel=1e-9)
    assert len(of_kind(economy, "leverage_capped")) == over.sum()
    assert economy.rows["sold_under_cap"][1:].min() > 0.0
    assert not economy.rows["forced_sales"].any()


@pytest.mark.slow
def test_books_that_were_cut_are_not_rebuilt_beyond_the_cap() -> None:
    def rebuilt(tick: int) -> np.ndarray:
        economy = decreed(
            "leverage_cap", tick, policy__leverage_cap__most=1.5, policy__leverage_cap__reduction_days=1000
        )
        first = times_own_money(economy.funds)
        economy.funds["given_up"] = 0.5
        a_day(economy, 30)
        return times_own_money(economy.funds) - np.maximum(first, 1.5)

    assert rebuilt(tick=100).max() > 0.1
    assert rebuilt(tick=0).max() < 1e-9


# ------------------------------------------------------------------------------------ margin floors, buffers
def calm_requirement(economy: Economy, equity: float, notes: float, times: float = 1.0) -> np.ndarray:
    """What each fund's margin must be at today's books and prices, added up here."""
    funds, price = economy.funds, economy.markets["price"]
    value = funds["units"] * price
    value[:, BROAD_EQUITY] += funds["short"].sum(axis=1) * price[BROAD_EQUITY]
    margin, account = economy.scenario.margin, funds["style"] == MARGIN_ACCOUNT
    rates = np.array([margin.maintenance_ai_equity, margin.maintenance_broad_equity, margin.maintenance_notes,
                      margin.maintenance_bills, margin.maintenance_crypto])  # fmt: skip
    floors = np.array([equity, equity, notes, 0.0, 0.0])
    of_funds = (np.maximum(times * rates, floors) * value).sum(axis=1)
    of_accounts = (np.maximum(times * margin.maintenance_account, floors) * value).sum(axis=1)
    inert = times * margin.maintenance_other * (funds["other_securities"] + funds["other_owed"])
    futures = times * margin.maintenance_futures * np.abs(funds["futures"]) * economy.markets["futures_price"][NOTES]
    return np.where(account, of_accounts, of_funds) + inert + futures


def test_margins_are_at_least_the_floors_from_the_opening_on() -> None:
    floors = {"policy__margin_floors__equity": 0.3, "policy__margin_floors__notes": 0.04}
    economy = still(policy__margin_floors__on=True, **floors)
    wanted = calm_requirement(economy, 0.3, 0.04)
    assert economy.funds["requirement"] == pytest.approx(wanted, rel=1e-9)
    a_day(economy)
    assert economy.funds["requirement"] == pytest.approx(wanted, rel=1e-9)
    assert (wanted >= calm_requirement(economy, 0.0, 0.0)).all()
    assert not of_kind(economy, "margin_call").size, "nobody opens in call"


def test_a_floor_adds_nothing_once_lenders_ask_for_more() -> None:
    economy = still(policy__margin_floors__on=True, policy__margin_floors__equity=0.22)
    a_day(economy)
    economy.markets["margin_factor"] = 1.5  # 0.3 on AI equity, 0.225 on broad equity
    mark(economy)
    everything = calm_requirement(economy, 0.0, 0.0, 1.5)
    unraised = 0.5 * economy.scenario.margin.maintenance_other
    inert = unraised * (economy.funds["other_securities"] + economy.funds["other_owed"])
    assert economy.funds["requirement"] == pytest.approx(everything - inert, rel=1e-9)


def mark(economy: Economy) -> None:
    e = economy
    mark_funds(e.funds, e.dealers, e.investors, e.markets, e.settings, e.switches, scratch(e))


@pytest.mark.parametrize("factor", [1.0, 1.2, 1.25, 1.6])
def test_a_buffer_is_asked_for_in_calm_and_used_up_before_margins_rise(factor: float) -> None:
    economy = still(policy__margin_buffers__on=True)
    assert economy.funds["requirement"] == pytest.approx(calm_requirement(economy, 0.0, 0.0, 1.25), rel=1e-9)
    a_day(economy)
    economy.funds["margin_factor"] = factor  # its dealers' strain, which raises all its margins alike
    mark(economy)
    wanted = calm_requirement(economy, 0.0, 0.0, max(1.25, factor))
    assert economy.funds["requirement"] == pytest.approx(wanted, rel=1e-9)


def test_rising_margins_call_nobody_while_the_buffer_lasts() -> None:
    """The same books, margins a fifth above calm, and funds whose own money is just enough for a buffered calm."""

    def calls(*policies: str) -> int:
        economy = still(**{f"policy__{name}__on": True for name in policies}, margin__strain_response=0.2)
        economy.dealers["strain"] = 1.0
        a_day(economy)
        return int((economy.funds["requirement"] > before(policies)).sum())

    def before(policies: tuple[str, ...]) -> np.ndarray:
        return still(**{f"policy__{name}__on": True for name in policies}).funds["requirement"] * (1.0 + 1e-9)

    assert calls() > 0
    assert calls("margin_buffers") == 0


# -------------------------------------------------------------------------------------- bank capital
def test_banks_open_with_the_buffer_on_top_and_are_on_target() -> None:
    free, asked = (open_books(world, 1)["banks"] for world in (default(), under(default(), "bank_capital")))
    assert asked["ratio"] - free["ratio"] == pytest.approx(np.full(len(free), 0.025), rel=1e-6)
    assert asked["debt"].sum() < free["debt"].sum(), "bonds made room"
    assert (
        finished(under(small_world(run__ticks=1, spark__start=0, spark__total=0), "bank_capital"))
        .banks["shortage"]
        .max()
        == 0.0
    )


def test_the_buffer_is_released_when_capital_has_fallen_and_asked_for_again_at_a_new_best() -> None:
    economy = still(policy__bank_capital__on=True, banks__notes=3000)
    a_day(economy)
    target = economy.scenario.banks.target_ratio
    economy.banks["opening_capital"] = economy.banks["capital"]
    a_day(economy, notes=-0.1)
    assert economy.authority["released"][0] == 1
    a_day(economy)
    assert not economy.banks["capital_buffer"].any()
    short = economy.banks["ratio"] < target + 0.025
    assert short.any()
    assert (economy.banks["shortage"][economy.banks["ratio"] >= target] == 0.0).all()
    assert (short & (economy.banks["ratio"] >= target)).any(), "somebody lives on the buffer"
    assert len(of_kind(economy, "buffer_released")) == 1
    a_day(economy, 2, notes=0.2)
    assert economy.banks["capital_buffer"] == pytest.approx(np.full(len(economy.banks), 0.025))


# ------------------------------------------------------------------------------------------ firewall
def test_behind_the_firewall_nobody_holds_crypto_and_its_holders_have_it() -> None:
    free, walled = (open_books(world, 1) for world in (default(), under(default(), "firewall")))
    held = free["funds"]["units"][:, CRYPTO].sum()
    assert held > 0.0
    for table in ("funds", "dealers", "banks"):
        assert not walled[table]["units"][:, CRYPTO].any()
    assert walled["investors"]["units"][-1, CRYPTO] == pytest.approx(free["investors"]["units"][-1, CRYPTO] + held)
    assert walled["funds"]["net_asset_value"] == pytest.approx(free["funds"]["net_asset_value"])


def test_no_crisis_of_shares_reaches_crypto_through_the_firewall() -> None:
    stress = {"funds__leverage": 3, "spark__total": 1, "run__ticks": 40}
    free, walled = (finished(world) for world in (small_world(**stress), under(small_world(**stress), "firewall")))
    of_funds = np.s_[:, TRANSACTIONS, CRYPTO, FUNDS]
    assert free.journals[of_funds].min() < 0.0
    assert not walled.journals[of_funds].any()


# ----------------------------------------------------------------------------------- circuit breaker
def test_a_market_closes_at_the_last_level_and_prices_the_rest_on_the_next_days() -> None:
    economy = still(policy__circuit_breaker__on=True, check=True)
    a_day(economy, 4, ai_equity=-0.5)
    level = math.log(0.8)
    prices = np.log(economy.rows["price"][:, AI_EQUITY])
    assert prices == pytest.approx([level, 2 * level, -0.5, -0.5], abs=1e-12)
    assert economy.rows["halts"].tolist() == [3.0, 3.0, 0.0, 0.0]
    assert economy.rows["closings"].tolist() == [1.0, 1.0, 0.0, 0.0]
    first, second = of_kind(economy, "trading_halted")
    assert first["amount"] == pytest.approx(0.2)
    moves = of_kind(economy, "price_move")
    assert moves[moves["tick"] == 1]["caused_by"].tolist().count(np.flatnonzero(economy.events == first)[0]) == 1
    assert second["tick"] == 1


def test_halts_at_lower_levels_are_counted_and_bind_nobody() -> None:
    for fall, halts in ((0.06, 0), (0.08, 1), (0.15, 2)):
        economy = still(policy__circuit_breaker__on=True)
        a_day(economy, ai_equity=math.log1p(-fall), broad_equity=math.log1p(-fall))
        assert economy.rows["price"][0, AI_EQUITY] == pytest.approx(1.0 - fall)
        assert economy.rows["halts"][0] == 2 * halts
        assert economy.rows["closings"][0] == 0.0


@pytest.mark.parametrize(("multiplier", "sold"), [(3.75, 4000.0), (20.0, 4000.0), (3.75, 100.0)])
def test_orders_are_filled_up_to_the_close_and_lapse_beyond_it(multiplier: float, sold: float) -> None:
    """The linear law: the whole order would move the price by multiplier * sold / units."""
    e = still(policy__circuit_breaker__on=True, markets__ai_equity__impact_multiplier=multiplier)
    govern(e.authority, e.funds, e.banks, e.markets, e.issuers, e.settings)
    e.markets["sold"][AI_EQUITY] = sold
    find_prices(e.markets, e.investors, e.settings, e.switches, e.day, e.tick, e.events, e.counter)
    ai = e.markets[AI_EQUITY]
    whole = multiplier * sold / ai["units"]
    reached = min(1.0, -math.log(0.8) / whole)
    assert ai["fill_of_sales"] == pytest.approx(reached, rel=1e-12)
    assert math.log(ai["price"]) == pytest.approx(-reached * whole, rel=1e-12)
    assert ai["withheld"] == pytest.approx(0.0, abs=1e-15)


def test_other_markets_and_rises_know_no_limit() -> None:
    economy = still(policy__circuit_breaker__on=True)
    a_day(economy, ai_equity=0.5, notes=-0.3, bills=-0.01, crypto=-0.5)
    assert np.log(economy.rows["price"][0]) == pytest.approx([0.5, 0.0, -0.3, -0.01, -0.5])
    assert economy.rows["price"][0, BILLS] < 1.0


# ------------------------------------------------------------------------------- reserves of stablecoins
def test_the_rule_turns_what_it_forbids_into_bills() -> None:
    worlds = (default(), under(default(), "stablecoin_reserves"))
    free, ruled = (open_books(world, 1)["stablecoins"] for world in worlds)
    limit = default().policy.stablecoin_reserves.most_deposits
    assert free["units"][:, CRYPTO].any()
    assert not ruled["units"][:, CRYPTO].any()
    assert not ruled["other_securities"].any()
    np.testing.assert_allclose(
        ruled["deposit"].sum(axis=1), np.minimum(free["deposit"].sum(axis=1), limit * free["supply"])
    )
    np.testing.assert_allclose(ruled["coverage"], free["coverage"])
    np.testing.assert_allclose(ruled["repo_lent"], free["repo_lent"])


def test_under_the_rule_no_fall_of_crypto_begins_a_run() -> None:
    for name in ((), ("stablecoin_reserves",)):
        economy = still(**{f"policy__{rule}__on": True for rule in name}, channels__crypto_liquidations=False)
        a_day(economy, 2, crypto=math.log(0.1))
        assert bool(economy.stablecoins["doubt"].any()) == (not name)
