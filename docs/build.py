"""Regenerates every number and figure of README.md and docs/; `make numbers` calls it.

Between `<!-- generated: name -->` and `<!-- end -->` nothing is written by hand. Tables that are read off
the code take a second (`--tables`); measured ones take some minutes on two cores (fewer seeds to try:
`--seeds 20`) and are stamped, in docs/results.md, with the digest of all that can change them (`digest.py`).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from digest import source_digest
from tables import STATIC

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "docs/model.md", "docs/calibration.md", "docs/own_data.md", "docs/results.md")
FIGURES = ROOT / "docs" / "figures"
REGION = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
STAMP = re.compile(r"sources `([0-9a-f]+)` and (\d+) seeds")
FULL = 100


def regions(text: str) -> list[str]:
    """The names of a document's generated regions."""
    return [found[2] for found in REGION.finditer(text)]


def filled(text: str, content: Mapping[str, Callable[[], str]]) -> str:
    """The document with the regions that `content` has written anew, and all others as they were."""

    def region(found: re.Match[str]) -> str:
        if found[2] not in content:
            return found[0]
        return f"{found[1]}{content[found[2]]().strip()}\n{found[3]}"

    return REGION.sub(region, text)


def stamp_of(text: str) -> tuple[str, int] | None:
    """The digest and the number of seeds that the measured numbers are stamped with."""
    found = STAMP.search(text)
    return (found[1], int(found[2])) if found else None


def stale() -> str | None:
    """One sentence that says what is out of date, or None."""
    for name in DOCUMENTS:
        text = (ROOT / name).read_text("utf-8")
        if filled(text, STATIC) != text:
            return f"{name}: a table that is read off the code is out of date; run 'make numbers'"
    stamp = stamp_of((ROOT / "docs" / "results.md").read_text("utf-8"))
    if stamp is None or stamp[0] != source_digest():
        return "README.md and docs/: the measured numbers are older than the sources; run 'make numbers'"
    if stamp[1] < FULL:
        return f"README.md and docs/: the numbers come from {stamp[1]} seeds, not {FULL}; run 'make numbers'"
    return None


def write(content: Mapping[str, Callable[[], str]]) -> None:
    for name in DOCUMENTS:
        path = ROOT / name
        path.write_text(filled(path.read_text("utf-8"), content), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=FULL, help=f"seeds (default {FULL}; fewer to try)")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--tables", action="store_true", help="only the tables that need no run")
    chosen = parser.parse_args()
    if chosen.tables:
        write(STATIC)
        return
    from measured import measured

    digest = source_digest()
    content = measured(chosen.seeds, chosen.workers, FIGURES)
    if source_digest() != digest:
        print("the sources changed while the numbers were made: run 'make numbers' again", file=sys.stderr)
    made = f"Made by `make numbers` from the sources `{digest}` and {chosen.seeds} seeds."
    write({**STATIC, **content, "stamp": lambda: made})


if __name__ == "__main__":
    main()
