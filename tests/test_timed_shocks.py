"""Crises that begin elsewhere than with AI: news about one market, a loss of one bank or dealer."""

import numpy as np
import pytest
from worlds import crash_world, events, finished, of_kind, off, small_world

from abm.channels import CHANNELS
from abm.economy import Economy
from abm.experiments.one_run import twin_scenarios
from abm.ledger.chart import CRYPTO
from abm.outcome.events import KINDS, NO_EVENT, SCENARIO
from abm.outcome.wording import told
from abm.policy.own_losses import in_order

EXACT = {"rel": 1e-9, "abs": 1e-12}
CALM = {"spark__total": 0, "run__ticks": 40}


def shock(**change: object) -> dict[str, object]:
    return {"kind": "shock", "tick": 10, "market": "crypto", "total": 0.3, "days": 2} | change


def loss(**change: object) -> dict[str, object]:
    return {"kind": "loss", "tick": 10, "of": "largest_banks", "place": 0, "capital": 1.0} | change


def test_a_shock_is_news_of_its_market_alone_spread_over_its_days() -> None:
    world = off(small_world(**CALM), *CHANNELS)
    alone, shocked = (finished(w) for w in (world, world.replace({"actions": [shock()]})))
    apart = np.log(alone.rows["price"]) - np.log(shocked.rows["price"])
    expected = np.zeros_like(apart)
    expected[10, CRYPTO], expected[11:, CRYPTO] = 0.15, 0.3
    np.testing.assert_allclose(apart, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_what_follows_from_a_shock_leads_back_to_it() -> None:
    world = off(small_world(**CALM, actions=[shock(total=0.6, days=1)]), "common_story")
    economy = finished(world, check=True)
    told_of = of_kind(economy, "shock")
    assert len(told_of) == 1
    assert (told_of["caused_by"], told_of["amount"]) == (NO_EVENT, pytest.approx(-0.6))
    log = events(economy)
    calls = of_kind(economy, "liquidation")
    first = calls[calls["tick"] == 10][0]
    while first["caused_by"] != NO_EVENT:
        first = log[first["caused_by"]]
    assert KINDS[first["kind"]] == "shock"
    row = economy.tables().events.filter(economy.tables().events["kind"] == "shock").row(0, named=True)
    assert told(row) == "news that the scenario brings takes 45 % off crypto"


@pytest.mark.slow
def test_a_bank_that_loses_all_its_capital_fails_that_evening_of_it() -> None:
    economy = finished(small_world(**CALM, actions=[loss()]), check=True)
    failed = of_kind(economy, "bank_failed")
    assert failed["tick"][0] == 10
    lost = of_kind(economy, "own_loss")
    assert (lost["actor_kind"], lost["caused_by"]) == (SCENARIO, NO_EVENT)
    assert failed["actor"][0] == lost["counterparty"][0]
    assert events(economy)[failed["caused_by"][0]]["kind"] == KINDS.index("own_loss")


@pytest.mark.parametrize("part", [0.1, 0.4])
def test_a_bank_loses_the_part_of_its_capital_that_is_written_down(part: float) -> None:
    world = off(small_world(**CALM | {"run__ticks": 11}), *CHANNELS)
    before, after = (finished(w) for w in (world, world.replace({"actions": [loss(capital=part)]})))
    lost = before.banks["capital"] - after.banks["capital"]
    hit = int(lost.argmax())
    the_day_before = Economy(world, 1)
    the_day_before.advance(10)
    assert lost[hit] == pytest.approx(part * the_day_before.banks["capital"][hit], **EXACT)
    assert np.delete(lost, hit) == pytest.approx(0.0, abs=1e-9)
    assert lost[hit] == pytest.approx(of_kind(after, "own_loss")["amount"][0], **EXACT)


@pytest.mark.slow
def test_a_dealer_that_loses_more_than_its_capital_fails() -> None:
    economy = finished(small_world(**CALM, actions=[loss(of="largest_dealers", capital=1.1)]), check=True)
    assert of_kind(economy, "dealer_failed")["tick"][0] == 10
    assert economy.rows["dealer_losses"][10] == pytest.approx(of_kind(economy, "own_loss")["amount"][0], **EXACT)


def test_the_bank_of_an_issuer_is_one_that_has_its_deposits() -> None:
    world = small_world(**CALM, actions=[loss(of="banks_of_second_issuer")])
    economy = Economy(world, 1)
    issuer = economy.stablecoins[1]
    most = int(issuer["bank"][issuer["deposit"].argmax()])
    economy.advance()
    assert of_kind(economy, "own_loss")["counterparty"][0] == most
    assert economy.rows["coin_price"][10:, 1].min() < 0.999


def test_places_count_from_the_largest() -> None:
    economy = Economy(small_world(), 1)
    banks = economy.stablecoins["bank"][1].copy()
    economy.stablecoins["deposit"][1] = [1.0, 3.0, 2.0, 0.5]
    assert list(in_order(economy, "banks_of_second_issuer")) == [banks[1], banks[2], banks[0], banks[3]]
    for of, size in (("largest_banks", economy.banks["deposits"]), ("largest_dealers", economy.dealers["capital"])):
        assert (np.diff(size[in_order(economy, of)]) <= 0.0).all()
    assert list(economy.banks["id"][in_order(economy, "bank")]) == sorted(economy.banks["id"])


def test_twins_keep_shocks_as_news_and_drop_losses() -> None:
    twins = twin_scenarios(crash_world(actions=[shock(), loss()]))
    kinds = {name: [action.kind for action in twin.actions] for name, twin in twins.items()}
    assert kinds == {"all_off": ["shock"], "no_news": [], "belief_only": ["shock"]}


def test_an_issuer_whose_bank_has_failed_is_paid_at_its_others() -> None:
    world = small_world(**CALM | {"run__ticks": 80}, actions=[loss(of="banks_of_second_issuer")])
    economy = Economy(world, 1)
    economy.advance(11)
    issuer = economy.stablecoins[1]
    at_failed = economy.banks["failed"][issuer["bank"]] > 0
    assert at_failed.any()
    assert not at_failed.all()
    before = issuer["deposit"].copy()
    economy.advance(80)
    after = economy.stablecoins[1]["deposit"]
    assert (after[at_failed] <= before[at_failed] + 1e-9).all(), "nothing more is paid into a failed bank"
