"""Files of the repository that pages link to, as pages of the site, whose readers have no repository at hand."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
TO_KEEP = (".csv", ".ipynb")  # nothing to read on a page: they stay downloads
LANGUAGES = {".py": "python", ".toml": "toml", ".j2": "html+jinja"}


def lead_to_pages(app: Sphinx, doctree: nodes.document) -> None:
    """Turn links to files, which would be downloads, into links to pages that show them."""
    here = app.env.docname
    for link in list(doctree.findall(addnodes.download_reference)):
        path = Path(app.env.relfn2path(link["reftarget"], here)[1]).resolve()
        if path.suffix not in TO_KEEP:
            name = path.relative_to(ROOT).as_posix()
            shown(app).add(name)
            target = app.builder.get_relative_uri(here, page_of(name))
            link.replace_self(nodes.reference("", "", *link.children, internal=True, refuri=target))


def shown(app: Sphinx) -> set[str]:
    """The files that have been linked to so far."""
    found: set[str] = app.__dict__.setdefault("linked_files", set())
    return found


def page_of(name: str) -> str:
    return f"files/{name}"


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for every file that is linked to."""
    for name in sorted(shown(app)):
        path = ROOT / name
        language = LANGUAGES.get(path.suffix, "text")
        body = app.builder.highlighter.highlight_block(path.read_text("utf-8"), language)
        title = html.escape(name)
        yield page_of(name), {"title": title, "body": f"<h1><code>{title}</code></h1>{body}"}, "page.html"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", lead_to_pages, priority=100)  # before Sphinx collects downloads
    app.connect("html-collect-pages", pages)
    return {"version": "1", "parallel_read_safe": False}
