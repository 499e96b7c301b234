"""Regenerates every number and figure of README.md and docs/; `make numbers` calls it.

Between `<!-- generated: name -->` and `<!-- end -->` nothing is written by hand. Tables that are read off
the code take a second (`--tables`); measured ones take some minutes on two cores (fewer seeds to try:
`--seeds 20`) and are stamped, in docs/results.md, with the digest of all that can change them (`digest.py`).
"""

from __future__ import annotations

import argparse
import hashlib
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
SCENARIOS = "docs/scenarios.md"  # which docs/scenario_runs.py measures
STAMP = re.compile(
    r"sources `(?P<sources>[0-9a-f]+)` and (?P<seeds>\d+) seeds; what was written reads `(?P<reads>[0-9a-f]+)`"
)
STAMPS = ("stamp", "scenario-stamp")
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


def reads(*names: str) -> str:
    """The first 16 digits of the SHA-256 of all that was measured and written into these documents."""
    digest = hashlib.sha256()
    for name in names:
        for found in REGION.finditer((ROOT / name).read_text("utf-8")):
            if found[2] not in (*STATIC, *STAMPS):
                digest.update(found[0].encode())
    return digest.hexdigest()[:16]


def stamped(command: str, sources: str, seeds: int, *names: str) -> str:
    """The sentence that says what numbers were made of, and what they were when they were made."""
    made = f"Made by `{command}` from the sources `{sources}` and {seeds} seeds"
    return f"{made}; what was written reads `{reads(*names)}`."


def stale() -> str | None:
    """One sentence that says what is out of date, or None."""
    for name in DOCUMENTS:
        text = (ROOT / name).read_text("utf-8")
        if filled(text, STATIC) != text:
            return f"{name}: a table that is read off the code is out of date; run 'make numbers'"
    for page, names in (("docs/results.md", DOCUMENTS), (SCENARIOS, (SCENARIOS,))):
        stamp = STAMP.search((ROOT / page).read_text("utf-8"))
        command = "make numbers" if page != SCENARIOS else "python docs/scenario_runs.py"
        if stamp is None or stamp["sources"] != source_digest():
            return f"{page}: the measured numbers are older than the sources; run '{command}'"
        if int(stamp["seeds"]) < FULL:
            return f"{page}: the numbers come from {stamp['seeds']} seeds, not {FULL}; run '{command}'"
        if stamp["reads"] != reads(*names):
            return f"{page}: a measured number was changed after it was written; run '{command}'"
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
    write({**STATIC, **content})
    write({"stamp": lambda: stamped("make numbers", digest, chosen.seeds, *DOCUMENTS)})


if __name__ == "__main__":
    main()
