"""The documentation as a site: it is built without a warning, every link leads somewhere, and nothing is fetched."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest
import typer

import abm
from abm.cli.app import app
from abm.outcome.recorder import SERIES
from abm.outcome.summary import Summary

ROOT = Path(__file__).parents[1]
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
ELSEWHERE = re.compile(r"(https?:)?//")


class Page(HTMLParser):
    """What a page fetches when it is opened, where its links lead, and the places in it that links may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value for key, value in attrs if value}
        self.places |= {named[key] for key in ("id", "name") if key in named}
        if tag in FETCHED and FETCHED[tag] in named:
            self.fetched.append(named[FETCHED[tag]])
        elif tag == "a" and "href" in named:
            self.links.append(named["href"])


def options(command: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every option of every command below, each by its last name, with the heading that its command should have."""
    if hasattr(command, "commands"):
        for name, below in command.commands.items():
            yield from options(below, f"{path}-{name}")
    else:
        yield from ((path, part.opts[-1]) for part in command.params if part.opts[-1].startswith("--"))
        yield path, "--help"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it, warnings being errors."""
    folder = tmp_path_factory.mktemp("site")
    options = re.search(r"-m sphinx (.*) -d \S+ (.*) site\n", (ROOT / "Makefile").read_text("utf-8"))
    assert options
    call = [*options[1].split(), "-d", str(folder / "doctrees"), *options[2].split(), str(folder / "site")]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *call], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    assert built.stderr == ""
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(found) > 50
    return found


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        assert page.fetched
        for target in page.fetched:
            assert not ELSEWHERE.match(target), f"{path.name} fetches {target}"
            assert (path.parent / unquote(re.split("[?#]", target)[0])).exists(), f"{path.name} fetches {target}"
    for sheet in site.rglob("*.css"):
        text = sheet.read_text("utf-8")
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", text), f"{sheet.name} fetches"


@pytest.mark.slow
def test_every_link_within_leads_somewhere(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for link in page.links:
            target, place = urldefrag(link)
            if ELSEWHERE.match(target) or link == "#":
                continue
            there = (path.parent / unquote(target)).resolve() if target else path
            assert there.is_file(), f"{path.name} links to {link}"
            if place and there in pages:
                assert unquote(place) in pages[there].places, f"{path.name} links to {link}"


@pytest.mark.slow
def test_the_reference_is_read_off_the_code(site: Path) -> None:
    command_line = (site / "reference" / "command_line.html").read_text("utf-8")
    described = dict(re.findall(r'<section id="(powderkeg[\w-]*)">(.*?)</section>', command_line, re.DOTALL))
    found = list(options(typer.main.get_command(app), "powderkeg"))
    assert {command for command, _ in found} == set(described)
    for command, option in found:
        assert f'<span class="pre">{option}</span>' in described[command], f"{command} {option}"
    results = (site / "reference" / "results.html").read_text("utf-8")
    for key, _, _ in Summary.describe():
        assert f'<span class="pre">{key}</span>' in results
    assert results.count("<tr") == len(Summary.describe()) + len(SERIES) + 2
    python = (site / "reference" / "python.html").read_text("utf-8")
    for name in (*abm.__all__, "RunResult.story", "model.PowderKegModel.add_trader"):
        assert name == "__version__" or f'id="abm.{name}"' in python, name
