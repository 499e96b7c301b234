"""Folders of results appear whole or not at all, and can be read back."""

import json
from pathlib import Path

import pytest

import abm
from abm.errors import InputError
from abm.experiments.files import MANIFEST, fingerprint, new_folder, source_digest


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_files_appear_together_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "result"
    with new_folder(target) as hidden:
        (hidden / "a.txt").write_text("a")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["a.txt"]
    assert not leftovers(target.parent)


@pytest.mark.parametrize("end", [RuntimeError, KeyboardInterrupt])
def test_nothing_appears_when_the_work_breaks_off(tmp_path: Path, end: type[BaseException]) -> None:
    def break_off() -> None:
        with new_folder(tmp_path / "result") as hidden:
            (hidden / "a.txt").write_text("a")
            raise end

    with pytest.raises(end):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="already exists"), new_folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_a_new_one(tmp_path: Path) -> None:
    with new_folder(tmp_path) as hidden:
        (hidden / "a.txt").write_text("a")
    assert (tmp_path / "a.txt").read_text() == "a"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="is a file"), new_folder(tmp_path / "taken"):
        pass
    with pytest.raises(InputError, match="cannot be written"), new_folder(tmp_path / "taken" / "below"):
        pass


def test_force_replaces_the_old_results_and_keeps_what_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "old.parquet").write_text("old")
    (tmp_path / MANIFEST).write_text(json.dumps({"files": ["old.parquet", "../mine.txt"]}))
    with new_folder(tmp_path, force=True) as hidden:
        (hidden / "new.parquet").write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "new.parquet"]


@pytest.mark.parametrize("manifest", [None, "", "[]", "{}", '{"kind": "cake"}', '{"kind": ["run"]}'])
def test_reading_what_is_no_result_is_refused(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(InputError, match=r"manifest\.json"):
        abm.read(tmp_path)


def test_the_digest_and_the_fingerprint_are_stable_and_name_no_user() -> None:
    assert source_digest() == source_digest()
    assert len(source_digest()) == 64
    assert str(Path.home()) not in json.dumps(fingerprint())
