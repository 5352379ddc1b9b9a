"""Where a file comes from: package version and commit, beside what its maker knows."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from cascade import __version__


@cache
def commit() -> str:
    """Return the git commit of the running code (``-dirty`` if changed), or ``unknown``."""
    here = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "-C", here, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return "unknown"
    return found.stdout.strip() or "unknown"


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
