"""Directions: isotropic, under an exposure, smeared; each against its formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from cascade.studies.skies.settings import ExposureSettings
from cascade.studies.skies.simulation.sphere import (
    isotropic,
    relative_exposure,
    smear,
    tangents,
)

N = 100_000
AUGER = ExposureSettings()


def rng(seed=1):
    return np.random.default_rng(seed)


def harmonics(directions, degree):
    """Return means of the complex spherical harmonics of one degree, and their expected errors."""
    x, y, z = directions.T
    order = np.arange(degree + 1)[:, None]
    values = special.sph_harm_y(degree, order, np.arccos(z), np.arctan2(y, x)).mean(axis=1)
    # the mean square of a harmonic over the sphere is 1 / 4π, shared by two parts if m > 0
    error = np.sqrt(1 / (4 * np.pi * len(directions)) / np.where(order[:, 0] > 0, 2, 1))
    return values, error


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_isotropic_directions_have_no_harmonics(degree):
    values, error = harmonics(isotropic(rng(), (N,)), degree)
    pulls = np.concatenate([values.real / error, (values.imag / error)[1:]])
    assert np.abs(pulls).max() < 4
    assert stats.chi2.sf((pulls**2).sum(), len(pulls)) > 1e-3


def test_directions_are_unit_vectors_of_the_shape_asked_for():
    for exposure in (None, AUGER):
        drawn = isotropic(rng(), (7, 11), exposure)
        assert drawn.shape == (7, 11, 3)
        assert np.allclose(np.linalg.norm(drawn, axis=-1), 1)


def exposure_by_hours(sine, settings, steps=20_000):
    """Mean cosine of the zenith angle over a day, where it is small enough to be seen."""
    latitude, declination = np.radians(settings.latitude), np.arcsin(sine)
    hour = (np.arange(steps) + 0.5) / steps * np.pi
    cosine = np.sin(latitude) * np.sin(declination) + (
        np.cos(latitude) * np.cos(declination) * np.cos(hour)
    )
    return np.mean(np.where(cosine > np.cos(np.radians(settings.zenith)), cosine, 0.0))


@pytest.mark.parametrize(
    "settings",
    [AUGER, ExposureSettings(zenith=60.0), ExposureSettings(latitude=39.3, zenith=55.0),
     ExposureSettings(latitude=-90.0, zenith=60.0), ExposureSettings(latitude=0.0, zenith=90.0)],
)  # fmt: skip
def test_exposure_is_what_a_turning_earth_sees(settings):
    sines = np.linspace(-0.999, 0.999, 41)
    slow = np.array([exposure_by_hours(sine, settings) for sine in sines])
    found = relative_exposure(sines, settings)
    assert found == pytest.approx(slow / slow.max() * found.max(), abs=2e-3)
    assert found.min() >= 0
    assert relative_exposure(np.linspace(-1, 1, 4097), settings).max() == pytest.approx(1)


def test_an_observatory_sees_up_to_its_limit():
    # 80° from the zenith at 35.25° south
    edge = np.sin(np.radians(90 - 35.25 - 10))
    assert relative_exposure(edge + 1e-3, AUGER) == 0
    assert relative_exposure(edge - 1e-3, AUGER) > 0
    assert (relative_exposure(np.linspace(-1, 1, 5), None) == 1).all()


@pytest.mark.parametrize("settings", [AUGER, ExposureSettings(zenith=60.0)])
def test_declinations_follow_the_exposure(settings):
    drawn = isotropic(rng(2), (N,), settings)
    grid = np.linspace(-1, 1, 20_001)
    density = relative_exposure(grid, settings)
    cumulated = integrate.cumulative_trapezoid(density, grid, initial=0)
    cumulated /= cumulated[-1]
    assert stats.kstest(drawn[:, 2], lambda sine: np.interp(sine, grid, cumulated)).pvalue > 1e-3
    azimuth = np.arctan2(drawn[:, 1], drawn[:, 0])
    assert stats.kstest(azimuth, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-3


@pytest.mark.parametrize("degrees", [0.1, 3.0, 20.0, 60.0, 400.0])
def test_opening_angles_are_those_of_fisher(degrees):
    """θ = arccos(1 + ln(1 − u (1 − exp(−2κ))) / κ) with u uniform, inverted for u."""
    sigma = np.radians(degrees)
    centres = isotropic(rng(3), (N,))
    smeared = smear(rng(4), centres, np.full(N, sigma))
    assert np.allclose(np.linalg.norm(smeared, axis=1), 1)
    chord = np.linalg.norm(smeared - centres, axis=1)
    fall, kappa = chord**2 / 2, 1 / sigma**2  # 1 − cos θ, exact at small angles
    uniform = np.expm1(-kappa * fall) / np.expm1(-2 * kappa)
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3


def test_smearing_goes_all_ways_alike():
    centres = isotropic(rng(5), (N,))
    aside = smear(rng(6), centres, np.radians(10.0)) - centres
    first, second = tangents(centres)
    azimuth = np.arctan2(np.sum(aside * second, axis=1), np.sum(aside * first, axis=1))
    assert stats.kstest(azimuth, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-3


def test_without_width_nothing_moves():
    centres = isotropic(rng(7), (1000,))
    assert smear(rng(8), centres, np.zeros(1000)) == pytest.approx(centres, abs=1e-5)


unit = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 1e-3)


@given(st.lists(unit, min_size=1, max_size=5))
def test_tangents_are_at_right_angles(vectors):
    directions = np.array([*vectors, (0, 0, 1), (0, 0, -1), (1, 0, 0), (0, 1, -1e-17)])
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    frame = np.stack([directions, *tangents(directions)], axis=1)
    assert frame @ frame.transpose(0, 2, 1) == pytest.approx(np.tile(np.eye(3), (len(frame), 1, 1)))
