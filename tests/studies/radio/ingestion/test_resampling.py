"""Rate, band, window and unit of a user's traces, against the same pulse sampled otherwise."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.radio.fluence import fluence
from cascade.studies.radio.ingestion.entries import Entries
from cascade.studies.radio.ingestion.events import to_events
from cascade.studies.radio.ingestion.resampling import resampled
from cascade.studies.radio.settings import Hdf5Settings

WIDTH = 0.03
"""Of a pulse's envelope [µs]: its spectrum ends well within the band."""


def pulse(time, peak):
    """A wave of 55 MHz within a Gaussian envelope."""
    return 40 * np.exp(-(((time - peak) / WIDTH) ** 2) / 2) * np.cos(2 * np.pi * 55 * (time - peak))


def entries(**columns):
    columns = {name: ak.Array(values) for name, values in columns.items()}
    names = {name: name for name in columns}
    number = np.arange(len(columns["trace"]))
    return Entries(Path("mine.h5"), "dataset", names, columns, number)


def settings(**changes):
    return validate(Hdf5Settings, changes)


@pytest.mark.parametrize("rate", [180.0, 200.0, 204.8, 250.0, 1000.0, 3200.0])
@pytest.mark.parametrize("band", [[30.0, 80.0], None])
def test_a_pulse_is_the_same_at_any_rate(rate, band):
    time = np.arange(int(3.2 * rate)) / rate
    made = resampled(pulse(time, 1.4)[None], settings(file_rate=rate, band=band))[0]
    expected = pulse(np.arange(len(made)) / 180, 1.4)
    assert len(made) == 576 - (3.2 * rate % 1 > 0)
    assert np.abs(made - expected).max() < 1e-3 * 40


def test_the_band_filter_takes_away_all_else():
    time = np.arange(480) / 200  # whole periods of both
    inside, outside = np.cos(2 * np.pi * 50 * time), 3 + np.cos(2 * np.pi * 12.5 * time)
    made = resampled((inside + outside)[None], settings(file_rate=200))
    assert np.allclose(made[0], np.cos(2 * np.pi * 50 * np.arange(made.shape[1]) / 180), atol=1e-9)


@given(
    length=st.integers(1, 3000),
    rates=st.tuples(*[st.sampled_from([160.5, 180.0, 199.99, 204.8, 1000.0])] * 2),
)
def test_no_sample_is_lost(length, rates):
    chosen = settings(rate=rates[0], file_rate=rates[1])
    made = resampled(np.ones((1, length)), chosen).shape[1]
    lost = length - made * rates[1] / rates[0]  # the ratio of the rates is rounded a little
    assert -1e-3 * length < lost < rates[1] / rates[0] + 1e-3 * length


def test_truth_is_that_of_the_pulse():
    rng = np.random.default_rng(1)
    time = np.arange(1000) / 250
    peaks = np.array([1.0, 1.5])
    signal = np.append(pulse(time, peaks[:, None]), np.zeros((1, 1000)), axis=0)
    frequency = np.fft.rfftfreq(1000, 1 / 250)
    white = np.fft.rfft(rng.normal(size=signal.shape))
    noise = np.fft.irfft(np.where((frequency > 30) & (frequency < 80), white, 0))
    found = to_events(
        entries(trace=(signal + noise) / 1e6, signal=signal / 1e6),
        settings(file_rate=250, unit="V/m", window=100),
        None,
    )
    assert found["label"].tolist() == [1, 1, 0]
    start = 100 / 180
    assert found["peak_time"] == pytest.approx([*(1e3 * (peaks - start)), -1], abs=0.05)
    assert found["fluence"] == pytest.approx(fluence(signal, 250), rel=1e-4)
    window = (time >= start) & (time < start + 500 / 180)
    rms = np.sqrt(np.mean(noise[:, window] ** 2, axis=1))
    assert found["noise_rms"] == pytest.approx(rms, rel=0.01)
    largest = np.abs(pulse((100 + np.arange(500)) / 180, peaks[:, None])).max(axis=1)
    assert found["snr"] == pytest.approx([*(largest / rms[:2]), 0], rel=0.01)


def test_a_window_is_centred_on_the_largest_envelope():
    time = np.arange(1200) / 180
    peaks = np.array([0.5, 3.0, 6.0])
    trace = pulse(time, peaks[:, None])
    found = to_events(entries(trace=trace), settings(window="centred"), None)["trace"]
    highest = np.argmax(np.abs(found), axis=1)
    # the first and the last pulse stand nearer to the ends than half a window
    assert highest == pytest.approx([90, 250, 6.0 * 180 - 700], abs=1)
    for row, first in zip(found, (0, 290, 700), strict=True):
        assert np.allclose(row, trace[np.argmax(highest == np.argmax(np.abs(row)))][first:][:500],
                           atol=1e-2)  # fmt: skip


def test_lengths_that_do_not_fit_are_named():
    def fails(message, samples, **changes):
        trace = np.random.default_rng(1).normal(size=(2, samples))
        with pytest.raises(CascadeError, match=message):
            to_events(entries(trace=trace), settings(**changes), None)

    fails(
        "has 600 samples at 180 MHz, but 500 are wanted; check 'file_rate', set 'samples', or cut",
        600,
    )
    fails(
        "has 400 samples at 180 MHz, but 500 are wanted; check 'file_rate', set 'samples' or",
        400,
    )
    fails("but 500 are wanted from sample 101 on", 600, window=101)
    fails("but 500 are wanted from sample 700 on", 600, window=700, pad=True)
    fails("has 450 samples at 180 MHz", 500, file_rate=200)
    fails("has 0 samples at 180 MHz", 3, file_rate=1000)


@pytest.mark.parametrize("window", [None, 50, "centred"])
def test_short_traces_are_lengthened_by_zeros(window):
    trace = np.random.default_rng(1).normal(size=(3, 300))
    chosen = settings(window=window, pad=True, band=None)
    found = to_events(entries(trace=trace), chosen, None)["trace"]
    first = 50 if window == 50 else 0
    assert found.shape == (3, 500)
    assert np.allclose(found[:, : 300 - first], trace[:, first:])
    assert not found[:, 300 - first :].any()


@pytest.mark.parametrize(("unit", "factor"), [("uV/m", 1), ("mV/m", 1e3), ("V/m", 1e6)])
def test_units(unit, factor):
    trace = np.random.default_rng(1).normal(size=(3, 500))
    found = to_events(entries(trace=trace), settings(unit=unit, scale=2.5, band=None), None)
    assert np.allclose(found["trace"], 2.5 * factor * trace)
