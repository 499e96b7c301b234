"""The picture of contagion: who pushed whom in a run, by kinds of actors, with the dollars and channels of each push.

Hundreds of funds are one box, and so is every market; of dealers and banks those that failed stand apart, by name if
they are few. Boxes have their places around the map, so that arrows, which bend inwards, cross none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from abm.chains.answer import IN_WORDS, kind_of
from abm.chains.graph import BUILDERS, EVERYDAY, FIRMS, HOLDERS, NEWS, PROMPTS, SCENARIO, UNLOGGED
from abm.figures.style import LOOKS, in_style, panels, wrapped
from abm.outcome.wording import MARKETS_IN_WORDS, bn, count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from abm.chains.answer import Chains

WIDTH, HEIGHT, LINE = 8.0, 4.2, 0.15  # inches: of the picture, of the map in it, of a line under it
LETTERS, LONGEST = 7.5, 147  # points, and of them so many to a line
MOST, MOST_OF_CHAINS = 18, 12  # arrows, and of them so many because chains go that way
LEAST = 0.01  # $bn: an arrow of less, on no chain, is not drawn
LISTED = 3  # parts of an arrow
FEW = 2  # that failed, and have a box each
SIDES: Mapping[str, tuple[str, ...]] = {  # kinds of actors by the side on which they stand, in order
    "left": (NEWS, EVERYDAY, SCENARIO, UNLOGGED, "authority", FIRMS, BUILDERS, "credit fund"),
    "top": tuple(MARKETS_IN_WORDS.values()),
    "right": ("hedge fund", "margin account", "fund", HOLDERS, "investors", "stablecoin issuer"),
    "bottom": ("dealer", "bank"),
}
SIDE_OF = {kind: side for side, kinds in SIDES.items() for kind in kinds}
COLOURS = {"left": "black", "top": LOOKS[0].colour, "right": LOOKS[1].colour, "bottom": LOOKS[2].colour}
TABLES = {"dealer": "dealers", "bank": "banks", "credit fund": "credit_funds"}  # where the cast counts them
JAGGED = {"boxstyle": "sawtooth,pad=0.45,tooth_size=0.28", "linewidth": 1.3}
ROUND = {"boxstyle": "round,pad=0.35", "linewidth": 0.7}
OVAL = {"boxstyle": "ellipse,pad=0.12", "linewidth": 0.7}
NUMBER_AT = (0.3, 0.4, 0.2, 0.5, 0.6, 0.7, 0.25, 0.35, 0.45, 0.55, 0.65, 0.15, 0.8)  # of the way along an arrow
SAID: Mapping[str, str] = {
    "margin_call": "margin calls",
    "redemption_notice": "notices",
    "forced_sale": "forced sales",
    "limit_sale": "sales by own limits",
    "liquidation": "positions on credit closed",
    "shortfall": "losses on seized books",
    "bank_loss": "losses on loans",
    "loan_recalled": "loans recalled",
    "own_loss": "losses on other business",
    "shock": "shocks",
    "news": "falls of its price",
    "price_move": "falls of its price",
}


@dataclass(frozen=True)
class Group:
    """The actors of one box: what it says, the kind and side that give its place, and whether any of them failed."""

    words: str
    kind: str
    side: str
    failed: bool

    @property
    def name(self) -> str:
        return self.words.partition("\n")[0]


@dataclass(frozen=True)
class Arrow:
    """All pushes of one group on another: dollars (None: they carry none), in words, and chains that go this way."""

    source: Group
    target: Group
    dollars: float | None
    words: str
    chains: int


@in_style
def contagion_figure(found: Chains) -> Figure:
    """Draw the graph of contagion of a run by groups of actors, with a list of its arrows under it."""
    every = list(arrows(found))
    drawn = sorted(chosen(every), key=lambda arrow: -(arrow.dollars or 0.0))
    lines = [f"{k}  {arrow.source.name} → {arrow.target.name}: {arrow.words}" for k, arrow in enumerate(drawn, 1)]
    texts = [wrapped(line, LONGEST) for line in [*lines, caption(every, drawn)]]
    below = LINE * (sum(text.count("\n") + 1 for text in texts) + 2.5)
    figure, ((axis,),) = panels("", 1, height=HEIGHT + below, width=WIDTH)
    figure.suptitle(wrapped(found.sentence, 84), x=0.01, ha="left", fontsize=11.0, fontweight="bold")
    axis.set_axis_off()
    axis.set(xlim=(0.0, WIDTH), ylim=(-below, HEIGHT))
    figure.draw_without_rendering()  # so that letters have a size
    boxes = {group: box(axis, group, at) for group, at in places(drawn)}
    taken = [extent(axis, text) for text in boxes.values()]
    for k, arrow in enumerate(drawn, 1):
        draw_arrow(axis, str(k), arrow, boxes, taken)
    key(axis)
    height = -2.5 * LINE
    for text in texts:
        axis.text(0.0, height, text, fontsize=LETTERS, va="top", linespacing=1.2)
        height -= LINE * (text.count("\n") + 1)
    return figure


def groups_of(found: Chains) -> dict[str, Group]:
    """Return the group of each actor of the graph."""
    failed = Counter(found.nodes.filter("failed")["kind"])
    return {
        name: group_of(name, kind, day, failed[kind], found.cast)
        for name, kind, day in found.nodes.select("name", "kind", "day_failed").rows()
    }


def group_of(name: str, kind: str, day: int | None, failed: int, cast: Mapping[str, int]) -> Group:
    """Return the group of an actor; `failed` of his kind did, himself on a day or not at all (None)."""
    if name in IN_WORDS or kind == "builder":
        name = BUILDERS if kind == "builder" else name
        return Group(IN_WORDS[name], name, "left" if name in SIDES["left"] else "right", False)
    if ":" not in name or kind == "market":
        words = kind_of(name, {})
        return Group(words, words, SIDE_OF.get(words, "left"), False)
    side = SIDE_OF.get(kind, "left")
    of_all = f"{failed} of {cast.get(TABLES.get(kind, kind), failed)}"
    if not failed:
        return Group(f"{kind}s", kind, side, False)
    if side != "bottom":
        return Group(f"{kind}s\n{of_all} {'seized' if side == 'right' else 'failed'}", kind, side, True)
    if day is None:
        return Group(f"other {kind}s", kind, side, False)
    if failed <= FEW:
        return Group(f"{name.replace(':', ' ')}\nfailed on day {day}", kind, side, True)
    return Group(f"failed {kind}s\n{of_all}", kind, side, True)


def arrows(found: Chains) -> Iterator[Arrow]:
    """Yield an arrow for each group that pushed another."""
    groups = groups_of(found)
    chains: Counter[tuple[Group, Group]] = Counter()
    for actors in found.failures["actors"]:
        chains.update({(groups[a], groups[b]) for a, b in pairwise(actors)})
    pairs: dict[tuple[Group, Group], list[dict[str, Any]]] = {}
    for edge in found.edges.filter(pl.col("source") != pl.col("target")).iter_rows(named=True):
        pair = groups[edge["source"]], groups[edge["target"]]
        if pair[0] != pair[1]:
            pairs.setdefault(pair, []).append(edge)
    for pair, own in pairs.items():
        parts = pl.DataFrame(own, schema=found.edges.schema)
        flows = parts.drop_nulls("dollars_bn")
        dollars = float(flows["dollars_bn"].sum()) if flows.height else None
        yield Arrow(*pair, dollars, described(flows if flows.height else parts, dollars), chains[pair])


def described(parts: pl.DataFrame, dollars: float | None) -> str:
    """Return what an arrow is made of: kinds of events with their channels, dollars or numbers, and days."""
    by = parts.group_by("relation", "kind", "channel").agg(pl.sum("dollars_bn"), pl.sum("events"))
    by = by.sort("dollars_bn", "events", "kind", "channel", descending=[True, True, False, False])
    said = []
    for relation, kind, channel, amount, events in by.rows():
        words, through = SAID.get(kind, kind.replace("_", " ")), channel.replace("_", " ")
        words = words if through in ("", words) else f"{words} ({through})"
        how_much = count(events, "time") if dollars is None else bn(amount)
        said.append(f"{'prompted ' if relation == PROMPTS else ''}{words} {how_much}")
    first, last = parts["first_day"].min(), parts["last_day"].max()
    days = f"day {first}" if first == last else f"days {first}–{last}"
    rest = [f"{len(said) - LISTED} more"] if len(said) > LISTED else []
    total = f"{bn(dollars)}, of which " if dollars is not None and len(said) > 1 else ""
    return f"{total}{', '.join([*said[:LISTED], *rest])}; {days}"


def chosen(every: Sequence[Arrow]) -> list[Arrow]:
    """Return the arrows to draw: one to each group that failed, then those of most chains, most dollars, and news."""

    def most_first(arrow: Arrow) -> tuple[Any, ...]:
        return (-(arrow.dollars or 0.0), -arrow.chains, arrow.source.words, arrow.target.words)

    of_chains = sorted((arrow for arrow in every if arrow.chains), key=lambda arrow: (-arrow.chains, most_first(arrow)))
    others = [
        arrow
        for arrow in sorted(every, key=most_first)
        if arrow.chains or (arrow.dollars or 0.0) >= LEAST or arrow.source.kind in (NEWS, SCENARIO)
    ]
    last = {arrow.target: arrow for arrow in reversed(of_chains) if arrow.target.failed}
    return list(dict.fromkeys([*last.values(), *of_chains[:MOST_OF_CHAINS], *others]))[:MOST]


def caption(every: Sequence[Arrow], drawn: Sequence[Arrow]) -> str:
    """Return how to read the map, and what is not in it."""
    left = [arrow for arrow in every if arrow not in drawn]
    most = max((arrow.dollars or 0.0 for arrow in left), default=0.0)
    carry = f"none with more than {bn(most)}" if most >= LEAST else "without dollars to speak of"
    out = f" Not drawn: {count(len(left), 'pair')} of groups, {carry}." if left else ""
    return (
        "Money of the whole run; a dollar counts again where it is passed on, and sales count as far as they found "
        "buyers. An arrow is as wide as the square root of its dollars; dashed, it carries none. A black number: on a "
        f"shortest chain from the news to a failure.{out}"
    )


def places(drawn: Sequence[Arrow]) -> Iterator[tuple[Group, tuple[float, float]]]:
    """Yield the groups that are drawn with their places, in inches from the lower left corner of the map."""
    groups = {group for arrow in drawn for group in (arrow.source, arrow.target)}
    for side, kinds in SIDES.items():
        own = sorted(
            (group for group in groups if group.side == side),
            key=lambda group: (kinds.index(group.kind) if group.kind in kinds else 0, not group.failed, group.words),
        )
        for k, group in enumerate(own):
            part = (k + 0.5) / len(own)
            if side in ("left", "right"):
                yield group, (0.62 if side == "left" else WIDTH - 0.75, 0.55 + (HEIGHT - 1.0) * (1.0 - part))
            else:
                yield group, (1.0 + (WIDTH - 2.0) * part, HEIGHT - 0.15 if side == "top" else 0.2)


def box(axis: Axes, group: Group, at: tuple[float, float]) -> Text:
    """Write a group into its box, whose shape says whether it failed, or that contagion begins with it."""
    begins = group.kind in (NEWS, EVERYDAY, SCENARIO, UNLOGGED)
    look = JAGGED if group.failed else OVAL if begins else ROUND
    look = {**look, "facecolor": "white", "edgecolor": COLOURS[group.side]}
    return axis.text(*at, group.words, ha="center", va="center", fontsize=LETTERS, bbox=look, zorder=4)


def extent(axis: Axes, text: Text) -> np.ndarray:
    """Return the corners of a text with its box, in inches: left, bottom, right, top."""
    patch = text.get_bbox_patch()
    text.update_bbox_position_size(axis.figure.canvas.get_renderer())  # pyright: ignore[reportAttributeAccessIssue]
    corners = (patch or text).get_window_extent().transformed(axis.transData.inverted())
    return np.array(corners.extents)


def draw_arrow(axis: Axes, number: str, arrow: Arrow, boxes: Mapping[Group, Text], taken: list[np.ndarray]) -> None:
    """Draw an arrow bent towards the middle of the map, and its number where there is most room."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    ends = [boxes[group] for group in (arrow.source, arrow.target)]
    start, end = (np.array(text.get_position()) for text in ends)
    halfway, middle = (start + end) / 2.0, np.array([WIDTH, HEIGHT]) / 2.0
    aside = 0.1 * np.array([start[1] - end[1], end[0] - start[0]])  # to the left, so that the way back is another
    points = bend(start, halfway + 0.45 * (middle - halfway) + aside, end)
    leaving, arriving = (within(points, extent(axis, text)) for text in ends)
    points = points[np.flatnonzero(leaving).max() : np.flatnonzero(arriving).min() + 1]
    width = thickness(arrow.dollars)
    axis.add_patch(
        FancyArrowPatch(
            path=Path(points),
            arrowstyle="-|>",
            mutation_scale=7.0 + 1.6 * width,
            color=COLOURS[arrow.source.side],
            linewidth=width,
            linestyle="--" if arrow.dollars is None else "-",
            alpha=0.75,
            zorder=2,
        )
    )
    paper, ink = ("black", "white") if arrow.chains else ("white", "black")
    look = {"boxstyle": "circle,pad=0.22", "linewidth": 0.7, "edgecolor": "black", "facecolor": paper}
    spots = []
    for part in NUMBER_AT:
        at = points[round(part * (len(points) - 1))]
        label = axis.text(at[0], at[1], number, ha="center", va="center", fontsize=6.5, color=ink, bbox=look, zorder=5)
        corners = extent(axis, label)
        spots.append((sum(overlap(corners, other) for other in taken), len(spots), label, corners))
    spots.sort(key=lambda spot: spot[:2])
    taken.append(spots[0][3])
    for spot in spots[1:]:
        spot[2].remove()


