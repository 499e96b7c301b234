"""The report of robustness: what is left of each claim in each other world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from abm.evidence.check import Curve, Picture
from abm.evidence.robustness.claims import CLAIMS
from abm.evidence.robustness.plans import DAYS, DRAWS, LEVERAGE, MOST, SEEDS_OF_DRAW
from abm.experiments.files import parquet
from abm.figures.evidence import evidence_figure
from abm.report.files import drawn_files, dumped
from abm.report.pages import Page, Section, picture, render, stamp
from abm.report.tables import Table
from abm.report.words import NOTHING

if TYPE_CHECKING:
    from abm.evidence.robustness.run import Robustness
    from abm.scenario import Scenario

TABLES = ("maps", "claims", "screen", "worlds", "split")


def robustness_files(found: Robustness, scenario: Scenario) -> dict[str, bytes]:
    """Return the report as files by name: `report.html`, the tables as Parquet, `robustness.json`, and `figures/`."""
    figures = {claim.name.replace(" ", "_"): evidence_figure(claim_picture(found, claim.name)) for claim in CLAIMS}
    files, drawn = {}, {}
    for name, figure in figures.items():
        made, drawn[name] = drawn_files(name, figure)
        files |= made
    files |= {f"{name}.parquet": parquet(getattr(found, name)) for name in TABLES}
    plain = {name: getattr(found, name).fill_nan(None).to_dicts() for name in TABLES if name != "worlds"}
    files["robustness.json"] = dumped(plain)
    sections = [
        Section(
            "What is left of the claims",
            [claim_words()],
            figures=[picture(content, f"The claim: {name.replace('_', ' ')}.") for name, content in drawn.items()],
            tables=[claims_table(found)],
        ),
        Section("The maps", ["Share of runs in which two dealers or more fail."], tables=[maps_table(found)]),
        Section("Which assumed numbers matter near the edge", [screen_words()], tables=[screen_table(found)]),
        Section("Numbers or luck", [split_words()], tables=[split_table(found)]),
    ]
    page = Page("Robustness of the headline", answer(found), stamp(scenario.digest), sections=sections)
    files["report.html"] = render(page).encode()
    return files


def claim_picture(found: Robustness, name: str) -> Picture:
    """One claim in all worlds, with its intervals."""
    own = found.claims.filter(pl.col("claim") == name)
    claim = next(claim for claim in CLAIMS if claim.name == name)
    values = {column: own[column].fill_null(strategy="zero").to_list() for column in ("mean", "low", "high")}
    return Picture(
        title=f"{name[0].upper()}{name[1:]}: {claim.words}",
        x="",
        y="margin of the claim, share of runs (at or below nought: it does not hold)",
        names=own["variant"].to_list(),
        curves=[
            Curve("mean and 95 % interval", range(own.height), values["mean"], values["low"], values["high"], False)
        ],
        allowed=(0.0, None),
    )


def claims_table(found: Robustness) -> Table:
    """A row for each world, a column for each claim."""
    rows = []
    for variant in found.claims["variant"].unique(maintain_order=True):
        own = {row["claim"]: row for row in found.claims.filter(pl.col("variant") == variant).iter_rows(named=True)}
        rows.append((variant, *(cell(own[claim.name]) for claim in CLAIMS), str(own[CLAIMS[0].name]["n"])))
    return Table(("world", *(claim.name for claim in CLAIMS), "paired seeds"), rows, text_columns=99)


def cell(row: dict[str, float | None]) -> str:
    """Whether a claim holds, with its mean and interval."""
    said = "holds" if row["holds"] else "DOES NOT HOLD"
    low, high = (NOTHING if row[end] is None else f"{row[end]:+.2f}" for end in ("low", "high"))
    return f"{said}: {row['mean']:+.2f} ({low} to {high})"


def maps_table(found: Robustness) -> Table:
    """The share of breakdowns of every world, days of the news across."""
    days = sorted(found.maps[DAYS].unique())
    rows = []
    for (variant, leverage), own in found.maps.group_by("variant", LEVERAGE, maintain_order=True):
        shares = dict(own.select(DAYS, "value").iter_rows())
        cells = [f"{shares[day]:.2f}" if shares.get(day) is not None else NOTHING for day in days]
        rows.append((str(variant), f"× {leverage:g}", *cells))
    rows.sort(key=lambda row: list(found.maps["variant"].unique(maintain_order=True)).index(row[0]))
    return Table(("world", "leverage", *(f"{day} days" for day in days)), rows, text_columns=2)


def screen_table(found: Robustness, most: int = 3 * MOST) -> Table:
    """The assumed numbers that matter most near the edge."""
    rows = [
        (
            row["path"],
            f"{row['value']:g}",
            row["unit"],
            f"{row['low']:g} to {row['high']:g}",
            *(
                f"{row[name] or 0.0:+.2f}"
                for name in ("change_low", "change_high", "breakdowns_low", "breakdowns_high")
            ),
        )
        for row in found.screen.head(most).iter_rows(named=True)
    ]
    header = ("number", "value", "unit", "range", "log losses at low", "at high", "breakdowns at low", "at high")
    return Table(header, rows, text_columns=4)


def split_table(found: Robustness) -> Table:
    """How much of the outcome's variance the numbers make, and how much the seeds, at each corner."""
    rows = [
        (
            f"{row[DAYS]} days, leverage × {row[LEVERAGE]:g}",
            f"{row['share']:.2f}",
            f"{row['of_numbers']:.3f}",
            f"{row['of_seeds']:.3f}",
            NOTHING if row["part_of_numbers"] is None else f"{row['part_of_numbers']:.0%}",
        )
        for row in found.split.iter_rows(named=True)
    ]
    header = ("corner", "share of breakdowns", "variance from numbers", "from seeds", "part of the numbers")
    return Table(header, rows)


def claim_words() -> str:
    return (
        "Each claim is a difference between corners of the map on paired seeds, with Student's t interval; it holds "
        "where the whole interval lies above nought. "
        + " ".join(f"{claim.name[0].upper()}{claim.name[1:]}: {claim.words}." for claim in CLAIMS)
    )


def screen_words() -> str:
    return (
        "One at a time at half and at double, news on one day at twice today's leverage: mean change of log(1 + losses "
        f"of lenders in $bn) and of the share of breakdowns, paired. The first {MOST} have maps of their own above."
    )


def split_words() -> str:
    return (
        f"{DRAWS} worlds in which all assumed numbers are drawn between half and double, without those whose books "
        f"contradict themselves, {SEEDS_OF_DRAW} paired seeds each; the variance of the outcome is split by one-way "
        "random effects (Searle, Casella and McCulloch 1992)."
    )


def answer(found: Robustness) -> str:
    """How often each claim holds."""
    counts = found.claims.group_by("claim", maintain_order=True).agg(pl.col("holds").sum(), pl.len())
    said = [f"“{claim}” holds in {holds} of {many} worlds" for claim, holds, many in counts.iter_rows()]
    return "; ".join(said) + "."
