"""What pages of the site take from elsewhere when they are made: README, and tables read off the code.

A page says where: `<!-- read off: commands -->` stands for what the function of that name returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cells import table
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
README = "readme"  # the page that shows README.md
IN_PARTS = "model"  # has several titles, as its protocol wants; a page of the site has one
PLACE = re.compile(r"<!-- read off: (\w+) -->")
LINK = re.compile(r"\]\((?!https?://|#)")
TO_README = re.compile(r"\]\((?:\.\./)+README\.md")


def fill(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put into a page what it takes from elsewhere, and lead its links to README to the page that shows it."""
    if page == README:
        source[0] = LINK.sub("](../", (ROOT / "README.md").read_text("utf-8")).replace("](../docs/", "](")
    else:
        source[0] = TO_README.sub(f"](/{README}.md", source[0])
    if page == IN_PARTS:
        title, *parts = re.split(r"^(?=#)", source[0], flags=re.MULTILINE)[1:]
        source[0] = title + "".join(f"#{part}" for part in parts)
    source[0] = PLACE.sub(lambda found: OF_NAME[found[1]](), source[0])


def commands() -> str:
    """Every command with its arguments and options, as typer has them."""
    import typer

    from abm.cli.app import app

    root: Any = typer.main.get_command(app)
    context = root.make_context("powderkeg", [], resilient_parsing=True)
    return "\n\n".join(of(command, within) for command, within in below(root, context))


def below(group: Any, context: Any) -> Iterator[tuple[Any, Any]]:
    """The commands of a group in the order of its help, those of groups within it too."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        within = type(context)(command, info_name=name, parent=context)
        if hasattr(command, "list_commands"):
            yield from below(command, within)
        else:
            yield command, within


def of(command: Any, context: Any) -> str:
    """One command: its words, how it is called, and a table of what it takes."""
    first, _, more = command.help.partition("\n")
    called = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    rows = [record for part in command.get_params(context) if (record := part.get_help_record(context))]
    cells = table(("argument or option", "meaning"), [(f"`{left}`", right) for left, right in rows])
    return f"## `{context.command_path}`\n\n{first}{more}\n\n```text\n{called}\n```\n\n{cells}"


def summary_keys() -> str:
    """Every key of the summary of a run."""
    from abm.outcome.summary import Summary

    return table(("key", "unit", "meaning"), [(f"`{key}`", unit, words) for key, unit, words in Summary.describe()])


def series() -> str:
    """Every daily series: a column of `ticks`, or one for each market, seller, issuer or channel."""
    from abm.outcome.recorder import COLUMNS, SERIES

    def columns(name: str) -> str:
        of_it = [column for column, (field, _) in COLUMNS.items() if field == name]
        return f"`{of_it[0]}`" if len(of_it) == 1 else f"`{of_it[0]}` to `{of_it[-1]}`"

    rows = [(columns(name), per or "one", unit, words) for name, per, unit, words in SERIES]
    return table(("column", "per", "unit", "meaning"), rows)


OF_NAME = {made.__name__: made for made in (commands, summary_keys, series)}


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", fill)
    return {"version": "1", "parallel_read_safe": True}
