"""Where the truth lies in a jet image: about the axes of the two leading subjets.

The preprocessing (arXiv:1511.05190) has put the leading subjet into the middle of the image and the
subleading one straight below it, so that the distance of the two tells where both are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cascade.studies.jets.settings import Selection

RADIUS = Selection().trim_radius / 2
"""How near to the axis of a subjet a pixel's centre lies: half the subjets' own radius parameter,
within which a subjet has most of its energy, and outside of which a jet has most of its pixels."""


def subjet_axes(delta_r: np.ndarray) -> np.ndarray:
    """Return the axes of the two leading subjets of aligned images as (Δη, Δφ [rad]).

    Parameters
    ----------
    delta_r
        Distance of the two subjets, shape (jets,), 0 where there is one alone.

    Returns
    -------
    Shape (jets, 2, 2); NaN for a subjet that is not there.
    """
    axes = np.zeros((len(delta_r), 2, 2))
    axes[:, 1, 1] = -delta_r
    axes[delta_r <= 0, 1] = np.nan
    return axes


def pixel_centres(size: int, half_width: float) -> tuple[np.ndarray, np.ndarray]:
    """Return Δη and Δφ [rad] of the pixels' centres, each of shape (size, size)."""
    edge = half_width * (1 - 1 / size)
    centres = np.linspace(-edge, edge, size)
    return tuple(np.meshgrid(centres, centres, indexing="ij"))


def subjets(events: Mapping[str, Any]) -> np.ndarray:
    """Return which pixels lie near the axis of one of the two leading subjets.

    Images cover the half width that a selection has by default: they do not carry their own.

    Shapes
    ------
    image (jets, size, size), delta_r (jets,) -> (jets, size, size) of int8: 1 near a subjet,
    0 elsewhere, −1 without energy
    """
    images = np.asarray(events["image"])
    eta, phi = pixel_centres(images.shape[1], Selection().image_half_width)
    axes = subjet_axes(np.asarray(events["delta_r"], np.float64))
    distance = np.hypot(eta - axes[..., 0, None, None], phi - axes[..., 1, None, None])
    near = (distance <= RADIUS).any(axis=1)  # NaN is near to nothing
    return np.where(images > 0, near, -1).astype(np.int8)
