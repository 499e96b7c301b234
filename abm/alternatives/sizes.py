"""In supervisors' units: the smallest purchase, floor, cap or buffer that moves the edge by a quarter.

That is a question about an edge too: in the world whose dial stands a quarter beyond the edge, how far a policy has to
be turned from doing nothing until the share of runs that break, less that without the news, falls under the level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from abm.alternatives.plan import without_policies
from abm.attribution.plan import last_news
from abm.distance.question import Question, ask
from abm.distance.search import ALREADY_OVER, REACHED, Edge, search
from abm.errors import InputError
from abm.scenario import Scenario
from abm.scenario.reading import DECLARED

BY = 1.25  # of the dial at the edge: a quarter beyond it
PURCHASE_DAYS = 20  # trading days over which notes are bought: the same purchase at once or late
Answer = Callable[[Question, Sequence[float]], pl.DataFrame]  # as `Worlds.answer`
FOUND, NOT_WITHIN, UNSURE = "found", "not reached within the range", "cannot tell"


class Size(NamedTuple):
    """What is turned: `least` does nothing, or as good as nothing, and `most` is the end of the range.

    `changes` hold beside it; `times` makes of the value what is spent, in $bn, where something is.
    """

    policy: str
    path: str
    least: float
    most: float
    words: str
    changes: dict[str, Any]
    days: int = 0  # for which it is decreed on the day of the news; nought: it stands from the start
    times: float | None = None

    @property
    def unit(self) -> str:
        """The unit of the value."""
        return DECLARED[self.path].unit


SIZES = (
    Size(
        "note_purchases",
        "policy.note_purchases.per_day",
        0.0,
        500.0,
        f"notes bought a day, decreed on the day of the news for {PURCHASE_DAYS} days",
        {"policy.note_purchases.total": 1e6},
        days=PURCHASE_DAYS,
        times=float(PURCHASE_DAYS),
    ),
    Size("lending", "policy.lending.haircut", 1.0, 0.0, "part of the collateral's value that is not lent", {}),
    Size(
        "margin_floors",
        "policy.margin_floors.equity",
        0.0,
        0.6,
        "least own money that shares need, without a floor on notes",
        {"policy.margin_floors.notes": 0.0},
    ),
    Size(
        "margin_floors",
        "policy.margin_floors.notes",
        0.0,
        0.1,
        "least haircut on notes, without a floor on shares",
        {"policy.margin_floors.equity": 0.0},
    ),
    Size("margin_buffers", "policy.margin_buffers.buffer", 0.0, 2.0, "margin beyond what lenders ask in calm", {}),
    Size("bank_capital", "policy.bank_capital.buffer", 0.0, 0.1, "capital of banks beyond their target", {}),
    Size("leverage_cap", "policy.leverage_cap.most", 50.0, 1.0, "most securities against own money", {}),
)


class Sized(NamedTuple):
    """The answer for one policy: the smallest size, with its interval, or why there is none."""

    size: Size
    edge: Edge

    @property
    def status(self) -> str:
        """Found, not reached within the range, or cannot tell."""
        if self.edge.status == ALREADY_OVER:
            if self.edge.value is not None:
                return FOUND
            if self.edge.is_over_everywhere:
                return NOT_WITHIN
        return UNSURE


@dataclass(frozen=True)
class Sizes:
    """The edge without a policy, the dial a quarter beyond it, and the answer for each policy; none without an edge."""

    edge: Edge
    beyond: float | None
    found: tuple[Sized, ...]

    @property
    def table(self) -> pl.DataFrame:
        """A row per policy and number that was turned."""
        rows = []
        for size, edge in self.found:
            value = edge.value if Sized(size, edge).status == FOUND else None
            rows.append(
                {
                    "policy": size.policy,
                    "number": size.path,
                    "unit": size.unit,
                    "status": Sized(size, edge).status,
                    "value": value,
                    "low": edge.low if value is not None else None,
                    "high": edge.high if value is not None else None,
                    "spent_bn": None if value is None or size.times is None else value * size.times,
                    "nothing": size.least,
                    "range_end": size.most,
                    "seeds": edge.question.seeds,
                }
            )
        numbers = dict.fromkeys(("value", "low", "high", "spent_bn"), pl.Float64)
        texts = dict.fromkeys(("policy", "number", "unit", "status"), pl.String)
        ends = {"nothing": pl.Float64, "range_end": pl.Float64, "seeds": pl.Int64}
        return pl.DataFrame(rows, schema=texts | numbers | ends)


def edge_question(scenario: Scenario, dial: str, outcome: str, level: float | None, seeds: int) -> Question:
    """The question where the edge is without any policy; raises InputError as `powderkeg edge` does."""
    return ask(without_policies(scenario), dial, outcome, level=level, seeds=seeds)


def chosen_sizes(policies: Sequence[str]) -> list[Size]:
    """The sizes of these policies; some policies have none."""
    return [size for size in SIZES if size.policy in policies]


def first_news(scenario: Scenario) -> int:
    """The first day on which there is news, a shock or a loss [tick]."""
    days = [action.tick for action in scenario.actions if action.kind in ("spark", "shock", "loss")]
    if scenario.spark.total != 0.0:
        days.append(scenario.spark.start)
    return min(days, default=last_news(scenario))


def decreed(scenario: Scenario, policy: str, on: int, days: int = 0) -> Scenario:
    """The scenario with a policy decreed on a day, for so many days or, with nought, to the end of the run."""
    actions = [*scenario.to_dict()["actions"], {"kind": "policy", "tick": on, "policy": policy, "on": True}]
    if days and on + days < scenario.run.ticks:
        actions.append({"kind": "policy", "tick": on + days, "policy": policy, "on": False})
    return scenario.replace({"actions": actions})


def sized_world(world: Scenario, size: Size) -> Scenario:
    """The world with a policy in force that does nothing yet."""
    changed = world.replace({**size.changes, size.path: size.least})
    if size.days:
        return decreed(changed, size.policy, first_news(world), size.days)
    return changed.replace({f"policy.{size.policy}.on": True})


def size_question(edge: Edge, size: Size) -> Question:
    """The question how far a policy has to be turned in the world a quarter beyond the edge."""
    question, beyond = edge.question, beyond_the_edge(edge)
    if beyond is None:
        raise InputError(f"{question.dial}: has no edge within its range; allowed is a world that has one")
    world = question.scenario.replace({question.dial: question.at(beyond)})
    return ask(
        sized_world(world, size),
        size.path,
        question.outcome.text,
        level=question.level,
        limits=(min(size.least, size.most), max(size.least, size.most)),
        seeds=question.seeds,
    )


def beyond_the_edge(edge: Edge) -> float | None:
    """The dial a quarter beyond the edge, on the side that breaks; None where no edge was found."""
    if edge.value is None or edge.status not in (REACHED, ALREADY_OVER):
        return None
    question = edge.question
    breaks_above = (edge.value > question.today) == (edge.status == REACHED)
    return edge.value * BY if breaks_above else edge.value / BY


def sized(question: Question, sizes: Sequence[Size], answer: Answer) -> Sizes:
    """The edge without a policy, and the size of each policy that moves it by a quarter.

    `answer` answers questions at values of their dials.
    """
    edge = search(question, lambda values: answer(question, values))
    beyond = beyond_the_edge(edge)
    found = []
    for size in sizes if beyond is not None else ():
        asked = size_question(edge, size)
        found.append(Sized(size, search(asked, lambda values, asked=asked: answer(asked, values))))
    return Sizes(edge, beyond, tuple(found))
