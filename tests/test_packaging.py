"""What is installed: the locks, and a wheel that finds its scenarios and sweeps wherever it is used."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_locks_name_no_index_and_hash_everything() -> None:
    locks = sorted((ROOT / "requirements").glob("3.*.txt"))
    assert len(locks) == 6
    for lock in locks:
        lines = lock.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith("-") or "://" in line]
        starts = [i for i, line in enumerate(lines) if line and line[0] not in " #"]
        assert len(starts) > 20
        assert all(lines[i + 1].lstrip().startswith("--hash=sha256:") for i in starts)


@pytest.mark.slow
def test_a_wheel_finds_the_shipped_scenarios_and_sweeps_in_any_folder(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    page = {file.name for file in (ROOT / "abm" / "live" / "page").iterdir()}
    assert {file.name for file in (installed / "abm" / "live" / "page").iterdir()} == page
    assert {"index.html", "echarts.js", "echarts.LICENSE.txt", "echarts.NOTICE.txt"} <= page
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = f"""
import sys
sys.path.insert(0, {str(installed)!r})
import abm
from abm.scenario import names
from abm.sweep.files import shipped
from abm.sweep.reading import read_plan
print(abm.__file__)
print(*[abm.load(name).name for name in names()])
print(*[read_plan(name).name for name in shipped()])
"""
    ran = subprocess.run([sys.executable, "-P", "-c", code], cwd=elsewhere, capture_output=True, text=True, check=True)
    place, scenarios, sweeps = ran.stdout.splitlines()
    assert Path(place).is_relative_to(installed)
    assert set(scenarios.split()) == {file.stem for file in (ROOT / "scenarios").glob("*.toml")}
    assert set(sweeps.split()) == {file.stem for file in (ROOT / "sweeps").glob("*.toml")}
