"""Stations and their neighbours on the lattice: which stand alone, and which are silent.

A station without a triggered neighbour has most likely been triggered by noise, far from the
shower; arrays of surface detectors leave isolated stations out of the reconstruction (Pierre Auger
Collaboration, arXiv:2007.09035). A silent station beside a triggered one bounds the core.
"""

from __future__ import annotations

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.showers.array import nearest_axial, positions, site
from cascade.studies.showers.baselines.observables import Stations
from cascade.studies.showers.settings.sources import ArraySettings

NEIGHBOURS = ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1))
"""Axial steps to the six next sites."""
OFF_SITE = 0.1
"""A station may stand so far from its site on the lattice, in spacings."""


def isolated(found: Stations, array: ArraySettings) -> np.ndarray:
    """Return which stations have no triggered neighbour, shape (n,).

    Of an event whose stations all stand alone, none counts as isolated.
    """
    triggered, place = _occupied(found, array)
    alone = ~_beside(triggered)[found.event, place[:, 0], place[:, 1]]
    others = np.bincount(found.event[~alone], minlength=found.events)
    return alone & (others[found.event] > 0)


def silent_neighbours(found: Stations, array: ArraySettings) -> tuple[np.ndarray, np.ndarray]:
    """Return the silent stations beside triggered ones: their events (m,) and positions (m, 3).

    Only sites in the largest hexagon about the centre are known to carry a station, also where
    events were rotated.

    Raises
    ------
    CascadeError
        Stations stand elsewhere than the array's settings say.
    """
    triggered, _ = _occupied(found, array)
    half = triggered.shape[1] // 2
    q, r = np.ogrid[-half : half + 1, -half : half + 1]
    rings = min(array.rows, array.columns) // 2
    hexagon = np.maximum(np.maximum(np.abs(q), np.abs(r)), np.abs(q + r)) <= rings
    event, *place = np.nonzero(_beside(triggered) & ~triggered & hexagon)
    return event, positions(array)[site(array, np.stack(place, axis=-1) - half)]


def _occupied(found: Stations, array: ArraySettings) -> tuple[np.ndarray, np.ndarray]:
    """Return where stations triggered, (events, size, size), and their places in it, (n, 2)."""
    coordinates = nearest_axial(array, found.position)
    q, r = coordinates.T
    lattice = array.spacing * np.stack([q + r / 2, r * np.sqrt(3) / 2], axis=1)
    off = np.linalg.norm(found.position[:, :2] - lattice, axis=1).max(initial=0)
    if off > OFF_SITE * array.spacing:
        raise CascadeError(
            f"array: a station stands {off:.0f} m from the next site of an array with "
            f"{array.spacing:g} m spacing; give the array's settings as it was simulated"
        )
    # wide enough for rows and columns of any rotated array, with an empty border
    half = (array.rows + array.columns) // 2 + 2
    place = np.clip(coordinates + half, 0, 2 * half)
    triggered = np.zeros((found.events, 2 * half + 1, 2 * half + 1), bool)
    triggered[found.event, place[:, 0], place[:, 1]] = True
    return triggered, place


def _beside(triggered: np.ndarray) -> np.ndarray:
    """Return which places have a triggered neighbour, of the same shape."""
    beside = np.zeros_like(triggered)
    for step in NEIGHBOURS:
        beside |= np.roll(triggered, step, axis=(1, 2))
    return beside
