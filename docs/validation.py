"""Fills docs/validation.md, and what README says of it, from a full validation and all runs of robustness.

The last step of `make numbers`: under an hour on two cores. Runs of robustness are kept below `outputs/`, by the
digest of the sources, so that it goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from build import OF_VALIDATION, ROOT, VALIDATION, stamped, write
from cells import table
from digest import validation_digest

import abm
from abm.evidence.check import GROUPS
from abm.evidence.kept import Kept
from abm.evidence.robustness.claims import CLAIMS
from abm.evidence.robustness.run import Robustness, robustness
from abm.evidence.validate import FAILED, MISSED, PASSED, REPORTED, Validation, validate
from abm.figures.evidence import evidence_figure
from abm.figures.style import png
from abm.report import evidence
from abm.report import robustness as report
from abm.report.tables import Table
from abm.sweep.drawings import write_files
from abm.sweep.sweep import Progress

SHOWN = "it takes both"  # the claim whose picture the page shows


def markdown(shown: Table) -> str:
    return table(tuple(shown.header), [tuple(row) for row in shown.rows])


def missed(found: Validation) -> str:
    """The lines that do not hold."""
    lines = [finding for finding in found.findings if finding.verdict in (MISSED, FAILED)]
    return markdown(evidence.table_of(lines)) if lines else "Nothing."


def full(found: Validation) -> str:
    """All lines, a table for each check."""
    parts = []
    for check in dict.fromkeys(finding.check for finding in found.findings):
        own = [finding for finding in found.findings if finding.check == check]
        words = f"**{check.title}** ({check.group}; {check.authors})"
        parts.append(f"{words}\n\n{markdown(evidence.table_of(own))}")
    return "\n\n".join(parts)


def in_readme(found: Validation) -> str:
    """The answer, how each group fares, and the full table folded away."""
    verdicts = (PASSED, MISSED, FAILED, REPORTED)
    rows = []
    for group in GROUPS:
        many = Counter(finding.verdict for finding in found.findings if finding.check.group == group)
        rows.append((group, *(str(many[verdict]) for verdict in verdicts)))
    counts = table(("held against", "met", "missed", "not measured", "only reported"), rows)
    return (
        f"{evidence.answer(found)}\n\n{counts}\n\n"
        f"<details><summary>The full table</summary>\n\n{full(found)}\n\n</details>"
    )


def hanging(found: Robustness) -> str:
    """For each claim in how many worlds it holds, and by name those in which it does not."""
    lines = []
    for claim in CLAIMS:
        own = found.claims.filter(found.claims["claim"] == claim.name)
        lost = own.filter(~own["holds"])["variant"].to_list()
        where = f" It does not hold with: {', '.join(f'`{name}`' for name in lost)}." if lost else ""
        words = f"{claim.words[0].upper()}{claim.words[1:]}"
        lines.append(f"- **{words}**: in {own.height - len(lost)} of {own.height} worlds.{where}")
    return "\n".join(lines)


def tell(name: str, now: Progress) -> None:
    if now.done == now.total:
        print(f"{name}: {now.total} runs", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--quick", action="store_true", help="few seeds, to try")
    chosen = parser.parse_args()
    digest = validation_digest()
    folder = ROOT / "outputs" / f"numbers-{digest}"
    found = validate(quick=chosen.quick, workers=chosen.workers, kept=Kept(folder / "runs"))
    write_files(folder / "validation", evidence.evidence_files(found), force=True)
    others = robustness(folder / "robustness", workers=chosen.workers, report=tell)
    write_files(folder / "robustness", report.robustness_files(others, abm.load()), force=True)
    picture = png(evidence_figure(report.claim_picture(others, SHOWN)), dpi=110)
    Path(ROOT, "docs", "figures", f"robustness_{SHOWN.replace(' ', '_')}.png").write_bytes(picture)
    content = {
        "validation-answer": lambda: evidence.answer(found),
        "validation-missed": lambda: missed(found),
        "validation-full": lambda: full(found),
        "validation-readme": lambda: in_readme(found),
        "robustness-readme": lambda: hanging(others),
        "robustness-claims": lambda: f"{report.claim_words()}\n\n{markdown(report.claims_table(others))}",
        "robustness-maps": lambda: markdown(report.maps_table(others)),
        "robustness-screen": lambda: f"{report.screen_words()}\n\n{markdown(report.screen_table(others))}",
        "robustness-split": lambda: f"{report.split_words()}\n\n{markdown(report.split_table(others))}",
    }
    write(content, OF_VALIDATION.documents)
    seeds = 0 if chosen.quick else max(finding.check.seeds for finding in found.findings)
    write({"validation-stamp": lambda: stamped(OF_VALIDATION, digest, seeds)}, (VALIDATION,))


if __name__ == "__main__":
    main()
