"""Where a file comes from: package version and commit, beside what its maker knows."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from cascade import __version__

PACKAGES = ("torch", "numpy", "scikit-learn", "pythia8mc", "fastjet", "snakemake")
"""On whose versions numbers hang most."""


@cache
def commit() -> str:
    """Return the git commit of the running code (``-dirty`` if changed), or ``unknown``."""
    here = Path(__file__).parent
    # without locks: a job that is killed meanwhile would leave one behind in the user's checkout
    words = ["git", "--no-optional-locks", "-C", here, "status"]
    words += ["--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    first, *others = found.stdout.splitlines() or [""]
    name = first.removeprefix("# branch.oid ")
    if name in ("", "(initial)"):  # no repository, or one without a commit
        return "unknown"
    return name + "-dirty" * any(not line.startswith("#") for line in others)


def versions() -> dict[str, str]:
    """Return, in words, when this is, on what machine, and with which versions of what matters."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "date": f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": ", ".join(
            [f"Python {platform.python_version()}", *(f"{key} {of}" for key, of in found.items())]
        ),
    }


def record(**facts: Any) -> dict[str, Any]:
    """Return the facts with the code's version: attributes for HDF5, or a part of a JSON file.

    Anything but text and numbers is kept as JSON.
    """
    plain = {
        key: value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)
        for key, value in facts.items()
        if value is not None
    }
    return {**plain, "cascade_version": __version__, "git_commit": commit()}
