"""The cluster engine: the same rows on the workers of a Dask scheduler, written down here as they come back.

Dask runs what it is sent: whoever reaches the scheduler's port can run code on its workers. Plain `tcp://` is for
one machine or a closed network; `tls://` takes its certificates from Dask's own configuration.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import time
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from abm.errors import InputError
from abm.experiments.workers import reason_of
from abm.sweep.folder import SweepFolder, origin
from abm.sweep.local import Done
from abm.sweep.one_row import failed, finish
from abm.sweep.plan import Plan

LOCAL = "local"
CONNECT = 15  # seconds that a scheduler has to answer, and to show its first worker
AHEAD = 2  # rows per thread that are with the scheduler, so that none waits for us
NO_DASHBOARD: dict[str, Any] = {"dashboard_address": None}
COUNT = 5.0  # seconds between two counts of the cluster's threads


class OtherPlatform(RuntimeError):
    """A worker is not like the machine that ordered the row, and its bits might not be either."""


def on_cluster(work: SweepFolder, rows: Iterator[int], address: str, workers: int) -> Iterator[Done]:
    """Simulate rows on a cluster; yield each as soon as it is on the disk here.

    A worker that dies costs a repetition, which Dask sees to. Raises InputError when the scheduler cannot be
    reached or is lost, or, without `mixed`, when a worker runs on another platform.
    """
    text = zlib.compress(json.dumps(work.plan.to_dict()).encode())
    ours = None if work.mixed else origin()
    with ExitStack() as stack:
        client = connected(stack, address, workers)
        refuse_other_workers(client, ours)
        from distributed import as_completed

        coming, counted, room = as_completed(loop=client.loop), -COUNT, 0
        in_hand: dict[Any, int] = {}
        more = True
        while more or in_hand:
            if time.monotonic() - counted > COUNT:
                counted, room = time.monotonic(), AHEAD * max(1, threads_of(client, address))
            while more and len(in_hand) < room:
                row = next(rows, None)
                more = row is not None
                if row is not None:
                    future = client.submit(row_of, text, row, ours, pure=False, key=f"row-{row}-{work.session}")
                    in_hand[future] = row
                    coming.add(future)
            if in_hand:
                future = next(coming)
                yield taken(work, future, in_hand.pop(future), address)


def connected(stack: ExitStack, address: str, workers: int) -> Any:
    """A client of the scheduler at an address, or of a cluster of local processes that ends with the stack."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError(
            "--cluster needs the extra 'cluster', which is not installed; allowed is pip install 'powderkeg[cluster]'"
        ) from None

    for name in ("distributed", "distributed.client"):  # what happened is said in our own words
        logging.getLogger(name).setLevel(logging.CRITICAL)
    target: Any = address
    if address == LOCAL:
        target = stack.enter_context(
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="tcp://127.0.0.1",
                silence_logs=logging.CRITICAL,
                **NO_DASHBOARD,
            )
        )
    else:
        warn_of_open_doors(address)
    try:
        client = stack.enter_context(Client(target, timeout=CONNECT, set_as_default=False))
        client.wait_for_workers(1, timeout=CONNECT)
    except TimeoutError:
        raise InputError(
            f"--cluster {address}: shows no worker within {CONNECT} s; allowed is a scheduler that runs and has workers"
        ) from None
    except TypeError:  # what Dask makes of tls:// without certificates
        raise InputError(
            f"--cluster {address}: needs certificates, and Dask's configuration has none; allowed is one with "
            "distributed.comm.tls, or DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its like"
        ) from None
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"--cluster {address}: cannot be reached ({reason}); allowed is tcp://host:port, tls://host:port or {LOCAL}"
        ) from None
    return client


def warn_of_open_doors(address: str) -> None:
    """Say that plain TCP to another machine is open to whoever reaches it; raise InputError for no address."""
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname:
        raise InputError(f"--cluster {address}: is no address; allowed is tcp://host:port, tls://host:port or {LOCAL}")
    loopback = parts.hostname == "localhost"
    with suppress(ValueError):
        loopback = loopback or ipaddress.ip_address(parts.hostname).is_loopback
    if parts.scheme == "tcp" and not loopback:
        warnings.warn(
            f"{address} is neither encrypted nor asks who is there, and whoever reaches it can run code on its "
            "workers; tls:// does both",
            stacklevel=2,
        )


def refuse_other_workers(client: Any, ours: dict[str, Any] | None) -> None:
    """Raise InputError where a worker that is there has another program or platform."""
    for worker, theirs in client.run(origin).items():
        if ours is not None and theirs != ours:
            raise InputError(other_platform(worker, ours, theirs))


def other_platform(worker: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """One sentence on how a worker differs."""
    names = [name for name in ours if ours[name] != theirs.get(name)]
    return (
        f"--cluster: the worker {worker} differs in {', '.join(names)} from this machine, so that bits may differ; "
        "allowed are workers with the same program, libraries and platform, or --mixed"
    )


def threads_of(client: Any, address: str) -> int:
    try:
        return sum(client.nthreads().values())
    except (OSError, AttributeError):  # the connection broke, or Dask has dropped it already
        raise lost(address) from None


def taken(work: SweepFolder, future: Any, row: int, address: str) -> Done:
    """Write down what a finished task brought: an outcome, a platform that is refused, or the reason of its end."""
    if future.status == "cancelled":
        raise lost(address)
    if future.status == "finished":
        try:
            content, tables = future.result()
        except (OSError, CancelledError):  # the result was on a worker that has gone with the scheduler
            raise lost(address) from None
    else:
        error = future.exception()
        if isinstance(error, OtherPlatform):
            raise InputError(str(error)) from None
        content, tables = {**failed(row, reason_of(error)).content(), "worker": "cluster", "attempts": 1}, {}
    future.release()
    work.write_down(content, tables)
    return Done(row, content["status"], content["reason"], content["seconds"], content["worker"])


def lost(address: str) -> InputError:
    return InputError(
        f"--cluster {address}: the scheduler has gone; what is finished is kept, and the same command goes on"
    )


# ------------------------------------------------------------------------------------- on a worker
def row_of(text: bytes, row: int, ours: dict[str, Any] | None) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Simulate one row; without `ours` on whatever platform, which the row then records."""
    from distributed import get_worker

    worker, theirs = get_worker(), origin()
    if ours is not None and theirs != ours:
        raise OtherPlatform(other_platform(worker.address, ours, theirs))
    done = finish(plan_of(text), row)
    content = {**done.content(), "worker": str(worker.name), "attempts": 1}
    if ours is None:
        content["platform"] = " ".join(theirs["platform"].values())
    return content, done.tables


@lru_cache(maxsize=2)
def plan_of(text: bytes) -> Plan:
    return Plan.from_dict(json.loads(zlib.decompress(text)))
