"""Depth of the shower maximum: a generalised Gumbel distribution for each primary and energy.

De Domenico, Settimo, Riggi, Bertin, JCAP 07 (2013) 050 (arXiv:1305.2331), for EPOS-LHC:
X_max = μ − σ ln Γ(λ, 1/λ), with μ, σ and λ polynomials of ln A and lg(E / 10¹⁹ eV).
"""

from __future__ import annotations

import numpy as np

# rows: powers of lg(E / 10¹⁹ eV); columns: powers of ln A
_MU = np.array(
    [[775.589, -7.047, -2.427], [57.589, -0.743, 0.214], [-0.820, -0.169, -0.027]]
)  # g/cm²
_SIGMA = np.array([[29.403, 13.553, -3.154], [0.096, -0.961, 0.150]])  # g/cm²
_LAMBDA = np.array([[0.563, 0.711, 0.058], [0.039, 0.067, -0.004]])


def parameters(
    lg_energy: np.ndarray, mass_number: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return μ [g/cm²], σ [g/cm²] and λ for energies lg(E / eV) and mass numbers, shape (n,)."""
    epsilon, mass = np.broadcast_arrays(
        np.asarray(lg_energy, np.float64) - 19, np.log(np.asarray(mass_number, np.float64))
    )
    mu, sigma, lam = (
        np.polynomial.polynomial.polyval2d(epsilon, mass, table) for table in (_MU, _SIGMA, _LAMBDA)
    )
    return mu, sigma, lam


def draw(rng: np.random.Generator, lg_energy: np.ndarray, mass_number: np.ndarray) -> np.ndarray:
    """Draw depths of the maximum [g/cm²], shape (n,)."""
    mu, sigma, lam = parameters(lg_energy, mass_number)
    return mu - sigma * np.log(rng.gamma(lam, 1 / lam))
