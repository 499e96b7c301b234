"""Write the locks: for each Python minor the versions with hashes, for any platform. Called by `make lock`.

A lock names no package index. A private index in pip's configuration is handed to uv, which does not read it.
"""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
MINORS = ("3.11", "3.12", "3.13")


def index_of_this_machine() -> dict[str, str]:
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    index = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return {"UV_DEFAULT_INDEX": index} if index else {}


def lock(uv: str, minor: str, name: str, *options: str) -> None:
    sources = ["pyproject.toml", "requirements/build.in"]
    settings = ["--universal", "--generate-hashes", "--upgrade", "--python-version", minor, *options]
    silent = ["--quiet", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate"]
    named = ["--custom-compile-command", "make lock", "--output-file", f"requirements/{minor}-{name}.txt"]
    subprocess.run(
        [uv, "pip", "compile", *sources, *settings, *silent, *named],
        check=True,
        cwd=FOLDER.parent,
        env={**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1", **index_of_this_machine()},
    )


if __name__ == "__main__":
    for minor in MINORS:
        lock(sys.argv[1], minor, "dev", "--extra", "dev")
        # the smaller lock is a part of the larger one, so that neither undoes the other in one environment
        lock(sys.argv[1], minor, "run", "--constraint", f"requirements/{minor}-dev.txt")
