"""Opening the books: scenario and seed become institutions, and those the first balance sheets of everybody."""

from __future__ import annotations

from abm.opening.books import open_books

__all__ = ["open_books"]
