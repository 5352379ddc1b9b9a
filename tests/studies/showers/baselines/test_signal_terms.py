"""The signals' log-likelihood: derivatives, information, and the law it stands for."""

import numpy as np
import pytest
from scipy.stats import norm

from cascade.studies.showers.baselines.signal_terms import Sites, signal_terms

WINDOWS, PARAMETERS = 3, 2


def seen(signal, silent, noise=4.0, threshold=20.0):
    number = len(signal)
    return Sites(
        event=np.arange(number),
        position=np.zeros((number, 3)),
        time=np.zeros(number),
        time_error=np.ones(number),
        signal=signal,
        noise=np.full(signal.shape, noise),
        silent=silent,
        threshold=threshold,
    )


@pytest.fixture
def sample():
    rng = np.random.default_rng(1)
    mean = rng.uniform(0.5, 40, (60, WINDOWS))
    slope = rng.normal(size=(60, WINDOWS, PARAMETERS)) * mean[..., np.newaxis]
    return mean, slope, seen(rng.poisson(mean).astype(float), np.arange(60) % 3 == 0)


def test_gradient_is_that_of_the_value(sample):
    mean, slope, found = sample
    terms = signal_terms(found, mean, slope)
    step = 1e-6
    for parameter in range(PARAMETERS):
        shift = step * slope[..., parameter]
        up, down = (signal_terms(found, mean + sign * shift, slope) for sign in (1, -1))
        expected = (up.value - down.value) / (2 * step)
        np.testing.assert_allclose(terms.gradient[:, parameter], expected, rtol=1e-4, atol=1e-4)


def test_information_is_positive(sample):
    mean, slope, found = sample
    assert np.linalg.eigvalsh(signal_terms(found, mean, slope).information).min() > -1e-9


def test_information_is_the_variance_of_the_gradient():
    rng = np.random.default_rng(2)
    number = 40_000
    mean = np.broadcast_to([3.0, 10.0, 40.0], (number, WINDOWS))
    slope = np.broadcast_to(np.array([[1, 2], [5, -3], [20, 10.0]]), (number, WINDOWS, PARAMETERS))
    drawn = mean + rng.normal(size=mean.shape) * np.sqrt(mean + 4)
    terms = signal_terms(seen(drawn, np.zeros(number, bool)), mean, slope)
    np.testing.assert_allclose(terms.gradient.mean(axis=0), 0, atol=0.05)
    covariance = np.cov(terms.gradient, rowvar=False)
    np.testing.assert_allclose(covariance, terms.information[0], rtol=0.05)


def test_a_silent_station_says_that_its_signal_stayed_below_the_threshold():
    mean = np.array([[5.0, 5.0, 5.0], [30.0, 40.0, 30.0]])
    terms = signal_terms(seen(np.zeros((2, 3)), np.ones(2, bool)), mean, mean[..., np.newaxis])
    spread = np.sqrt(mean.sum(axis=1) + 12)
    expected = norm.logcdf((20 - mean.sum(axis=1)) / spread)
    np.testing.assert_allclose(terms.value, expected)
    # more signal makes silence less likely
    assert np.all(terms.gradient < 0)
