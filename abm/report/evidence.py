"""The report of a validation: every check with its numbers, its picture and its verdict."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from abm.evidence.check import GROUPS
from abm.evidence.validate import FAILED, MISSED, OPEN, PASSED, REPORTED
from abm.figures.evidence import evidence_figure
from abm.figures.style import png, svg
from abm.report.pages import Page, Section, picture, render
from abm.report.tables import Table
from abm.report.words import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abm.evidence.targets import Target
    from abm.evidence.validate import Finding, Validation

HEADER = ("claim", "source", "expected", "got", "spread", "seeds", "verdict")
SAID = {MISSED: "MISSED", FAILED: "FAILED", OPEN: "cannot tell"}
_READING = (
    "Limits were written down before the numbers were seen, in docs/targets.toml. The spread is the 95 % interval "
    "of the number, or the band that the claim names. *Required*: books, closed forms, the quiet world; one of them "
    "missed fails the validation. Everything else is there to be seen: a miss stays a miss."
)


def evidence_files(found: Validation) -> dict[str, bytes]:
    """Return the report as files by name: `report.html`, `validation.json`, `validation.csv`, and `figures/`."""
    import polars as pl

    from abm import __version__

    lines = [finding.to_dict() for finding in found.findings]
    figures = {name: evidence_figure(one) for name, one in found.pictures.items()}
    drawn = {name: svg(figure) for name, figure in figures.items()}
    files = {f"figures/{name}.svg": content for name, content in drawn.items()}
    files |= {f"figures/{name}.png": png(figure) for name, figure in figures.items()}
    summary = {"program": __version__, "quick": found.quick, "sound": found.is_sound, "lines": lines}
    files["validation.json"] = json.dumps(summary, indent=1, allow_nan=False).encode()
    files["validation.csv"] = pl.DataFrame(lines, infer_schema_length=None).write_csv().encode()
    files["report.html"] = render(_page(found, drawn)).encode()
    return files


def table_of(findings: Sequence[Finding]) -> Table:
    """The lines of some checks in words."""
    return Table(HEADER, [row_of(finding) for finding in findings], text_columns=99)


def row_of(finding: Finding) -> tuple[str, ...]:
    """One line in words: claim, source, expected, got, spread, seeds, verdict."""
    target, found = finding.target, finding.measured
    claim = target.what + (f" ({target.unit})" if target.unit != "number" else "")
    verdict = SAID.get(finding.verdict, finding.verdict) + (" (required)" if target.required else "")
    if found is None:
        return (claim, target.source, expected(target), NOTHING, NOTHING, "0", f"{verdict}: {finding.reason}")
    spread = NOTHING if found.low is None or found.high is None else f"{short(found.low)} to {short(found.high)}"
    return (claim, target.source, expected(target), short(found.value), spread, f"{found.seeds}", verdict)


def expected(target: Target) -> str:
    """What is allowed, and what the source found where it says so."""
    low, high = target.at_least, target.at_most
    if low is not None and high is not None:
        limit = f"{short(low)} to {short(high)}"
    elif low is not None:
        limit = f"at least {short(low)}"
    else:
        limit = "" if high is None else f"at most {short(high)}"
    published = f"published: {target.published}" if target.published else ""
    return "; ".join(part for part in (limit, published) if part) or "nothing is asked"


def short(value: float) -> str:
    """A number at three digits."""
    return f"{value:.3g}"


def answer(found: Validation) -> str:
    """The sentence that comes first."""
    many = Counter(finding.verdict for finding in found.findings)
    asked = sum(many[verdict] for verdict in (PASSED, MISSED, FAILED, OPEN))
    required = [finding for finding in found.findings if finding.target.required]
    kept = sum(finding.verdict == PASSED for finding in required)
    rest = [f"{many[verdict]} {words}" for verdict, words in _COUNTED if many[verdict]]
    return (
        f"{many[PASSED]} of {asked} expectations are met, {kept} of {len(required)} that are required; "
        f"{', '.join(rest) or 'none is missed'}."
    )


_COUNTED = (
    (MISSED, "are missed"),
    (FAILED, "could not be measured"),
    (OPEN, "cannot be told at so few seeds"),
    (REPORTED, "numbers are only reported"),
)


def _page(found: Validation, drawn: dict[str, bytes]) -> Page:
    from abm import __version__

    missed = [finding for finding in found.findings if finding.verdict in (MISSED, FAILED)]
    sections = [Section("What is missed", tables=[table_of(missed)])] if missed else []
    checks = list(dict.fromkeys(finding.check for finding in found.findings))
    for group in GROUPS:
        for check in (check for check in checks if check.group == group):
            own = [finding for finding in found.findings if finding.check == check]
            figures = []
            if check.name in drawn:
                shown = found.pictures[check.name]
                figures = [picture(drawn[check.name], f"{shown.title}. {shown.words}".strip())]
            text = [f"Claimed by {check.authors}.", *([check.about] if check.about else [])]
            sections.append(Section(f"{group}: {check.title}", text, figures=figures, tables=[table_of(own)]))
    return Page(
        title=f"Validation, {'quick' if found.quick else 'full'}",
        answer=answer(found),
        lead=[_READING.replace("*", "")],
        sections=sections,
        stamp=f"Powder Keg {__version__}.",
    )
