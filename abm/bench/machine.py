"""The machine that figures belong to, as far as it tells."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path

from abm.experiments.files import fingerprint, versions
from abm.experiments.workers import cores

CPU_INFO = Path("/proc/cpuinfo")
CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")  # the last one, as in 32768K
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
UNKNOWN = "not told"


def machine() -> dict[str, str]:
    """Return processor, cores, governor, memory, load, system and versions, by name."""
    import psutil

    load = " ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else UNKNOWN
    libraries = {**versions(), "mesa": metadata.version("mesa")}
    return {
        "processor": f"{processor()} ({fingerprint()['processor']})",
        "cores": f"{cores()} of {os.cpu_count()}",
        "frequency governor": GOVERNOR.read_text("utf-8").strip() if GOVERNOR.is_file() else UNKNOWN,
        "last cache": f"{size / 2**20:.0f} MiB" if (size := last_cache()) else UNKNOWN,
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "load when it began (1, 5, 15 min)": load,
        "system": platform.platform(),
        "versions": ", ".join(f"{name} {version}" for name, version in libraries.items()),
    }


def processor() -> str:
    """Return the processor's name."""
    about = CPU_INFO.read_text("utf-8") if CPU_INFO.is_file() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", about, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def last_cache() -> int | None:
    """Return the bytes of the processor's last cache, if the system tells."""
    told = CACHE.read_text("utf-8").strip() if CACHE.is_file() else ""
    return int(told[:-1]) * 1024 if re.fullmatch(r"\d+K", told) else None
