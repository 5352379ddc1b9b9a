"""The twelve symmetries of the stations' lattice about the central station.

Symmetry ``s`` mirrors east-west first (x → −x) if ``s ≥ 6``, then turns by ``s mod 6`` sixths of a
turn counter-clockwise. That is the dihedral group of the hexagon, p6m without its translations
(arXiv:1803.02108). All tables have the symmetry as first axis: ``table[s]``.
"""

from __future__ import annotations

import numpy as np

from cascade.studies.showers.array import axial, site
from cascade.studies.showers.settings.sources import ArraySettings

ORDER = 12
"""Number of symmetries."""

TURN = np.arange(ORDER) % 6
"""Sixths of a turn, counter-clockwise: (12,)."""

MIRRORED = np.arange(ORDER) // 6
"""1 for those that mirror east-west before they turn: (12,)."""

INVERSE = np.where(MIRRORED, np.arange(ORDER), -TURN % 6)
"""The symmetry that undoes each; a mirrored one undoes itself: (12,)."""


def planar() -> np.ndarray:
    """Return the matrices that act on (x, y), columns of east and north: (12, 2, 2).

    An image is ``vectors @ planar()[s].T`` for vectors (…, 2).
    """
    angle = TURN * np.pi / 3
    # halves are exact, so that a half turn brings back the very same numbers
    cosine, sine = np.rint(2 * np.cos(angle)) / 2, np.sqrt(3) / 2 * np.sign(np.rint(np.sin(angle)))
    turned = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], axis=-2)
    return turned * np.stack([1 - 2 * MIRRORED, np.ones(ORDER)], axis=-1)[:, np.newaxis]


def lattice() -> np.ndarray:
    """Return the integer matrices that act on axial coordinates (q, r): (12, 2, 2).

    A sixth of a turn takes (q, r) to (−r, q + r), the mirror to (−q − r, r).
    """
    sixth, mirror = np.array([[0, -1], [1, 1]]), np.array([[-1, -1], [0, 1]])
    return np.stack(
        [
            np.linalg.matrix_power(sixth, turn) @ np.linalg.matrix_power(mirror, mirrored)
            for turn, mirrored in zip(TURN, MIRRORED, strict=True)
        ]
    )


def images(array: ArraySettings) -> np.ndarray:
    """Return to which site each site goes: (12, sites), −1 where the array has no station."""
    return site(array, np.einsum("sij,nj->sni", lattice(), axial(array)))


def preimages(array: ArraySettings) -> np.ndarray:
    """Return from which site each site is filled: (12, sites), −1 where the array has no station.

    For data by site, of shape (events, sites, …), the image under symmetry ``s`` is
    ``data[:, preimages(array)[s]]``, with nothing where the table says −1.
    """
    return images(array)[INVERSE]
