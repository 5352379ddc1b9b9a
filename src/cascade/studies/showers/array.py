"""Where the stations stand: a triangular lattice in offset rows, the central station at the origin.

A site is numbered ``row · columns + column``, rows from south to north. Rows at an odd distance
from the central one are moved east by half a spacing. Axial coordinates (q, r) count spacings along
the two lattice vectors (1, 0) and (½, √3/2); hexagonal networks store the array in them.
"""

from __future__ import annotations

import numpy as np

from cascade.studies.showers.settings.sources import ArraySettings

ROW_HEIGHT = np.sqrt(3) / 2
"""Distance of neighbouring rows, in spacings."""


def positions(array: ArraySettings) -> np.ndarray:
    """Return east, north, up of all sites relative to the central one [m]: (sites, 3)."""
    q, r = axial(array).T
    planar = np.stack([q + r / 2, r * ROW_HEIGHT, np.zeros(len(q))], axis=1)
    return array.spacing * planar


def axial(array: ArraySettings) -> np.ndarray:
    """Return the axial coordinates (q, r) of all sites, the central one at (0, 0): (sites, 2)."""
    row, column = np.divmod(np.arange(array.rows * array.columns), array.columns)
    r = row - array.rows // 2
    return np.stack([column - array.columns // 2 - r // 2, r], axis=1)


def site(array: ArraySettings, coordinates: np.ndarray) -> np.ndarray:
    """Return the sites at axial coordinates (…, 2): (…,), −1 where the array has no station."""
    q, r = coordinates[..., 0], coordinates[..., 1]
    row, column = r + array.rows // 2, q + r // 2 + array.columns // 2
    there = (row >= 0) & (row < array.rows) & (column >= 0) & (column < array.columns)
    return np.where(there, row * array.columns + column, -1)


def nearest_axial(array: ArraySettings, planar: np.ndarray) -> np.ndarray:
    """Return the axial coordinates of the lattice points next to positions (…, ≥2) [m]: (…, 2)."""
    r = planar[..., 1] / (array.spacing * ROW_HEIGHT)
    q = planar[..., 0] / array.spacing - r / 2
    # q, r and −q − r are rounded; as they must add up to 0, the worst one gives way
    cube = np.stack([q, r, -q - r], axis=-1)
    rounded = np.rint(cube)
    worst = np.argmax(np.abs(rounded - cube), axis=-1)[..., np.newaxis]
    others = np.sum(rounded, axis=-1, keepdims=True) - np.take_along_axis(rounded, worst, -1)
    np.put_along_axis(rounded, worst, -others, -1)
    return rounded[..., :2].astype(int)
