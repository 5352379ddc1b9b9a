"""Pulses: what their spectra, phases and places say about the settings that drew them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.radio.settings.sources import PulseSettings, SamplingSettings
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.pulses import draw_spectra, peak_time

BAND = Band.of(SamplingSettings())
PULSES = 1500
LENGTH = 500 / 180


def drawn(**settings):
    settings = validate(PulseSettings, settings)
    return draw_spectra(np.random.default_rng(1), PULSES, BAND, settings)


def shapes(spectra):
    """Fit b (f − f₀) + c (f − f₀)² to the logarithms of amplitudes."""
    offset = BAND.frequency - 55
    powers = np.polynomial.polynomial.polyfit(offset, np.log(np.abs(spectra)).T, 2)
    return powers[1], powers[2]


def unwrapped(spectra):
    """Return phases in turns that are continuous in the frequency, (pulses, bins)."""
    # in a trace that starts at its middle, no phase turns by half from one bin to the next
    turns = np.angle(spectra) / (2 * np.pi) + BAND.frequency * LENGTH / 2
    return np.unwrap(turns, axis=1, period=1) - BAND.frequency * LENGTH / 2


def phases(spectra):
    """Fit phases by p − t f + d (f_high − f)² / (2 Δf), in turns: return p, t, d."""
    below = 80 - BAND.frequency
    at_high, slope, bend = np.polynomial.polynomial.polyfit(below, unwrapped(spectra).T, 2)
    # slope in f_high − f is the arrival time of the highest frequency
    return (at_high + 80 * slope) % 1, slope, 2 * 50 * bend


@pytest.fixture(scope="module")
def spectra():
    return drawn()


def test_slopes_get_steeper_with_the_distance(spectra):
    slope, _ = shapes(spectra)
    distance = (slope + 0.005) / -1e-4
    assert stats.kstest(distance / 300, "uniform").pvalue > 1e-3
    for distance in (0.0, 200.0):
        slope, _ = shapes(drawn(distance=[distance, distance]))
        assert slope == pytest.approx(-0.005 - 1e-4 * distance, abs=1e-6)


def test_curvatures_are_normal(spectra):
    _, curvature = shapes(spectra)
    assert stats.kstest(curvature / 2e-4, "norm").pvalue > 1e-3
    assert shapes(drawn(curvature=0.0))[1] == pytest.approx(0, abs=1e-8)


def test_low_frequencies_come_later(spectra):
    _, _, delay = phases(spectra)
    assert stats.kstest((delay - 0.05) / 0.05, "uniform").pvalue > 1e-3
    # the group delay, by differences of the phases
    arrival = -np.diff(unwrapped(spectra), axis=1) / np.diff(BAND.frequency)
    width = BAND.frequency[-2] - BAND.frequency[0]
    assert (arrival[:, 0] - arrival[:, -1]) * 50 / width == pytest.approx(delay, abs=1e-4)


def test_pulses_are_bipolar_of_either_polarity(spectra):
    constant, _, _ = phases(spectra)
    assert np.abs(np.abs(constant - 0.5) - 0.25).max() < 1e-3
    assert stats.binomtest(int(np.sum(constant < 0.5)), PULSES).pvalue > 1e-3


def test_a_short_pulse_is_odd_about_its_time():
    spectra = drawn(delay=[0.0, 0.0])[:20].astype(complex)
    _, time, delay = phases(spectra)
    assert delay == pytest.approx(0, abs=1e-5)
    apart = np.linspace(0, 0.1, 30)[:, None, None]
    after, before = (
        np.sum(spectra * np.exp(2j * np.pi * BAND.frequency * (time[:, None] + step)), -1).real
        for step in (apart, -apart)
    )
    assert after == pytest.approx(-before, abs=2e-3 * np.abs(after).max())


def test_places_are_uniform_within_the_margins(spectra):
    _, time, delay = phases(spectra)
    free = LENGTH - 2 * 0.3 - delay
    assert stats.kstest((time - 0.3) / free, "uniform").pvalue > 1e-3
    envelope = np.abs(BAND.analytic(spectra))
    highest = peak_time(envelope, 180.0) / 1e3
    # steep pulses peak when their lowest frequencies arrive, others as their highest do
    assert (highest > time - 0.01).all()
    assert (highest < time + delay + 0.01).all()
    ends = np.minimum(envelope[:, 0], envelope[:, -1]) / envelope.max(axis=1)
    assert np.median(ends) < 0.02


@pytest.mark.parametrize("margin", [0.1, 1.0])
def test_the_margin_is_kept(margin):
    _, time, delay = phases(drawn(margin=margin))
    assert time.min() > margin - 1e-4
    assert (time + delay).max() < LENGTH - margin + 1e-4
    assert time.min() < margin + 0.05


def test_the_peak_lies_between_samples():
    peaks = np.array([0.7, 1.2345, 2.0022])
    time = np.arange(500) / 180
    envelope = np.exp(-(((time - peaks[:, None]) / 0.03) ** 2) / 2)
    assert peak_time(envelope, 180.0) == pytest.approx(1e3 * peaks, abs=0.05)
    assert peak_time(np.zeros((2, 3, 500)), 180.0).tolist() == [[0, 0, 0]] * 2
    # a trace is periodic: the neighbours of its ends are each other
    around = (np.arange(500) + 250) % 500 - 250
    for shift in (0.0, 0.4):
        wrapped = np.exp(-(((around - shift) / 5.4) ** 2) / 2)
        assert peak_time(wrapped, 1e3) == pytest.approx(shift, abs=0.01)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"distance": [9, 1]}, "distance is from 9 to 1: give the lower end first"),
        ({"delay": [-0.1, 0.1]}, "distance and delay must not be negative"),
        ({"snr": [0, 20]}, "snr begins at 0; it must be above 0"),
        ({"snr": [1, 2, 3]}, "snr: .* at most 2"),
        ({"curvature": -1}, "curvature: -1 is wrong"),
    ],
)
def test_settings_complain(settings, message):
    with pytest.raises(CascadeError, match=message):
        validate(PulseSettings, settings)
