"""The one error that bad input raises."""

from __future__ import annotations


class InputError(ValueError):
    """What the user wrote cannot be used: one sentence on one line says where, what and what is allowed.

    The command line prints it as it is and exits with code 2.
    """

    def __init__(self, sentence: str) -> None:
        # File names and values come from outside: no line break or escape code of theirs reaches a terminal.
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in sentence))


def shown(value: object, length: int = 60) -> str:
    """A value as it appears in a sentence: its Python form in ASCII, cut to `length` characters."""
    try:
        text = ascii(value)
    except (
        ValueError,
        RecursionError,
    ):  # an integer of thousands of digits, or a structure nested without end
        text = f"<{type(value).__name__}>"
    return text if len(text) <= length else text[: length - 3] + "..."


class CheckFailed(RuntimeError):
    """The model's own books do not close: phase, instrument and amount; the command line exits with 1."""
