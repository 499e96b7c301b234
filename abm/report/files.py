"""What reports are written as: figures twice, and JSON without NaN."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from abm.figures.style import png, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def drawn_files(name: str, figure: Figure) -> tuple[dict[str, bytes], bytes]:
    """The files of a figure by name, and its SVG for the page."""
    content = svg(figure)
    return {f"figures/{name}.svg": content, f"figures/{name}.png": png(figure)}, content


def dumped(content: dict[str, Any]) -> bytes:
    """The bytes of a JSON file."""
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()
