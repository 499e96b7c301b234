"""The graph of contagion: who pushed whom, through which channel, how often and with how many dollars.

Each event of the log is one push, from a source to a target. The target is whom it happens to: the market in which
something is sold, the dealer or bank that loses, the fund that is called, and the actor himself if the event is his
own doing alone (a run on him, his failure). The source is whoever does it to him: the seller, the debtor, the issuer
who withdraws, the authority. Where an event names no such other side, the source is the target of its cause: a
market that fell pushes the fund that is called, and the fund whose call is not met pushes itself, to its seizure.

An event whose doer is not whom its cause hit has a second edge, from the one to the other: the fall of a market
*prompts* investors to give notice to a fund. Such an edge carries no dollars, so that each is counted once.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from abm.errors import InputError
from abm.outcome.events import OF_THE_AUTHORITY
from abm.outcome.story import BORROWERS
from abm.outcome.why import FAILURE, LOSS, NO_SUMS

if TYPE_CHECKING:
    import networkx

NEWS, EVERYDAY, SCENARIO, UNLOGGED = "news", "everyday_news", "scenario", "unlogged"
SOURCES = ((NEWS, SCENARIO), (EVERYDAY,), (UNLOGGED,))  # where chains begin, those of the scenario first
HOLDERS, BUILDERS, FIRMS = "crypto_holders", "builders", "firms"  # logged as a crowd, under other names
SALES = ("forced_sale", "limit_sale")  # by the actor, in the market of the instrument
TO_OTHERS = (  # by the actor, to the other side
    *("shortfall", "bank_loss", "loan_recalled", "redemption_notice", "reserves_withdrawn", "refinancing_refused"),
    *OF_THE_AUTHORITY,
)
PUSHES, PROMPTS = "pushes", "prompts"
FLOWS = ("dollars_bn", "logged_bn")
KEYS = ("source", "target", "relation", "channel", "kind")


def pushes(events: pl.DataFrame, ticks: pl.DataFrame) -> pl.DataFrame:
    """Return the log as pushes, one row an event, in its order; `ticks` are the daily series of the same run.

    Columns: `event_id`, `tick` (trading day), `kind`, `channel`, `caused_by`; `source` and `target` as in the log
    (`fund:17`, `market:notes`), with `news` for what the scenario brings, `everyday_news`, `scenario` for its
    measures and own losses, `crypto_holders`, `builders` and `firms` for crowds, and `unlogged` where no cause was
    written down; `prompted_by` (null: nobody); `amount` as logged; `logged_bn`, the same, null where the kind's
    amounts are no flow of dollars; and `dollars_bn`, which differs from it in two ways. What somebody lacks or owes
    when he fails passes from nobody to anybody, so that it is null. And sales are logged as they were offered, a
    day's rest again on the next, so that in a rush they add up to many times what was there to sell:

        dollars = logged * what was taken of all offers in that market on that day

    Raises InputError for a log in which an event comes before its cause.
    """
    if events.filter(
        (pl.col("event_id") != pl.int_range(pl.len())) | (pl.col("caused_by") >= pl.col("event_id"))
    ).height:
        raise InputError("events: are out of order; allowed is a log as powderkeg wrote it")
    kind, actor, other = pl.col("kind"), pl.col("actor"), pl.col("counterparty")
    of_scenario = (kind == "news") & (other == "scenario")
    doer = (
        pl.when(kind.is_in(SALES))
        .then(pl.when(actor.str.starts_with("market:")).then(pl.lit(HOLDERS)).otherwise(actor))
        .when(of_scenario | (kind == "shock"))
        .then(pl.lit(NEWS))
        .when(kind == "news")
        .then(pl.lit(EVERYDAY))
        .when(kind.is_in(("own_loss", "timed_action")))
        .then(pl.lit(SCENARIO))
        .when(kind.is_in(TO_OTHERS))
        .then(actor)
    )
    hit = (
        pl.when(kind.is_in(SALES))
        .then(pl.concat_str(pl.lit("market:"), "instrument"))
        .when(of_scenario)
        .then(pl.lit(NEWS))
        .when(kind.is_in(("news", "shock", "own_loss", *TO_OTHERS)))
        .then(other)
        .when(kind == "liquidation")
        .then(pl.lit(HOLDERS))
        .when(kind == "builder_defaults")
        .then(pl.lit(BUILDERS))
        .when(kind == "loan_losses")
        .then(pl.lit(FIRMS))
        .otherwise(actor)
    )
    marked = events.with_columns(doer=pl.when(doer != hit).then(doer), target=hit)
    before = marked["target"].gather(marked["caused_by"].fill_null(0)) if marked.height else marked["target"]
    root = pl.col("caused_by").is_null()
    known = kind.is_in(("news", "shock", "own_loss", "timed_action"))  # roots that are sources of their own
    marked = marked.with_columns(before=pl.when(~root).then(before).when(~known).then(pl.lit(UNLOGGED)))
    flow = ~kind.is_in(NO_SUMS)
    return marked.join(part_taken(events, ticks), on=("tick", "instrument"), how="left", maintain_order="left").select(
        *("event_id", "tick", "kind", "channel", "caused_by", "amount", "target"),
        source=pl.coalesce("doer", "before", "target"),
        prompted_by=pl.when(pl.col("doer").is_not_null() & (pl.col("doer") != pl.col("before"))).then("before"),
        logged_bn=pl.when(flow).then("amount"),
        dollars_bn=pl.when(kind.is_in(SALES))
        .then(pl.col("amount") * pl.col("part").fill_null(1.0))
        .when(flow & ~kind.str.contains(FAILURE))
        .then("amount"),
    )


def part_taken(events: pl.DataFrame, ticks: pl.DataFrame) -> pl.DataFrame:
    """Return which part of the offers in a market found buyers, by day: `tick`, `instrument`, `part`.

    All offers in a market on a day are filled in the same part, so that forced ones, whose filled total the daily
    series have, tell of all. Where nobody is forced it is the day's part over all markets.
    """
    names = {name: name.removeprefix("forced_sales_") for name in ticks.columns if name.startswith("forced_sales_")}
    filled = (
        ticks.select("tick", "fill_share", *(pl.col(name).alias(market) for name, market in names.items()))
        .unpivot(index=("tick", "fill_share"), variable_name="instrument", value_name="filled")
        .with_columns(pl.col("tick").cast(pl.Int32))
    )
    forced = events.filter(pl.col("kind") == "forced_sale").group_by("tick", "instrument").agg(pl.sum("amount"))
    return filled.join(forced, on=("tick", "instrument"), how="left").select(
        *("tick", "instrument"),
        part=pl.when(pl.col("amount") > 0.0).then(pl.col("filled") / pl.col("amount")).otherwise("fill_share"),
    )


def edges(pushed: pl.DataFrame) -> pl.DataFrame:
    """Return the edges of the graph: pushes added up by source, target, relation, channel and kind of event.

    Columns beside these five: `events` (number), `first_day`, `last_day`, and `dollars_bn` and `logged_bn` as in
    `pushes` (null: no flow of dollars). Over all edges of a kind `logged_bn` is the log's own sum of that kind, and
    `dollars_bn` of forced sales that of the daily series. An edge from somebody to himself is what went on within
    him, as a call that was met or his failure.
    """
    prompts = pushed.filter(pl.col("prompted_by").is_not_null()).with_columns(
        source="prompted_by",
        target="source",
        relation=pl.lit(PROMPTS),
        **dict.fromkeys(FLOWS, pl.lit(None, dtype=pl.Float64)),
    )
    both = pl.concat([pushed.with_columns(relation=pl.lit(PUSHES)), prompts])
    return (
        both.group_by(KEYS)
        .agg(
            events=pl.len().cast(pl.Int64),
            first_day=pl.col("tick").min(),
            last_day=pl.col("tick").max(),
            **{flow: pl.when(pl.count(flow) > 0).then(pl.sum(flow)) for flow in FLOWS},
        )
        .sort(KEYS)
    )


def nodes(events: pl.DataFrame, agents: pl.DataFrame, linked: pl.DataFrame) -> pl.DataFrame:
    """Return the actors of the graph with what became of them.

    Columns: `name`; `kind` (`hedge fund` and `margin account` apart); `failed`; `day_failed` (null: did not);
    `losses_bn`, what he lost on others as the log has it.
    """
    names = pl.concat([linked["source"], linked["target"]]).unique().sort().alias("name")
    failed = events.filter(pl.col("kind").str.contains(FAILURE)).group_by("actor").agg(day_failed=pl.col("tick").min())
    losses = events.filter(pl.col("kind").str.contains(LOSS)).group_by("counterparty").agg(losses_bn=pl.sum("amount"))
    return (
        pl.DataFrame(names)
        .join(failed, left_on="name", right_on="actor", how="left", maintain_order="left")
        .join(losses, left_on="name", right_on="counterparty", how="left", maintain_order="left")
        .select(
            "name",
            kind=pl.col("name").replace_strict(
                sectors(agents), default=pl.col("name").str.split(":").list.first().str.replace_all("_", " ")
            ),
            failed=pl.col("day_failed").is_not_null(),
            day_failed="day_failed",
            losses_bn=pl.col("losses_bn").fill_null(0.0),
        )
    )


def sectors(agents: pl.DataFrame) -> dict[str, str]:
    """Return what each leveraged fund is: the log calls hedge funds and margin accounts alike."""
    funds = agents.filter(pl.col("type") == "funds")
    named = funds["sector"].replace_strict(BORROWERS, default="fund")
    return {f"fund:{number}": kind for number, kind in zip(funds["id"], named, strict=True)}


def as_network(actors: pl.DataFrame, linked: pl.DataFrame) -> networkx.MultiDiGraph:
    """Return the graph for NetworkX, with parallel edges for channels and kinds; attributes without a value are absent.

    Source: Hagberg, Schult and Swart (2008), NetworkX.
    """
    import networkx

    graph = networkx.MultiDiGraph()
    for actor in actors.to_dicts():
        graph.add_node(actor.pop("name"), **present(actor))
    for number, edge in enumerate(linked.to_dicts()):
        graph.add_edge(edge.pop("source"), edge.pop("target"), f"e{number}", **present(edge))
    return graph


def present(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def graphml(graph: networkx.MultiDiGraph) -> bytes:
    """Return the graph as GraphML (Brandes et al. 2002), which Gephi, igraph and NetworkX read."""
    import networkx

    content = io.BytesIO()
    networkx.write_graphml(graph, content)
    return content.getvalue()


def node_link_json(graph: networkx.MultiDiGraph) -> bytes:
    """Return the graph as JSON of nodes and edges, as NetworkX and D3 read it."""
    import networkx

    return json.dumps(networkx.node_link_data(graph, edges="edges"), indent=1, allow_nan=False).encode() + b"\n"
