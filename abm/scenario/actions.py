"""Timed actions that start a crisis elsewhere than in the story of AI: a shock to one market, a loss of one lender."""

from __future__ import annotations

from typing import Literal

from abm.scenario.declare import Section, choice, number

MARKETS = ("ai_equity", "broad_equity", "notes", "bills", "crypto")
LENDERS = (
    "bank",
    "dealer",
    "largest_banks",
    "largest_dealers",
    "banks_of_first_issuer",
    "banks_of_second_issuer",
    "banks_of_third_issuer",
)


class ShockAction(Section):
    """News about one market alone."""

    kind: Literal["shock"] = "shock"
    tick: int = number("day of the action", "days", 0, 1_000_000_000)
    market: str = choice("market that hears it", *MARKETS)
    total: float = number("worth that it loses, good news negative", "log points", -3, 3)
    days: int = number("days over which the news is spread", "days", 1, 100_000)


class LossAction(Section):
    """A bank or a dealer loses capital on business of its own."""

    kind: Literal["loss"] = "loss"
    tick: int = number("day of the action", "days", 0, 1_000_000_000)
    of: str = choice(
        "who loses: a bank or dealer by its number, or by its place among the largest or among an issuer's banks",
        *LENDERS,
    )
    place: int = number("its number, or its place in that order, 0 the first", "count", 0, 1000)
    capital: float = number("part of its capital that is lost, 1 all of it", "share", 0, 2)
