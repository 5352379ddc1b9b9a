"""Energies and charges against integrals of the formula and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from cascade.studies.skies.settings import SkySettings, SpectrumSettings
from cascade.studies.skies.simulation.spectrum import HIGHEST, draw_charges, draw_energies, flux

N = 100_000


def drawn(settings, seed=1):
    return draw_energies(np.random.default_rng(seed), (N,), settings)


def published(energy):
    """The formula written out: (E/E₀)^−2.92 Π (1 + (E/Eᵢ)^γᵢ) / (1 + (E/Eᵢ)^γᵢ₊₁)."""
    return (
        energy**-2.92
        * (1 + (energy / 0.15) ** 2.92) / (1 + (energy / 0.15) ** 3.27)
        * (1 + (energy / 6.2) ** 3.27) / (1 + (energy / 6.2) ** 2.2)
        * (1 + (energy / 12.0) ** 2.2) / (1 + (energy / 12.0) ** 3.2)
        * (1 + (energy / 50.0) ** 3.2) / (1 + (energy / 50.0) ** 5.4)
    )  # fmt: skip


def distribution(density, low, high=HIGHEST):
    """Cumulative distribution of a density by an integral on a fine grid of its own."""
    grid = np.geomspace(low, high, 200_001)
    cumulated = integrate.cumulative_simpson(density(grid), x=grid, initial=0)
    return lambda energy: np.interp(energy, grid, cumulated / cumulated[-1])


def test_the_flux_is_the_published_one():
    energy = np.geomspace(1, 500, 50)
    assert flux(energy, SpectrumSettings()) == pytest.approx(published(energy))
    slope = np.diff(np.log(flux([900.0, 1000.0], SpectrumSettings()))) / np.log(1000 / 900)
    assert slope[0] == pytest.approx(-5.4 + 3.2 - 3.2 + 2.2 - 2.2 + 3.27 - 3.27, abs=0.01)


@pytest.mark.parametrize("minimum", [3.0, 32.0, 40.0])
def test_energies_follow_the_auger_spectrum(minimum):
    true, energy = drawn(SpectrumSettings(minimum=minimum))
    assert (true == energy).all()
    assert energy.min() >= minimum
    assert energy.max() <= HIGHEST
    assert stats.kstest(energy, distribution(published, minimum)).pvalue > 1e-3


@pytest.mark.parametrize("index", [1.5, 3.0, 4.2])
def test_a_power_law_has_its_index(index):
    _, energy = drawn(SpectrumSettings(shape="power_law", index=index))
    assert stats.kstest(energy, distribution(lambda e: e**-index, 40.0)).pvalue > 1e-3
    if index >= 3:  # the cut at the top does not matter, and the likelihood has a formula
        fitted = 1 + 1 / np.mean(np.log(energy / 40.0))
        assert fitted == pytest.approx(index, abs=4 * (index - 1) / np.sqrt(N) + 0.005)


@pytest.mark.parametrize("width", [0.05, 0.14, 0.4])
@pytest.mark.parametrize("shape", ["auger", "power_law"])
def test_resolution_is_that_of_a_brute_force_measurement(shape, width):
    """Draw far below the threshold, smear each energy, cut: what is left must look alike."""
    settings = SpectrumSettings(shape=shape, resolution=width)
    lowest = settings.minimum / (1 + 6 * width)
    plain = SpectrumSettings(shape=shape, minimum=lowest)
    rng, kept = np.random.default_rng(5), []
    while sum(map(len, kept)) < N:
        true, _ = draw_energies(rng, (400_000,), plain)
        measured = true * (1 + width * rng.normal(size=len(true)))
        kept.append(np.stack([true, measured], axis=1)[measured >= settings.minimum])
    slow = np.concatenate(kept)
    true, energy = drawn(settings)
    assert energy.min() >= settings.minimum * (1 - 1e-12)
    assert stats.ks_2samp(energy, slow[:, 1]).pvalue > 1e-3
    assert stats.ks_2samp(true, slow[:, 0]).pvalue > 1e-3
    assert stats.ks_2samp(energy / true, slow[:, 1] / slow[:, 0]).pvalue > 1e-3


def test_charges_have_their_shares():
    composition = SkySettings().composition
    found = draw_charges(np.random.default_rng(2), (N,), composition)
    counts = [np.sum(found == charge) for charge in composition]
    assert sum(counts) == N
    assert stats.chisquare(counts, np.array([*composition.values()]) * N).pvalue > 1e-3
    assert (draw_charges(np.random.default_rng(2), (50,), {26: 1.0}) == 26).all()
