"""Mesa's page on this machine alone: Solara's server inside ours, guarded as our own page is."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.live.guard import SAFE_FOR_ANY_PAGE, Guard, is_loopback
from abm.live.server import address_of, bound, listen

if TYPE_CHECKING:
    from abm.scenario import Scenario

# Solara reads these when it is imported: nothing is fetched, told or looked for beyond this machine.
SETTINGS = {
    "SOLARA_APP": "abm.live.mesa_page",
    "SOLARA_MODE": "production",
    "SOLARA_CHECK_HOOKS": "off",  # Mesa 3.3 has one that Solara warns of
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_TELEMETRY_SERVER_USER_ID": "nobody",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",  # all files come from solara-assets
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "Powder Keg",
    "SOLARA_THEME_LOADER": "plain",
}


def needs_extra() -> None:
    """Raise InputError where the libraries of Mesa's page are missing."""
    for name in ("solara", "solara-assets", "altair", "uvicorn"):
        try:
            version(name)
        except PackageNotFoundError:
            raise InputError(f"live: {name} is not installed; allowed is after pip install 'powderkeg[mesa]'") from None


def serve(scenario: Scenario, host: str, port: int, announce: Any) -> None:
    """Serve Mesa's page until interrupted; `announce` is told the address as soon as it can be opened."""
    needs_extra()
    if not is_loopback(host):
        raise InputError(
            f"--host: {host[:80]} is beyond this machine, and Mesa's page knows no token; allowed is without --mesa"
        )
    with bound(host, port) as listening:
        os.environ |= SETTINGS
        from solara.server.starlette import app

        from abm.live import mesa_page

        mesa_page.given = scenario
        port = listening.getsockname()[1]
        guarded = Guard(app, host, port, headers=SAFE_FOR_ANY_PAGE)  # Solara's page runs scripts that ours may not
        listen(guarded, listening, lambda: announce(address_of(host, port, "")), lifespan="on")
