"""Compiled rules are never stale, survive damage and many processes at once, and lie in a private folder."""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

COMPILED = Path(__file__).parents[1] / "abm" / "compiled.py"
PROBE = """
    import sys
    from abm import compiled
    from abm.user import worth
    cold = compiled.is_cold()
    value = worth(3.0)
    print(value, sum(worth.stats.cache_hits.values()), sum(worth.stats.cache_misses.values()), cold)
"""


class World:
    """A small package of the same name with the real cache, a folder of its own and processes of its own."""

    def __init__(self, folder: Path) -> None:
        self.package = folder / "abm"
        self.cache = folder / "cache"
        (self.package / "parts").mkdir(parents=True)
        shutil.copy(COMPILED, self.package / "compiled.py")
        self.write("__init__.py", "")
        self.write("constants.py", "SCALE = 2.0")
        self.write("parts/__init__.py", "")
        self.write(
            "parts/helper.py",
            """
            from ..compiled import rule
            from ..constants import SCALE

            @rule
            def scaled(value):
                return SCALE * value
            """,
        )
        self.write(
            "user.py",
            """
            import abm.parts.helper
            from abm.compiled import rule

            scaled = abm.parts.helper.scaled

            @rule
            def worth(value):
                return scaled(value) + 1.0
            """,
        )

    def write(self, name: str, text: str) -> None:
        file = self.package / name
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        # a file system's clock may run a little ahead; an edit "after the start" would rightly not be cached
        past = time.time() - 60
        os.utime(file, (past, past))

    def start(self, code: str = PROBE, **environment: str) -> subprocess.Popen[str]:
        # without bytecode files: Python itself overlooks an edit of equal size within one second
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.package.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "POWDERKEG_CACHE_DIR": str(self.cache),
            **environment,
        }
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.package.parent,
            env=environment,
        )

    def run(self, code: str = PROBE, **environment: str) -> list[str]:
        return finish(self.start(code, **environment))[0]

    def stored(self) -> list[Path]:
        return sorted(self.cache.rglob("*.bin"))


