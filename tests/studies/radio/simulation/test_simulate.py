"""Whole traces: what they are made of, and that their truth is true."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.signal import hilbert

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.radio import SCHEMA
from cascade.studies.radio.fluence import PER_SQUARE
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.settings.sources import DigitiserSettings
from cascade.studies.radio.simulation.simulate import digitised

TRACES = 3000


@pytest.fixture(scope="module")
def traces(drawn):
    return drawn(TRACES)


@pytest.fixture(scope="module")
def lit(traces):
    return traces["label"] == 1


def rms(values):
    return np.sqrt(np.mean(values.astype(float) ** 2, axis=1))


def test_fields_are_those_of_the_schema(traces):
    assert traces.keys() == {field.name for field in SCHEMA}
    for field in SCHEMA:
        assert traces[field.name].shape == ((TRACES, 500) if field.dims else (TRACES,)), field.name
        assert traces[field.name].dtype == field.dtype, field.name
        assert np.isfinite(traces[field.name]).all(), field.name


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_so_many_traces_have_a_pulse(drawn, share):
    label = drawn(2000, pulses=share)["label"]
    assert label.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 2000))


def test_without_a_pulse_its_truth_says_so(traces, lit):
    for name in ("signal", "snr", "fluence"):
        assert not traces[name][~lit].any(), name
    assert (traces["peak_time"][~lit] == -1).all()
    assert (traces["peak_time"][lit] > 0).all()


def test_noise_and_pulses_lie_within_the_band(traces):
    frequency = np.fft.rfftfreq(500, 1 / 180)
    outside = (frequency < 30) | (frequency > 80)
    noise = traces["trace"] - traces["signal"] - traces["interference"]
    for part in (traces["signal"], noise):
        spectrum = np.abs(np.fft.rfft(part.astype(float)))
        assert spectrum[:, outside].max() < 1e-5 * spectrum.max()
    # carriers begin and end with the trace, and leak
    leak = np.abs(np.fft.rfft(traces["interference"].astype(float))) ** 2
    assert 0 < leak[:, outside].sum() / leak.sum() < 0.05


def test_signal_to_noise_ratios_are_what_they_are_defined_as(traces, lit):
    noise = traces["trace"] - traces["signal"] - traces["interference"]
    expected = np.abs(traces["signal"]).max(axis=1) / rms(noise)
    assert traces["snr"] == pytest.approx(expected, rel=1e-4)
    ratio = np.log(traces["snr"][lit] / 0.5) / np.log(20 / 0.5)
    assert stats.kstest(ratio, "uniform").pvalue > 1e-3


def test_signal_to_noise_ratios_tell_nothing_of_noise_and_interference(traces, lit):
    noise = rms(traces["trace"] - traces["signal"] - traces["interference"])[lit]
    disturbance = rms(traces["interference"])[lit]
    for other in (noise, disturbance, traces["peak_time"][lit]):
        assert stats.spearmanr(traces["snr"][lit], other).pvalue > 1e-3


def test_noise_does_not_know_whether_there_is_a_pulse(traces, lit):
    noise = traces["trace"] - traces["signal"]
    assert stats.ks_2samp(rms(noise[lit]), rms(noise[~lit])).pvalue > 1e-3


def test_the_other_truth_is_recomputed(traces, lit):
    signal = traces["signal"].astype(float)
    assert traces["noise_rms"] == pytest.approx(rms(traces["trace"] - signal), rel=1e-4)
    fluence = PER_SQUARE * np.sum(signal**2, axis=1) / 180
    assert traces["fluence"] == pytest.approx(fluence, rel=1e-5)
    # band-limited, so that zeros in the spectrum interpolate in time
    spectrum = np.fft.rfft(signal[lit][:200])
    fine = np.abs(hilbert(np.fft.irfft(spectrum, 16 * 500)))
    highest = np.argmax(fine, axis=1) * 1e3 / 180 / 16
    # to half a step; few pulses have two maxima of like height
    close = np.abs(traces["peak_time"][lit][:200] - highest) < 0.2
    assert close.mean() > 0.97


def test_a_seed_fixes_all(drawn, traces):
    again, other = drawn(300), drawn(300, seed=2)
    # a smaller block begins like a larger one, by whole chunks
    for name, values in drawn(300).items():
        assert np.array_equal(values, again[name]), name
        assert np.array_equal(values[:256], traces[name][:256]), name
        assert not np.array_equal(values, other[name]), name


def test_other_sampling_is_followed(drawn):
    sampling = {"samples": 1024, "rate": 250.0, "band": [50.0, 100.0]}
    found = drawn(400, sampling=sampling, interference={"lines": 0, "bursts": 0.0})
    assert found["trace"].shape == (400, 1024)
    frequency = np.fft.rfftfreq(1024, 1 / 250)
    outside = (frequency < 50) | (frequency > 100)
    spectrum = np.abs(np.fft.rfft(found["trace"].astype(float)))
    assert spectrum[:, outside].max() < 1e-5 * spectrum.max()
    assert not found["interference"].any()
    assert rms(found["trace"][found["label"] == 0]).mean() == pytest.approx(10, rel=0.02)


def test_a_digitiser_counts(drawn):
    digitiser = {"bits": 8, "range": 64.0}
    plain, found = drawn(500), drawn(500, digitiser=digitiser)
    counts = found["trace"] / (64 / 128)
    assert np.array_equal(counts, np.rint(counts))
    assert counts.min() == -128
    assert counts.max() == 127
    inside = np.abs(plain["trace"]) < 63
    rounding = (found["trace"] - plain["trace"])[inside]
    assert np.abs(rounding).max() < 0.2501
    # uniform within a count: its deviation is the count over √12
    assert rounding.std() == pytest.approx(0.5 / np.sqrt(12), rel=0.01)
    for name in ("signal", "interference", "snr", "fluence", "noise_rms"):
        assert np.array_equal(found[name], plain[name]), name


def test_the_ends_of_a_digitiser():
    values = np.array([[-1e9, -1000, -0.2, 0.2, 0.3, 999, 1000, 1e9]], np.float32)
    found = digitised(values, DigitiserSettings(bits=12, range=1000.0))
    count = 1000 / 2048
    expected = [-1000, -1000, 0, 0, count, 2046 * count, 2047 * count, 2047 * count]
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampling": {"band": [30, 100]}}, "sampling: band 30 to 100 MHz must lie above 0 and be"),
        ({"sampling": {"band": [80, 30]}}, "band is from 80 to 30: give the lower end first"),
        ({"sampling": {"band": [30, 32]}}, "holds fewer than 8 frequencies of a trace"),
        ({"pulse": {"margin": 1.4}}, "leave no place in a trace of 2.78 µs"),
        ({"pulses": 50}, "pulses: 50 is wrong"),
        ({"noise": {"rms": 0}}, "noise.rms: 0 is wrong"),
        ({"digitiser": {"bits": 1}}, "digitiser.bits: 1 is wrong"),
        ({"rfi": {}}, "rfi: unknown key"),
    ],
)
def test_settings_complain(settings, message):
    with pytest.raises(CascadeError, match=message):
        validate(TraceSettings, settings)
