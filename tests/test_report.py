"""The report: an answer first, everything escaped, nothing loaded from elsewhere, and true to its numbers."""

import base64
import getpass
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from made_up_log import CRISIS, asked
from synthetic import crash, member_run, small_comparison, worlds_compared

from abm.figures.comparison import comparison_figures
from abm.figures.style import svg
from abm.outcome.summary import summarise
from abm.report import tables
from abm.report.data import FAILED_RUNS, QUANTILES
from abm.report.pages import comparison_report, run_report
from abm.report.words import answer, interval, number, pair, signed
from abm.scenario import load

NASTY = "<script>alert('$x$')</script>&\""


class Tags(HTMLParser):
    """All tags with their attributes, and whether they close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def assert_stands_alone(page):
    """A page is whole, runs nothing, and asks nobody for anything."""
    parsed = Tags(page)
    assert parsed.open == []
    for tag, attributes in parsed.tags:
        assert tag not in ("script", "link", "iframe", "object", "base")
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert "http" not in page
    assert "url(" not in page
    assert "@import" not in page


@pytest.fixture(scope="module")
def data():
    return small_comparison()


@pytest.fixture(scope="module")
def page(data):
    return comparison_report(data)


def test_the_page_stands_alone(page):
    assert_stands_alone(page)


def test_nothing_about_the_machine(page):
    images = [base64.b64decode(part).decode() for part in re.findall(r"base64,([A-Za-z0-9+/=]+)", page)]
    assert len(images) == 6
    words = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)
    for text in (words, *images):
        assert str(Path.home()) + "/" not in text
        assert str(Path.cwd()) not in text
    assert getpass.getuser() == "root" or getpass.getuser() not in words


@pytest.mark.slow
def test_whatever_a_user_wrote_is_escaped(data):
    wild = replace(
        data, name=NASTY, title=NASTY, why=NASTY, digest=NASTY,
        members={label: replace(one, label=NASTY, days=None) for label, one in data.members.items()},
        settings=((NASTY, NASTY),), reference="60 days",
        failed_runs=pl.DataFrame({"member": [NASTY], "seed": [0], "reason": [NASTY]}),
    )  # fmt: skip
    page = comparison_report(wild)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    images = [base64.b64decode(part) for part in re.findall(r"base64,([A-Za-z0-9+/=]+)", page)]
    assert not any(b"<script" in image for image in images)


@pytest.fixture
def without_images(monkeypatch):
    """Leave out the rendering, which takes most of the time."""
    monkeypatch.setattr("abm.report.pages.svg", lambda figure: figure.get_suptitle().encode())


@pytest.mark.slow
def test_the_same_page_every_time(data, page):
    assert comparison_report(data) == page


def test_it_has_what_it_must(page):
    for words in (
        "Speed, acceleration, amplification", "The verdict", "Who failed first, second, third",
        "Who sold what", "Liquidity", "not on stage", "95 % interval", "cuts ± 25 %", "The settings",
        "4 pairs", "not a forecast",
    ):  # fmt: skip
        assert words in page


@pytest.mark.slow
def test_figures_that_are_drawn_already_are_taken(data, page, monkeypatch):
    figures = {name: svg(figure) for name, figure in comparison_figures(data).items()}
    monkeypatch.setattr("abm.figures.comparison.comparison_figures", None)
    assert comparison_report(data, figures) == page


@pytest.mark.slow
@pytest.mark.usefixtures("without_images")
def test_verdicts_stand_beside_those_without_the_spark(data):
    labels = pl.Series(["correction", "correction", "correction", "contained"] * 2)
    falls = pl.Series([0.2, 0.25, 0.3, 0.19] * 2)
    columns = labels.alias("no_news_verdict_real"), falls.alias("no_news_broad_drawdown")
    noisy = replace(data, summaries=data.summaries.with_columns(columns))
    assert "Broad equity falls by 20.0 % or more without any spark in 3 of 4 runs" in comparison_report(noisy)
    rows = {row[0]: row[-1] for row in tables.verdicts(noisy).rows}
    assert rows["real: correction"].startswith("75%")
    assert rows["real: recession"] == "0% (0% to 49%)"
    nothing = pl.lit(None, pl.Float64).alias("no_news_broad_drawdown")
    silent = replace(data, summaries=data.summaries.with_columns(nothing))
    assert "without any spark" not in comparison_report(silent)


def test_the_answer_comes_from_the_numbers(data):
    assert answer(data).startswith("The same bad news cost the lenders more when it came in one day than over 60 days")

    def with_losses(sudden, gradual):
        values = pl.Series([*sudden, *gradual], dtype=pl.Float64)
        outside = pl.Series([*gradual, *sudden], dtype=pl.Float64).alias("loan_losses_bn")  # which must not count
        columns = values.alias("dealer_losses_bn"), pl.lit(0.0).alias("bank_losses_bn"), outside
        return replace(data, summaries=data.summaries.with_columns(columns))

    assert "cost the lenders less" in answer(with_losses([1, 2, 1, 2], [5, 6, 5, 7]))
    assert "told from chance" in answer(with_losses([1, 9, 1, 9], [5, 4, 5, 4]))
    assert "next to nothing" in answer(with_losses([0] * 4, [0] * 4))
    assert "against next to nothing" in answer(with_losses([3, 4, 3, 4], [0] * 4))


def test_the_order_in_which_runs_arrive_changes_nothing():
    world = load("us_late_2025")
    runs = [member_run(d, seed, world) for d in (1, 60) for seed in (0, 1)]
    there, back = (small_comparison(runs=order, days=(1, 60), seeds=(1, 0)) for order in (runs, runs[::-1]))
    assert there.seeds == (0, 1)
    assert all(there.tables()[name].equals(back.tables()[name]) for name in there.tables())


def test_quantiles_are_over_seeds(data):
    assert dict(data.quantiles.schema) == {name: getattr(pl, kind)() for name, kind in QUANTILES.items()}
    own = data.quantiles.filter((pl.col("series") == "price_ai_equity") & (pl.col("member") == "1 day"))
    prices = [crash(seed, 1)[0]["price_ai_equity"].to_numpy()[150] for seed in data.seeds]
    assert own["q50"][150] == pytest.approx(sum(sorted(prices)[1:3]) / 2, rel=1e-5)
    assert (own["q10"] <= own["q50"]).all()
    assert (own["q50"] <= own["q90"]).all()


@pytest.mark.slow
@pytest.mark.usefixtures("without_images")
def test_a_seed_that_failed_in_one_member_is_no_pair():
    world = load("us_late_2025")
    runs = [member_run(d, seed, world) for d in (1, 60) for seed in (0, 1, 2) if (d, seed) != (60, 1)]
    data = small_comparison(seeds=(0, 1, 2), runs=runs, failed=[("60 days", 1, "ValueError: no")])
    assert pair(data, "1 day", "60 days", "drawdown").n == 2
    assert "ValueError: no" in comparison_report(data)


@pytest.mark.slow
@pytest.mark.usefixtures("without_images")
def test_a_comparison_without_any_result_still_says_so():
    data = small_comparison(seeds=(0,), runs=[], failed=[("1 day", 0, "broke"), ("60 days", 0, "broke")])
    assert dict(data.failed_runs.schema) == {name: getattr(pl, kind)() for name, kind in FAILED_RUNS.items()}
    page = comparison_report(data)
    assert "nothing can be said" in page
    assert "broke" in page


@pytest.mark.slow
@pytest.mark.usefixtures("without_images")
def test_one_seed_has_no_interval():
    page = comparison_report(small_comparison(seeds=(3,)))
    assert "nan" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", page).lower().replace("finance", "").replace("financ", "")


def test_tables_are_rectangles(data):
    made = [
        tables.differences(data, tables.SPEED_KEYS), tables.differences(data, tables.OUTCOME_KEYS, "mean"),
        tables.verdicts(data), tables.firsts_by_sector(data), tables.firsts_by_name(data), tables.sales(data),
        *tables.liquidity(data),
    ]  # fmt: skip
    for table in made:
        assert table.rows
        assert all(len(row) == len(table.header) for row in table.rows)


def test_numbers_in_words():
    assert number(0.1234, "share") == "12.3 %"
    assert number(1234.5, "$bn") == "1,234"
    assert number(None, "share") == number(float("nan"), "share") == "–"
    assert signed(-0.05, "share") == "-5.0 points"
    assert signed(-1e-9, "share") == "0.0 points"
    assert interval(None, "share") == ("–", "–")


def test_worlds_are_compared_with_the_first_and_have_their_own_quiet():
    compared = worlds_compared(("as it is", "slower", "slowest"))
    told = answer(compared)
    assert told.startswith("Against as it is, where the leveraged owners' lenders lost $")
    assert "(slower), less; " in told
    header = tables.differences(compared, tables.SPEED_KEYS).header
    assert [name for name in header if " less " in name] == [
        "slower less as it is, mean",
        "slowest less as it is, mean",
    ]
    assert tables.verdicts(compared).header[-1] == "slowest, without the spark: share (95 % interval)"
    assert ("funds.leverage", "1", "1.1", "1.2") not in compared.settings
    assert ("leverage of funds", "1 x today's", "1.1 x today's", "1.2 x today's") in compared.settings


@pytest.mark.usefixtures("without_images")
def test_a_single_run_has_a_page():
    world = load("us_late_2025")
    ticks, off, events = crash(2, 1)
    result = SimpleNamespace(
        scenario=world,
        seed=2,
        ticks=ticks,
        events=events,
        summary=summarise(ticks, all_off=off, scenario=world),
        chains=asked(*CRISIS),
    )
    page = run_report(result)
    assert Tags(page).open == []
    assert "AI equity fell by" in page
