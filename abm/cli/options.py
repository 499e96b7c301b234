"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.errors import InputError

if TYPE_CHECKING:
    from abm.scenario import Scenario

ScenarioName = Annotated[
    str | None,
    typer.Argument(metavar="SCENARIO", help="A shipped name or a TOML file.", show_default="us_late_2025"),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one value; repeatable.", show_default=False),
]
Out = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to write; default: under outputs/.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON on stdout, and nothing else.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the results in a folder that exists.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes; the results do not depend on it.", show_default="all cores")
]
Cluster = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, or 'local', as for sweeps.", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would take, measured on a run or two, and stop.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]


def chosen_scenario(name: str | None, changes: list[str] | None) -> Scenario:
    """The named scenario, or the default one, with every `--set` applied."""
    from abm.scenario import DEFAULT, load

    return load(DEFAULT if name is None else name, **overrides_of(changes))


def overrides_of(changes: list[str] | None) -> dict[str, object]:
    """What every `--set` says, by path."""
    from abm.scenario import parse_override

    overrides: dict[str, object] = {}
    for text in changes or []:
        change = parse_override(text)
        if twice := change.keys() & overrides.keys():
            raise InputError(f"--set: {min(twice)} is given twice; allowed is once")
        overrides |= change
    return overrides


def state_scenario(path: Path, changes: list[str] | None) -> Scenario:
    """The scenario in a saved state, with every `--set` applied."""
    from abm.economy import Economy

    scenario, overrides = Economy.load(path).scenario, overrides_of(changes)
    return scenario.replace(overrides) if overrides else scenario


def default_folder(scenario: Scenario, changes: list[str] | None, ending: str) -> Path:
    """`outputs/<scenario>-<ending>`, with a piece of the digest when values were changed."""
    from abm.scenario import names

    known = scenario.name in names() and not changes
    name = f"{safe_name(scenario.name)}-{ending}"
    return Path("outputs", name if known else f"{name}-{scenario.digest[:8]}")


def safe_name(text: str) -> str:
    """A text as a plain file name."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "_" for c in text).lstrip(".") or "_"
