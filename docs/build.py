"""Regenerates the numbers and figures of README.md and docs/; `make numbers` calls it, and the scripts of other pages.

Between `<!-- generated: name -->` and `<!-- end -->` nothing is written by hand. Tables that are read off the code, or
off what the bench left, take a second (`--tables`); measured ones take some minutes on two cores (fewer seeds to try:
`--seeds 20`) and are stamped, in docs/results.md, with the digest of all that can change them (`digest.py`).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import benched
from digest import answers_digest, source_digest, validation_digest
from tables import STATIC

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    *("README.md", "docs/model.md", "docs/calibration.md", "docs/own_data.md", "docs/performance.md"),
    "docs/results.md",
)
FIGURES = ROOT / "docs" / "figures"
REGION = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
SCENARIOS = "docs/scenarios.md"  # which docs/scenario_runs.py measures
MAP = "docs/sweeps.md"  # which docs/maps.py measures
VALIDATION = "docs/validation.md"  # which docs/validation.py measures
ANSWERS = "docs/answers.md"  # which docs/answers.py measures
STAMP = re.compile(
    r"sources `(?P<sources>[0-9a-f]+)` and (?P<seeds>\d+) seeds; what was written reads `(?P<reads>[0-9a-f]+)`"
)
FULL = 100


class Made(NamedTuple):
    """Numbers that one command makes: the page with their stamp, where they stand, and what they are made of.

    `own`: how the names of its regions begin, where others write into the same documents; () has what nobody else has.
    """

    page: str
    command: str
    stamp: str
    documents: tuple[str, ...]
    sources: Callable[[], str]
    seeds: int
    own: tuple[str, ...] = ()


RESULTS = Made("docs/results.md", "make numbers", "stamp", DOCUMENTS, source_digest, FULL)
OF_SCENARIOS = Made(SCENARIOS, "python docs/scenario_runs.py", "scenario-stamp", (SCENARIOS,), source_digest, FULL)
OF_VALIDATION = Made(
    *(VALIDATION, "python docs/validation.py", "validation-stamp", (VALIDATION, "README.md")),
    *(validation_digest, 2 * FULL, ("validation", "robustness")),
)
OF_ANSWERS = Made(
    *(ANSWERS, "python docs/answers.py", "answers-stamp", (ANSWERS, "README.md")),
    *(answers_digest, 8, ("answers",)),
)
OF_MAP = Made(MAP, "python docs/maps.py", "map-stamp", (MAP,), source_digest, FULL)
MADE = (RESULTS, OF_MAP, OF_SCENARIOS, OF_VALIDATION, OF_ANSWERS)
STAMPS = tuple(made.stamp for made in MADE)


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


def is_own(made: Made, region: str) -> bool:
    """Whether this command writes a region, of a document that it may share."""
    named = next((one for one in MADE if one.own and region.startswith(one.own)), None)
    return named is made or (named is None and not made.own)


def reads(made: Made) -> str:
    """The first 16 digits of the SHA-256 of all that one command measured and wrote."""
    digest = hashlib.sha256()
    for name in made.documents:
        for found in REGION.finditer((ROOT / name).read_text("utf-8")):
            if is_own(made, found[2]) and found[2] not in (*STATIC, *STAMPS):
                digest.update(found[0].encode())
    return digest.hexdigest()[:16]


def stamped(made: Made, sources: str, seeds: int, command: str = "") -> str:
    """The sentence that says what numbers were made of, and what they were when they were made."""
    said = f"Made by `{command or made.command}` from the sources `{sources}` and {seeds} seeds"
    return f"{said}; what was written reads `{reads(made)}`."


def stale() -> str | None:
    """One sentence that says what is out of date, or None."""
    for name in DOCUMENTS:
        text = (ROOT / name).read_text("utf-8")
        if filled(text, STATIC) != text:
            return f"{name}: what is read off the code or the bench is out of date; run 'python docs/build.py --tables'"
    if benched.PAGE.read_text("utf-8") != benched.page():
        return f"{benched.PAGE.name}: it is not that of the numbers beside it; run 'python docs/build.py --tables'"
    for made in MADE:
        stamp = STAMP.search((ROOT / made.page).read_text("utf-8"))
        if stamp is None or stamp["sources"] != made.sources():
            return f"{made.page}: the measured numbers are older than the sources; run '{made.command}'"
        if int(stamp["seeds"]) < made.seeds:
            return f"{made.page}: the numbers come from {stamp['seeds']} seeds, not {made.seeds}; run '{made.command}'"
        if stamp["reads"] != reads(made):
            return f"{made.page}: a measured number was changed after it was written; run '{made.command}'"
    return None


def write(content: Mapping[str, Callable[[], str]], names: Sequence[str] = DOCUMENTS) -> None:
    """Write regions anew wherever they stand."""
    for name in names:
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
        benched.PAGE.write_text(benched.page(), "utf-8")
        return
    from measured import measured

    digest = source_digest()
    content = measured(chosen.seeds, chosen.workers, FIGURES)
    if source_digest() != digest:
        print("the sources changed while the numbers were made: run 'make numbers' again", file=sys.stderr)
    write({**STATIC, **content})
    write({"stamp": lambda: stamped(RESULTS, digest, chosen.seeds)})


if __name__ == "__main__":
    main()
