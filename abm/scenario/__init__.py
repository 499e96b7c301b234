"""From a scenario file to a frozen, validated scenario; knows no model."""

from abm.scenario.files import DEFAULT, Parameter, assumed, load, names, parameters, parse_override
from abm.scenario.reading import Quantity
from abm.scenario.scenario import Scenario

__all__ = [
    "DEFAULT",
    "Parameter",
    "Quantity",
    "Scenario",
    "assumed",
    "load",
    "names",
    "parameters",
    "parse_override",
]
