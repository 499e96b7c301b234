"""The verdict: how fast, how bad for the economy, how bad for finance; numbers first, labels as cuts.

Every cut can be moved by a quarter either way, alone or with all others, to see which labels hang on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

SPEEDS = ("gradual", "mixed", "sudden")
REAL = ("contained", "correction", "recession")
FINANCIAL = ("calm", "market_breakdown", "banking_crisis")
WIGGLE = 0.25


@dataclass(frozen=True)
class Cuts:
    """Where one label ends and the next begins: the design's own cuts; those of speed are docs/speed_cuts.py's."""

    gradual_share: float = 0.52  # at most this share of the fall in its worst 20 days is gradual
    sudden_share: float = 0.66  # at least this share is sudden
    broad_drawdown: float = 0.20  # fall of broad equity that is a correction, share
    dealers_failed: float = 2.0  # failed dealers that are a market breakdown, count
    yield_gap: float = 50.0  # rise of the note yield above the no-news twin's, basis points
    yield_days: float = 5.0  # consecutive days of it
    note_depth: float = 0.3  # depth of notes below which it counts
    bank_assets: float = 0.10  # share of bank assets at failed banks that is a banking crisis
    capital_missing: float = 0.15  # capital missing to banks' target, against opening capital, that is one too
    lending_fall: float = 0.05  # while bank lending is down by so much, share
    output_gap: float = 0.015  # output below the no-news twin's that is a recession, log points
    output_days: float = 126.0  # consecutive days of it: half a year


# A cut that is a ceiling: raising it lets more in.
_CEILINGS = ("note_depth",)
_OF_SPEED = ("gradual_share", "sudden_share")
_OF_REAL = ("broad_drawdown", "output_gap", "output_days")


@dataclass(frozen=True)
class Evidence:
    """What the labels are read from; None where there was no fall or no twin.

    note_yield_gap: (days,) basis points above the no-news twin; note_depth: (days,) share; output_gap: (days,)
    log points below the no-news twin; capital_missing, lending_fall: (days,) shares of their opening values.
    """

    worst_20_day_share: float | None
    broad_drawdown: float
    dealers_failed: float
    banks_failed_asset_share: float
    note_yield_gap: np.ndarray | None
    note_depth: np.ndarray
    output_gap: np.ndarray | None
    capital_missing: np.ndarray
    lending_fall: np.ndarray


def speed_label(worst_20_day_share: float | None, cuts: Cuts = Cuts()) -> str | None:
    """Return gradual, mixed or sudden from the share of the fall in its worst 20 days (None: no fall)."""
    if worst_20_day_share is None:
        return None
    if worst_20_day_share >= cuts.sudden_share:
        return "sudden"
    return "gradual" if worst_20_day_share <= cuts.gradual_share else "mixed"


def real_label(evidence: Evidence, cuts: Cuts = Cuts()) -> str:
    """Return contained, correction or recession.

    A recession is output 1.5 % or more below its no-news twin for half a year on end, and is not seen without
    the twin; a correction is broad equity a fifth below its peak.
    """
    gap = evidence.output_gap
    if gap is not None and longest_spell(gap >= cuts.output_gap) >= math.ceil(cuts.output_days):
        return "recession"
    return "correction" if evidence.broad_drawdown >= cuts.broad_drawdown else "contained"


def financial_label(evidence: Evidence, cuts: Cuts = Cuts()) -> str:
    """Return calm, market_breakdown or banking_crisis.

    A market breakdown is two failed dealers, or notes that yield more than 50 basis points above their
    no-news twin on five consecutive days with depth under 0.3. A banking crisis is a tenth of bank assets
    at failed banks, or a day on which banks lack 15 % of their opening capital to their target ratio and
    lend 5 % less than at the start.
    """
    short = (evidence.capital_missing >= cuts.capital_missing) & (evidence.lending_fall >= cuts.lending_fall)
    if evidence.banks_failed_asset_share >= cuts.bank_assets or short.any():
        return "banking_crisis"
    if evidence.dealers_failed >= cuts.dealers_failed:
        return "market_breakdown"
    return "market_breakdown" if notes_broke_down(evidence, cuts) else "calm"


def notes_broke_down(evidence: Evidence, cuts: Cuts = Cuts()) -> bool:
    """Say whether notes yielded too much in a thin market for long enough; not without the twin."""
    if evidence.note_yield_gap is None:
        return False
    strained = (evidence.note_yield_gap > cuts.yield_gap) & (evidence.note_depth < cuts.note_depth)
    return longest_spell(strained) >= math.ceil(cuts.yield_days)


def longest_spell(flags: np.ndarray) -> int:
    """Return the largest number of consecutive true days."""
    longest = current = 0
    for flag in flags.tolist():
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest


def shifted(factor: float, names: tuple[str, ...] | None = None, cuts: Cuts = Cuts()) -> Cuts:
    """Return cuts made stricter (factor > 1) or easier (< 1) to reach; ceilings move the other way."""
    chosen = tuple(f.name for f in fields(cuts)) if names is None else names
    moved = {name: getattr(cuts, name) * (2.0 - factor if name in _CEILINGS else factor) for name in chosen}
    return replace(cuts, **moved)


def sensitivity(evidence: Evidence) -> list[tuple[str, float, str, str]]:
    """Return the single cuts that change a label: (cut, its moved value, axis, the label that it would give).

    Empty when no cut, moved by a quarter on its own, changes anything.
    """
    changes = []
    for cut in fields(Cuts):
        for factor in (1.0 - WIGGLE, 1.0 + WIGGLE):
            moved = replace(Cuts(), **{cut.name: getattr(Cuts(), cut.name) * factor})
            if cut.name in _OF_SPEED:
                axis, usual = "speed", speed_label(evidence.worst_20_day_share)
                label = speed_label(evidence.worst_20_day_share, moved)
            elif cut.name in _OF_REAL:
                axis, usual, label = "real", real_label(evidence), real_label(evidence, moved)
            else:
                axis, usual, label = "financial", financial_label(evidence), financial_label(evidence, moved)
            if label is not None and label != usual:
                changes.append((cut.name, getattr(moved, cut.name), axis, label))
    return changes


def evidence_of(
    ticks: pl.DataFrame, no_news: pl.DataFrame | None, worst_20_day_share: float | None, broad_drawdown: float
) -> Evidence:
    """Gather what the labels are read from; the twin has the same days, or more."""
    gap = output_gap = None
    if no_news is not None and no_news.height >= ticks.height:
        calm = no_news.head(ticks.height)
        gap = (ticks["yield_notes"].to_numpy() - calm["yield_notes"].to_numpy()) * 100.0
        output_gap = calm["output"].to_numpy() - ticks["output"].to_numpy()
    opening_capital, lending = float(ticks["bank_capital"][0]), ticks["bank_lending"].to_numpy()
    return Evidence(
        worst_20_day_share=worst_20_day_share,
        broad_drawdown=broad_drawdown,
        dealers_failed=float(ticks["dealers_failed"][-1]),
        banks_failed_asset_share=float(ticks["bank_assets_failed_share"][-1]),
        note_yield_gap=gap,
        note_depth=ticks["depth_notes"].to_numpy(),
        output_gap=output_gap,
        capital_missing=ticks["capital_missing"].to_numpy() / max(opening_capital, 1e-12),
        lending_fall=1.0 - lending / max(float(lending[0]), 1e-12),
    )
