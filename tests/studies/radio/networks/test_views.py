"""Envelopes against sums over frequencies in double precision; taper, gate and first filters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import hilbert

from cascade.settings import validate
from cascade.studies.radio.baselines.bank import pulse_templates
from cascade.studies.radio.networks.views import DELAYS, Views
from cascade.studies.radio.settings import ClassifierSettings, MatchedFilterSettings
from cascade.studies.radio.simulation.band import Band
from studies.radio.networks.untrained import SAMPLINGS, traces

every_sampling = pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)


def views(sampling=None, **changes):
    """Return untrained views, whatever the defaults are."""
    torch.manual_seed(1)
    asked = {"taper": 0.15, "filters": 5, "gate": 4, "sampling": sampling or {}} | changes
    return Views(validate(ClassifierSettings, asked)).eval()


def waves(bins, points):
    """Return exp(2πi b k / points), (bins, points)."""
    return np.exp(2j * np.pi * np.outer(np.arange(bins), np.arange(points)) / points)


def band_limited(band, seed):
    """Return traces with random amplitudes in the band (4, samples), and these (4, bins)."""
    rng = np.random.default_rng(seed)
    amplitudes = rng.normal(size=(2, 4, len(band.frequency)))
    spectrum = amplitudes[0] + 1j * amplitudes[1]
    phase = 2 * np.pi * np.outer(band.frequency, np.arange(band.samples)) / band.rate
    return (spectrum @ np.exp(1j * phase)).real * 2 / band.samples, spectrum


@every_sampling
def test_the_envelope_of_a_known_trace_gives_it_back(sampling):
    network = views(sampling)
    expected, spectrum = band_limited(network.band, 2)
    unit = np.array([[0.3], [1.0], [20.0], [5e4]])
    envelope = spectrum / unit @ waves(spectrum.shape[1], network.times) / network.times**0.5
    parts = torch.from_numpy(np.stack([envelope.real, envelope.imag], axis=1)).float()
    trace, height = network.to_trace(parts, torch.from_numpy(unit).float())
    np.testing.assert_allclose(trace, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(height, np.abs(hilbert(expected)), rtol=0, atol=1e-5)


@every_sampling
def test_an_answer_has_no_frequencies_beyond_the_band(sampling):
    network = views(sampling)
    with torch.no_grad():
        trace, _ = network.to_trace(torch.randn(3, 2, network.times), torch.ones(3, 1))
    amplitude = torch.fft.rfft(trace.double()).abs()
    inside = torch.zeros(amplitude.shape[1], dtype=torch.bool)
    inside[network.band.inside] = True
    assert amplitude[:, ~inside].max() < 1e-5 * amplitude[:, inside].max()


@every_sampling
def test_features_are_filtered_envelopes(sampling):
    """Of what the gate leaves, in units of the median amplitude, and with the taper undone."""
    network = views(sampling)
    torch.nn.init.normal_(network.amplitude, std=0.5)
    trace = traces(3, 1, sampling=sampling)["trace"]
    with torch.no_grad():
        found = network(trace)
    samples, times = network.band.samples, network.times
    taper = network.taper.double().numpy()
    spectrum = np.fft.rfft(trace.double().numpy() * taper)[:, network.band.inside]
    bins = spectrum.shape[1]
    unit = np.sort(np.abs(spectrum), axis=1)[:, (bins - 1) // 2, None]
    np.testing.assert_allclose(found.unit, unit, rtol=1e-4)
    np.testing.assert_allclose(found.spectrum, spectrum / unit, rtol=0, atol=1e-3)
    filters = torch.polar(network.amplitude.detach().exp(), network.phase.detach()).numpy()
    gated = (spectrum / unit * found.weight.numpy())[:, None] * filters
    # the taper at the times of the envelope
    place = np.arange(times) * samples / times
    across = np.interp(place, np.arange(samples), taper)
    envelope = gated @ waves(bins, times) / bins**0.5 / across
    parts = np.concatenate([envelope.real, envelope.imag, np.abs(envelope)], axis=1)
    assert found.features.shape == parts.shape == (3, network.channels, times)
    # linear interpolation of the taper is good to 1e-2 at its ends in the shortest traces
    np.testing.assert_allclose(found.features, parts, rtol=2e-2, atol=2e-2 * np.abs(parts).max())
    middle = slice(times // 4, 3 * times // 4)
    np.testing.assert_allclose(
        found.features[..., middle], parts[..., middle], rtol=0, atol=5e-3 * np.abs(parts).max()
    )


@given(st.floats(-9, 9))
@settings(max_examples=25)
def test_features_have_no_unit(power):
    network, trace = views(), traces(3, 4)["trace"]
    factor = 10**power
    with torch.no_grad():
        found, expected = network(factor * trace), network(trace)
    torch.testing.assert_close(found.unit, factor * expected.unit)
    for name in ("features", "weight"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name), rtol=0, atol=1e-3)


def carrier(band, frequency):
    """Return the trace of a carrier of amplitude 1, (1, samples)."""
    return torch.sin(2 * torch.pi * frequency * torch.from_numpy(band.time))[None].float()


@pytest.mark.parametrize("frequency", [45.0, 45.19, 61.03])
def test_the_taper_keeps_a_carrier_within_few_frequencies(frequency):
    network = views(taper=0.05)
    band = network.band
    trace = carrier(band, frequency)
    near = np.abs(band.frequency - frequency) < 3.5 * band.rate / band.samples
    power = network.spectrum(trace)[0].abs().square()
    bare = torch.fft.rfft(trace)[0, band.inside].abs().square()
    share, without = (1 - (one[near].sum() / one.sum()).item() for one in (power, bare))
    assert share < 2e-3
    if without > 1e-3:  # the carrier lies between two frequencies
        assert share < 0.1 * without


def test_the_taper_is_1_in_the_middle_and_lowest_at_the_ends():
    for lowest in (0.02, 0.3):
        taper = views(taper=lowest).taper
        assert taper.max() == 1
        assert taper.argmax() == 250
        assert taper.argmin() == 0
        assert (taper[:251].diff() > 0).all()
        assert (taper[250:].diff() < 0).all()
    ends = [views(taper=lowest).taper[0].item() for lowest in (0.02, 0.1, 0.4, 1.0)]
    assert ends == sorted(ends)
    assert ends[0] > 0


@pytest.mark.parametrize("seed", range(5))
def test_the_untrained_gate_takes_a_carrier_down_and_leaves_the_rest(seed):
    torch.manual_seed(seed)
    network = Views(ClassifierSettings()).eval()
    band = network.band
    noise = traces(40, seed, pulses=0.0, interference={"lines": 0, "bursts": 0.0})["trace"]
    with torch.no_grad():
        quiet = network(noise).weight
        loud = network(noise + 30 * carrier(band, 55.08)).weight  # three times the noise
    hit = np.abs(band.frequency - 55.08).argmin()
    assert loud[:, hit].max() < 0.1
    assert quiet.median() > 0.5
    away = np.abs(band.frequency - 55.08) > 5
    torch.testing.assert_close(loud[:, away], quiet[:, away], rtol=0, atol=0.25)
    assert (loud[:, away] - quiet[:, away]).abs().mean() < 0.03


@every_sampling
def test_the_first_filters_bring_pulses_of_their_delays_together(sampling):
    """All frequencies of a pulse are in phase behind the filter of its delay, and no other."""
    network = views(sampling)
    band = Band.of(validate(ClassifierSettings, {"sampling": sampling}).sampling)
    bank = MatchedFilterSettings(delays=tuple(np.linspace(*DELAYS, 5)))
    pulses = torch.from_numpy(pulse_templates(band, bank))
    filters = torch.polar(network.amplitude.detach().exp(), network.phase.detach())
    heights = torch.fft.ifft(pulses[:, None] * filters, 4096).abs().amax(dim=2) * 4096
    whole = pulses.abs().sum(dim=1)
    torch.testing.assert_close(heights.diagonal(), whole, rtol=1e-4, atol=0)
    others = heights[~torch.eye(5, dtype=torch.bool)].reshape(5, 4)
    assert (others < 0.999 * whole[:, None]).all()
