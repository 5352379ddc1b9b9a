"""Where stations stand relative to a shower's axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST = 1.0
"""No station is taken to be closer to an axis [m], so that directions away from it exist."""


@dataclass(frozen=True)
class Apart:
    """Stations seen from shower axes, one entry a station.

    Attributes
    ----------
    distance
        From the axis [m], shape (n,).
    along
        Along the axis, from the core towards the shower's origin [m], shape (n,).
    outward
        Unit vectors from the axis to the station, shape (n, 3).
    """

    distance: np.ndarray
    along: np.ndarray
    outward: np.ndarray


def from_axis(position: np.ndarray, event: np.ndarray, axis: np.ndarray, core: np.ndarray) -> Apart:
    """Return where stations stand relative to their events' axes.

    Parameters
    ----------
    position
        Of the stations [m], shape (n, 3).
    event
        Their events, shape (n,).
    axis
        Unit vectors towards the showers' origins, shape (events, 3).
    core
        Where the axes meet the ground [m], shape (events, 2).
    """
    direction = axis[event]
    apart = position.copy()
    apart[:, :2] -= core[event]
    along = np.einsum("ni,ni->n", apart, direction)
    across = apart - along[:, np.newaxis] * direction
    distance = np.maximum(np.linalg.norm(across, axis=1), LEAST)
    return Apart(distance, along, across / distance[:, np.newaxis])
