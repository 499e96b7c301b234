"""Journals: every whole entry is read, whatever a kill or a full disk did to the end of the file."""

import json
import resource
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.sweep.journal import append, entries

CONTENTS = st.dictionaries(
    st.sampled_from(["row", "drawdown", "verdict"]),
    st.one_of(st.none(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text()),
)
ENTRIES = st.lists(st.tuples(CONTENTS, st.dictionaries(st.sampled_from(["paths", "events"]), st.binary())), max_size=5)


def written(folder: str, given_entries: list) -> tuple[Path, list[int]]:
    path = Path(folder, "one.journal")
    path.touch()
    return path, [append(path, content, tables) for content, tables in given_entries]


@pytest.mark.slow
@settings(deadline=None, derandomize=True)
@given(ENTRIES)
def test_what_is_appended_is_read_with_its_bits(given_entries: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, _ = written(folder, given_entries)
        read = [(entry.content, entry.tables) for entry in entries(path)]
    assert json.dumps([content for content, _ in read]) == json.dumps([content for content, _ in given_entries])
    assert [tables for _, tables in read] == [tables for _, tables in given_entries]


@pytest.mark.slow
@settings(deadline=None, derandomize=True)
@given(ENTRIES.filter(bool), st.data())
def test_a_torn_or_changed_file_gives_its_whole_entries_before_the_damage(given_entries: list, data: st.DataObject):
    with tempfile.TemporaryDirectory() as folder:
        path, sizes = written(folder, given_entries)
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            path.write_bytes(content[:place])
        else:
            content[place] ^= data.draw(st.integers(1, 255))
            path.write_bytes(content)
        whole = sum(sum(sizes[: n + 1]) <= place for n in range(len(sizes)))
        assert len(list(entries(path))) == whole


def test_an_entry_that_finds_no_room_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "one.journal"
    size = append(path, {"row": 0}, {})
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            append(path, {"row": 1}, {"paths": bytes(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.stat().st_size == size
    assert [entry.content for entry in entries(path)] == [{"row": 0}]
