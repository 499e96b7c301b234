"""Journals: what a sweep has finished and not yet folded into tables, safe against a kill at any moment.

A journal is a file to which entries are only ever appended. An entry says how long it is and what its digest is, so
that a reader takes all whole entries and stops at one that was torn by a kill or a full disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

HEAD = struct.Struct("<4sQQ16s")  # mark, bytes of JSON, bytes of tables, digest of both
MARK = b"PKJ1"


class Entry(NamedTuple):
    """One finished run: what is known of it as JSON, and its tables, each as a Parquet file in memory."""

    content: dict[str, Any]
    tables: dict[str, bytes]


def append(path: Path, content: Mapping[str, Any], tables: Mapping[str, bytes]) -> int:
    """Append one entry and return its bytes once they are on the disk; after an error the file is as it was.

    Numbers keep their bits: JSON writes the shortest text that reads back as the same float.
    """
    sizes = {name: len(table) for name, table in tables.items()}
    text = json.dumps({"content": content, "sizes": sizes}, allow_nan=False, separators=(",", ":")).encode()
    blob = b"".join(tables.values())
    entry = HEAD.pack(MARK, len(text), len(blob), digest_of(text, blob)) + text + blob
    with path.open("ab", buffering=0) as file:
        start = file.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(entry):
                written += file.write(entry[written:]) or 0
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(start)
            raise
    return len(entry)


def entries(path: Path) -> Iterator[Entry]:
    """Yield the whole entries of a journal, up to the first that is torn or was changed."""
    with path.open("rb") as file:
        while len(head := file.read(HEAD.size)) == HEAD.size:
            mark, of_text, of_blob, digest = HEAD.unpack(head)
            left = os.fstat(file.fileno()).st_size - file.tell()
            if mark != MARK or of_text + of_blob > left:
                return
            text, blob = file.read(of_text), file.read(of_blob)
            if digest_of(text, blob) != digest:
                return
            known = json.loads(text)
            tables, start = {}, 0
            for name, size in known["sizes"].items():
                tables[name] = blob[start : start + size]
                start += size
            yield Entry(known["content"], tables)


def digest_of(text: bytes, blob: bytes) -> bytes:
    return hashlib.blake2b(text + blob, digest_size=16).digest()
