"""Noise and interference against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.radio.settings.sources import (
    InterferenceSettings,
    NoiseSettings,
    SamplingSettings,
)
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.noise import draw_interference, draw_noise, power

BAND = Band.of(SamplingSettings())
LONG = Band.of(SamplingSettings(samples=8192))
TRACES = 4000


@pytest.fixture(scope="module")
def noise():
    return draw_noise(np.random.default_rng(1), TRACES, BAND, NoiseSettings())


def test_each_frequency_has_the_power_of_the_formula(noise):
    mean = np.mean(np.abs(noise) ** 2, axis=0) / power(BAND, NoiseSettings())
    # the sum of squares of as many pairs of normal numbers
    probability = stats.chi2.cdf(2 * TRACES * mean, 2 * TRACES)
    assert stats.kstest(probability, "uniform").pvalue > 1e-3


def test_amplitudes_are_rayleigh_distributed_and_phases_uniform(noise):
    scale = np.sqrt(power(BAND, NoiseSettings()) / 2)
    assert stats.kstest((np.abs(noise) / scale)[:, ::7].ravel(), "rayleigh").pvalue > 1e-3
    assert (
        stats.kstest(np.angle(noise[:, ::7]).ravel() / (2 * np.pi) + 0.5, "uniform").pvalue > 1e-3
    )


def test_frequencies_are_independent(noise):
    whitened = noise / np.sqrt(power(BAND, NoiseSettings()))
    correlation = whitened.conj().T @ whitened / TRACES
    off = np.abs(correlation[~np.eye(len(correlation), dtype=bool)])
    assert off.max() < 5 / np.sqrt(TRACES)
    assert np.abs(whitened.T @ whitened / TRACES).max() < 5 * np.sqrt(2 / TRACES)


@pytest.mark.parametrize("index", [2.55, 1.0])
def test_the_index_of_the_galaxy_is_recovered(index):
    settings = NoiseSettings(index=index, floor=0.0)
    drawn = draw_noise(np.random.default_rng(2), TRACES, BAND, settings)
    level = np.log(np.mean(np.abs(drawn) ** 2, axis=0))
    fit = stats.linregress(np.log(BAND.frequency), level)
    assert fit.slope == pytest.approx(-index, abs=4 * fit.stderr)
    assert fit.stderr < 0.01


def test_the_share_of_the_electronics_is_recovered():
    for floor in (0.0, 0.2, 1.0):
        found = power(BAND, NoiseSettings(floor=floor))
        columns = np.stack([BAND.frequency**-2.55, np.ones(len(found))], axis=1)
        galaxy, flat = np.linalg.lstsq(columns, found, rcond=None)[0] * columns.sum(axis=0)
        assert flat / (galaxy + flat) == pytest.approx(floor, abs=1e-9)


@pytest.mark.parametrize("samples", [500, 501])
def test_traces_have_the_root_mean_square_that_is_set(samples):
    band = Band.of(SamplingSettings(samples=samples))
    for rms in (1.0, 30.0):
        traces = band.traces(
            draw_noise(np.random.default_rng(3), TRACES, band, NoiseSettings(rms=rms))
        )
        square = np.mean(traces.astype(float) ** 2, axis=1) / rms**2
        assert abs(square.mean() - 1) < 4 * square.std() / np.sqrt(TRACES)


def interference(number, band=BAND, rms=10.0, seed=1, **settings):
    settings = validate(InterferenceSettings, settings)
    return draw_interference(np.random.default_rng(seed), number, band, rms, settings)


def log_uniform(values, low, high):
    return stats.kstest(np.log(values / low) / np.log(high / low), "uniform").pvalue > 1e-3


def test_all_numbers_of_carriers_are_equally_frequent():
    drawn = interference(600, LONG, rms=1.0, bursts=0.0, line_amplitude=[1.0, 1.0])
    # carriers of amplitude 1, far apart in so long a trace, each add ½ to the mean square
    square = 2 * np.mean(drawn.astype(float) ** 2, axis=1)
    assert np.abs(square - np.rint(square)).mean() < 0.03
    assert stats.chisquare(np.bincount(np.rint(square).astype(int), minlength=4)[:4]).pvalue > 1e-3
    assert not interference(50, lines=0, bursts=0.0).any()


def test_carriers_are_recovered():
    drawn = interference(1500, LONG, lines=1, bursts=0.0)
    drawn = drawn[drawn.any(axis=1)]
    spectrum = np.abs(np.fft.rfft(drawn * np.hanning(8192)))
    frequency = np.argmax(spectrum, axis=1) * 180 / 8192
    assert stats.kstest((frequency - 30) / 50, "uniform").pvalue > 1e-3
    amplitude = np.sqrt(2 * np.mean(drawn.astype(float) ** 2, axis=1))
    assert log_uniform(amplitude, 3.0, 30.0)
    # of any phase, it rises from the first sample on as often as it falls
    rises = np.sum(drawn[:, 1] > drawn[:, 0])
    assert stats.binomtest(int(rises), len(drawn)).pvalue > 1e-3
    # a carrier is nothing else: taken away at its frequency, little is left
    outside = np.abs(np.arange(4097) - np.argmax(spectrum, axis=1)[:, None]) > 3
    left = np.sum((spectrum * outside) ** 2, axis=1) / np.sum(spectrum**2, axis=1)
    assert left.max() < 1e-4


def test_bursts_are_recovered():
    drawn = interference(1500, LONG, lines=0, bursts=1.0).astype(float)
    weight = drawn**2
    weight /= weight.sum(axis=1, keepdims=True)
    when = weight @ LONG.time
    width = np.sqrt(2 * (weight @ LONG.time**2 - when**2))
    whole = (when > 1.5) & (when < LONG.time[-1] - 1.5)  # the others are cut off
    assert stats.kstest(when[whole], stats.uniform(1.5, LONG.time[-1] - 3).cdf).pvalue > 1e-3
    assert log_uniform(width[whole], 0.05, 0.3)
    # ∫ A² exp(−t² / w²) cos² dt = A² w √π / 2
    energy = np.sum(drawn**2, axis=1) / LONG.rate
    amplitude = np.sqrt(energy / width / np.sqrt(np.pi) * 2)
    assert log_uniform(amplitude[whole], 10.0, 100.0)


def test_bursts_are_rare():
    number = 20000
    hit = interference(number, Band.of(SamplingSettings(samples=64)), lines=0).any(axis=1).sum()
    assert stats.binomtest(int(hit), number, 0.01).pvalue > 1e-3


def test_amplitudes_go_with_the_noise():
    assert np.allclose(interference(50, rms=20.0), 2 * interference(50, rms=10.0), rtol=1e-5)


def test_settings_complain():
    def fails(message, **settings):
        with pytest.raises(CascadeError, match=message):
            validate(InterferenceSettings, settings)

    fails("line_amplitude begins at 0; it must be above 0", line_amplitude=[0, 1])
    fails("burst_width is from 2 to 1: give the lower end first", burst_width=[2, 1])
    fails("bursts: 1.5 is wrong", bursts=1.5)
    fails("lines: 21 is wrong", lines=21)
    with pytest.raises(CascadeError, match="floor: 2 is wrong"):
        validate(NoiseSettings, {"floor": 2})
