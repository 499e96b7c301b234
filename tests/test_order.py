"""The order in which agents stand in their tables, and agents with nothing, do not matter."""

import numpy as np
import pytest
from worlds import crash_seed, crash_world, has_everything, how_many, under

from abm.agents.crypto_holder import HOLDERS_ORDER
from abm.agents.leveraged_fund import LEVERAGED_FUND
from abm.economy import AGENTS, Economy
from abm.outcome.events import NO_EVENT
from abm.policy import POLICIES
from abm.records import BOOKS, MEMORY

TICKS = 250
PERMUTED = ("funds", "dealers", "banks", "investors", "chasers", "pools", "depositors")
PERMUTED += ("holders", "stablecoins", "credit_funds", "builders")
OPENED_AT = {"event": NO_EVENT, "times": 1.0}  # memory of these units does not begin at nought


def repoint(economy: Economy, table: str, new_row: np.ndarray) -> None:
    """Let every reference to a row of `table` follow it to its new place."""
    for name, record in AGENTS.items():
        for field in record.fields:
            if field.unit == f"row of {table}":
                rows = getattr(economy, name)[field.name]
                rows[rows >= 0] = new_row[rows[rows >= 0]]


def permute(economy: Economy, name: str, chance: np.random.Generator) -> None:
    """Put the records of a table into another order; each keeps its `id`."""
    table = getattr(economy, name)
    order = chance.permutation(len(table))
    setattr(economy, name, table[order].copy())
    repoint(economy, name, np.argsort(order))


def add_empty(economy: Economy, name: str) -> None:
    """Add one more of a kind at the front of its table, with empty books and no memory."""
    table = getattr(economy, name)
    longer = np.concatenate([table[:1], table])
    for field in AGENTS[name].fields:
        pointer = field.unit.startswith("row of ")
        if field.part in (BOOKS, MEMORY) and not pointer and field.name != "line_share":
            longer[field.name][0] = OPENED_AT.get(field.unit, 0) if field.part == MEMORY else 0
        of_size = ("share", "coin_share", "normal_budget", "earnings_per_day", "stake")
        if field.name in of_size or field.name.startswith(("opening_", "usual_")):
            longer[field.name][0] = 0
    longer["id"][0] = 1_000_000
    if "ratio" in longer.dtype.names:  # who owns and owes nothing lacks no capital
        longer["ratio"][0] = 1.0
    setattr(economy, name, longer)
    if name == "holders":
        economy.order_book = HOLDERS_ORDER.open(len(longer))
    repoint(economy, name, np.arange(len(table)) + 1)


def crash() -> Economy:
    return Economy(crash_world(run__ticks=TICKS), crash_seed(), check=False)


def assert_same_series(one: Economy, other: Economy) -> None:
    for name in one.rows.dtype.names or ():
        np.testing.assert_allclose(other.rows[name], one.rows[name], rtol=1e-9, atol=1e-9, err_msg=name)
    assert how_many(one) == how_many(other)


@pytest.fixture(scope="module")
def as_drawn() -> Economy:
    economy = crash()
    economy.advance()
    assert has_everything(economy)
    return economy


@pytest.mark.parametrize("names", [*((name,) for name in PERMUTED), PERMUTED], ids=" and ".join)
def test_the_order_of_agents_does_not_matter(as_drawn: Economy, names: tuple[str, ...]) -> None:
    other, chance = crash(), np.random.default_rng(7)
    for name in names:
        permute(other, name, chance)
    other.advance()
    assert_same_series(as_drawn, other)


@pytest.mark.parametrize("name", [name for name in PERMUTED if name != "stablecoins"])  # there are three
def test_an_agent_with_nothing_changes_nothing(as_drawn: Economy, name: str) -> None:
    other = crash()
    add_empty(other, name)
    other.advance()
    assert_same_series(as_drawn, other)


def test_a_dealer_with_nothing_changes_nobodys_choice_of_another() -> None:
    """Customers who lose their only dealer open an account with one that their number picks."""
    lonely = crash_world(dealers__count=4, dealers__capital=60, funds__count=12, run__ticks=60)
    moved = 0
    for seed in range(8):
        alone, with_another = Economy(lonely, seed), Economy(lonely, seed)
        add_empty(with_another, "dealers")
        alone.advance()
        with_another.advance()
        assert_same_series(alone, with_another)
        moved += np.count_nonzero(alone.funds["dealer"] != Economy(lonely, seed).funds["dealer"])
    assert moved > 0, "somebody opens an account"


@pytest.mark.parametrize("policies", [POLICIES, ("note_purchases", "lending", "deposit_guarantee")], ids=len)
def test_the_order_does_not_matter_to_the_authority(policies: tuple[str, ...]) -> None:
    governed = under(crash_world(run__ticks=TICKS, policy__leverage_cap__most=3), *policies)
    one, other, chance = Economy(governed, crash_seed()), Economy(governed, crash_seed()), np.random.default_rng(9)
    for name in PERMUTED:
        permute(other, name, chance)
    one.advance()
    other.advance()
    assert_same_series(one, other)


@pytest.mark.slow
def test_books_close_in_any_order() -> None:
    economy, chance = Economy(crash_world(run__ticks=40), crash_seed(), check=True), np.random.default_rng(8)
    for name in PERMUTED:
        permute(economy, name, chance)
        if name != "stablecoins":
            add_empty(economy, name)
    economy.advance()


def test_funds_are_told_apart_by_their_own_number() -> None:
    assert LEVERAGED_FUND.fields[0].name == "id"
    economy = crash()
    assert len(set(economy.funds["id"].tolist())) == len(economy.funds)
