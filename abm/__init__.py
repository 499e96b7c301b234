"""Powder Keg: a laboratory for how a bursting bubble runs through leveraged funds, dealers and banks.

>>> import abm
>>> scenario = abm.load("us_late_2025", **{"spark.days": 500})
>>> result = abm.run(scenario, seed=7)
>>> both = abm.compare("us_late_2025", days=(1, 500), seeds=100)
>>> series = abm.simulate(abm.simulate.start, n_ticks=250, seed=7)
>>> worlds = abm.compare(["us_late_2025", "powder_keg"], changes=[{"spark.days": 500}])
>>> payments, defaults = abm.clearing_payments([[0, 10, 0], [0, 0, 10], [5, 0, 0]], [2, 1, 0])

Everything is imported on first use, so that `import abm` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.clearing import Clearing, clearing_payments
    from abm.experiments.compare import compare
    from abm.experiments.files import read
    from abm.experiments.one_run import run
    from abm.experiments.results import ComparisonResult, RunResult
    from abm.experiments.simulator import simulate, simulator
    from abm.scenario import Scenario, load

__version__ = "0.1.0"
__all__ = [
    "Clearing",
    "ComparisonResult",
    "RunResult",
    "Scenario",
    "__version__",
    "clearing_payments",
    "compare",
    "load",
    "read",
    "run",
    "simulate",
    "simulator",
]

_HOMES = {
    "load": "abm.scenario",
    "Scenario": "abm.scenario",
    "run": "abm.experiments.one_run",
    "compare": "abm.experiments.compare",
    "read": "abm.experiments.files",
    "simulate": "abm.experiments.simulator",
    "simulator": "abm.experiments.simulator",
    "clearing_payments": "abm.clearing",
    "Clearing": "abm.clearing",
    "RunResult": "abm.experiments.results",
    "ComparisonResult": "abm.experiments.results",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'abm' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
