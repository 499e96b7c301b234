"""Who may speak to the server: pages that it has served itself, and beyond this machine those with the token."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

POLICY = (
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE_FOR_ANY_PAGE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
SAFE = (*SAFE_FOR_ANY_PAGE, (b"cache-control", b"no-store"), (b"content-security-policy", POLICY))


def is_loopback(host: str) -> bool:
    """Say whether an address is of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """An application that answers only to its own name and its own pages.

    A page of another site can make a browser send requests here, under a name of its own that leads to this
    machine: such a request has a foreign Host, or a foreign Origin. Parameters: app; host and port it is bound to;
    token, the first part of every path, or none; headers that are added to every answer.
    """

    def __init__(self, app: App, host: str, port: int, token: str = "", headers: Sequence[Header] = SAFE) -> None:
        self.app, self.port, self.token, self.headers = app, port, token, headers
        if is_loopback(host):
            self.names = {"localhost", "127.0.0.1", "::1", host}
        else:
            self.names = {"localhost", host.lower(), socket.gethostname().lower()}
        self.numbers_too = not is_loopback(host)  # nobody can make a number lead elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = self.path_inside(scope["path"])
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        if not self.is_welcome(scope["type"], headers):
            await refuse(scope, send, 403)
        elif path is None:
            await refuse(scope, send, 404)
        else:
            inside = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
            await self.app(inside, receive, with_headers(send, self.headers))

    def path_inside(self, path: str) -> str | None:
        """What follows the token; None where it is another or none."""
        if not self.token:
            return path
        first, slash, rest = path.removeprefix("/").partition("/")
        same = secrets.compare_digest(first.encode(), self.token.encode())
        return f"/{rest}" if same and slash else None

    def is_welcome(self, kind: str, headers: list[tuple[bytes, str]]) -> bool:
        """Say whether Host is a name of this server, and Origin, which a browser adds to a WebSocket, the same."""
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or not self.is_own(hosts[0]) or len(origins) > 1:
            return False
        if not origins:
            return kind == "http"
        return origins[0].lower() == f"http://{hosts[0].lower()}"

    def is_own(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if parts.netloc != host or port != self.port or parts.username is not None:
            return False
        if name in self.names:
            return True
        if self.numbers_too:
            try:
                return bool(ipaddress.ip_address(name))
            except ValueError:
                return False
        return False


def with_headers(send: Send, headers: Sequence[Header]) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return sent


async def refuse(scope: Scope, send: Send, status: int) -> None:
    """End a request without a word of why."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = {403: b"not from here\n", 404: b"there is nothing here\n"}[status]
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode()), *SAFE]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
