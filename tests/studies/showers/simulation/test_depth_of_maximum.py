"""Depths of the maximum against the published moments."""

import numpy as np
import pytest
from scipy.special import digamma, polygamma

from cascade.studies.showers.simulation.depth_of_maximum import draw, parameters


@pytest.mark.parametrize(
    ("mass_number", "mean", "width"),
    [(1, 808.1, 59.1), (4, 775.0, 38.2), (14, 748.2, 28.1), (56, 711.8, 16.6)],
)
def test_published_moments_at_lg_energy_19(mass_number, mean, width):
    n = 50_000
    x_max = draw(np.random.default_rng(1), np.full(n, 19.0), np.full(n, mass_number))
    assert abs(x_max.mean() - mean) < 3 * width / np.sqrt(n) + 0.05
    assert x_max.std() == pytest.approx(width, rel=0.02)


@pytest.mark.parametrize(("lg_energy", "mean"), [(18.5, 780.5), (20.0, 862.6)])
def test_published_means_of_protons(lg_energy, mean):
    n = 50_000
    x_max = draw(np.random.default_rng(2), np.full(n, lg_energy), np.ones(n))
    assert abs(x_max.mean() - mean) < 3 * x_max.std() / np.sqrt(n) + 0.05


def test_moments_of_the_generalised_gumbel():
    """A log-gamma has mean ψ(λ) and variance ψ′(λ)."""
    n = 200_000
    lg_energy, mass_number = np.full(n, 19.7), np.full(n, 14)
    mu, sigma, lam = (column[0] for column in parameters(lg_energy, mass_number))
    x_max = draw(np.random.default_rng(3), lg_energy, mass_number)
    mean, width = mu - sigma * (digamma(lam) - np.log(lam)), sigma * np.sqrt(polygamma(1, lam))
    assert abs(x_max.mean() - mean) < 4 * width / np.sqrt(n)
    assert x_max.std() == pytest.approx(width, rel=0.01)
