"""How the documentation site is made; `make docs` calls Sphinx with it. Nothing in a page comes from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]  # own extensions, docs/cells.py, abm

from abm import __version__  # noqa: E402

project = "Powder Keg"
author = copyright = "The Powder Keg developers"  # noqa: A001  Sphinx's name for it
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "read_off", "linked_files"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
smartquotes = False  # they make one dash of two, in options too

default_role = "literal"  # docstrings have single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
add_module_names = False

html_theme = "furo"
html_title = f"Powder Keg {release}"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sourcelink = False
pygments_style, pygments_dark_style = "friendly", "native"
