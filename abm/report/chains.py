"""The chains of a run in words, and as files: tables, the graph for other tools, a picture and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from abm.chains.answer import shapes
from abm.chains.graph import graphml, node_link_json
from abm.experiments.files import parquet
from abm.figures.contagion import contagion_figure
from abm.outcome.story import BORROWERS
from abm.outcome.wording import count
from abm.report.files import drawn_files, dumped
from abm.report.pages import Page, Picture, Section, picture, render, stamp
from abm.report.tables import Table

if TYPE_CHECKING:
    from abm.chains.answer import Chains
    from abm.experiments.results import RunResult

MOST_NAMED = 20  # of a kind; more are told by the shapes of their chains
READING = (
    "Who pushed whom, by kinds of actors: jagged boxes failed, arrows are as wide as the root of their dollars, and "
    "the list says through which channel, how many dollars and when."
)
HOW = (
    "A chain goes from whoever pushed to whoever was pushed, in the order of events: from the news to a market that "
    "fell, to a fund that was called, to a dealer that lost on it. What somebody did goes back to what the log has on "
    "record for it. Where the chain comes to a market, whose price everybody moves, it goes on with whichever earlier "
    "sale or fall there is nearest to the news: of all such ways this is the one through the fewest actors. It says "
    "how near a failure is to the news; powderkeg why goes on with what moved the price most on its day."
)
EACH = "Each failure with its chain, event by event, is in chains.parquet and chains.json."
GRAPH = (
    "The graph with every actor, and an edge for each channel and kind of event, is in contagion.graphml (Gephi, "
    "igraph, NetworkX) and contagion.json (D3, NetworkX); its edges are in contagion.parquet. dollars_bn are flows, "
    "with sales as far as they found buyers; logged_bn is the log's own sum."
)


class Told(NamedTuple):
    """A failure, or many of one shape: who, when, how many steps away, the chain by kinds, and one chain in words."""

    who: str
    when: str
    steps: int
    shape: str
    words: list[str]


def told_failures(found: Chains) -> list[Told]:
    """Return failures of lenders one by one and those of funds by the shapes of their chains, with one of each."""
    failures = found.failures
    many = (
        failures.group_by("kind").len().filter(pl.col("kind").is_in(BORROWERS.values()) | (pl.col("len") > MOST_NAMED))
    )
    grouped = pl.col("kind").is_in(many["kind"].implode())
    said = [
        Told(row["failed"], f"day {row['day']}", row["steps"], row["shape"], row["words"])
        for row in failures.filter(~grouped).iter_rows(named=True)
    ]
    for shape in shapes(failures.filter(grouped)).iter_rows(named=True):
        first = failures.row(by_predicate=pl.col("event") == shape["event"], named=True)
        days = f"day {shape['first_day']}"
        if shape["last_day"] > shape["first_day"]:
            days = f"days {shape['first_day']} to {shape['last_day']}"
        number, kind, one = shape["number"], shape["kind"], first["failed"]
        who = f"{count(number, kind)}, such as {one}" if number > 1 else f"{one}, a {kind}"
        said.append(Told(who, days, first["steps"], first["shape"], first["words"]))
    return said


def failures_table(found: Chains) -> Table:
    """Return who failed, when, how many steps from the news, and by which chain."""
    rows = [(one.who, one.when, str(one.steps), " → ".join(one.words)) for one in told_failures(found)]
    return Table(("who", "failed on", "steps", "the shortest chain"), rows, text_columns=99)


def contagion_section(found: Chains, drawn: Picture) -> Section:
    """Return the part of a page that says who pushed whom."""
    told = [failures_table(found)] if found.failures.height else []
    return Section("Who pushed whom", [found.sentence], [drawn], told, [HOW] if told else [])


def again(result: RunResult) -> str:
    """Say how the run behind the chains is made again."""
    if result.origin is not None or result.past:
        return "The run went on from a saved state, with which powderkeg run --from-state makes it again."
    return (
        f"The run is made again, to the bit, by powderkeg run scenario.toml --seed {result.seed}, with the "
        "scenario.toml that lies beside this page."
    )


def as_json(result: RunResult) -> dict[str, Any]:
    """Return the answer ready for JSON, with the run that it is about."""
    run = {
        "scenario": result.scenario.name,
        "scenario_digest": result.scenario.digest,
        "seed": result.seed,
        "again": again(result),
    }
    return {"run": run, **result.chains.to_dict()}


def chains_files(result: RunResult) -> dict[str, bytes]:
    """Return all files of an answer by name: tables, graph, figure, page, and the scenario behind them."""
    found, world = result.chains, result.scenario
    graph = found.graph()
    files, drawn = drawn_files("contagion", contagion_figure(found))
    told = [failures_table(found)] if found.failures.height else []
    page = Page(
        f"Who pushed whom: {world.title} ({world.name}), seed {result.seed}",
        found.sentence,
        stamp(world.digest),
        sections=[
            Section("The graph of contagion", figures=[picture(drawn, READING)], notes=[GRAPH]),
            Section("From the news to each failure", [HOW], tables=told, notes=[EACH]),
            Section("The run behind it", [again(result)]),
        ],
    )
    return files | {
        "chains.parquet": parquet(found.failures),
        "chains.json": dumped(as_json(result)),
        "contagion.parquet": parquet(found.edges),
        "contagion.graphml": graphml(graph),
        "contagion.json": node_link_json(graph),
        "scenario.toml": world.to_toml().encode(),
        "report.html": render(page).encode(),
    }
