"""Coherent deflection: rays drift along the flow lines of a smooth random field on the sphere.

The field of a sky is the part at right angles to x of  b + M x,  with normal numbers in b and M:
gradients and rotations of spherical harmonics of degree one and two. Only its direction counts, but
where the field vanishes. A ray drifts by an angle proportional to 1/R, so rays of one source lie on
an arc in the order of their rigidity.
"""

from __future__ import annotations

import numpy as np

SMALL = 0.1
"""Below this strength of a field, whose root mean square is 1, its rays drift less."""
STEPS = 6
"""Midpoint steps along a flow line, at most 10° each for oxygen above 40 EeV."""


def draw_fields(rng: np.random.Generator, number: int) -> np.ndarray:
    """Draw the fields of skies: b and M side by side, (number, 3, 4)."""
    return rng.normal(scale=0.5, size=(number, 3, 4))


def evaluate(field: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return where fields (n, 3, 4) point to at directions (n, 3): tangents, about 1 long."""
    vector = field[:, :, 0] + np.einsum("nij,nj->ni", field[:, :, 1:], directions)
    vector -= np.einsum("ni,ni->n", vector, directions)[:, None] * directions
    return vector / np.sqrt(np.einsum("ni,ni->n", vector, vector) + SMALL**2)[:, None]


def drift(directions: np.ndarray, field: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Move rays along the flow lines.

    Parameters
    ----------
    directions
        Unit vectors (n, 3).
    field
        Field at work on each ray (n, 3, 4).
    angle
        Length of the drift [rad], (n,).
    """
    step = (angle / STEPS)[:, None]
    for _ in range(STEPS):
        middle = _normalised(directions + step / 2 * evaluate(field, directions))
        directions = _normalised(directions + step * evaluate(field, middle))
    return directions


def _normalised(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
