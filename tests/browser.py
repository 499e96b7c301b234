"""A real browser that reaches nothing beyond this machine, for tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing beyond this machine has an address
)
found = next((path for name in BROWSERS if (path := shutil.which(name))), None)


def skip_without_chromium() -> None:
    """Skip the module that says so where there is no Chromium, unless one is required."""
    if found is None and os.environ.get("POWDERKEG_BROWSER") != "required":
        pytest.skip("no Chromium here: the tests of the live view in a browser did not run", allow_module_level=True)


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    assert found is not None, "POWDERKEG_BROWSER=required, and there is no Chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield opened
        opened.close()


def beyond(asked: str, address: str) -> bool:
    """Say whether a request leaves the server at an address."""
    return not asked.startswith((address, address.replace("http:", "ws:"), "data:", "blob:"))
