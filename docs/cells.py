"""How numbers are written in the tables of the documentation."""

from __future__ import annotations

import math

import numpy as np


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    if abs(value) < 1e-3:
        return "0" if value == 0 else "≈ 0"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def signed(value: float) -> str:
    return f"+{number(value)}" if value >= 1e-3 else number(value).replace("-", "−")


def percent(values: np.ndarray) -> str:
    return f"{100 * float(np.median(values)):.0f} %"


def middle(values: np.ndarray, form: str = ".2f") -> str:
    return format(float(np.median(values)), form)


def share(flags: np.ndarray) -> str:
    return f"{100 * float(np.mean(flags)):.0f} %"


def with_interval(values: np.ndarray) -> str:
    """The mean over seeds with its 95 % interval."""
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    return f"{mean:.2f} ({mean - 1.96 * error:.2f} to {mean + 1.96 * error:.2f})"
