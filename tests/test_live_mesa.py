"""Mesa's own page on our model: what its charts read, what it lets go, and how it plays in a browser, offline."""

from __future__ import annotations

import copy
import gc
import re
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import beyond, chromium, skip_without_chromium
from live_server import ROOT, live

from abm.live.mesa_server import SETTINGS

pytestmark = pytest.mark.slow
PATIENCE = 90.0  # seconds
TITLES = {
    *("Prices", "Funds on credit", "Capital of banks", "Capital of dealers"),
    *("Price of a stablecoin", "Stablecoins in circulation"),
}
# What the charts have been told to show, by their titles.
OPTIONS = """() => new Promise((done) => requirejs([`${solara.cdn}/echarts@5.4.0/dist/echarts.js`], (echarts) => {
  const charts = [...document.querySelectorAll(".solara-echarts")].map((one) => echarts.getInstanceByDom(one));
  const shown = (chart) => chart.getOption().series.map((one) => one.data.map((dot) => dot.value ?? dot));
  done(Object.fromEntries(charts.filter((one) => one).map((one) => [one.getOption().title[0].text, shown(one)])));
}))"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in SETTINGS.items():
            patched.setenv(name, value)
        from abm.live import mesa_page

        yield mesa_page


def begun(page: Any, **changes: Any) -> Any:
    dials, _ = page.prepared()
    values = {name: dial if name == "session" else dial.get("value") for name, dial in dials.items()}
    return page.WatchedModel(**values | changes)


def test_what_charts_read_is_untouched_by_later_days(page: Any) -> None:
    model = begun(page)
    for _ in range(41):
        model.step()
    evening = model.seen
    before = copy.deepcopy(dict(evening))
    for _ in range(10):
        model.step()
    assert evening == before
    assert model.seen != before
    with pytest.raises(TypeError):
        evening["price"] = []


def test_a_day_waits_until_charts_are_drawn(page: Any) -> None:
    model = begun(page)
    model.step()  # the first is slow
    model.drawing = threading.Lock()
    with model.drawing:
        stepping = threading.Thread(target=model.step)
        stepping.start()
        time.sleep(0.5)
        assert model.economy.tick == 1
    stepping.join()
    assert model.economy.tick == 2


def test_dials_that_nobody_moved_leave_another_scenario_alone(page: Any) -> None:
    import abm

    calm = begun(page, world="powder_keg")
    assert calm.economy.scenario.digest == abm.load("powder_keg").digest
    moved = begun(page, world="powder_keg", seed=5, **{"banks.capital": 0.5, "channels.deposit_runs": False})
    own = {"banks.capital": 0.5, "channels.deposit_runs": False}
    assert moved.economy.scenario.digest == abm.load("powder_keg", **own).digest
    assert moved.seed == 5


def test_every_dial_of_the_live_view_is_a_parameter(page: Any) -> None:
    from abm.channels import CHANNELS
    from abm.live.messages import DIALS
    from abm.scenario.policy import DECREED

    dials, _ = page.prepared()
    wanted = {"session", "world", "seed", "spark.total", "spark.days", *DIALS}
    wanted |= {f"policy.{name}.on" for name in DECREED} | {f"channels.{name}" for name in CHANNELS}
    assert set(dials) == wanted


def test_a_reset_lets_models_go(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import ipyvuetify
    import solara

    made: list[weakref.ref[Any]] = []
    from abm.live import mesa_model

    world = mesa_model.World
    monkeypatch.setattr(mesa_model, "World", lambda name, model: made.append(weakref.ref(model)) or world(name, model))
    _, opened = solara.render(solara.AppLayout(children=[page.Page()]), handle_error=False)  # it has the buttons

    def press(label: str) -> None:
        next(one for one in opened.find(ipyvuetify.Btn).widgets if label in one.children).click()

    for _ in range(5):
        press("Step")
        assert len(made[-1]().agents) > 600  # Mesa 3.3 keeps a model from here on
        press("Reset")
    opened.close()
    gc.collect()
    assert len(made) == 6
    assert [one() is None for one in made[1:-2]] == [True] * 3  # Solara keeps the first and the last two


def refused(*arguments: str, before: str = "pass") -> str:
    """The one sentence with which the command ends before it serves anything."""
    command = ["live", "--mesa", "--no-browser", *arguments]
    code = f"import sys; {before}; from abm.cli import main; sys.exit(main({command}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    return done.stderr


@pytest.mark.parametrize("missing", ["altair", "solara", "solara_assets", "uvicorn"])
def test_a_missing_extra_is_one_sentence(missing: str) -> None:
    said = refused("--port", "0", before=f"sys.modules[{missing!r}] = None")
    assert said == f"live: {missing} is not installed; allowed is after pip install 'powderkeg[mesa]'\n"


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused("--port", str(port))
    assert said.startswith(f"--port: {port} on 127.0.0.1 cannot be had (")


def test_an_address_beyond_this_machine_is_refused() -> None:
    assert refused("--host", "0.0.0.0", "--port", "0").startswith("--host: 0.0.0.0 is open to others")


class Tab:
    """A tab with Mesa's page, and all that went wrong in it."""

    def __init__(self, browser: Any, address: str) -> None:
        self.wrong: list[str] = []
        self.page = browser.new_page(viewport={"width": 1400, "height": 900})
        self.page.on("request", lambda asked: beyond(asked.url, address) and self.wrong.append(asked.url))
        self.page.on("response", lambda answer: answer.status >= 400 and self.wrong.append(answer.url))
        self.page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(address)
        self.until(lambda: self.page.locator(".solara-echarts canvas").count() == len(TITLES))

    @property
    def day(self) -> int:
        said = re.search(r"(?:Step|Time): (\d+)", self.page.inner_text("body"))
        return int(said[1]) if said else -1

    def shown(self) -> dict[str, Any]:
        return self.page.evaluate(OPTIONS)

    def until(self, what: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < end, self.wrong or self.page.inner_text("body")[:3000]
            self.page.wait_for_timeout(50)

    def press(self, label: str) -> None:
        self.page.click(f"button:has-text('{label}')")

    def slide(self, label: str, key: str, times: int = 1) -> None:
        self.page.locator(f'.v-input:has(label:text-is("{label}")) [role=slider]').focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def pause(self) -> int:
        """Press pause, and return the day on which it stands: Mesa ends the step that it is in."""
        self.press("❚❚")
        self.page.wait_for_selector("button:has-text('▶')")
        self.page.wait_for_timeout(1000)
        return self.day

    def close(self) -> None:
        assert "Traceback" not in self.page.inner_text("body")
        assert not self.wrong, self.wrong
        self.page.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with live("--mesa") as (opened, _):
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    skip_without_chromium()
    with chromium() as opened:
        yield opened


def test_mesas_page_steps_plays_pauses_and_resets(browser: Any, address: str) -> None:
    tab = Tab(browser, address)
    assert set(tab.shown()) == TITLES
    crowd = tab.shown()["Funds on credit"]
    assert sum(len(style) for style in crowd) == 600
    assert len(tab.shown()["Capital of banks"][0]) == 40
    tab.press("Step")
    tab.until(lambda: tab.day == 1 and len(tab.shown()["Prices"][0]) == 1)
    tab.press("▶")
    tab.until(lambda: tab.day >= 12)
    day = tab.pause()
    tab.page.wait_for_timeout(500)
    assert tab.day == day
    shown = tab.shown()
    for title, lines in (("Prices", 5), ("Price of a stablecoin", 3), ("Stablecoins in circulation", 3)):
        assert [line[-1][0] for line in shown[title]] == [day] * lines, title
    tab.slide("leverage of funds, × today's", "ArrowRight", 9)
    tab.press("Reset")
    tab.until(lambda: tab.day == 0 and tab.shown()["Prices"][0] == [])
    levered = tab.shown()["Funds on credit"]
    assert sum(use for style in levered for _, use in style) > 1.2 * sum(use for style in crowd for _, use in style)
    tab.press("Step")
    tab.until(lambda: tab.day == 1)
    tab.close()


def test_the_fastest_interval_breaks_nothing(browser: Any, address: str) -> None:
    tab = Tab(browser, address)
    tab.slide("Play Interval (ms)", "Home")
    tab.press("▶")
    tab.until(lambda: tab.day >= 60 or "Traceback" in tab.page.inner_text("body"))
    day = tab.pause()
    assert tab.shown()["Prices"][0][-1][0] == day
    tab.close()
