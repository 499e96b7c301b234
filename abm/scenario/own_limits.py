"""The sections of what makes funds sell before anybody calls: investors who leave, and limits of their own."""

from __future__ import annotations

from abm.scenario.declare import Section, number


class Redemptions(Section):
    """How investors leave funds."""

    sensitivity: float = number("asked back a month for a loss of one over the year", "share per month", 0, 10)
    notice_days: int = number("notice that investors give", "days", 0, 1000)
    quarter_days: int = number("days between the dates of payment", "days", 1, 1000)
    gate: float = number("most that is paid out on one date", "share", 0.001, 1)
    expectation: float = number("rise of the wish to leave when others fill the gate", "times", 0, 100)


class RiskLimits(Section):
    """Limits that funds set themselves."""

    volatility_tolerance: float = number("volatility, against normal, that the cautious accept", "times", 0.1, 100)
    trend_days: float = number("time over which a trend is measured", "days", 1, 10_000)
    trend_cut: float = number("part cut for a price far below its trend", "share", 0, 1)
    trend_reach: float = number(
        "distance below the trend that is far, in normal moves over its days", "times", 0.01, 100
    )
    least_cut: float = number("least part of a book that is worth a trade", "share", 0, 1)
    cut_days: int = number("time over which a cut is sold: one part in so many a day", "days", 1, 1000)
    rebuild_days: float = number("time over which a book is rebuilt in calm", "days", 1, 10_000)
    memory_days: float = number("time over which the best day is forgotten", "days", 1, 10_000)
    reach_up: float = number("largest cautious book in calmer markets, against the first", "times", 1, 10)
