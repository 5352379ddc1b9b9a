"""The noise's power from the median, and the band that is found from it."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.studies.radio.baselines.spectra import Noise, found_band, mean_power
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.settings.baselines import BandSettings
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.noise import power

QUIET = {"lines": 0, "bursts": 0.0}
BAND = Band.of(TraceSettings().sampling)
TRUE = power(BAND, TraceSettings().noise)


@pytest.fixture(scope="module")
def quiet(drawn):
    return drawn(4000, pulses=0.0, interference=QUIET)["trace"]


@pytest.fixture(scope="module")
def loud(drawn):
    return drawn(4000, pulses=0.0)["trace"]


def test_the_power_is_that_of_the_simulation(quiet):
    ratio = mean_power(quiet)[BAND.inside] / TRUE
    # the median of n exponential numbers is known to 1 / (√n ln 2) of itself
    assert np.std(ratio) == pytest.approx(1 / (np.sqrt(4000) * np.log(2)), rel=0.25)
    assert np.mean(ratio) == pytest.approx(1, abs=0.01)
    assert Noise.of(quiet, BandSettings()).rms == pytest.approx(10, rel=0.01)


def test_carriers_hardly_count(loud):
    ratio = mean_power(loud)[BAND.inside] / TRUE
    assert np.mean(ratio) == pytest.approx(1.1, abs=0.05)
    plain = np.mean(np.abs(BAND.spectrum(loud)) ** 2, axis=0) / TRUE
    assert np.mean(plain) > 2


@pytest.mark.parametrize(
    ("rate", "low", "high"), [(180.0, 30.0, 80.0), (180.0, 50.0, 60.0), (500.0, 110.0, 190.0)]
)
@pytest.mark.parametrize("number", [50, 1000])
def test_the_band_of_the_noise_is_found(drawn, rate, low, high, number):
    sampling = {"rate": rate, "band": [low, high]}
    noise = drawn(number, pulses=0.0, sampling=sampling)["trace"]
    found = Noise.of(noise, BandSettings(rate=rate)).band
    expected = Band(500, rate, low, high)
    # in few traces a carrier just beyond an edge may leak over it
    assert found.inside.start == pytest.approx(expected.inside.start, abs=number < 100)
    assert found.inside.stop == pytest.approx(expected.inside.stop, abs=number < 100)


def test_a_carrier_in_all_traces_does_not_hide_the_band(quiet):
    tone = 100 * np.cos(2 * np.pi * 52 * np.arange(500) / 180).astype(np.float32)
    assert found_band(quiet + tone, 180) == found_band(quiet, 180)


def test_a_band_that_is_set_is_taken(quiet):
    noise = Noise.of(quiet, BandSettings(band=[40.0, 70.0]))
    assert noise.band == Band(500, 180, 40, 70)
    assert len(noise.power) == len(noise.band.frequency)


def test_a_recorded_noise_is_the_same(quiet):
    noise = Noise.of(quiet, BandSettings())
    again = Noise.recorded(noise.record())
    assert again.band == noise.band
    np.testing.assert_array_equal(again.power, noise.power)


def test_spectra_are_those_of_the_band(quiet):
    noise = Noise.of(quiet, BandSettings())
    whole = np.concatenate([spectrum for _, spectrum in noise.spectra(quiet[:600])])
    assert whole.dtype == np.complex64
    np.testing.assert_allclose(whole, np.fft.rfft(quiet[:600])[:, noise.band.inside], rtol=1e-3,
                               atol=0.02)  # fmt: skip
    # whitened, they have a mean power of 1
    assert np.mean(np.abs(whole) ** 2 / noise.power) == pytest.approx(1, abs=0.02)


def test_what_does_not_fit_is_said(quiet):
    with pytest.raises(CascadeError, match=r"band: 50 to 51 MHz holds 3 frequencies .* wider band"):
        Noise.of(quiet, BandSettings(band=[50.0, 51.0]))
    with pytest.raises(CascadeError, match=r"hold no noise"):
        Noise.of(np.zeros_like(quiet), BandSettings())
    with pytest.raises(CascadeError, match=r"no noise at 30\.2 MHz; take a narrower band"):
        Noise.of(np.zeros_like(quiet), BandSettings(band=[30.0, 80.0]))
    noise = Noise.of(quiet, BandSettings())
    with pytest.raises(CascadeError, match=r"these have 400 samples, those of the fit had 500"):
        next(noise.spectra(quiet[:, :400]))
