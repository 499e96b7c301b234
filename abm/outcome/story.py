"""A run told in twenty dated sentences: what a newspaper would have printed, from the event log and the daily series.

A pure function of a run's tables and its summary. Each teller below looks for one thing, and says it in sentences
with a rank; the highest ranks are kept and put into the order of days. Hundreds of events of one day are one
sentence; names are those of the log, so that `why` can be asked on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from abm.ledger.chart import FUNDS, MARGIN_ACCOUNTS
from abm.outcome.wording import MARKETS_IN_WORDS, NO_MONEY, bn, count, in_words, listed, share, told

LONGEST = 20  # sentences
TOLD = (  # kinds of events that have a teller, or that say nothing new
    *("news", "price_move", "timed_action", "margin_call", "call_met", "forced_sale", "limit_sale", "seizure"),
    *("shock", "own_loss"),
    *("shortfall", "bank_loss", "dealer_run", "deposit_run", "loan_recalled", "loan_losses", "sales_rationed"),
    *("risk_limit", "redemption_notice"),
)
ALWAYS, MAIN, TELLING, ASIDE = range(4)  # ranks
NOTEWORTHY = 0.5  # $bn: less is no news
BORROWERS = {FUNDS: "hedge fund", MARGIN_ACCOUNTS: "margin account"}


@dataclass(frozen=True)
class Sentence:
    """One sentence of a story: its day, its words, the event that it is about (None: a daily series), its rank."""

    day: int
    words: str
    event: int | None = None
    rank: int = TELLING

    def to_dict(self) -> dict[str, Any]:
        """The sentence as plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Run:
    """What is told of: the daily series, the event log, everybody's last record, and the flat summary."""

    ticks: pl.DataFrame
    events: pl.DataFrame
    agents: pl.DataFrame
    summary: Mapping[str, Any]

    def of_kind(self, kind: str) -> pl.DataFrame:
        return self.events.filter(pl.col("kind") == kind)

    @property
    def last(self) -> int:
        return self.ticks.height - 1


def tell(ticks: pl.DataFrame, events: pl.DataFrame, agents: pl.DataFrame, summary: Mapping[str, Any]) -> list[Sentence]:
    """Return at most twenty sentences in the order of days; the last one is the verdict."""
    run = Run(ticks, events, agents, summary)
    said = [sentence for teller in TELLERS for sentence in teller(run)]
    kept = sorted(said, key=lambda sentence: sentence.rank)[:LONGEST]  # stable: tellers come in order of weight
    return sorted(kept, key=lambda sentence: (sentence.day, said.index(sentence)))


def spark(run: Run) -> Iterator[Sentence]:
    """The news with which it all begins, or that there was none."""
    heard = run.of_kind("news").filter((pl.col("counterparty") == "scenario") & (pl.col("amount") != 0.0))
    for event in pl.concat([run.of_kind("shock").head(1), run.of_kind("own_loss")]).iter_rows(named=True):
        yield Sentence(event["tick"], told(event), event["event_id"], ALWAYS)
    if heard.is_empty():
        if run.of_kind("shock").height or run.of_kind("own_loss").height:
            return
        yield Sentence(
            0, "no spark is lit in this run: what follows is ordinary news and what it sets off", rank=ALWAYS
        )
        return
    first = heard.row(0, named=True)
    words = told(first | {"amount": total(heard)})
    if heard.height > 1:
        words += f"; it comes bit by bit until day {heard['tick'][-1]}"
    yield Sentence(first["tick"], words, first["event_id"], ALWAYS)


def measures(run: Run) -> Iterator[Sentence]:
    """What the scenario's timed actions do."""
    for event in run.of_kind("timed_action").iter_rows(named=True):
        words = "a measure of the scenario sets in"
        if event["channel"]:
            way = "on" if event["amount"] else "off"
            words = f"the scenario switches the channel {event['channel']} {way}"
        elif event["instrument"]:
            words = f"public purchases of {in_words(event['instrument'])} begin, {bn(event['amount'])} a day"
        yield Sentence(event["tick"], words, event["event_id"], TELLING)


def calls(run: Run) -> Iterator[Sentence]:
    """The first margin calls, and the day on which most was called."""
    called = run.of_kind("margin_call")
    if called.is_empty():
        return
    yield from first_and_worst(
        called,
        lambda day: f"the first margin calls: {who(run, day)} must find {bn(total(day))} or sell",
        lambda day: f"the worst day of margin calls: {who(run, day)} are called for {bn(total(day))} in all",
    )


