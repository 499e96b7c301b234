"""Mesa's page on this machine alone: Solara's server inside ours, guarded as our own page is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.live.guard import SAFE_FOR_ANY_PAGE, Guard, is_loopback
from abm.live.server import address_of, bound, listen, needs_extra

if TYPE_CHECKING:
    from abm.scenario import Scenario

# What Solara reads when it is imported: nothing is fetched from or told to anybody beyond this machine.
SETTINGS = {
    "SOLARA_APP": "abm.live.mesa_page",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",  # nobody is there: all files come with solara-assets
    "SOLARA_CHECK_HOOKS": "off",  # Mesa 3.3 has one that Solara warns of
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "Powder Keg",
}


def serve(scenario: Scenario, host: str, port: int, announce: Any) -> None:
    """Serve Mesa's page until interrupted; `announce` is told the address as soon as it can be opened."""
    if not is_loopback(host):
        raise InputError(f"--host: {host[:80]} is open to others, and Mesa's page has no token; allowed is 127.0.0.1")
    os.environ |= SETTINGS
    needs_extra("mesa", "altair", "solara", "solara_assets", "uvicorn")
    with bound(host, port) as listening:
        from solara.server.starlette import app

        from abm.live import mesa_page

        mesa_page.given = scenario
        port = listening.getsockname()[1]
        guarded = Guard(app, host, port, headers=SAFE_FOR_ANY_PAGE)  # it needs scripts that our own page may not have
        listen(guarded, listening, lambda: announce(address_of(host, port, "")), lifespan="on")
