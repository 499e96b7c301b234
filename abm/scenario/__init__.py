"""From a scenario file to a frozen, validated scenario; knows no model."""

from abm.scenario.files import DEFAULT, Parameter, assumed, load, names, parameters, parse_override, parse_overrides
from abm.scenario.reading import Quantity
from abm.scenario.scenario import Scenario
from abm.scenario.schema import json_schema

__all__ = [
    "DEFAULT",
    "Parameter",
    "Quantity",
    "Scenario",
    "assumed",
    "json_schema",
    "load",
    "names",
    "parameters",
    "parse_override",
    "parse_overrides",
]
