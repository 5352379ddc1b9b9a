"""Ragged fields: as Awkward arrays, and flat, as the values of all events and their number in each.

Awkward is imported where it is needed: its import takes longer than most of what is done here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import awkward as ak


def flat(array: ak.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the values (rows, …) of an array (events × var × …), and the number of each event."""
    import awkward as ak

    counts = ak.to_numpy(ak.num(array, axis=1)).astype(np.int64)
    return ak.to_numpy(ak.flatten(array, axis=1)), counts


def nested(values: np.ndarray, counts: np.ndarray) -> ak.Array:
    """Return the array (events × var × …) whose events hold so many of the values (rows, …)."""
    import awkward as ak

    return ak.unflatten(values, counts)
