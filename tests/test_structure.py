"""The shape of the house: imports run one way, the start is light, files stay short."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "abm"
MODULES = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
           for file in sorted(PACKAGE.rglob("*.py"))}  # fmt: skip

# What knows nothing of the rest, and all that it may import from the project.
LEAVES = {
    "abm.errors": (),
    "abm.compiled": (),
    "abm.streams": ("abm.compiled",),
    "abm.scenario": ("abm.errors",),
}
# Whatever shows or arranges runs. Everything else is the engine or what it stands on.
AROUND_THE_ENGINE = (
    "abm.__main__",
    "abm.alternatives",
    "abm.attribution",
    "abm.bench",
    "abm.chains",
    "abm.cli",
    "abm.distance",
    "abm.evidence",
    "abm.experiments",
    "abm.figures",
    "abm.influence",
    "abm.live",
    "abm.model",
    "abm.report",
    "abm.sweep",
)
OUTCOME_OF_THE_ENGINE = ("abm.outcome.causes", "abm.outcome.events", "abm.outcome.recorder", "abm.outcome.tables")
OUTSIDE_LIBRARIES = ("jinja2", "matplotlib", "mesa", "pandas", "rich", "typer")
LONGEST = 400


def belongs(module: str, *parts: str) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def engine() -> list[str]:
    around = (*AROUND_THE_ENGINE, "abm.outcome")
    return [m for m in MODULES if m != "abm" and (not belongs(m, *around) or m in OUTCOME_OF_THE_ENGINE)]


def walk(node: ast.AST, functions: bool) -> Iterator[ast.AST]:
    """The nodes that run: not those for type checkers alone, those inside functions only when asked."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if not functions and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield child
        yield from walk(child, functions)


@cache
def imports(module: str, functions: bool = True) -> frozenset[str]:
    found = set()
    for node in walk(ast.parse(MODULES[module].read_text(encoding="utf-8")), functions):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            submodules = names & MODULES.keys()
            found |= submodules
            if submodules != names:
                found.add(node.module)
    return frozenset(found)


@pytest.mark.parametrize(("leaf", "allowed"), LEAVES.items())
def test_leaves_know_nothing_of_the_rest(leaf: str, allowed: tuple[str, ...]) -> None:
    for module in MODULES:
        if belongs(module, leaf):
            strangers = [name for name in imports(module) if belongs(name, "abm") and not belongs(name, leaf, *allowed)]
            assert not strangers, f"{module} imports {strangers}"


@pytest.mark.parametrize("module", engine())
def test_the_engine_knows_nothing_of_what_is_around_it(module: str) -> None:
    upward = [name for name in imports(module) if belongs(name, *AROUND_THE_ENGINE, *OUTSIDE_LIBRARIES)]
    upward += [name for name in imports(module) if belongs(name, "abm.outcome") and name not in OUTCOME_OF_THE_ENGINE]
    assert not upward, f"{module} imports {upward}"


def test_agents_never_import_markets_or_the_tick() -> None:
    for module in MODULES:
        if belongs(module, "abm.agents"):
            upward = [name for name in imports(module) if belongs(name, "abm.markets", "abm.tick", "abm.economy")]
            assert not upward, f"{module} imports {upward}"


def test_the_ledger_posts_what_others_decide() -> None:
    for module in MODULES:
        if belongs(module, "abm.ledger"):
            upward = [name for name in imports(module) if belongs(name, "abm.contagion", "abm.policy", "abm.decisions")]
            assert not upward, f"{module} imports {upward}"


@pytest.mark.slow
def test_only_the_entry_knows_the_command_line() -> None:
    for module in MODULES:
        if not belongs(module, "abm.cli", "abm.__main__"):
            assert not [name for name in imports(module) if belongs(name, "abm.cli", "typer")], module


def test_imports_form_no_circle() -> None:
    done: set[str] = set()

    def follow(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for name in sorted(imports(module, functions=False) & MODULES.keys()):
                follow(name, (*path, module))
            done.add(module)

    for module in MODULES:
        follow(module, ())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import abm", {"matplotlib", "mesa", "numba", "numpy", "pandas", "polars", "pydantic", "scipy"}),
        ("import abm.cli, abm.cli.app", {"matplotlib", "mesa", "numba", "pandas", "polars", "scipy"}),
        ("import abm.economy", {"jinja2", "matplotlib", "mesa", "pandas", "rich", "typer"}),
    ],
)
def test_a_start_is_light(statement: str, absent: set[str]) -> None:
    code = f"{statement}; import sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not absent & set(loaded.stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_files_stay_short(module: str) -> None:
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) < LONGEST
