"""A live view on a real port, and what a page would say to it, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

import abm

ROOT = Path(abm.__file__).parents[1]
SMALL = {
    "run.ticks": 60,
    "spark.start": 10,
    "funds.count": 20,
    "margin_accounts.count": 5,
    "crypto.holders": 100,
}


@contextmanager
def live(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`powderkeg live` in a process of its own: its address, and the process."""
    command = [sys.executable, "-m", "abm", "live", *arguments, "--no-browser", "--port", "0"]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        assert address, server.communicate()[1]
        yield address, server
    finally:
        server.terminate()
        server.communicate(timeout=20)


class Page:
    """What a page says and hears, without a browser; its Origin is the address unless it is another, or none."""

    def __init__(self, address: str, origin: str | None = "") -> None:
        self.closing = ExitStack()
        own: Any = address.rstrip("/") if origin == "" else origin
        opened = connect(address.replace("http:", "ws:") + "live", origin=own, max_size=None, proxy=None)
        self.socket: ClientConnection = self.closing.enter_context(opened)
        self.opening: dict[str, Any] = {}

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self) -> dict[str, Any] | bytes:
        """The next thing that is said; frames are acknowledged, as a page does that draws them."""
        heard = self.socket.recv(timeout=60)
        if isinstance(heard, bytes):
            return heard
        message = json.loads(heard)
        if "opening" in message:
            self.opening = message["opening"]
        if "frame" in message:
            self.say(do="drawn", frame=message["frame"]["frame"])
        return message

    def hear_until(self, what: Any) -> dict[str, Any]:
        """Listen until something is said for which `what` holds, and return it."""
        while True:
            message = self.hear()
            if isinstance(message, dict) and what(message):
                return message

    def frame(self, what: Any = lambda _: True) -> dict[str, Any]:
        return self.hear_until(lambda message: "frame" in message and what(message["frame"]))["frame"]

    def hear_the_end(self) -> Close:
        """Listen until the server ends it, and return how."""
        while True:
            try:
                self.hear()
            except ConnectionClosed as ended:
                return ended.rcvd or Close(1006, "")

    def problem(self) -> str:
        return self.hear_until(lambda message: "problem" in message)["problem"]

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.close()
