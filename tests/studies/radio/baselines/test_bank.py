"""Matched filters against explicit sums over time, and pulses put where they are to be found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import CascadeError
from cascade.studies.radio.baselines.bank import Bank, pulse_templates
from cascade.studies.radio.baselines.matched_filter import clipped, robust_amplitude
from cascade.studies.radio.baselines.spectra import Noise
from cascade.studies.radio.settings import MatchedFilterSettings, TraceSettings
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.noise import draw_noise, power
from cascade.studies.radio.simulation.pulses import draw_spectra

SIMULATED = TraceSettings()
BAND = Band.of(SIMULATED.sampling)
NOISE = Noise(BAND, power(BAND, SIMULATED.noise).astype(np.float32))
SETTINGS = MatchedFilterSettings(delays=(0.0, 0.06, 0.09), slopes=(-0.005, -0.03))
BANK = Bank(pulse_templates(BAND, SETTINGS), NOISE)
WHITE = np.sqrt(NOISE.power)


def noise_spectra(number, seed=1):
    return draw_noise(np.random.default_rng(seed), number, BAND, SIMULATED.noise)


def test_significances_are_those_of_sums_over_time():
    spectrum = noise_spectra(3)
    significance, best, time = BANK.search(spectrum / WHITE)
    for trace, found, number, when in zip(spectrum, significance, best, time, strict=True):
        whitened = BAND.traces(trace / WHITE)
        largest = np.zeros((len(BANK.templates), 500))
        for template, row in zip(BANK.templates, largest, strict=True):
            # the template, and the same with all phases turned by a quarter
            pair = BAND.traces(np.stack([template, 1j * template]) / WHITE)
            for shift in range(500):
                sums = [np.sum(whitened * np.roll(one, shift)) for one in pair]
                row[shift] = np.sqrt(500 * np.sum(np.square(sums)) / np.sum(pair[0] ** 2))
        assert found == pytest.approx(largest.max(), rel=1e-4)
        expected, shift = np.unravel_index(largest.argmax(), largest.shape)
        assert number == expected
        assert when == pytest.approx(shift / 180, abs=0.5 / 180)


def test_a_single_correlation_with_noise_has_a_standard_deviation_of_one():
    correlation = BAND.analytic(noise_spectra(500) / WHITE * BANK.filters[1])
    assert correlation.real.std() == pytest.approx(1, abs=0.03)
    assert correlation.imag.std() == pytest.approx(1, abs=0.03)


def test_templates_are_pulses_of_the_simulation():
    pulse = SIMULATED.pulse.model_copy(
        update={"curvature": 0.0, "slope": -0.02, "slope_per_distance": 0.0, "delay": [0.07, 0.07]}
    )
    drawn = draw_spectra(np.random.default_rng(2), 20, BAND, pulse)
    found = MatchedFilterSettings(delays=(0.07,), slopes=(-0.02,))
    whole = Bank(pulse_templates(BAND, found), NOISE)
    significance, _, _ = whole.search(drawn / WHITE)
    # nothing of the pulse escapes its own template, but what falls between two samples
    most = np.sqrt(2 * np.sum(np.abs(drawn) ** 2 / NOISE.power, axis=1))
    np.testing.assert_array_less(0.97, significance / most)
    np.testing.assert_array_less(significance / most, 1.00001)


@settings(max_examples=60)
@given(
    number=st.integers(0, 5),
    time=st.floats(0.3, 2.4),
    size=st.floats(0.1, 1e4),
    phase=st.floats(0, 6.28),
)
def test_a_pulse_without_noise_is_found_as_it_is(number, time, size, phase):
    amplitude = size * np.exp(1j * phase)
    pulse = BANK.placed(np.array([number]), np.array([time]))
    data = amplitude * pulse / WHITE
    _, best, when = BANK.search(clipped(data / np.abs(data).max(), 3))
    assert best[0] == number
    assert when[0] == pytest.approx(time, abs=1e-4)  # 0.1 ns
    fitted = robust_amplitude(data, pulse / WHITE, clip=3)
    assert fitted[0] == pytest.approx(amplitude, rel=1e-3)


def test_amplitudes_are_unbiased_next_to_carriers():
    rng = np.random.default_rng(3)
    spectrum = noise_spectra(2000)
    pulse = BANK.placed(np.full(2000, 3), rng.uniform(0.3, 2.4, 2000)) / WHITE
    data = spectrum / WHITE + 3 * pulse / np.sqrt(np.mean(np.abs(pulse) ** 2))
    carriers = data.copy()
    carriers[np.arange(2000), rng.integers(len(WHITE), size=2000)] += 20j
    true = 3 / np.sqrt(np.mean(np.abs(pulse) ** 2))
    alone, beside = (robust_amplitude(some, pulse, 3) / true for some in (data, carriers))
    assert alone.mean() == pytest.approx(1, abs=0.005)
    assert beside.mean() == pytest.approx(1, abs=0.01)
    assert alone.real.std() < beside.real.std() < 1.15 * alone.real.std()


def test_amplitudes_grow_with_the_data():
    pulse = BANK.placed(np.zeros(4, int), np.full(4, 1.0)) / WHITE
    data = noise_spectra(4) / WHITE + 2 * pulse / np.abs(pulse).max()
    one, two = robust_amplitude(data, pulse, 3), robust_amplitude(2 * data, pulse, 6)
    np.testing.assert_allclose(two, 2 * one, rtol=1e-5)


def test_clipping_keeps_phases_and_what_is_small():
    data = noise_spectra(100) / WHITE
    cut = clipped(data, 1.5)
    small = np.abs(data) < 1.5
    assert 0.5 < small.mean() < 0.95
    np.testing.assert_array_equal(cut[small], data[small])
    np.testing.assert_allclose(np.abs(cut[~small]), 1.5, rtol=1e-5)
    np.testing.assert_allclose(np.angle(cut), np.angle(data), atol=1e-5)
    assert (clipped(np.zeros(3, np.complex64), 1) == 0).all()


def test_pulses_fit_into_the_trace_and_stay_finite():
    with pytest.raises(CascadeError, match=r"delays: 3 µs is longer than a trace, 2\.78 µs"):
        pulse_templates(BAND, MatchedFilterSettings(delays=(0.1, 3.0)))
    steep = pulse_templates(BAND, MatchedFilterSettings(slopes=(-50.0, 50.0)))
    assert np.isfinite(steep).all()
    assert (steep != 0).all()
