"""The graph of contagion and the shortest chains in it: on made-up logs by hand, on drawn ones, and on a real run."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from typing import Any

import networkx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_log import AGENTS, CALL, CRISIS, FALL, NEWS, NO_SERIES, asked, log
from runs import of_kind, run

from abm.chains.answer import Chains, chains, shapes
from abm.chains.graph import PROMPTS, SOURCES, graphml, node_link_json, pushes
from abm.chains.shortest import FALLS
from abm.errors import InputError
from abm.outcome.events import KINDS, OF_THE_AUTHORITY
from abm.outcome.why import FAILURE, NO_SUMS, chain_of
from abm.outcome.wording import NO_MONEY


def test_each_event_is_a_push_from_whoever_did_it_or_was_hit_before() -> None:
    found = asked(*CRISIS).edges
    ends = [tuple(row) for row in found.select("source", "target", "relation", "kind", "dollars_bn").rows()]
    assert sorted(ends, key=str) == sorted(
        [
            ("news", "news", "pushes", "news", None),
            ("news", "market:ai_equity", "pushes", "price_move", None),
            ("market:ai_equity", "market:ai_equity", "pushes", "price_move", None),
            ("market:ai_equity", "fund:0", "pushes", "margin_call", 5.0),
            ("market:ai_equity", "fund:1", "pushes", "margin_call", 2.0),
            ("market:ai_equity", "investors", "prompts", "redemption_notice", None),
            ("investors", "fund:1", "pushes", "redemption_notice", 0.5),
            ("fund:0", "market:ai_equity", "pushes", "forced_sale", 4.0),
            ("fund:0", "fund:0", "pushes", "seizure", None),
            ("fund:0", "dealer:0", "pushes", "shortfall", 3.0),
            ("dealer:0", "dealer:0", "pushes", "dealer_failed", None),
            ("dealer:0", "bank:0", "pushes", "bank_loss", 1.5),
            ("bank:0", "bank:0", "pushes", "bank_failed", None),
        ],
        key=str,
    )
    bank = asked(*CRISIS).nodes.row(by_predicate=pl.col("name") == "bank:0", named=True)
    assert bank == {"name": "bank:0", "kind": "bank", "failed": True, "day_failed": 5, "losses_bn": 1.5}


ROOTS = ("news", "own_loss", "timed_action", "shock")
# What an event caused by a fall of notes is a push of, from whom on whom: by kind, with what its log line says.
FELL, MARKET = "market:notes", ("market:notes", "scenario")
TO_OTHERS = (
    "shortfall",
    "bank_loss",
    "loan_recalled",
    "redemption_notice",
    "reserves_withdrawn",
    "refinancing_refused",
)
WITHIN = (
    *("margin_call", "call_met", "seizure", "risk_limit", "dealer_failed", "bank_failed", "dealer_run", "deposit_run"),
    *("coin_run", "redemptions_delayed", "lines_drawn", "credit_fund_failed"),
)
PUSHES = {
    "news": (("scenario", "market:crypto"), "everyday_news", "market:crypto"),
    "shock": (("scenario", "market:crypto"), "news", "market:crypto"),
    "own_loss": (("scenario", "bank:1"), "scenario", "bank:1"),
    "timed_action": (("scenario", "scenario"), "scenario", "scenario"),
    "price_move": (("market:ai_equity", "scenario"), FELL, "market:ai_equity"),
    "forced_sale": (("bank:1", "scenario"), "bank:1", "market:notes"),
    "limit_sale": (("market:crypto", "scenario"), "crypto_holders", "market:notes"),
    "liquidation": (MARKET, FELL, "crypto_holders"),
    "sales_rationed": (("investors", "scenario"), FELL, "investors"),
    "builder_defaults": (("scenario", "scenario"), FELL, "builders"),
    "loan_losses": (("scenario", "bank:0"), FELL, "firms"),
    **dict.fromkeys((*TO_OTHERS, *OF_THE_AUTHORITY), (("dealer:1", "bank:1"), "dealer:1", "bank:1")),
    **dict.fromkeys(WITHIN, (("fund:1", "dealer:1"), FELL, "fund:1")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_has_its_source_and_its_target(kind: str) -> None:
    ends, source, target = PUSHES[kind]
    cause = None if kind in ROOTS else 0
    fall = (1, "price_move", *MARKET, "", "notes", -0.1, None)
    event = pushes(log(fall, (2, kind, *ends, "", "notes", 1.0, cause)), NO_SERIES).row(1, named=True)
    assert (event["source"], event["target"]) == (source, target)
    assert event["prompted_by"] == (FELL if source not in (FELL, target) and cause == 0 else None)


def test_the_shortest_chain_is_the_one_that_is_there_by_hand() -> None:
    found = asked(*CRISIS)
    assert found.failures["failed"].to_list() == ["fund:0", "dealer:0", "bank:0"]
    bank = found.to("bank:0")
    assert bank["actors"] == ["news", "market:ai_equity", "fund:0", "dealer:0", "bank:0"]
    assert bank["events"] == [0, 1, 2, 7, 8, 9, 10, 11]  # with the seizure and the failure on the way
    assert (bank["steps"], bank["source"], bank["source_day"], bank["record_steps"]) == (4, "news", 1, 4)
    assert bank["words"][0] == "day 1: disappointing news: AI equity is worth 39 % less than was thought"
    assert bank["words"][-2] == "day 4: bank:0 loses 1.5 $bn on dealer:0"
    assert bank["shape"].startswith("the news → AI equity → ")
    assert found.sentence.endswith("failed, 2 to 4 steps from the news.")


def test_it_is_shorter_than_the_chain_of_record_where_there_is_a_shorter_way() -> None:
    rows = (
        *(NEWS, FALL, CALL),
        (1, "price_move", "market:notes", "scenario", "", "notes", -0.01, 0),
        (2, "forced_sale", "fund:0", "scenario", "cross_asset_sales", "notes", 4.0, 2),
        (2, "price_move", "market:notes", "scenario", "", "notes", -0.1, 4),
        (2, "margin_call", "fund:1", "dealer:0", "margin_calls", "", 2.0, 5),
        (3, "seizure", "fund:1", "dealer:0", "margin_calls", "", 9.0, 6),
    )
    own = asked(*rows).to("fund:1")
    assert (own["actors"], own["record_steps"]) == (["news", "market:notes", "fund:1"], 4)
    later = (*rows[:3], (1, "news", "scenario", "market:notes", "", "notes", -0.01, None), *rows[4:])
    own = asked(*later).to("fund:1")  # everyday news is nearer, but the news has a way too
    assert own["actors"] == ["news", "market:ai_equity", "fund:0", "market:notes", "fund:1"]


def test_a_push_that_came_after_is_no_way() -> None:
    rows = (
        (1, "news", "scenario", "market:notes", "", "notes", -0.01, None),
        (1, "price_move", "market:notes", "scenario", "", "notes", -0.1, 0),
        (2, "margin_call", "fund:1", "dealer:0", "margin_calls", "", 2.0, 1),
        (3, "seizure", "fund:1", "dealer:0", "margin_calls", "", 9.0, 2),
        (4, *NEWS[1:]),
        (4, "price_move", "market:notes", "scenario", "", "notes", -0.4, 4),
    )
    assert asked(*rows).to("fund:1")["source"] == "everyday_news"


def test_of_equally_short_ways_off_the_record_the_one_of_most_dollars_is_told() -> None:
    rows = (
        *(NEWS, FALL, CALL),
        (1, "margin_call", "fund:1", "dealer:0", "margin_calls", "", 5.0, 1),
        (2, "forced_sale", "fund:0", "scenario", "margin_calls", "notes", 3.0, 2),
        (2, "forced_sale", "fund:1", "scenario", "margin_calls", "notes", 7.0, 3),
        (2, "forced_sale", "fund:0", "scenario", "margin_calls", "notes", 4.0, 2),
        (2, "price_move", "market:notes", "scenario", "", "notes", -0.1, 6),
        (2, "reserves_withdrawn", "stablecoin_issuer:0", "bank:0", "reserve_deposits", "deposits", 4.0, 7),
        (2, "deposit_run", "bank:0", "bank:0", "deposit_runs", "", 9.0, 8),
        (3, "forced_sale", "bank:0", "scenario", "bank_asset_sales", "notes", 2.0, 9),
        (3, "price_move", "market:notes", "scenario", "", "notes", -0.1, 10),
        (4, "own_loss", "scenario", "bank:1", "", "", 0.1, None),
        (4, "bank_failed", "bank:1", "bank:1", "fund_default_losses", "", 1.0, 11),
    )
    own = asked(*rows).to("bank:1")
    assert own["actors"] == ["news", "market:ai_equity", "fund:1", "market:notes", "bank:1"]
    assert own["record_steps"] == 7


def test_who_was_prompted_is_a_step_more() -> None:
    rows = (
        *(NEWS, FALL, CALL),
        (1, "redemption_notice", "investors", "fund:1", "redemptions", "", 5.0, 1),
        (2, "forced_sale", "fund:0", "scenario", "margin_calls", "notes", 3.0, 2),
        (2, "forced_sale", "fund:1", "scenario", "redemptions", "notes", 7.0, 3),
        (2, "price_move", "market:notes", "scenario", "", "notes", -0.1, 5),
        (3, "bank_failed", "bank:0", "bank:0", "fund_default_losses", "", -0.5, 6),
    )
    own = asked(*rows).to("bank:0")
    assert own["actors"] == ["news", "market:ai_equity", "fund:0", "market:notes", "bank:0"]
    assert (own["steps"], own["record_steps"]) == (4, 5)


def test_a_rise_is_no_way_by_which_a_fall_came() -> None:
    rows = (
        *(NEWS, FALL, CALL),
        (1, "price_move", "market:notes", "scenario", "", "notes", 0.02, 0),
        (2, "forced_sale", "fund:0", "scenario", "cross_asset_sales", "notes", 4.0, 2),
        (2, "price_move", "market:notes", "scenario", "", "notes", -0.1, 4),
        (2, "margin_call", "fund:1", "dealer:0", "margin_calls", "", 2.0, 5),
        (3, "seizure", "fund:1", "dealer:0", "margin_calls", "", 9.0, 6),
    )
    assert asked(*rows).to("fund:1")["actors"] == ["news", "market:ai_equity", "fund:0", "market:notes", "fund:1"]


def test_nobody_failed_and_an_empty_log_are_a_sentence_each() -> None:
    assert asked().sentence == "The event log of this run is empty, so there is no chain in it."
    calm = asked(NEWS, FALL, CALL)
    assert calm.sentence == "Nobody fails in this run, so there is no chain from the news to a failure."
    with pytest.raises(InputError, match="'fund:0' did not fail in this run; allowed is who did, but nobody did"):
        calm.to("fund:0")


def test_a_log_that_is_out_of_order_is_refused() -> None:
    with pytest.raises(InputError, match="out of order"):
        asked(NEWS, (*FALL[:-1], 2), CALL)


def test_dollars_and_events_of_all_edges_are_those_of_the_log() -> None:
    result = run("crash")
    edges = result.chains.edges.filter(pl.col("relation") != PROMPTS)
    kinds = result.events["kind"].unique().to_list()
    assert {"forced_sale", "shortfall", "bank_loss", "margin_call", "coin_run"} <= set(kinds)
    for kind in kinds:
        own, logged = edges.filter(pl.col("kind") == kind), of_kind(result, kind)
        assert own["events"].sum() == logged.height
        if kind in NO_SUMS:
            assert own["logged_bn"].null_count() == own["dollars_bn"].null_count() == own.height
        else:
            assert own["logged_bn"].sum() == pytest.approx(logged["amount"].sum(), rel=1e-12)
    for market in ("ai_equity", "notes", "crypto"):
        sold = edges.filter((pl.col("kind") == "forced_sale") & (pl.col("target") == f"market:{market}"))
        assert sold["dollars_bn"].sum() == pytest.approx(result.ticks[f"forced_sales_{market}"].sum(), rel=1e-9)
    assert result.chains.edges.filter(pl.col("relation") == PROMPTS)["dollars_bn"].null_count() > 0


@pytest.mark.parametrize("world", ["crash", "ordinary"])
def test_chains_of_a_real_run_end_where_the_failure_is_and_are_no_longer_than_those_of_record(world: str) -> None:
    result = run(world)
    found = result.chains
    failed = result.events.filter(pl.col("kind").str.contains(FAILURE))
    assert found.failures["event"].to_list() == failed["event_id"].to_list()
    check(found, result.events)
    assert shapes(found.failures)["number"].sum() == failed.height


def check(found: Chains, events: pl.DataFrame) -> None:
    """Chains go forward in time, from a root to the failure, over pushes that happened, and none is too long."""
    pushed = pushes(events, NO_SERIES)
    for row in found.failures.iter_rows(named=True):
        numbers = row["events"]
        assert numbers == sorted(set(numbers))
        assert events["caused_by"][numbers[0]] is None
        assert (numbers[-1], row["actors"][-1], len(row["actors"])) == (row["event"], row["failed"], row["steps"] + 1)
        assert row["source"] == row["actors"][0]
        ends = pushed[numbers].select("source", "target", "prompted_by").rows()
        happened = {pair for a, b, by in ends for pair in ((a, b), (by, a))}
        assert happened.issuperset(pairwise(row["actors"]))
        assert chain_of(events, row["event"])[0].event == row["event"]
        record = rank_of(row["record_source"]), row["record_steps"]
        assert (rank_of(row["source"]), row["steps"]) <= record


ACTOR = st.sampled_from(["fund:0", "fund:1", "dealer:0", "dealer:1", "bank:0", "bank:1"])
KIND = st.sampled_from(
    [
        *("news", "price_move", "margin_call", "forced_sale", "seizure", "shortfall", "dealer_failed", "bank_loss"),
        *("bank_failed", "redemption_notice", "loan_recalled", "deposit_run", "own_loss", "timed_action", "shock"),
        *("builder_defaults", "loan_losses", "refinancing_refused", "trading_halted", "liquidation"),
    ]
)


@st.composite
def logs(draw: st.DrawFn) -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for number in range(draw(st.integers(1, 25))):
        kind, actor, other = draw(KIND), draw(ACTOR), draw(ACTOR)
        market = draw(st.sampled_from(["ai_equity", "notes", "crypto"]))
        if kind in ("price_move", "liquidation"):
            actor = f"market:{market}"
        elif kind in ("news", "shock", "trading_halted"):
            other = draw(st.sampled_from(["scenario", f"market:{market}"])) if kind == "news" else f"market:{market}"
        elif kind.endswith("_failed") or kind in ("seizure", "deposit_run"):
            other = actor
        cause = None if number == 0 or kind in ROOTS else draw(st.none() | st.integers(0, number - 1))
        rows.append((number, kind, actor, other, "", market, draw(st.floats(-9.0, 9.0)), cause))
    return log(*rows)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(logs())
def test_chains_of_any_log_are_in_order_and_the_shortest_of_all_that_can_be_walked(events: pl.DataFrame) -> None:
    found = chains(events, AGENTS, NO_SERIES)
    check(found, events)
    pushed = pushes(events, NO_SERIES).to_dicts()
    for row in found.failures.iter_rows(named=True):
        assert (rank_of(row["source"]), row["steps"]) == least(pushed, recorded(pushed, row["event"]))


def rank_of(source: str) -> int:
    return next(rank for rank, names in enumerate(SOURCES) if source in names)


def recorded(pushed: list[dict[str, Any]], event: int | None) -> int:
    """The last push in the chain of record to an event."""
    while event is not None and pushed[event]["source"] == pushed[event]["target"]:
        event = pushed[event]["caused_by"]
    return -1 if event is None else event


def least(pushed: list[dict[str, Any]], push: int) -> tuple[int, int]:
    """The rank of the source and the steps of the shortest chain to a push, looked for backwards."""
    event = pushed[push]
    steps = 1 if event["prompted_by"] is None else 2
    by = event["prompted_by"] or event["source"]
    if any(by in names for names in SOURCES):
        return rank_of(by), steps
    before = {recorded(pushed, event["caused_by"])}
    if by.startswith("market:"):
        before |= {
            number
            for number, other in enumerate(pushed[:push])
            if other["target"] == by != other["source"]
            and (other["kind"] not in NO_MONEY or (other["kind"] in FALLS and other["amount"] < 0.0))
        }
    rank, more = min(least(pushed, other) for other in before)
    return rank, more + steps


def test_the_graph_is_read_back_as_it_was_written() -> None:
    found = run("crash").chains
    graph = found.graph()
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (found.nodes.height, found.edges.height)
    read = networkx.read_graphml(io.BytesIO(graphml(graph)), force_multigraph=True)
    read.graph.clear()  # the file's own defaults
    assert networkx.utils.graphs_equal(read, graph)
    text = node_link_json(graph).decode()
    assert networkx.utils.graphs_equal(networkx.node_link_graph(json.loads(text), edges="edges"), graph)
    json.loads(text, parse_constant=pytest.fail)
    json.dumps(found.to_dict(), allow_nan=False)
    bank = of_kind(run("crash"), "bank_failed")["actor"][0]
    assert graph.nodes[bank]["failed"] is True
    parallel = max(len(graph[a][b]) for a, b in set(graph.edges()))
    assert parallel > 1  # an edge for each channel
