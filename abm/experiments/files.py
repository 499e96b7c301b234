"""A result as a folder of files that appear whole, with a manifest that says how to make them again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm import __version__
from abm.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from abm.experiments.results import ComparisonResult, RunResult
    from abm.scenario import Scenario
    from abm.sweep.folder import SweepResult

MANIFEST = "manifest.json"
FORMAT = 1
PACKAGE = Path(__file__).resolve().parents[1]
LIBRARIES = ("numpy", "numba", "llvmlite", "polars", "pydantic")


@contextmanager
def new_folder(folder: str | os.PathLike[str], force: bool = False) -> Iterator[Path]:
    """Yield a hidden folder to write into; its files appear in `folder` when the block ends well, else none.

    A folder that exists and is not empty is refused, or with `force` gets the new files beside those that
    are not results. Raises InputError where nothing can be written.
    """
    target = Path(folder).absolute()
    if target.exists() and not target.is_dir():
        raise InputError(f"{folder}: is a file; allowed is a new folder")
    if not force and target.is_dir() and any(target.iterdir()):
        raise InputError(f"{folder}: already exists; allowed is a new folder, or --force to replace its results")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); allowed is a writable folder") from None
    try:
        hidden.chmod(0o777 & ~_umask())  # mkdtemp makes it private
        yield hidden
        _appear(hidden, target)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _appear(hidden: Path, target: Path) -> None:
    if not target.exists():
        hidden.rename(target)
        return
    for name in _files_of(target / MANIFEST):
        (target / name).unlink(missing_ok=True)
    (target / MANIFEST).unlink(missing_ok=True)
    for file in sorted(hidden.iterdir(), key=lambda file: file.name == MANIFEST):
        file.replace(target / file.name)  # the manifest comes last: where it is, everything is


def _files_of(manifest: Path) -> list[str]:
    """The files that a manifest lists; only plain names, whatever somebody wrote into it."""
    try:
        names = json.loads(manifest.read_text("utf-8"))["files"]
        return [name for name in names if Path(name).name == name and name not in (".", "..")]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def write_tables(folder: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    """Write each table as `<name>.parquet`; the bytes depend on its content alone."""
    for name, table in tables.items():
        (folder / f"{name}.parquet").write_bytes(parquet(table))


def parquet(table: pl.DataFrame) -> bytes:
    """A table as a Parquet file in memory, through which a full disk is an ordinary OSError."""
    content = io.BytesIO()
    table.write_parquet(content, compression="zstd")
    return content.getvalue()


def write_manifest(folder: Path, kind: str, scenario: Scenario, **more: Any) -> None:
    """Write the last file of a folder: all that is needed to make the others again, and no clock."""
    content = {
        "kind": kind,
        "format": FORMAT,
        **more,
        "scenario": scenario.to_dict(),
        "scenario_digest": scenario.digest,
        "source_digest": source_digest(),
        "versions": versions(),
        "platform": fingerprint(),
        "files": sorted(file.name for file in folder.iterdir()),
    }
    text = json.dumps(content, indent=1, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read(folder: str | os.PathLike[str]) -> RunResult | ComparisonResult | SweepResult:
    """The result that `run`, `compare` or `sweep` wrote into a folder."""
    from abm.experiments.results import ComparisonResult, RunResult
    from abm.sweep.folder import open_sweep

    path = Path(folder)
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        readers: dict[str, Any] = {"run": RunResult.from_folder, "comparison": ComparisonResult.from_folder}
        reader = (readers | {"sweep": lambda folder, _: open_sweep(folder)})[manifest["kind"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{folder}: holds no readable {MANIFEST}; allowed is a folder that powderkeg wrote") from None
    if manifest.get("format") != FORMAT:
        raise InputError(f"{folder}: has the format {manifest.get('format')!r}; allowed is {FORMAT}")
    try:
        return reader(path, manifest)
    except (KeyError, TypeError):
        raise InputError(f"{path / MANIFEST}: lacks what was written there; allowed is as powderkeg wrote it") from None


def read_tables(folder: Path, names: tuple[str, ...]) -> dict[str, pl.DataFrame]:
    """The tables of these names; raises InputError for one that is missing or damaged."""
    import polars as pl

    tables = {}
    for name in names:
        try:
            tables[name] = pl.read_parquet(io.BytesIO((folder / f"{name}.parquet").read_bytes()))
        except (OSError, pl.exceptions.PolarsError) as error:
            reason = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
            raise InputError(f"{folder / name}.parquet: {reason}; allowed is a folder that powderkeg wrote") from None
    return tables


def file_digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's content."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def source_digest() -> str:
    """SHA-256 of the package's source files, names included."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: path.relative_to(PACKAGE).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of the program, Python and the libraries that numbers pass through."""
    return {
        "powderkeg": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def fingerprint() -> dict[str, str]:
    """What bits may depend on: system, machine, C library and the processor that code was made for."""
    from llvmlite import binding

    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "c_library": " ".join(platform.libc_ver()).strip(),
        "processor": binding.get_host_cpu_name(),
        "byte_order": sys.byteorder,
    }
