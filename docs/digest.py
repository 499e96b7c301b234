"""The digest that stamps generated numbers: of all that can change one, and of nothing else.

Covered are the scenarios' values and the engine's code as Python reads it. Comments, docstrings and layout
are left out, and so is what only shows or keeps results (`ONLY_SHOW`).
"""

from __future__ import annotations

import ast
import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Below abm/: what shows results, keeps them in files, repeats runs, or hands them to the tools of others.
ONLY_SHOW = (
    "__main__.py",
    "attribution/",
    "bench/",
    "cli/",
    "distance/",
    "evidence/",
    "experiments/files.py",
    "experiments/results.py",
    "experiments/simulator.py",
    "figures/",
    "live/",
    "model.py",
    "report/",
    "sweep/",
)
OF_VALIDATION = ("evidence", "episodes")  # tables of targets.toml that `powderkeg validate` alone reads
# What makes the numbers out of runs, beside the package.
ALSO = (
    *("docs/cells.py", "docs/measure.py", "docs/results.py", "docs/targets.toml"),
    *("docs/mission.py", "docs/mission.toml", "abm/evidence/quiet_world.py"),
)


def sources() -> list[Path]:
    package = ROOT / "abm"
    below = ((path, path.relative_to(package).as_posix()) for path in package.rglob("*.py"))
    engine = [path for path, name in below if not name.startswith(ONLY_SHOW)]
    return sorted([*engine, *(ROOT / "scenarios").glob("*.toml"), *(ROOT / name for name in ALSO)])


def source_digest() -> str:
    """Return the first 16 digits of the SHA-256 of all sources, names included."""
    digest = hashlib.sha256()
    for path in sources():
        text = path.read_text("utf-8")
        read = repr(tables(text)) if path.suffix == ".toml" else "\n".join(meaning(ast.parse(text)))
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{read}\0".encode())
    return digest.hexdigest()[:16]


def tables(text: str) -> dict[str, object]:
    """Return what a TOML file says to those who make these numbers."""
    return {name: table for name, table in tomllib.loads(text).items() if name not in OF_VALIDATION}


def meaning(node: ast.AST) -> Iterator[str]:
    """Yield what a piece of code says, the same under every supported Python."""
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        parts = value if isinstance(value, list) else [value]
        if name == "body" and parts and is_docstring(parts[0]) and not isinstance(node, ast.Lambda):
            parts = parts[1:]
        for part in parts:
            if isinstance(part, ast.AST):
                yield f"{name}:"
                yield from meaning(part)
            elif part is not None and name not in ("type_comment", "kind"):
                yield f"{name}={part!r}"


def is_docstring(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def validation_digest() -> str:
    """Return the same for what docs/validation.py makes: checks and their targets can change its numbers too."""
    digest = hashlib.sha256(source_digest().encode())
    for path in sorted((ROOT / "abm" / "evidence").rglob("*.py")):
        digest.update("\n".join(meaning(ast.parse(path.read_text("utf-8")))).encode())
    digest.update(repr(tomllib.loads((ROOT / "docs" / "targets.toml").read_text("utf-8"))).encode())
    return digest.hexdigest()[:16]
