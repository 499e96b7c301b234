"""Mesa's own page, SolaraViz, on the same model: for those who know Mesa and build on it.

SolaraViz steps the model in one thread and draws in another. Its charts therefore read what the model has published
on its last evening, never the model; and no day begins while they are being drawn.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import mesa
import solara
import solara.lab
from mesa.visualization import Slider, SolaraViz
from mesa.visualization.utils import update_counter
from reacton.core import get_render_context

from abm.figures.style import LOOKS
from abm.live.session import Session
from abm.live.words import hello
from abm.live.world import World
from abm.model import PowderKegModel
from abm.scenario import DEFAULT, load
from abm.scenario.reading import DECLARED

COLOURS, RED = [look.colour for look in LOOKS], "#c0392b"
DASHES: list[Any] = ["solid", [7, 4], [8, 3, 2, 3], [2, 2], [10, 3, 2, 3, 2, 3]]
SHAPES = ("circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow")
POINTS, PATIENCE = 200, 2.0  # of a line, more would not be seen; seconds that a day waits for charts
given = load(DEFAULT)  # Solara opens this page by the name of its module: `serve` puts here what it is to show


class WatchedModel(PowderKegModel):
    """The model that publishes every evening what there is to see, as `seen`; `dials_of` makes its parameters."""

    def __init__(self, **kwargs: Any) -> None:  # by this name Mesa knows that all may be given
        kwargs.pop("scenario", None)  # Mesa 3.5 puts one of its own kind here
        session, name, seed = (kwargs.pop(key) for key in ("session", "world", "seed"))
        # a dial that nobody has moved stands where the chosen scenario has it
        first = session.chosen(session.scenarios()[0])
        moved = {path: value for path, value in kwargs.items() if value != attrgetter(path)(first)}
        super().__init__(session.chosen(name), seed=seed, **moved)
        self.world, self.drawing = World(name, self), None
        self.publish()

    def step(self) -> None:
        """Run a day as soon as the last one is drawn, and publish it."""
        end = time.monotonic() + PATIENCE
        while self.drawing is not None and self.drawing.locked() and time.monotonic() < end:
            time.sleep(0.002)
        super().step()
        self.world.remember()
        self.publish()

    def publish(self) -> None:
        """Show this evening, in one assignment: plain values that no later day changes."""
        self.seen = MappingProxyType({**self.world.fixed(), **self.world.days(0), **self.world.now()})


def prices(seen: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    series = lines(seen, "price", words["markets"])
    return titled("Prices", "of each market, times that of the first day", series, (days(seen), {}, {"top": 76}))


def crowd(seen: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    label = {"formatter": "lenders call", "color": RED, "position": "insideEndTop"}
    line = {"symbol": "none", "lineStyle": {"color": RED, "width": 2, "type": "solid"}, "label": label}
    dots: list[list[Any]] = [[] for _ in words["styles"]]
    for row, (style, size, use) in enumerate(zip(seen["styles"], seen["size"], seen["use"], strict=True)):
        place = [max(size, 0.3), min(use, 2.0)]  # what lies beyond is at the edge
        dots[style].append(bar_or_dot(place, COLOURS[style], row in seen["failed_funds"]))
    looks = zip(words["styles"], SHAPES, COLOURS, dots, strict=True)
    keys = ("name", "symbol", "color", "data")
    series = [{"type": "scatter", "symbolSize": 7, **dict(zip(keys, look, strict=True))} for look in looks]
    series[0]["markLine"] = {**line, "data": [{"yAxis": 1}]}
    about = "margin that lenders require, times own money; hollow: failed"
    x = {"type": "log", "min": 0.3, "name": "securities held, $bn"}
    return titled("Funds on credit", about, series, (x, {"max": 2, "interval": 0.5}, {"top": 94}))


def capital(seen: Mapping[str, Any], _: Mapping[str, Any]) -> dict[str, Any]:
    series, before = [], 0
    for table, order, colour in (("dealers", "dealer_order", COLOURS[2]), ("banks", "bank_order", COLOURS[3])):
        left, failed = seen[table]["capital"], seen[table]["failed"]
        bars = [bar_or_dot(min(max(left[row], 0), 1.5), colour, row in failed) for row in seen[order]]
        series.append(
            {"type": "bar", "name": table, "color": colour, "barGap": "-100%", "data": [None] * before + bars}
        )
        before = len(bars) + 1
    x = {"type": "category", "data": [""] * len(series[1]["data"])}
    about = "capital, times that of the first day, the largest first; hollow: failed"
    return titled("Dealers and banks", about, series, (x, {"max": 1.5, "interval": 0.5}, {"top": 76}))


def coins(seen: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    series = lines(seen, "coin_price", words["issuers"]) + lines(seen, "coin_supply", words["issuers"], 1)
    lowest = min([0.95, *(min(prices) for prices in seen["coin_price"] if prices)])
    above = (
        days(seen) | {"name": "", "axisLabel": {"show": False}},
        {"min": lowest, "max": 1.01},
        {"top": 76, "height": 80},
    )
    about = "above: price of a coin, $; below: coins in circulation, $bn"
    return titled("Stablecoins", about, series, above, (days(seen), {}, {"top": 182}))


def days(seen: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "day", "max": seen["ticks"]}


def bar_or_dot(value: Any, colour: str, failed: bool) -> dict[str, Any]:
    return {"value": value, "itemStyle": {"color": "transparent" if failed else colour, "borderColor": colour}}


def lines(seen: Mapping[str, Any], what: str, names: list[str], grid: int = 0) -> list[dict[str, Any]]:
    where = {"type": "line", "xAxisIndex": grid, "yAxisIndex": grid, "showSymbol": False}
    keys, looks = ("name", "color", "lineStyle", "data"), []
    for name, colour, dash, values in zip(names, COLOURS, DASHES, seen[what], strict=False):
        points = list(enumerate(values, 1))[:: -(len(values) // POINTS + 1)]
        looks.append((name, colour, {"type": dash, "width": 2}, points[::-1]))
    return [where | dict(zip(keys, look, strict=True)) for look in looks]


def titled(title: str, about: str, series: list[Any], *grids: tuple[dict[str, Any], dict[str, Any], Any]) -> Any:
    """What every chart has: title and legend above one or more fields, each with two axes and its place."""
    text = {"color": "#999" if solara.lab.use_dark_effective() else "#444", "fontSize": 12}
    plain = {"axisLabel": text, "nameTextStyle": text, "splitLine": {"lineStyle": {"color": "#8884"}}}
    x = [
        {"type": "value", "nameLocation": "middle", "nameGap": 24, **plain, **x, "gridIndex": k}
        for k, (x, _, _) in enumerate(grids)
    ]
    y = [{"type": "value", "min": 0, **plain, **y, "gridIndex": k} for k, (_, y, _) in enumerate(grids)]
    return {
        "animation": False,
        "title": {"text": title, "subtext": about, "textStyle": {**text, "fontSize": 16}, "subtextStyle": text},
        "legend": {"data": list(dict.fromkeys(one["name"] for one in series)), "top": 44, "textStyle": text},
        "tooltip": {"trigger": "axis" if series[0]["type"] == "line" else "item", "transitionDuration": 0},
        "grid": [{"left": 44, "right": 16, "bottom": 44, **place} for _, _, place in grids],
        "xAxis": x, "yAxis": y, "series": series,
    }  # fmt: skip


def component(draw: Any, words: Mapping[str, Any]) -> Any:
    """A chart as SolaraViz wants it."""

    @solara.component
    def Chart(model: WatchedModel) -> None:  # noqa: N802
        update_counter.get()
        model.drawing = get_render_context().thread_lock
        solara.FigureEcharts(draw(model.seen, words), attributes={"style": "height: 384px"}, responsive=True)

    return Chart


def dials_of(session: Session, words: Mapping[str, Any]) -> dict[str, Any]:
    """All dials of the live view as SolaraViz has them, and the session, of which Mesa hands on what is given."""
    names = session.scenarios()
    spark = [
        ("spark.total", "spark, fall of AI equity's worth", 0.0, 1.5, 0.01),
        ("spark.days", "spark, spread over", 1, 500, 1),
    ]
    sliders = [(one["path"], one["label"], one["low"], one["high"], one["step"]) for one in words["dials"]] + spark
    boxes = {f"policy.{one['name']}.on": one["label"] for one in words["policies"]}
    boxes |= {f"channels.{one['name']}": one["name"].replace("_", " ") for one in words["channels"]}
    value = {path: attrgetter(path)(session.chosen(names[0])) for path in (*boxes, *(path for path, *_ in sliders))}
    return {
        "session": session,
        "world": {"type": "Select", "label": "scenario", "value": names[0], "values": names},
        "seed": Slider("seed", 3, 0, 100, 1),
        **{
            path: Slider(f"{label}, {DECLARED[path].unit}", value[path], low, max(high, value[path]), step)
            for path, label, low, high, step in sliders
        },
        **{path: {"type": "Checkbox", "label": label, "value": value[path]} for path, label in boxes.items()},
    }


@solara.component
def Page() -> None:  # noqa: N802
    session = solara.use_memo(lambda: Session(given), [])
    words = solara.use_memo(lambda: hello(session), [])
    dials = solara.use_memo(lambda: dials_of(session, words), [])
    begun = {name: dial if name == "session" else dial.get("value") for name, dial in dials.items()}
    model = solara.use_reactive(solara.use_memo(lambda: WatchedModel(**begun), []))
    charts = solara.use_memo(lambda: [component(draw, words) for draw in (prices, crowd, capital, coins)], [])
    now = model.value
    solara.use_effect(lambda: lambda: forget(now), [now])
    SolaraViz(model, components=charts, model_params=dials, name="Powder Keg")


def forget(model: WatchedModel) -> None:
    """Let a model go, of which Mesa 3.3 keeps every one whose agents were asked for."""
    getattr(mesa.Agent, "_ids", {}).pop(model, None)
