"""Pulses of air showers within the band of an antenna.

The amplitude spectrum is an exponential with a quadratic correction in the exponent, as in the
parametrisation of arXiv:1901.04079's kind of signal (see also Welling et al., arXiv:2102.00258);
it is steeper the farther the antenna stands from the shower axis. The phases are those of a bipolar
pulse, one quarter of a turn at all frequencies, delayed the more the lower the frequency, as by the
group delay of an antenna.
"""

from __future__ import annotations

import numpy as np

from cascade.studies.radio.settings.sources import PulseSettings
from cascade.studies.radio.simulation.band import Band


def draw_spectra(rng: np.random.Generator, number: int, band: Band, settings: PulseSettings):
    """Draw pulses: complex amplitudes within the band (number, bins), in arbitrary units.

    Their highest frequency arrives at a time that is uniform over the trace but its margins.
    """
    frequency = band.frequency.astype(np.float32)
    middle, width = (band.low + band.high) / 2, band.high - band.low
    distance = rng.uniform(*settings.distance, number)
    slope = settings.slope + settings.slope_per_distance * distance
    curvature = settings.curvature * rng.standard_normal(number)
    delay = rng.uniform(*settings.delay, number)
    length = band.samples / band.rate
    time = rng.uniform(settings.margin, length - settings.margin - delay)
    polarity = rng.choice([0.25, -0.25], number)
    # phases in turns, reduced to (−½, ½) while they have all digits
    per_bin = band.rate / band.samples
    bins = np.arange(band.inside.start, band.inside.stop)
    turns = polarity[:, None] - (time * per_bin)[:, None] * bins
    turns += (delay / (2 * width))[:, None] * (band.high - band.frequency) ** 2
    turns -= np.rint(turns)
    offset = frequency - np.float32(middle)
    exponent = _column(slope) * offset + _column(curvature) * offset**2
    spectrum = np.empty(turns.shape, np.complex64)
    amplitude, phase = np.exp(exponent), (2 * np.pi * turns).astype(np.float32)
    spectrum.real = amplitude * np.cos(phase)
    spectrum.imag = amplitude * np.sin(phase)
    return spectrum


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None]


def peak_time(envelope: np.ndarray, rate: float) -> np.ndarray:
    """Return when envelopes (…, samples) are largest [ns], between samples by a parabola.

    Parameters
    ----------
    rate
        Sampling rate [MHz].
    """
    samples = envelope.shape[-1]
    highest = np.argmax(envelope, axis=-1)
    left, here, right = (
        np.take_along_axis(envelope, ((highest + step) % samples)[..., None], axis=-1)[..., 0]
        for step in (-1, 0, 1)
    )
    bend = left - 2 * here + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1), 0.0)
    return (highest + shift) * (1e3 / rate)
