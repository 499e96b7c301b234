"""What all tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from abm.cli import main


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-baseline",
        action="store_true",
        help="write the stored results anew instead of comparing with them; `make baseline` does",
    )


@pytest.fixture
def refresh_baseline(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("--refresh-baseline")


@pytest.fixture
def powderkeg(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Call the command in a folder of the test's own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        written = capsys.readouterr()
        return code, written.out, written.err

    return call
