"""What the user sees: words and progress on stderr, data on stdout."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.sweep.sweep import Progress

PATIENCE = 2.0  # seconds that something may take before it is worth a progress bar


class Screen:
    """Words for the user on stderr: `say` is silent with --quiet, `detail` speaks with --verbose only."""

    def __init__(self, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose and not quiet

    def say(self, text: str) -> None:
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        if self.verbose:
            self.say(text)

    def compile_if_cold(self) -> None:
        """The first use on a machine, and after the rules changed, is slow: say so, and show how far it is."""
        from abm.experiments.one_run import must_compile

        if must_compile():
            self.say("compiling the rules, once, half a minute to a minute")
            from abm.cli.first_use import compile_rules

            with Bar(self, "compiling") as bar:
                compile_rules(bar)


class Bar:
    """A progress bar with the time left, which shows itself only when the whole takes more than two seconds.

    Call it with (done, total), and a note to show beside; use it in a `with` block.
    """

    def __init__(self, screen: Screen, what: str) -> None:
        self._silent = screen.quiet or not sys.stderr.isatty()
        self._what = what
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int, note: str = "") -> None:
        spent = time.monotonic() - self._started
        if self._bar is None:
            if self._silent or done == total or spent * total / max(done, 0.5) < PATIENCE:
                return
            self._bar = self._shown(total)
        self._bar.update(self._task, completed=done, note=note)

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _shown(self, total: int) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}, left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.start()
        self._task = bar.add_task(self._what, total=total, note="")
        return bar


class Bars:
    """A bar for each of several sweeps, one after the other; use it in a `with` block."""

    def __init__(self, screen: Screen) -> None:
        self._screen, self._name = screen, ""
        self._bar = Bar(screen, "")

    def __call__(self, name: str, now: Progress) -> None:
        if name != self._name:
            self._bar.close()
            self._name, self._bar = name, Bar(self._screen, name)
        self._bar(now.done, now.total)

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
