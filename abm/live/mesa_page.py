"""Mesa's own page, SolaraViz, on the same model: for those who know Mesa and build on it.

Its charts read what the model has published on its last evening (`mesa_model.py`), never the model.
"""

# solara says nowhere what it exports
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from typing import Any

import solara
import solara.lab
from mesa.visualization import Slider, SolaraViz
from mesa.visualization.utils import update_counter
from reacton.core import get_render_context

from abm.figures.style import LOOKS
from abm.live.mesa_model import WatchedModel
from abm.live.session import Session
from abm.live.words import hello
from abm.scenario import DEFAULT, load
from abm.scenario.reading import DECLARED

COLOURS, RED = [look.colour for look in LOOKS], "#c0392b"
DASHES: list[Any] = ["solid", [7, 4], [8, 3, 2, 3], [2, 2], [10, 3, 2, 3, 2, 3]]
SHAPES = ("circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow")
POINTS = 200  # of a line, more would not be seen
CAPITAL = "times that of the first day; hollow: failed"
given = load(DEFAULT)  # Solara opens this page by the name of its module: `serve` puts here what it is to show


def over_days(seen: Mapping[str, Any], names: list[str], what: str, floor: float) -> dict[str, Any]:
    """A line by name; the axis begins at `floor`, or as low as a line goes."""
    series = []
    for name, colour, dash, values in zip(names, COLOURS, DASHES, seen[what], strict=False):
        data = list(enumerate(values, 1))[:: -(len(values) // POINTS + 1)][::-1]
        look = {"type": "line", "showSymbol": False, "color": colour, "lineStyle": {"type": dash}}
        series.append(look | {"name": name, "data": data})
    x, lowest = {"name": "day", "max": seen["ticks"]}, min([floor, *(min(values) for values in seen[what] if values)])
    return {"series": series, "xAxis": x, "yAxis": {"min": lowest}, "tooltip": {"trigger": "axis"}}


def crowd(seen: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Every fund by its style, and the line at which lenders call for margin."""
    looks, failed = zip(names, SHAPES, COLOURS, strict=True), set(seen["failed_funds"])
    series = [
        {"type": "scatter", "name": name, "symbol": shape, "symbolSize": 7, "color": colour, "data": []}
        for name, shape, colour in looks
    ]
    for row, (style, size, use) in enumerate(zip(seen["styles"], seen["size"], seen["use"], strict=True)):
        place = [max(size, 0.3), min(use, 2.0)]  # what lies beyond is at the edge
        series[style]["data"].append(standing(place, COLOURS[style], row in failed))
    label = {"formatter": "lenders call", "color": RED, "position": "insideEndTop"}
    line = {"lineStyle": {"color": RED, "width": 2, "type": "solid"}, "symbol": "none", "label": label}
    series[0]["markLine"] = line | {"data": [{"yAxis": 1}]}
    x = {"type": "log", "min": 0.3, "name": "securities held, $bn"}
    return {"series": series, "xAxis": x, "yAxis": {"max": 2, "interval": 0.5}}


def lenders(seen: Mapping[str, Any], names: list[str], order: str, colour: str) -> dict[str, Any]:
    """A bar for each dealer or bank."""
    left, failed = seen[names[0]]["capital"], seen[names[0]]["failed"]
    bars = [standing(1 if row in failed else min(max(left[row], 0), 1.5), colour, row in failed) for row in seen[order]]
    x, y = {"type": "category", "data": [""] * len(bars), "name": "the largest first"}, {"max": 1.5, "interval": 0.5}
    return {"series": [{"type": "bar", "name": names[0], "color": colour, "data": bars}], "xAxis": x, "yAxis": y}


def standing(value: Any, colour: str, failed: bool) -> Any:
    """A dot or a bar; hollow where somebody has failed."""
    return {"value": value, "itemStyle": {"color": "transparent", "borderColor": colour}} if failed else value


def chart(title: str, about: str, names: list[str], draw: Callable[..., dict[str, Any]], *how: Any) -> Any:
    """A component of SolaraViz."""

    @solara.component
    def drawn(model: WatchedModel) -> None:
        update_counter.get()
        model.drawing = get_render_context().thread_lock
        text = {"color": "#999" if solara.lab.use_dark_effective() else "#444", "fontSize": 12}
        axis = {"axisLabel": text, "nameTextStyle": text, "splitLine": {"lineStyle": {"color": "#8884"}}, "min": 0}
        option = {"animation": False, "tooltip": {}, "grid": {"left": 44, "right": 16, "top": 96, "bottom": 44}}
        option["title"] = {"text": title, "subtext": about, "textStyle": text | {"fontSize": 16}, "subtextStyle": text}
        option["legend"] = {"data": names, "top": 44, "left": 8, "itemWidth": 18, "itemHeight": 9, "textStyle": text}
        option |= draw(model.seen, names, *how)
        option["xAxis"] = {"type": "value", "nameLocation": "middle", "nameGap": 24} | axis | option["xAxis"]
        option["yAxis"] = axis | option["yAxis"]
        solara.FigureEcharts(option, attributes={"style": "height: 384px"}, responsive=True)

    return drawn


def dials_of(session: Session, words: Mapping[str, Any]) -> dict[str, Any]:
    """All dials of the live view as SolaraViz has them, and what it hands on to every model."""
    names = session.scenarios()
    value = {path: attrgetter(path)(session.chosen(names[0])) for path in DECLARED}
    dials: dict[str, Any] = {"session": session, "seed": Slider("seed", 3, 0, 100, 1)}
    dials["world"] = {"type": "Select", "label": "scenario", "value": names[0], "values": names}
    spark = [("spark.total", "spark", 0.0, 1.5, 0.01), ("spark.days", "spark over", 1, 500, 1)]
    keys = ("path", "label", "low", "high", "step")
    for path, label, low, high, step in [*map(itemgetter(*keys), words["dials"]), *spark]:
        unit = DECLARED[path].unit.replace("times", "×")
        dials[path] = Slider(f"{label}, {unit}", value[path], low, max(high, value[path]), step)
    boxes = {f"policy.{one['name']}.on": one["label"] for one in words["policies"]}
    boxes |= {f"channels.{one['name']}": one["name"].replace("_", " ") for one in words["channels"]}
    return dials | {path: {"type": "Checkbox", "label": label, "value": value[path]} for path, label in boxes.items()}


def prepared() -> tuple[dict[str, Any], list[Any]]:
    """Dials and charts of a page that is opened."""
    session = Session(given)
    words = hello(session)
    return dials_of(session, words), [
        chart("Prices", "of each market, times that of the first day", words["markets"], over_days, "price", 0.0),
        chart("Funds on credit", "margin required, times own money; hollow: failed", words["styles"], crowd),
        chart("Capital of banks", CAPITAL, ["banks"], lenders, "bank_order", COLOURS[3]),
        chart("Price of a stablecoin", "$, by issuer", words["issuers"], over_days, "coin_price", 0.95),
        chart("Capital of dealers", CAPITAL, ["dealers"], lenders, "dealer_order", COLOURS[2]),
        chart("Stablecoins in circulation", "$bn, by issuer", words["issuers"], over_days, "coin_supply", 0.0),
    ]


@solara.component
def Page() -> None:  # noqa: N802  the name by which Solara looks for it
    dials, charts = solara.use_memo(prepared, [])
    begun = {name: dial if name == "session" else dial.get("value") for name, dial in dials.items()}
    model: Any = solara.use_memo(lambda: solara.reactive(WatchedModel(**begun)), [])
    solara.use_effect(lambda: model.value.close, [model.value])
    SolaraViz(model, components=charts, model_params=dials, name="Powder Keg")