def seizures(run: Run) -> Iterator[Sentence]:
    """The first books that dealers seize, the worst day of it, and how many it were in the end."""
    seized = run.of_kind("seizure")
    if seized.is_empty():
        return

    def largest(day: pl.DataFrame) -> str:
        return f", {day.sort('amount', descending=True)['actor'][0]} the largest" if day.height > 1 else ""

    yield from first_and_worst(
        seized,
        lambda day: f"dealers seize the first books, of {who(run, day)}, with debts of {bn(total(day))}{largest(day)}",
        lambda day: (
            f"the worst day of seizures: dealers take the books of {who(run, day)}, "
            f"with debts of {bn(total(day))}{largest(day)}"
        ),
    )
    of = run.agents.filter(pl.col("type") == "funds").height
    if seized.height > 5:
        words = f"dealers seize the last book: {seized.height} of {of} funds and margin accounts are gone"
        yield Sentence(seized["tick"][-1], words, seized["event_id"][-1])


def forced_sales(run: Run) -> Iterator[Sentence]:
    """The day on which most was sold because somebody had to, and the market that bore most of it."""
    columns = {name: f"forced_sales_{name}" for name in MARKETS_IN_WORDS if f"forced_sales_{name}" in run.ticks.columns}
    totals = run.ticks.select(pl.sum_horizontal(*columns.values())).to_series()
    worst = int(totals.arg_max() or 0)
    if totals[worst] < NOTEWORTHY:
        return
    market = max(columns, key=lambda name: run.ticks[columns[name]][worst])
    part = run.ticks[columns[market]][worst]
    most = f"{'all' if part > 0.995 * totals[worst] else bn(part)} of it {in_words(market)}"
    yield Sentence(
        worst, f"the worst day of forced sales: {bn(totals[worst])} are sold under duress, {most}", rank=MAIN
    )


def rationing(run: Run) -> Iterator[Sentence]:
    """When sellers find no buyers for the first time, and when least."""
    left = run.of_kind("sales_rationed").filter(pl.col("amount") > NOTEWORTHY)
    if left.is_empty():
        return
    first, worst = left.row(0, named=True), left.sort("amount", "event_id", descending=[True, False]).row(0, named=True)
    yield Sentence(first["tick"], f"buyers run out: offers of {bn(first['amount'])} find none", first["event_id"], MAIN)
    if worst["tick"] != first["tick"]:
        words = f"the longest queue of sellers: offers of {bn(worst['amount'])} find no buyer"
        yield Sentence(worst["tick"], words, worst["event_id"])


def runs(run: Run) -> Iterator[Sentence]:
    """Who is run on, dealers and banks, first and most."""
    for kind, whom, column in (
        ("dealer_run", "lenders and customers", "funding_withdrawn"),
        ("deposit_run", "depositors", "deposits_withdrawn"),
    ):
        left = run.of_kind(kind)
        if left.is_empty():
            continue
        first = left.filter(pl.col("tick") == left["tick"][0])
        names, amount = listed(first["actor"].unique(maintain_order=True).to_list()), bn(total(first))
        words = f"{whom} begin to leave {names}: {amount} wants out that day"
        yield Sentence(first["tick"][0], words, first["event_id"][0], MAIN)
        worst = int(run.ticks[column].arg_max() or 0)
        if worst != first["tick"][0]:
            leave = f"{bn(run.ticks[column][worst])}, of {bn(float(run.ticks[column].sum()))} over the whole run"
            yield Sentence(worst, f"the day on which {whom} take most: {leave}")


def failures(run: Run) -> Iterator[Sentence]:
    """The first lenders to fail, one sentence for each kind, and how many it were in the end."""
    kinds = [kind for kind in run.events["kind"].unique().sort() if kind.endswith("_failed")]
    for kind in kinds:
        failed = run.of_kind(kind)
        what = kind.removesuffix("_failed").replace("_", " ")
        first = failed.filter(pl.col("tick") == failed["tick"][0])
        words = f"the first {what} goes: {told(first.row(0, named=True))}"
        if first.height > 1:
            words = f"the first {what}s go: {listed(first['actor'].to_list())} fail"
        yield Sentence(first["tick"][0], words, first["event_id"][0], ALWAYS)
        if failed.height > first.height:
            of = run.agents.filter(pl.col("type") == f"{what.replace(' ', '_')}s").height
            so_far = f"all {of}" if failed.height == of else f"{failed.height} of {of}" if of else f"{failed.height}"
            words = f"{failed['actor'][-1]} is the last to fail: {so_far} {what}s have failed"
            yield Sentence(failed["tick"][-1], words, failed["event_id"][-1], MAIN)


