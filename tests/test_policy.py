"""The authority: every policy has its block and its file, is off by default, and what it does stands in the books."""

from pathlib import Path

import numpy as np
import pytest
from worlds import crash_seed, crash_world, default, digests, finished, how_many, of_kind, under

from abm.economy import Economy
from abm.errors import InputError
from abm.experiments.one_run import twin_scenarios
from abm.ledger.chart import BANKS, CENTRAL_BANK_LOANS, DEALERS, NOTES, PUBLIC_SECTOR, TRANSACTIONS
from abm.outcome.summary import summarise
from abm.outcome.tables import ticks_frame
from abm.policy import POLICIES
from abm.scenario.policy import OF_THE_FIRST_BOOKS, Policy

EACH = pytest.mark.parametrize("policy", POLICIES)


def governed(*policies: str, **overrides: object) -> Economy:
    """A crash under policies; the cap is low enough to bind."""
    return finished(under(crash_world(actions=[], policy__leverage_cap__most=3, **overrides), *policies), crash_seed())


def test_policies_are_those_of_the_scenario_and_all_are_off() -> None:
    assert tuple(Policy.model_fields) == POLICIES
    for name in POLICIES:
        assert not getattr(default().policy, name).on
        assert (Path(__file__).parents[1] / "abm" / "policy" / f"{name}.py").is_file()


def test_an_authority_without_policies_changes_no_bit() -> None:
    asleep = finished(crash_world(), crash_seed())
    awake = Economy(crash_world(), crash_seed())
    awake.authority["awake"] = 1
    awake.advance()
    one, other = digests(asleep), digests(awake)
    assert one.pop("authority") != other.pop("authority")
    assert one == other


@pytest.mark.slow
@EACH
def test_a_policy_makes_a_difference_and_books_close(policy: str) -> None:
    economy = finished(under(crash_world(policy__leverage_cap__most=3), policy), crash_seed(), check=True)
    assert not np.array_equal(economy.rows["price"], finished(crash_world(), crash_seed()).rows["price"])


@pytest.mark.slow
def test_books_close_under_all_policies() -> None:
    finished(under(crash_world(policy__leverage_cap__most=3), *POLICIES), crash_seed(), check=True)


def test_a_governed_run_goes_on_from_its_state_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    scenario = under(crash_world(policy__leverage_cap__most=3), "note_purchases", "bank_capital", "deposit_guarantee")
    whole, stopped = Economy(scenario, crash_seed()), Economy(scenario, crash_seed())
    whole.advance()
    stopped.advance(30)
    assert stopped.authority["buying"][0] + stopped.authority["released"][0] > 0, "there is something to forget"
    stopped.save(tmp_path / "state")
    resumed = Economy.load(tmp_path / "state")
    resumed.advance()
    assert digests(resumed) == digests(whole)


def test_twins_without_channels_know_no_policy() -> None:
    twins = twin_scenarios(under(default(), *POLICIES))
    for name in POLICIES:
        assert not getattr(twins["all_off"].policy, name).on
        assert not getattr(twins["belief_only"].policy, name).on
        assert getattr(twins["no_news"].policy, name).on


@pytest.mark.parametrize("policy", ["note_purchases", "deposit_guarantee"])
def test_who_decrees_an_intervention_does_not_wait_for_its_trigger(policy: str) -> None:
    actions = [{"kind": "policy", "tick": 4, "policy": policy, "on": True},
               {"kind": "policy", "tick": 9, "policy": policy, "on": False}]  # fmt: skip
    economy = Economy(crash_world(actions=actions, spark__total=0, run__ticks=12), 1)
    in_force = []
    for day in range(12):
        economy.advance(day + 1)
        in_force.append(bool(economy.banks["guarantee_days"].any() or economy.rows["notes_bought"][day] > 0))
    assert in_force == [4 <= day < 9 for day in range(12)]
    assert len(of_kind(economy, "timed_action")) == 2


@pytest.mark.parametrize("name", OF_THE_FIRST_BOOKS)
def test_a_matter_of_the_first_books_cannot_be_decreed(name: str) -> None:
    with pytest.raises(InputError, match="policy"):
        crash_world(actions=[{"kind": "policy", "tick": 4, "policy": name, "on": True}])


def test_what_policies_cost_is_what_the_books_say() -> None:
    economy = governed("note_purchases", "lending")
    assert how_many(economy)["note_purchases"] == 1
    summary = summarise(ticks_frame(economy.rows), scenario=economy.scenario)
    moved = economy.journals[:, TRANSACTIONS]
    assert summary.policy_bought_bn == pytest.approx(moved[:, NOTES, PUBLIC_SECTOR].sum(), rel=1e-9)
    lent = np.cumsum(moved[:, CENTRAL_BANK_LOANS, PUBLIC_SECTOR])
    assert summary.policy_lent_bn == pytest.approx(lent.max(), rel=1e-9)
    assert lent == pytest.approx(-np.cumsum(moved[:, CENTRAL_BANK_LOANS][:, [BANKS, DEALERS]].sum(axis=1)))
    held = economy.issuers["units"][:, NOTES].sum() * economy.markets["price"][NOTES]
    assert summary.policy_gain_on_notes_bn == pytest.approx(held - summary.policy_bought_bn, abs=1e-6)


@pytest.mark.parametrize(
    ("part", "value"),
    [("circuit_breaker__first", 0.5), ("circuit_breaker__second", 0.3), ("note_purchases__calm_depth", 0.1)],
)
def test_contradictions_are_refused(part: str, value: float) -> None:
    with pytest.raises(InputError, match="is too much"):
        crash_world(**{f"policy__{part}": value})
