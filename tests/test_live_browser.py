"""The live view in a real browser, which reaches nothing beyond this machine: played, handled, clicked at random."""

from __future__ import annotations

import io
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from browser import beyond, chromium, skip_without_chromium
from live_server import ROOT, live

import abm
from abm.scenario import names

pytestmark = pytest.mark.slow
SCREENSHOTS = ROOT / "outputs" / "live"
PATIENCE = 30.0  # seconds
CHARTS = ("prices", "crowd", "lenders", "sales", "coins", "belief", "depth")
# What is looked up inside the page. Reading the page's own canvas would slow it down, so a copy is read.
COPY = """
const copy = (canvas) => {
  const own = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const pen = own.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  return pen.getImageData(0, 0, own.width, own.height);
};"""
COUNT_COLOURS = f"""([panel, half]) => {{ {COPY}
  const {{ data }} = copy(document.querySelectorAll(`.${{panel}} canvas`)[half]);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) {{
    const [red, green, blue, seen] = data.slice(i, i + 4);
    if (seen && Math.max(Math.abs(red - green), Math.abs(green - blue)) > 40) n++;
  }}
  return n;
}}"""
FIRST_COLOUR = f"""([panel, fraction]) => {{ {COPY}
  const canvas = document.querySelector(`.${{panel}} canvas`), k = devicePixelRatio, {{ data }} = copy(canvas);
  for (let x = Math.round(canvas.width * fraction); x < canvas.width; x++) {{
    for (let y = Math.round(canvas.height * 0.8); y > 8; y--) {{
      const i = 4 * (y * canvas.width + x);
      if (data[i + 3] && Math.abs(data[i] - data[i + 2]) > 40) return [x / k, y / k];
    }}
  }}
  return [-1, -1];
}}"""
MOVE = """([id, value]) => {
  const slider = document.getElementById(id);
  slider.value = value;
  for (const event of ["input", "change"]) slider.dispatchEvent(new Event(event));
}"""
# Milliseconds from a click until the page says that it is paused.
PAUSE = """() => new Promise((done) => {
  const from = performance.now();
  document.getElementById("play").click();
  const look = () => {
    if (document.body.dataset.state === "paused") done(performance.now() - from);
    else requestAnimationFrame(look);
  };
  look();
})"""
# When each of some days was first seen, in milliseconds.
CLOCK = """(days) => new Promise((done) => {
  const seen = [];
  const look = () => {
    while (+document.body.dataset.tick >= days[seen.length]) seen.push(performance.now());
    if (seen.length < days.length) requestAnimationFrame(look);
    else done(seen);
  };
  look();
})"""
# In every picture of a second, the day that each chart, the head and the page are at.
DAYS_SHOWN = """() => new Promise((done) => {
  const found = [], end = performance.now() + 1000;
  const look = () => {
    const charts = document.querySelectorAll(".prices, .sales, .coins, .belief, .depth");
    const models = [...charts].map((one) => echarts.getInstanceByDom(one.querySelector(".chart")).getModel());
    const lines = models.flatMap((one) => one.getSeries());
    const shown = lines.map((one) => one.getData().count());
    found.push([+document.body.dataset.tick, +document.getElementById("day").textContent, ...shown]);
    if (performance.now() < end) requestAnimationFrame(look);
    else done(found);
  };
  requestAnimationFrame(look);
})"""
# Straight at the element, as fast as it goes: no waiting for what covers it. Files are left alone.
PRESS = """([target, which, where]) => {
  const found = document.querySelectorAll(target), one = found[Math.floor(which * found.length)];
  if (!one || one.disabled || /^PNG$|file|Parquet/.test(one.textContent)) return;
  if (one.type === "range") one.value = +one.min + where * (one.max - one.min);
  else if (one.tagName === "SELECT") one.selectedIndex = Math.floor(where * one.options.length);
  else return one.click();
  for (const event of ["input", "change"]) one.dispatchEvent(new Event(event));
}"""

skip_without_chromium()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with live() as (opened, _):
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


