"""What is read off traces: cases worked out by hand, slow loops, known pulses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import ndtr, ndtri

from cascade.studies.refinement.observables import (
    PEDESTAL,
    arrival,
    peak,
    rise_time,
    spikes,
    total_signal,
)

EDGES = 25.0 * np.arange(81)
traces = arrays(np.float64, (3, 20), elements=st.floats(0, 1e4))


def lognormal(particles, median, sigma=0.7):
    """Return the mean trace of particles that arrive by a log-normal law."""
    with np.errstate(divide="ignore"):
        return particles * np.diff(ndtr(np.log(EDGES / median) / sigma))


def test_a_flat_trace_is_read_by_hand():
    trace = np.full((2, 80), 10 + PEDESTAL, np.float32)
    np.testing.assert_allclose(total_signal(trace), 800, rtol=1e-6)
    np.testing.assert_allclose(peak(trace), 10, rtol=1e-6)
    np.testing.assert_allclose(rise_time(trace), 0.4 * 2000, rtol=1e-5)


def test_a_single_bin_rises_within_it():
    trace = np.full(80, PEDESTAL)
    trace[10] += 500
    np.testing.assert_allclose(arrival(trace, 0.1), 252.5, rtol=1e-12)
    np.testing.assert_allclose(rise_time(trace), 10.0, rtol=1e-9)
    assert rise_time(trace).shape == ()


@pytest.mark.parametrize("median", [120.0, 300.0, 500.0])
def test_a_known_pulse_has_known_times(median):
    trace = lognormal(1e6, median)
    total = trace.sum()
    for share in (0.1, 0.5):
        true = median * np.exp(0.7 * ndtri(share * total / 1e6))
        assert arrival(trace, share, pedestal=0) == pytest.approx(true, abs=3)


def test_nothing_but_noise_is_read_without_complaint():
    trace = np.zeros((2, 80))
    np.testing.assert_array_equal(total_signal(trace), 1)
    np.testing.assert_array_equal(peak(trace), 0)
    assert np.isfinite(rise_time(trace)).all()
    assert (spikes(trace) == 0).all()


@given(traces)
@settings(max_examples=50)
def test_many_traces_are_read_like_single_ones(trace):
    functions = (total_signal, peak, rise_time, spikes)
    for function in functions:
        single = [function(one) for one in trace]
        np.testing.assert_array_equal(function(trace), single)
        np.testing.assert_array_equal(function(trace[:, np.newaxis])[:, 0], single)


@given(traces)
@settings(max_examples=50)
def test_arrivals_follow_the_cumulative_signal(trace):
    for one in trace:
        total = total_signal(one, 0.0)
        cumulative = np.append(0, np.cumsum(one))
        for share in (0.1, 0.5, 0.9):
            time = arrival(one, share, 1.0, 0.0)
            assert 0 <= time <= 20
            if one.sum() >= 1:
                found = np.interp(time, np.arange(21), cumulative)
                assert found == pytest.approx(share * total, rel=1e-6, abs=1e-6)


@given(st.integers(0, 20), st.floats(1, 100))
@settings(max_examples=30)
def test_rise_time_knows_no_start_and_no_scale(shift, factor):
    pulse = np.zeros(80)
    pulse[5:25] = lognormal(1e4, 200.0)[:20]
    moved = factor * np.roll(pulse, shift)
    assert rise_time(moved, pedestal=0) == pytest.approx(rise_time(pulse, pedestal=0), rel=1e-6)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
@settings(max_examples=30)
def test_a_cubic_has_no_spikes(coefficients):
    x = np.linspace(-1, 1, 40)
    smooth = 5000 + 1000 * np.polynomial.polynomial.polyval(x, coefficients)
    assert spikes(smooth, significance=1e-6) == 0


def test_a_spike_is_counted_from_its_significance_on():
    trace = np.full(60, 100.0 + PEDESTAL)
    # alone, four and more bins apart, so that the neighbourhoods stay flat
    height = np.sqrt((1 + 17 / 18) * (100 + (0.05 * 100) ** 2 + 0.6**2))
    for place, sigmas in ((10, 3.1), (20, 2.1), (30, 1.9)):
        trace[place] += sigmas * height
    counted = [spikes(trace, significance) for significance in (1.0, 2.0, 3.0, 4.0)]
    assert counted == [3, 2, 1, 0]


def test_noise_makes_as_many_spikes_as_its_significance_says():
    rng = np.random.default_rng(1)
    trace = rng.poisson(2000.0, (400, 84)) + PEDESTAL
    rate = spikes(trace, 2.0, noise=0.0, relative_noise=0.0).mean() / 80
    assert rate == pytest.approx(1 - ndtr(2.0), abs=0.002)
