"""The size of a shock from which on something happens in a run, found by bisection."""

from __future__ import annotations

from collections.abc import Callable

HALVINGS = 34  # of a bracket of a tenth: to 1e-11


def edge(happens: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest size at which it happens, between one at which it does not and one at which it does."""
    if happens(low) or not happens(high):
        raise ValueError(f"no edge between {low} and {high}")
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if happens(middle) else (middle, high)
    return high
