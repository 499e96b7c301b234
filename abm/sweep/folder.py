"""The folder of a sweep: who works in it, which rows are finished, and how journals become tables.

    plan.json                  what is run: points, seeds, the base scenario
    manifest.json              versions, and a digest of every other file
    runs/part-00000.parquet    500 rows a part, sorted; nothing in it differs between two executions
    paths/, events/            what the plan keeps of each run, in the same parts
    failures.parquet           reasons and tracebacks of failed rows
    timing.parquet             seconds, worker and attempts of each row
    journal/                   finished rows of parts that are not whole yet; gone at the end

Nothing in it is ever unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.experiments.files import MANIFEST, fingerprint, parquet, source_digest, versions
from abm.sweep.journal import Entry, append, entries
from abm.sweep.one_row import FAILED
from abm.sweep.plan import Plan
from abm.sweep.tables import FAILURES, TIMING, quantiles_of, tables_of

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1
PART = 500  # rows of a part
KIND = "sweep"
PLAN, LOCK, JOURNAL = "plan.json", ".lock", "journal"
ALLOWED = "a folder that powderkeg sweep wrote"


class SweepFolder:
    """A sweep's folder while this process works in it; made by `working_in`.

    `mixed` lets rows come from machines of different kinds, and has each row say from which.
    """

    def __init__(self, path: Path, plan: Plan, mixed: bool = False) -> None:
        self.path, self.plan, self.mixed = path, plan, mixed
        self.session = f"{os.getpid():x}-{os.urandom(3).hex()}"
        self.parts: dict[str, str] = {}  # file -> SHA-256, of all that the manifest vouches for
        self.done = bytearray(plan.n_runs)  # one byte a row, whatever else is known of it
        self.n_failed = 0

    # ---------------------------------------------------------------------- which rows are left
    @property
    def n_done(self) -> int:
        return sum(self.done)

    def left(self) -> Iterator[int]:
        """The rows that are not finished, in order."""
        return (row for row in range(self.plan.n_runs) if not self.done[row])

    def note(self, row: int, status: str) -> None:
        """Take a row as finished, and fold its part when that was the last of it."""
        if not self.done[row]:
            self.done[row] = 1
            self.n_failed += status == FAILED
            if all(self.done[place] for place in self.rows_of(row // PART)):
                self.fold(row // PART)

    def rows_of(self, part: int) -> range:
        return range(part * PART, min((part + 1) * PART, self.plan.n_runs))

    # ------------------------------------------------------------------------------- journals
    def journal(self, row: int, worker: str) -> Path:
        """Where a worker writes this row down: a file that nobody else writes to."""
        return self.path / JOURNAL / f"{row // PART:05d}-{self.session}-{worker}.journal"

    def journals(self, part: int | None = None) -> list[Path]:
        return sorted((self.path / JOURNAL).glob("*.journal" if part is None else f"{part:05d}-*.journal"))

    def in_journals(self, part: int | None = None) -> list[Entry]:
        """The finished rows of a part that is not folded yet, or of all such parts, in order, each once."""
        found: dict[int, Entry] = {}
        for path in self.journals(part):
            if f"runs/part-{path.name[:5]}.parquet" not in self.parts:
                for entry in entries(path):
                    found.setdefault(entry.content["row"], entry)
        return [found[row] for row in sorted(found)]

    def write_down(self, content: dict[str, Any], tables: dict[str, bytes], worker: str = "main") -> None:
        """Write down a row that came from elsewhere, and take it as finished."""
        append(self.journal(content["row"], worker), content, tables)
        self.note(content["row"], content["status"])

    # --------------------------------------------------------------------------------- folding
    def fold(self, part: int) -> None:
        """Turn the journals of a whole part into tables: first the files, then the manifest, then the journals go."""
        for name, table in tables_of(self.plan, self.in_journals(part), self.mixed).items():
            self.write_table(f"{name}/part-{part:05d}.parquet", table)
        self.write_manifest()
        for path in self.journals(part):
            path.unlink()

    # ------------------------------------------------------------------------------- the files
    def write_table(self, name: str, table: pl.DataFrame) -> None:
        """Write a table so that it appears whole or not at all, and vouch for it in the next manifest."""
        content = parquet(table)
        self.write_bytes(name, content)
        self.parts[name] = hashlib.sha256(content).hexdigest()

    def write_bytes(self, name: str, content: bytes) -> None:
        target = self.path / name
        target.parent.mkdir(exist_ok=True)
        hidden = target.with_name(f".{target.name}.new")
        try:
            with hidden.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            hidden.replace(target)
        finally:
            hidden.unlink(missing_ok=True)

    def write_plan(self) -> None:
        """Write the plan, once: with many points it is far larger than the manifest, which follows every part."""
        content = (json.dumps(self.plan.to_dict(), indent=1, allow_nan=False) + "\n").encode()
        self.write_bytes(PLAN, content)
        self.parts[PLAN] = hashlib.sha256(content).hexdigest()

    def write_manifest(self, complete: bool = False) -> None:
        content = {
            "kind": KIND,
            "format": FORMAT,
            "complete": complete,
            "plan_digest": self.plan.digest,
            "mixed": self.mixed,
            **origin(),
            "files": self.parts,
        }
        self.write_bytes(MANIFEST, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())

    def finish(self) -> None:
        """Gather what is small into one file each, make quantiles if those are all that is kept, and close."""
        import polars as pl

        for name in (TIMING, FAILURES):
            gathered = pl.concat([pl.read_parquet(self.path / part) for part in self.in_folder(name)])
            self.write_table(f"{name}.parquet", gathered)
        replaced = [TIMING, FAILURES]
        if self.plan.keep.quantiles and self.in_folder("paths"):
            paths = [self.path / part for part in self.in_folder("paths")]
            self.write_table("quantiles.parquet", quantiles_of(self.plan, paths))
            replaced.append("paths")
        gone = [part for name in replaced for part in self.in_folder(name)]
        for part in gone:
            del self.parts[part]
        self.write_manifest(complete=True)
        for part in gone:
            (self.path / part).unlink(missing_ok=True)
        for name in (*replaced, JOURNAL):
            if (self.path / name).is_dir():
                (self.path / name).rmdir()

    def in_folder(self, name: str) -> list[str]:
        return sorted(part for part in self.parts if part.startswith(f"{name}/"))


@contextmanager
def working_in(folder: str | os.PathLike[str], plan: Plan, mixed: bool = False) -> Iterator[SweepFolder]:
    """Yield the folder of this plan, new or as an earlier execution left it, while no other process works in it.

    Raises InputError where another does, where the folder holds something else, or where nothing can be written.
    """
    from filelock import FileLock, Timeout

    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise InputError(f"{folder}: is a file; allowed is a new folder, or that of the same sweep")
    if path.is_dir() and not (path / MANIFEST).exists() and any(is_foreign(file) for file in path.iterdir()):
        raise InputError(f"{folder}: holds other files; allowed is a new folder, or that of the same sweep")
    try:
        (path / JOURNAL).mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / LOCK)  # the system lets go of it when its owner dies
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{folder}: a sweep is running there ({told_by(path / LOCK)}); allowed is to wait, or another --out"
        ) from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); allowed is a writable folder") from None
    try:
        (path / LOCK).write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
        yield resumed(path, plan, mixed)
    finally:
        with suppress(OSError):
            (path / LOCK).unlink()  # while it is held, so that nobody comes to hold a file that is gone
        lock.release()


def is_foreign(file: Path) -> bool:
    """Whether a file is none that a sweep, killed before its first manifest, leaves behind."""
    return file.name not in (LOCK, JOURNAL, PLAN, f".{PLAN}.new", f".{MANIFEST}.new")


def told_by(lock: Path) -> str:
    try:
        return lock.read_text("utf-8") or "another process"
    except OSError:
        return "another process"


def resumed(path: Path, plan: Plan, mixed: bool) -> SweepFolder:
    """The folder with all that earlier executions of the same plan, by the same program, have left in it."""
    work = SweepFolder(path, plan, mixed)
    if not (path / MANIFEST).exists():
        work.write_plan()
        work.write_manifest()
        return work
    manifest = read_manifest(path)
    refuse_another(path, manifest, work)
    work.parts = dict(manifest["files"])
    if manifest["complete"]:
        work.done = bytearray(b"\1" * plan.n_runs)
        work.n_failed = read_part(path, f"{FAILURES}.parquet", work.parts).height
        return work
    for name in work.in_folder("runs"):
        statuses = read_part(path, name, work.parts).select("row", "status")
        for row, status in statuses.iter_rows():
            work.done[row] = 1
            work.n_failed += status == FAILED
    for journal in work.journals():
        part = int(journal.name[:5])
        if f"runs/part-{part:05d}.parquet" in work.parts:  # folded, and killed before the journal went
            journal.unlink()
            continue
        for entry in entries(journal):
            work.note(entry.content["row"], entry.content["status"])
            if not journal.exists():
                break
    return work


def refuse_another(path: Path, manifest: dict[str, Any], work: SweepFolder) -> None:
    """Raise InputError where an execution would mix with what other scenarios, programs or machines have made."""
    ours = {"plan_digest": work.plan.digest, "mixed": work.mixed, **origin()}
    words = {
        "plan_digest": "another sweep file or scenario",
        "mixed": "another choice of --mixed",
        "source_digest": "another version of the program",
        "versions": "other versions of Python or its libraries",
        "platform": "another kind of machine",
    }
    for name, what in words.items():
        if manifest.get(name) != ours[name] and not (work.mixed and name == "platform"):
            raise InputError(f"{path}: was begun with {what}; allowed is the same, or another --out")


def origin() -> dict[str, Any]:
    """What bits may depend on beside plan and seed."""
    return {"source_digest": source_digest(), "versions": versions(), "platform": fingerprint()}


def open_sweep(folder: str | os.PathLike[str]) -> SweepResult:
    """The sweep in a folder, as far as it is; raises InputError for what is no sweep, or was changed."""
    path = Path(folder)
    manifest = read_manifest(path)
    plan = Plan.from_dict(json.loads(read_bytes(path, PLAN, manifest["files"])))
    work = SweepFolder(path, plan, manifest["mixed"])
    work.parts = manifest["files"]
    return SweepResult(work, manifest["complete"])


class SweepResult:
    """A sweep as its folder holds it; its tables are read when they are asked for.

    Whole parts, and what is only in journals yet: `runs` has a row per finished run, `failures` one per failed run.
    """

    def __init__(self, work: SweepFolder, complete: bool) -> None:
        self.folder, self.plan, self.complete = work.path, work.plan, complete
        self._work = work

    @cached_property
    def runs(self) -> pl.DataFrame:
        return self._gathered("runs", "runs/")

    @cached_property
    def failures(self) -> pl.DataFrame:
        return self._gathered(FAILURES, FAILURES)

    @cached_property
    def paths(self) -> pl.DataFrame:
        """The daily series that the plan keeps of every run."""
        return self._gathered("paths", "paths/")

    def _gathered(self, name: str, files: str) -> pl.DataFrame:
        import polars as pl

        work = self._work
        tables = [read_part(work.path, part, work.parts) for part in sorted(work.parts) if part.startswith(files)]
        in_hand = tables_of(work.plan, work.in_journals(), work.mixed).get(name)
        if in_hand is not None:
            tables.append(in_hand)
        return pl.concat(tables).sort("row", maintain_order=True)


def read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        found = manifest["kind"], manifest["format"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: holds no readable {MANIFEST}; allowed is {ALLOWED}") from None
    if found != (KIND, FORMAT):
        raise InputError(f"{path}: holds a {found[0]} of format {found[1]}; allowed is {ALLOWED}, of format {FORMAT}")
    names = {"plan_digest", "complete", "mixed", "files"}
    if not names <= manifest.keys() or not isinstance(manifest["files"], dict):
        raise InputError(f"{path / MANIFEST}: lacks what was written there; allowed is as powderkeg wrote it")
    return manifest


def read_part(path: Path, name: str, files: dict[str, str]) -> pl.DataFrame:
    """A table that the manifest vouches for; raises InputError where its bytes are others."""
    import polars as pl

    return pl.read_parquet(io.BytesIO(read_bytes(path, name, files)))


def read_bytes(path: Path, name: str, files: dict[str, str]) -> bytes:
    """A file that the manifest vouches for; raises InputError where its bytes are others."""
    try:
        content = (path / name).read_bytes()
    except OSError as error:
        raise InputError(f"{path / name}: cannot be read ({error.strerror}); allowed is {ALLOWED}") from None
    if hashlib.sha256(content).hexdigest() != files.get(name):
        raise InputError(f"{path / name}: was changed after it was written; allowed is as powderkeg wrote it")
    return content
