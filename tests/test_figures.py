"""Figures: drawn from any run, the same bytes every time, nothing about the machine, only when asked for."""

import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from matplotlib.text import Text
from synthetic import crash, small_comparison, ticks_of, worlds_compared

from abm.figures.comparison import comparison_figures, who_sold_what
from abm.figures.run import forced_sales, prices, run_figures
from abm.figures.style import LOOKS, png, save, svg
from abm.outcome.reduce import MARKETS


@pytest.fixture(scope="module")
def ticks():
    return crash(1, 1)[0]


@pytest.fixture(scope="module")
def figures():
    return comparison_figures(small_comparison())


def test_a_run_has_its_figures_with_units_on_every_axis(ticks):
    drawn = run_figures(ticks)
    assert set(drawn) == {"prices", "belief_and_depth", "forced_sales", "failures_and_capital"}
    for figure in drawn.values():
        assert figure.get_suptitle()
        assert figure.axes[-1].get_xlabel() == "trading day"
        assert all(axis.get_ylabel() for axis in figure.axes)


@pytest.mark.slow
def test_a_world_where_nothing_happens_can_be_drawn():
    for figure in run_figures(ticks_of(np.zeros(5))).values():
        assert svg(figure)


def test_a_comparison_has_its_figures(figures):
    assert set(figures) == {"paths", "strain", "speed", "first_failures", "who_sold_what", "verdicts"}
    assert all(figure.get_suptitle() for figure in figures.values())


def test_members_of_a_comparison_share_their_axes(figures):
    axes = figures["paths"].axes
    for row, other in zip(axes[: len(MARKETS)], axes[len(MARKETS) :], strict=True):
        assert row.get_ylim() == other.get_ylim()
        assert row.get_xlim() == other.get_xlim()


@pytest.mark.slow
def test_three_speeds_can_be_compared():
    assert len(comparison_figures(small_comparison(seeds=(0, 1), days=(1, 20, 60)))["paths"].axes) == 3 * len(MARKETS)


@pytest.mark.slow
def test_the_same_bytes_every_time_and_none_about_the_machine(ticks):
    first, second = prices(ticks), prices(ticks)
    assert svg(first) == svg(second) == svg(first)
    assert png(first) == png(second)
    text = svg(first).decode()
    assert not re.search(r"<dc:date>|matplotlib v|20\d\d-\d\d-\d\d", text, re.IGNORECASE)
    assert b"Software" not in png(first)


@pytest.mark.slow
def test_the_users_own_settings_do_not_matter(ticks):
    import matplotlib

    before = svg(prices(ticks))
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.hashsalt": None}):
        assert svg(prices(ticks)) == before


def test_money_is_not_mathematics(ticks):
    titles = forced_sales(ticks).get_suptitle()
    assert "$" in titles
    assert b"forced sales" in svg(forced_sales(ticks))


def test_files_appear_whole(ticks, tmp_path):
    paths = save(prices(ticks), tmp_path / "a.prices")
    assert [path.name for path in paths] == ["a.prices.png", "a.prices.svg"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    with pytest.raises(FileNotFoundError):
        save(prices(ticks), tmp_path / "nowhere" / "prices")


def test_lines_differ_without_colour():
    assert len({look.line for look in LOOKS}) == len({look.marker for look in LOOKS}) == len(LOOKS)


@pytest.mark.slow
def test_dots_of_all_seeds_are_drawn():
    data = small_comparison(seeds=tuple(range(7)))
    axis = comparison_figures(data)["speed"].axes[0]
    assert np.size(axis.lines[0].get_xdata()) == 7
    assert data.summaries.filter(pl.col("member") == "1 day").height == 7


def test_the_last_bar_of_the_verdicts_is_without_the_spark(figures):
    axes = figures["verdicts"].axes
    names = [text.get_text() for text in axes[0].get_yticklabels()]
    assert names == ["sudden (1 day)", "over 60 days", "without the spark"]
    widths = [bar.get_width() for bar in axes[2].patches]
    assert widths[2] == 1.0  # calm in every seed
    assert len(widths) == 9


@pytest.mark.slow
def test_no_name_of_six_members_is_cut_or_covers_another():
    names = [f"funds.leverage = {k}, policy.note_purchases.per_day = {k}" for k in range(6)]
    drawn = comparison_figures(worlds_compared(names, (0, 1)))
    drawn["who_sold_what"] = who_sold_what(worlds_compared([f"{name}, spark.days = 500" for name in names], (0, 1)))
    for name, texts in (
        ("verdicts", drawn["verdicts"].axes[0].get_yticklabels()),
        ("speed", drawn["speed"].axes[0].get_yticklabels()),
        ("paths", [axis.yaxis.label for axis in drawn["paths"].axes[:: len(MARKETS)]]),
        ("who_sold_what", [text for text in drawn["who_sold_what"].findobj(Text) if "leverage" in text.get_text()]),
    ):
        boxes = [text.get_window_extent() for text in texts]
        edges = drawn[name].bbox
        assert len(boxes) >= 6, name
        assert all(edges.x0 <= box.x0 and box.x1 <= edges.x1 for box in boxes), name
        assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k]), name


@pytest.mark.slow
def test_matplotlib_waits_until_something_is_drawn():
    code = "import sys, abm.figures.run, abm.figures.comparison, abm.report.pages\n"
    code += "print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
