"""The truth in a trace is where its pulse is."""

import numpy as np

from cascade.studies.radio.evidence import FRACTION, pulse


def test_a_pulse_of_known_envelope_covers_as_many_samples():
    time, width = np.arange(400.0), 12.0
    signal = np.exp(-(((time - 150) / width) ** 2) / 2) * np.cos(2 * np.pi * time / 4)
    found = pulse({"signal": np.stack([3 * signal, np.zeros(400)]).astype(np.float32)})
    assert found.dtype == np.int8
    reach = width * np.sqrt(-2 * np.log(FRACTION))
    np.testing.assert_array_equal(found[0], np.abs(time - 150) < reach)
    assert not found[1].any()


def test_it_lies_about_the_time_of_the_pulse(drawn):
    traces = drawn(40)
    found = pulse(traces).astype(bool)
    place = np.round(traces["peak_time"] / 1e3 * 180).astype(int)
    for truth, label, peak in zip(found, traces["label"], place, strict=True):
        assert truth.any() == (label == 1)
        assert not label or truth[min(peak, len(truth) - 1)]
