"""`powderkeg scenarios`: look at, check and start scenario files. Data goes to stdout, words to stderr."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from abm.cli.options import Set, chosen_scenario

app = typer.Typer(
    help="Look at, check, compare and start scenarios.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="Shipped scenario or path of a TOML file.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
SEED_SHOWN = 1  # of the books that `show` opens
DIALS = ("run.ticks", "spark.total", "spark.days", "spark.start", "funds.leverage", "funds.crowding")
DIALS += ("markets.depth", "banks.capital", "buyers.cash")


@app.command("list")
def list_scenarios() -> None:
    """List the shipped scenarios, and what each is for."""
    from abm.scenario import load, names

    loaded = [load(name) for name in names()]
    print_table(("name", "title", "why"), [(scenario.name, scenario.title, scenario.why) for scenario in loaded])


@app.command()
def show(
    name: Name = "us_late_2025",
    toml: Annotated[bool, typer.Option("--toml", help="Print the resolved file.")] = False,
    changes: Set = None,
) -> None:
    """Print a scenario with units and sources, and its totals against the books that they open."""
    from abm.opening.reconciliation import reconciliation
    from abm.scenario import assumed

    scenario = chosen_scenario(name, changes)
    if toml:
        typer.echo(scenario.to_toml(), nl=False)
        return
    quantities = scenario.quantities
    for label in ("name", "title", "why", "digest"):
        typer.echo(f"{label:<7}{getattr(scenario, label)}")
    typer.echo()
    rows = [(f"channels.{channel}", on_off(on), "", "") for channel, on in scenario.channels]
    rows += [(path, plain(q.value), q.unit, q.source) for path, q in quantities.items()]
    for index, action in enumerate(scenario.actions):
        parts = ((key, value) for key, value in action if f"actions.{index}.{key}" not in quantities)
        rows += [(f"actions.{index}.{key}", plain(value), "", "") for key, value in parts]
    print_table(("path", "value", "unit", "source"), rows)
    typer.echo(f"\nTotals in $bn and shares in %, as the scenario wants them and in the books of seed {SEED_SHOWN}:\n")
    totals = reconciliation(scenario, SEED_SHOWN)
    rows = [(t.name, amount(t.wanted), amount(t.held), percent(t.difference), t.source) for t in totals]
    print_table(("total", "wanted", "in the books", "difference", "source"), rows)
    unsourced = sum(quantity.source in ("not given", "override") for quantity in quantities.values())
    typer.echo(f"\n{len(assumed(scenario))} of {len(quantities)} numbers are assumed, {unsourced} have no source.")


@app.command()
def check(
    files: Annotated[list[str] | None, typer.Argument(help="Scenarios; all shipped ones if left out.")] = None,
) -> None:
    """Check scenarios; one line each, exit code 2 if one of them cannot be used."""
    from abm.errors import InputError
    from abm.scenario import load, names

    bad = False
    for name in files or names():
        try:
            scenario = load(name)
        except InputError as error:
            typer.echo(str(error), err=True)
            bad = True
        else:
            typer.echo(f"{name}: good, digest {scenario.digest}")
    if bad:
        raise typer.Exit(2)


@app.command()
def params() -> None:
    """List every parameter: meaning, unit, default, range and source."""
    from abm.scenario import parameters

    rows = [
        (p.path, p.meaning, p.unit, plain(p.default), ", ".join(p.choices) or interval(p.low, p.high), p.source)
        for p in parameters()
    ]
    print_table(("path", "meaning", "unit", "default", "range", "source"), rows)


@app.command()
def diff(first: Name, second: Name) -> None:
    """Print what differs between two scenarios."""
    from abm.scenario import load

    left, right = (flat(load(name)) for name in (first, second))
    rows = [
        (path, plain(left.get(path, "")), plain(right.get(path, "")))
        for path in dict.fromkeys([*left, *right])
        if left.get(path) != right.get(path)
    ]
    if rows:
        print_table(("path", first, second), rows)
    else:
        typer.echo("The two scenarios hold the same values.", err=True)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the new scenario; the file NAME.toml is written here.")],
    base: Annotated[str, typer.Option("--from", metavar="BASE", help="Scenario that it starts from.")] = "us_late_2025",
    force: Force = False,
) -> None:
    """Write a starter file that extends another scenario."""
    from abm.errors import InputError, shown
    from abm.scenario import load, names

    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name) or name in names():
        raise InputError(
            f"new: NAME = {shown(name)} cannot be used; "
            f"allowed are letters, digits, _ and -, and none of {', '.join(names())}"
        )
    scenario = load(base)
    if base not in names():
        here, path = Path.cwd().resolve(), Path(base).resolve()
        if not path.is_relative_to(here):
            raise InputError(
                f"new: --from {shown(base)} lies outside this folder; allowed is a file inside it or a shipped name"
            )
        base = path.relative_to(here).as_posix()
    write_whole(Path(f"{name}.toml"), starter(name, base, scenario), force=force)


@app.command()
def export(
    name: Name,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder, made if it does not exist.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw that is written.")] = 0,
    changes: Set = None,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
) -> None:
    """Write a scenario with its institutions as tables to edit: own data starts here.

    The folder gets funds.csv, dealers.csv, banks.csv, exposures.csv and a scenario file that names them. With the
    same seed it runs to the same bits. The dials of leverage, crowding and banks' capital are in the tables.
    """
    from functools import reduce
    from operator import getitem

    from abm.experiments.files import new_folder
    from abm.experiments.one_run import valid_seed
    from abm.opening.institutions import institutions
    from abm.opening.tables import DIALS, csv_tables
    from abm.scenario import names
    from abm.scenario.joined import totals
    from abm.scenario.tables import parsed
    from abm.scenario.writing import to_toml

    scenario = chosen_scenario(name, changes)
    texts = csv_tables(institutions(scenario, valid_seed(seed)))
    overrides: dict[str, Any] = {dial: 1 for dial in DIALS if scenario.quantity(dial).value != 1}
    for table, text in texts.items():
        columns, rows = parsed(text, f"{table}.csv")
        overrides[f"tables.{table}"] = {"file": f"{table}.csv", "columns": columns, "rows": rows}
    own = scenario.replace(overrides)  # refuses what could not be read back
    whole = own.to_dict()
    del whole["tables"]
    for path in totals(own.tables.present(), lambda path: own.quantity(path).value):
        *parents, key = path.split(".")  # left to follow the rows, whatever becomes of them
        del reduce(getitem, parents, whole)[key]
    if name in names() and not changes:
        whole = {"format": whole["format"], "extends": name}
    for path in (dial for dial in DIALS if dial in overrides):
        section, _, key = path.partition(".")
        whole.setdefault(section, {})[key] = {"value": 1, "unit": "times today's", "source": "the tables have it"}
    for table in texts:
        whole.setdefault(table, {})["file"] = f"{table}.csv"
    with new_folder(folder, force) as hidden:
        for table, text in texts.items():
            (hidden / f"{table}.csv").write_text(text, encoding="utf-8")
        (hidden / f"{Path(name).stem}.toml").write_text(to_toml(whole), encoding="utf-8")
    for file in (f"{Path(name).stem}.toml", *(f"{table}.csv" for table in texts)):
        typer.echo(str(folder / file))


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file instead.")] = None,
    force: Force = False,
) -> None:
    """Print the JSON Schema of scenario files, for completion in editors."""
    import json

    from abm.scenario import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_whole(out, text, force=force)


def flat(scenario: Any) -> dict[str, Any]:
    """Every value of a scenario by path, texts and switches included."""
    found: dict[str, Any] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict) and "value" in value:
            found[path] = value["value"]
        elif isinstance(value, dict | list):
            for key, below in value.items() if isinstance(value, dict) else enumerate(value):
                walk(below, f"{path}.{key}" if path else str(key))
        else:
            found[path] = value

    walk(scenario.to_dict(), "")
    return found


def starter(name: str, base: str, scenario: Any) -> str:
    """A file that extends `base`, with the usual dials and the channels as comments to uncomment."""
    import json

    from abm.scenario import parameters

    described = {parameter.path: parameter for parameter in parameters()}
    lines = [
        "format = 1",
        f"extends = {json.dumps(base, ensure_ascii=False)}",
        f'name = "{name}"',
        f'title = "{name}: a line that says what is different"',
        'why = "What this scenario is for."',
        "",
        "# Remove the # to change a value; every other one is listed by: powderkeg scenarios params",
    ]
    section = ""
    for path in (*DIALS, *(path for path in described if path.startswith("channels."))):
        table, _, key = path.rpartition(".")
        if table != section:
            lines += ["", f"[{table}]"]
            section = table
        parameter = described[path]
        if table == "channels":
            lines.append(f"# {key} = {on_off(getattr(scenario.channels, key))}  # {parameter.meaning}")
        else:
            value, unit, _ = scenario.quantity(path)
            lines.append(f'# {key} = "{plain(value)} {unit} (assumed)"  # {parameter.meaning}')
    return "\n".join(lines) + "\n"


def write_whole(path: Path, text: str, *, force: bool) -> None:
    """Write a file that appears whole or not at all, and print its path."""
    import tempfile

    from abm.errors import InputError

    if path.is_dir() or (path.exists() and not force):
        raise InputError(f"{path}: exists; allowed is a new file, or --force to replace one")
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            partial = file.name
            file.write(text)
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except OSError as error:
        if partial:
            Path(partial).unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written ({error.strerror}); allowed is a folder open to you") from None
    typer.echo(str(path))


def plain(value: Any) -> str:
    """A value as it is written in a file, without quotes."""
    if isinstance(value, bool):
        return on_off(value)
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def amount(value: float | None) -> str:
    """A total to a tenth, a residual as a dash."""
    return "–" if value is None else f"{value:,.1f}".replace(",", " ")


def percent(value: float | None) -> str:
    """A difference in per cent; what rounds to nought has no sign."""
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f} %"


def on_off(value: bool) -> str:
    return "true" if value else "false"


def interval(low: float, high: float) -> str:
    if isinstance(low, bool):
        return "true, false"
    return f"{low:g} and more, as memory allows" if high == math.inf else f"{low:g} to {high:g}"


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table without borders; one line a row where the output is not a terminal, whatever its width."""
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else 2000
    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)
