"""Traces in pieces that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

CHUNK = 256
"""Traces that are worked on at a time."""


def chunks(number: int) -> Iterator[slice]:
    """Yield slices that together hold ``number`` traces; a single empty one of none."""
    for first in range(0, max(number, 1), CHUNK):
        yield slice(first, min(first + CHUNK, number))


def joined(columns: Iterable[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the columns of all pieces, one after the other."""
    pieces = list(columns)
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
