"""`powderkeg live`: a run to watch in a browser, and to take into one's hands."""

from __future__ import annotations

from typing import Annotated

import typer

from abm.cli.options import Quiet, ScenarioName, chosen_scenario
from abm.cli.screen import Screen

LOOPBACK, PORT = "127.0.0.1", 8050


def live(
    scenario: ScenarioName = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; beyond this machine the address has a token.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="The port; 0: any that is free.")] = PORT,
    mesa: Annotated[
        bool, typer.Option("--mesa", help="Mesa's own page, SolaraViz, instead: with powderkeg[mesa], here alone.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    quiet: Quiet = False,
) -> None:
    """Open a page on which a run is watched as it happens, and handled: spark, pause, policies, side by side."""
    if mesa:
        from abm.live.mesa_server import serve
    else:
        from abm.live.server import serve
    chosen = chosen_scenario(scenario, None)
    screen = Screen(quiet)
    screen.compile_if_cold()

    def announce(address: str) -> None:
        typer.echo(address)
        screen.say("the live view is at this address; Ctrl-C ends it")
        if not no_browser:
            import webbrowser

            webbrowser.open(address)

    serve(chosen, host, port, announce)
