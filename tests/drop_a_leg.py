"""Drops one leg of a posting after the other and prints, as JSON, what the check of the books says to it.

Run uncompiled (NUMBA_DISABLE_JIT=1) with a seed of the crash world: the changed postings are put into every
module that uses them. Legs of traded instruments are dropped for one instrument at a time.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from worlds import crash_world, under

from abm.economy import AGENTS, Economy
from abm.errors import CheckFailed
from abm.ledger import central_bank, chart, coin_postings, postings, private_credit, revaluations
from abm.ledger.chart import INSTRUMENTS, N_TRADED, SECURITIES_LENT
from abm.records import BOOKS

LONGEST = 40  # days
# Beside the crash, in which the central bank lends: books that are sold and repay all loans, and banks that lend
# each other reserves; notes that fall and are not hedged, so that even what was lent against them is lost.
SOLD = {
    "buyers__budget": 60_000,
    "buyers__note_budget": 60_000,
    "margin__liquidation_days": 2,
    "channels__risk_limits": False,
}
SOUND = {"banks__capital": 1, "banks__liquidity_floor": 0.99, "margin__grace_days": 0, "spark__total": 0.3}
UNHEDGED = {"funds__relative_value__futures_short": 0, "markets__notes__news_volatility": 0.15, "spark__total": 2.5}
FEW = {"crypto__holders": 24, "markets__crypto__news_volatility": 0.2, "crypto__deposits": 0}
# Each with a seed of its own, where that of the crash is not the one in which it happens.
WORLDS = (
    (under(crash_world(**FEW), "lending"), None),
    (crash_world(**SOLD, **SOUND, **FEW), None),
    (crash_world(**SOLD, **UNHEDGED, **FEW), 2),
)
CLAIMS = [
    (record.name, field.name, INSTRUMENTS[field.instrument])
    for record in AGENTS.values()
    for field in record.part(BOOKS)
    if field.instrument is not None and field.instrument >= N_TRADED
]
OF_HOLDERS = {"crypto": "crypto", "ai_equity": "ai_equity"}  # traded, and fields of their own
OF_ANY_INSTRUMENT = {"revalue": (*range(N_TRADED), SECURITIES_LENT)}  # others that are given one: those traded


def legs(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, list[ast.stmt], int, bool]]:
    """Every statement that moves a balance or writes to the journal: function, block, place, journal?"""
    moved = {name for _, name, _ in CLAIMS} | {"units", *OF_HOLDERS}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                block = getattr(node, "body", [])
                for place, statement in enumerate(block if isinstance(block, list) else []):
                    if isinstance(statement, ast.AugAssign):
                        journal = ast.unparse(statement.target).startswith("journal[")
                        if journal or field_of(statement) in moved:
                            yield function, block, place, journal


def field_of(leg: ast.AugAssign) -> str:
    """The field of a record that a statement changes; empty if it changes something else."""
    target: Any = leg.target
    field = target.value if isinstance(target, ast.Subscript) else target
    return field.attr if isinstance(field, ast.Attribute) else ""


def instrument_of(leg: ast.AugAssign, journal: bool) -> str | None:
    """The name of the instrument that a leg moves; None if it is whichever the posting is given."""
    target: Any = leg.target
    if journal:
        name = ast.unparse(target.slice.elts[1])
        return None if name == "instrument" else INSTRUMENTS[getattr(chart, name)]
    if field_of(leg) in OF_HOLDERS:
        return OF_HOLDERS[field_of(leg)]
    if isinstance(target, ast.Subscript) and (place := ast.unparse(target.slice)) in ("CRYPTO", "AI_EQUITY"):
        return INSTRUMENTS[getattr(chart, place)]
    claims = [claim for claim in CLAIMS if claim[1] == field_of(leg)]
    if len({instrument for *_, instrument in claims}) > 1:  # fund.repo and dealer.repo are not the same
        claims = [claim for claim in claims if ast.unparse(target).startswith(f"{claim[0]}.")]
    found = {instrument for *_, instrument in claims}
    assert len(found) <= 1, ast.unparse(leg)
    return found.pop() if found else None


def mutants(module: ModuleType) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
    """Name of the leg, instrument, journal or not, and the names of a module of postings that lacks it."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for number in range(len(list(legs(ast.parse(source))))):
        tree = ast.parse(source)
        function, block, place, journal = list(legs(tree))[number]
        leg: Any = block[place]
        named = instrument_of(leg, journal)
        instruments = OF_ANY_INSTRUMENT.get(function.name, range(N_TRADED))
        for k in instruments if named is None else (INSTRUMENTS.index(named),):
            spared = f"instrument != {k}" if named is None else "False"
            guard: Any = ast.parse(f"if {spared}: pass").body[0]
            guard.body = [leg]
            block[place] = guard
            names: dict[str, Any] = {"__name__": "mutant"}
            exec(compile(ast.fix_missing_locations(tree), "mutant", "exec"), names)
            yield f"{function.name}: {ast.unparse(leg)}", INSTRUMENTS[k], journal, names


def put_in(names: dict[str, Any], originals: dict[str, Any]) -> None:
    """Give every module of the project that uses a posting the one in `names`."""
    for module_name, module in list(sys.modules.items()):
        if module_name.split(".")[0] == "abm":
            for name, original in originals.items():
                if hasattr(module, name) and getattr(module, name).__module__ in (
                    original.__module__,
                    "mutant",
                ):
                    setattr(module, name, names[name])


def verdict(economy: Economy) -> str:
    """What the check says to a run, empty if it is content."""
    try:
        economy.advance(LONGEST)
    except CheckFailed as error:
        return str(error)
    return ""


def main(seed: int) -> None:
    found, worlds = [], list(WORLDS)
    for module in (postings, revaluations, private_credit, central_bank, coin_postings):
        originals = {
            name: item
            for name, item in vars(module).items()
            if callable(item) and getattr(item, "__module__", "") == module.__name__
        }
        for leg, instrument, journal, names in mutants(module):
            put_in(names, originals)
            economies = (Economy(world, seed if own is None else own, check=True) for world, own in worlds)
            place, said = next(((place, said) for place, said in enumerate(map(verdict, economies)) if said), (0, ""))
            worlds.insert(0, worlds.pop(place))  # where one leg of a posting is missed the next one is too, mostly
            found.append({"leg": leg, "instrument": instrument, "journal": journal, "said": said})
        put_in(originals, originals)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]))
