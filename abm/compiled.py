"""Turns a rule written as a plain loop into machine code, kept between runs and never stale.

Put ``@rule`` above a module-level function that works on scalars and records. Machine code is stored per
user, under the digest of the rule's own file and of every project file that it imports, directly or not, so
an edited helper or constant is always seen. ``NUMBA_DISABLE_JIT=1`` runs the same functions uncompiled.
"""

import ast
import contextlib
import functools
import hashlib
import inspect
import os
import pickle
import re
import shutil
import stat
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np
from numba.core import compiler, config, sigutils
from numba.core.caching import NullCache
from numba.core.serialize import dumps
from numba.core.types import unliteral

Rule = TypeVar("Rule", bound=Callable[..., Any])

KEEP_DAYS = 30  # machine code that nobody has used for so long is removed
_UNCOMPILED = bool(vars(config)["DISABLE_JIT"])  # NUMBA_DISABLE_JIT=1
_PACKAGE = Path(__file__).resolve().parent
_STARTED_NS = time.time_ns()
_DAY_SECONDS = 86400.0
_rule_files: set[Path] = set()


def rule(function: Rule) -> Rule:
    """Compile a function of scalars, records and arrays when it is first called.

    No ``fastmath``: the compiled function gives the same bits as the plain one. Dividing by zero raises.
    A rule made inside another function from its variables, or outside the package, is compiled in every
    process. One that makes arrays of its own is a ``rule_with_arrays``.
    """
    # A rule makes no array, so that Numba need not count who still uses one: a sixth of a tick.
    return _compiled(function, counting=False)


def rule_with_arrays(function: Rule) -> Rule:
    """Compile a rule that makes arrays of its own, as with ``np.zeros``: `rule` has no memory to give."""
    return _compiled(function, counting=True)


def _compiled(function: Rule, counting: bool) -> Rule:
    njit: Any = numba.njit  # whose declared options lack this one
    compiled = njit(_nrt=counting)(function)
    if _UNCOMPILED:
        return compiled
    _forget_literals(compiled)
    file = Path(inspect.getfile(function)).resolve()
    if file.is_file() and file.is_relative_to(_PACKAGE) and function.__closure__ is None:
        _rule_files.add(file)
        compiled._cache = _SourceKeyedCache(function, file)
    return compiled


def _forget_literals(compiled: Any) -> None:
    """Compile once for all whole numbers: Numba would compile anew for every constant that a caller writes."""
    call_template = compiled.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        return call_template([unliteral(a) for a in args], {name: unliteral(a) for name, a in kws.items()})

    compiled.get_call_template = get_call_template


def is_cold() -> bool:
    """Tell whether most of the rules imported so far must still be compiled (half a minute to a minute, once)."""
    if _UNCOMPILED or not _rule_files:
        return False
    root = cache_root()
    stored = sum(root is not None and (root / _folder_name(file)).is_dir() for file in _rule_files)
    return 2 * stored < len(_rule_files)


# ------------------------------------------------------------------------------------ where it is kept
@functools.cache
def cache_root() -> Path | None:
    """The private folder that holds machine code, or None (with one warning) where no safe one can be had.

    ``POWDERKEG_CACHE_DIR`` overrides the platform's cache folder. The stored files are unpickled, so a folder
    that belongs to, or can be written by, somebody else is refused.
    """
    try:
        root = _user_cache_folder() / "compiled"
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = root.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise PermissionError("it is not a folder")
        if hasattr(os, "geteuid"):
            if status.st_uid != os.geteuid():
                raise PermissionError("it belongs to another user")
            if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError("other users can write to it")
        tempfile.TemporaryFile(dir=root).close()
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        warnings.warn(f"compiled rules are not kept between runs: no cache folder ({reason})", stacklevel=2)
        return None
    return root


def _user_cache_folder() -> Path:
    if override := os.environ.get("POWDERKEG_CACHE_DIR"):
        return Path(override).absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "powderkeg" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "powderkeg"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "powderkeg"


def _remove_unused(root: Path) -> None:
    oldest = time.time() - KEEP_DAYS * _DAY_SECONDS
    for folder in root.iterdir():
        try:
            if folder.is_dir() and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another process removed it first
            continue


# -------------------------------------------------------------------------------- what it is keyed by
@functools.cache
def _toolchain() -> str:
    """Everything besides the sources that changes machine code; the processor is part of each entry's key."""
    settings = sorted((name, value) for name, value in os.environ.items() if name.startswith("NUMBA_"))
    return repr((sys.version, numba.__version__, llvmlite.__version__, np.__version__, settings))


