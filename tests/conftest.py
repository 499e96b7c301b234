"""What all tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-baseline",
        action="store_true",
        help="write the stored results anew instead of comparing with them; `make baseline` does",
    )


@pytest.fixture
def refresh_baseline(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("--refresh-baseline")
