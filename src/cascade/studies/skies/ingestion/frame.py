"""From galactic to equatorial coordinates (J2000).

The pole and the zero of the galactic frame are those of the Hipparcos catalogue (ESA SP-1200, 1997,
volume 1, section 1.5.3), which agree with the definition of 1958.
"""

from __future__ import annotations

import numpy as np

POLE = (192.85948, 27.12825)
"""Right ascension and declination of the north galactic pole [deg]."""
NODE = 32.93192
"""Galactic longitude of the ascending node of the galactic plane on the equator [deg]."""


def unit_vectors(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Return unit vectors (n, 3) from angles [rad], (n,) each."""
    across = np.cos(latitude)
    parts = (across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude))
    return np.stack(parts, axis=-1)


def equatorial(galactic: np.ndarray) -> np.ndarray:
    """Return equatorial vectors (…, 3) from galactic ones."""
    return galactic @ _axes()


def _axes() -> np.ndarray:
    """Return the axes of the galactic frame in the equatorial one, a row each."""
    right_ascension, declination = np.radians(POLE)
    pole = unit_vectors(right_ascension, declination)
    # the node lies on the equator, 90° east of the pole
    node = unit_vectors(right_ascension + np.pi / 2, np.array(0.0))
    beside = np.cross(pole, node)
    turn = np.radians(NODE)
    zero = np.cos(turn) * node - np.sin(turn) * beside
    return np.stack([zero, np.cross(pole, zero), pole])
