"""Which assumed numbers decide: screen all of them, split the variance among the first, ask what the claims turn on.

All runs are sweeps in folders of their own below one folder, so that whatever is finished stays so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from abm.attribution.question import Question
from abm.distance.worlds import Report, Worlds
from abm.errors import InputError
from abm.evidence.assumed import Assumed
from abm.influence.design import (
    Design,
    blocks,
    plan_of_blocks,
    plan_of_corners,
    plan_of_trajectory,
    trajectories,
)
from abm.influence.effects import FEWEST, Outcomes, effects, over_seeds, screened
from abm.influence.effects import converged as ranking
from abm.influence.flags import flagged
from abm.influence.indices import Spread, dependence, indices, spread
from abm.influence.indices import converged as settling
from abm.influence.places import reasons
from abm.sweep.sweep import Progress


@dataclass(frozen=True)
class Screen:
    """All trajectories of all numbers: what each number does to each outcome.

    `table`: a row for each number and outcome, the most influential first; `settling`: how the ranking of the first
    outcome settles; `each`: every elementary effect of the first outcome with the two runs behind it (the first seed's
    rows); `left_out`: trajectories without the outcome, by outcome; `refused`: why and how many trajectories were
    drawn that hold a world which cannot be opened.
    """

    table: pl.DataFrame
    settling: pl.DataFrame
    each: pl.DataFrame
    left_out: dict[str, int]
    refused: list[tuple[str, int]]

    def of(self, question: Question) -> pl.DataFrame:
        """The numbers by one outcome."""
        return self.table.filter(pl.col("outcome") == question.text)


@dataclass(frozen=True)
class Split:
    """The variance of every outcome, split among the first numbers.

    `table`: a row for each number and outcome; `settling`: the indices of the first outcome from a quarter, a half and
    all of the points; `spreads`: what seeds make of the variance; `dependence`: the largest rank correlation between
    two numbers in the points that were kept; `left_out`, `refused` as above, of blocks.
    """

    table: pl.DataFrame
    settling: pl.DataFrame
    spreads: dict[str, Spread]
    dependence: float
    left_out: dict[str, int]
    refused: list[tuple[str, int]]
    sweep: str

    def of(self, question: Question) -> pl.DataFrame:
        """The indices of one outcome."""
        return self.table.filter(pl.col("outcome") == question.text)


@dataclass(frozen=True)
class Sensitivity:
    """All that was found; `first` are the numbers that the screen ranks first, `flags` the claims in their ranges."""

    design: Design
    screen: Screen
    first: tuple[Assumed, ...]
    split: Split
    flags: pl.DataFrame
    corners: str
    folder: Path


def sensitivity(
    design: Design,
    folder: str | Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    report: Report | None = None,
) -> Sensitivity:
    """Run what the folder lacks of a design, and answer; raises InputError where hardly a run has the outcome."""
    worlds = Worlds(Path(folder), workers, cluster, report or (lambda _name, _now: None))
    screen = screen_of(design, worlds)
    paths = screen.of(design.question)["path"].head(design.top).to_list()
    first = tuple(next(number for number in design.numbers if number.path == path) for path in paths)
    split = split_of(design, first, worlds)
    runs, corners = worlds.runs(plan_of_corners(design, first))
    return Sensitivity(design, screen, first, split, flagged(first, runs), corners, Path(folder))


def screen_of(design: Design, worlds: Worlds) -> Screen:
    """Run the trajectories and read the effects off them."""
    places, refused = trajectories(design, worlds.folder, opened(worlds, "opening the worlds of trajectories"))
    plans = [plan_of_trajectory(design, place, own) for place, own in enumerate(places)]
    found = [worlds.runs(plan) for plan in plans]
    return read_screen(design, places, found, refused)


def read_screen(
    design: Design, places: np.ndarray, found: list[tuple[pl.DataFrame, str]], refused: list[str]
) -> Screen:
    """The screen from the runs of every trajectory, each with the name of its sweep."""
    tables, left_out = [], {}
    for question in design.questions:
        of_runs = over_seeds(np.array([values_of(question, runs, design.seeds) for runs, _ in found]))
        left_out[question.text] = of_runs.left_out
        if len(of_runs.kept) < FEWEST:
            refuse_where_it_ranks(design, question, len(of_runs.kept), "trajectories")
            continue
        table = screened(design.numbers, places, of_runs, design.top)
        tables.append(table.select(pl.lit(question.text).alias("outcome"), pl.all()))
        if question is design.question:
            sizes = effects(places[of_runs.kept], of_runs.mean)
            settled = ranking(np.abs(sizes), design.top)
            each = effects_table(design, places, of_runs, sizes, [sweep for _, sweep in found])
    return Screen(pl.concat(tables), settled, each, left_out, reasons(refused))


def effects_table(
    design: Design, places: np.ndarray, of_runs: Outcomes, sizes: np.ndarray, sweeps: list[str]
) -> pl.DataFrame:
    """Every elementary effect with its sweep and the rows of its two runs on the first seed."""
    rows = []
    for own, trajectory in enumerate(of_runs.kept.tolist()):
        moved = np.abs(np.diff(places[trajectory], axis=0)).argmax(axis=1).tolist()
        for step, number in enumerate(moved):
            before, after = step * design.seeds, (step + 1) * design.seeds
            rows.append(
                {"trajectory": trajectory, "path": design.numbers[number].path, "effect": float(sizes[own, number])}
                | {"sweep": sweeps[trajectory], "row_before": before, "row_after": after}
            )
    return pl.DataFrame(rows)


def split_of(design: Design, first: tuple[Assumed, ...], worlds: Worlds) -> Split:
    """Run the points of the indices and read them off."""
    places, refused = blocks(design, first, worlds.folder, opened(worlds, "opening the worlds of indices"))
    runs, sweep = worlds.runs(plan_of_blocks(design, first, places))
    return read_split(design, first, places, runs, sweep, refused)


def read_split(
    design: Design,
    first: tuple[Assumed, ...],
    places: np.ndarray,
    runs: pl.DataFrame,
    sweep: str,
    refused: list[str],
) -> Split:
    """The split from its runs; a block of which one run lacks the outcome is left out whole."""
    tables, left_out, spreads = [], {}, {}
    for question in design.questions:
        values = values_of(question, runs, design.shared_seeds).reshape(*places.shape[:2], design.shared_seeds)
        whole = values[np.isfinite(values).all(axis=(1, 2))]
        left_out[question.text] = len(values) - len(whole)
        if len(whole) < FEWEST:
            refuse_where_it_ranks(design, question, len(whole), "blocks of points")
            continue
        table = indices(first, whole)
        tables.append(table.select(pl.lit(question.text).alias("outcome"), pl.all()))
        spreads[question.text] = spread(whole)
        if question is design.question:
            settled = settling(first, whole)
    return Split(pl.concat(tables), settled, spreads, dependence(places), left_out, reasons(refused), sweep)


def opened(worlds: Worlds, what: str) -> Callable[[int, int], None]:
    """Who is told how many sets of worlds are known to open."""
    return lambda done, total: worlds.report(what, Progress(done, total, 0, None))


def values_of(question: Question, runs: pl.DataFrame, seeds: int) -> np.ndarray:
    """The outcome of every world on every seed, (worlds, seeds), nan where a run has none."""
    return question.values(runs.sort("row")).reshape(-1, seeds)


def refuse_where_it_ranks(design: Design, question: Question, kept: int, what: str) -> None:
    if question is design.question:
        raise InputError(
            f"outcome = {question.text}: only {kept} {what} have it in all their runs; allowed is an outcome that "
            "runs have"
        )
