"""`powderkeg story` and `powderkeg why`: what happened in a run that was written into a folder, and because of what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import InputError

if TYPE_CHECKING:
    from abm.experiments.results import RunResult

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `powderkeg run` wrote.")]
Json = Annotated[bool, typer.Option("--json", help="Print the same as JSON on stdout, and nothing else.")]
INDENT, DEEPEST = 2, 24
SHOWN = 5  # roots


def story(folder: Run, as_json: Json = False) -> None:
    """Tell a run in twenty dated sentences."""
    sentences = asked_of(folder, lambda result: result.story())
    if as_json:
        import json

        typer.echo(json.dumps([sentence.to_dict() for sentence in sentences], allow_nan=False))
        return
    width = len(str(sentences[-1].day))
    for sentence in sentences:
        typer.echo(f"day {sentence.day:>{width}}: {sentence.words}")


def why(
    folder: Run,
    about: Annotated[str, typer.Argument(metavar="WHOM", help="As in the event log: bank:7, or an event's number.")],
    as_json: Json = False,
) -> None:
    """Say why somebody failed: from the effect back to its roots, one cause a line."""
    from abm.outcome.wording import bn, count, listed, share

    answer = asked_of(folder, lambda result: result.why(about))
    if as_json:
        import json

        typer.echo(json.dumps(answer.to_dict(), allow_nan=False))
        return
    typer.echo(answer.sentence)
    for depth, step in enumerate(answer.chain):
        typer.echo(f"{' ' * min(INDENT * depth, DEEPEST)}{'because ' if depth else ''}day {step.day}: {step.words}")
    for step in answer.happened:
        typer.echo(f"{' ' * INDENT}day {step.day}: {step.words}; event {step.event}")
    if answer.roots:
        on = listed([f"{bn(amount)} on {whom}" for whom, amount in answer.lost_on])
        typer.echo(f"In all it lost {bn(answer.losses_bn)} on others, recoveries aside: {on}. Of this")
        for root in answer.roots[:SHOWN]:
            typer.echo(f"{' ' * INDENT}{share(root.share)} goes back to day {root.day}: {root.words}")
        if left := answer.roots[SHOWN:]:
            rest = share(sum(root.share for root in left))
            typer.echo(f"{' ' * INDENT}{rest} goes back to {count(len(left), 'other root')}")


def asked_of(folder: Path, question: Callable[[RunResult], Any]) -> Any:
    """Ask a question of the run in a folder; a comparison is none, nor are tables of something else."""
    from polars.exceptions import PolarsError

    from abm.experiments.files import read
    from abm.experiments.results import RunResult
    from abm.sweep.folder import SweepResult

    result = read(folder)
    if isinstance(result, SweepResult):
        raise InputError(
            f"{folder}: holds a sweep; allowed is a run of it, which powderkeg run --from {folder} --row N makes"
        )
    if not isinstance(result, RunResult):
        raise InputError(f"{folder}: holds a comparison; allowed is a folder that powderkeg run wrote")
    try:
        return question(result)
    except PolarsError as error:
        raise InputError(
            f"{folder}: its tables are not those of a run ({error}); allowed is what was written"
        ) from None
