"""Frequencies within the band, and the ways between spectra, traces and envelopes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.signal import hilbert

from cascade.studies.radio.settings.sources import SamplingSettings
from cascade.studies.radio.simulation.band import Band

BAND = Band.of(SamplingSettings())


def test_the_default_band():
    assert BAND.frequency[0] == pytest.approx(30.24)
    assert BAND.frequency[-1] == pytest.approx(79.92)
    assert len(BAND.frequency) == 139
    assert BAND.time[[0, -1]] == pytest.approx([0, 499 / 180])


@example(samples=120, ends=(300, 800))
@given(samples=st.integers(64, 5000), ends=st.tuples(*[st.integers(1, 899)] * 2))
def test_edges_that_are_frequencies_belong_to_the_band(samples, ends):
    """In exact arithmetic: bin · rate lies within the ends times the number of samples."""
    rate, low, high = 180, *sorted(ends)
    found = Band(samples, rate, low / 10, high / 10).inside
    inside = [
        bin for bin in range(samples // 2 + 1) if low * samples <= 10 * bin * rate <= high * samples
    ]
    assert list(range(samples))[found] == inside


@pytest.mark.parametrize("samples", [500, 501])
def test_there_and_back(samples):
    band = Band(samples, 180.0, 30.0, 80.0)
    rng = np.random.default_rng(1)
    spectrum = rng.normal(size=(4, 3, len(band.frequency))) + 1j
    traces = band.traces(spectrum)
    assert traces.shape == (4, 3, samples)
    assert np.allclose(band.spectrum(traces), spectrum)
    assert np.allclose(band.analytic(spectrum), hilbert(traces))


def test_a_carrier_has_the_amplitude_that_its_frequency_says():
    place = 40
    wave = np.cos(2 * np.pi * BAND.frequency[place] * BAND.time)
    expected = np.zeros(139)
    expected[place] = 250  # half of the samples
    assert np.allclose(np.abs(BAND.spectrum(wave)), expected, atol=1e-9)