def losses(run: Run) -> Iterator[Sentence]:
    """What lenders lose on those who failed: the worst day, and the sum."""
    for kind, whom in (("shortfall", "dealers"), ("bank_loss", "banks")):
        lost = run.of_kind(kind)
        if total(lost) < NOTEWORTHY:
            continue
        day = worst_day(lost)
        most = day.group_by("counterparty").agg(pl.col("amount").sum()).sort("amount", "counterparty", descending=True)
        words = f"{whom} lose {bn(total(day))} on {listed(day['actor'].unique(maintain_order=True).to_list())}"
        words += f", {most['counterparty'][0]} most" if most.height > 1 else ""
        if lost["tick"].n_unique() > 1:
            words = f"the worst day of losses on others: {words}; over the whole run it is {bn(total(lost))}"
        yield Sentence(day["tick"][0], words, day["event_id"][0], MAIN)


def prices(run: Run) -> Iterator[Sentence]:
    """AI equity's worst day and its lowest price, and the lowest of broad equity."""
    price = run.ticks["price_ai_equity"]
    steps = (price / price.shift(1, fill_value=1.0) - 1.0).fill_null(0.0)
    worst = int(steps.arg_min() or 0)
    yield Sentence(worst, f"the worst day of AI equity: it loses {share(-steps[worst])}", rank=TELLING)
    for market, rank in (("ai_equity", ALWAYS), ("broad_equity", TELLING)):
        price = run.ticks[f"price_{market}"]
        lowest = int(price.arg_min() or 0)
        best = max(1.0, float(price.head(lowest + 1).max() or 1.0))  # pyright: ignore[reportArgumentType]
        words = (
            f"{in_words(market)} is at its lowest price, {share(1.0 - price[lowest] / best)} below its best until then"
        )
        yield Sentence(lowest, words, rank=rank)


def notes_and_money(run: Run) -> Iterator[Sentence]:
    """How far the yield of Treasury notes rose, which is where a stock-market event would become another one."""
    yields = run.ticks["yield_notes"]
    highest = int(yields.arg_max() or 0)
    if yields[highest] > 0.5:
        words = f"Treasury notes yield {yields[highest]:.1f} points more than at the start, the most of the run"
        yield Sentence(highest, words)


def own_limits(run: Run) -> Iterator[Sentence]:
    """The day on which funds sold most by their own limits, which nobody forced on them."""
    sold = run.of_kind("limit_sale")
    if total(sold) > NOTEWORTHY:
        day = worst_day(sold)
        words = f"{who(run, day)} offer {bn(total(day))} by their own limits, the most of a day"
        yield Sentence(day["tick"][0], words, day["event_id"][0], ASIDE)


def redemptions(run: Run) -> Iterator[Sentence]:
    """The day on which investors asked funds for most."""
    asked = run.of_kind("redemption_notice")
    if total(day := worst_day(asked)) > NOTEWORTHY:
        words = f"investors ask {count(day.height, 'fund')} for {bn(total(day))}, the most of a day"
        yield Sentence(day["tick"][0], words, day["event_id"][0], ASIDE)


def economy(run: Run) -> Iterator[Sentence]:
    """When output was lowest, what banks lost on loans until the end, and what it cost the public."""
    output, loans = run.ticks["output"], float(run.ticks["loans_lost"].sum())
    lowest = int(output.arg_min() or 0)
    if output[lowest] < -0.001:
        words = f"output is {share(-output[lowest])} below its trend, the least of the run"
        yield Sentence(lowest, f"{words}; on loans to firms banks lose {bn(loans)} by the end")
    cost = float(run.ticks["public_cost"].sum())
    if cost > NOTEWORTHY:
        day = int((run.ticks["public_cost"] > 0.0).arg_max() or 0)
        yield Sentence(day, f"the public pays for failed banks, {bn(cost)} by the end", rank=MAIN)


