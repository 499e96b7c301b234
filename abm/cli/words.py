"""Results in words and tables, for stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from abm.bench.profile import Profile
    from abm.cli.screen import Screen
    from abm.experiments.results import ComparisonResult, RunResult
    from abm.report.tables import Table

SHOWN = (
    *("drawdown", "days_to_half", "worst_20_day_share", "worst_day", "speed"),
    *("acceleration", "amplification"),
    *("broad_drawdown", "verdict_real", "no_news_verdict_real"),
    *("verdict_financial", "no_news_verdict_financial", "verdict_moves"),
    *("funds_failed_share", "dealers_failed", "banks_failed", "banks_failed_asset_share"),
    *("lender_losses_bn", "dealer_losses_bn", "bank_losses_bn", "loan_losses_bn"),
    *("bank_capital_change", "bank_capital_change_vs_no_news", "output_shortfall"),
    *("redemptions_bn", "forced_sales_bn", "note_discount_max"),
)
MEDIANS = (
    *("drawdown", "worst_20_day_share", "worst_day", "acceleration", "amplification", "broad_drawdown"),
    *("funds_failed_share", "dealers_failed", "banks_failed"),
    *("lender_losses_bn", "bank_capital_change", "bank_capital_change_vs_no_news"),
    *("output_shortfall", "forced_sales_bn"),
)
LABELS = ("speed", "verdict_real", "verdict_financial")
MOST_WITH_MEANING = 3  # members beside which the meaning of a key has room


def print_run(result: RunResult) -> None:
    """The summary of a run as a table, and its verdict as a sentence."""
    from abm.outcome.story import verdict_in_words

    summary = result.summary.to_dict()
    described = {key: (unit, meaning) for key, unit, meaning in result.summary.describe()}
    rows = [(key, shown(summary[key], described[key][0]), described[key][1]) for key in SHOWN]
    print_table(f"{result.scenario.name}, seed {result.seed}", ("", "", "meaning"), rows)
    print(verdict_in_words(summary))


def print_profile(profile: Profile) -> None:
    """Each phase's share of the time that the days take, and what lies around the days."""
    rows = [
        (row.phase, f"{row.share:.1%}", f"{row.cumulated:.1%}", f"{row.microseconds_a_day:,.1f}")
        for row in profile.rows()
    ]
    print()
    print_table(f"processor time of {profile.days} days", ("", "share", "cumulated", "microseconds a day"), rows)
    stages = profile.seconds()
    total = sum(stages.values())
    print()
    rows = [(stage, f"{seconds / total:.1%}", f"{seconds:.3f} s") for stage, seconds in stages.items()]
    print_table(f"of the whole command, {total:.2f} s", ("", "share", ""), rows)


def print_comparison(result: ComparisonResult) -> None:
    """Medians over seeds and shares of verdicts, a column per member; and for the draws without the spark.

    These have a column where all members share them, else a row below that of the key.
    """
    from abm.outcome.summary import Summary
    from abm.report.members import WITHOUT_SPARK

    described = {key: (unit, meaning) for key, unit, meaning in Summary.describe()}
    data = result.data
    shared = len(data.quiet_worlds()) == 1
    rows = []

    def add(name: str, key: str, said: Callable[[pl.Series], str], meaning: str) -> None:
        cells = [said(data.of(label)[key]) for label in data.members]
        calm = [""]
        if f"no_news_{key}" in described:
            calm = [said(data.without_spark(key, label)) for label in data.members]
        rows.append((name, *cells, *(calm[:1] if shared else ()), meaning))
        if not shared and len(calm) > 1:
            rows.append((f"  {WITHOUT_SPARK}", *calm, ""))

    for key in MEDIANS:
        unit, meaning = described[key]
        add(f"median {key}", key, lambda values, unit=unit: shown(values.median(), unit), meaning)
    for key in LABELS:
        add(key, key, lambda labels: shares(labels.drop_nulls().to_list()), "share of seeds with each label")
    names = dict.fromkeys(member.scenario.name for member in data.members.values())
    title = f"{', '.join(names)}, {len(data.seeds)} seeds"
    if data.origin is not None:
        title = f"{', '.join(names)}, seed {data.seeds[0]} from day {data.origin['day']} on"
    header = ("", *data.members, *([WITHOUT_SPARK] if shared else ()), "meaning")
    width = len(header) - (len(data.members) > MOST_WITH_MEANING)
    print_table(title, header[:width], [row[:width] for row in rows])


def shown(value: Any, unit: str) -> str:
    """A value with its unit as a reader wants it; a dash where there is none."""
    if value is None or value == "":
        return "-"
    if isinstance(value, str):
        return value
    if unit == "share":
        return f"{value:.1%}"
    if unit == "count":
        return f"{value:g}"
    return f"{value:,.1f} {unit}" if unit == "$bn" else f"{value:.3g} {unit}"


def shares(labels: Sequence[str]) -> str:
    """How often each label came, commonest first."""
    counts = sorted((-labels.count(label), label) for label in set(labels))
    return ", ".join(f"{label} {-count / len(labels):.0%}" for count, label in counts) or "-"


def hand_over(
    screen: Screen,
    folder: Path,
    files: dict[str, bytes],
    content: Mapping[str, Any],
    said: str,
    tables: Iterable[tuple[str, Table]],
    as_json: bool,
) -> None:
    """Write a report's files, print its content as JSON or what is said with its tables, and say where it is."""
    from abm.sweep.drawings import write_files

    write_files(folder, files, force=True)
    if as_json:
        print(json.dumps(content, allow_nan=False))
    else:
        print(said)
        for title, table in tables:
            print_table(title, table.header, table.rows)
    screen.say(f"the report: {folder / 'report.html'}")


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain table; nothing in it is read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, title=Text(title), title_justify="left", box=None, pad_edge=False)
    table.columns[0].no_wrap = True  # names stay whole
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 140, highlight=False).print(table)
