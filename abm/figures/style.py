"""One look for all figures: fit for colour-blind readers and grey print, and the same bytes every time."""

from __future__ import annotations

import functools
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")


class Look(NamedTuple):
    """How one thing is drawn: colour (Okabe and Ito 2008), line and marker; each alone tells it apart."""

    colour: str
    line: Any  # a name, or (offset, (on, off, ...)) in points, as matplotlib has it
    marker: str
    hatch: str = ""


LOOKS = (
    Look("#0072B2", "-", "o"),
    Look("#D55E00", "--", "s", "///"),
    Look("#009E73", "-.", "^", "..."),
    Look("#CC79A7", ":", "D", "xxx"),
    Look("#E69F00", (0, (5, 1, 1, 1, 1, 1)), "v", "\\\\\\"),
    Look("#56B4E9", (0, (1, 3)), "P", "++"),
    Look("#999999", (0, (8, 3)), "X", "oo"),
)
LOOK_OF = {
    name: LOOKS[k]
    for names in (
        ("ai_equity", "broad_equity", "notes", "bills", "crypto"),
        ("funds", "margin_accounts", "dealers", "banks", "credit_funds", "crypto_holders", "stablecoin_issuers"),
    )
    for k, name in enumerate(names)
}
GREY = "#666666"
SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "powderkeg",
    "svg.fonttype": "path",
    "font.family": ["DejaVu Sans"],  # comes with matplotlib
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "text.parse_math": False,  # "$bn" is money
    "text.usetex": False,
    "hatch.linewidth": 0.5,
}


def in_style(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw with the house's settings, whatever the user's own are."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with _settings():
            figure = draw(*args, **kwargs)
            # Arranged once: another pass at every saving would move things a little each time.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            return figure

    return drawn


def panels(
    title: str,
    rows: int,
    columns: int = 1,
    *,
    height: float = 2.0,
    width: float = 8.0,
    size: float = 11.0,
    **shared: Any,
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with a one-sentence title and its axes, row by row; `height` of a row in inches.

    `size` is that of the title's letters, in points.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height * rows + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(wrapped(title, 92 * width / 8.0 * 11.0 / size), x=0.01, ha="left", fontsize=size, fontweight="bold")
    return figure, figure.subplots(rows, columns, squeeze=False, **shared).tolist()


def wrapped(text: str, width: float) -> str:
    """Break a sentence into lines of at most so many characters."""
    import textwrap

    return "\n".join(textwrap.wrap(text, int(width)))


def legend_below(figure: Figure, axes: Axes, columns: int = 4) -> None:
    """Put one legend under all panels, from the handles of one."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=columns)


def shade_news(axis: Axes, first: int, last: int) -> None:
    """Shade the days from `first` to `last` on which bad news arrives; a line where it is a few days."""
    axis.axvspan(first - 0.5, last + 0.5, facecolor=GREY, alpha=0.13, linewidth=0.0)
    if last - first < 5:
        axis.axvline(first, color=GREY, linewidth=0.8, linestyle=":")


def words(name: str) -> str:
    """Return a column's name as readers say it."""
    return {"ai_equity": "AI equity", "notes": "Treasury notes", "bills": "Treasury bills"}.get(
        name, name.replace("_", " ")
    )


def svg(figure: Figure) -> bytes:
    """Return the figure as SVG without date, program or machine in it."""
    return _rendered(figure, "svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})


def png(figure: Figure, dpi: int = 150) -> bytes:
    """Return the figure as PNG without date, program or machine in it."""
    return _rendered(figure, "png", metadata={"Software": None}, dpi=dpi)


def save(figure: Figure, path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Write `path`.png and `path`.svg, each whole or not at all, and return both paths."""
    stem = Path(path)
    png_path, svg_path = stem.with_name(stem.name + ".png"), stem.with_name(stem.name + ".svg")
    write_whole(png_path, png(figure))
    write_whole(svg_path, svg(figure))
    return png_path, svg_path


def save_all(figures: dict[str, Figure], folder: str | os.PathLike[str]) -> dict[str, bytes]:
    """Write every figure under its name into a folder that exists, and return what was written as SVG."""
    return {name: save(figure, Path(folder) / name)[1].read_bytes() for name, figure in figures.items()}


def _settings() -> Any:
    import matplotlib

    settings: Any = {**matplotlib.rcParamsDefault, **SETTINGS, "backend": matplotlib.rcParams["backend"]}
    return matplotlib.rc_context(settings)


def _rendered(figure: Figure, kind: str, **how: Any) -> bytes:
    content = io.BytesIO()
    with _settings():
        figure.savefig(content, format=kind, **how)
    return content.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)  # mkstemp makes it private
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
