"""The command line: `powderkeg` and `python -m abm`. Thin: all it does is in the Python interface too."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import typer

from abm.errors import CheckFailed, InputError

CHECK_FAILED, BAD_INPUT, FAILED_RUNS, INTERRUPTED = 1, 2, 3, 130
UsageError: Any = typer.BadParameter.__bases__[0]  # typer brings its own click, under a private name


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever the user did wrong is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    warnings.formatwarning = lambda message, *_args, **_more: f"note: {message}\n"
    from abm.cli.app import app

    try:
        code = app(args=arguments, prog_name="powderkeg", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except InputError as error:
        return refuse(str(error), BAD_INPUT)
    except CheckFailed as error:
        return refuse(f"a check failed: {error}", CHECK_FAILED)
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.ctx.get_help())
            return 0
        return refuse(said_with_value(error, sys.argv[1:] if arguments is None else arguments), BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return refuse("interrupted", INTERRUPTED)
    except (BrokenPipeError, SystemExit):
        # Whoever read has gone (typer makes an exit of it); what the command wrote into files is whole.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return refuse(f"{name}{error.strerror or error}", BAD_INPUT)


def said_with_value(error: Any, arguments: Sequence[str]) -> str:
    """What typer says of an option, and the values that were given, which it leaves out."""
    message = error.format_message()
    names = getattr(getattr(error, "param", None), "opts", [])
    words = [part for word in arguments for part in word.split("=", 1)]
    given = [value for word, value in pairwise(words) if word in names]
    return f"{message} (given: {', '.join(given)})" if given else message


def refuse(message: str, code: int) -> int:
    """Say one thing on one line of stderr, and return the exit code."""
    print(" ".join(message.split()), file=sys.stderr)
    return code
