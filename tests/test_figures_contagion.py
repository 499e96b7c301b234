"""The picture of contagion: legible in every world, failures by shape, and nothing that does not fit."""

from __future__ import annotations

from itertools import combinations

import polars as pl
import pytest
from made_up_log import AGENTS, CRISIS, NO_SERIES, log
from matplotlib.figure import Figure
from matplotlib.text import Text
from runs import run

from abm.chains.answer import Chains, chains
from abm.figures.contagion import MOST, arrows, chosen, contagion_figure, groups_of
from abm.figures.style import svg


def found(world: str) -> Chains:
    return chains(log(*CRISIS), AGENTS, NO_SERIES) if world == "by hand" else run(world).chains


def texts_of(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


@pytest.mark.parametrize("world", ["by hand", "crash", "ordinary", "quiet"])
def test_no_two_labels_overlap_and_all_are_inside(world: str) -> None:
    figure = contagion_figure(found(world))
    boxes = []
    for text in texts_of(figure):
        patch = text.get_bbox_patch()
        boxes.append((text.get_text(), (patch or text).get_window_extent()))
    width, height = figure.get_size_inches() * figure.dpi
    for name, box in boxes:
        assert box.x0 >= 0.0, name
        assert box.y0 >= 0.0, name
        assert box.x1 <= width, name
        assert box.y1 <= height, name
    assert len(boxes) > 10
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.overlaps(second), (one, other)


def test_every_arrow_has_its_number_and_its_line_and_failures_have_a_shape() -> None:
    figure = contagion_figure(found("by hand"))
    texts = [text.get_text() for text in texts_of(figure)]
    lines = [text for text in texts if "→" in text]
    assert len(lines) == len(chosen(list(arrows(found("by hand")))))
    assert {line.split()[0] for line in lines} <= set(texts)
    assert any(
        "shortfall" not in line and "losses on seized books (fund default losses) 3.0 $bn; day 4" in line
        for line in lines
    )
    shapes = {
        text.get_text(): type(text.get_bbox_patch().get_boxstyle()).__name__
        for text in texts_of(figure)
        if text.get_bbox_patch()
    }
    assert shapes["dealer 0\nfailed on day 4"] == shapes["bank 0\nfailed on day 5"] == "Sawtooth"
    assert shapes["investors"] == "Round"
    assert shapes["the news"] == "Ellipse"


def test_dollars_of_arrows_are_those_of_edges_between_groups() -> None:
    crash = found("crash")
    groups = groups_of(crash)
    across = [
        row["dollars_bn"]
        for row in crash.edges.drop_nulls("dollars_bn").iter_rows(named=True)
        if groups[row["source"]] != groups[row["target"]]
    ]
    every = list(arrows(crash))
    assert sum(arrow.dollars or 0.0 for arrow in every) == pytest.approx(sum(across))
    of_news = sum(arrow.chains for arrow in every if arrow.source.kind == "news")
    assert of_news == crash.failures.filter(pl.col("source") == "news").height
    drawn = chosen(every)
    assert len(drawn) <= MOST
    failed = {group for group in groups.values() if group.failed}
    assert failed == {arrow.target for arrow in drawn if arrow.target.failed and arrow.chains}


def test_an_empty_log_is_drawn_and_the_same_world_gives_the_same_bytes() -> None:
    empty = chains(log(), AGENTS, NO_SERIES)
    assert contagion_figure(empty).get_suptitle().startswith("The event log of this run is empty")
    one, other = (svg(contagion_figure(found("by hand"))) for _ in range(2))
    assert one == other


def test_many_failed_lenders_are_one_box_and_few_have_one_each() -> None:
    banks = [(5, "bank_failed", f"bank:{k}", f"bank:{k}", "fund_default_losses", "", -0.5, 10) for k in (1, 2)]
    names = {group.name for group in groups_of(chains(log(*CRISIS, *banks), AGENTS, NO_SERIES)).values()}
    assert "failed banks" in names
    assert "dealer 0" in names
    assert pl.Series(list(names)).str.contains("bank 0").sum() == 0
