"""The tutorials and how-tos say what really comes out: all that they tell the reader to do is done, in order.

In a block `console` a line `$ powderkeg ...` is called, in a block `python` all is run, each page in a folder and a
namespace of its own. What is shown below it (of Python in a block `text` that follows at once) is what comes out,
`...` standing for whatever is left out. A block `toml` that begins with the name of a file is written there.
"""

import doctest
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from abm.cli import main

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [*sorted((DOCS / "tutorials").glob("*.md")), DOCS / "how_to.md"]
BLOCK = re.compile(r"^```(console|python|toml|text)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
ALIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
COLD = "compiling the rules"  # said once on a machine, and by no page


class Step(NamedTuple):
    """Something to do, at a line of a page, and what is shown to come of it."""

    line: int
    kind: str
    text: str
    shown: str


def steps(page: str) -> Iterator[Step]:
    """What a page tells the reader to do, in order."""
    ended = None
    for block in BLOCK.finditer(page):
        kind, text = block.groups()
        line = page.count("\n", 0, block.start()) + 2
        if kind == "console":
            for call in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
                yield Step(line + text.count("\n", 0, call.start()), kind, *call.groups())
        elif kind == "python":
            after = BLOCK.match(page, block.end() + 1)
            yield Step(line, kind, text, after[2] if after and after[1] == "text" else "")
            ended = block.end() + 1
        elif kind == "toml":
            yield Step(line, kind, text, "")
        else:
            assert block.start() == ended, f"line {line}: shown, and nothing is run before it"


def call(command: str, said: Callable[[], str]) -> str:
    """What `powderkeg` says; who shows an error means it."""
    program, *arguments = shlex.split(command)
    assert program == "powderkeg", command
    code = main(arguments)
    text = "".join(line for line in said().splitlines(keepends=True) if not line.startswith(COLD))
    return text if code == 0 else f"{text}[exit code {code}]\n"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_shown_is_what_comes_out(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said() -> str:
        written = capsys.readouterr()
        return written.out + written.err

    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for step in steps(page.read_text("utf-8")):
        came = ""
        if step.kind == "console":
            came = call(step.text, said)
        elif step.kind == "python":
            exec(compile(step.text, f"{page.name}, line {step.line}", "exec"), names)
            came = said()
        else:
            Path(step.text.partition("\n")[0].removeprefix("# ")).write_text(step.text, "utf-8")
        if step.shown or "[exit code" in came:
            alike = doctest.OutputChecker().check_output(step.shown, came, ALIKE)
            assert alike, f"{page.name}, line {step.line}, shows\n{step.shown}\nand what comes is\n{came}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_runs_and_shows_something(page: Path) -> None:
    found = list(steps(page.read_text("utf-8")))
    assert len(found) >= 5
    assert sum(bool(step.shown) for step in found) >= 4
    for step in found:
        assert not step.shown or re.search(r"\w", step.shown.replace("...", "")), f"line {step.line} shows nothing"
