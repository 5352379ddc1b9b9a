"""Noise, trigger and timing of the stations against their definitions."""

import numpy as np
import pytest
from scipy import stats

from cascade.studies.showers.settings import DetectorSettings
from cascade.studies.showers.simulation.detector import (
    noise_traces,
    noise_trigger_probability,
    read_out,
    rounded,
    threshold,
    timing_error,
)

SETTINGS = DetectorSettings()


def test_noise_of_a_bin():
    particles = np.full((400, 100), 200, np.float32)
    traces = read_out(np.random.default_rng(1), particles, SETTINGS)
    assert traces.mean() == pytest.approx(201.2, abs=0.2)
    assert traces.std() == pytest.approx(np.hypot(10, 0.6), rel=0.02)


def test_noise_is_clipped_at_zero():
    traces = read_out(np.random.default_rng(1), np.zeros((1000, 80), np.float32), SETTINGS)
    assert traces.min() == 0
    assert (traces == 0).mean() == pytest.approx(stats.norm.cdf(-2), rel=0.1)


def test_noise_triggers_as_often_as_drawn_traces():
    """A low threshold, so that plain drawing finds enough of them."""
    settings = DetectorSettings(threshold=1.1)
    empty = np.zeros((50_000, 80), np.float32)
    sums = read_out(np.random.default_rng(2), empty, settings).sum(axis=1)
    found = (sums >= threshold(80, settings)).mean()
    expected = noise_trigger_probability(80, settings)
    assert 0.01 < expected < 0.1
    assert abs(found - expected) < 4 * np.sqrt(expected / len(sums))


def test_noise_hardly_ever_triggers_by_default():
    """About what a normal sum of the clipped bins says, 3.56 standard deviations away."""
    bin_ = stats.rv_histogram(np.histogram(np.maximum(1.2 + 0.6 * stats.norm.ppf(
        (np.arange(100_000) + 0.5) / 100_000), 0), bins=2000), density=True)  # fmt: skip
    tail = stats.norm.sf((96 * 1.2 - 80 * bin_.mean()) / (bin_.std() * np.sqrt(80)))
    assert noise_trigger_probability(80, SETTINGS) == pytest.approx(tail, rel=0.1)


def test_noise_without_spread_triggers_always_or_never():
    for limit, chance in ((0.9, 1.0), (1.1, 0.0)):
        settings = DetectorSettings(pedestal_spread=0.0, threshold=limit)
        assert noise_trigger_probability(80, settings) == chance


def test_noise_that_triggers_has_the_law_of_plain_noise_that_does():
    settings = DetectorSettings(threshold=1.1)
    limit = threshold(80, settings)
    rng = np.random.default_rng(3)
    plain = read_out(rng, np.zeros((60_000, 80), np.float32), settings)
    plain = plain[plain.sum(axis=1) >= limit]
    quick = noise_traces(rng, 3000, 80, settings)
    assert quick.shape == (3000, 80)
    assert (quick.sum(axis=1) >= limit - 1e-3).all()
    assert stats.ks_2samp(quick.sum(axis=1), plain.sum(axis=1)).pvalue > 1e-3
    assert stats.ks_2samp(quick[:, 0], plain[:, 0]).pvalue > 1e-3


def test_timing_error():
    assert timing_error(np.array([0, 99]), SETTINGS) == pytest.approx([480, 160])


@pytest.mark.parametrize("digits", [4, 11, 23, 24])
def test_signals_are_rounded_to_significant_digits(digits):
    signals = np.random.default_rng(5).lognormal(2, 4, 10_000).astype(np.float32)
    mantissa, exponent = np.frexp(signals.astype(np.float64))
    expected = np.ldexp(np.floor(mantissa * 2**digits + 0.5) / 2**digits, exponent)
    assert np.array_equal(rounded(signals, digits), expected.astype(np.float32))
    assert rounded(np.zeros(3, np.float32), digits).tolist() == [0, 0, 0]