@functools.cache
def _folder_name(file: Path) -> str:
    sources = b"".join(_digest(source) for source in sorted(_sources_of(file)))
    digest = hashlib.sha256(_toolchain().encode() + sources).hexdigest()[:20]
    return f"{'.'.join(file.relative_to(_PACKAGE).with_suffix('').parts)}-{digest}"


@functools.cache
def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes()).digest()


@functools.cache
def _changed_since_start(file: Path) -> bool:
    """Whether a source was edited after this process may have imported it: memory and disk may differ."""
    return any(source.stat().st_mtime_ns > _STARTED_NS for source in _sources_of(file))


@functools.cache
def _sources_of(file: Path) -> frozenset[Path]:
    """The file and every project file that it imports, directly or through others."""
    found, pending = set(), [file]
    while pending:
        source = pending.pop()
        if source not in found:
            found.add(source)
            pending.extend(_imports_of(source))
    return frozenset(found)


@functools.cache
def _imports_of(file: Path) -> tuple[Path, ...]:
    package = (_PACKAGE.name, *file.relative_to(_PACKAGE).parent.parts)
    names: set[tuple[str, ...]] = set()
    for node in _nodes_that_run(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            # "from abm import x": x may be a module, or a name in the package's own file
            names.update((base, *((*base, alias.name) for alias in node.names)))
    return tuple(found for name in sorted(names) for found in _files_of(name))


def _nodes_that_run(node: ast.AST) -> Iterator[ast.AST]:
    """All but what stands under ``if TYPE_CHECKING``, which would make every rule draw on every file.

    Function bodies count: a constant may come from a function that imports where it stands.
    """
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from _nodes_that_run(child)


def _files_of(name: tuple[str, ...]) -> Iterator[Path]:
    if name[:1] == (_PACKAGE.name,):
        path = _PACKAGE.joinpath(*name[1:])
        for candidate in (path / "__init__.py", path.parent / f"{path.name}.py"):
            if candidate.is_file() and candidate.is_relative_to(_PACKAGE):
                yield candidate


# ------------------------------------------------------------------------------------------ the cache
class _SourceKeyedCache(NullCache):
    """One file per rule and argument types, checked by its own digest.

    Numba's own cache keeps an index beside its data files; two processes that start on an empty cache can
    write the machine code of different argument types under one number. Here there is nothing to disagree on.
    """

    def __init__(self, function: Callable[..., Any], file: Path) -> None:
        self._file = file
        name = re.sub(r"\W", "_", function.__qualname__)[:60]
        self._prefix = f"{name}-{function.__code__.co_firstlineno}"

    @property
    def cache_path(self) -> str | None:
        root = cache_root()
        return None if root is None else str(root / _folder_name(self._file))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        target_context.refresh()
        if (path := self._path(sig, target_context.codegen())) is None:
            return None
        try:
            content = path.read_bytes()
            if hashlib.sha256(content[32:]).digest() != content[:32]:
                return None
            result = compiler.CompileResult._rebuild(target_context, *pickle.loads(content[32:]))
        except Exception:  # noqa: BLE001  whatever is wrong with a stored file, compiling again is the cure
            return None
        _mark_used(path.parent)
        return result

    def save_overload(self, sig: Any, data: Any) -> None:
        if data.library.has_dynamic_globals or any(not lifted.can_cache for lifted in data.lifted):
            return
        if (path := self._path(sig, data.codegen)) is None:
            return
        payload = dumps(data._reduce())
        try:
            if not path.parent.is_dir():
                _remove_unused(path.parent.parent)
                path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_whole(path, hashlib.sha256(payload).digest() + payload)
        except OSError:  # a full or vanished disk costs time in the next process, nothing else
            return

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        args, returned = sigutils.normalize_signature(sig)
        types = repr((args, returned))
        # a type named by its address in memory (a function as argument) means something else elsewhere
        if " at 0x" in types or cache_root() is None or _changed_since_start(self._file):
            return None
        key = hashlib.sha256(repr((types, codegen.magic_tuple())).encode()).hexdigest()[:20]
        return Path(str(self.cache_path), f"{self._prefix}-{key}.bin")


@functools.cache
def _mark_used(folder: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(folder)


def _write_whole(path: Path, content: bytes) -> None:
    """Put a file in place in one step, so that a reader sees all of it or none."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
