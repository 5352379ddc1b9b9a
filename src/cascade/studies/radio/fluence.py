"""Energy fluence of radio pulses: f = ε₀ c Δt Σ E² (arXiv:1508.04267, equation 2)."""

from __future__ import annotations

import numpy as np
from scipy import constants

PER_SQUARE = constants.epsilon_0 * constants.c * 1e-12 * 1e-6 / constants.e
"""ε₀ c (µV/m)² µs in eV/m²."""


def fluence(signal: np.ndarray, rate: float) -> np.ndarray:
    """Return the energy fluence [eV/m²] of field strengths [µV/m], (…, samples) → (…).

    Parameters
    ----------
    rate
        Sampling rate [MHz].
    """
    return PER_SQUARE / rate * np.einsum("...i,...i->...", signal, signal, dtype=np.float64)