def ending(run: Run) -> Iterator[Sentence]:
    """Who was left, and the verdict."""
    seized = run.of_kind("seizure").height
    borrowers = run.agents.filter(pl.col("type") == "funds").height
    dealers, banks = (int(run.ticks[name][-1]) for name in ("dealers_failed", "banks_failed"))
    words = f"at the end {seized or 'none'} of {borrowers} funds and margin accounts {have(seized)} been seized"
    failed = [count(number, name) for number, name in ((dealers, "dealer"), (banks, "bank")) if number]
    lenders = f"{listed(failed)} {have(dealers + banks)}" if failed else "no dealer and no bank has"
    yield Sentence(run.last, f"{words}, and {lenders} failed", rank=ALWAYS)
    yield Sentence(run.last, verdict_in_words(run.summary), rank=ALWAYS)


def whatever_else(run: Run) -> Iterator[Sentence]:
    """The first event worth a word of every kind that nobody else tells of."""
    others = ~pl.col("kind").is_in(TOLD) & ~pl.col("kind").str.ends_with("_failed")
    worth_it = (pl.col("amount") >= NOTEWORTHY) | pl.col("kind").is_in(NO_MONEY)
    for first in run.events.filter(others & worth_it).unique("kind", keep="first", maintain_order=True).to_dicts():
        yield Sentence(first["tick"], f"for the first time {told(first)}", first["event_id"])


TELLERS: tuple[Callable[[Run], Iterator[Sentence]], ...] = (
    spark,
    prices,
    calls,
    seizures,
    failures,
    runs,
    losses,
    forced_sales,
    rationing,
    measures,
    economy,
    notes_and_money,
    own_limits,
    redemptions,
    whatever_else,
    ending,
)


def verdict_in_words(summary: Mapping[str, Any]) -> str:
    """Return one sentence: how fast and how far AI equity fell, and what that came to."""
    fall, speed = summary["drawdown"], summary["speed"]
    first = f"AI equity lost {share(fall)} from its peak" if fall else "AI equity never fell"
    if speed is not None:
        first += f", a {speed} fall"
    real, financial = (str(summary[key]).replace("_", " ") for key in ("verdict_real", "verdict_financial"))
    said = f"{first}; the economy: {real}; finance: {financial}."
    if summary["no_news_verdict_real"] is None:
        return said
    real, financial = (str(summary[f"no_news_verdict_{axis}"]).replace("_", " ") for axis in ("real", "financial"))
    return f"{said} On the same draws without the spark the economy: {real}; finance: {financial}."


def first_and_worst(
    events: pl.DataFrame, on_first: Callable[[pl.DataFrame], str], on_worst: Callable[[pl.DataFrame], str]
) -> Iterator[Sentence]:
    """Tell of the first day of some kind of event, and of its worst day if that is another."""
    first, worst = events.filter(pl.col("tick") == events["tick"][0]), worst_day(events)
    yield Sentence(first["tick"][0], on_first(first), first["event_id"][0], ALWAYS)
    if worst["tick"][0] != first["tick"][0]:
        yield Sentence(worst["tick"][0], on_worst(worst), worst["event_id"][0], MAIN)


def total(events: pl.DataFrame) -> float:
    """Return what the amounts of some events come to."""
    return float(events["amount"].sum())


def have(number: int) -> str:
    return "has" if number <= 1 else "have"


def worst_day(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events of the day on which their amounts come to most."""
    sums = events.group_by("tick").agg(pl.col("amount").sum()).sort("amount", "tick", descending=[True, False])
    return events.filter(pl.col("tick") == sums["tick"][0]) if sums.height else events


def who(run: Run, events: pl.DataFrame) -> str:
    """Return how many of each kind act in some events, funds and margin accounts apart; one alone by name."""
    names = events["actor"].unique(maintain_order=True).to_list()
    if len(names) == 1:
        return names[0]
    funds = run.agents.filter(pl.col("type") == "funds")
    kinds = dict(
        zip((f"fund:{number}" for number in funds["id"]), funds["sector"].replace_strict(BORROWERS), strict=True)
    )
    found = [kinds.get(name, name.split(":")[0].replace("_", " ")) for name in names]
    return listed([count(found.count(kind), kind) for kind in sorted(set(found))])
