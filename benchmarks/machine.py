"""The machine that benchmarks run on, as a record of theirs says it."""

from __future__ import annotations

import os
import platform
import statistics
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

LIBRARIES = (
    "awkward", "captum", "h5py", "hexagdly", "numpy", "pythia8mc", "scipy",
    "snakemake", "torch", "torch-geometric",
)  # fmt: skip


def bandwidth(megabytes: int = 256, repeats: int = 7) -> float:
    """Return the bytes a second that one core copies in memory; each is read and written."""
    source = np.ones(megabytes * 2**17)
    target = np.empty_like(source)
    taken = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        np.copyto(target, source)
        taken.append(time.perf_counter() - start)
    return source.nbytes / statistics.median(taken[1:])


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def there(library: str) -> bool:
    """Return whether a library is installed."""
    try:
        return bool(version(library))
    except PackageNotFoundError:
        return False


def described() -> dict:
    """Return processor, cores, memory and its bandwidth, load, and versions of libraries."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor(),
        "cores": cores(),
        "memory_gib": round(memory / 2**30, 1),
        "copied_gb_per_s": round(bandwidth() / 1e9, 1),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES if there(name)},
        },
    }
