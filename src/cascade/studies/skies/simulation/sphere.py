"""Random directions: uniform, about a given one, or as an observatory sees an isotropic sky.

The exposure of an observatory that is fully efficient up to a zenith angle depends on declination
alone (Sommers, astro-ph/0004016).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from cascade.studies.skies.settings.sources import ExposureSettings
from cascade.studies.skies.simulation import tabulated

POINTS = 4097


def from_declination(sine: np.ndarray, right_ascension: np.ndarray) -> np.ndarray:
    """Return equatorial unit vectors (…, 3) from sin δ and α [rad]."""
    cosine = np.sqrt(1 - sine**2)
    parts = (cosine * np.cos(right_ascension), cosine * np.sin(right_ascension), sine)
    return np.stack(parts, axis=-1)


def relative_exposure(sine: np.ndarray, settings: ExposureSettings | None) -> np.ndarray:
    """Return the exposure at sin δ, relative to its largest value; 1 without an observatory."""
    sine = np.asarray(sine, dtype=float)
    if settings is None:
        return np.ones_like(sine)
    return _exposure(sine, settings) / _largest(settings)


@cache
def _largest(settings: ExposureSettings) -> float:
    return _exposure(np.linspace(-1, 1, POINTS), settings).max()


def _exposure(sine: np.ndarray, settings: ExposureSettings) -> np.ndarray:
    latitude, zenith = np.radians([settings.latitude, settings.zenith])
    along = np.cos(latitude) * np.sqrt(1 - sine**2)
    above = np.sin(latitude) * sine
    # at the poles, of sky or Earth, a direction is seen all day or never
    hour = np.arccos(np.clip((np.cos(zenith) - above) / np.maximum(along, 1e-12), -1, 1))
    return np.maximum(along * np.sin(hour) + hour * above, 0)


def isotropic(
    rng: np.random.Generator, shape: tuple[int, ...], exposure: ExposureSettings | None = None
) -> np.ndarray:
    """Draw directions of an isotropic flux under an exposure, (*shape, 3)."""
    if exposure is None:
        sine = rng.uniform(-1, 1, shape)
    else:
        grid = np.linspace(-1, 1, POINTS)
        sine = tabulated.draw(rng, shape, grid, _exposure(grid, exposure))
    return from_declination(sine, rng.uniform(0, 2 * np.pi, shape))


def smear(rng: np.random.Generator, directions: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Draw directions from Fisher distributions about given ones.

    Parameters
    ----------
    directions
        Unit vectors (n, 3).
    sigma
        Widths [rad], (n,) or one for all: κ = 1 / σ².

    Returns
    -------
    Array
        Unit vectors (n, 3).
    """
    sigma = np.broadcast_to(np.maximum(sigma, 1e-6), len(directions))
    # 1 − cos θ by the inverse of its distribution, and no cancellation at small angles
    u = rng.random(len(directions))
    fall = np.minimum(-(sigma**2) * np.log1p(u * np.expm1(-2 / sigma**2)), 2.0)
    azimuth = rng.uniform(0, 2 * np.pi, len(directions))
    first, second = tangents(directions)
    aside = first * np.cos(azimuth)[:, None] + second * np.sin(azimuth)[:, None]
    return directions * (1 - fall)[:, None] + aside * np.sqrt(fall * (2 - fall))[:, None]


def tangents(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two unit vectors at right angles to each direction and to each other, (n, 3) each.

    Duff et al., Journal of Computer Graphics Techniques 6 (2017) 1: exact at the poles as well.
    """
    x, y, z = directions.T
    sign = np.copysign(1.0, z)
    share = -1 / (sign + z)
    both = x * y * share
    first = np.stack([1 + sign * x**2 * share, sign * both, -sign * x], axis=-1)
    return first, np.stack([both, sign + y**2 * share, -y], axis=-1)
