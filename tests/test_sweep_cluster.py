"""Sweeps on a real Dask cluster over TCP: the same bytes, and what goes wrong costs time only."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme
from test_sweep import in_pieces, small_plan, tables

from abm.errors import InputError
from abm.sweep.cluster import warn_of_open_doors
from abm.sweep.folder import open_sweep
from abm.sweep.plan import Plan
from abm.sweep.sweep import Progress, sweep

ROOT = Path(__file__).resolve().parents[1]
QUIET = ("--host", "127.0.0.1", "--no-dashboard")


@contextmanager
def process(kind: str, *options: str, package: Path = ROOT, tls: tuple[str, ...] = ()) -> Iterator[subprocess.Popen]:
    """A scheduler or a worker as Dask's own command starts it, gone with all its children at the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{kind}", *QUIET, *options, *tls],
        cwd=package,
        env={**os.environ, "PYTHONPATH": str(package)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        kill_all(started)


def kill_all(started: subprocess.Popen) -> None:
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


@contextmanager
def scheduler(folder: Path, tls: tuple[str, ...] = ()) -> Iterator[tuple[str, Path, subprocess.Popen]]:
    """A scheduler on a free port: its address, the file that tells workers of it, its process."""
    file = folder / "scheduler.json"
    with process("scheduler", "--port", "0", "--scheduler-file", str(file), tls=tls) as started:
        end = time.monotonic() + 30
        while not file.exists() or not file.read_text():
            assert time.monotonic() < end, "the scheduler did not start"
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"], file, started


def worker(file: Path, **more: Any) -> Any:
    return process("worker", "--scheduler-file", str(file), "--nthreads", "1", "--death-timeout", "30", **more)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, dict[str, bytes]]:
    """A small sweep, and its tables as this process makes them."""
    folder = tmp_path_factory.mktemp("here")
    plan = small_plan(folder, replications=8, more="[keep]\npaths = 10")
    in_pieces(plan, folder / "out")
    return plan, tables(folder / "out")


@pytest.mark.slow
def test_the_same_bytes_over_tcp_though_a_worker_is_killed(here: tuple[Plan, dict[str, bytes]], tmp_path: Path):
    plan, expected = here
    killed = []

    with scheduler(tmp_path) as (address, file, _), worker(file) as one, worker(file) as two:

        def kill_one(now: Progress) -> None:
            if now.done == 3 and not killed:
                nanny = psutil.Process(one.pid)
                killed.extend(child.pid for child in nanny.children() if "spawn_main" in " ".join(child.cmdline()))
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)

        sweep(plan, tmp_path / "out", cluster=address, progress=kill_one)
        assert two.poll() is None
    assert tables(tmp_path / "out") == expected
    assert len(killed) == 1


@pytest.mark.slow
def test_a_lost_scheduler_ends_with_a_sentence_and_the_rest_can_be_made(
    here: tuple[Plan, dict[str, bytes]], tmp_path: Path
) -> None:
    plan, expected = here
    with scheduler(tmp_path) as (address, file, started), worker(file):

        def lose(now: Progress) -> None:
            if now.done == 3:
                kill_all(started)

        with pytest.raises(InputError, match="the scheduler has gone; what is finished is kept"):
            sweep(plan, tmp_path / "out", cluster=address, progress=lose)
    assert 3 <= open_sweep(tmp_path / "out").runs.height < plan.n_runs
    sweep(plan, tmp_path / "out", workers=1)
    assert tables(tmp_path / "out") == expected


@pytest.mark.slow
def test_another_program_on_a_worker_is_refused_unless_mixed(here: tuple[Plan, dict[str, bytes]], tmp_path: Path):
    plan, _ = here
    other = tmp_path / "other"
    for folder in ("abm", "scenarios"):
        shutil.copytree(ROOT / folder, other / folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "abm" / "errors.py").open("a") as file:
        file.write("# another program\n")
    with scheduler(tmp_path) as (address, file, _), worker(file, package=other):
        with pytest.raises(InputError, match="differs in source_digest from this machine"):
            sweep(plan, tmp_path / "strict", cluster=address)
        sweep(plan, tmp_path / "mixed", cluster=address, mixed=True)
    runs = open_sweep(tmp_path / "mixed").runs
    assert runs["platform"].null_count() == 0
    assert runs["platform"].str.starts_with(sys.platform.capitalize()).all()
    assert not open_sweep(tmp_path / "strict").runs.height


@pytest.mark.slow
def test_the_same_bytes_over_tls(here: tuple[Plan, dict[str, bytes]], tmp_path: Path) -> None:
    plan, expected = here
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
    tls = ("--tls-ca-file", str(tmp_path / "ca.pem"), "--tls-cert", str(tmp_path / "own.pem"))
    tls = (*tls, "--tls-key", str(tmp_path / "own.pem"))
    with scheduler(tmp_path, ("--protocol", "tls", *tls)) as (address, file, _), worker(file, tls=tls):
        assert address.startswith("tls://")
        with pytest.raises(InputError, match="needs certificates, and Dask's configuration has none"):
            sweep(plan, tmp_path / "out", cluster=address)
        import dask

        files = {"ca-file": "ca.pem", "client.cert": "own.pem", "client.key": "own.pem"}
        with dask.config.set({f"distributed.comm.tls.{key}": str(tmp_path / file) for key, file in files.items()}):
            sweep(plan, tmp_path / "out", cluster=address)
    assert tables(tmp_path / "out") == expected


@pytest.mark.slow
def test_a_cluster_of_this_machine_alone_gives_the_same_bytes(here: tuple[Plan, dict[str, bytes]], tmp_path: Path):
    plan, expected = here
    sweep(plan, tmp_path, cluster="local", workers=2)
    assert tables(tmp_path) == expected


@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "tcp://node7:8786"])
def test_an_open_door_is_pointed_at(address: str) -> None:
    with pytest.warns(UserWarning, match="can run code on its workers; tls:// does both"):
        warn_of_open_doors(address)


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:1", "tls://node7:8786"]
)
def test_a_closed_one_is_not(address: str) -> None:
    warn_of_open_doors(address)  # a warning would be an error


@pytest.mark.parametrize("address", ["node7:8786", "http://node7", "tcp://", "processes"])
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="is no address; allowed is tcp://host:port, tls://host:port or local"):
        sweep(small_plan(tmp_path), tmp_path / "out", cluster=address)