def thickness(dollars: float | None) -> float:
    """Return how wide an arrow is, in points."""
    return 0.8 if dollars is None else 0.8 + 0.16 * min(dollars, 1600.0) ** 0.5


def bend(start: np.ndarray, over: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return points of the quadratic curve from start to end that is drawn towards a third point."""
    t = np.linspace(0.0, 1.0, 201)[:, None]
    return (1.0 - t) ** 2 * start + 2.0 * t * (1.0 - t) * over + t**2 * end


def within(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    return np.all((points >= corners[:2]) & (points <= corners[2:]), axis=1)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the area that two rectangles share."""
    return float(np.prod(np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0.0)))


def key(axis: Axes) -> None:
    """Show what shapes and lines mean, in a row under the map."""
    at = -1.2 * LINE
    for x, words, look in (
        (0.55, "begins here", OVAL),
        (1.75, "did not fail", ROUND),
        (3.15, "failed, or some did", JAGGED),
    ):
        axis.text(x, at, words, ha="center", va="center", fontsize=LETTERS, bbox={**look, "facecolor": "white"})
    for x, dollars in ((4.1, 10.0), (5.05, 100.0), (6.1, 1000.0), (7.3, None)):
        words, dash = (f"{dollars:,.0f} $bn", "-") if dollars else ("none", "--")
        axis.plot((x, x + 0.3), (at, at), color="black", linewidth=thickness(dollars), linestyle=dash)
        axis.text(x + 0.4, at, words, va="center", fontsize=LETTERS)
