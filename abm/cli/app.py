"""The commands and where each of them is."""

from __future__ import annotations

from typing import Annotated

import typer

from abm import __version__
from abm.cli.bench import bench
from abm.cli.calibrate import calibrate
from abm.cli.chains import chains
from abm.cli.compare import compare
from abm.cli.demo import demo
from abm.cli.edge import edge
from abm.cli.explain import explain
from abm.cli.live import live
from abm.cli.maps import map_, report
from abm.cli.policy import policy
from abm.cli.robustness import robustness
from abm.cli.run import run
from abm.cli.scenarios import app as scenarios
from abm.cli.sensitivity import sensitivity
from abm.cli.story import story, why
from abm.cli.sweep import sweep
from abm.cli.validate import validate

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="A laboratory for how the bursting of one bubble runs through leveraged funds, dealers and banks.",
)
app.command()(run)
app.command()(compare)
app.command()(sweep)
app.command()(demo)
app.command("map")(map_)
app.command()(report)
app.command()(live)
app.command()(validate)
app.command()(robustness)
app.command()(explain)
app.command()(edge)
app.command()(sensitivity)
app.command()(policy)
app.command()(calibrate)
app.command()(bench)
app.command()(story)
app.command()(why)
app.command()(chains)
app.add_typer(scenarios, name="scenarios")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"powderkeg {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