def finish(process: subprocess.Popen[str]) -> tuple[list[str], str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.split(), err


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.slow
def test_a_second_process_loads_what_the_first_compiled(world: World) -> None:
    assert world.run() == ["7.0", "0", "1", "True"]
    assert world.run() == ["7.0", "1", "0", "False"]


@pytest.mark.slow
def test_an_edited_helper_in_another_file_is_seen(world: World) -> None:
    world.run()
    helper = world.package / "parts" / "helper.py"
    world.write("parts/helper.py", helper.read_text().replace("SCALE * value", "SCALE - value"))
    assert world.run() == ["0.0", "0", "1", "True"]


@pytest.mark.slow
def test_a_changed_constant_two_imports_away_is_seen(world: World) -> None:
    world.run()
    world.write("constants.py", "SCALE = 3.0")
    assert world.run()[:3] == ["10.0", "0", "1"]
    world.write("constants.py", "SCALE = 2.0")
    assert world.run()[:3] == ["7.0", "1", "0"], "the old sources' machine code is still valid for them"


@pytest.mark.slow
def test_a_constant_made_by_a_function_that_imports_is_seen(world: World) -> None:
    world.write("unit.py", "SIZE = 2.0")
    world.write(
        "constants.py",
        """
        def scale():
            from abm.unit import SIZE
            return SIZE

        SCALE = scale()
        """,
    )
    world.run()
    world.write("unit.py", "SIZE = 4.0")
    assert world.run()[0] == "13.0"


@pytest.mark.slow
def test_a_file_that_no_rule_draws_on_changes_nothing(world: World) -> None:
    types_only = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import abm.unrelated\nSCALE = 2.0\n"
    world.write("constants.py", types_only)
    world.run()
    world.write("unrelated.py", "SCALE = 5.0")
    world.write("parts/__init__.py", "SCALE = 5.0")
    assert world.run()[1:3] == ["1", "0"]


@pytest.mark.slow
def test_a_source_edited_while_the_process_runs_is_neither_loaded_nor_stored(world: World) -> None:
    edit = "import os, time; os.utime('abm/constants.py', (time.time() + 60, time.time() + 60))\n"
    first = PROBE.replace("    value =", f"    {edit}    value =")
    assert world.run(first)[:3] == ["7.0", "0", "1"]
    assert not [file for file in world.stored() if "worth" in file.name]


@pytest.mark.slow
def test_many_processes_may_start_at_once_on_an_empty_cache(world: World) -> None:
    two_types = PROBE.replace("    value =", "    worth(3)\n    value =")
    started = [world.start(two_types if i % 2 else PROBE) for i in range(3)]
    assert {finish(process)[0][0] for process in started} == {"7.0"}
    assert world.run(two_types)[:3] == ["7.0", "2", "0"]
    assert not list(world.cache.rglob("*.tmp"))


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "empty", "other bytes"])
def test_a_damaged_file_is_compiled_again(world: World, damage: str) -> None:
    world.run()
    for file in world.stored():
        content = file.read_bytes()
        changed = {"cut": content[: len(content) // 2], "empty": b"", "other bytes": content[:-1] + b"\0\0"}
        file.write_bytes(changed[damage])
    assert world.run()[:3] == ["7.0", "0", "1"]
    assert world.run()[:3] == ["7.0", "1", "0"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="modes of folders are a matter of POSIX systems")
def test_the_folder_is_private_and_refused_when_others_can_write_to_it(world: World) -> None:
    world.run()
    folder = world.cache / "compiled"
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {0o700}
    folder.chmod(0o777)
    out, errors = finish(world.start())
    assert out == ["7.0", "0", "1", "True"]
    assert errors.count("not kept between runs: no cache folder (other users can write to it)") == 1


@pytest.mark.slow
def test_the_default_folder_is_the_users_and_not_temporary(world: World) -> None:
    where = "from abm import compiled; print(compiled.cache_root())"
    home = world.package.parent / "home"
    home.mkdir()
    kept = world.run(where, POWDERKEG_CACHE_DIR="", XDG_CACHE_HOME="", HOME=str(home), LOCALAPPDATA=str(home))
    assert Path(kept[0]).is_relative_to(home)
    if sys.platform == "linux":
        assert kept == [str(home / ".cache" / "powderkeg" / "compiled")]
        moved = world.run(where, POWDERKEG_CACHE_DIR="", XDG_CACHE_HOME=str(home / "x"))
        assert moved == [str(home / "x" / "powderkeg" / "compiled")]


@pytest.mark.slow
def test_a_home_that_cannot_be_written_costs_one_warning(world: World) -> None:
    blocked = world.package.parent / "file"
    blocked.write_text("not a folder")
    out, errors = finish(world.start(POWDERKEG_CACHE_DIR=str(blocked)))
    assert out == ["7.0", "0", "1", "True"]
    assert errors.count("not kept between runs") == 1


@pytest.mark.slow
def test_machine_code_unused_for_a_month_goes_when_new_code_comes(world: World) -> None:
    world.run()
    old = world.stored()
    long_ago = time.time() - 31 * 86400
    for folder in {file.parent for file in old if "worth" in file.name}:
        os.utime(folder, (long_ago, long_ago))
    world.write("user.py", (world.package / "user.py").read_text() + "\n")
    world.run()
    gone = [file for file in old if not file.exists()]
    assert gone
    assert all("worth" in file.name for file in gone)


def test_rules_run_uncompiled(world: World) -> None:
    plain = """
        from abm import compiled
        from abm.user import worth
        print(worth(3.0), compiled.is_cold(), type(worth).__name__)
    """
    assert world.run(plain, NUMBA_DISABLE_JIT="1") == ["7.0", "False", "function"]
    assert not world.stored()


@pytest.mark.slow
def test_settings_of_the_compiler_have_code_of_their_own(world: World) -> None:
    world.run()
    assert world.run(NUMBA_BOUNDSCHECK="1")[:3] == ["7.0", "0", "1"]
