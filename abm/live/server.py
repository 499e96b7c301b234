"""The server of the live view: one page, its scripts, a WebSocket for each page that is open, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.live.guard import Guard, is_loopback

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from abm.scenario import Scenario

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".txt": "text/plain"}
MOST_SESSIONS = 8
LARGEST_MESSAGE = 65_536  # bytes
IDLE = 30 * 60.0  # seconds
FULL, ASLEEP, BROKEN = 4001, 4002, 4003  # why a session ended


def needs_extra(extra: str, *names: str) -> None:
    """Raise InputError where a library of an extra is missing."""
    for name in names:
        try:
            import_module(name)
        except ImportError:
            sentence = f"live: {name} is not installed; allowed is after pip install 'powderkeg[{extra}]'"
            raise InputError(sentence) from None


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises InputError where that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError):
        raise InputError(f"--host: {host[:80]!r} is no address here; allowed is one of this machine") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise InputError(
            f"--port: {port} on {host[:80]} cannot be had ({reason}); allowed is a free one, as --port {port + 1}"
        ) from None
    return listening


def application(scenario: Scenario, host: str, port: int, token: str, idle: float = IDLE) -> Any:
    """The application: files that were read when it started, and sessions while their pages are open.

    `idle` [seconds] is how long a page may be silent and not play.
    """
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route, WebSocketRoute

    files = {path.name: path.read_bytes() for path in sorted(PAGE.iterdir()) if path.suffix in TYPES}
    open_pages: set[WebSocket] = set()
    ready: list[asyncio.Future[None]] = []  # one, as soon as anybody is there to wait for it

    async def file(request: Any) -> Any:
        if not ready:
            ready.append(asyncio.ensure_future(asyncio.to_thread(warm_up, scenario)))
        name = request.path_params.get("name", "index.html")
        if name not in files:
            return Response("there is nothing here\n", 404, media_type="text/plain")
        return Response(files[name], media_type=TYPES[Path(name).suffix])

    async def live(page: WebSocket) -> None:
        await page.accept()
        if len(open_pages) >= MOST_SESSIONS:
            await page.close(FULL, f"{MOST_SESSIONS} pages are open here; close one of them")
            return
        open_pages.add(page)
        try:
            if not ready:
                ready.append(asyncio.ensure_future(asyncio.to_thread(warm_up, scenario)))
            await asyncio.shield(ready[0])
            await talk(page, scenario, idle)
        finally:
            open_pages.discard(page)
            # a Mesa model holds on to itself, and the turn of the loop that ends here to the session's last exception
            asyncio.get_running_loop().call_soon(gc.collect)

    routes = [Route("/", file), Route("/{name}", file), WebSocketRoute("/live", live)]
    inside = Starlette(routes=routes)
    inside.router.redirect_slashes = False
    return Guard(inside, host, port, token)


def warm_up(scenario: Scenario) -> None:
    """Import and compile what a first day needs, while the first page is being opened."""
    from abm.live.session import Session

    Session(scenario).step()


async def talk(page: WebSocket, scenario: Scenario, idle: float) -> None:
    """Give a page its session for as long as it is open."""
    from starlette.websockets import WebSocketDisconnect, WebSocketState

    from abm.live.connection import Connection
    from abm.live.session import Session

    try:
        with closing(Session(scenario)) as session:
            await Connection(page, session, idle).talk()
        if page.client_state is WebSocketState.CONNECTED:
            await page.close(ASLEEP, "nobody has touched this page for half an hour")
    except Exception as error:  # noqa: BLE001  the page is told a sentence, and the terminal the rest
        if isinstance(error, WebSocketDisconnect) or page.client_state is not WebSocketState.CONNECTED:
            return  # it was closed while something was sent to it
        traceback.print_exception(error)
        with suppress(Exception):
            await page.close(BROKEN, "the run broke; what happened is in the terminal")


def address_of(host: str, port: int, token: str) -> str:
    """The address to open."""
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/{f'{token}/' if token else ''}"


def serve(scenario: Scenario, host: str, port: int, announce: Any) -> None:
    """Serve until interrupted; `announce` is told the address as soon as pages can be opened."""
    needs_extra("live", "starlette", "uvicorn", "websockets")
    with bound(host, port) as listening:
        port = listening.getsockname()[1]
        token = "" if is_loopback(host) else secrets.token_urlsafe(16)
        app = application(scenario, host, port, token)
        address = address_of(host, port, token)
        listen(app, listening, lambda: announce(address), lifespan="off", ws_max_size=LARGEST_MESSAGE)


def listen(app: Any, listening: socket.socket, ready: Callable[[], None], **settings: Any) -> None:
    """Let an application answer at a socket until interrupted; `ready` is called first."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        **settings,
    )
    server = uvicorn.Server(config)

    async def run() -> None:
        ready()
        await server.serve(sockets=[listening])

    asyncio.run(run())