class Tab:
    """A tab of the browser, and all that went wrong in it."""

    def __init__(self, browser: Any, address: str, **settings: Any) -> None:
        self.wrong: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **settings})
        self.page = self.context.new_page()
        self.page.on("request", lambda asked: self.judge(asked.url, address))
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(address)
        self.until(lambda: self.data("tick") == "0")
        self.page.click("#coach button:has-text('Close')")

    def judge(self, asked: str, address: str) -> None:
        if beyond(asked, address):
            self.wrong.append(f"asked for {asked}")

    def data(self, name: str) -> str | None:
        return self.page.evaluate(f"document.body.dataset.{name} ?? null")

    @property
    def day(self) -> int:
        return int(self.data("tick") or -1)

    def until(self, what: Callable[[], Any]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < end, self.wrong or "nothing happened"
            self.page.wait_for_timeout(20)

    def move(self, slider: str, value: float) -> None:
        self.page.evaluate(MOVE, [slider, value])

    def reset(self) -> None:
        before = self.data("generation")
        self.page.click("#reset")
        self.until(lambda: self.data("generation") != before and self.day == 0)

    def play_to(self, day: int) -> None:
        self.page.select_option("#speed", "100")
        if self.data("state") != "playing":
            self.page.click("#play")
        self.until(lambda: self.day >= day)

    def pause(self) -> None:
        def pressed() -> bool:
            if self.data("state") != "playing":
                return True
            self.page.click("#play")
            for _ in range(20):
                self.page.wait_for_timeout(20)
                if self.data("state") != "playing":
                    return True
            return False  # pressed as the last day ended, it has begun again

        self.until(pressed)

    def command(self, which: int = 0) -> str:
        return self.page.inner_text(f".command >> nth={which} >> code")

    def drawn(self, panel: str, half: int = 0) -> int:
        """How many colours other than grey there are in a chart: none, if nothing is drawn."""
        return self.page.evaluate(COUNT_COLOURS, [panel, half])

    def keep_picture(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def close(self) -> None:
        self.context.close()
        assert self.wrong == []


@pytest.fixture
def tab(browser: Any, address: str) -> Iterator[Tab]:
    opened = Tab(browser, address)
    yield opened
    opened.close()


def test_a_run_is_played_to_its_end_and_judged(tab: Tab) -> None:
    tab.page.select_option("#speed", "0")
    tab.page.check("#own-spark")
    tab.reset()
    tab.page.click("#play")
    tab.until(lambda: tab.data("state") == "over")
    assert tab.day == 750
    assert tab.page.inner_text("#play") == "Again"
    assert tab.page.is_disabled("#spark")
    assert "gradual" in tab.page.inner_text(".verdict") or "sudden" in tab.page.inner_text(".verdict")
    assert tab.page.locator(".entry").count() > 5
    for chart in CHARTS:
        assert tab.drawn(chart) > 100, chart
    tab.page.click("#play")
    tab.until(lambda: 0 < tab.day < 750)


def test_a_pause_holds_and_a_step_is_a_day(tab: Tab) -> None:
    tab.play_to(20)
    tab.pause()
    held = tab.day
    tab.page.wait_for_timeout(300)
    assert tab.day == held
    tab.page.click("#step")
    tab.until(lambda: tab.day == held + 1)
    tab.page.evaluate("document.activeElement.blur()")
    tab.page.keyboard.press(" ")
    tab.until(lambda: tab.data("state") == "playing")


def test_days_come_as_they_are_asked_for_and_a_pause_is_heard_at_once(tab: Tab) -> None:
    def seconds(days: list[int]) -> float:
        first, last = tab.page.evaluate(CLOCK, days)
        return (last - first) / 1000

    tab.page.click("#play")  # as it opens: default size, default pace, all panels
    assert 50 / seconds([5, 55]) >= 20
    tab.page.select_option("#speed", "0")
    pauses = []
    for _ in range(3):  # others may use this machine meanwhile
        tab.page.wait_for_timeout(300)
        pauses.append(tab.page.evaluate(PAUSE))
        tab.page.click("#play")
        tab.until(lambda: tab.data("state") == "playing")
    assert min(pauses) < 300, pauses


def test_the_last_days_take_no_longer_than_the_first(tab: Tab) -> None:
    slower = []
    for _ in range(3):  # others may use this machine meanwhile
        tab.reset()
        tab.page.select_option("#speed", "0")
        tab.page.click("#play")
        first, hundredth, last_but_hundred, last = tab.page.evaluate(CLOCK, [1, 101, 650, 750])
        slower.append((last - last_but_hundred) / (hundredth - first))
        if slower[-1] <= 1.25:
            break
    assert min(slower) <= 1.25, slower


def test_no_picture_is_half_drawn(tab: Tab) -> None:
    tab.page.click("#play")
    tab.until(lambda: tab.day >= 2)
    pictures = tab.page.evaluate(DAYS_SHOWN)
    assert len(pictures) > 5
    assert len({day for day, *_ in pictures}) > 5
    for picture in pictures:
        assert len(set(picture)) == 1, picture


def test_a_spark_bursts_the_bubble_and_stands_in_log_and_command(tab: Tab) -> None:
    tab.move("total", 0.7)
    tab.move("days", 2)
    assert tab.page.inner_text("#total-shown") == "AI worth 50 % less"
    assert tab.page.inner_text("#days-shown") == "over 5 days"
    tab.play_to(10)
    tab.pause()
    lit = tab.day
    tab.page.click("#spark")
    tab.until(lambda: tab.day >= lit + 10)
    tab.pause()
    assert "you light a spark: AI equity is worth 50 % less, over 5 days" in tab.page.inner_text(".log")
    assert f'{{kind = "spark", tick = {lit}, total = 0.7, days = 5}}' in tab.command()
    assert f"--until {tab.day}" in tab.command()


def test_every_slider_takes_effect_on_reset(tab: Tab) -> None:
    for dial, value, shown in (
        ("funds.leverage", 2.5, "× 2.5"),
        ("funds.crowding", 0.4, "× 0.4"),
        ("stablecoins.supply", 900, "900 $bn"),
        ("banks.capital", 0.5, "× 0.50"),
    ):
        assert tab.page.is_hidden("#apply")
        tab.move(dial, value)
        assert tab.page.inner_text(f"label:has([id='{dial}']) output") == shown
        before = tab.data("generation")
        tab.page.click("#apply")
        tab.until(lambda before=before: tab.data("generation") != before)
        assert f"--set {dial}={value}" in tab.command()
        assert "moved" not in (tab.page.get_attribute(f"label:has([id='{dial}'])", "class") or "")
    tab.page.select_option("#scenario", "powder_keg")
    tab.until(lambda: "powderkeg run powder_keg --seed 3 --set spark.total=0.0" in tab.command())
    assert tab.page.input_value("[id='funds.leverage']") == "1.6"
    tab.page.fill("#seed", "12")
    tab.page.keyboard.press("Enter")
    tab.until(lambda: "--seed 12" in tab.command())


def test_every_scenario_can_be_chosen_and_played(tab: Tab) -> None:
    for name in names():
        before = tab.data("generation")
        tab.page.select_option("#scenario", name)
        tab.until(lambda before=before: tab.data("generation") != before)
        scenario = abm.load(name)
        days = scenario.spark.days
        assert tab.page.inner_text("#days-shown") == ("at once" if days == 1 else f"over {days} days")
        assert tab.page.is_checked("#own-spark") == (days > 1)
        lit = "" if days > 1 or scenario.spark.total == 0 else " --set spark.total=0.0"
        acting = "" if not scenario.actions else " --set 'actions="
        assert tab.command().startswith(f"powderkeg run {name} --seed 3{lit}{acting}")
        tab.play_to(4)
        tab.pause()


def test_interventions_and_channels_are_switched_in_the_running_model(tab: Tab) -> None:
    tab.play_to(5)
    tab.page.click("summary:has-text('more policies')")
    tab.page.click("summary:has-text('Channels')")
    buttons = tab.page.locator(".toggles button")
    assert buttons.count() == 8
    for k in range(8):
        buttons.nth(k).click()
        tab.until(lambda k=k: buttons.nth(k).get_attribute("aria-pressed") == "true")
    tab.page.uncheck("#channel-margin_calls")
    day = tab.day
    tab.until(lambda: tab.day > day + 3)
    tab.pause()
    assert not tab.page.is_checked("#channel-margin_calls")
    for name in ("note_purchases", "deposit_guarantee", "circuit_breaker", "leverage_cap", "lending"):
        assert re.search(rf'policy = "{name}", on = true', tab.command()), name
    assert 'kind = "switch"' in tab.command()
    buttons.nth(0).click()
    tab.until(lambda: buttons.nth(0).get_attribute("aria-pressed") == "false")


def test_side_by_side_has_one_clock_and_two_speeds(tab: Tab) -> None:
    tab.move("funds.leverage", 3)
    tab.page.click("#sides")
    tab.until(lambda: tab.page.locator(".half .caption").count() == 2 * 9)
    tab.move("slow", 8)
    tab.reset()
    tab.play_to(40)
    tab.pause()
    lit = tab.day
    tab.page.click("#spark")
    tab.until(lambda: tab.day >= lit + 35)
    tab.pause()
    tab.keep_picture("side_by_side")
    assert "days = 1}" in tab.command(0)
    assert "days = 150}" in tab.command(1)
    assert tab.command(0).split("--until")[1] == tab.command(1).split("--until")[1]
    for chart in CHARTS:
        assert min(tab.drawn(chart, 0), tab.drawn(chart, 1)) > 20, chart
    seized = re.findall(r"funds seized\s+(\d+) of 600", tab.page.inner_text(".verdict"))
    assert int(seized[0]) > 100 > int(seized[1])
    tab.page.click("#sides")
    tab.until(lambda: tab.page.locator(".half .caption").count() == 0)


def place_of(tab: Tab, table: str) -> tuple[str, int, int]:
    """A panel, and where in its chart something of a table is drawn: a spot of colour far from the axes."""
    panel = {"funds": "crowd", "dealers": "lenders", "banks": "lenders", "stablecoins": "coins"}[table]
    across = {"funds": 0.45, "dealers": 0.13, "banks": 0.6, "stablecoins": 0.18}[table]
    x, y = tab.page.evaluate(FIRST_COLOUR, [panel, across])
    return panel, x, y


def test_whoever_is_clicked_shows_a_balance_sheet_and_whom_it_owes(tab: Tab) -> None:
    tab.play_to(30)
    tab.pause()
    for table, name, part, whom in (
        ("funds", r"fund:\d+", "owes", "dealer:"),
        ("dealers", r"dealer:\d", "owes", "bank:"),
        ("banks", r"bank:\d+", "owed", "own capital"),
        ("stablecoins", r"stablecoin_issuer:\d", "has", "bank:"),
    ):
        panel, x, y = place_of(tab, table)
        tab.page.locator(f".{panel} .chart").click(position={"x": x, "y": y})
        tab.until(
            lambda name=name: (
                re.match(name, tab.page.text_content("#who h3") or "") if tab.page.is_visible("#who h3") else 0
            )
        )
        assert whom in tab.page.inner_text(f"#who .{part}"), table
        assert tab.page.locator("#who .owned tr").count() >= 2
        if table == "funds":
            tab.keep_picture("a_fund")
        tab.page.click("#who .close")
        tab.until(lambda: tab.page.is_hidden("#who"))


def test_two_tabs_do_not_disturb_each_other(browser: Any, address: str, tab: Tab) -> None:
    other = Tab(browser, address)
    other.play_to(10)
    tab.page.click("#spark")
    tab.until(lambda: tab.day >= 3)
    other.pause()
    tab.pause()
    assert "spark" in tab.command()
    assert 'kind = "spark"' not in other.command()
    day = other.day
    tab.reset()
    assert other.day == day
    other.close()


def test_two_hundred_random_clicks_leave_the_page_sound(tab: Tab) -> None:
    chance = random.Random(6)
    tab.page.select_option("#speed", "100")
    for _ in range(200):
        target = chance.choice(("button", "button", "input", "select", "summary", ".chart canvas", "anywhere"))
        if target == "anywhere":
            tab.page.mouse.click(chance.randrange(1280), chance.randrange(720))
            continue
        tab.page.evaluate(PRESS, [target, chance.random(), chance.random()])
    tab.page.select_option("#speed", "25")
    tab.pause()
    tab.reset()
    tab.page.click("#step")
    tab.until(lambda: tab.day == 1)
    assert tab.page.is_hidden("#veil")
    assert "Traceback" not in tab.page.content()


def test_the_guided_minute_shows_three_worlds(tab: Tab) -> None:
    tab.page.click("#guide")
    tab.page.click("text=Show me")
    commands: list[str] = []
    generation = "1"
    for title in ("1. A quiet world", "2. The same world, gradual news", "3. The same news, at once"):
        tab.until(lambda before=generation: tab.data("generation") != before)
        generation = tab.data("generation")
        assert title in tab.page.inner_text("#coach")
        tab.page.select_option("#speed", "0")
        tab.until(lambda: tab.day == 300 and tab.data("state") == "paused")
        tab.until(lambda: "--until 300" in tab.command())
        commands.append(tab.command())
        if title.startswith("3"):
            tab.keep_picture("guided_minute")
            assert "banking crisis" in tab.page.inner_text(".verdict")
        else:
            assert "calm" in tab.page.inner_text(".verdict")
            tab.page.click("#coach button:has-text('Next')")
    base = "powderkeg run us_late_2025 --seed 3 --set funds.leverage=3 "
    assert commands == [
        f"{base}--set spark.total=0.0 --until 300",
        f"{base}--set spark.days=250 --until 300",
        f"{base}--until 300",
    ]
    tab.page.click("#coach button:has-text('Close')")
    assert tab.page.is_hidden("#coach")


def test_panels_runs_and_scenarios_can_be_kept(tab: Tab) -> None:
    tab.play_to(12)
    tab.pause()

    def kept(press: str) -> tuple[str, bytes]:
        tab.page.wait_for_timeout(200)  # Chromium drops one that comes within a few milliseconds of the last
        with tab.page.expect_download() as download:
            tab.page.click(press)
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    for panel in (*CHARTS, "verdict", "log"):
        name, content = kept(f".{panel} .png")
        assert name == f"{panel}-day{tab.day}.png"
        assert content.startswith(b"\x89PNG")
        assert len(content) > 3000
    name, content = kept("text=Run as Parquet")
    assert name == "us_late_2025-sudden-seed3.parquet"
    again = abm.run(abm.load("us_late_2025", **{"spark.total": 0}), 3, until=tab.day, twins=False)
    assert pl.read_parquet(io.BytesIO(content)).equals(again.ticks)
    name, content = kept("text=Scenario file")
    assert name == "us_late_2025-sudden-seed3.toml"
    assert content.startswith(b"format = 1")


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_panels_have_room_in_light_and_dark(browser: Any, address: str, size: tuple[int, int], colours: str) -> None:
    width, height = size
    tab = Tab(browser, address, viewport={"width": width, "height": height}, color_scheme=colours)
    tab.move("funds.leverage", 3)
    tab.page.check("#own-spark")
    tab.reset()
    tab.play_to(52)
    tab.pause()
    tab.keep_picture(f"crash_{width}x{height}_{colours}")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.page.evaluate("document.querySelector('header').scrollWidth") <= width
    for chart in CHARTS:
        panel = tab.page.locator(f".panel.{chart}").bounding_box()
        canvas = tab.page.locator(f".{chart} canvas").bounding_box()
        assert canvas["height"] > 90, chart
        assert canvas["y"] + canvas["height"] <= panel["y"] + panel["height"], chart
        assert panel["y"] + panel["height"] <= height, chart
        assert tab.page.inner_text(f".panel.{chart} .about").endswith(".")
    back = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", back))) < 200) == (colours == "dark")
    tab.close()


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_two_worlds_are_seen_without_scrolling(browser: Any, address: str, size: tuple[int, int]) -> None:
    width, height = size
    tab = Tab(browser, address, viewport={"width": width, "height": height})
    tab.page.click("#sides")
    tab.until(lambda: tab.page.locator(".half .caption").count() == 2 * 9)
    tab.play_to(20)
    tab.pause()
    tab.keep_picture(f"side_by_side_{width}x{height}")
    below = () if height > 1000 else ("log",)
    for name in (*CHARTS, "verdict", "log"):
        panel = tab.page.locator(f".panel.{name}").bounding_box()
        assert name in below or panel["y"] + panel["height"] <= height, name
        assert tab.page.inner_text(f".panel.{name} .about").endswith("."), name
        for canvas in tab.page.locator(f".{name} canvas").all():
            box = canvas.bounding_box()
            assert box["height"] > 70, name
            assert box["y"] + box["height"] <= panel["y"] + panel["height"], name
    assert tab.page.evaluate(
        "document.querySelector('main').scrollHeight - document.querySelector('main').clientHeight"
    ) < (150 if below else 1)
    tab.close()


def test_a_program_that_has_ended_is_said_so(browser: Any) -> None:
    with live() as (address, server):
        tab = Tab(browser, address)
        tab.play_to(3)
        server.terminate()
        tab.until(lambda: tab.page.is_visible("#veil"))
        assert "Load the page again" in tab.page.inner_text("#veil")
        tab.context.close()
