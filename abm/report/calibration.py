"""The report of a calibration: what was fitted, and what became of every target, used and held out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from abm.evidence.check import Curve, Picture
from abm.evidence.validate import MISSED, PASSED
from abm.figures.evidence import evidence_figure
from abm.figures.style import png, svg
from abm.report.evidence import SAID, expected, short
from abm.report.pages import Page, Section, picture, render, stamp
from abm.report.tables import Table
from abm.report.words import NOTHING
from abm.scenario import DEFAULT, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abm.evidence.calibrate import Calibration
    from abm.evidence.validate import Finding

HEADER = ("target", "expected", "before", "after", "verdict before", "after")


def calibration_files(found: Calibration) -> dict[str, bytes]:
    """Return the report as files by name: `report.html`, `calibration.json`, `fitted.toml`, and `figures/`."""
    figure = evidence_figure(numbers_picture(found))
    drawn = svg(figure)
    sections = [
        Section(
            "The numbers",
            [f"{found.trials} trials; squared gaps {short(found.loss_before)} → {short(found.loss_after)}."],
            figures=[picture(drawn, "Each fitted number against what it was.")],
            tables=[numbers_table(found)],
        ),
        Section("Targets that were fitted", tables=[targets_table(found, used=True)]),
        Section("Targets that were held out", tables=[targets_table(found, used=False)]),
    ]
    page = Page("Calibration", answer(found), stamp(load(DEFAULT).digest), sections=sections)
    plain = {
        "fitted": dict(found.fitted),
        "before": {number.path: number.value for number in found.numbers},
        "loss": [found.loss_before, found.loss_after],
        "trials": found.trials,
        "targets": [
            {"used": is_used, "before": before.to_dict(), "after": after.to_dict()}
            for is_used, before, after in pairs(found)
        ],
    }
    return {
        "report.html": render(page).encode(),
        "calibration.json": json.dumps(plain, indent=1, allow_nan=False).encode(),
        "fitted.toml": fitted_toml(found).encode(),
        "figures/numbers.svg": drawn,
        "figures/numbers.png": png(figure),
    }


def pairs(found: Calibration) -> Iterator[tuple[bool, Finding, Finding]]:
    """Every target before and after, and whether it was fitted."""
    for before, after in zip(found.before.findings, found.after.findings, strict=True):
        yield (before.check.name, before.target.name) in found.used, before, after


def numbers_picture(found: Calibration) -> Picture:
    """What became of each number, in times what it was."""
    times = [float(found.fitted[number.path]) / number.value for number in found.numbers]
    places = range(len(times))
    ends = [sorted((number.low / number.value, number.high / number.value)) for number in found.numbers]
    return Picture(
        title="The fitted numbers, in times today's",
        x="",
        y="times today's value",
        names=[number.path for number in found.numbers],
        curves=[
            Curve("fitted, with its range", places, times, [e[0] for e in ends], [e[1] for e in ends], joined=False),
            Curve("today's", places, [1.0] * len(times), joined=False, published=True),
        ],
    )


def numbers_table(found: Calibration) -> Table:
    rows = [
        (n.path, n.unit, short(n.value), short(float(found.fitted[n.path])), f"{short(n.low)} to {short(n.high)}")
        for n in found.numbers
    ]
    return Table(("number", "unit", "before", "fitted", "range"), rows, text_columns=2)


def targets_table(found: Calibration, used: bool) -> Table:
    """Targets before and after; of those that were held out only what changed its number."""
    rows = []
    for is_used, before, after in pairs(found):
        if is_used == used and (used or before.measured != after.measured):
            values = [NOTHING if one.measured is None else short(one.measured.value) for one in (before, after)]
            verdicts = [SAID.get(one.verdict, one.verdict) for one in (before, after)]
            name = f"{before.check.name}.{before.target.name}: {before.target.what}"
            rows.append((name, expected(before.target), *values, *verdicts))
    return Table(HEADER, rows, text_columns=99)


def fitted_toml(found: Calibration) -> str:
    """The default scenario with the fitted numbers, as a file that runs."""
    to = ", ".join(sorted(".".join(key) for key in found.used))
    lines = [
        f'extends = "{DEFAULT}"',
        'name = "fitted"',
        f'title = "{DEFAULT}, with numbers fitted to {to}"',
    ]
    table = ""
    for number in sorted(found.numbers, key=lambda number: number.path.rpartition(".")):
        before, (table, _, key) = table, number.path.rpartition(".")
        value = found.fitted[number.path]
        source = f"fitted within {short(number.low)} to {short(number.high)} to {to}"
        lines += ["", f"[{table}]"] if table != before else []
        lines += [f'{key} = {{ value = {value!r}, unit = "{number.unit}", source = "{source}" }}']
    return "\n".join([*lines, ""])


def answer(found: Calibration) -> str:
    """What the fit brought, and what it cost elsewhere."""
    rest = [(before, after) for is_used, before, after in pairs(found) if not is_used]
    lost = sum(before.verdict == PASSED and after.verdict == MISSED for before, after in rest)
    won = sum(before.verdict == MISSED and after.verdict == PASSED for before, after in rest)
    numbers = ", ".join(f"{n.path} {short(n.value)} → {short(float(found.fitted[n.path]))}" for n in found.numbers)
    return (
        f"{numbers}: squared gaps {short(found.loss_before)} → {short(found.loss_after)}; of {len(rest)} targets held "
        f"out {won} are met that were missed, {lost} missed that were met."
    )
