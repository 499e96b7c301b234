"""The model as one function of numbers, for the libraries that calibrate, search and decompose.

>>> simulate = abm.simulator(parameters=["spark.total", "funds.leverage"], series=["price_ai_equity"])
>>> simulate([0.5, 2], 250, 7).shape
(250, 1)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING

from abm.errors import InputError, shown
from abm.experiments.one_run import loaded, valid_seed
from abm.scenario import DEFAULT, Scenario
from abm.scenario.reading import DECLARED

if TYPE_CHECKING:
    import numpy as np

# What a desk would turn first: the news, who owes how much, who is alike, who can buy, who can bear losses.
DIALS = (
    "spark.total",  # how bad the news is [log points]
    "spark.days",  # how long it takes to arrive, 1 is sudden [days, whole]
    "funds.leverage",  # how much funds borrow [times today's]
    "funds.crowding",  # how much of their books is AI equity, the crowded trade [times today's]
    "margin.volatility_response",  # how far margins rise when volatility doubles [times]
    "redemptions.sensitivity",  # how many investors leave after a loss [share per month]
    "markets.depth",  # how much can be sold before prices give way [times today's]
    "banks.capital",  # how much banks can lose [times today's]
    "stablecoins.supply",  # how large stablecoins are [$bn]
    "private_credit.ai_share",  # how much private credit lends to builders of data centres [share]
)
SERIES = (
    "price_ai_equity",
    "price_broad_equity",
    "price_notes",
    "price_crypto",
    "believers",
    "forced_sales_ai_equity",
    "dealer_capital",
    "bank_capital",
    "credit_funds_worth",
    "output",
)
ROUNDING = 1e-9  # how far from a whole number a library's own arithmetic may have carried one


@dataclass(frozen=True)
class Simulator:
    """A scenario with some dials left open: called with their values, it returns daily series.

    It can be pickled, so that pools of processes take it as it is, and threads may share it. `scenario`,
    `parameters` and `series` say what it was made of.
    """

    scenario: Scenario = field(repr=False)
    parameters: tuple[str, ...]
    series: tuple[str, ...]

    def __call__(self, theta: Iterable[float], n_ticks: int, seed: int) -> np.ndarray:
        """Simulate the first `n_ticks` days with the dials at `theta`; return (n_ticks, n_series) floats.

        `theta` has one number for each of `parameters`, in their order; where a whole number is meant, 20.0 is
        one and 20.4 is refused. The length of the scenario does not matter: a day is the same however many are
        simulated after it. The seed is that of `abm.run`. Raises InputError, also where numbers that are
        allowed one by one contradict each other.
        """
        import numpy as np

        from abm.economy import Economy

        days = _whole_days(n_ticks)
        changed = self._values(theta) | {"run.ticks": max(days, self.scenario.run.ticks)}
        economy = Economy(self.scenario.replace(changed), valid_seed(seed))
        economy.advance(days)
        return np.column_stack([economy.series(column) for column in self.series])

    @property
    def __name__(self) -> str:
        """The name that calibrators keep with what they found."""
        return f"simulate_{self.scenario.name}"

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest value that a scenario may have, by parameter; not what is plausible."""
        return tuple((DECLARED[path].low, DECLARED[path].high) for path in self.parameters)

    @property
    def start(self) -> tuple[float, ...]:
        """The scenario's own values: the theta that changes nothing."""
        return tuple(self.scenario.quantity(path).value for path in self.parameters)

    def _values(self, theta: object) -> dict[str, float]:
        """What theta says, by path."""
        values = list(theta) if isinstance(theta, Iterable) else [theta]
        if len(values) != len(self.parameters):
            raise InputError(
                f"theta: its length is {len(values)}; allowed is {len(self.parameters)}, a number for each of "
                f"{', '.join(self.parameters)}"
            )
        return {path: _number(path, value) for path, value in zip(self.parameters, values, strict=True)}


def simulator(
    scenario: Scenario | str | Path = DEFAULT,
    parameters: Sequence[str] = DIALS,
    series: Sequence[str] = SERIES,
) -> Simulator:
    """The function `simulate(theta, n_ticks, seed)` of a scenario, for some of its dials and daily series.

    `parameters` are paths of numbers, as `powderkeg scenarios params` lists them; `series` are columns of
    `ticks`. Raises InputError.
    """
    from abm.outcome.tables import COLUMNS

    numbers = [path for path, declared in DECLARED.items() if declared.kind in (int, float) and path != "run.ticks"]
    return Simulator(
        loaded(scenario),
        _names("parameters", parameters, numbers, "paths of numbers, as spark.total, and run.ticks is not one of them"),
        _names("series", series, COLUMNS, "columns of ticks, as price_ai_equity"),
    )


def _names(what: str, given: object, known: Iterable[str], allowed: str) -> tuple[str, ...]:
    """The names in a list, if each is known and there once."""
    names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else ()
    if not names or len(set(map(str, names))) < len(names):
        raise InputError(f"{what} = {shown(given)} is not a list of different names; allowed are {allowed}")
    known = list(known)
    for name in names:
        if name not in known:
            near = [other for other in known if other.endswith(f".{name}")] or get_close_matches(str(name), known, 1)
            guess = f"did you mean {near[0]}? " if near else ""
            raise InputError(f"{what} = {shown(name)} is not known; {guess}allowed are {allowed}")
    return names


def _number(path: str, value: object) -> float:
    """A value of theta as a plain number; whole where that is meant, if it is so but for a library's rounding."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"theta: {path} = {shown(value)} is not a number; allowed is {DECLARED[path].allowed()}")
    if isinstance(value, Integral):
        return int(value)
    number = float(value)
    whole = DECLARED[path].kind is int and math.isfinite(number) and abs(number - round(number)) <= ROUNDING
    return round(number) if whole else number


def _whole_days(n_ticks: object) -> int:
    if isinstance(n_ticks, bool) or not isinstance(n_ticks, Integral) or n_ticks < 1:
        raise InputError(f"n_ticks = {shown(n_ticks)} is not allowed; allowed is a whole number of days of at least 1")
    return int(n_ticks)


simulate = simulator()
