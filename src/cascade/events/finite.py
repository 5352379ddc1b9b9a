"""Where a file of events holds something that is not a number, for the message about it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from cascade.events import hdf5

CHUNK = 4096


def not_finite(path: str | Path, names: Iterable[str]) -> str | None:
    """Say where fields of a file are NaN or infinite first; ``None`` if they nowhere are."""
    start = 0
    for events in hdf5.chunks(path, names, CHUNK):
        for name, array in events.items():
            finite = _finite(array)
            if not finite.all():
                event = start + int(np.argmin(finite))
                return f"{path}: field '{name}' is not finite (NaN or infinite) in event {event}"
        start += CHUNK
    return None


def _finite(array: Any) -> np.ndarray:
    """Return which events are finite throughout, shape (events,)."""
    if isinstance(array, np.ndarray):
        return np.isfinite(array).reshape(len(array), -1).all(axis=1)
    import awkward as ak

    finite = np.isfinite(array)
    while finite.ndim > 1:
        finite = ak.all(finite, axis=-1)
    return ak.to_numpy(finite)
