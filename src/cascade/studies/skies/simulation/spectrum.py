"""Energies and charges of cosmic rays.

The Auger spectrum is the fit of arXiv:1909.09073 (Pierre Auger Collaboration, ICRC 2019),

    J ∝ (E / E₀)^−γ₀ Π (1 + (E / Eᵢ)^γᵢ) / (1 + (E / Eᵢ)^γᵢ₊₁).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from cascade.studies.skies.settings.sources import SpectrumSettings
from cascade.studies.skies.simulation import tabulated

INDICES = (2.92, 3.27, 2.2, 3.2, 5.4)
BREAKS = (0.15, 6.2, 12.0, 50.0)
"""Energies at which the index changes [EeV]."""
HIGHEST = 1000.0
"""No ray has more energy than this [EeV]."""
FAR = 5.0
"""Standard deviations below the threshold from which a ray may still be measured above it."""
POINTS = 4097


def flux(energy: np.ndarray, settings: SpectrumSettings) -> np.ndarray:
    """Return dN/dE in arbitrary units at energies [EeV]."""
    energy = np.asarray(energy, dtype=float)
    if settings.shape == "power_law":
        return energy**-settings.index
    density = energy ** -INDICES[0]
    for place, knee in enumerate(BREAKS):
        ratio = energy / knee
        density = density * (1 + ratio ** INDICES[place]) / (1 + ratio ** INDICES[place + 1])
    return density


def draw_energies(
    rng: np.random.Generator, shape: tuple[int, ...], settings: SpectrumSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Draw rays whose measured energy is above the threshold.

    True energies follow the spectrum times the probability to be measured above the threshold;
    measured ones are normal about them, cut there. Nothing is drawn and thrown away.

    Returns
    -------
    tuple of arrays
        True and measured energies [EeV], of the given shape.
    """
    low, width = settings.minimum, settings.resolution
    lowest = low / (1 + FAR * width)
    grid = np.geomspace(lowest, HIGHEST, POINTS)
    density = flux(grid, settings) * grid  # per ln E
    if width:
        density *= ndtr((grid - low) / (width * grid))
    true = np.exp(tabulated.draw(rng, shape, np.log(grid), density))
    if not width:
        return true, true
    cut = ndtr((low / true - 1) / width)
    return true, true * (1 + width * ndtri(cut + (1 - cut) * rng.random(shape)))


def draw_charges(
    rng: np.random.Generator, shape: tuple[int, ...], composition: dict[int, float]
) -> np.ndarray:
    """Draw charge numbers."""
    edges = np.cumsum(list(composition.values()))[:-1]
    return np.array(list(composition))[np.searchsorted(edges, rng.random(shape), side="right")]
